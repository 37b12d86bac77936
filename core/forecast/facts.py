"""Digests of what was known: whether a month end that was tried would be tried on the same; pure.

Each fact is one number made of all that it says, and facts are told apart by what theirs add up to.
A digest of other facts is the same once in 2⁶⁴ times; it then shows a trial that is out of date.
"""

import hashlib
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.forecast.behaviour import HISTORY_DAYS, WEEK, Beliefs
from core.forecast.draws import Numbers, Orders, mixed, seeds_of
from core.forecast.invoices import Bills, Flags, Known, Whole


class Facts:
    """What invoices, their closings and their payments say, as numbers."""

    def __init__(self, bills: Bills, orders: Orders) -> None:
        self._bills, self._orders = bills, orders

    def digests(self, known: Known, horizons: list[int], beliefs: Beliefs) -> list[str]:
        """A digest for each horizon (weeks) of all that trials of a day are made from: nothing
        later can change it.
        """
        bills, today = self._bills, known.today
        chosen = (bills.issued_on <= today) & (
            (known.owed_minor > 0) | (bills.due_on >= today - HISTORY_DAYS)
        )
        said = (
            f"{known.day}|{beliefs}|{_sum(self._heads, chosen)}"
            f"|{_sum(self._closings, chosen & (bills.closed_on <= today))}"
        )
        on_chosen = chosen[self._invoice]
        found = []
        for weeks in horizons:
            paid = on_chosen & (bills.paid_on <= today + WEEK * weeks)
            told = f"{weeks}|{said}|{_sum(self._payments, paid)}"
            found.append(hashlib.blake2b(told.encode(), digest_size=20).hexdigest())
        return found

    @cached_property
    def _invoice(self) -> Whole:
        """The place of the invoice of each payment."""
        places: Whole = np.repeat(
            np.arange(len(self._bills.due_on)), np.diff(self._bills.paid_from)
        )
        return places

    @cached_property
    def _heads(self) -> Numbers:
        bills = self._bills
        return _numbers(
            bills.invoice_id,
            self._orders.seeds[bills.customer],
            seeds_of(bills.countries)[bills.country],
            seeds_of(bills.currencies)[bills.currency],
            bills.issued_on,
            bills.due_on,
            bills.total_minor,
            bills.at_once,
        )

    @cached_property
    def _closings(self) -> Numbers:
        return _numbers(self._bills.invoice_id, self._bills.closed_on, self._bills.void)

    @cached_property
    def _payments(self) -> Numbers:
        bills = self._bills
        return _numbers(
            bills.invoice_id[self._invoice], bills.paid_on, bills.paid_minor, bills.paid_cash
        )


def _numbers(*columns: NDArray[np.generic]) -> Numbers:
    """A number for each row of some columns."""
    found = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        found = mixed(found, column.astype(np.uint64))
    return found


def _sum(numbers: Numbers, chosen: Flags) -> str:
    """How many are chosen and what they add up to."""
    return f"{np.count_nonzero(chosen)}:{numbers[chosen].sum()}"
