"""Disputes of card payments: what they cost, until when to answer, what they posted (PAY.8)."""

from html import escape

import streamlit as st

from core.access.authority import Actor
from core.errors import NotFound
from core.office import office
from core.payments.dispute_listing import (
    DisputeDetail,
    DisputeEntry,
    DisputeFilters,
    dispute_detail,
    disputes,
)
from core.settings import settings
from pages.billing import look
from pages.parts import formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import dispute_rows, invoice_parts, lists, words

SORTS = {
    "evidence": ("Answer first", "evidence", False),
    "newest": ("Newest", "newest", True),
    "amount": ("Largest amount", "amount", True),
    "tenant": ("Tenant", "tenant", False),
}
PROVIDERS = {name: words.PROVIDERS[name] for name in ("stripe", "paystack", "paypal")}
ENTRIES = (
    Column("Posting", words=True),
    Column("Booked", words=True),
    Column("Account", words=True),
    Column("Debit"),
    Column("Credit"),
)
EVENTS = {
    "dispute_opened": "Opened: amount and fee withdrawn",
    "dispute_won": "Won: the amount came back",
    "dispute_lost": "Lost: a bad debt, its tax not owed",
}


def main() -> None:
    """One dispute when the address names it, else the list."""
    head.page("Disputes", "card payments that their holders dispute")
    actor = viewer.current_actor()
    chosen = url.read("dispute", url.positive, 0)
    if not chosen:
        _list(actor)
        return
    try:
        with office().work(actor) as work:
            found = dispute_detail(work, chosen)
    except NotFound as problem:
        lists.back("disputes", "There is no such dispute", str(problem))
        return
    _one(found)


def _one(found: DisputeDetail) -> None:
    row = found.row
    provider = words.PROVIDERS[row.provider]
    with st.container(border=True, key="panel-dispute"):
        head.section(f"Dispute {row.provider_dispute_id}", f"of {row.tenant_name}, {provider}")
        st.html(_facts(found))
        if row.days_left is not None:
            states.notice(
                "bad" if row.days_left <= dispute_rows.NEAR_DAYS else "warn",
                f"{provider} waits for evidence, which is given on its own pages; what it decides "
                "arrives here by itself",
            )
        look.ways(
            {
                "All disputes": tables.link("disputes", {}),
                "Payment": tables.link("payment", {"payment": str(row.payment_id)}),
                "Tenant": tables.link("tenant", {"tenant": str(row.tenant_id)}),
            }
        )
    if found.entries:
        with st.container(border=True, key="panel-postings"):
            head.section("Postings", f"in {row.currency}, the oldest first")
            rows = [_entry(each) for each in found.entries]
            tables.html(ENTRIES, rows, label="Postings of the dispute")


def _facts(found: DisputeDetail) -> str:
    row = found.row
    status, answer = dispute_rows.status(row), dispute_rows.answer_by(row)
    payment = dispute_rows.payment(row)
    terms = {
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        "Payment": f'<a href="{escape(payment.opens)}" target="_self">{escape(payment.text)}</a>',
        "Why": escape(words.plain(row.reason) or "–"),
        "Opened": formats.day(row.opened_on),
        "Answer by": f'<span class="{answer.tone}">{escape(answer.text)}</span>',
        "Amount": escape(words.money(row.amount_minor, row.currency)),
        "Fee": escape(words.money(row.fee_minor, row.currency)) if row.fee_minor else "–",
    }
    if row.closed_on:
        terms["Decided"] = formats.day(row.closed_on)
    return invoice_parts.as_terms(terms)


def _entry(each: DisputeEntry) -> list[Cell]:
    return [
        Cell(EVENTS.get(each.event) or words.plain(each.event)),
        Cell(formats.day(each.booked_on)),
        Cell(f"{each.account} {each.name}"),
        words.amount(each.debit_minor, each.currency),
        words.amount(each.credit_minor, each.currency),
    ]


def _list(actor: Actor) -> None:
    filters, (order, descending) = _filters()
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = disputes(
            work, filters, sort=order, descending=descending, limit=size,
            offset=(asked - 1) * size,
        )  # fmt: skip
        today = work.today
    lists.counts("disputes", found.by_status, words.DISPUTES)
    if not found.count:
        states.empty(
            "No dispute fits",
            "Disputes arrive from the gateways by themselves; clear a filter to see all of them.",
        )
        return
    listed = lists.Listed(
        "disputes",
        "Disputes",
        dispute_rows.COLUMNS,
        lambda most: dispute_rows.read(actor, filters, order, descending=descending, most=most),
        dispute_rows.row_of,
        dispute_rows.FILED,
        today,
        dispute_rows.told(filters),
    )
    with st.container(border=True, key="panel-disputes"):
        lists.heading(found.count, "dispute", "disputes", "a day opens the dispute", listed)
        lists.table(listed, [dispute_rows.row_of(row) for row in found.rows])
        tables.pager(found.count, asked)


def _filters() -> tuple[DisputeFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Tenant or number")
        status = lists.choice("status", "Status", words.DISPUTES)
        provider = lists.choice("provider", "Provider", PROVIDERS)
        currency = lists.currency()
        days = lists.day("from", "Opened from"), lists.day("until", "Opened until")
        order = lists.sort(SORTS)
    return DisputeFilters(text, status, provider, currency, *days), order


main()
