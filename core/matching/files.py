"""The CSV files of `saldo match`: typed records, or every broken cell with its row."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from core.imports.reading import FileRefused, Problem
from core.matching.records import STATUSES, Assignment, Invoice, Transfer
from core.money import LARGEST_MINOR

TRANSFERS = (
    "transfer_id",
    "booked_on",
    "amount_minor",
    "currency",
    "reference",
    "text",
    "counterparty_name",
    "counterparty_iban",
)
INVOICES = (
    "invoice_id",
    "number",
    "ocr",
    "tenant_id",
    "tenant_name",
    "amount_due_minor",
    "currency",
    "issued_on",
    "due_on",
    "status",
)
HISTORY = ("counterparty_name", "counterparty_iban", "tenant_id", "assigned_on")
MOST_PROBLEMS = 100
_WHOLE = re.compile(r"-?[0-9]{1,16}")
_CODE = re.compile(r"[A-Z]{3}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Record = TypeVar("Record")
Cells = dict[str, str]


def transfers_of(path: Path) -> list[Transfer]:
    """The transfers of a file in its order. Raises FileRefused with row and reason."""
    return _records(path, TRANSFERS, "transfer_id", _transfer)


def invoices_of(path: Path) -> list[Invoice]:
    """The invoices of a file, open and closed. Raises FileRefused with row and reason."""
    return _records(path, INVOICES, "invoice_id", _invoice)


def history_of(path: Path) -> list[Assignment]:
    """Past assignments of a file. Raises FileRefused with row and reason."""
    return _records(path, HISTORY, "", _assignment)


def _records(
    path: Path, columns: tuple[str, ...], key: str, make: Callable[[Cells], Record]
) -> list[Record]:
    """Typed records of all rows; a key may stand once only."""
    problems: list[Problem] = []
    found: list[Record] = []
    seen: dict[str, int] = {}
    for row, cells in _rows(path, columns, problems):
        try:
            found.append(make(cells))
        except _BadCell as bad:
            problems.append(Problem(row, bad.column, str(bad)))
        if key:
            first = seen.setdefault(cells[key], row)
            if first != row:
                problems.append(Problem(row, key, f"{cells[key]!r} stands in row {first} already"))
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise FileRefused([_in_file(path, problem) for problem in problems])
    return found


def _rows(
    path: Path, columns: tuple[str, ...], problems: list[Problem]
) -> Iterator[tuple[int, Cells]]:
    """Row numbers as a spreadsheet counts them, and the cells by column, without blanks around."""
    numbered = _numbered(csv.reader(_opened(path), strict=True), problems)
    row, names = next(numbered, (1, []))
    if not names:
        problems.append(Problem(1, "", "the file is empty"))
    for column in columns if names else ():
        count = names.count(column)
        if count != 1:
            words = "stands twice" if count else "is missing"
            problems.append(Problem(row, column, f"this column {words}"))
    if problems:
        return
    for row, cells in numbered:
        if len(cells) == len(names):
            yield row, dict(zip(names, cells, strict=True))
        else:
            words = f"{len(cells)} cells where the header has {len(names)}"
            problems.append(Problem(row, "", words))


def _numbered(reader: Any, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers; broken CSV ends them with a problem."""
    while True:
        row = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as bad:
            problems.append(Problem(row, "", f"broken CSV: {bad}"))
            return
        if any(cells):
            yield row, cells


def _opened(path: Path) -> io.StringIO:
    try:
        data = path.read_bytes()
    except OSError as bad:
        raise FileRefused([Problem(0, "", f"there is no file {path} that can be read")]) from bad
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        row = data[: bad.start].count(b"\n") + 1
        raise FileRefused([_in_file(path, Problem(row, "", "not UTF-8 text"))]) from bad
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise FileRefused([_in_file(path, Problem(row, "", "holds a NUL character"))])
    return io.StringIO(text, newline="")


def _in_file(path: Path, problem: Problem) -> Problem:
    return Problem(problem.row, problem.column, f"{problem.reason} ({path.name})")


class _BadCell(ValueError):
    """A cell that cannot be read."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def _transfer(cells: Cells) -> Transfer:
    return Transfer(
        _filled(cells, "transfer_id"),
        _day(cells, "booked_on"),
        _minor(cells, "amount_minor"),
        _currency(cells),
        cells["reference"],
        cells["text"],
        cells["counterparty_name"],
        cells["counterparty_iban"],
    )


def _invoice(cells: Cells) -> Invoice:
    status = cells["status"].lower()
    if status not in STATUSES:
        known = ", ".join(sorted(STATUSES))
        raise _BadCell("status", f"no status {cells['status']!r}; there are {known}")
    issued = status != "draft"
    due_minor = _minor(cells, "amount_due_minor")
    if due_minor < 0:
        raise _BadCell("amount_due_minor", f"{due_minor} is negative")
    return Invoice(
        _filled(cells, "invoice_id"),
        cells["number"],
        cells["ocr"],
        _filled(cells, "tenant_id"),
        cells["tenant_name"],
        due_minor,
        _currency(cells),
        _day(cells, "issued_on") if issued or cells["issued_on"] else None,
        _day(cells, "due_on") if issued or cells["due_on"] else None,
        status,
    )


def _assignment(cells: Cells) -> Assignment:
    return Assignment(
        cells["counterparty_name"],
        cells["counterparty_iban"],
        _filled(cells, "tenant_id"),
        _day(cells, "assigned_on"),
    )


def _filled(cells: Cells, column: str) -> str:
    if not cells[column]:
        raise _BadCell(column, "this is empty")
    return cells[column]


def _day(cells: Cells, column: str) -> date:
    text = cells[column]
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        words = f"{text!r} is not a date such as 2026-10-31" if text else "this is empty"
        raise _BadCell(column, words) from None


def _minor(cells: Cells, column: str) -> int:
    text = cells[column]
    if not _WHOLE.fullmatch(text):
        raise _BadCell(column, f"{text!r} is not a whole number of minor units")
    minor = int(text)
    if abs(minor) > LARGEST_MINOR:
        raise _BadCell(column, f"{text} minor units are beyond what Saldo keeps")
    return minor


def _currency(cells: Cells) -> str:
    if not _CODE.fullmatch(cells["currency"]):
        raise _BadCell("currency", f"{cells['currency']!r} is not an ISO 4217 code")
    return cells["currency"]
