"""BgMax, Bankgirot's report of deposits: records of 80 columns with control totals (UNM.1).

One section (05 to 15) is a deposit on one account and becomes a statement. Columns count from
1; the numbers beside the functions are those of the record layout.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from core.bank.readers.model import BankFile, ReadStatement, Transaction
from core.bank.readers.values import currency_code, day_of, joined, ocr_in
from core.errors import BadInput

WIDTH = 80
_PAYMENT, _DEDUCTION, _EXTRA, _NEGATIVE = "20", "21", "22", "23"
_COUNTED = (("20", 3), ("21", 11), ("22", 19), ("15", 27))
_TO_PAYMENT = {"22", "23", "25", "26", "27", "28", "29"}


@dataclass
class _Payment:
    number: int
    record: str
    extra: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def amount_minor(self) -> int:
        return _number(self.record, 38, 55, self.number)


@dataclass
class _Section:
    number: int
    record: str
    payments: list[_Payment] = field(default_factory=list)


def looks_like_bgmax(text: str) -> bool:
    """True when the first record is a BgMax opening."""
    return text.lstrip("\ufeff \r\n")[:12].upper().startswith("01BGMAX")


def read_bgmax(text: str) -> BankFile:
    """Every deposit of a file. Raises BadInput with line and reason when it is cut off or broken.

    A deposit that differs from its payments does not foot, and none does when the counts of the
    end record are not those of the file.
    """
    reader = _Reader()
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        record = raw.expandtabs(8).ljust(WIDTH)
        if record.strip():
            reader.take(number, record)
    return reader.finished()


class _Reader:
    """Takes record after record and keeps what is open."""

    def __init__(self) -> None:
        self.section: _Section | None = None
        self.payment: _Payment | None = None
        self.statements: list[ReadStatement] = []
        self.counts: dict[str, int] = {"20": 0, "21": 0, "22": 0, "15": 0}
        self.notes: list[str] = []
        self.unknown: dict[str, int] = {}
        self.ended = self.started = False
        self.last = 0

    def take(self, number: int, record: str) -> None:
        """Read one record in its place."""
        kind, self.last = record[:2], number
        if self.ended:
            raise BadInput(f"Line {number}: record {kind} after the end record 70")
        if not self.started:
            if record[2:22].strip().upper() != "BGMAX" or kind != "01":
                raise BadInput(f"Line {number}: this is not the start of a BgMax file")
            self.started = True
            if record[44:45] == "T":
                self.notes.append("Bankgirot marks this as a test file")
        elif kind == "05":
            self._open(number, record)
        elif kind in {_PAYMENT, _DEDUCTION}:
            self._pay(number, record, kind)
        elif kind in _TO_PAYMENT:
            self._add(number, record, kind)
        elif kind == "15":
            self._close(number, record)
        elif kind == "70":
            self._end(number, record)
        else:
            self._skip(number, kind)

    def finished(self) -> BankFile:
        """The file, when its end record was there."""
        if not self.ended:
            raise BadInput(f"Line {self.last}: the file ends without its end record 70")
        for kind, times in self.unknown.items():
            self.notes.append(f"{times} records of the unknown kind {kind} were skipped")
        return BankFile("bgmax", tuple(self.statements), tuple(self.notes))

    def _open(self, number: int, record: str) -> None:
        if self.section is not None:
            raise BadInput(
                f"Line {number}: a new section, but that of line {self.section.number} "
                "has no deposit record 15"
            )
        self.section, self.payment = _Section(number, record), None

    def _pay(self, number: int, record: str, kind: str) -> None:
        if self.section is None:
            raise BadInput(f"Line {number}: payment {kind} outside a section")
        self.payment = _Payment(number, record)
        self.section.payments.append(self.payment)
        self.counts[kind] += 1
        _number(record, 38, 55, number)

    def _add(self, number: int, record: str, kind: str) -> None:
        if self.payment is None:
            raise BadInput(f"Line {number}: record {kind} belongs to no payment")
        if kind in {_EXTRA, _NEGATIVE}:
            self.counts["22"] += 1
            self.payment.extra.append(_text(record, 13, 37))
        elif kind == "25":
            self.payment.texts.append(_text(record, 3, 52))
        elif kind == "26":
            self.payment.names.append(_text(record, 3, 37) or _text(record, 38, 72))

    def _close(self, number: int, record: str) -> None:
        if self.section is None:
            raise BadInput(f"Line {number}: deposit 15 outside a section")
        self.counts["15"] += 1
        self.statements.append(_deposit(self.section, number, record))
        self.section = self.payment = None

    def _end(self, number: int, record: str) -> None:
        if self.section is not None:
            raise BadInput(
                f"Line {number}: the file ends, but the section of line {self.section.number} "
                "has no deposit record 15"
            )
        self.ended = True
        wrong = []
        for kind, at in _COUNTED:
            stated = _number(record, at, at + 7, number)
            if stated != self.counts[kind]:
                wrong.append(
                    f"Line {number}: {stated} records {kind} are stated, "
                    f"the file has {self.counts[kind]}"
                )
        if wrong:
            self.notes += wrong
            self.statements = [_doubted(each, wrong) for each in self.statements]

    def _skip(self, number: int, kind: str) -> None:
        if not kind.isdigit():
            raise BadInput(f"Line {number}: {kind!r} is not a record of BgMax")
        self.unknown[kind] = self.unknown.get(kind, 0) + 1


def _deposit(section: _Section, number: int, record: str) -> ReadStatement:
    """The statement of a section: 15 = Σ 20 − Σ 21, and counts both."""
    where = f"Line {number}"
    currency = currency_code(section.record[22:25], f"Line {section.number}")
    deposited, stated = _number(record, 51, 68, number), _number(record, 72, 79, number)
    paid_on = _day(record, 38, number)
    made = [_transaction(each, paid_on, currency) for each in section.payments]
    difference = deposited - sum(each.signed_minor for each in made)
    notes = []
    if difference:
        notes.append(f"{where}: the deposit differs from its payments by {difference}")
    if stated != len(made):
        notes.append(f"{where}: {stated} payments are stated, there are {len(made)}")
    if currency_code(record[68:71], where) != currency:
        notes.append(f"{where}: the deposit is in another currency than its section")
    account = (_text(section.record, 3, 12) or _text(section.record, 13, 22)).lstrip("0")
    if not account:
        account = _text(section.record, 13, 22).lstrip("0")
    if not account:
        raise BadInput(f"Line {section.number}: the section names no bankgiro number")
    return ReadStatement(
        account=account,
        statement_ref=f"{paid_on:%Y%m%d}/{_text(record, 46, 50)}",
        currency=currency,
        transactions=tuple(made),
        foots=not notes,
        difference_minor=difference,
        notes=tuple(notes),
    )


def _transaction(payment: _Payment, paid_on: date, currency: str) -> Transaction:
    record = payment.record
    own = _text(record, 13, 37)
    others = [each for each in payment.extra if each and each not in own]
    credit = record[:2] == _PAYMENT
    serial = _text(record, 58, 69)
    return Transaction(
        booked_on=paid_on,
        value_on=paid_on,
        amount_minor=payment.amount_minor,
        currency=currency,
        credit=credit,
        reference=own or joined(others),
        ocr=ocr_in(own, *others, *payment.texts),
        counterparty_name=joined(payment.names),
        counterparty_account=_text(record, 3, 12).lstrip("0"),
        text=joined([*payment.texts, *(others if own else [])]),
        bank_id=serial if serial.strip("0") else "",
        own_id=bool(serial.strip("0")),
        line=payment.number,
    )


def _doubted(statement: ReadStatement, why: list[str]) -> ReadStatement:
    return ReadStatement(
        statement.account,
        statement.statement_ref,
        statement.currency,
        statement.transactions,
        foots=False,
        difference_minor=statement.difference_minor,
        notes=(*statement.notes, *why),
    )


def _text(record: str, first: int, last: int) -> str:
    return record[first - 1 : last].strip()


def _number(record: str, first: int, last: int, line: int) -> int:
    digits = _text(record, first, last)
    if not re.fullmatch(r"[0-9]+", digits):
        raise BadInput(f"Line {line}, columns {first}–{last}: {digits!r} is not a number")
    return int(digits)


def _day(record: str, first: int, line: int) -> date:
    number = f"{_number(record, first, first + 7, line):08d}"
    return day_of(int(number[:4]), int(number[4:6]), int(number[6:]), f"Line {line}")
