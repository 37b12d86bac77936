"""What every loader shares: problems by row, known records, ids in bulk, counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select, text
from sqlalchemy.orm import InstrumentedAttribute

from core.base import Base
from core.errors import SaldoError
from core.imports.kinds import in_minor
from core.imports.reading import FileRefused, Problem, Reading, Row
from core.ledger.chart import CODE
from core.ledger.journal import open_day
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.ledger.postings import Leg
from core.work import Work

BATCH = 5_000


@dataclass
class Load:
    """One file being loaded: its work, its reading, what was counted, what speaks against it."""

    work: Work
    reading: Reading
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: Row, column: str, reason: str) -> None:
        """Note a problem; `settle` raises them together."""
        self.problems.append(Problem(row.number, self.reading.columns.get(column, column), reason))

    def settle(self) -> None:
        """Raise FileRefused when anything was noted."""
        if self.problems:
            raise FileRefused(sorted(self.problems, key=lambda each: each.row))

    def currency(self, row: Row) -> str:
        """The row's currency, the reporting currency when the file has none."""
        return str(row.values.get("currency") or self.reading.reporting_currency)

    def minor(self, row: Row, name: str, currency: str, *, negative: bool = False) -> int:
        """The amount of a cell in minor units; notes a problem and gives 0 when it is none."""
        try:
            amount = in_minor(row, name, currency, units=self.reading.units)
        except (ValueError, SaldoError) as problem:
            self.refuse(row, name, str(problem))
            return 0
        if amount < 0 and not negative:
            self.refuse(row, name, f"{amount} is negative")
            return 0
        return amount

    def unique(self, rows: Iterable[Row], key: str) -> list[Row]:
        """Rows of which no two have the same key; equal repetitions count as unchanged."""
        first: dict[Any, Row] = {}
        for row in rows:
            earlier = first.setdefault(row[key], row)
            if earlier is row:
                continue
            if earlier.values == row.values:
                self.unchanged += 1
            else:
                self.refuse(
                    row, key, f"{row[key]!r} stands in row {earlier.number} with other values"
                )
        return list(first.values())

    def known(self, column: InstrumentedAttribute[Any], keys: Iterable[Any]) -> dict[Any, Any]:
        """Existing records of the column's class by that column's value."""
        wanted = sorted({key for key in keys if key is not None})
        found: dict[Any, Any] = {}
        for start in range(0, len(wanted), BATCH):
            chosen = select(column.class_).where(column.in_(wanted[start : start + BATCH]))
            found.update(
                {getattr(each, column.key): each for each in self.work.session.scalars(chosen)}
            )
        return found

    def ids(self, table: type[Base], count: int) -> list[int]:
        """Fresh ids of a table, so that rows that belong together go in bulk."""
        sequence = self.work.session.scalar(
            text("select pg_get_serial_sequence(:name, 'id')"), {"name": table.__tablename__}
        )
        drawn = self.work.session.scalars(
            text("select nextval(cast(:sequence as regclass)) from generate_series(1, :count)"),
            {"sequence": sequence, "count": count},
        )
        return list(drawn)

    def insert(self, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows in batches."""
        target = table.__table__
        assert isinstance(target, Table)
        for start in range(0, len(rows), BATCH):
            self.work.session.execute(insert(target), list(rows[start : start + BATCH]))


@dataclass
class Postings:
    """Ledger transactions collected for one bulk insert."""

    transactions: list[dict[str, Any]] = field(default_factory=list)
    legs: list[list[Leg]] = field(default_factory=list)

    def add(
        self,
        event: str,
        source: tuple[str, int],
        legs: list[Leg],
        currency: str,
        booked_on: date,
        tenant_id: int | None,
        memo: str = "imported",
    ) -> None:
        """Collect one posting; nothing to post is left out."""
        if legs:
            self.transactions.append(
                {
                    "kind": event,
                    "source_type": source[0],
                    "source_id": source[1],
                    "booked_on": booked_on,
                    "tenant_id": tenant_id,
                    "currency": currency,
                    "memo": memo,
                }
            )
            self.legs.append(legs)

    def write(self, load: Load) -> None:
        """Insert all of them, none in a closed month; their balance is checked at commit."""
        ids = load.ids(LedgerTransaction, len(self.transactions))
        entries = [
            {
                "ledger_transaction_id": number,
                "account_code": CODE[leg.account],
                "tenant_id": one["tenant_id"],
                "currency": one["currency"],
                "amount_minor": leg.amount_minor,
            }
            for number, one, legs in zip(ids, self.transactions, self.legs, strict=True)
            for leg in legs
        ]
        first = min((one["booked_on"] for one in self.transactions), default=load.work.today)
        begun = open_day(load.work, first)
        shared = {"created_at": load.work.now}
        kept = [
            {name: value for name, value in one.items() if name != "currency"}
            | {"id": number, "booked_on": max(one["booked_on"], begun), **shared}
            for number, one in zip(ids, self.transactions, strict=True)
        ]
        load.insert(LedgerTransaction, kept)
        load.insert(AccountingEntry, entries)
