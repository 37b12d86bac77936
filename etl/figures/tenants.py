"""The tenants of a month by their recurring revenue, page by page, without reading the others."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from etl.days import months_back
from etl.figures.metrics import by_tenant, metrics
from etl.figures.values import money
from etl.figures.view import Readable, View, look

_MODELS = ("mrr_tenants", "revenue_pieces")
_LISTED = {"listed": "tenants_listed"}
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tenants have figures in a month, and how many of them recurring revenue."""

    tenants: int
    recurring: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A tenant with its figures of a month, as `metrics` has them, and its MRR a month and a year
    before; None where it had no recurring revenue then.
    """

    tenant: str
    tenant_name: str
    figures: dict[str, Any]
    before: dict[str, Any] | None
    year: dict[str, Any] | None


def tenants_counted(
    wh: Readable,
    month: date,
    as_of: date | None = None,
    currency: str | None = None,
    constant_on: date | None = None,
) -> Counted:
    """How many tenants `metrics` has by tenant, `movements` too. Raises NoCopy, BadInput,
    RateMissing.
    """
    [span] = look(wh, month, month, as_of, currency, constant_on).spans(*_MODELS)
    [found] = span.ask("tenants_counted", _LISTED).iter_rows()
    return Counted(*found)


def tenants_ranked(
    wh: Readable,
    month: date,
    as_of: date | None = None,
    currency: str | None = None,
    constant_on: date | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Ranked]:
    """The tenants of a month, the largest first: `limit` of them after `offset`, else all.

    Raises NoCopy, BadInput, RateMissing.
    """
    reading = wh.reading()
    view = look(reading, month, month, as_of, currency, constant_on)
    [span] = view.spans(*_MODELS)
    chosen = span.ask("tenants_ranked", _LISTED, limit=limit, offset=offset)
    only = chosen["tenant_id"].to_list()
    found = metrics(reading, month, 1, "tenant", as_of, view.currency, constant_on, only)
    [now] = found["months"]
    before, year = (
        _mrr(replace(view, first_month=each, last_month=each), only)
        for each in (months_back(view.first_month, 1), months_back(view.first_month, _YEAR))
    )
    return [
        Ranked(key, name, now["groups"][key], before.get(key), year.get(key))
        for _, key, name in chosen.iter_rows()
    ]


def _mrr(view: View, only: list[int]) -> dict[str, dict[str, Any]]:
    """Tenant → its MRR at the end of the view's month."""
    rows = by_tenant(view, "recurring_revenue_by_tenant", "mrr_tenants", only)
    found = rows.select("group_key", "end_minor").iter_rows()
    return {key: money(minor, view.currency) for key, minor in found}
