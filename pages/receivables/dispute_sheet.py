"""One dispute: what it is about, until when to answer, what it posted (PAY.8)."""

from html import escape

import streamlit as st

from core.payments.dispute_listing import DisputeDetail, DisputeEntry
from pages.billing import look
from pages.parts import formats, head, states, tables
from pages.parts.tables import Cell, Column
from pages.receivables import dispute_rows, invoice_parts, words

ENTRIES = (
    Column("Posting", words=True),
    Column("Booked", words=True),
    Column("Account", words=True),
    Column("Debit"),
    Column("Credit"),
)
KIND = ("Payment", "Recharge")
"""What is disputed, by whether it is a recharge of a wallet."""
EVENTS = {
    "dispute_opened": "Opened: amount and fee withdrawn",
    "dispute_won": "Won: the amount came back",
    "dispute_lost": "Lost: a bad debt, its tax not owed",
}


def draw(found: DisputeDetail) -> None:
    """The dispute, until when to answer, and its postings."""
    row = found.row
    provider, (_, opens) = words.PROVIDERS[row.provider], dispute_rows.paid(row)
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
                KIND[row.payment_id is None]: opens,
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
        KIND[row.payment_id is None]: f'<a href="{escape(payment.opens)}" target="_self">'
        f"{escape(payment.text)}</a>",
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
