"""What happened to an invoice or a payment, in plain words, from the audit log and the records."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from core.audit.timeline import Happening
from core.invoices.detail import InvoiceDetail
from core.payments.detail import PaymentDetail
from core.settings import settings
from pages.billing import look
from pages.parts import formats, tables
from pages.parts.head import section
from pages.parts.tables import Cell, Column
from pages.receivables import words

COLUMNS = (
    Column("When", words=True),
    Column("Who", words=True),
    Column("What", words=True),
    Column("Reason", words=True),
)
BEFORE_AND_AFTER = 2
"""Values of an amount that an event changed."""
MADE = {"billing.invoice.drafted", "saas.subscription.renewed", "saas.subscription.assigned"}
"""Events that tell how an invoice came to be."""


@dataclass(frozen=True)
class Moment:
    """Something that happened; `opens` leads to its record."""

    at: datetime
    who: str
    what: str
    why: str = ""
    opens: str = ""


def draw(moments: list[Moment]) -> None:
    """The timeline, newest first."""
    look.long_words()
    with st.container(border=True, key="panel-timeline"):
        section("Timeline", "newest first")
        if not moments:
            st.html('<p class="muted">Nothing is on record.</p>')
            return
        zone = settings().billing_timezone
        body = [
            [
                Cell(formats.instant(each.at, zone)),
                Cell(each.who),
                Cell(each.what, opens=each.opens),
                Cell(each.why, tone="wrap"),
            ]
            for each in sorted(moments, key=lambda each: each.at, reverse=True)
        ]
        tables.html(COLUMNS, body, label="Timeline")


def of_invoice(found: InvoiceDetail) -> list[Moment]:
    """An invoice's life: events, money put on it and taken off, its credit notes."""
    currency = found.row.currency
    moments = [_moment(each, currency) for each in found.happenings]
    told = {each.facts.get("payment_id") for each in found.happenings}
    named = {each.event for each in found.happenings}
    if not named & MADE:
        first = "Written as a draft" if found.row.status == "draft" else "Issued"
        moments.append(Moment(found.row.created_at, "Saldo", first))
    for each in found.applied:
        if each.payment_id in told and each.amount_minor > 0:
            continue
        paid = words.money(abs(each.amount_minor), currency)
        what = f"{paid} paid" if each.amount_minor > 0 else f"{paid} taken off again"
        door = tables.link("payment", {"payment": str(each.payment_id)})
        moments.append(
            Moment(
                each.created_at,
                "Saldo",
                f"{what}, {words.way(each.provider, each.method)}",
                opens=door,
            )
        )
    for note in found.credit_notes:
        if note.status == "issued" and note.decided_at and note.refund_id:
            total = words.money(note.total_minor, currency)
            door = tables.link("credit-note", {"note": str(note.id)})
            what = f"Credit note {note.number} over {total} with a refund"
            moments.append(Moment(note.decided_at, "Saldo", what, opens=door))
    return moments


def of_payment(found: PaymentDetail) -> list[Moment]:
    """A payment's life: events, its arrival, what went back, disputes."""
    row = found.row
    moments = [_moment(each, row.currency) for each in found.happenings]
    named = {each.event for each in found.happenings}
    total = words.money(row.amount_minor, row.currency)
    if not named & {"billing.payment.recorded", "saas.invoice.marked_paid", "saas.wallet.paid"}:
        came = row.captured_at or row.created_at
        what = f"{total} tried and declined" if row.status == "failed" else f"{total} received"
        moments.append(Moment(came, "Saldo", what, words.plain(row.failure_code or "")))
    for refund in found.refunds:
        back = words.money(refund.amount_minor, row.currency)
        if not named & {"refund.requested", "saas.wallet.refunded"}:
            moments.append(
                Moment(
                    refund.requested_at, refund.by or "Saldo", f"Refund of {back} asked for",
                    refund.reason,
                )
            )  # fmt: skip
        if refund.settled_at and refund.status == "succeeded":
            moments.append(Moment(refund.settled_at, "Saldo", f"{back} paid back"))
        elif refund.settled_at:
            told = f"The refund of {back} was refused"
            if refund.returned_on:
                told = f"{back} that was paid back came back: it is the customer's credit"
            moments.append(Moment(refund.settled_at, "Saldo", told, refund.failure or ""))
    return moments


def _moment(happening: Happening, currency: str) -> Moment:
    facts = {"currency": currency, **happening.facts}
    told = _TOLD.get(happening.event)
    what = told(facts) if told else words.plain(happening.event.split(".", 1)[-1].replace(".", " "))
    by = happening.by or ""
    return Moment(happening.at, by if "@" in by else "Saldo", what, str(facts.get("reason") or ""))


def _money(facts: dict[str, Any], name: str) -> str:
    """An amount of an event; of one that changed, what it became."""
    given = facts.get(name)
    if isinstance(given, list) and len(given) == BEFORE_AND_AFTER:
        given = given[1]
    return words.money(given, str(facts["currency"])) if isinstance(given, int) else "an amount"


def _sent(facts: dict[str, Any]) -> str:
    return f"Sent as {facts.get('number')}, {_money(facts, 'due_minor')} owed"


def _approved(facts: dict[str, Any]) -> str:
    return f"Credit note {facts.get('number')} over {_money(facts, 'total_minor')} approved"


_TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "billing.invoice.drafted": lambda facts: f"Draft over {_money(facts, 'total_minor')} written",
    "billing.invoice.edited": lambda facts: f"Draft changed to {_money(facts, 'total_minor')}",
    "billing.invoice.sent": _sent,
    "billing.invoice.voided": lambda _facts: "Taken back",
    "billing.invoice.written_off": lambda facts: f"{_money(facts, 'written_off_minor')} given up",
    "saas.invoice.marked_paid": lambda facts: f"{_money(facts, 'amount_minor')} marked as paid",
    "saas.wallet.paid": lambda facts: f"{_money(facts, 'amount_minor')} paid from the wallet",
    "saas.subscription.renewed": lambda _facts: "Issued with the renewal of the subscription",
    "saas.subscription.assigned": lambda _facts: "Issued with the start of the subscription",
    "billing.credit_note.created": (
        lambda facts: f"Credit note over {_money(facts, 'total_minor')} drafted"
    ),
    "billing.credit_note.approved": _approved,
    "billing.credit_note.declined": (
        lambda facts: f"Credit note over {_money(facts, 'total_minor')} declined"
    ),
    "billing.payment.recorded": lambda facts: f"{_money(facts, 'amount_minor')} recorded by hand",
    "billing.payment.reversed": lambda facts: f"{_money(facts, 'amount_minor')} taken back whole",
    "billing.credit.applied": lambda _facts: "Its credit was put on invoices",
    "bank.transfer.assigned": lambda _facts: "The bank transfer was put on invoices",
    "refund.requested": lambda facts: f"Refund of {_money(facts, 'amount_minor')} asked for",
    "saas.wallet.refunded": (
        lambda facts: f"{_money(facts, 'amount_minor')} given back to the wallet"
    ),
    "payment.dispute.opened": lambda _facts: "The card holder disputed it",
}
