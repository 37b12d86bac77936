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
    """The invoices known on a day, and the words for each customer: tenant, tenant_name.

    Those a card paid as they were issued are left out: they were never open.
    """
    since = day - timedelta(days=HISTORY_DAYS + _TRIED_DAYS)
    heads = reading.ask("billed", as_of=day, since=since)
    paid = reading.ask("billed_paid")
    place = _places(paid["invoice_id"], heads["invoice_id"])
    at_once = _by_card(place, paid, heads.height)
    stays = ~(at_once & _flags(heads["cleared_on"] <= heads["issued_on"]))
    if not stays.all():
        heads, at_once = heads.filter(stays), at_once[stays]
        place = np.where((place >= 0) & stays[place], (np.cumsum(stays) - 1)[place], -1)
    paid, paid_from = _in_order(paid, place, heads.height)
    tenants = reading.ask("billed_tenants")
    tenant = _places(heads["tenant_id"], tenants["tenant_id"])
    billed = np.bincount(tenant, minlength=tenants.height) > 0
    tenants, customer = tenants.filter(billed), (np.cumsum(billed) - 1)[tenant]
    country, countries = _coded(tenants["country"])
    currency, currencies = _coded(heads["currency"])
    bills = Bills(
        _whole(heads["invoice_id"]),
        customer,
        country[customer],
        currency,
        _days(heads["issued_on"]),
        _days(heads["due_on"]),
        _whole(heads["total_minor"]),
        _days(heads["closed_on"]),
        _flags(heads["is_void"]),
        at_once,
        paid_from,
        _days(paid["allocated_on"]),
        _whole(paid["amount_minor"]),
        _flags(paid["cash"]),
        tuple(tenants["tenant"]),
        countries,
        currencies,
    )
    return bills, tenants.select("tenant", "tenant_name")


def numbers(reading: Reading, day: date, invoice_id: Whole) -> pl.Series:
    """The numbers of invoices that are open at the end of a day."""
    listed = reading.ask("billed_numbers", as_of=day)
    wanted = pl.DataFrame({"invoice_id": invoice_id})
    return wanted.join(listed, "invoice_id", "left", maintain_order="left")["number"]


def credit_on(reading: Reading, day: date) -> Credit:
    """Money not yet set against an invoice at the end of a day."""
    found: dict[str, dict[str, int]] = {}
    for tenant, currency, minor in reading.ask("unapplied", as_of=day).iter_rows():
        found.setdefault(currency, {})[tenant] = minor
    return found


def _by_card(place: Whole, paid: pl.DataFrame, invoices: int) -> Flags:
    """Which invoices a card paid, and nothing else."""
    counts = (place >= 0) & _flags(paid["amount_minor"] > 0)
    by_card = _flags(paid["by_card"])
    cards = np.bincount(place[counts & by_card], minlength=invoices)
    others = np.bincount(place[counts & ~by_card], minlength=invoices)
    only: Flags = (cards > 0) & (others == 0)
    return only


def _in_order(paid: pl.DataFrame, place: Whole, invoices: int) -> tuple[pl.DataFrame, Whole]:
    """Allocations by the place of their invoice, the earliest first, then the smallest; those of
    none left out. With it where those of each invoice start.
    """
    counts = np.bincount(place[place >= 0], minlength=invoices)
    order = np.argsort(place, kind="stable")[len(place) - counts.sum() :]
    several = np.flatnonzero((counts > 1)[place[order]])
    these = order[several]
    days, minor = _days(paid["allocated_on"])[these], _whole(paid["amount_minor"])[these]
    order[several] = these[np.lexsort((minor, days, place[these]))]
    return paid[order], np.concatenate(([0], np.cumsum(counts)))


def _places(keys: pl.Series, among: pl.Series) -> Whole:
    """Where each key stands among others that differ; -1 where it does not."""
    wanted, listed = _whole(keys), _whole(among)
    if not len(listed):
        return np.full(len(wanted), -1)
    order = np.argsort(listed)
    at = order[np.minimum(np.searchsorted(listed[order], wanted), len(order) - 1)]
    places: Whole = np.where(listed[at] == wanted, at, -1)
    return places


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
