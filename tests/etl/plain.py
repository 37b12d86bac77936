"""Random histories of subscriptions, and what is true of them, in loops over days."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from core.money import exponent, rounded
from tests.etl.books import EARNING, Books

FIRST = date(2026, 1, 1)
MONTHS = [date(2026, month, 1) for month in range(1, 5)]
RATES = {
    "SEK": [
        ("2026-01-01", "0.0912345678"),
        ("2026-02-11", "0.0887654321"),
        ("2026-03-02", "0.0999999999"),
    ],
    "JPY": [("2026-01-01", "0.0061"), ("2026-01-31", "0.0058333333"), ("2026-04-05", "0.0063")],
}
PER_MONTH = {
    "weekly": Fraction(52, 12),
    "monthly": Fraction(1),
    "quarterly": Fraction(1, 3),
    "semiannual": Fraction(1, 6),
    "annual": Fraction(1, 12),
}
KINDS = ("new", "expansion", "contraction", "churn", "reactivation")
STATUSES = (
    "active",
    "active",
    "active",
    "trial",
    "past_due",
    "grace_period",
    "unpaid",
    "paused",
    "paused",
    "cancelled",
    "read_only",
)

days = st.integers(0, 119).map(lambda n: (FIRST + timedelta(days=n)).isoformat())
changes = st.lists(
    st.tuples(
        days,
        st.sampled_from(STATUSES),
        st.sampled_from((0, 1, 50, 999, 1000, 12_345)),
        st.sampled_from(("pro", "ent")),
    ),
    min_size=1,
    max_size=5,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))
subscriptions = st.tuples(
    changes, st.sampled_from(sorted(PER_MONTH)), st.sampled_from(("EUR", "SEK", "JPY"))
)
tenants = st.lists(
    st.tuples(st.sampled_from(("SE", None)), st.lists(subscriptions, min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
)


def books_of(drawn: Any) -> Books:
    books = Books()
    for currency, rates in RATES.items():
        for on, rate in rates:
            books.rate(on, currency, rate)
    for number, (country, held) in enumerate(drawn):
        tenant = books.tenant(f"t{number}", country)
        for history, cycle, currency in held:
            books.subscription(tenant, *history, cycle=cycle, currency=currency)
    return books


class Plain:
    """The same rules once more, as loops over days."""

    def __init__(self, books: Books) -> None:
        self.history: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in sorted(books.rows["plan_history"], key=lambda r: (r["effective_on"], r["id"])):
            self.history[row["subscription_id"]].append(row)
        self.tenants: dict[int, list[int]] = defaultdict(list)
        for row in books.rows["subscription"]:
            self.tenants[row["tenant_id"]].append(row["id"])

    def standing(self, tenant: int, on: date) -> tuple[dict[str, int], bool]:
        """Native recurring revenue by currency at the end of a day, and whether one is paused."""
        held: dict[str, int] = defaultdict(int)
        paused = False
        for subscription in self.tenants[tenant]:
            rows = [r for r in self.history[subscription] if r["effective_on"] <= on]
            if rows:
                monthly = rounded(rows[-1]["amount_minor"] * PER_MONTH[rows[-1]["cycle"]])
                if rows[-1]["status"] in EARNING:
                    held[rows[-1]["currency"]] += monthly
                paused = paused or (rows[-1]["status"] == "paused" and monthly > 0)
        return {code: minor for code, minor in held.items() if minor}, paused

    def moves(self, tenant: int, until: date) -> Iterator[tuple[date, str, str, int]]:
        """(day, kind, currency, native change) up to a day."""
        ever_paid, on = False, FIRST
        while on <= until:
            before, was_paused = self.standing(tenant, on - timedelta(days=1))
            after, is_paused = self.standing(tenant, on)
            change = {code: after.get(code, 0) - before.get(code, 0) for code in {*before, *after}}
            moved = {code: minor for code, minor in change.items() if minor}
            worth = sum(minor * rate(code, on) for code, minor in moved.items())
            if not before and after:
                kind = "new" if not ever_paid else "expansion" if was_paused else "reactivation"
            elif before and not after:
                kind = "contraction" if is_paused else "churn"
            else:
                kind = "expansion" if worth >= 0 else "contraction"
            for code, minor in moved.items():
                yield on, kind, code, minor
            ever_paid = ever_paid or bool(after)
            on += timedelta(days=1)

    def month(self, month: date, last_on: date) -> dict[str, int]:
        """The movement of a month in EUR cents, losses negative, with the fx by its own formula."""
        eve, sums = month - timedelta(days=1), dict.fromkeys(("start", "end", *KINDS), 0)
        fx, terms = Fraction(0), 1
        for tenant in self.tenants:
            start, end = self.standing(tenant, eve)[0], self.standing(tenant, last_on)[0]
            for name, held, on in (("start", start, eve), ("end", end, last_on)):
                sums[name] += sum(rounded(m * rate(c, on)) for c, m in held.items())
            fx += sum(m * (rate(c, last_on) - rate(c, eve)) for c, m in start.items())
            terms += len(start) + len(end)
            for on, kind, code, minor in self.moves(tenant, last_on):
                if on >= month:
                    sums[kind] += rounded(minor * rate(code, on))
                    fx += minor * (rate(code, last_on) - rate(code, on))
                    terms += 1
        return sums | {"fx": rounded(fx), "terms": terms}

    def standings(self, month: date, last_on: date) -> list["Standing"]:
        """Each tenant at both ends of a month."""
        eve = month - timedelta(days=1)
        found = []
        for tenant in self.tenants:
            start, (end, paused) = self.standing(tenant, eve)[0], self.standing(tenant, last_on)
            found.append(
                Standing(
                    tenant,
                    pays_at_start=bool(start),
                    pays_at_end=bool(end),
                    is_paused=paused,
                    start_minor=sum(rounded(m * rate(c, eve)) for c, m in start.items()),
                    end_minor=sum(rounded(m * rate(c, last_on)) for c, m in end.items()),
                    end_at_start_rates_minor=sum(rounded(m * rate(c, eve)) for c, m in end.items()),
                )
            )
        return found

    def first_paid(self, until: date) -> dict[int, date]:
        """Tenant → the first day up to a day on which it was worth something."""
        found: dict[int, date] = {}
        for tenant in self.tenants:
            for n in range((until - FIRST).days + 1):
                if self.standing(tenant, FIRST + timedelta(days=n))[0]:
                    found[tenant] = FIRST + timedelta(days=n)
                    break
        return found


@dataclass(frozen=True)
class Standing:
    """A tenant at the start and at the end of a month; EUR cents."""

    tenant: int
    pays_at_start: bool
    pays_at_end: bool
    is_paused: bool
    start_minor: int
    end_minor: int
    end_at_start_rates_minor: int


def rate(currency: str, on: date) -> Fraction:
    """EUR cents for one minor unit of a currency on a day."""
    if currency == "EUR":
        return Fraction(1)
    known = [text for day, text in RATES[currency] if date.fromisoformat(day) <= on]
    return Fraction(known[-1]) * 10 ** (2 - exponent(currency)) if known else Fraction(0)
