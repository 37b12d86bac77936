"""One invoice: what is billed, what settled and credited it, what its viewer may do (INV.3–4)."""

from urllib.parse import urlencode

import streamlit as st

from core.errors import NotFound
from core.invoices.detail import InvoiceDetail
from core.invoices.models import OPEN
from pages.admin import receipts
from pages.billing import form, look
from pages.parts import confirm, downloads, head, states, tables, url, viewer
from pages.parts.confirm import Step
from pages.receivables import (
    invoice_asks,
    invoice_form,
    invoice_parts,
    lists,
    note_asks,
    payment_asks,
    timelines,
)

STEPS = (
    invoice_form.EDIT,
    invoice_asks.SEND,
    invoice_asks.DISCARD,
    invoice_asks.VOID,
    invoice_asks.MARK_PAID,
    invoice_asks.WRITE_OFF,
    invoice_asks.RECOVER,
    payment_asks.RECORD,
    note_asks.CREATE,
)
CREDITABLE = (*OPEN, "paid", "partially_refunded", "refunded")
REFUNDABLE = ("paid", "partially_paid", "partially_refunded")


def main() -> None:
    """The invoice the address names."""
    form.forget()
    found = _found(url.read("invoice", str, ""))
    if found is None:
        return
    head.page(found.row.number or "Draft invoice", f"to {found.row.tenant_name}")
    receipts.show()
    look.long_words()
    _summary(found)
    invoice_parts.lines(found)
    if found.row.status == "draft":
        invoice_parts.rates(found)
    else:
        left, right = st.columns(2)
        with left:
            invoice_parts.rates(found)
        with right:
            invoice_parts.applied(found)
    invoice_parts.notes(found)
    timelines.draw(timelines.of_invoice(found))
    confirm.draw(*STEPS)


def _found(chosen: str) -> InvoiceDetail | None:
    """The invoice, or a word on why there is none; a draft may just have been discarded."""
    title, told = "No invoice is chosen", "Open one from the list of invoices."
    if chosen:
        try:
            return invoice_asks.seen(chosen)
        except NotFound as problem:
            title, told = "There is no such invoice", str(problem)
    receipts.show()
    lists.back("invoices", title, told)
    confirm.draw()
    return None


def _summary(found: InvoiceDetail) -> None:
    row = found.row
    with st.container(border=True, key="panel-invoice"):
        st.html(invoice_parts.facts(found))
        if row.disputed:
            states.notice("bad", "The card holder disputes a payment of this invoice")
        with st.container(horizontal=True, key="doors"):
            for step, label in _doors(found):
                confirm.door(step, str(row.id), label)
            kind = ("invoice", row.id, row.number, "pdf-invoice")
            downloads.pdf_button(viewer.current_actor(), *kind)
        look.ways(_ways(found))


def _ways(found: InvoiceDetail) -> dict[str, str]:
    """Links to what belongs to it; a refund begins at the payment."""
    row = found.row
    ways = {
        "All invoices": tables.link("invoices", {}),
        "Tenant": tables.link("tenant", {"tenant": str(row.tenant_id)}),
    }
    if row.subscription_id:
        door = {"subscription": str(row.subscription_id)}
        ways["Subscription"] = tables.link("subscription", door)
    if row.dunning_case_id:
        ways["Dunning"] = tables.link("dunning", {"case": str(row.dunning_case_id)})
    held = [
        each
        for each in found.applied
        if each.amount_minor > 0 and each.provider not in ("credit", "import")
    ]
    if held and row.status in REFUNDABLE and viewer.may("sys_finance"):
        number = str(held[-1].payment_id)
        ways["Refund its payment"] = "/payment?" + urlencode(
            {"payment": number, "do": f"refund:{number}"}
        )
    return ways


def _doors(found: InvoiceDetail) -> list[tuple[Step, str]]:
    """What the viewer may do to it in its status."""
    row = found.row
    is_draft, is_open = row.status == "draft", row.status in OPEN
    doors: list[tuple[Step, str]] = []
    if viewer.may("saas.invoices.manage"):
        if is_draft:
            doors += [
                (invoice_asks.SEND, "Send…"),
                (invoice_form.EDIT, "Edit…"),
                (invoice_asks.DISCARD, "Discard…"),
            ]
        if is_open:
            doors += [(invoice_asks.MARK_PAID, "Mark paid…"), (invoice_asks.SEND, "Send again…")]
    if viewer.may("billing.write") and is_open:
        doors.append((payment_asks.RECORD, "Record a payment…"))
    if viewer.may("billing.write") and row.status in CREDITABLE and found.creditable_minor > 0:
        doors.append((note_asks.CREATE, "Credit…"))
    credited = any(note.status != "declined" for note in found.credit_notes)
    if viewer.may("saas.invoices.manage") and row.status == "issued" and not credited:
        doors.append((invoice_asks.VOID, "Void…"))
    if viewer.may("sys_finance") and is_open:
        doors.append((invoice_asks.WRITE_OFF, "Write off…"))
    if viewer.may("sys_finance") and row.status == "written_off":
        doors.append((invoice_asks.RECOVER, "Paid after all…"))
    return doors


main()
