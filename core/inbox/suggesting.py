"""What a transfer may pay, best first, with the invoices beside it and the reasons (UNM.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from core.inbox.standing import standing_book
from core.invoices.models import OPEN
from core.matching.records import Suggestion, Transfer
from core.payments.rules import Part, spread
from core.work import Work

_BESIDE = text("""
-- The suggested invoices as they stand: one row each; minor units.
select i.id, i.number, i.ocr, i.tenant_id, t.name as tenant_name, i.status, i.currency,
  i.total_minor, case when i.status = any(:open) then i.total_minor - i.paid_minor else 0 end
    as due_minor, i.issued_on, i.due_on, i.settled_on
from invoice i join tenant t on t.id = i.tenant_id where i.id = any(:ids)
""")


@dataclass(frozen=True)
class Beside:
    """A suggested invoice; `part_minor` of the transfer would be put on it."""

    id: int
    number: str
    ocr: str | None
    tenant_id: int
    tenant_name: str
    status: str
    currency: str
    total_minor: int
    due_minor: int
    issued_on: date
    due_on: date
    settled_on: date | None
    part_minor: int = 0


@dataclass(frozen=True)
class Proposal:
    """Invoices of one tenant a transfer may pay, with probability and reasons in words.

    `certain`: it may be posted without a person; `payable`: something is owed on its invoices.
    `rest_minor` of the transfer is left over: the customer's credit.
    """

    probability: Decimal
    reasons: tuple[str, ...]
    certain: bool
    invoices: tuple[Beside, ...]
    rest_minor: int

    @property
    def tenant_id(self) -> int:
        """Whose invoices they are."""
        return self.invoices[0].tenant_id

    @property
    def tenant_name(self) -> str:
        """The tenant's name."""
        return self.invoices[0].tenant_name

    @property
    def payable(self) -> bool:
        """True when the transfer would pay something."""
        return any(invoice.part_minor for invoice in self.invoices)


def suggested(work: Work, transfers: Sequence[Transfer], most: int = 5) -> list[list[Suggestion]]:
    """The book's suggestions for each transfer, in the order given."""
    with standing_book(work).of(work) as book:
        return [book.suggest(transfer, most) for transfer in transfers]


def named(work: Work, transfer: Transfer) -> list[Beside]:
    """The open invoices that a transfer says by number or OCR, whosesoever they are."""
    with standing_book(work).of(work) as book:
        ids = [int(one) for one in book.named(transfer)]
    return list(_beside(work, ids).values())


def proposals(
    work: Work, transfers: Sequence[Transfer], found: Sequence[Sequence[Suggestion]]
) -> list[list[Proposal]]:
    """The suggestions of each transfer with their invoices as they stand now."""
    ids = sorted({int(one) for each in found for offer in each for one in offer.invoice_ids})
    known = _beside(work, ids)
    return [
        [_proposal(transfer, offer, known) for offer in each]
        for transfer, each in zip(transfers, found, strict=True)
    ]


def _beside(work: Work, ids: Sequence[int]) -> dict[int, Beside]:
    rows = work.session.execute(_BESIDE, {"ids": ids, "open": list(OPEN)}).all() if ids else []
    return {row.id: Beside(**row._mapping) for row in rows}


def _proposal(transfer: Transfer, offer: Suggestion, known: dict[int, Beside]) -> Proposal:
    beside = [known[int(one)] for one in offer.invoice_ids]
    parts = spread(transfer.amount_minor, [Part(each.id, each.due_minor) for each in beside])
    put = {part.invoice_id: part.amount_minor for part in parts}
    return Proposal(
        offer.probability,
        offer.reasons,
        offer.auto,
        tuple(_with_part(each, put.get(each.id, 0)) for each in beside),
        transfer.amount_minor - sum(put.values()),
    )


def _with_part(each: Beside, part_minor: int) -> Beside:
    return replace(each, part_minor=part_minor)
