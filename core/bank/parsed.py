"""What `saldo bank parse` prints of a file; its keys are a contract (UNM.1)."""

from datetime import date
from typing import Any

from core.bank.readers.model import BankFile, ReadStatement, Transaction


def parsed(file: BankFile) -> dict[str, Any]:
    """The file as plain values; amounts in minor units and never negative, `credit` is money in.

    `statement` of a transaction is the place of its statement, from 0. What the file does not say
    is null; `reference` and `text` are then empty.
    """
    return {
        "format": file.format,
        "statements": [_statement(each) for each in file.statements],
        "transactions": [
            _transaction(each, place)
            for place, statement in enumerate(file.statements)
            for each in statement.transactions
        ],
        "notes": [*file.notes, *(note for each in file.statements for note in each.notes)],
    }


def _statement(read: ReadStatement) -> dict[str, Any]:
    return {
        "account": read.account,
        "statement_ref": read.statement_ref,
        "currency": read.currency,
        "opening_minor": read.opening_minor,
        "closing_minor": read.closing_minor,
        "foots": read.foots,
        "difference_minor": read.difference_minor,
        "transactions": len(read.transactions),
    }


def _transaction(read: Transaction, place: int) -> dict[str, Any]:
    values: dict[str, str | int | bool | date | None] = {
        "statement": place,
        "booked_on": read.booked_on,
        "value_on": read.value_on,
        "amount_minor": read.amount_minor,
        "currency": read.currency,
        "credit": read.credit,
        "reference": read.reference,
        "ocr": read.ocr,
        "counterparty_name": read.counterparty_name or None,
        "counterparty_iban": read.counterparty_iban or None,
        "counterparty_account": read.counterparty_account or None,
        "text": read.text,
        "bank_id": read.bank_id,
        "end_to_end_id": read.end_to_end_id or None,
        "status": read.status,
    }
    return values
