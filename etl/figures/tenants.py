"""The tenants of a month by their recurring revenue, page by page, without reading the others."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from etl.days import month_of, months_back
from etl.figures.metrics import (
    NO_COMPANY_FIGURES,
    NOTHING,
    TRAILING,
    Company,
    Group,
    by_tenant,
    headlines,
    merged,
    trailing,
)
from etl.figures.values import money
from etl.figures.view import Readable, Span, View, look

_MODELS = ("mrr_tenants", "revenue_pieces")
_LISTED = {"recurring": "tenants_recurring", "listed": "tenants_listed"}
_RECURRING = {"listed": "tenants_recurring"}
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
    month = month_of(month)
    view = look(wh, months_back(month, TRAILING), month, as_of, currency, constant_on)
    [span] = replace(view, first_month=month).spans(*_MODELS)
    chosen = _chosen(span, limit, offset)
    only = chosen["tenant_id"].to_list()
    company = Company.of(view)
    groups = merged(
        by_tenant(
            replace(view, first_month=trailing(month)[-1]),
            "recurring_revenue_by_tenant",
            "mrr_tenants",
            only,
        ),
        by_tenant(replace(view, first_month=month), "revenue_by_tenant", "revenue_pieces", only),
    )
    last, year = months_back(month, 1), months_back(month, _YEAR)
    then = _recurring(replace(view, first_month=year, last_month=year), only)
    return [
        Ranked(
            key,
            name,
            headlines(groups[key], company, month, view) | NO_COMPANY_FIGURES,
            _mrr(groups[key], last, view),
            _mrr(then.get(key, {}), year, view),
        )
        for _, key, name, _ in chosen.iter_rows()
    ]


def _chosen(span: Span, limit: int | None, offset: int) -> pl.DataFrame:
    """Some tenants in order; those with documents alone come after all with recurring revenue, so
    they are looked for only where these end.
    """
    if limit:
        found = span.ask("tenants_ranked", _RECURRING, limit=limit, offset=offset)
        if found.height == limit and found["mrr_minor"][-1] > 0:
            return found
    return span.ask("tenants_ranked", _LISTED, limit=limit, offset=offset)


def _recurring(view: View, only: list[int]) -> dict[str, Group]:
    """Tenant → month → the sums of its recurring revenue."""
    return merged(by_tenant(view, "recurring_revenue_by_tenant", "mrr_tenants", only))


def _mrr(group: Group, month: date, view: View) -> dict[str, Any] | None:
    row = group.get(month, NOTHING)
    return money(row["end_minor"], view.currency) if "end_minor" in row else None
