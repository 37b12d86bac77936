"""camt.052, .053 and .054 of all versions, read by local names (ISO 20022, UNM.1).

Amounts are the account's: never the instructed ones. An entry with several transactions is split
when their amounts add up to it, and kept as one, with a note, when they do not.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from core.bank.readers.camt_entries import Booking, entry_transactions
from core.bank.readers.model import (
    BOOKED,
    NO_CURRENCY,
    BankFile,
    ReadStatement,
    Transaction,
    balanced,
)
from core.bank.readers.values import currency_code, day_of, iban_of, minor
from core.bank.readers.xml import text_at, tree_of
from core.errors import BadInput

KINDS = {
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrAcctRpt": ("camt.052", "Rpt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
}
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(data: bytes) -> BankFile:
    """Every statement of a file. Raises BadInput with line and element when something is broken."""
    root = tree_of(data)
    messages = list(root.iter(*KINDS, *(f"{kind}V01" for kind in KINDS)))
    if not messages:
        raise BadInput(f"Line 1: {root.tag} is not a camt.052, camt.053 or camt.054 message")
    format_ = KINDS[_kind(messages[0])][0]
    found = []
    for message in messages:
        kind, name = KINDS[_kind(message)]
        if kind != format_:
            raise BadInput(f"Line {message.sourceline}: {kind} in a file of {format_}")
        header = text_at(message, "GrpHdr/CreDtTm")
        found += [_statement(each, header) for each in message.iterfind(name)]
    if not found:
        raise BadInput(f"Line {messages[0].sourceline}: the message holds no statement")
    return BankFile(format_, tuple(found))


def _kind(element: Any) -> str:
    """The message an element is; the first version carried its number in the name."""
    return str(element.tag).removesuffix("V01")


@dataclass(frozen=True)
class _Balance:
    kind: str
    on: str
    currency: str
    signed_minor: int


def _statement(element: Any, header: str) -> ReadStatement:
    balances = [_balance(each) for each in element.iterfind("Bal")]
    account = _account(element)
    currency = _currency(element, balances)
    opening = _pick(balances, OPENING, currency, latest=False)
    closing = _pick(balances, CLOSING, currency, latest=True)
    made_on = text_at(element, "CreDtTm", "FrToDt/ToDtTm", "FrToDt/ToDt") or header
    notes: list[str] = []
    transactions: list[Transaction] = []
    for entry in element.iterfind("Ntry"):
        transactions += entry_transactions(_booking(entry, account, currency, made_on), notes)
    moved = sum(
        each.signed_minor
        for each in transactions
        if each.status == BOOKED and each.currency == currency
    )
    other = {each.currency for each in transactions} - {currency}
    if other:
        notes.append(f"Entries in {', '.join(sorted(other))} do not count for the balance")
    foots, difference = balanced(opening, closing, moved)
    foots = foots and not other
    stated = _against_summary(element, transactions, currency)
    if foots is None and stated is not None:
        foots, difference = not stated.words, stated.difference_minor
    if stated is not None:
        notes += stated.words
    number = text_at(element, "ElctrncSeqNb", "LglSeqNb")
    page = text_at(element, "StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb")
    named = [text_at(element, "Id") or made_on, number, page]
    return ReadStatement(
        account=account,
        statement_ref="/".join(part for part in named if part),
        currency=currency,
        transactions=tuple(transactions),
        opening_minor=opening,
        closing_minor=closing,
        foots=foots,
        difference_minor=difference,
        notes=tuple(notes),
    )


def _account(element: Any) -> str:
    account = text_at(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id")
    account = account or text_at(element, "Acct/Id/BBAN", "Acct/Id/UPIC", "Acct/Id")
    if not account:
        raise BadInput(f"Line {element.sourceline}, {element.tag}: no account is named")
    return iban_of(account) or account


def _currency(element: Any, balances: list[_Balance]) -> str:
    given = text_at(element, "Acct/Ccy")
    if given:
        return currency_code(given, f"Line {element.sourceline}, Acct/Ccy")
    if balances:
        return balances[0].currency
    amount = element.find("Ntry/Amt")
    if amount is None or not amount.get("Ccy"):
        return NO_CURRENCY
    return currency_code(amount.get("Ccy"), f"Line {amount.sourceline}, Ntry/Amt")


def _balance(element: Any) -> _Balance:
    amount = element.find("Amt")
    where = f"Line {element.sourceline}, Bal"
    if amount is None:
        raise BadInput(f"{where}: a balance without an amount")
    currency = currency_code(amount.get("Ccy") or "", where)
    sign = -1 if text_at(element, "CdtDbtInd") == "DBIT" else 1
    return _Balance(
        text_at(element, "Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd"),
        text_at(element, "Dt/Dt", "Dt/DtTm", "Dt"),
        currency,
        sign * minor(amount.text or "", currency, f"Line {amount.sourceline}, Bal/Amt"),
    )


def _pick(
    balances: list[_Balance], kinds: tuple[str, ...], currency: str, *, latest: bool
) -> int | None:
    """The booked balance at one end; the first kind that is there, by its day."""
    for kind in kinds:
        fitting = [b for b in balances if b.kind == kind and b.currency == currency]
        if fitting:
            days = sorted(fitting, key=lambda balance: balance.on[:10])
            return (days[-1] if latest else days[0]).signed_minor
    return None


def _booking(entry: Any, account: str, currency: str, made_on: str) -> Booking:
    """What holds for all transactions of an entry."""
    where = f"Line {entry.sourceline}, Ntry"
    amount = entry.find("Amt")
    if amount is None:
        raise BadInput(f"{where}: an entry without an amount")
    own = amount.get("Ccy")
    unit = currency_code(own, where) if own else currency
    value = minor(amount.text or "", unit, f"Line {amount.sourceline}, Ntry/Amt")
    mark = text_at(entry, "CdtDbtInd")
    if mark not in {"CRDT", "DBIT"}:
        raise BadInput(f"{where}: CdtDbtInd is {mark or 'missing'}, not CRDT or DBIT")
    booked = text_at(entry, "BookgDt/Dt", "BookgDt/DtTm", "BookgDt")
    valued = text_at(entry, "ValDt/Dt", "ValDt/DtTm", "ValDt")
    return Booking(
        entry,
        account,
        unit,
        value if mark == "CRDT" else -value,
        mark == "CRDT",
        _day(booked or valued or made_on, where),
        _day(valued or booked or made_on, where),
    )


def _day(text: str, where: str) -> date:
    parts = text[:10].split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise BadInput(f"{where}: {text!r} is not a day")
    return day_of(int(parts[0]), int(parts[1]), int(parts[2]), where)


@dataclass(frozen=True)
class _Stated:
    words: list[str]
    difference_minor: int


def _against_summary(
    element: Any, transactions: list[Transaction], currency: str
) -> _Stated | None:
    """What the statement's own counts and sums say against its entries; None without any."""
    summary = element.find("TxsSummry")
    if summary is None:
        return None
    entries = [_booked_entry(each, currency) for each in element.iterfind("Ntry")]
    words: list[str] = []
    stated_minor: dict[str, int] = {}
    checks = (
        ("TtlNtries", ("CRDT", "DBIT")),
        ("TtlCdtNtries", ("CRDT",)),
        ("TtlDbtNtries", ("DBIT",)),
    )
    any_stated = False
    for name, marks in checks:
        part = summary.find(name)
        if part is None:
            continue
        meant = [value for mark, value in entries if mark in marks]
        count, total = text_at(part, "NbOfNtries"), text_at(part, "Sum")
        where = f"Line {part.sourceline}, {name}"
        if count.isdecimal():
            any_stated = True
            if count.lstrip("0") != str(len(meant)).lstrip("0"):
                words.append(f"{where}: {count} entries are stated, there are {len(meant)}")
        if total:
            any_stated = True
            stated_minor[name] = abs(minor(total, currency, where))
            net = sum(value if mark == "CRDT" else -value for mark, value in entries)
            may_be = {sum(meant)} | ({abs(net)} if name == "TtlNtries" else set())
            if stated_minor[name] not in may_be:
                words.append(
                    f"{where}: {total} is stated, the entries add up to {sum(meant)} minor"
                )
    if not any_stated:
        return None
    moved = sum(each.signed_minor for each in transactions)
    sides = [stated_minor.get("TtlCdtNtries"), stated_minor.get("TtlDbtNtries")]
    net = (sides[0] or 0) - (sides[1] or 0) if any(side is not None for side in sides) else moved
    return _Stated(words, net - moved)


def _booked_entry(entry: Any, currency: str) -> tuple[str, int]:
    amount = entry.find("Amt")
    where = f"Line {entry.sourceline}, Ntry/Amt"
    return text_at(entry, "CdtDbtInd"), minor(
        amount.text or "", amount.get("Ccy") or currency, where
    )
