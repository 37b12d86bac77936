"""Importing a bank's statement: what carries a right reference and amount is a payment (UNM.1)."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from core.actions import action
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.bank.rules import Statement, TransferLine, references
from core.errors import BadInput
from core.gateways.actions import settle_payout
from core.gateways.entries import note
from core.invoices.models import OPEN, Invoice
from core.ledger.chart import CLEARING
from core.ledger.journal import post
from core.ledger.postings import payment_captured, transfer_collected, transfer_received
from core.payments.allocating import Applied, apply, lock_invoices
from core.payments.models import Payment
from core.work import Work


@dataclass(frozen=True)
class Imported:
    """What a statement brought; a statement that was known brings nothing."""

    statement_id: int
    transfers: int
    matched: int
    unmatched: int


@action("bank.statement.imported", needs="billing.write", system=True)
def import_statement(work: Work, statement: Statement) -> Imported:
    """Import a day of an account once, with its payments, payouts and unmatched transfers.

    Raises BadInput when the statement does not foot or a payout differs from its lines; then
    nothing is written.
    """
    known = work.session.scalar(
        select(BankStatement.id).where(
            BankStatement.account == statement.account,
            BankStatement.statement_ref == statement.statement_ref,
        )
    )
    work.tell(account=statement.account, statement_ref=statement.statement_ref)
    if known is not None:
        work.tell(already_known=True)
        return Imported(known, 0, 0, 0)
    if not statement.foots:
        raise BadInput("Opening balance and movements do not give the closing balance")
    kept = _keep(work, statement)
    transfers = _transfers(work, statement, kept)
    received = [
        (transfer, line)
        for transfer, line in zip(transfers, statement.lines, strict=True)
        if line.amount_minor > 0 and line.payout_id is None
    ]
    matched = _matched(work, statement, received)
    unmatched = [transfer for transfer, _ in received if transfer.id not in matched]
    _post_payments(work, statement, list(matched.values()))
    _post_unmatched(work, statement, unmatched)
    for transfer in transfers:
        if transfer.payout_id is not None:
            settle_payout(
                work, transfer.payout_id, transfer.currency, transfer.amount_minor, transfer.id
            )
    work.session.flush()
    work.tell(transfers=len(transfers), matched=len(matched), unmatched=len(unmatched))
    return Imported(kept.id, len(transfers), len(matched), len(unmatched))


@dataclass(frozen=True)
class _Match:
    transfer: BankTransfer
    invoice: Invoice
    payment: Payment


def _keep(work: Work, statement: Statement) -> BankStatement:
    content = repr(asdict(statement)).encode()
    kept = BankStatement(
        account=statement.account,
        statement_ref=statement.statement_ref,
        format=statement.format,
        currency=statement.currency,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        booked_on=work.today,
        file_sha256=hashlib.sha256(content).digest(),
        status="imported",
        imported_at=work.now,
    )
    work.session.add(kept)
    work.session.flush()
    return kept


def _transfers(work: Work, statement: Statement, kept: BankStatement) -> list[BankTransfer]:
    transfers = [
        BankTransfer(
            statement_id=kept.id,
            account=statement.account,
            bank_ref=line.bank_ref,
            currency=statement.currency,
            amount_minor=line.amount_minor,
            booked_on=work.today,
            reference=line.reference,
            text=line.text,
            counterparty_name=line.counterparty_name,
            counterparty_account=line.counterparty_account,
            payout_id=line.payout_id,
        )
        for line in statement.lines
    ]
    work.session.add_all(transfers)
    work.session.flush()
    return transfers


def _matched(
    work: Work, statement: Statement, received: Sequence[tuple[BankTransfer, TransferLine]]
) -> dict[int, _Match]:
    """Matches by transfer id: the reference is an open invoice's, the amount what it is owed."""
    candidates = {transfer.id: found for transfer, line in received if (found := references(line))}
    wanted = sorted({number for found in candidates.values() for number in found})
    if not wanted:
        return {}
    ids = work.session.scalars(
        select(Invoice.id).where(
            Invoice.ocr.in_(wanted),
            Invoice.status.in_(OPEN),
            Invoice.currency == statement.currency,
        )
    ).all()
    open_by_ocr = {each.ocr: each for each in lock_invoices(work, ids).values()}
    matches: dict[int, _Match] = {}
    for transfer, _ in received:
        for number in candidates.get(transfer.id, []):
            invoice = open_by_ocr.get(number)
            if invoice is not None and invoice.due_minor == transfer.amount_minor:
                del open_by_ocr[number]
                amount = transfer.amount_minor
                payment = payment_of(work, transfer, invoice, statement.provider, amount)
                matches[transfer.id] = _Match(transfer, invoice, payment)
                break
    work.session.add_all(match.payment for match in matches.values())
    return matches


def payment_of(
    work: Work, transfer: BankTransfer, invoice: Invoice, provider: str, allocated_minor: int
) -> Payment:
    """The payment a transfer becomes, with what will be put on invoices."""
    return Payment(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        provider=provider,
        method="bank_transfer",
        provider_payment_id=f"{transfer.account}/{transfer.bank_ref}",
        status="captured",
        currency=transfer.currency,
        amount_minor=transfer.amount_minor,
        allocated_minor=allocated_minor,
        refunded_minor=0,
        fee_minor=0,
        reference=transfer.reference or None,
        received_on=transfer.booked_on,
        created_at=work.now,
        captured_at=work.now,
    )


def _post_payments(work: Work, statement: Statement, matches: Sequence[_Match]) -> None:
    if not matches:
        return
    work.session.flush()
    apply(work, [Applied(m.payment, m.invoice, m.payment.amount_minor) for m in matches])
    for match in matches:
        payment = match.payment
        match.transfer.payment_id = payment.id
        post(
            work,
            "payment_captured",
            ("payment", payment.id),
            payment_captured(payment.provider, payment.method, payment.amount_minor, 0),
            payment.currency,
            work.today,
            tenant_id=payment.tenant_id,
        )
        _note(work, statement, match.transfer)


def _post_unmatched(work: Work, statement: Statement, transfers: Sequence[BankTransfer]) -> None:
    for transfer in transfers:
        work.session.add(
            UnmatchedBankTransfer(bank_transfer_id=transfer.id, status="open", created_at=work.now)
        )
        source, amount = ("bank_transfer", transfer.id), transfer.amount_minor
        if statement.provider in CLEARING:
            event, legs = "transfer_collected", transfer_collected(statement.provider, amount)
        else:
            event, legs = "transfer_received", transfer_received(amount)
        post(work, event, source, legs, transfer.currency, work.today)
        _note(work, statement, transfer)


def _note(work: Work, statement: Statement, transfer: BankTransfer) -> None:
    note(
        work,
        statement.provider,
        "charge",
        f"{transfer.account}/{transfer.bank_ref}",
        transfer.currency,
        transfer.amount_minor,
        source_id=transfer.bank_ref,
    )
