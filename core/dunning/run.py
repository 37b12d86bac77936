"""The daily sweep: every overdue invoice has its case, every case the step its day calls for.

Running it again changes nothing; killed half-way it goes on where it stopped; after days of
downtime the strongest of the missed steps is taken. Each case is a transaction that holds its
invoice, so that a payment at the same time is either seen or comes after. A dry run carries the
same steps out and undoes them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text

from core.access.authority import Actor, system
from core.clock import SetClock, start_of_day
from core.dunning import steps
from core.dunning.holding import PRESSED
from core.errors import BadInput, SaldoError
from core.invoices.models import OPEN
from core.invoices.rules import STRIPE
from core.progress import counted
from core.work import Office, Work

JOB = system("dunning")
_CANDIDATES = text("""
-- Which invoices may need a step of dunning on a day? One row per invoice, by tenant.
with due as (
  select i.id, i.tenant_id from invoice i
  where i.status = any(:open) and i.due_on < :day and i.reason <> :stripe and not exists (
    select from dunning_case c
    where c.invoice_id = i.id and (c.status <> 'closed' or c.close_reason = 'cancelled'))
  union
  select i.id, c.tenant_id from dunning_case c join invoice i on i.id = c.invoice_id
  where c.status <> 'closed' and (c.next_on <= :day or i.status <> all(:open))
  union
  select c.invoice_id, c.tenant_id from dunning_case c join subscription s
    on s.tenant_id = c.tenant_id and s.id = coalesce(c.subscription_id, s.id)
  where c.status <> 'closed' and c.restriction is not null
    and c.override_path is distinct from 'freeze'
    and s.status = any(case c.restriction when 'suspend' then cast(:suspends as text[])
      when 'read_only' then cast(:reads as text[]) else cast(:throttles as text[]) end))
select d.id, d.tenant_id from due d join invoice i on i.id = d.id
order by d.tenant_id, i.due_on, d.id
""")


@dataclass(frozen=True)
class Change:
    """A step of one case: `outcome` is `done`, or `refused` with the reason in `words`.

    `due_minor` is what is owed on the invoice; `days` those its ladder counts; `subscriptions` how
    many changed their status.
    """

    tenant_id: int
    invoice_id: int
    number: str | None
    step: str
    stage: str
    days: int
    due_minor: int
    currency: str
    subscriptions: int
    opened: bool = False
    outcome: str = "done"
    words: str = ""


@dataclass(frozen=True)
class DunningRun:
    """What a run did, or would do."""

    as_of: date
    dry_run: bool
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        """Counts by step, and one entry per change."""
        done = Counter(change.step for change in self.changes if change.outcome == "done")
        opened = sum(change.opened for change in self.changes if change.outcome == "done")
        if opened:
            done["open"] = opened
        return {
            "as_of": self.as_of,
            "dry_run": self.dry_run,
            "counts": dict(sorted(done.items())),
            "refused": sum(change.outcome == "refused" for change in self.changes),
            "changes": [asdict(change) for change in self.changes],
        }


def run_dunning(
    office: Office, as_of: date | None = None, *, dry_run: bool = False, actor: Actor = JOB
) -> DunningRun:
    """Do what is due by a day, today unless given; what is done is dated today.

    A refused step is reported and leaves the others alone. Raises BadInput for a day to come
    unless it is a dry run, which then looks from that day.
    """
    with office.work(actor) as work:
        work.require("billing.write")
        today = work.today
        day = as_of or today
        found = _candidates(work, day) if day <= today or dry_run else []
    if day > today:
        if not dry_run:
            raise BadInput(f"{day} has not come; look ahead with a dry run")
        morning = start_of_day(day, office.settings.billing_timezone)
        office = Office(office.engine, SetClock(morning), office.settings)
    if dry_run:
        changes = [
            change for rows in _by_tenant(found) for change in _rehearse(office, actor, rows, day)
        ]
    else:
        changes = [
            change
            for row in counted(found, "Overdue invoices")
            for change in _run_one(office, actor, row, day)
        ]
    return DunningRun(day, dry_run, tuple(changes))


def _candidates(work: Work, day: date) -> list[Row[Any]]:
    asked = {
        "day": day,
        "open": list(OPEN),
        "stripe": STRIPE,
        "suspends": list(PRESSED["suspend"]),
        "reads": list(PRESSED["read_only"]),
        "throttles": list(PRESSED["throttle"]),
    }
    return list(work.session.execute(_CANDIDATES, asked))


def _by_tenant(rows: list[Row[Any]]) -> Iterator[list[Row[Any]]]:
    return (list(group) for _, group in groupby(rows, key=lambda row: row.tenant_id))


def _run_one(office: Office, actor: Actor, row: Row[Any], day: date) -> list[Change]:
    try:
        with office.work(actor) as work:
            done = steps.advance(work, row.id, day)
    except SaldoError as problem:
        return [_refused(row, problem)]
    return [_change(done)] if done else []


def _rehearse(office: Office, actor: Actor, rows: list[Row[Any]], day: date) -> list[Change]:
    """The cases of a tenant one after another, as each finds what the one before has done."""
    changes = []
    with office.rehearse(actor) as work:
        for row in rows:
            try:
                with work.session.begin_nested():
                    done = steps.advance(work, row.id, day)
                    work.session.flush()
            except SaldoError as problem:
                changes.append(_refused(row, problem))
                continue
            changes += [_change(done)] if done else []
    return changes


def _change(done: steps.Done) -> Change:
    return Change(**vars(done))


def _refused(row: Row[Any], problem: SaldoError) -> Change:
    return Change(
        row.tenant_id, row.id, None, "decide", "", 0, 0, "", 0, False, "refused", str(problem)
    )
