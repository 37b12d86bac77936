"""A bank's file from bytes to the books: each statement in a transaction of its own (UNM.1)."""

from dataclasses import dataclass

from core.access.authority import Actor
from core.bank.readers import read_bank_file
from core.bank.readers.csv_mapping import CsvMapping
from core.bank.readers.model import BOOKED, NO_CURRENCY, BankFile, ReadStatement, Transaction
from core.bank.rules import Statement, TransferLine
from core.bank.statements import Imported, import_statement, quarantine_statement
from core.errors import BadInput
from core.progress import counted
from core.work import Office

LONGEST_TEXT = 2_000
_PROVIDER = {"bgmax": "bankgirot"}


@dataclass(frozen=True)
class Quarantined:
    """A statement that was kept aside; `difference_minor` as `ReadStatement` has it."""

    account: str
    statement_ref: str
    difference_minor: int | None
    problem: str


@dataclass(frozen=True)
class FileImported:
    """What a file brought: transfers new and known, payments, inbox rows, statements set aside."""

    imported: int
    already_known: int
    matched: int
    unmatched: int
    quarantined: int
    set_aside: tuple[Quarantined, ...] = ()


def import_file(
    office: Office,
    actor: Actor,
    data: bytes,
    *,
    name: str = "",
    mapping: CsvMapping | None = None,
) -> FileImported:
    """Import what is new in a file. Raises BadInput, and then has written nothing.

    Needs `bank.import`. The whole file is read before the first write; whoever repeats it after
    a break ends where an unbroken import would have ended.
    """
    with office.work(actor) as work:
        work.require("bank.import")
    statements = statements_of(read_bank_file(data, mapping), name)
    done: list[Imported] = []
    aside: list[Quarantined] = []
    for statement in counted(statements, "Statements"):
        with office.work(actor) as work:
            if statement.foots:
                done.append(import_statement(work, statement))
            else:
                quarantine_statement(work, statement)
                aside.append(_aside(statement))
    return FileImported(
        imported=sum(each.transfers for each in done),
        already_known=sum(each.already_known for each in done),
        matched=sum(each.matched for each in done),
        unmatched=sum(each.unmatched for each in done),
        quarantined=len(aside),
        set_aside=tuple(aside),
    )


def statements_of(file: BankFile, name: str = "") -> list[Statement]:
    """The statements as they are imported. Raises BadInput when account or currency is missing."""
    return [_statement(file, each, name[-200:]) for each in file.statements if _worth(file, each)]


def _worth(file: BankFile, read: ReadStatement) -> bool:
    if not read.account:
        raise BadInput(f"Statement {read.statement_ref} names no account")
    if read.currency == NO_CURRENCY and read.transactions:
        raise BadInput(f"Statement {read.statement_ref} of {read.account} names no currency")
    return bool(read.transactions) or read.foots is False


def _statement(file: BankFile, read: ReadStatement, name: str) -> Statement:
    booked = [each for each in read.transactions if each.status == BOOKED and each.amount_minor]
    mixed = {each.currency for each in read.transactions} - {read.currency}
    problem = ""
    if read.foots is False:
        balances = f"the balances differ by {read.difference_minor} minor units"
        problem = "; ".join(read.notes[:5]) or balances
    elif mixed:
        problem = f"Entries in {', '.join(sorted(mixed))} on an account in {read.currency}"
    return Statement(
        account=read.account,
        statement_ref=_kept(read.statement_ref),
        format=file.format,
        currency=read.currency,
        lines=tuple(_line(each, file.format) for each in booked),
        opening_minor=read.opening_minor,
        closing_minor=read.closing_minor,
        provider=_PROVIDER.get(file.format, "bank"),
        problem=problem,
        stated_difference_minor=read.difference_minor,
        file_name=name,
    )


def _line(read: Transaction, format_: str) -> TransferLine:
    # Bankgirot's serial numbers are those of a day.
    day = f"{read.booked_on:%Y%m%d}/" if format_ == "bgmax" and read.own_id else ""
    return TransferLine(
        bank_ref=day + _kept(read.identity),
        amount_minor=read.signed_minor,
        reference=_kept(read.reference),
        text=_kept(read.text),
        counterparty_name=_kept(read.counterparty_name),
        counterparty_account=_kept(read.counterparty_iban or read.counterparty_account),
        booked_on=read.booked_on,
        value_on=read.value_on,
        entry_ref=_kept(read.entry_id) if read.own_id else "",
        end_to_end_id=_kept(read.end_to_end_id),
    )


def _kept(text: str) -> str:
    """What the database can hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:LONGEST_TEXT]


def _aside(statement: Statement) -> Quarantined:
    return Quarantined(
        statement.account, statement.statement_ref, statement.difference_minor, statement.problem
    )
