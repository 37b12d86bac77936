"""Payments as rows of a list and of a file, and what is looked for in words."""

from core.access.authority import Actor
from core.documents.listings import filed_payments
from core.office import office
from core.payments.listing import PaymentFilters, PaymentRow
from pages.parts import formats, tables
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words

COLUMNS = (
    Column("Received", words=True),
    Column("Tenant", words=True),
    Column("Method", words=True),
    Column("Reference", words=True, spare=2),
    Column("Invoices", words=True),
    Column("Amount"),
    Column("Fee", spare=2),
    Column("Refunded"),
    Column("Credit left", spare=1),
    Column("Status", words=True),
    Column("Payout", words=True, spare=1),
)
LONGEST_REFERENCE = 12


def read(
    actor: Actor, filters: PaymentFilters, order: str, *, descending: bool, most: int
) -> list[PaymentRow]:
    """The rows that fit, as many as a file holds."""
    with office().work(actor) as work:
        return filed_payments(work, filters, sort=order, descending=descending, most=most)


def told(wanted: PaymentFilters) -> str:
    """The filters in words."""
    return lists.told(
        wanted.text and f"“{wanted.text}”",
        wanted.status and words.PAYMENT_STATUSES[wanted.status].lower(),
        wanted.provider and words.PROVIDERS[wanted.provider],
        wanted.method and words.METHODS[wanted.method].lower(),
        wanted.currency,
        lists.since("received from", wanted.received_from),
        lists.since("received until", wanted.received_until),
        "with credit left" if wanted.with_credit else None,
    )


def row_of(row: PaymentRow) -> list[Cell]:
    """A payment as cells."""
    code = row.currency
    came = formats.day(row.received_on or row.created_at.date())
    reference = row.reference or row.provider_payment_id or "–"
    return [
        Cell(came, opens=tables.link("payment", {"payment": str(row.id)})),
        lists.tenant(row.tenant_id, row.tenant_name, "fold"),
        Cell(words.short_way(row.provider, row.method), tone="fold narrow"),
        Cell(_short(reference), tone="muted"),
        _invoices(row),
        Cell(words.money(row.amount_minor, code), tone="strong"),
        words.amount(row.fee_minor, code),
        _refunded(row),
        words.amount(row.credit_minor, code),
        _status(row),
        Cell(_short(row.payout_id or "–"), tone="muted"),
    ]


def _short(text: str) -> str:
    """A long number by its end, by which people tell them apart."""
    return text if len(text) <= LONGEST_REFERENCE else f"…{text[-LONGEST_REFERENCE + 1 :]}"


def _invoices(row: PaymentRow) -> Cell:
    """The invoice, or how many."""
    if not row.invoice_ids:
        return Cell("–", tone="flat")
    if len(row.invoice_ids) > 1:
        door = tables.link("payment", {"payment": str(row.id)})
        return Cell(f"{len(row.invoice_ids)} invoices", opens=door)
    number = row.invoice_numbers[0] if row.invoice_numbers else f"Invoice {row.invoice_ids[0]}"
    return Cell(number, opens=tables.link("invoice", {"invoice": str(row.invoice_ids[0])}))


def _refunded(row: PaymentRow) -> Cell:
    """What went back, and when the last of it."""
    if not row.refunded_minor:
        return Cell("–", tone="flat")
    back = words.money(row.refunded_minor, row.currency, code=False)
    when = f" on {formats.day(row.refunded_at)}" if row.refunded_at else ""
    return Cell(f"{back}{when}", tone="fold narrow")


def _status(row: PaymentRow) -> Cell:
    """The status; why it failed, or what became of a dispute."""
    shown = words.status(row.status, words.PAYMENT_STATUSES)
    if row.failure_code:
        why = words.plain(row.failure_code).lower()
        return Cell(f"{shown.text}: {why}", tone=f"fold narrow {shown.tone}")
    if row.dispute:
        told = f"{shown.text}, dispute {words.DISPUTES[row.dispute].lower()}"
        return Cell(told, tone="fold narrow bad")
    return shown
