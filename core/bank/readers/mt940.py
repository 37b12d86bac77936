"""MT940 statements and MT942 reports of many banks' dialects (UNM.1).

The tags are read here and not by a package: each `:61:` becomes a transaction or refuses the
file with its line, and their number is compared with the raw text's.
"""

import re
from dataclasses import dataclass
from datetime import date

from core.bank.readers.model import NO_CURRENCY, BankFile, ReadStatement, Transaction, balanced
from core.bank.readers.mt940_details import details
from core.bank.readers.mt940_tags import Message, Tag, messages, raw_count
from core.bank.readers.values import currency_code, iban_of, minor, nearest_day, ocr_in, short_day
from core.errors import BadInput

_BALANCE = re.compile(r"\s*([CD])\s*(\d{6})\s*([A-Z]{3})\s*([\d.,]+)", re.IGNORECASE)
_LINE = re.compile(
    r"\s*(?P<value>\d{6})\s*(?P<entry>\d{4})?\s*"
    r"(?P<mark>[RE]?[CD])(?P<funds>[A-Z])?\s*(?P<amount>\d[\d.,]*|,\d+)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_KIND = re.compile(r"[NFS][A-Z0-9 ]{3}", re.IGNORECASE)
_CONTROL = re.compile(r"\s*(\d+)\s*([A-Z]{3})\s*([\d.,]+)")
_WORDS = {
    *("NONREF", "NOREF", "NON REF", "NOTPROVIDED", "EREF", "EREF+", "KREF", "KREF+", "MREF"),
    *("MREF+", "MARF", "PREF", "REF", "CRED", "CRED+", "DEBT", "DEBT+", "RREF", "IREF"),
}
"""What stands for a reference where there is none, or where it is told elsewhere."""
_OLD_REFERENCE = 16


def read_mt940(text: str) -> BankFile:
    """Every statement of a file. Raises BadInput with line and reason when one is broken."""
    found = list(messages(text))
    if not found:
        raise BadInput("Line 1: there is no tag of an MT940 statement")
    statements = [_statement(message) for message in found if _counts(message)]
    read = sum(len(statement.transactions) for statement in statements)
    if read != raw_count(text):
        raise BadInput(
            f"{raw_count(text)} lines begin with :61:, but {read} transactions were understood"
        )
    if not statements:
        raise BadInput("Line 1: the file has neither balances nor transactions")
    interim = all(message.first("60F", "60M", "62F", "62M") is None for message in found)
    reports = any(message.first("34F", "90C", "90D", "13D") is not None for message in found)
    return BankFile("mt942" if interim and reports else "mt940", tuple(statements))


def _counts(message: Message) -> bool:
    names = ("61", "60F", "60M", "62F", "62M", "34F", "90C", "90D")
    return message.first(*names) is not None


@dataclass(frozen=True)
class _Balance:
    signed_minor: int
    currency: str
    on: date | None


def _statement(message: Message) -> ReadStatement:
    notes: list[str] = []
    opened = _balance(message.first("60F", "60M"), notes)
    closed = _balance(message.last("62F", "62M"), notes)
    currency = _currency(message, opened, closed)
    account = _account(message)
    transactions = _transactions(message, currency, account)
    moved = sum(each.signed_minor for each in transactions)
    foots, difference = balanced(
        opened.signed_minor if opened else None, closed.signed_minor if closed else None, moved
    )
    if opened and not closed:
        notes.append(f"Line {message.number}: the statement has no closing balance")
        foots = False
    if opened and closed and opened.currency != closed.currency:
        notes.append(f"Line {message.number}: the balances are in two currencies")
        foots = False
    if currency == NO_CURRENCY:
        notes.append(f"Line {message.number}: the statement names no currency")
    if foots is None:
        foots, difference = _controlled(message, currency, transactions, notes)
    return ReadStatement(
        account=account,
        statement_ref=_name(message, closed or opened, transactions),
        currency=currency,
        transactions=tuple(transactions),
        opening_minor=opened.signed_minor if opened else None,
        closing_minor=closed.signed_minor if closed else None,
        foots=foots,
        difference_minor=difference,
        notes=tuple(notes),
    )


def _balance(tag: Tag | None, notes: list[str]) -> _Balance | None:
    if tag is None:
        return None
    text = " ".join(tag.lines[:2])
    found = _BALANCE.match(tag.lines[0]) or _BALANCE.match("".join(tag.lines[:2]))
    where = f"Line {tag.number}, :{tag.name}:"
    if not found:
        notes.append(f"{where} {text.strip()!r} is not a balance")
        return None
    currency = currency_code(found[3], where)
    value = minor(found[4], currency, where)
    try:
        on = short_day(found[2], where)
    except BadInput as problem:
        on = None
        notes.append(str(problem))
    return _Balance(value if found[1].upper() == "C" else -value, currency, on)


def _currency(message: Message, opened: _Balance | None, closed: _Balance | None) -> str:
    for balance in (opened, closed):
        if balance is not None:
            return balance.currency
    for tag in message.tags:
        where = f"Line {tag.number}, :{tag.name}:"
        if tag.name in {"64", "65"} and (found := _BALANCE.match(tag.lines[0])):
            return currency_code(found[3], where)
        if tag.name == "34F":
            return currency_code(tag.lines[0].strip()[:3], where)
        if tag.name in {"90C", "90D"} and (found := _CONTROL.match(tag.lines[0])):
            return currency_code(found[2], where)
    return NO_CURRENCY


def _account(message: Message) -> str:
    tag = message.first("25", "25P")
    if tag is None:
        return ""
    text = " ".join(tag.lines[0].split())
    without = re.sub(r"(?<=\d)\s*[A-Z]{3}$", "", text)
    return iban_of(without) or iban_of(text) or without


def _name(message: Message, balance: _Balance | None, found: list[Transaction]) -> str:
    """What the bank calls the statement, with its last day, as many banks count from zero."""
    parts = []
    for names in (("28C", "28"), ("20",)):
        tag = message.first(*names)
        if tag is not None:
            parts.append("".join(tag.lines[0].split()))
    on = (
        balance.on
        if balance and balance.on
        else max((each.booked_on for each in found), default=None)
    )
    if on is not None:
        parts.append(on.isoformat())
    return " ".join(part for part in parts if part) or f"line {message.number}"


def _transactions(message: Message, currency: str, account: str) -> list[Transaction]:
    groups: list[tuple[Tag, list[Tag]]] = []
    within = False
    for tag in message.tags:
        if tag.name == "61":
            groups.append((tag, []))
        elif within and tag.name in {"86", "NS"}:
            groups[-1][1].append(tag)
        within = tag.name == "61" or (within and tag.name in {"86", "NS"})
    return [_transaction(tag, further, currency, account) for tag, further in groups]


def _transaction(tag: Tag, further: list[Tag], currency: str, account: str) -> Transaction:
    where = f"Line {tag.number}, :61:"
    lines = tag.lines
    found = _LINE.fullmatch(lines[0])
    if not found and len(lines) > 1:
        # A few banks break the line before the amount.
        lines = [lines[0] + lines[1], *lines[2:]]
        found = _LINE.fullmatch(lines[0])
    if not found:
        raise BadInput(f"{where} {tag.lines[0].strip()!r} is not a transaction")
    value_on = short_day(found["value"], where)
    booked_on = nearest_day(found["entry"], value_on, where) if found["entry"] else value_on
    mark = found["mark"].upper()
    rest, own = _split(found["rest"], lines[1:])
    said = details(further, rest.supplement)
    name = said.name or rest.name
    other = said.account or rest.account
    quoted = "" if rest.reference.upper() in _WORDS else rest.reference
    free = said.text or rest.supplement
    reference = said.structured or said.remittance or quoted or said.end_to_end or free
    return Transaction(
        booked_on=booked_on,
        value_on=value_on,
        amount_minor=minor(found["amount"], currency, where),
        currency=currency,
        credit=mark in {"C", "RD", "EC"},
        reference=reference,
        ocr=ocr_in(said.structured or quoted, said.remittance, free),
        counterparty_name=name,
        counterparty_iban=iban_of(other) if iban_of(other) != account else "",
        counterparty_account=other,
        text=free,
        bank_id=own,
        own_id=bool(own),
        end_to_end_id=said.end_to_end,
        line=tag.number,
    )


@dataclass(frozen=True)
class _Rest:
    reference: str
    name: str
    account: str
    supplement: str


def _split(rest: str, further: list[str]) -> tuple[_Rest, str]:
    """Customer's reference, old dialects' name and account, supplement; and the bank's own id."""
    kind = None if rest.upper().startswith("NONREF") else _KIND.match(rest)
    after = rest[kind.end() :] if kind else rest
    supplement = " ".join(" ".join(further).split())
    theirs, slashes, ours = after.partition("//")
    own = " ".join(ours.split()) if slashes else ""
    if own.upper() in _WORDS or not any(sign.isdigit() for sign in own):
        own = ""
    wide = theirs[_OLD_REFERENCE:].strip()
    reference, name, account = theirs.strip(), "", ""
    if wide and re.search(r"\s{3,}", theirs):
        # Old Rabobank and some others: 16 columns of account or reference, then the name.
        reference, name = theirs[:_OLD_REFERENCE].strip(), wide
        if re.fullmatch(r"P?\d{9,10}", reference):
            reference, account = "", reference
    first = further[0].strip() if further else ""
    if iban_of(first) or re.fullmatch(r"P?\d{9,10}", first):
        account = account or first
    elif first and not first.startswith("/") and iban_of(reference):
        # ASN and SNS: the other side's account for a reference, its name in the next line.
        reference, account, name = "", iban_of(reference), supplement
    if len(reference) == 1:
        reference = ""
    return _Rest(reference, name, account, supplement), own


def _controlled(
    message: Message, currency: str, found: list[Transaction], notes: list[str]
) -> tuple[bool | None, int | None]:
    """What the numbers and sums of an MT942 say against its lines; None without them."""
    stated_minor, any_stated, wrong = 0, False, 0
    for name, credit in (("90C", True), ("90D", False)):
        tag = message.last(name)
        match = _CONTROL.match(tag.lines[0]) if tag else None
        if tag is None or match is None:
            continue
        any_stated = True
        meant = [each.amount_minor for each in found if each.credit == credit]
        total = minor(match[3], currency, f"Line {tag.number}, :{name}:")
        stated_minor += total if credit else -total
        if int(match[1]) != len(meant) or total != sum(meant):
            wrong += 1
            notes.append(f"Line {tag.number}, :{name}: differs from the transactions")
    if not any_stated:
        return None, None
    return not wrong, stated_minor - sum(each.signed_minor for each in found)
