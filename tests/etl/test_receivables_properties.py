"""Receivables of any day against a plain calculation, with payments undone and invoices closed."""

import math
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.settings import Settings
from etl import figures
from etl.days import next_month
from etl.figures.values import decimal_text
from etl.figures.view import look
from tests.etl.books import NOW, Books

FIRST = date(2026, 1, 1)
offsets = st.integers(0, 150)
allocations = st.lists(st.tuples(offsets, st.integers(1, 60), offsets | st.none()), max_size=3)
EVE, NEWEST = 303, 323
"""The days the copy has ready, as offsets: the end of October and the day of the books."""
asked = st.integers(0, 300) | st.sampled_from((EVE, NEWEST))
amounts = st.integers(1, 2_000) | st.integers(1, 2 * 10**9) | st.integers(1, 10**12)
rates = st.decimals("0.00001", 3, places=10) | st.decimals(9_999, 99_999, places=10)
"""EUR for one unit: those of most currencies, and some too long for whole numbers."""
invoices = st.lists(
    st.tuples(
        offsets,
        st.integers(0, 40),
        st.integers(1, 100),
        allocations,
        st.sampled_from(("issued", "issued", "draft", "cancelled", "written_off")),
        offsets,
        st.booleans(),
        st.sampled_from(("subscription", "recharge", "refund")),
    ),
    min_size=1,
    max_size=6,
)


def _on(offset: int) -> date:
    return FIRST + timedelta(days=offset)


def _books(drawn: Any) -> tuple[Books, list[dict[str, Any]]]:
    """The books, and of each invoice what an owed amount depends on."""
    books, plain = Books(), []
    tenant = books.tenant("ada")
    for issued, terms, total, parts, status, closed, disputed, kind in drawn:
        number = books.invoice(
            tenant,
            f"{_on(issued)}",
            (None, total),
            due_on=f"{_on(issued + terms)}",
            status=status,
            disputed=disputed,
            type=kind,
            closed_on=_on(issued + closed) if status in ("cancelled", "written_off") else None,
        )
        moves: list[tuple[date, int]] = []
        left = total
        for day, part, undone in parts:
            put = min(part, left)
            if put and status != "draft":
                moves.append((_on(issued + day), put))
                left -= put
                if undone is not None:
                    moves.append((_on(issued + day + undone), -put))
                    left += put
        for day, put in moves:
            books.add(
                "payment_allocation",
                payment_id=1,
                invoice_id=number,
                tenant_id=tenant,
                currency="EUR",
                amount_minor=put,
                allocated_on=day,
                created_at=NOW,
                reverses_id=1 if put < 0 else None,
            )
        plain.append(
            {
                "issued": _on(issued),
                "due": _on(issued + terms),
                "total": total,
                "moves": moves,
                "status": status,
                "closed": _on(issued + closed),
                "disputed": disputed,
                "type": kind,
            }
        )
    return books, plain


def owed(invoice: dict[str, Any], as_of: date) -> int:
    """What one invoice is owed at the end of a day."""
    gone = invoice["status"] in ("cancelled", "written_off") and invoice["closed"] <= as_of
    if invoice["status"] == "draft" or invoice["type"] == "refund" or gone:
        return 0
    if invoice["issued"] > as_of:
        return 0
    paid = sum(minor for day, minor in invoice["moves"] if day <= as_of)
    return max(0, int(invoice["total"]) - paid)


def invoiced(plain: list[dict[str, Any]], since: date, until: date) -> int:
    """What was invoiced from one day to another, voided invoices left out."""
    return sum(
        int(invoice["total"])
        for invoice in plain
        if since <= invoice["issued"] <= until
        and invoice["status"] not in ("draft", "cancelled")
        and invoice["type"] != "refund"
    )


def counted_back(plain: list[dict[str, Any]], owed_minor: int, as_of: date) -> Fraction | None:
    """Days of invoicing still owed, one month after the other taken off."""
    if not invoiced(plain, FIRST, as_of):
        return None
    days, month = Fraction(0), as_of.replace(day=1)
    begun = min(
        invoice["issued"] for invoice in plain if invoiced([invoice], FIRST, as_of)
    ).replace(day=1)
    while owed_minor > 0 and month >= begun:
        last = min(as_of, next_month(month) - timedelta(days=1))
        in_month = invoiced(plain, month, last)
        share = Fraction(min(owed_minor, in_month), in_month) if in_month else Fraction(1)
        days += last.day * share
        owed_minor -= in_month
        month = (month - timedelta(days=1)).replace(day=1)
    return days


def bucket(days: int) -> str:
    """The ageing bucket of so many days past the due date."""
    for name, most in (("current", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90)):
        if days <= most:
            return name
    return "over_90"


@run_with(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(invoices, st.lists(asked, min_size=1, max_size=4))
def test_ageing_of_any_day_equals_the_plain_calculation(drawn: Any, days: list[int]) -> None:
    books, plain = _books(drawn)
    with tempfile.TemporaryDirectory() as folder:
        wh = books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))
        for as_of in map(_on, days):
            expected: dict[str, int] = {}
            for invoice in plain:
                name = bucket((as_of - invoice["due"]).days)
                expected[name] = expected.get(name, 0) + owed(invoice, as_of)
            ageing = figures.ar_ageing(wh, as_of)
            found = {name: money["minor"] for name, money in ageing["buckets"].items()}
            assert found == {name: expected.get(name, 0) for name in found}
            assert ageing["total"]["minor"] == sum(expected.values())
            invoices = figures.open_invoices(wh, as_of)["open_minor"].to_list()
            assert sorted(invoices) == sorted(filter(None, (owed(i, as_of) for i in plain)))
            disputed = sum(owed(i, as_of) for i in plain if i["disputed"])
            assert ageing["disputed"]["minor"] == disputed
            recent = invoiced(plain, as_of - timedelta(days=89), as_of)
            total = sum(expected.values())
            assert ageing["dso"] == {
                "simple": decimal_text(Fraction(total * 90, recent)) if recent else None,
                "count_back": decimal_text(counted_back(plain, total, as_of)),
            }


@run_with(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(("ada", "bo")), st.sampled_from(("EUR", "SEK")), amounts),
        min_size=1,
        max_size=12,
    ),
    st.lists(rates, min_size=3, max_size=3),
)
def test_each_invoice_is_converted_at_the_rate_of_the_day_and_rounded_by_itself(
    drawn: list[tuple[str, str, int]], drawn_rates: list[Decimal]
) -> None:
    books = Books()
    keys = {key: books.tenant(key) for key in ("ada", "bo")}
    by_day = dict(zip((200, EVE, NEWEST), drawn_rates, strict=True))
    for offset, rate in by_day.items():
        books.rate(f"{_on(offset - 1)}", "SEK", f"{rate:f}")
    for key, currency, total in drawn:
        books.invoice(keys[key], f"{_on(199)}", (None, total), currency=currency)
    with tempfile.TemporaryDirectory() as folder:
        wh = books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))
        for offset, rate in by_day.items():
            expected: dict[str, int] = {}
            for key, currency, total in drawn:
                value = Fraction(total) * (Fraction(rate) if currency == "SEK" else 1)
                expected[key] = expected.get(key, 0) + math.floor(value + Fraction(1, 2))
            # A tenant whose invoices are worth nothing in EUR owes all the same.
            found = figures.receivables_by_tenant(wh, _on(offset))
            assert dict(found.select("tenant", "total").iter_rows()) == expected
            assert figures.owing(wh, _on(offset)) == len(expected)
            ageing = figures.ar_ageing(wh, _on(offset))
            assert ageing["total"]["minor"] == sum(expected.values())
            for key, minor in expected.items():
                assert figures.open_total(wh, _on(offset), tenant=key).open_minor == minor


def test_the_end_of_the_month_before_is_read_and_another_day_computed(tmp_path: Path) -> None:
    books = Books()
    books.invoice(books.tenant("ada"), "2026-03-05", (None, 100))
    wh = books.published(Settings(_env_file=None, SALDO_HOME=tmp_path))
    held = {
        offset: look(wh, FIRST, FIRST, _on(offset)).day_given() for offset in (200, EVE, NEWEST)
    }
    assert [bool(given) for given in held.values()] == [True, False, False]
    for offset in held:
        assert figures.ar_ageing(wh, _on(offset))["total"]["minor"] == 100
