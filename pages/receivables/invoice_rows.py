"""Invoices as rows of a list and of a file, and what is looked for in words."""

from core.access.authority import Actor
from core.documents.listings import filed_invoices
from core.invoices.listing import InvoiceFilters, InvoiceRow
from core.office import office
from pages.parts import formats, tables
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words

COLUMNS = (
    Column("Number", words=True),
    Column("Tenant", words=True),
    Column("Status", words=True),
    Column("Issued", words=True, spare=1),
    Column("Due", words=True),
    Column("Total"),
    Column("Open"),
    Column("Dunning", words=True, spare=2),
)


def read(
    actor: Actor, filters: InvoiceFilters, order: str, *, descending: bool, most: int
) -> list[InvoiceRow]:
    """The rows that fit, as many as a file holds."""
    with office().work(actor) as work:
        return filed_invoices(work, filters, sort=order, descending=descending, most=most)


def told(wanted: InvoiceFilters) -> str:
    """The filters in words."""
    return lists.told(
        wanted.text and f"“{wanted.text}”",
        wanted.status and words.STATUSES[wanted.status].lower(),
        wanted.type and words.TYPES[wanted.type].lower(),
        wanted.issuer_type and f"issued by the {words.ISSUERS[wanted.issuer_type].lower()}",
        wanted.currency,
        lists.since("issued from", wanted.issued_from),
        lists.since("issued until", wanted.issued_until),
        lists.since("due from", wanted.due_from),
        lists.since("due until", wanted.due_until),
        "in dunning" if wanted.in_dunning else None,
    )


def row_of(row: InvoiceRow) -> list[Cell]:
    """An invoice as cells."""
    late = f", {words.days(row.days_overdue)} late" if row.overdue else ""
    due = f"{formats.day(row.due_on)}{late}" if row.due_on else "–"
    return [
        Cell(row.number or "Draft", opens=tables.link("invoice", {"invoice": str(row.id)})),
        lists.tenant(row.tenant_id, row.tenant_name),
        words.status(row.shown_status, words.STATUSES),
        Cell(formats.day(row.issued_on) if row.issued_on else "–"),
        Cell(due, tone="bad" if row.overdue else ""),
        Cell(words.money(row.total_minor, row.currency)),
        words.amount(row.due_minor, row.currency, "bad" if row.overdue else "strong"),
        _dunning(row),
    ]


def _dunning(row: InvoiceRow) -> Cell:
    """The stage of its dunning case, which opens."""
    if row.dunning_case_id is None:
        return Cell("")
    door = tables.link("dunning", {"case": str(row.dunning_case_id)})
    return Cell(words.plain(row.dunning_stage or "opened"), opens=door)
