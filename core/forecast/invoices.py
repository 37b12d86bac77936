"""Issued invoices with what was paid on them, and what was known of them on a day; pure."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max
_FIRST = date(1970, 1, 1)


def number(day: date) -> int:
    """A day as the columns have it: days since 1970."""
    return (day - _FIRST).days


@dataclass(frozen=True, slots=True)
class Bills:
    """A place for each invoice, those due first leading, then by id.

    Amounts in minor units of its currency, tax included; days since 1970. Customers, countries and
    currencies are places in lists of names. `closed_on` is the day it was voided or written off,
    else NEVER; `at_once` says that a card paid all of it, which tells nothing about how long its
    customer takes to pay.

    What was set against the invoice at place n stands from `paid_from[n]` to `paid_from[n + 1]`,
    earliest first; `paid_cash` is False for credit and prepaid money. A payment taken back is a
    negative amount on the day it was taken back.
    """

    invoice_id: Whole
    customer: Whole
    country: Whole
    currency: Whole
    issued_on: Whole
    due_on: Whole
    total_minor: Whole
    closed_on: Whole
    void: Flags
    at_once: Flags
    paid_from: Whole
    paid_on: Whole
    paid_minor: Whole
    paid_cash: Flags
    customers: tuple[str, ...]
    countries: tuple[str, ...]
    currencies: tuple[str, ...]

    def summed(self, values: NDArray[np.generic]) -> Whole:
        """The sum of a value of each payment by invoice."""
        until = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
        summed: Whole = until[self.paid_from[1:]] - until[self.paid_from[:-1]]
        return summed


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of invoices at the end of a day, which is `today` since 1970.

    `owed_minor` is 0 before an invoice is issued and once it is closed; `settled_on` is the day on
    which it was paid in full, NEVER if it was not; `in_cash` whether any money came.
    """

    day: date
    today: int
    owed_minor: Whole
    settled_on: Whole
    in_cash: Flags


def known_on(bills: Bills, day: date) -> Known:
    """What was known at the end of a day."""
    today = number(day)
    by_then = bills.paid_on <= today
    paid = bills.summed(np.where(by_then, bills.paid_minor, 0))
    payments = bills.summed(by_then)
    settled = (payments > 0) & (paid >= bills.total_minor)
    settled_on = np.full(len(paid), NEVER)
    settled_on[settled] = bills.paid_on[(bills.paid_from[:-1] + payments - 1)[settled]]
    is_open = (bills.issued_on <= today) & (bills.closed_on > today)
    return Known(
        day,
        today,
        np.where(is_open, np.maximum(bills.total_minor - paid, 0), 0),
        settled_on,
        bills.summed(by_then & bills.paid_cash & (bills.paid_minor > 0)) > 0,
    )
