"""Churn: who left in a window, why, and what was lost, as it was locked at the time (CHN)."""

from datetime import date
from html import escape

import streamlit as st

from core.money import Money
from core.office import office
from core.reports.churn import ChurnBucket, ChurnReport, ChurnRow, churn
from pages.parts import definitions, formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists
from pages.revenue import window

COLUMNS = (
    Column("Cancelled", words=True),
    Column("Tenant", words=True),
    Column("Plan", words=True),
    Column("Country", words=True),
    Column("Reason", words=True),
    Column("Service ends", words=True),
    Column("Price a month"),
    Column("Lost a month (EUR)"),
)
FILED = (
    "subscription_id",
    "tenant_id",
    "tenant_name",
    "plan",
    "country",
    "reason_code",
    "mode",
    "cancelled_on",
    "service_ends_on",
    "currency",
    "mrr_minor",
    "amount_eur_cents",
    "legacy",
)
BUCKETS = (("reason", "Reason"), ("plan", "Plan"), ("country", "Country"))


def main() -> None:
    """Totals, the three ways to cut them, and every subscription that was given up."""
    head.page("Churn", "subscriptions given up, with the monthly revenue lost as it was locked")
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        first, last = window.days()
    with office().work(viewer.current_actor()) as work:
        found = churn(work, first, last)
    if not found.rows:
        states.empty("Nobody left", f"No subscription was cancelled {_between(first, last)}.")
        return
    _summary(found)
    named = {row.plan_slug: row.plan for row in found.rows}
    named |= {row.country: formats.country(row.country) for row in found.rows}
    with st.container(key="buckets"):
        places = st.columns(3)
    for place, (name, title) in zip(places, BUCKETS, strict=True):
        with place, st.container(border=True, key=f"panel-{name}"):
            _bucket_table(title, getattr(found, f"by_{name}"), found.total, named)
    definitions.button("churn_report")
    _rows(found)


def _summary(found: ChurnReport) -> None:
    total = found.total
    terms = [
        ("Subscriptions", formats.number(total.cancellations)),
        ("Tenants", formats.number(total.tenants)),
        ("Lost a month", formats.money(Money(total.amount_eur_cents, "EUR"))),
    ]
    if total.without_rate:
        terms.append(("Without a rate, not in the sum", formats.number(total.without_rate)))
    st.html(
        '<dl class="identity sums">'
        + "".join(
            f'<div class="term"><dt>{escape(title)}</dt><dd>{escape(text)}</dd></div>'
            for title, text in terms
        )
        + "</dl>"
    )


def _bucket_table(
    title: str, buckets: dict[str, ChurnBucket], total: ChurnBucket, names: dict[str, str]
) -> None:
    head.section(f"By {title.lower()}")
    tables.html(
        [Column(title, words=True), Column("Subscriptions"), Column("Lost a month (EUR)")],
        [_bucket(each, names.get(key, "")) for key, each in buckets.items()],
        label=f"Churn by {title.lower()}",
        total=_bucket(total, "Total"),
    )


def _bucket(bucket: ChurnBucket, name: str = "") -> list[Cell]:
    return [
        Cell(name or _words(bucket.key)),
        Cell(formats.number(bucket.cancellations)),
        Cell(formats.money(Money(bucket.amount_eur_cents, "EUR"), code=False)),
    ]


def _rows(found: ChurnReport) -> None:
    listed = lists.Listed(
        "churn",
        "Churn",
        COLUMNS,
        lambda most: found.rows[:most],
        _row,
        FILED,
        found.until,
        _between(found.since, found.until),
    )
    with st.container(border=True, key="panel-churn"):
        count = len(found.rows)
        lists.heading(
            count,
            "subscription",
            "subscriptions",
            "a day opens the subscription, a name the tenant",
            listed,
        )
        rows = found.rows[tables.page_of(count, "page-churn")]
        lists.table(listed, [_row(row) for row in rows])


def _row(row: ChurnRow) -> list[Cell]:
    lost = None if row.amount_eur_cents is None else Money(row.amount_eur_cents, "EUR")
    door = tables.link("subscription", {"subscription": str(row.subscription_id)})
    reason = _words(row.reason_code) + (" (no cancellation kept)" if row.legacy else "")
    return [
        Cell(formats.day(row.cancelled_on), opens=door),
        lists.tenant(row.tenant_id, row.tenant_name, "fold"),
        Cell(row.plan),
        Cell(formats.country(row.country)),
        Cell(reason, tone="fold"),
        Cell(formats.day(row.service_ends_on)),
        Cell(formats.money(Money(row.mrr_minor, row.currency))),
        Cell(formats.money(lost, code=False) if lost else "–", tone="strong"),
    ]


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize() if code.islower() else code


def _between(first: date, last: date) -> str:
    return f"from {formats.day(first)} to {formats.day(last)}"


main()
