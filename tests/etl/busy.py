"""Books of a spring with tenants of two currencies, moves, invoices, costs and cash."""

from datetime import date
from typing import Any

from tests.etl.books import Books

VIEWS: list[dict[str, Any]] = [
    {},
    {"as_of": date(2026, 3, 12)},
    {"currency": "SEK"},
    {"currency": "NOK"},
    {"currency": "NOK", "as_of": date(2026, 3, 21)},
]
"""Ways to look at March: from the copy, on other days, in currencies it does not hold ready."""


def busy_books() -> Books:
    """Twelve tenants whose subscriptions change, who are billed, pay and get money back."""
    books = Books()
    for on, sek, nok in (("2026-01-01", "0.0912345678", "0.08"), ("2026-03-10", "0.087", "0.081")):
        books.rate(on, "SEK", sek)
        books.rate(on, "NOK", nok)
    for number in range(12):
        currency = ("EUR", "SEK", "SEK")[number % 3]
        tenant = books.tenant(f"t{number}", (None, "SE", "DE")[number // 4], currency)
        joined, amount = f"2026-0{1 + number // 2 % 3}-{3 + number:02d}", 1_000 + 37 * number
        later = ("2026-03-20", ("active", "paused", "cancelled")[number % 3], amount * 2, "ent")
        books.subscription(
            tenant,
            (joined, "active", amount),
            ("2026-03-18", "past_due", amount),
            later,
            currency=currency,
        )
        if number not in (2, 5):
            books.subscription(
                tenant,
                ("2026-02-02", "active", 333),
                plan="lite",
                currency="SEK",
                cycle="quarterly",
            )
        invoice = books.invoice(
            tenant,
            "2026-03-05",
            ("pro", amount),
            ("lite", 333),
            (None, 7),
            currency=currency,
            tax_minor=99,
            issuer_type="platform" if number % 2 else "tenant",
        )
        payment = books.payment(
            tenant, "2026-03-06", amount, invoice, currency=currency, fee_minor=3
        )
        if number % 4 == 0:
            books.refund(payment, "2026-03-11", 301, 61)
    books.cost("2026-03-01", "sales_marketing", 90_001, "SEK")
    books.cost("2026-02-01", "rent", 9_001)
    books.cash("2026-02-03", "bank", 1_000_000, "SEK")
    return books
