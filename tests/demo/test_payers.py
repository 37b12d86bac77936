"""How the simulated payers fill their transfers in: each kind wrong in its own way."""

from datetime import date
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.invoices.rules import ocr_reference, valid_ocr
from demo.payers import KINDS, STRANGE, Draft, fill_in, giro_number, is_paid_elsewhere
from demo.world import Bill, Customer, World

OWED = 125_000


def a_customer(tenant_id: int = 1, name: str = "Norrsken Frakt AB") -> Customer:
    profile: Any = SimpleNamespace(country="SE", provider="bankgirot")
    return Customer(tenant_id, name, profile, 1, "pro", "paying", "SE4550000000058398257466", None)


def a_bill(number: int = 7) -> Bill:
    ocr = ocr_reference(26_00000 + number)
    return Bill(number, 1, 1, f"SAAS-INV-2026-{number:05d}", ocr, "SEK", OWED, date(2026, 11, 1))


def drafts(kind: str, *customers: Customer, bills: tuple[Bill, ...] = ()) -> list[Draft]:
    """Thirty transfers of a kind, by the first of some customers."""
    people = customers or (a_customer(),)
    made = []
    for seed in range(30):
        rng = Random(seed)  # noqa: S311
        world = SimpleNamespace(
            rng=rng,
            customers={each.tenant_id: each for each in people},
            open_minor={each.invoice_id: each.total_minor for each in bills},
            open_bills=lambda _tenant_id: list(bills),
            chance=lambda per_mille, rng=rng: rng.randrange(1000) < per_mille,
        )
        made.append(fill_in(cast("World", world), people[0], a_bill(), kind, OWED))
    return made


def test_a_good_transfer_names_its_bill_and_pays_it() -> None:
    for draft in drafts("good"):
        assert (draft.reference, draft.amount_minor) == (a_bill().ocr, OWED)


@pytest.mark.parametrize("kind", ["mistyped", "transposed"])
def test_a_wrong_reference_shows_by_its_check_digits(kind: str) -> None:
    ocr = a_bill().ocr
    for draft in drafts(kind):
        assert not valid_ocr(draft.reference)
        assert len(draft.reference) == len(ocr)
        wrong = [place for place, digit in enumerate(ocr) if draft.reference[place] != digit]
        assert len(wrong) == (1 if kind == "mistyped" else 2)
        assert kind == "mistyped" or sorted(draft.reference) == sorted(ocr)


@pytest.mark.parametrize("kind", ["no_reference", "words", "free_text", "other_payer", "twins"])
def test_without_a_reference_the_amount_is_right(kind: str) -> None:
    for draft in drafts(kind):
        assert (draft.reference, draft.amount_minor) == ("", OWED)
    if kind == "free_text":
        assert a_bill().number in draft.text


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("partial", OWED * 4 // 10, OWED * 6 // 10),
        ("over", OWED + 1_000, OWED + OWED // 10),
        ("bank_fee", OWED - 4_500, OWED - 1_500),
    ],
)
def test_another_amount_comes_with_the_right_reference(kind: str, least: int, most: int) -> None:
    for draft in drafts(kind):
        assert draft.reference == a_bill().ocr
        assert least <= draft.amount_minor <= most


def test_swapped_digits_of_an_amount_are_the_same_digits() -> None:
    for draft in drafts("swapped"):
        assert draft.amount_minor != OWED
        assert sorted(str(draft.amount_minor)) == sorted(str(OWED))


def test_several_bills_are_paid_to_the_unit() -> None:
    others = (a_bill(8), a_bill(9))
    for draft in drafts("together", bills=others):
        assert draft.amount_minor == 3 * OWED
        assert draft.invoice_ids == (7, 8, 9)


def test_the_other_payer_of_a_customer_is_always_the_same() -> None:
    found = {(draft.name, draft.account) for draft in drafts("other_payer")}
    assert len(found) == 1
    assert found != {("NORRSKEN FRAKT AB", a_customer().bank_account)}
    habitual = a_customer(tenant_id=16)
    assert is_paid_elsewhere(habitual)
    assert {draft.name for draft in drafts("good", habitual)} != {"NORRSKEN FRAKT AB"}


def test_a_name_that_fits_two_customers_tells_neither() -> None:
    twins = (a_customer(), a_customer(2, "Norrsken Frakt 3 AB"))
    for draft in drafts("alike", *twins):
        assert (draft.name, draft.reference, draft.account) == ("NORRSKEN FRAKT", "", "")


def test_a_bankgiro_number_has_its_check_digit_and_stays() -> None:
    number = giro_number("SE4550000000058398257466")
    assert number == giro_number("SE4550000000058398257466")
    assert (len(number), number[0]) == (8, "5")


def test_every_kind_can_be_asked_for() -> None:
    assert set(STRANGE) >= set(KINDS) - {"good"}
    assert sum(KINDS.values()) == 1_000
