"""Sets of a tenant's open invoices that add up exactly to an amount (UNM.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from core.matching.candidates import age_of
from core.matching.records import Invoice

POOL = 24
"""Open invoices of a tenant that are tried together, the oldest first."""
LARGEST = 5
MOST_SETS = 3
MOST_FOUND = 60


@dataclass(frozen=True, slots=True)
class Covering:
    """A set that adds up; `alone` when no other does, `oldest` when it is the tenant's oldest."""

    invoices: tuple[Invoice, ...]
    alone: bool
    oldest: bool


def covering_sets(amount_minor: int, invoices: Sequence[Invoice]) -> list[Covering]:
    """Sets of two to five invoices that sum to the amount, the smallest and oldest first.

    All a tenant owes together counts too, whatever its size. Larger sets are looked for only when
    no smaller one was found. At most three are given back.
    """
    ordered = sorted(invoices, key=age_of)
    pool = [each for each in ordered if each.due_minor < amount_minor][:POOL]
    found = _sets(amount_minor, [each.due_minor for each in pool])
    sets = [tuple(pool[place] for place in places) for places in found]
    if len(ordered) > LARGEST and sum(each.due_minor for each in ordered) == amount_minor:
        sets.insert(0, tuple(ordered))
    alone = len(sets) == 1
    return [Covering(each, alone, list(each) == ordered[: len(each)]) for each in sets[:MOST_SETS]]


def _sets(amount: int, dues: list[int]) -> list[tuple[int, ...]]:
    """Places of the sets of the smallest size that has any; two numbers at a time."""
    pairs: dict[int, list[tuple[int, int]]] = {}
    for pair in combinations(range(len(dues)), 2):
        pairs.setdefault(dues[pair[0]] + dues[pair[1]], []).append(pair)
    if amount in pairs:
        return [*pairs[amount][:MOST_FOUND]]
    for size in range(3, LARGEST + 1):
        found = _larger(amount, dues, pairs, size)
        if found:
            return found
    return []


def _larger(
    amount: int, dues: list[int], pairs: dict[int, list[tuple[int, int]]], size: int
) -> list[tuple[int, ...]]:
    """Sets of three to five: some invoices, then a pair behind them that makes up the rest."""
    found: list[tuple[int, ...]] = []
    for head in combinations(range(len(dues) - 2), size - 2):
        rest = amount - sum(dues[place] for place in head)
        for pair in pairs.get(rest, ()):
            if pair[0] > head[-1]:
                found.append((*head, *pair))
                if len(found) >= MOST_FOUND:
                    return found
    return found
