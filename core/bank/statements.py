"""Importing a bank's statement: what carries a right reference and amount is a payment (UNM.1)."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, text

from core.actions import action
from core.bank.known import new_lines
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.bank.payouts import deposit_of, with_payouts
from core.bank.rules import Statement, TransferLine, references
from core.errors import BadInput
from core.gateways.actions import settle_payout
from core.gateways.entries import note
from core.inserting import adopt, insert_now
from core.invoices.models import OPEN, Invoice
from core.ledger.chart import CLEARING
from core.ledger.journal import post
from core.ledger.postings import payment_captured, transfer_collected, transfer_received
from core.notifications.outbox import tell_tenant
from core.payments.allocating import Applied, apply
from core.payments.models import Payment
from core.work import Work

_ONE_ACCOUNT_AT_A_TIME = text("select pg_advisory_xact_lock(4714, hashtext(:account))")


@dataclass(frozen=True)
class Imported:
    """What a statement brought: new transfers, and how many of its lines were known before."""

    statement_id: int
    transfers: int
    matched: int
    unmatched: int
    already_known: int = 0


@action("bank.statement.imported", needs="bank.import", system=True)
def import_statement(work: Work, statement: Statement) -> Imported:
    """Import the new lines of a statement, with their payments, payouts and unmatched transfers.

    A line is known by account and bank reference, so that the same statement twice, or an export
    that overlaps, adds only what is new. Raises BadInput when the statement does not foot or a
    payout differs from its lines; then nothing is written.
    """
    work.tell(account=statement.account, statement_ref=statement.statement_ref)
    work.session.execute(_ONE_ACCOUNT_AT_A_TIME, {"account": statement.account})
    earlier = _earlier(work, statement)
    known = _same(earlier, statement)
    if known is not None and known.status != "quarantined":
        work.tell(already_known=True)
        return Imported(known.id, 0, 0, 0, len(statement.lines))
    if not statement.foots:
        raise BadInput(
            statement.problem or "Opening balance and movements do not give the closing balance"
        )
    lines = with_payouts(work, statement, new_lines(work, statement))
    kept = _keep(work, statement, "imported")
    for other in earlier:
        if other.status == "quarantined":
            other.status = "replaced"
    transfers = _transfers(work, statement, kept, lines)
    received = [
        (transfer, line)
        for transfer, line in zip(transfers, lines, strict=True)
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
    counts = (len(transfers), len(matched), len(unmatched), len(statement.lines) - len(lines))
    work.tell(transfers=counts[0], matched=counts[1], unmatched=counts[2], known=counts[3])
    return Imported(kept.id, *counts)


@action("bank.statement.quarantined", needs="bank.import", system=True)
def quarantine_statement(work: Work, statement: Statement) -> int:
    """Keep a statement that does not foot, with the difference; its lines are posted nowhere.

    The same one again changes nothing; a corrected one is imported and replaces it. Gives its id.
    """
    assert not statement.foots, "what foots is imported"
    work.session.execute(_ONE_ACCOUNT_AT_A_TIME, {"account": statement.account})
    known = _same(_earlier(work, statement), statement)
    kept = known or _keep(work, statement, "quarantined")
    work.tell(
        account=statement.account,
        statement_ref=statement.statement_ref,
        difference_minor=statement.difference_minor,
        already_known=known is not None,
    )
    return kept.id


@dataclass(frozen=True)
class _Match:
    transfer: BankTransfer
    invoice: Invoice
    payment: Payment


def _digest(statement: Statement) -> bytes:
    content = {**asdict(statement), "file_name": ""}
    return hashlib.sha256(repr(content).encode()).digest()


def _earlier(work: Work, statement: Statement) -> list[BankStatement]:
    """What came by this name before; the bank may send a statement anew, corrected or longer."""
    return list(
        work.session.scalars(
            select(BankStatement).where(
                BankStatement.account == statement.account,
                BankStatement.statement_ref == statement.statement_ref,
            )
        )
    )


def _same(earlier: Sequence[BankStatement], statement: Statement) -> BankStatement | None:
    """The one with the same content."""
    digest = _digest(statement)
    return next((each for each in earlier if each.file_sha256 == digest), None)


def _keep(work: Work, statement: Statement, status: str) -> BankStatement:
    days = [line.booked_on for line in statement.lines if line.booked_on]
    kept = BankStatement(
        account=statement.account,
        statement_ref=statement.statement_ref,
        format=statement.format,
        currency=statement.currency,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        booked_on=max(days, default=work.today),
        file_sha256=_digest(statement),
        status=status,
        difference_minor=statement.difference_minor if status == "quarantined" else None,
        problem=_problem(statement) if status == "quarantined" else "",
        file_name=statement.file_name,
        imported_at=work.now,
    )
    insert_now(work, [kept])
    adopt(work, [kept])
    return kept


def _problem(statement: Statement) -> str:
    return statement.problem or (
        f"The closing balance differs by {statement.difference_minor} minor units"
    )


def _transfers(
    work: Work, statement: Statement, kept: BankStatement, lines: Sequence[TransferLine]
) -> list[BankTransfer]:
    transfers = [
        BankTransfer(
            statement_id=kept.id,
            account=statement.account,
            bank_ref=line.bank_ref,
            own_ref=line.own_ref,
            entry_ref=line.entry_ref,
            currency=statement.currency,
            amount_minor=line.amount_minor,
            booked_on=line.booked_on or work.today,
            value_on=line.value_on,
            end_to_end_id=line.end_to_end_id,
            reference=line.reference,
            text=line.text,
            counterparty_name=line.counterparty_name,
            counterparty_account=line.counterparty_account,
            payout_id=line.payout_id,
        )
        for line in lines
    ]
    if transfers:
        insert_now(work, transfers)
        adopt(work, transfers)
    return transfers


def _matched(
    work: Work, statement: Statement, received: Sequence[tuple[BankTransfer, TransferLine]]
) -> dict[int, _Match]:
    """Matches by transfer id: the reference is an open invoice's, the amount what it is owed."""
    candidates = {transfer.id: found for transfer, line in received if (found := references(line))}
    wanted = sorted({number for found in candidates.values() for number in found})
    if not wanted:
        return {}
    open_by_ocr = {each.ocr: each for each in _locked_by_ocr(work, wanted, statement.currency)}
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


def _locked_by_ocr(work: Work, numbers: Sequence[str], currency: str) -> list[Invoice]:
    """Open invoices with these references, locked in the order of ids."""
    found = work.session.scalars(
        select(Invoice)
        .where(Invoice.ocr.in_(numbers), Invoice.status.in_(OPEN), Invoice.currency == currency)
        .order_by(Invoice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


def payment_of(
    work: Work,
    transfer: BankTransfer,
    invoice: Invoice,
    provider: str,
    allocated_minor: int,
    amount_minor: int | None = None,
) -> Payment:
    """The payment a transfer becomes, with what will be put on invoices; its whole amount or less.

    Other payments of the transfer are numbered by the caller.
    """
    return Payment(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        bank_transfer_id=transfer.id,
        provider=provider,
        method="bank_transfer",
        provider_payment_id=f"{transfer.account}/{transfer.bank_ref}",
        status="captured",
        currency=transfer.currency,
        amount_minor=transfer.amount_minor if amount_minor is None else amount_minor,
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
        tell_tenant(work, "payment.received", payment.tenant_id, {"payment_id": payment.id})


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
        payout_id=deposit_of(statement),
        occurred_on=transfer.booked_on,
    )
