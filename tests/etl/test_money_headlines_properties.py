"""Cash collected, runway, CAC and LTV of random books against plain loops (CFO.1, CFO.3)."""

import tempfile
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.money import rounded
from core.settings import Settings
from etl import figures
from etl.figures.values import decimal_text
from tests.etl.books import NOW, Books
from tests.etl.plain import FIRST, MONTHS, Plain, books_of, rate, tenants
from tests.etl.plain_money import PlainMoney

offsets = st.integers(0, 119)
currencies = st.sampled_from(("EUR", "SEK", "JPY"))
amounts = st.integers(1, 50_000)
documents = st.lists(
    st.tuples(
        offsets,
        amounts,
        currencies,
        st.sampled_from(("issued", "issued", "draft", "cancelled")),
        st.sampled_from(("subscription", "usage", "adjustment", "recharge", "refund")),
    ),
    max_size=5,
)
payments = st.lists(
    st.tuples(
        offsets,
        amounts,
        currencies,
        st.sampled_from(("captured", "captured", "failed", "disputed")),
        st.sampled_from(("card", "bank_transfer", "wallet", "credit_note")),
        st.none() | st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40)),
    ),
    max_size=5,
)
recharges = st.lists(st.tuples(offsets, amounts, currencies), max_size=3)
months = st.sampled_from([f"{month}" for month in MONTHS])
kinds = st.sampled_from(("sales_marketing", "cost_of_revenue", "salaries"))
costs = st.lists(
    st.tuples(months, kinds, currencies, amounts), max_size=8, unique_by=lambda c: c[:3]
)
balances = st.lists(
    st.tuples(offsets, st.sampled_from(("main", "second")), amounts, currencies),
    max_size=4,
    unique_by=lambda b: b[:2],
)


def _on(offset: int) -> str:
    return f"{FIRST + timedelta(days=offset)}"


def _money_into(books: Books, drawn: Any) -> None:
    bills, paid, charged, spent, held = drawn
    for offset, minor, currency, status, kind in bills:
        books.invoice(1, _on(offset), ("pro", minor), currency=currency, status=status, type=kind)
    for offset, minor, currency, status, method, back in paid:
        number = books.payment(
            1, _on(offset), minor, currency=currency, status=status, method=method, fee_minor=7
        )
        if back is not None:
            later, returned = back
            refund = books.refund(number, _on(offset + later), minor // 2 + 1, 0)
            if returned is not None:
                row = books.rows["refund"][refund - 1]
                row["returned_on"] = date.fromisoformat(_on(offset + later + returned))
    for offset, minor, currency in charged:
        books.add(
            "wallet_transaction", tenant_id=1, currency=currency, type="recharge", fee_minor=3,
            amount_minor=minor, moved_on=date.fromisoformat(_on(offset)), created_at=NOW,
        )  # fmt: skip
    for month, category, currency, minor in spent:
        books.cost(month, category, minor, currency)
    for offset, account, minor, currency in held:
        books.cash(_on(offset), account, minor * 10, currency)


@run_with(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants, st.tuples(documents, payments, recharges, costs, balances))
def test_money_of_every_month_equals_the_plain_calculation(drawn: Any, money: Any) -> None:
    books = books_of(drawn)
    _money_into(books, money)
    plain = PlainMoney(books.rows, Plain(books), rate)
    with tempfile.TemporaryDirectory() as folder:
        wh = books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))
        answers = figures.metrics(wh, MONTHS[-1], len(MONTHS))["months"]
    for month, answer in zip(MONTHS, answers, strict=True):
        assert answer["gross_revenue"]["minor"] == plain.gross(month)
        assert answer["cash_collected"]["minor"] == plain.collected(month)
        assert answer["runway_months"] == decimal_text(plain.runway(month))
        value, cost = plain.lifetime_value(month), plain.acquisition_cost(month)
        for name, exact in (("ltv", value), ("cac", cost)):
            found = answer[name]
            assert (found and found["minor"]) == (None if exact is None else rounded(exact)), name
        both = value is not None and cost
        assert answer["ltv_cac"] == decimal_text(Fraction(value) / cost if both else None)
