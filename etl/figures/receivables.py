"""Who still owes what: ageing by due date and days sales outstanding, as of any day (CFO.2)."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from core.errors import BadInput
from etl.days import month_of, next_month
from etl.figures.values import decimal_text, money
from etl.figures.view import Readable, View, look

BUCKETS = ("current", "1-30", "31-60", "61-90", "over_90")
DSO_DAYS = 90


def ar_ageing(wh: Readable, as_of: date, currency: str | None = None) -> dict[str, Any]:
    """Receivables of a day by days past due, in the reporting and in each native currency.

    `disputed` is the part of the total whose invoices are disputed. Raises NoCopy, BadInput,
    RateMissing.
    """
    view = _view(wh, as_of, currency)
    rows = _by_age(view)
    total, invoiced = int(rows["open_minor"].sum()), _invoiced(view)
    return {
        "as_of": as_of.isoformat(),
        "currency": view.currency,
        "buckets": _buckets(rows, "open_minor", view.currency),
        "total": money(total, view.currency),
        "disputed": money(int(rows.filter("disputed")["open_minor"].sum()), view.currency),
        "invoices": int(rows["invoices"].sum()),
        "by_currency": [
            {
                "currency": native,
                "buckets": _buckets(part, "open_native_minor", native),
                "total": money(int(part["open_native_minor"].sum()), native),
            }
            for (native,), part in sorted(rows.partition_by("currency", as_dict=True).items())
        ],
        "dso": {
            "simple": decimal_text(_simple_dso(view, invoiced, total)),
            "count_back": decimal_text(_count_back_dso(view, invoiced, total)),
        },
    }


@dataclass(frozen=True, slots=True)
class Total:
    """How many invoices are open, and what is owed on them in reporting-currency minor units."""

    invoices: int
    open_minor: int


def open_invoices(
    wh: Readable,
    as_of: date,
    currency: str | None = None,
    bucket: str | None = None,
    tenant: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """One row per invoice with something owed on a day, by due date, of an age and a tenant's key.

    All rows, without `limit`, sum to the ageing's total.
    """
    view = _view(wh, as_of, currency)
    asked = {"bucket": bucket, "tenant": tenant, "limit": limit, "offset": offset}
    return _asked(view, "open_invoices", "owed_invoices", **asked)


def open_total(
    wh: Readable,
    as_of: date,
    currency: str | None = None,
    bucket: str | None = None,
    tenant: str | None = None,
) -> Total:
    """What all rows of `open_invoices` are and sum to, without reading them one by one."""
    view = _view(wh, as_of, currency)
    if tenant is None:
        rows = _by_age(view)
    else:
        rows = _asked(view, "owed_of_tenant", "owed_invoices", tenant=tenant)
    if bucket is not None:
        rows = rows.filter(pl.col("bucket") == bucket)
    return Total(int(rows["invoices"].sum()), int(rows["open_minor"].sum()))


def receivables_by_tenant(
    wh: Readable,
    as_of: date,
    currency: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """One row per tenant that owes, the largest first, with a column per bucket in minor units and
    a total.
    """
    view = _view(wh, as_of, currency)
    return _asked(view, "owed_tenants", "owed_by_tenant", limit=limit, offset=offset)


def owing(wh: Readable, as_of: date, currency: str | None = None) -> int:
    """How many tenants owe something on a day: the rows of `receivables_by_tenant`."""
    view = _view(wh, as_of, currency)
    given = view.day_given()
    if not given:
        return int(_asked(view, "owing", "owed_by_tenant").item())
    found = view.reading.ask_anew("owing_anew", ("owed_invoices",), given, as_of=view.as_of)
    return int(found.item())


def _view(wh: Readable, as_of: date, currency: str | None) -> View:
    month = month_of(as_of)
    view = look(wh, month, month, as_of, currency)
    if as_of > view.as_of:
        raise BadInput(f"Nothing is known of {as_of}; the copy ends {view.as_of}")
    return view


def _by_age(view: View) -> pl.DataFrame:
    """What is owed by currency, bucket and dispute."""
    return _asked(view, "owed_by_age", "owed_by_age")


def _asked(view: View, question: str, model: str, **params: object) -> pl.DataFrame:
    """The answer from what the copy holds of its days; of another one it is computed."""
    return view.reading.ask_anew(
        question,
        (model,),
        view.day_given(),
        currency=view.currency,
        as_of=view.as_of,
        **params,
    )


def _buckets(rows: pl.DataFrame, column: str, currency: str) -> dict[str, Any]:
    sums = dict(rows.group_by("bucket").agg(pl.col(column).sum()).iter_rows())
    return {bucket: money(int(sums.get(bucket, 0)), currency) for bucket in BUCKETS}


Invoiced = dict[date, int]
"""Day of issue → what was invoiced on it, in reporting-currency minor units."""


def _invoiced(view: View) -> Invoiced:
    question = "invoiced_by_day" if view.has_rates_ready else "invoiced"
    rows = view.reading.ask(question, as_of=view.as_of, currency=view.currency)
    return {row["issued_on"]: row["invoiced_minor"] for row in rows.iter_rows(named=True)}


def _simple_dso(view: View, invoiced: Invoiced, owed_minor: int) -> Fraction | None:
    since = view.as_of - timedelta(days=DSO_DAYS)
    recent = sum(minor for day, minor in invoiced.items() if day > since)
    return Fraction(owed_minor * DSO_DAYS, recent) if recent else None


def _count_back_dso(view: View, invoiced: Invoiced, owed_minor: int) -> Fraction | None:
    months: dict[date, int] = {}
    for day, minor in invoiced.items():
        months[month_of(day)] = months.get(month_of(day), 0) + minor
    if not months:
        return None
    left, days, end = owed_minor, Fraction(0), view.as_of
    while left > 0 and end >= min(months):
        month = month_of(end)
        length = (min(end, next_month(month) - timedelta(days=1)) - month).days + 1
        in_month = months.get(month, 0)
        days += Fraction(length * min(left, in_month), in_month) if in_month > 0 else length
        left -= in_month
        end = month - timedelta(days=1)
    return days
