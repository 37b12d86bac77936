"""Brings the models of a build up to date where rows changed, tenant by tenant.

A model with a tenant is computed again for the tenants that touch it, by its own text over those
tenants' rows alone; the models that read it are touched only by the tenants whose rows came out
different, and only such rows are written. A monthly mart is a sum over tenants: what they made
before is taken off, what they make now is added. What does not depend on tenants is made whole.
Each large table is searched for the tenants' rows once. A model is brought up as soon as those it
reads are, the ones that most others wait for first.
"""

import graphlib
from collections.abc import Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache, cached_property
from threading import Lock

import duckdb

from etl.delta import Changes, is_felt, owner, tenants_touched
from etl.tables import TABLES
from etl.transform import Model, ancestors, models

WHOLE = frozenset({"currency_days"})
"""Models made whole: small ones, in which tenants meet."""
MET = frozenset({"tenants"})
"""Models of tenants whose keys are told apart: made tenant by tenant, over the rows of all."""
ROW_SUMS = frozenset({"currency_uses", "cash_by_month", "invoiced_by_day", "owed_by_age"})
"""Sums, with `items` as below, to which every row of what they read adds alone."""
FRAME = frozenset({"fx_daily", "reporting_currencies"})
"""What all figures share and sums of rows may read: all models are made anew when it changes."""
SUMS = ROW_SUMS | {"mrr_by_month", "revenue_by_month", "cohorts_by_month"}
"""Sums over tenants, with `items` to tell a row of zeros from none."""
GLOBAL = frozenset({"plan", "fx_rate"})
"""Tables whose every row may matter to every tenant."""
_APART = ROW_SUMS | WHOLE
"""Models that ask for no tenant's rows."""
_GROUPS = "groups of tenants"
_SIDES = ("kept", "now", "gone", "made", "moved")
LANES = 3
"""Models brought up side by side: one more than two cores, as one often waits."""


def refresh_models(build: duckdb.DuckDBPyConnection, changes: Changes) -> None:
    """Bring every model that reads what changed up to date; tenants must stand apart."""
    [(name,)] = build.execute("select current_database()").fetchall()
    common = _Common(changes, f'"{name}".main')
    for side in _SIDES:
        build.execute(f"attach ':memory:' as {side}").fetchall()
    free = [_Refresh(build.cursor(), common, f"lane_{number}") for number in range(LANES)]
    order = graphlib.TopologicalSorter({model: _makers(model) for model in models()})
    order.prepare()
    ready: list[Model] = []
    running: dict[Future[None], tuple[Model, _Refresh]] = {}
    with ThreadPoolExecutor(LANES) as pool:
        while order.is_active():
            ready = sorted([*ready, *order.get_ready()], key=_way_left)
            while ready and free:
                model, lane = ready.pop(), free.pop()
                running[pool.submit(lane.bring_up, model)] = model, lane
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                model, lane = running.pop(done)
                done.result()
                order.done(model)
                free.append(lane)


def _makers(model: Model) -> list[Model]:
    """The models that a model reads."""
    return [other for other in models() if other.name in model.reads]


@cache
def _way_left(model: Model) -> int:
    """How many models at most follow one another from this one on."""
    return 1 + max((_way_left(m) for m in models() if model.name in m.reads), default=0)


@dataclass
class _Common:
    """What the lanes of a refresh share.

    `kept.<relation>` holds the rows as they were of the tenants that may be asked for, with their
    `place` in the copy, `now.<relation>` those that a model has by now. `moved.<model>` has the
    rows that came or went and how many `times`, negative when they went, with their `places`.
    """

    changes: Changes
    copy: str
    moved: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)
    groups: dict[str, str] = field(default_factory=dict)
    locks: dict[str, Lock] = field(
        default_factory=lambda: {name: Lock() for name in _sliced() | {_GROUPS}}
    )
    """Held while a relation or a group of tenants is put into `kept`."""

    @cached_property
    def reached(self) -> set[str]:
        """The models that changes may lead to."""
        found = set[str]()
        for model in models():
            if model.reads & found or is_felt(self.changes, model):
                found.add(model.name)
        return found


class _Refresh:
    """A lane of a refresh, one model after another.

    `past` shows the rows as they were of the tenants that touch the model at hand, `slice` the same
    as they are by now, `rows` those alone that came or went, under the names the models read.
    """

    def __init__(self, build: duckdb.DuckDBPyConnection, common: _Common, lane: str) -> None:
        self._build, self._common, self._changes = build, common, common.changes
        self._moved, self.copy = common.moved, common.copy
        self._shown: dict[str, bool] = {}
        self._slice, self._past, self._rows = f"slice_{lane}", f"past_{lane}", f"rows_{lane}"
        self._theirs = f"(tenant_id in (from {self._slice}.touched) or tenant_id is null)"
        for side in (self._slice, self._past, self._rows):
            self._run(f"attach ':memory:' as {side}")

    def bring_up(self, model: Model) -> None:
        """Bring a model up to date if anything it reads changed."""
        if not (model.reads & self._moved or is_felt(self._changes, model)):
            return
        if model.name in ROW_SUMS:
            self._add_rows(model)
        else:
            if model.name not in WHOLE:
                self._touch(model)
            is_moved = self._add_tenants(model) if model.name in SUMS else self._remake(model)
            if not is_moved:
                return
        self._moved.add(model.name)

    def _run(self, text: str) -> list[tuple[int]]:
        return self._build.execute(text).fetchall()

    def _touch(self, model: Model) -> None:
        """Choose the tenants that are shown: those whose rows the model reads have changed."""
        parts = [tenants_touched(self._changes, [model])]
        parts += [
            f"select tenant_id from moved.{name}" for name in sorted(model.reads & self._moved)
        ]
        self._run(
            f"create or replace table {self._slice}.touched as select distinct tenant_id"
            f" from ({' union all '.join(parts)}) where tenant_id is not null"
        )

    def _show(self, relations: Set[str], written: str | None = None) -> None:
        """Have the tenants' rows of these relations at hand, nobody's too.

        They have the columns that models name, a model that is `written` has all.
        """
        for name in sorted(relations & _sliced()):
            with self._common.locks[name]:
                if name not in self._common.kept:
                    self._keep(name, "*" if name == written else self._named(name))
            if self._shown.get(name) != (name in self._common.now):
                self._show_now(name)

    def _show_past(self, relations: Set[str]) -> None:
        """Have the tenants' rows of these relations at hand as they were."""
        for name in sorted(relations & _sliced()):
            self._run(
                f"create or replace view {self._past}.{name} as"
                f" select * exclude (place) from kept.{name} where {self._theirs}"
            )

    def _keep(self, name: str, chosen: str) -> None:
        rows = f"select rowid as place, {chosen} from {self.copy}.{name}"
        self._run(
            f"create table kept.{name} as {rows} where tenant_id in (from {self._group(name)})"
            f" union all {rows} where tenant_id is null"
        )
        self._common.kept.add(name)

    def _named(self, relation: str) -> str:
        """A select of whose the rows of a relation are and what models to bring up may name."""
        readers = (m for m in models() if relation in m.reads and m.name in self._common.reached)
        names = {"tenant_id"}.union(*(reader.columns for reader in readers))
        return "*" if "*" in names else f"columns('^({'|'.join(sorted(names))})$')"

    def _show_now(self, name: str) -> None:
        """Show the rows of a relation as they are by now."""
        self._shown[name] = made = name in self._common.now
        rows = f"from now.{name}" if made else f"select * exclude (place) from kept.{name}"
        self._run(f"create or replace view {self._slice}.{name} as {rows} where {self._theirs}")

    def _group(self, relation: str) -> str:
        """A table of the tenants that may touch a model that reads this relation, or is it."""
        asking = self._common.reached - _APART
        readers = [m for m in models() if relation in {*m.reads, m.name} and m.name in asking]
        makers = frozenset[str]().union(*(ancestors(reader.name) for reader in readers))
        text = tenants_touched(self._changes, (m for m in models() if m.name in makers))
        groups = self._common.groups
        with self._common.locks[_GROUPS]:
            if text not in groups:
                groups[text] = f"kept.group_{len(groups)}"
                self._run(f"create table {groups[text]} as {text} where tenant_id is not null")
        return groups[text]

    def _remake(self, model: Model) -> bool:
        """Compute a model's rows of the touched tenants, or all, anew; whether any differ.

        Only rows that differ are written.
        """
        name = model.name
        if name in WHOLE:
            self._compute(model, f"made.{name}", [self.copy])
            was = f"(select rowid as place, * from {self.copy}.{name})"
        else:
            self._show(model.reads | {name}, written=name)
            self._compute(model, f"made.{name}", [f"{self._slice}.main", self.copy])
            was = f"(from kept.{name} where {self._theirs})"
        [(different,)] = self._run(
            f"create table moved.{name} as select * exclude (side, place), sum(side) as times,"
            " list(place) filter (place is not null) as places from ("
            f"select *, cast(null as bigint) as place, 1 as side from made.{name}"
            f" union all select * exclude (place), place, -1 from {was}"
            ") group by all having sum(side) <> 0"
        )
        if different:
            self._run(
                f"delete from {self.copy}.{name} where rowid in (select unnest("
                f"places[1:cast(-times as bigint)]) from moved.{name} where times < 0)"
            )
            self._run(f"insert into {self.copy}.{name} {_copies(name, 1)}")
            if any(name in other.reads for other in models() if other.name not in _APART):
                self._replace_slice(name)
        return bool(different)

    def _replace_slice(self, name: str) -> None:
        """Keep and show the rows of a model as they are by now."""
        self._run(
            f"create table now.{name} as from made.{name} union all"
            f" select * exclude (place) from kept.{name}"
            f" where tenant_id not in (from {self._slice}.touched)"
        )
        self._common.now.add(name)
        self._show_now(name)

    def _compute(self, model: Model, into: str, places: Sequence[str]) -> None:
        """Make a table of a model's text; each relation it reads is taken from the first place."""
        text = model.text
        if model.name in MET:
            text = f"from ({text}) where {self._theirs}"
        self._run(f"set search_path = '{','.join(places)}'")
        self._run(f"create table {into} as {text}")

    def _add_tenants(self, model: Model) -> bool:
        """Take off a sum what the touched tenants made before, add what they make now."""
        name = model.name
        self._show(model.reads)
        self._show_past(model.reads)
        self._compute(model, f"gone.{name}", [f"{self._past}.main", self.copy])
        self._compute(model, f"made.{name}", [f"{self._slice}.main", self.copy])
        return self._adjust(name, f"gone.{name}")

    def _add_rows(self, model: Model) -> None:
        """Take off a sum what the rows that went added to it, add what those that came do."""
        name = model.name
        for side, sign in (("gone", -1), ("made", 1)):
            for source in sorted(model.reads & _sliced()):
                rows = _copies(source, sign) if source in self._moved else ""
                self._run(
                    f"create or replace view {self._rows}.{source} as"
                    f" {rows or f'from {self.copy}.{source} limit 0'}"
                )
            self._compute(model, f"{side}.{name}", [f"{self._rows}.main", self.copy])
        self._adjust(name, f"gone.{name}")

    def _adjust(self, name: str, before: str) -> bool:
        """Write a sum anew, less `before`, more `made.<name>`; whether anything was added."""
        columns = self._build.execute(f"describe {self.copy}.{name}").fetchall()
        values = [column[0] for column in columns if column[1] == "BIGINT"]
        keys = ", ".join(column[0] for column in columns if column[0] not in values)
        added = ", ".join(values)
        taken = ", ".join(f"-{value}" for value in values)
        sums = ", ".join(f"cast(sum({value}) as bigint) as {value}" for value in values)
        self._run(
            f"create table moved.{name} as select {keys}, {sums} from ("
            f"select {keys}, {added} from {self.copy}.{name}"
            f" union all select {keys}, {added} from made.{name}"
            f" union all select {keys}, {taken} from {before}"
            f") group by {keys} having sum(items) <> 0"
        )
        self._run(f"delete from {self.copy}.{name}")
        self._run(f"insert into {self.copy}.{name} by name select * from moved.{name}")
        return True


def _sliced() -> Set[str]:
    """The relations of which each tenant has rows of its own."""
    owned = {table.name for table in TABLES if owner(table) == "tenant_id"}
    return owned | {model.name for model in models()} - SUMS - WHOLE


def _copies(name: str, sign: int) -> str:
    """A select of the rows that came to a model (1) or went (−1), each as often as it did."""
    return (
        "select * exclude (times, places, nth)"
        f" from moved.{name}, range(cast({sign} * times as bigint)) each(nth)"
    )
