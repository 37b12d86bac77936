"""Random histories against an independent calculation, day by day in plain Python."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.money import exponent, rounded
from core.settings import Settings
from etl import figures
from etl.days import last_day, next_month
from etl.warehouse import Warehouse
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


def _books(drawn: Any) -> Books:
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


def rate(currency: str, on: date) -> Fraction:
    """EUR cents for one minor unit of a currency on a day."""
    if currency == "EUR":
        return Fraction(1)
    known = [text for day, text in RATES[currency] if date.fromisoformat(day) <= on]
    return Fraction(known[-1]) * 10 ** (2 - exponent(currency)) if known else Fraction(0)


def _published(books: Books, folder: str) -> Warehouse:
    return books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))


def _agree(answer: dict[str, Any], plain: dict[str, int]) -> None:
    for name in ("start", "end", "new", "expansion", "reactivation"):
        assert answer[name]["minor"] == plain[name], name
    for name in ("contraction", "churn"):
        assert answer[name]["minor"] == -plain[name], name
    assert abs(answer["fx"]["minor"] - plain["fx"]) <= plain["terms"]


@run_with(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants)
def test_movements_of_every_month_equal_the_plain_calculation(drawn: Any) -> None:
    books = _books(drawn)
    plain = Plain(books)
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(books, folder)
        answers = figures.movements(wh, MONTHS[0], MONTHS[-1])
        for month, answer in zip(MONTHS, answers, strict=True):
            _agree(answer, plain.month(month, last_day(month)))


@run_with(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants, st.integers(0, 119))
def test_movements_as_of_any_day_equal_the_plain_calculation(drawn: Any, later: int) -> None:
    books = _books(drawn)
    as_of = FIRST + timedelta(days=later)
    month = as_of.replace(day=1)
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(books, folder)
        [answer] = figures.movements(wh, month, month, as_of=as_of)
        assert answer["partial"] == (as_of + timedelta(days=1) != next_month(month))
        _agree(answer, Plain(books).month(month, as_of))


@run_with(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants, st.sampled_from(("EUR", "SEK", "JPY")))
def test_months_meet_and_groups_add_up_in_any_currency(drawn: Any, currency: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(_books(drawn), folder)
        for by in ("plan", "country", "tenant"):
            answers = figures.movements(wh, MONTHS[0], MONTHS[-1], currency=currency, group_by=by)
            for answer in answers:
                signed = {
                    name: value["minor"]
                    for name, value in answer.items()
                    if isinstance(value, dict) and name != "groups"
                }
                assert signed["end"] == (
                    signed["start"]
                    + signed["new"]
                    + signed["expansion"]
                    + signed["reactivation"]
                    - signed["contraction"]
                    - signed["churn"]
                    + signed["fx"]
                )
                for name, total in signed.items():
                    assert total == sum(
                        group[name]["minor"] for group in answer["groups"].values()
                    ), (by, name)
            for earlier, later in pairwise(answers):
                assert earlier["end"] == later["start"]
