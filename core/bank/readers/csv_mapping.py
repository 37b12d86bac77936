"""How the columns of a bank's CSV file are to be understood; saved as JSON (UNM.1)."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import BadInput

ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252", "cp1250", "iso-8859-2", "iso-8859-15")
COLUMNS = (
    "booked_on",
    "value_on",
    "amount",
    "amount_in",
    "amount_out",
    "direction",
    "currency_column",
    "account_column",
    "reference",
    "counterparty_name",
    "counterparty_account",
    "end_to_end_id",
    "bank_id",
    "balance",
)
"""Fields that name one column each."""


@dataclass(frozen=True)
class CsvMapping:
    """Which column says what. A column is its heading, or its number from 1 without headings.

    The amount stands in `amount` with its sign; or in `amount` unsigned with `direction`, whose
    texts in `debit_words` mean money out; or in `amount_in` and `amount_out`. `texts` are joined.
    """

    account: str = ""
    currency: str = ""
    delimiter: str = ","
    encoding: str = "utf-8"
    skip_rows: int = 0
    has_header: bool = True
    date_format: str = "yyyy-mm-dd"
    decimal_mark: str = "."
    debit_words: tuple[str, ...] = ("D", "DBIT", "DEBIT", "-", "AF", "S", "SOLL")
    booked_on: str = ""
    value_on: str = ""
    amount: str = ""
    amount_in: str = ""
    amount_out: str = ""
    direction: str = ""
    currency_column: str = ""
    account_column: str = ""
    reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    end_to_end_id: str = ""
    bank_id: str = ""
    balance: str = ""
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '\r\n"':
            raise BadInput("The delimiter of a CSV mapping is one character")
        if self.encoding.lower() not in ENCODINGS:
            raise BadInput(f"The encoding is one of {', '.join(ENCODINGS)}")
        if self.decimal_mark not in {".", ","}:
            raise BadInput("The decimal mark is a point or a comma")
        if not 0 <= self.skip_rows <= 1000:
            raise BadInput("Between 0 and 1,000 rows can be skipped")
        if not self.booked_on:
            raise BadInput("The mapping says in no column when a transaction was booked")
        if not (self.amount or self.amount_in or self.amount_out):
            raise BadInput("The mapping says in no column how much a transaction is")
        if self.amount and (self.amount_in or self.amount_out):
            raise BadInput("The amount stands in one column, or in two for in and out, not both")

    def as_json(self) -> str:
        """The mapping as a JSON document that `from_json` reads."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)


def from_json(text: str) -> CsvMapping:
    """A mapping from its JSON document. Raises BadInput for what is none."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as problem:
        raise BadInput(
            f"The mapping is not JSON: line {problem.lineno}, {problem.msg}"
        ) from problem
    except (RecursionError, ValueError) as problem:
        raise BadInput("The mapping is too deep, or has a number without an end") from problem
    if not isinstance(given, dict):
        raise BadInput("The mapping is not a JSON object")
    return from_values(given)


def from_values(given: dict[str, Any]) -> CsvMapping:
    """A mapping from plain values. Raises BadInput naming what does not belong in one."""
    kinds = {each.name: each.default for each in fields(CsvMapping)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            raise BadInput(f"A mapping has no {name!r}; it has {', '.join(kinds)}")
        default = kinds[name]
        if isinstance(default, tuple):
            if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
                raise BadInput(f"{name} of the mapping is a list of texts")
            values[name] = tuple(value)
        elif type(value) is not type(default):
            raise BadInput(f"{name} of the mapping is not {type(default).__name__}")
        else:
            values[name] = value
    return CsvMapping(**values)
