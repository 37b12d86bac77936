"""A small company for journeys: two years of subscriptions that start, grow, shrink and end."""

from tests.etl.books import Books

PLANS = {"starter": 4_900, "growth": 14_900, "pro": 49_900, "enterprise": 199_000}
COUNTRIES = ("SE", "NO", "DE", "FI", "DK")
NAMES = ("Nordljus", "Havsbris", "Kvarnby", "Ekholmen", "Bergslag", "Granit", "Tallbacken")
FORMS = ("AB", "Logistik AB", "Frakt GmbH", "Transport Oy")
FIRST = 2024 * 12 + 10
"""November 2024 as a count of months."""


def month_day(index: int, day: int) -> str:
    """A day of the month with this index."""
    return f"{index // 12}-{index % 12 + 1:02d}-{day:02d}"


def small_company(tenants: int = 40, months: int = 25) -> Books:
    """Books whose every month has gains and losses, in two currencies, with open invoices."""
    books = Books()
    for index in range(FIRST - 1, FIRST + months):
        books.rate(month_day(index, 1), "SEK", f"0.08{70 + index % 7}")
        books.cost(month_day(index, 1), "sales_marketing", 900_000 + 13_700 * (index % 5))
        books.cost(month_day(index, 1), "salaries", 5_900_000)
        books.cash(month_day(index, 1), "main", 96_000_000 - 310_000 * (index - FIRST))
    for number in range(tenants):
        _tenant(books, number, number * (months - 2) // tenants, months)
    return books


def _tenant(books: Books, number: int, joined: int, months: int) -> None:
    currency = "SEK" if number % 3 == 0 else "EUR"
    tenant = books.tenant(f"t{number:03d}", COUNTRIES[number % 5], currency)
    books.rows["tenant"][-1]["name"] = f"{NAMES[number % 7]} {FORMS[number % 4]} {number:03d}"
    plan = list(PLANS)[number % 4]
    amount = PLANS[plan] * (11 if currency == "SEK" else 1)
    start, day = FIRST + joined, number % 27 + 1
    changes = [(month_day(start, day), "active", amount)]
    if number % 4 == 1:
        changes.append((month_day(start + 5, day), "active", amount * 3 // 2))
    if number % 6 == 2:
        changes.append((month_day(start + 7, day), "active", amount * 2 // 3))
    if number % 5 == 4:
        changes.append((month_day(start + 9, day), "cancelled", 0))
    last = FIRST + months - 1
    kept = [change for change in changes if change[0] <= month_day(last, 19)]
    books.subscription(tenant, *kept, plan=plan, currency=currency)
    for index in range(start, last + 1):
        _billed(books, tenant, index, day, kept, plan, currency, settled=index < last - number % 4)


def _billed(
    books: Books,
    tenant: int,
    index: int,
    day: int,
    changes: list[tuple[str, str, int]],
    plan: str,
    currency: str,
    *,
    settled: bool,
) -> None:
    issued_on = month_day(index, day)
    amount = [change[2] for change in changes if change[0] <= issued_on][-1]
    if not amount or issued_on > "2026-11-19":
        return
    tax = amount // 4
    invoice = books.invoice(
        tenant,
        issued_on,
        (plan, amount),
        due_on=month_day(index + 1, day),
        tax_minor=tax,
        currency=currency,
        issuer_type="platform" if tenant % 9 == 0 else "tenant",
        paid_minor=amount + tax if settled else 0,
        status="paid" if settled else "issued",
        disputed=not settled and tenant % 11 == 0,
    )
    if settled:
        paid_on = min(month_day(index, 28), "2026-11-20")
        books.payment(tenant, paid_on, amount + tax, invoice, currency=currency)
