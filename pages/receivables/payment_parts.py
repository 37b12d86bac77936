"""Parts of a payment's page: invoices it settles, refunds, disputes, the gateway's own lines."""

import streamlit as st

from core.payments.detail import DisputeRow, GatewayRow, OnInvoice, PaymentDetail, RefundRow
from core.settings import settings
from pages.parts import formats, tables
from pages.parts.head import section
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words

SETTLED = (
    Column("Invoice", words=True),
    Column("Status", words=True),
    Column("Total"),
    Column("Settled by this payment"),
)
REFUNDS = (
    Column("Asked for", words=True),
    Column("By", words=True),
    Column("How", words=True),
    Column("Status", words=True),
    Column("Paid back", words=True),
    Column("Credit notes", words=True),
    Column("Reason", words=True),
    Column("Tax"),
    Column("Amount"),
)
DISPUTES = (
    Column("Opened", words=True),
    Column("Status", words=True),
    Column("Why", words=True),
    Column("Answer by", words=True),
    Column("Closed", words=True),
    Column("Fee"),
    Column("Amount"),
)
GATEWAY = (
    Column("Day", words=True),
    Column("What", words=True),
    Column("Number", words=True),
    Column("Payout", words=True),
    Column("Amount"),
    Column("Fee"),
    Column("Net"),
)


def settled(found: PaymentDetail) -> None:
    """The invoices it is on."""
    with st.container(border=True, key="panel-settled"):
        section("Invoices", f"settled by this payment, in {found.row.currency}")
        if not found.on:
            st.html('<p class="muted">It settles no invoice.</p>')
            return
        body = [_settled(each, found.row.currency) for each in found.on]
        tables.html(SETTLED, body, label="Invoices")


def refunds(found: PaymentDetail) -> None:
    """What went back of it."""
    if not found.refunds:
        return
    with st.container(border=True, key="panel-refunds"):
        section("Refunds", f"in {found.row.currency}")
        body = [_refund(each, found.row.currency) for each in found.refunds]
        lists.narrow()
        with st.container(key="list-refunds"):
            tables.html(REFUNDS, body, label="Refunds")


def disputes(found: PaymentDetail) -> None:
    """Card holders' disputes of it."""
    if not found.disputes:
        return
    with st.container(border=True, key="panel-disputes"):
        section("Disputes", f"in {found.row.currency}")
        body = [_dispute(each, found.row.currency) for each in found.disputes]
        tables.html(DISPUTES, body, label="Disputes")


def gateway(found: PaymentDetail) -> None:
    """What the gateway's own ledger says."""
    if not found.gateway:
        return
    with st.container(border=True, key="panel-gateway"):
        provider = words.PROVIDERS[found.row.provider]
        section(f"At {provider}", f"its own ledger, in {found.row.currency}")
        body = [_entry(each, found.row.currency) for each in found.gateway]
        tables.html(GATEWAY, body, label=f"Lines of {provider}")


def _settled(each: OnInvoice, code: str) -> list[Cell]:
    door = tables.link("invoice", {"invoice": str(each.id)})
    return [
        Cell(each.number or f"Invoice {each.id}", opens=door),
        words.status(each.status, words.STATUSES),
        words.amount(each.total_minor, code),
        words.amount(each.applied_minor, code, "strong"),
    ]


def _refund(each: RefundRow, code: str) -> list[Cell]:
    zone = settings().billing_timezone
    numbers = ", ".join(each.credit_notes)
    door = tables.link("credit-note", {"note": numbers}) if len(each.credit_notes) == 1 else ""
    status = words.status(each.status, words.REFUND_STATUSES)
    why = f"{status.text}: {words.plain(each.failure)}" if each.failure else status.text
    if each.returned_on:
        why = f"Came back on {formats.day(each.returned_on)}: {words.plain(each.failure or '')}"
    return [
        Cell(formats.instant(each.requested_at, zone)),
        Cell(each.by_name or "Saldo"),
        Cell(words.TREATMENTS[each.treatment], tone="fold"),
        Cell(why, tone=f"fold {status.tone}"),
        Cell(formats.day(each.refunded_on) if each.refunded_on else "–"),
        Cell(numbers or "–", opens=door),
        Cell(each.reason, tone="wrap"),
        words.amount(each.tax_minor, code),
        words.amount(each.amount_minor, code, "strong"),
    ]


def _dispute(each: DisputeRow, code: str) -> list[Cell]:
    tone = {"won": "good", "lost": "bad", "needs_response": "bad"}.get(each.status, "")
    return [
        Cell(formats.day(each.opened_on)),
        Cell(words.DISPUTES[each.status], tone=tone),
        Cell(words.plain(each.reason) or "–"),
        Cell(formats.day(each.evidence_due_on) if each.evidence_due_on else "–"),
        Cell(formats.day(each.closed_on) if each.closed_on else "–"),
        words.amount(each.fee_minor, code),
        words.amount(each.amount_minor, code, "strong"),
    ]


def _entry(each: GatewayRow, code: str) -> list[Cell]:
    return [
        Cell(formats.day(each.occurred_on)),
        Cell(words.plain(each.kind)),
        Cell(each.external_id, tone="muted"),
        Cell(each.payout_id or "–", tone="muted"),
        words.amount(each.amount_minor, code),
        words.amount(each.fee_minor, code),
        words.amount(each.net_minor, code, "strong"),
    ]
