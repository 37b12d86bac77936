"""Frames as files: CSV whose text cells no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""

from collections.abc import Sequence
from typing import Any

import polars as pl

RISKY = r"^\s*[=+\-@\t\r\n\x00|%]"


def csv_text(frame: pl.DataFrame) -> str:
    """A frame as CSV; a text cell that starts like a formula gets a quote, numbers stay numbers."""
    return without_formulas(frame).write_csv()


def records(rows: Sequence[Any], names: Sequence[str]) -> pl.DataFrame:
    """Objects as rows, one column for each attribute named; several values in one text.

    What people are shown in place of an attribute (`shown_status`) is headed by its plain name.
    """

    def plain(value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    columns = {
        name.removeprefix("shown_"): [plain(getattr(row, name)) for row in rows] for name in names
    }
    return pl.DataFrame(columns, strict=False)


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text cell safe to open in a spreadsheet."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(RISKY))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )


def as_frame(lines: Sequence[dict[str, Any]], names: Sequence[str] = ()) -> pl.DataFrame:
    """Lines of several kinds as one table; a column that a line lacks is empty in it.

    The columns are those named, also without lines, then any other that a line has.
    """
    columns = list(dict.fromkeys([*names, *(name for line in lines for name in line)]))
    return pl.from_dicts(lines, schema=columns, infer_schema_length=None)
