"""Hand-made invoices for the forecast's tests."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from tests.core.forecast.slow import Billed, Paid

TODAY = date(2026, 6, 30)
_ids = count(1)


def a_bill(
    due_on: date, paid_late: int | None = None, *, terms: int = 30, minor: int = 10_000, **rest: Any
) -> Billed:
    """An invoice, paid whole so many days after it was due unless that is None."""
    paid = () if paid_late is None else (Paid(due_on + timedelta(days=paid_late), minor),)
    values = {"customer": "ada", "country": "SE", "currency": "EUR", "paid": paid, **rest}
    return Billed(
        invoice_id=next(_ids),
        issued_on=due_on - timedelta(days=terms),
        due_on=due_on,
        total_minor=minor,
        **values,
    )


def settled(count: int, late: int, **rest: Any) -> list[Billed]:
    """Invoices due on the last days before today, all paid equally late."""
    last = TODAY - timedelta(days=max(late, 0) + 1)
    return [a_bill(last - timedelta(days=n), late, **rest) for n in range(count)]
