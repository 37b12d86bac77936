"""Loading a CSV file of any kind, wholly or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import text

from core.access.authority import Actor
from core.actions import action
from core.errors import BadInput, SaldoError
from core.imports import customers, invoices, payments, planning
from core.imports.kinds import KINDS
from core.imports.loading import Load
from core.imports.reading import Reading, Row, read_rows
from core.work import Office, Work

LOADERS: dict[str, Callable[[Load, list[Row]], None]] = {
    "tenants": customers.load_tenants,
    "plans": customers.load_plans,
    "subscriptions": customers.load_subscriptions,
    "cancellations": customers.load_cancellations,
    "invoices": invoices.load_invoices,
    "payments": payments.load_payments,
    "costs": planning.load_costs,
    "cash": planning.load_cash,
    "fx": planning.load_fx,
}
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(4712)")


@dataclass(frozen=True)
class Loaded:
    """What a file brought."""

    kind: str
    rows: int
    added: int
    updated: int
    unchanged: int
    dry_run: bool = False


class _DryRun(SaldoError):
    """Carries the counts of a dry run out of a transaction that is undone."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self.loaded = loaded


@action("import.csv", needs="billing.write", system=True)
def load_csv(work: Work, kind: str, data: bytes, reading: Reading) -> Loaded:
    """Load a file. Raises FileRefused naming rows, columns and reasons; then nothing is written."""
    if kind not in KINDS:
        raise BadInput(f"No kind {kind!r}; there are {', '.join(KINDS)}")
    reading = replace(reading, reporting_currency=work.settings.reporting_currency)
    rows = read_rows(data, KINDS[kind], reading, work.settings.import_max_rows)
    work.session.execute(_ONE_AT_A_TIME)
    load = Load(work, reading)
    LOADERS[kind](load, rows)
    loaded = Loaded(kind, len(rows), load.added, load.updated, load.unchanged)
    work.tell(kind=kind, rows=loaded.rows, added=loaded.added, updated=loaded.updated)
    return loaded


def import_csv(
    office: Office, actor: Actor, kind: str, data: bytes, reading: Reading, *, dry_run: bool = False
) -> Loaded:
    """Load a file in a transaction of its own; a dry run does everything and undoes it."""
    try:
        with office.work(actor) as work:
            loaded = load_csv(work, kind, data, reading)
            work.session.flush()
            work.session.execute(text("set constraints all immediate"))
            if dry_run:
                raise _DryRun(replace(loaded, dry_run=True))
    except _DryRun as undone:
        return undone.loaded
    return loaded
