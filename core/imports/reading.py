"""From a CSV file to typed rows: header, mapping, and every broken cell named by row and column."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import SaldoError

MOST_PROBLEMS = 20
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Problem:
    """One reason against a file; `row` counts as a spreadsheet does, the header is row 1."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{place}: {self.reason}"


class FileRefused(SaldoError):
    """The file was refused; nothing was written."""

    code = "file_refused"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = len(problems) - MOST_PROBLEMS
        lines = [str(problem) for problem in problems[:MOST_PROBLEMS]]
        super().__init__(
            "The file was refused and nothing was written. "
            + "; ".join(lines)
            + (f"; and {more} more" if more > 0 else "")
        )


@dataclass(frozen=True)
class Field:
    """A field of a kind: how its text becomes a value, and what stands in when it is empty.

    `parse` raises ValueError with the reason. `default` is used for an empty cell and for a
    column the file does not have; a field without one is required.
    """

    name: str
    parse: Callable[[str, "Reading"], Any]
    required: bool = True
    default: Any = None


@dataclass(frozen=True)
class Reading:
    """How the file is to be understood."""

    columns: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    units: bool = False
    reporting_currency: str = "EUR"


@dataclass(frozen=True)
class Row:
    """A typed row and where it stood."""

    number: int
    values: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def read_rows(
    data: bytes, fields: tuple[Field, ...], reading: Reading, most_rows: int
) -> list[Row]:
    """The typed rows of a file. Raises FileRefused naming every broken cell (the first twenty)."""
    reader = opened(data)
    header = _header(reader, fields, reading)
    problems: list[Problem] = []
    rows: list[Row] = []
    for number, cells in _numbered(reader):
        if len(rows) >= most_rows:
            raise FileRefused([Problem(number, "", f"more than {most_rows} rows")])
        if len(cells) != len(header.names):
            problems.append(
                Problem(number, "", f"{len(cells)} cells where the header has {len(header.names)}")
            )
            continue
        values = _typed(number, cells, fields, header, reading, problems)
        rows.append(Row(number, values))
    if problems:
        raise FileRefused(problems)
    if not rows:
        raise FileRefused([Problem(2, "", "the file holds no rows")])
    return rows


def read_file(path: Path, most_mib: int) -> bytes:
    """The bytes of a file within the size limit; raises FileRefused."""
    if not path.is_file():
        raise FileRefused([Problem(0, "", f"there is no file {path}")])
    if path.stat().st_size > most_mib * _MIB:
        raise FileRefused([Problem(0, "", f"the file is larger than {most_mib} MiB")])
    return path.read_bytes()


@dataclass(frozen=True)
class _Header:
    names: list[str]
    place: dict[str, int]
    shown: dict[str, str]


def opened(data: bytes) -> Any:
    """The lines of a file, its delimiter told by its first. Raises FileRefused for no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        row = data[: problem.start].count(b"\n") + 1
        raise FileRefused([Problem(row, "", "not UTF-8 text")]) from problem
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise FileRefused([Problem(row, "", "holds a NUL character")])
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileRefused([Problem(number, "", f"broken CSV: {problem}")]) from problem
        if cells:
            yield number, cells


def _header(reader: Any, fields: tuple[Field, ...], reading: Reading) -> _Header:
    try:
        names = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error) as problem:
        raise FileRefused([Problem(1, "", "the file is empty")]) from problem
    problems = [
        Problem(1, name, "this column stands twice")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    known = {each.name for each in fields}
    for name, column in reading.columns.items():
        if name not in known:
            problems.append(
                Problem(1, name, f"no such field; there are {', '.join(sorted(known))}")
            )
        elif column not in names:
            problems.append(
                Problem(1, column, f"no such column for {name}; the file has {', '.join(names)}")
            )
    shown = {each.name: reading.columns.get(each.name, each.name) for each in fields}
    problems += [
        Problem(1, shown[each.name], "this column is missing")
        for each in fields
        if each.required and shown[each.name] not in names and each.name not in reading.columns
    ]
    if problems:
        raise FileRefused(problems)
    place = {
        field_name: names.index(column) for field_name, column in shown.items() if column in names
    }
    return _Header(names, place, shown)


def _typed(
    number: int,
    cells: list[str],
    fields: tuple[Field, ...],
    header: _Header,
    reading: Reading,
    problems: list[Problem],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    context = reading
    for each in fields:
        place = header.place.get(each.name)
        text = cells[place].strip() if place is not None else ""
        try:
            if text:
                values[each.name] = each.parse(text, context)
            elif each.required:
                raise ValueError("this is empty")
            else:
                values[each.name] = each.default
        except (ValueError, SaldoError) as problem:
            problems.append(Problem(number, header.shown[each.name], str(problem)))
            values[each.name] = None
    return values
