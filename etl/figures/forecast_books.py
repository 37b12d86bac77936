"""What was billed and paid as the cash forecast takes it, read from the copy."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from core.forecast.behaviour import HISTORY_DAYS
from core.forecast.invoices import NEVER, Bills, Flags, Whole
from core.forecast.receipts import Credit
from etl.warehouse import Reading

_TRIED_DAYS = 500
"""How far the back-test looks back; behaviour is learnt from before that."""


def books(reading: Reading, day: date) -> tuple[Bills, pl.DataFrame]:
    """The invoices known on a day, and the words for each: number, tenant, tenant_name, country."""
    since = day - timedelta(days=HISTORY_DAYS + _TRIED_DAYS)
    rows = reading.ask("billed", as_of=day, since=since)
    heads = rows.filter(pl.col("invoice_id").ne_missing(pl.col("invoice_id").shift()))
    counts = rows["invoice_id"].rle().struct.field("len").to_numpy()
    payments = np.repeat(np.arange(heads.height), counts)
    is_paid = rows["allocated_on"].is_not_null()
    paid = rows.filter(is_paid)
    by_bill = np.bincount(payments[is_paid.to_numpy()], minlength=heads.height)
    customer, customers = _coded(heads["tenant"])
    country, countries = _coded(heads["country"])
    currency, currencies = _coded(heads["currency"])
    bills = Bills(
        _whole(heads["invoice_id"]),
        customer,
        country,
        currency,
        _days(heads["issued_on"]),
        _days(heads["due_on"]),
        _whole(heads["total_minor"]),
        _days(heads["closed_on"]),
        _flags(heads["is_void"]),
        _flags(heads["at_once"]),
        np.concatenate(([0], np.cumsum(by_bill))),
        _days(paid["allocated_on"]),
        _whole(paid["amount_minor"]),
        _flags(paid["cash"]),
        customers,
        countries,
        currencies,
    )
    return bills, heads.select("number", "tenant", "tenant_name", "country")


def credit_on(reading: Reading, day: date) -> Credit:
    """Money not yet set against an invoice at the end of a day."""
    found: dict[str, dict[str, int]] = {}
    for tenant, currency, minor in reading.ask("unapplied", as_of=day).iter_rows():
        found.setdefault(currency, {})[tenant] = minor
    return found


def _coded(names: pl.Series) -> tuple[Whole, tuple[str, ...]]:
    """Each name as its place in the list of those there are, in order."""
    listed = names.unique().sort()
    codes = names.cast(pl.Enum(listed)).to_physical()
    return _whole(codes), tuple(listed)


def _days(days: pl.Series) -> Whole:
    return _whole(days.cast(pl.Int32).cast(pl.Int64).fill_null(NEVER))


def _whole(numbers: pl.Series) -> Whole:
    return numbers.cast(pl.Int64).to_numpy()


def _flags(flags: pl.Series) -> Flags:
    return flags.fill_null(value=False).to_numpy()
