"""One batch of objects being written: which are known, where our rows are, what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from core.backfill.models import ImportObject
from core.clock import local_date
from core.gateways.stripe_wire import instant
from core.imports.loading import BATCH, Load
from core.imports.reading import Reading
from core.work import Work

SOURCE = "stripe"


@dataclass
class Batch:
    """Objects of one kind with the work that writes them; `load` is what CSV files load with."""

    work: Work
    objects: list[ImportObject]
    load: Load = field(init=False)
    records: dict[int, int] = field(default_factory=dict)
    """Our row by the object's id."""
    problems: dict[int, str] = field(default_factory=dict)
    """Why an object is refused, by its id."""
    skipped: dict[int, str] = field(default_factory=dict)
    """Why an object is left out, by its id."""

    def __post_init__(self) -> None:
        currency = self.work.settings.reporting_currency
        self.load = Load(self.work, Reading(reporting_currency=currency))

    def refuse(self, one: ImportObject, reason: str) -> None:
        """Write nothing of an object, and say why."""
        self.problems.setdefault(one.id, reason)

    def leave_out(self, one: ImportObject, reason: str) -> None:
        """Write nothing of an object that needs nothing, and say why."""
        self.skipped.setdefault(one.id, reason)

    def done(self, one: ImportObject, record_id: int | None = None) -> None:
        """The object stands in our books, in a row of ours where it has one."""
        if record_id is not None:
            self.records[one.id] = record_id

    def day(self, second: int) -> date:
        """The local day of a second of Unix time."""
        return local_date(instant(second), self.work.settings.billing_timezone)

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return local_date(moment, self.work.settings.billing_timezone)

    def ours(self, column: InstrumentedAttribute[Any], keys: Iterable[Any]) -> dict[Any, Any]:
        """Our rows by a column's value."""
        return self.load.known(column, keys)

    def children(self, kind: str, parents: Iterable[str]) -> dict[str, list[ImportObject]]:
        """Objects of a kind that were read, by what they belong to, oldest first."""
        found: dict[str, list[ImportObject]] = {}
        for each in _found(self.work, kind, ImportObject.parent, parents):
            assert each.parent is not None
            found.setdefault(each.parent, []).append(each)
        return found

    def named(self, kind: str, numbers: Iterable[str]) -> dict[str, ImportObject]:
        """Objects of a kind that were read, by their ids at the source."""
        rows = _found(self.work, kind, ImportObject.external_id, numbers)
        return {each.external_id: each for each in rows}

    def settle(self) -> None:
        """Write down what became of each object."""
        now = self.work.now
        rows = []
        for one in self.objects:
            reason = self.problems.get(one.id) or self.skipped.get(one.id, "")
            state = "refused" if one.id in self.problems else "left_out" if reason else "loaded"
            record = self.records.get(one.id, one.record_id)
            facts = {"state": state, "reason": reason, "record_id": record, "changed_at": now}
            rows.append({"id": one.id, **facts})
        self.work.session.execute(update(ImportObject), rows)


def _found(
    work: Work, kind: str, column: InstrumentedAttribute[Any], keys: Iterable[Any]
) -> list[ImportObject]:
    wanted = sorted({key for key in keys if key})
    rows: list[ImportObject] = []
    for start in range(0, len(wanted), BATCH):
        chosen = (
            select(ImportObject)
            .where(
                ImportObject.source == SOURCE,
                ImportObject.kind == kind,
                column.in_(wanted[start : start + BATCH]),
            )
            .order_by(ImportObject.happened_at, ImportObject.id)
        )
        rows += work.session.scalars(chosen)
    return rows
