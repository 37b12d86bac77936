"""An issued invoice with what was paid on it, and what was known of it on a day; pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Paid:
    """What was set against an invoice on a day; `cash` is False for credit and prepaid money.

    A payment taken back is a negative amount on the day it was taken back.
    """

    on: date
    amount_minor: int
    cash: bool = True


@dataclass(frozen=True, slots=True)
class Billed:
    """An issued invoice, amounts in minor units of its currency, tax included.

    `closed_on` is the day it was voided or written off; `at_once` says that a card paid all of it,
    which tells nothing about how long its customer takes to pay.
    """

    invoice_id: int
    customer: str
    country: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    paid: tuple[Paid, ...] = ()
    closed_on: date | None = None
    void: bool = False
    at_once: bool = False

    def late_on(self, day: date) -> int:
        """Days past due, negative before."""
        return (day - self.due_on).days

    def is_closed(self, day: date) -> bool:
        """Whether it was voided or written off by the end of a day."""
        return self.closed_on is not None and self.closed_on <= day

    def owed_minor(self, day: date) -> int:
        """What was owed at the end of a day; 0 before it was issued."""
        if self.issued_on > day or self.is_closed(day):
            return 0
        return max(self.total_minor - sum(p.amount_minor for p in self.paid if p.on <= day), 0)

    def settled_on(self, day: date) -> date | None:
        """The day on which it was paid in full, as far as known at the end of a day."""
        known = [p for p in self.paid if p.on <= day]
        if not known or sum(p.amount_minor for p in known) < self.total_minor:
            return None
        return max(p.on for p in known)

    def was_paid_in_cash(self, day: date) -> bool:
        """Whether any money came by the end of a day."""
        return any(p.cash and p.amount_minor > 0 for p in self.paid if p.on <= day)

    def came_minor(self, after: date, until: date) -> int:
        """The money that came after a day, up to another; less what was taken back."""
        return sum(p.amount_minor for p in self.paid if p.cash and after < p.on <= until)
