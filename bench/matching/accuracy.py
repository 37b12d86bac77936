"""Answers to transfers whose truth is known, of companies that no fitting has seen."""

from collections.abc import Sequence
from typing import Any

from bench.matching.abroad import GROUPS, abroad_cases, company
from bench.matching.abroad import SINGLE as ABROAD_SINGLE
from bench.matching.cases import SINGLE, cases
from bench.matching.other import SINGLE as OTHER_SINGLE
from bench.matching.other import other_cases
from bench.matching.scoring import Answered, scores
from bench.matching.world import made_world
from core.matching.batch import suggest_all
from core.matching.book import Book

SEEDS = range(1, 17)
OTHER_SEEDS = range(1, 5)
SIZES = (500, 3_000, 6_000, 20_000)
"""Invoices of the simulated companies, in turn; a quarter as many transfers, 1,500 at most."""
TRANSFERS = 1_500
OTHER_TENANTS, OTHER_TRANSFERS = 3_000, 3_000
ABROAD_SEEDS = range(1, 3)
ABROAD_TRANSFERS, TENANTS_A_TRANSFER = 1_000, 2
LEAST_TRANSFERS = 50
NEAR_SEEDS = range(500, 524)
NEAR_SIZE, NEAR_TRANSFERS = 3_000, 1_200
NEAR_MISSES = {
    "clean": 15,
    "number written": 10,
    "several numbers": 5,
    "wrong digit": 30,
    "another's reference": 20,
    "longer number": 10,
    "paid twice": 12,
    "void": 6,
    "none": 10,
    "name and amount": 15,
    "account and amount": 10,
    "other payer, reference": 10,
    "other payer, known": 5,
    "two invoices": 10,
    "many invoices": 5,
    "partial": 5,
    "overpaid": 5,
    "fee": 5,
}
"""A mix in which most transfers nearly fit: what must not be posted by itself."""


def simulated_companies(scale: float, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Scores on the kinds of company the fitting knows, under seeds it does not."""
    answered: list[Answered] = []
    for place, seed in enumerate(seeds):
        size = SIZES[place % len(SIZES)]
        world = made_world(seed, size)
        book = Book.of(world.invoices, world.history)
        asked = cases(world, max(int(min(TRANSFERS, size // 4) * scale), LEAST_TRANSFERS))
        found = suggest_all(book, [case.transfer for case in asked])
        answered += zip(asked, found, strict=True)
    return scores(answered, SINGLE)


def near_misses(scale: float, seeds: Sequence[int] = NEAR_SEEDS) -> dict[str, Any]:
    """Scores on transfers most of which nearly fit; what is automatic and honest counts here."""
    answered: list[Answered] = []
    for seed in seeds:
        world = made_world(seed, NEAR_SIZE)
        book = Book.of(world.invoices, world.history)
        asked = cases(world, max(int(NEAR_TRANSFERS * scale), LEAST_TRANSFERS), NEAR_MISSES)
        answered += [(case, book.suggest(case.transfer)) for case in asked]
    return scores(answered, SINGLE)


def other_company(scale: float, seeds: Sequence[int] = OTHER_SEEDS) -> dict[str, Any]:
    """Scores on companies that bill, number and are paid in ways of their own."""
    answered: list[Answered] = []
    for seed in seeds:
        count = max(int(OTHER_TRANSFERS * scale), LEAST_TRANSFERS)
        invoices, history, asked = other_cases(seed, OTHER_TENANTS, count)
        book = Book.of(invoices, history)
        found = suggest_all(book, [case.transfer for case in asked])
        answered += zip(asked, found, strict=True)
    return scores(answered, OTHER_SINGLE)


def abroad(scale: float, seeds: Sequence[int] = ABROAD_SEEDS) -> dict[str, Any]:
    """Scores on companies of other countries, with each form of payment reference."""
    answered: list[Answered] = []
    for scheme in GROUPS:
        for seed in seeds:
            count = max(int(ABROAD_TRANSFERS * scale), LEAST_TRANSFERS)
            made = company(seed, scheme, TENANTS_A_TRANSFER * count)
            book = Book.of(made.invoices, made.history)
            asked = abroad_cases(made, count)
            found = suggest_all(book, [case.transfer for case in asked])
            answered += zip(asked, found, strict=True)
    return scores(answered, ABROAD_SINGLE)
