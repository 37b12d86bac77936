"""Daily exchange rates: the last one published on or before each day, exact, for every pair."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa

from core.money import exponent, round_half_up
from etl.days import ship

BASE = "EUR"
_PLACES = 10
_UNIT = 10**_PLACES
_LARGEST = 10**20
_OPEN = date(9999, 12, 31)
_USED = """
    select currency from tenant union select currency from subscription
    union select currency from plan_history union select currency from invoice
    union select currency from payment union select currency from credit_note
    union select currency from wallet_transaction
    union select currency from cost union select currency from cash_balance
"""
Series = list[tuple[date, int]]
"""Days on which a rate begins to hold, with EUR for one unit times 10**10."""


def ship_rates(build: duckdb.DuckDBPyConnection, reporting: str) -> None:
    """Write fx_daily(day, currency, reporting_currency, rate): currencies in use × all with rates.

    `rate` is minor units of the reporting currency for one minor unit of the currency, so that
    `amount_minor * rate` is in minor units whatever decimals the two currencies have. Days before
    a currency's first rate have no row.
    """
    used = {code for (code,) in build.execute(_USED).fetchall()} | {reporting, BASE}
    series = _published(build)
    targets = sorted(series.keys() | {reporting})
    rows = [
        (code, target, *step)
        for code in sorted(used)
        for target in targets
        for step in _steps(code, target, series)
    ]
    ship(
        build,
        "fx_steps",
        {
            "currency": pa.array([row[0] for row in rows], pa.string()),
            "reporting_currency": pa.array([row[1] for row in rows], pa.string()),
            "valid_from": pa.array([row[2] for row in rows], pa.date32()),
            "valid_until": pa.array([row[3] for row in rows], pa.date32()),
            "rate": pa.array([row[4] for row in rows], pa.decimal128(20, _PLACES)),
        },
    )
    build.execute("""
        create or replace table fx_daily as
        select d.day, s.currency, s.reporting_currency, s.rate
        from fx_steps s
        join calendar_days d on d.day >= s.valid_from and d.day < s.valid_until
        order by s.reporting_currency, s.currency, d.day
    """).fetchall()
    build.execute("drop table fx_steps").fetchall()


def with_rates(build: duckdb.DuckDBPyConnection) -> set[str]:
    """The currencies that fx_daily holds when made of the rows in the build."""
    found = build.execute(
        f"select distinct currency from ({_USED}) used(currency)"
        " where currency in (select currency from fx_rate)"
    ).fetchall()
    return {code for (code,) in found}


def _published(build: duckdb.DuckDBPyConnection) -> dict[str, Series]:
    series: dict[str, Series] = {BASE: [(date.min, _UNIT)]}
    found = build.execute(
        "select currency, rated_on, rate_to_eur from fx_rate order by currency, rated_on"
    ).fetchall()
    for code, rated_on, rate in found:
        if code != BASE:
            series.setdefault(code, []).append((rated_on, int(Decimal(rate).scaleb(_PLACES))))
    return series


def _steps(
    code: str, target: str, series: dict[str, Series]
) -> Iterator[tuple[date, date, Decimal]]:
    """From when until when which rate holds for a pair."""
    if code == target:
        yield date.min, _OPEN, Decimal(1)
        return
    ours, theirs = series.get(code, []), series.get(target, [])
    starts = sorted({day for day, _ in ours} | {day for day, _ in theirs})
    own, other = dict(ours), dict(theirs)
    of_code = of_target = 0
    for start, end in zip(starts, [*starts[1:], _OPEN], strict=True):
        of_code, of_target = own.get(start, of_code), other.get(start, of_target)
        if of_code and of_target:
            scaled = round_half_up(
                of_code * 10 ** exponent(target) * _UNIT, of_target * 10 ** exponent(code)
            )
            if 0 < scaled < _LARGEST:
                yield start, end, Decimal(scaled).scaleb(-_PLACES)
