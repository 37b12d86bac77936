"""What the matching reads and answers; plain values without a database (UNM.2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

OPEN = frozenset(("issued", "partially_paid", "overdue"))
SETTLED = frozenset(("paid", "partially_refunded", "refunded"))
VOID = frozenset(("cancelled", "void", "written_off"))
STATUSES = OPEN | SETTLED | VOID | {"draft"}
"""`draft` is known but nobody was asked to pay it: it is never suggested."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice, open or closed; `due_minor` is still owed, of a closed one it was."""

    invoice_id: str
    number: str
    ocr: str
    tenant_id: str
    tenant_name: str
    due_minor: int
    currency: str
    issued_on: date | None
    due_on: date | None
    status: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that arrived, positive; texts as the bank sent them."""

    transfer_id: str
    booked_on: date
    amount_minor: int
    currency: str
    reference: str = ""
    text: str = ""
    counterparty_name: str = ""
    counterparty_iban: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A past decision: money of this payer was put on this tenant's invoices."""

    counterparty_name: str
    counterparty_iban: str
    tenant_id: str
    assigned_on: date


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Invoices a transfer may pay; `auto` says that the rule for posting by itself holds."""

    invoice_ids: tuple[str, ...]
    probability: Decimal
    reasons: tuple[str, ...]
    auto: bool
