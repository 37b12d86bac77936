"""A bank's CSV file, read by a mapping: one statement an account and currency (UNM.1)."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from core.bank.readers.csv_mapping import COLUMNS, CsvMapping
from core.bank.readers.model import NO_CURRENCY, BankFile, ReadStatement, Transaction
from core.bank.readers.values import currency_code, day_of, iban_of, joined, minor, ocr_in
from core.errors import BadInput

MOST_ROWS = 200_000
"""Rows one file may hold."""
_LARGEST_FIELD = 100_000


@dataclass(frozen=True)
class _Read:
    account: str
    transaction: Transaction
    balance_minor: int | None


def read_csv(data: bytes, mapping: CsvMapping) -> BankFile:
    """Every row as a transaction. Raises BadInput with row, column and reason."""
    rows = table_rows(data, mapping)
    places = _places(rows, mapping)
    read: list[_Read] = []
    body = rows[1:] if mapping.has_header else rows
    for number, cells in body:
        read.append(_row(number, cells, places, mapping))
    if not read:
        raise BadInput("The file holds no transactions")
    groups: dict[tuple[str, str], list[_Read]] = {}
    for each in read:
        groups.setdefault((each.account, each.transaction.currency), []).append(each)
    return BankFile("csv", tuple(_statement(*key, group) for key, group in groups.items()))


def headings(data: bytes, mapping: CsvMapping) -> list[str]:
    """The headings of the columns, or their numbers where there are none; each once."""
    first = table_rows(data, mapping)[0][1]
    if mapping.has_header:
        return list(dict.fromkeys(cell.strip() for cell in first if cell.strip()))
    return [str(place) for place in range(1, len(first) + 1)]


def table_rows(data: bytes, mapping: CsvMapping) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, with their line numbers; the heading first if there is one."""
    text = text_of(data, mapping.encoding)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=mapping.delimiter)
    csv.field_size_limit(_LARGEST_FIELD)
    rows = []
    try:
        for cells in reader:
            number = reader.line_num
            if number > mapping.skip_rows and any(cell.strip() for cell in cells):
                rows.append((number, cells))
                if len(rows) > MOST_ROWS:
                    raise BadInput(f"The file holds more than {MOST_ROWS:,} rows")
    except csv.Error as problem:
        raise BadInput(f"Line {reader.line_num}: broken CSV: {problem}") from problem
    if not rows:
        raise BadInput("The file holds no rows")
    return rows


def text_of(data: bytes, encoding: str) -> str:
    """The text of a file. Raises BadInput with the line that is in another encoding."""
    name = "utf-8-sig" if encoding.lower() == "utf-8" else encoding
    try:
        text = data.decode(name)
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise BadInput(f"Line {line}: this is not {encoding} text") from problem
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise BadInput(f"Line {line}: the file holds a NUL character")
    return text


@dataclass(frozen=True)
class _Places:
    columns: dict[str, int]
    texts: tuple[int, ...]
    width: int


def _places(rows: list[tuple[int, list[str]]], mapping: CsvMapping) -> _Places:
    number, header = rows[0]
    names = [cell.strip().lower() for cell in header]

    def place(column: str) -> int:
        if column.strip().lower() in names and mapping.has_header:
            return names.index(column.strip().lower())
        if column.isdigit() and 1 <= int(column) <= len(header):
            return int(column) - 1
        raise BadInput(
            f"Line {number}: there is no column {column!r}; there are {', '.join(header)}"
        )

    columns = {name: place(getattr(mapping, name)) for name in COLUMNS if getattr(mapping, name)}
    return _Places(columns, tuple(place(each) for each in mapping.texts), len(header))


def _row(number: int, cells: list[str], places: _Places, mapping: CsvMapping) -> _Read:
    if len(cells) < max((*places.columns.values(), *places.texts)) + 1:
        raise BadInput(f"Line {number}: {len(cells)} cells where the first row has {places.width}")

    def cell(name: str) -> str:
        at = places.columns.get(name)
        return cells[at].strip() if at is not None else ""

    def where(name: str) -> str:
        return f"Line {number}, column {getattr(mapping, name)}"

    named = cell("currency_column") or mapping.currency or NO_CURRENCY
    currency = currency_code(named, where("currency_column"))
    booked_on = day(cell("booked_on"), mapping.date_format, where("booked_on"))
    value = cell("value_on")
    signed = _signed(cell, where, mapping, currency)
    reference = cell("reference")
    texts = [cells[at] for at in places.texts]
    other = cell("counterparty_account")
    own = cell("bank_id")
    account = cell("account_column") or mapping.account
    made = Transaction(
        booked_on=booked_on,
        value_on=day(value, mapping.date_format, where("value_on")) if value else booked_on,
        amount_minor=abs(signed),
        currency=currency,
        credit=signed >= 0,
        reference=reference or joined(texts),
        ocr=ocr_in(reference, *texts),
        counterparty_name=cell("counterparty_name"),
        counterparty_iban=iban_of(other),
        counterparty_account=iban_of(other) or other,
        text=joined(texts),
        bank_id=own,
        own_id=bool(own),
        end_to_end_id=cell("end_to_end_id"),
        line=number,
    )
    left = cell("balance")
    balance = minor(left, currency, where("balance"), mapping.decimal_mark) if left else None
    return _Read(iban_of(account) or account, made, balance)


def _signed(
    cell: Callable[[str], str], where: Callable[[str], str], mapping: CsvMapping, currency: str
) -> int:
    if mapping.amount:
        value = minor(cell("amount"), currency, where("amount"), mapping.decimal_mark)
        if not mapping.direction:
            return value
        out = cell("direction").upper() in {word.upper() for word in mapping.debit_words}
        return -abs(value) if out else abs(value)
    came = cell("amount_in")
    went = cell("amount_out")
    if not came and not went:
        raise BadInput(f"{where('amount_in')}: neither money in nor money out")
    total = minor(came, currency, where("amount_in"), mapping.decimal_mark) if came else 0
    if went:
        total -= abs(minor(went, currency, where("amount_out"), mapping.decimal_mark))
    return total


def day(text: str, date_format: str, where: str) -> date:
    """A day in a format such as dd.mm.yyyy; a time after it is left out. Raises BadInput."""
    pattern = re.escape(date_format.lower())
    for name, digits in (("yyyy", r"(?P<y>\d{4})"), ("yy", r"(?P<y>\d{2})")):
        if name in pattern:
            pattern = pattern.replace(name, digits, 1)
            break
    for name, group in (("mm", "m"), ("dd", "d")):
        pattern = pattern.replace(name, rf"(?P<{group}>\d{{1,2}})", 1)
    found = re.match(pattern + r"(?!\d)", text.strip())
    if not found or set(found.groupdict()) != {"y", "m", "d"}:
        raise BadInput(f"{where}: {text.strip()!r} is not a day written {date_format}")
    year = int(found["y"])
    return day_of(year + 2000 if year < 100 else year, int(found["m"]), int(found["d"]), where)


def _statement(account: str, currency: str, rows: list[_Read]) -> ReadStatement:
    found = [each.transaction for each in rows]
    first, last = min(t.booked_on for t in found), max(t.booked_on for t in found)
    notes = ("The file names no currency; say it with a mapping",)
    statement = ReadStatement(
        account,
        f"{first.isoformat()} to {last.isoformat()}",
        currency,
        tuple(found),
        notes=notes if currency == NO_CURRENCY else (),
    )
    balances = [each.balance_minor for each in rows]
    if any(balance is None for balance in balances):
        return statement
    return _with_balances(statement, [balance for balance in balances if balance is not None])


def _with_balances(statement: ReadStatement, balances: list[int]) -> ReadStatement:
    """Opening and closing balance of a file with a running one, whichever way it is sorted."""
    moves = [each.signed_minor for each in statement.transactions]
    up = _gaps(balances, moves)
    down = _gaps(balances[::-1], moves[::-1])
    gaps, order = (up, 1) if len(up) <= len(down) else (down, -1)
    sorted_balances, sorted_moves = balances[::order], moves[::order]
    opening, closing = sorted_balances[0] - sorted_moves[0], sorted_balances[-1]
    difference = closing - opening - sum(moves)
    notes = tuple(
        f"Line {statement.transactions[place if order == 1 else -1 - place].line}: "
        "the balance does not follow from the row before"
        for place in gaps[:5]
    )
    return replace(
        statement,
        opening_minor=opening,
        closing_minor=closing,
        foots=difference == 0 and not gaps,
        difference_minor=difference,
        notes=(*statement.notes, *notes),
    )


def _gaps(balances: list[int], moves: list[int]) -> list[int]:
    return [
        place
        for place in range(1, len(moves))
        if balances[place - 1] + moves[place] != balances[place]
    ]
