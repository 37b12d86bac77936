"""Disputes as rows of a list and of a file, and what is looked for in words."""

from core.access.authority import Actor
from core.listing import all_rows
from core.office import office
from core.payments.dispute_listing import DisputeFilters, DisputeListRow, disputes
from pages.parts import formats, tables
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words

COLUMNS = (
    Column("Opened", words=True),
    Column("Tenant", words=True),
    Column("Payment", words=True),
    Column("Provider", words=True),
    Column("Why", words=True),
    Column("Answer by", words=True),
    Column("Status", words=True),
    Column("Fee"),
    Column("Amount"),
)
FILED = (
    "id", "payment_id", "wallet_transaction_id", "recharge_invoice_id", "tenant_id",
    "tenant_name", "provider", "provider_dispute_id", "status", "reason", "currency",
    "amount_minor", "fee_minor", "tax_minor", "opened_on", "evidence_due_on", "days_left",
    "closed_on", "invoice_numbers",
)  # fmt: skip
NEAR_DAYS = 3
"""From here on the days left to answer stand out."""
TONES = {"won": "good", "lost": "bad", "needs_response": "bad"}


def read(
    actor: Actor, filters: DisputeFilters, order: str, *, descending: bool, most: int
) -> list[DisputeListRow]:
    """The rows that fit, as many as a file holds."""

    def page(limit: int, offset: int) -> list[DisputeListRow]:
        return disputes(
            work, filters, sort=order, descending=descending, limit=limit, offset=offset
        ).rows

    with office().work(actor) as work:
        return all_rows(page, most)


def told(wanted: DisputeFilters) -> str:
    """The filters in words."""
    return lists.told(
        wanted.text and f"“{wanted.text}”",
        wanted.status and words.DISPUTES[wanted.status].lower(),
        wanted.provider and words.PROVIDERS[wanted.provider],
        wanted.currency,
        lists.since("opened from", wanted.opened_from),
        lists.since("opened until", wanted.opened_until),
    )


def row_of(row: DisputeListRow) -> list[Cell]:
    """A dispute as cells; its day opens it."""
    return [
        Cell(formats.day(row.opened_on), opens=tables.link("disputes", {"dispute": str(row.id)})),
        lists.tenant(row.tenant_id, row.tenant_name, "fold"),
        payment(row),
        Cell(words.PROVIDERS[row.provider]),
        Cell(words.plain(row.reason) or "–", tone="fold"),
        answer_by(row),
        status(row),
        words.amount(row.fee_minor, row.currency),
        Cell(words.money(row.amount_minor, row.currency), tone="strong"),
    ]


def payment(row: DisputeListRow) -> Cell:
    """What is disputed, which opens, by its invoices."""
    title, opens = paid(row)
    return Cell(", ".join(row.invoice_numbers) or title, opens=opens, tone="fold")


def paid(row: DisputeListRow) -> tuple[str, str]:
    """What is disputed, and the address of its page: a payment, or the invoice of a recharge."""
    if row.payment_id is not None:
        return f"Payment {row.payment_id}", tables.link("payment", {"payment": str(row.payment_id)})
    return "Recharge", tables.link("invoice", {"invoice": str(row.recharge_invoice_id)})


def status(row: DisputeListRow) -> Cell:
    """The status as a cell."""
    return Cell(words.DISPUTES[row.status], tone=TONES.get(row.status, ""))


def answer_by(row: DisputeListRow) -> Cell:
    """Until when the gateway waits for an answer, and how many days are left."""
    if row.evidence_due_on is None:
        return Cell("–", tone="flat")
    day = formats.day(row.evidence_due_on)
    if row.days_left is None:
        return Cell(day, tone="muted")
    if row.days_left < 0:
        return Cell(f"{day}, {words.days(-row.days_left)} over", tone="bad")
    left = "today" if row.days_left == 0 else f"{words.days(row.days_left)} left"
    return Cell(f"{day}, {left}", tone="bad" if row.days_left <= NEAR_DAYS else "")
