"""Calendar tables the models join with: days, months, and the periods figures are made for."""

from datetime import date, timedelta

import duckdb
import pyarrow as pa

from etl.tables import TABLES

FIRST_DAY = date(1990, 1, 1)
FURTHEST_DAYS = 3 * 366
"""Facts before the first day or this far after today count in no month; the copy says so."""
FACT_DAYS = {
    "plan_history": "effective_on",
    "invoice": "issued_on",
    "payment": "received_on",
    "payment_allocation": "allocated_on",
    "refund": "refunded_on",
    "dispute": "closed_on",
    "credit_note": "issued_on",
    "wallet_transaction": "moved_on",
    "cost": "month",
    "cash_balance": "held_on",
}
"""The day of each fact that figures are made from."""


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of a month."""
    return next_month(month) - timedelta(days=1)


def eve(day: date) -> date:
    """The day before the month of a day, on which the calendar begins."""
    return month_of(day) - timedelta(days=1)


def months_back(month: date, count: int) -> date:
    """The first day of the month `count` months earlier (later when negative)."""
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def furthest(today: date) -> date:
    """The last day that the calendar can hold."""
    return today + timedelta(days=FURTHEST_DAYS)


def range_of_facts(build: duckdb.DuckDBPyConnection, today: date) -> tuple[date, date]:
    """First and last day with a plausible fact, today included."""
    assert set(FACT_DAYS) <= {table.name for table in TABLES}
    union = " union all ".join(f"select {day} from {table}" for table, day in FACT_DAYS.items())
    [(first, last)] = build.execute(
        f"select min(day), max(day) from ({union}) days(day) where day between ? and ?",
        [FIRST_DAY, furthest(today)],
    ).fetchall()
    return min(first or today, today), max(last or today, today)


def ship_calendar(build: duckdb.DuckDBPyConnection, first: date, last: date, today: date) -> None:
    """Write calendar_days, calendar_months, and periods up to the one that holds today."""
    months = [month_of(first)]
    while months[-1] < month_of(last):
        months.append(next_month(months[-1]))
    begin = eve(first)
    span = (last_day(months[-1]) - begin).days + 1
    days = [begin + timedelta(days=n) for n in range(span)]
    ship(
        build,
        "calendar_days",
        {
            "day": pa.array(days),
            "month": pa.array([month_of(day) for day in days]),
            "iso_weekday": pa.array([day.isoweekday() for day in days]),
        },
    )
    ship(build, "calendar_months", _months(months, last_day(months[-1])))
    closed = [month for month in months if month <= month_of(today)]
    ship(build, "periods", _months(closed, today))


def _months(months: list[date], until: date) -> dict[str, pa.Array]:
    return {
        "month": pa.array(months, pa.date32()),
        "first_on": pa.array(months, pa.date32()),
        "eve_on": pa.array([month - timedelta(days=1) for month in months], pa.date32()),
        "last_on": pa.array([min(last_day(month), until) for month in months], pa.date32()),
        "month_index": pa.array([month.year * 12 + month.month for month in months], pa.int64()),
    }


def ship(build: duckdb.DuckDBPyConnection, name: str, columns: dict[str, pa.Array]) -> None:
    """Write a table made in Python."""
    build.register("shipped_rows", pa.table(columns))
    build.execute(f"create or replace table {name} as select * from shipped_rows").fetchall()
    build.unregister("shipped_rows")
