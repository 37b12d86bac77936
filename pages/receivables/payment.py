"""One payment: what it settles, what went back, what the gateway says, its timeline (PAY.1–2)."""

from html import escape

import streamlit as st

from core.errors import NotFound
from core.inbox.listing import Origin, origin_of
from core.office import office
from core.payments.detail import PaymentDetail
from pages.admin import receipts
from pages.billing import form, look
from pages.parts import confirm, formats, head, tables, url, viewer
from pages.parts.confirm import Step
from pages.receivables import (
    invoice_parts,
    lists,
    payment_asks,
    payment_parts,
    refund_ask,
    timelines,
    words,
)

STEPS = (
    refund_ask.REFUND,
    payment_asks.USE_CREDIT,
    payment_asks.REVERSE,
    payment_asks.UNASSIGN,
)


def main() -> None:
    """The payment the address names."""
    form.forget()
    chosen = url.read("payment", url.positive, 0)
    if not chosen:
        lists.back("payments", "No payment is chosen", "Open one from the list of payments.")
        return
    try:
        sheet = refund_ask.seen(str(chosen))
    except NotFound as problem:
        lists.back("payments", "There is no such payment", str(problem))
        return
    found = sheet.found
    came = words.beginning(words.way(found.row.provider, found.row.method))
    head.page(f"Payment {found.row.id}", f"of {found.row.tenant_name}, {came}")
    receipts.show()
    look.long_words()
    with office().work(viewer.current_actor()) as work:
        origin = origin_of(work, found.row.id)
    _summary(found, _doors(sheet, origin), origin)
    payment_parts.settled(found)
    payment_parts.refunds(found)
    payment_parts.disputes(found)
    payment_parts.gateway(found)
    timelines.draw(timelines.of_payment(found))
    confirm.draw(*STEPS)


def _summary(found: PaymentDetail, doors: list[tuple[Step, str]], origin: Origin | None) -> None:
    row = found.row
    with st.container(border=True, key="panel-payment"):
        st.html(_facts(found))
        if doors:
            with st.container(horizontal=True, key="doors"):
                for step, label in doors:
                    confirm.door(step, str(row.id), label)
        ways = {
            "All payments": tables.link("payments", {}),
            "Tenant": tables.link("tenant", {"tenant": str(row.tenant_id)}),
        }
        if origin and origin.unmatched_id:
            there = {"status": "assigned", "row": str(origin.unmatched_id)}
            ways["Its transfer, where it can be undone"] = tables.link("unmatched", there)
        look.ways(ways)


def _facts(found: PaymentDetail) -> str:
    row = found.row
    status = words.status(row.status, words.PAYMENT_STATUSES)
    tenant = tables.link("tenant", {"tenant": str(row.tenant_id)})
    terms = {
        "Tenant": f'<a href="{escape(tenant)}" target="_self">{escape(row.tenant_name)}</a>',
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        "Received": formats.day(row.received_on) if row.received_on else "–",
        "Amount": escape(words.money(row.amount_minor, row.currency)),
        "Fee": _or_dash(row.fee_minor, row.currency),
        "Refunded": _or_dash(row.refunded_minor, row.currency),
        "Credit left": _or_dash(row.credit_minor, row.currency),
        "Reference": escape(row.reference or row.provider_payment_id or "–"),
    }
    if row.failure_code:
        terms["Declined"] = escape(words.plain(row.failure_code))
    if row.payout_id:
        terms["Payout"] = escape(row.payout_id)
    if found.note:
        terms["Note"] = escape(found.note)
    return invoice_parts.as_terms(terms)


def _or_dash(minor: int, currency: str) -> str:
    return escape(words.money(minor, currency)) if minor else "–"


def _doors(sheet: refund_ask.Sheet, origin: Origin | None) -> list[tuple[Step, str]]:
    """What the viewer may do to it in its status."""
    row = sheet.found.row
    doors: list[tuple[Step, str]] = []
    if viewer.may("sys_finance") and refund_ask.rooms(sheet):
        doors.append((refund_ask.REFUND, "Refund…"))
    if viewer.may("billing.write") and row.credit_minor:
        doors.append((payment_asks.USE_CREDIT, "Use credit…"))
    by_hand = row.provider == "manual" and row.status == "captured" and not row.refunded_minor
    if viewer.may("billing.write") and by_hand:
        doors.append((payment_asks.REVERSE, "Reverse…"))
    by_itself = origin is not None and origin.unmatched_id is None
    if (
        viewer.may("sys_finance")
        and by_itself
        and row.status == "captured"
        and not row.refunded_minor
    ):
        doors.append((payment_asks.UNASSIGN, "Undo the assignment…"))
    return doors


main()
