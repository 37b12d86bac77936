"""Parts of a subscription's page: items, plan history, documents, what the tenant has ahead."""

from html import escape

import streamlit as st

from core.money import Money
from core.settings import settings
from core.subscriptions.detail import Ahead, Detail, DocumentRow, HistoryRow, Item
from pages.billing import look, price_asks, words
from pages.parts import confirm, formats, plan_words, tables
from pages.parts.head import section
from pages.parts.tables import Cell, Column

ITEM_COLUMNS = (
    Column("Item", words=True),
    Column("Quantity"),
    Column("Price of one"),
    Column("A cycle"),
    Column("Added", words=True),
    Column("Removed", words=True),
)
HISTORY_COLUMNS = (
    Column("When", words=True),
    Column("Who", words=True),
    Column("What", words=True),
    Column("From", words=True),
    Column("To", words=True),
    Column("Proration", words=True),
    Column("Reason", words=True),
)
DOCUMENT_COLUMNS = (
    Column("Number", words=True),
    Column("Document", words=True),
    Column("Issued", words=True),
    Column("Due", words=True),
    Column("Status", words=True),
    Column("Net", spare=2),
    Column("Tax", spare=2),
    Column("Total"),
    Column("Open"),
)


def items(found: Detail, *, may_finance: bool) -> None:
    """What was added, each with a door to take it off."""
    if not found.items:
        return
    row = found.row
    with st.container(border=True, key="panel-items"):
        section("Items", f"billed with each period, in {row.currency} without tax")
        rows = [_item(item, row.currency) for item in found.items]
        tables.html(ITEM_COLUMNS, rows, label="Items")
        running = [item for item in found.items if item.removed_on is None]
        if may_finance and running and row.status in ("trial", "active", "past_due"):
            with st.container(horizontal=True):
                for item in running:
                    subject = f"{row.id}:{item.id}"
                    confirm.door(price_asks.REMOVE_ITEM, subject, f"Remove {item.name}…")


def timeline(found: Detail) -> None:
    """The plan history, newest first."""
    look.long_words()
    with st.container(border=True, key="panel-history"):
        section("Plan history", f"newest first; amounts a cycle in {found.row.currency}")
        rows = [_change(change) for change in found.history]
        tables.html(HISTORY_COLUMNS, rows, label="Plan history", folds=True)


def documents(found: Detail) -> None:
    """Its invoices and credit notes."""
    with st.container(border=True, key="panel-documents"):
        section("Invoices and credit notes", f"newest first, in {found.row.currency}")
        if found.documents:
            document_table(found.documents)
        else:
            st.html('<p class="muted">Nothing was invoiced yet.</p>')


def document_table(found: list[DocumentRow], *, mixed: bool = False) -> None:
    """Invoices and credit notes as a table; each amount names its currency when they are mixed."""
    rows = [_document(row, mixed) for row in found]
    tables.html(DOCUMENT_COLUMNS, rows, label="Invoices and credit notes", folds=True)


def ahead(found: Ahead, currency: str) -> dict[str, str]:
    """What the tenant has ahead, as terms; nothing is said of what there is not."""
    terms = {}
    if found.balance_minor is not None and found.promotional_minor is not None:
        held = formats.money(Money(found.balance_minor, currency))
        given = formats.money(Money(found.promotional_minor, currency), code=False)
        promotional = f" + {given} promotional" if found.promotional_minor else ""
        tone = ' class="bad"' if found.balance_minor < 0 else ""
        terms["Wallet"] = f"<span{tone}>{escape(held + promotional)}</span>"
    if found.credit_minor:
        terms["Customer credit"] = escape(formats.money(Money(found.credit_minor, currency)))
    return terms


def _item(item: Item, currency: str) -> list[Cell]:
    gone = "muted" if item.removed_on else ""
    return [
        Cell(item.name, tone=gone),
        Cell(formats.number(item.quantity)),
        Cell(formats.money(Money(item.unit_minor, currency), code=False)),
        Cell(formats.money(Money(item.cycle_minor, currency), code=False), tone=gone or "strong"),
        Cell(formats.day(item.added_on)),
        Cell(formats.day(item.removed_on) if item.removed_on else "–"),
    ]


def _change(change: HistoryRow) -> list[Cell]:
    made = formats.instant(change.created_at, settings().billing_timezone)
    day = formats.day(change.effective_on)
    when = made if made.startswith(day) else f"{made}, for {day}"
    proration = ""
    if change.proration_policy:
        proration = "none" if change.proration_policy == "none" else change.proration_basis or ""
    return [
        Cell(when),
        Cell(who(change)),
        Cell(words.KINDS[change.kind]),
        Cell(_before(change), tone="muted"),
        Cell(_after(change)),
        Cell(proration),
        Cell(_why(change), tone="wrap"),
    ]


def _why(change: HistoryRow) -> str:
    """A person's own words as they are; Saldo's as the reader writes days and amounts."""
    if change.actor_name or change.actor_type != "system":
        return change.reason
    return formats.told(change.reason[:1].upper() + change.reason[1:])


def who(change: HistoryRow) -> str:
    """Who made a change."""
    if change.actor_name:
        return change.actor_name
    return {"system": "Saldo", "api_key": "API key"}.get(change.actor_type, "A person")


def _before(change: HistoryRow) -> str:
    if change.previous_plan_name is None or change.previous_amount_minor is None:
        return "–"
    text = f"{change.previous_plan_name} {_amount(change, change.previous_amount_minor)}"
    return text + _moved(change, change.previous_status)


def _after(change: HistoryRow) -> str:
    cycle = plan_words.CYCLES[change.cycle].lower()
    text = f"{change.plan_name} {_amount(change, change.amount_minor)} {cycle}"
    return text + _moved(change, change.status)


def _amount(change: HistoryRow, minor: int) -> str:
    return formats.money(Money(minor, change.currency), code=False)


def _moved(change: HistoryRow, status: str | None) -> str:
    """The status, where that is what changed."""
    if status is None or change.previous_status == change.status:
        return ""
    return f", {words.STATUSES[status].lower()}"


def _door(row: DocumentRow) -> str:
    if row.kind == "credit_note":
        return tables.link("credit-note", {"note": str(row.id)})
    return tables.link("invoice", {"invoice": str(row.id)})


def _document(row: DocumentRow, mixed: bool) -> list[Cell]:
    def amount(minor: int) -> str:
        return formats.money(Money(minor, row.currency), code=mixed)

    is_note = row.kind == "credit_note"
    status = "" if is_note else words.DOCUMENT_STATUSES[row.status]
    return [
        Cell(row.number or "draft", opens=_door(row)),
        Cell(words.DOCUMENTS[row.type]),
        Cell(formats.day(row.issued_on) if row.issued_on else "–"),
        Cell(formats.day(row.due_on) if row.due_on else "–"),
        Cell("Overdue", tone="bad") if row.overdue else Cell(status),
        Cell(amount(row.net_minor)),
        Cell(amount(row.tax_minor)),
        Cell(amount(row.total_minor), tone="strong"),
        Cell(amount(row.open_minor)) if row.open_minor else Cell("–", tone="flat"),
    ]
