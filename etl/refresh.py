"""Brings the models of a build up to date where rows changed, tenant by tenant.

A model with a tenant is computed again for the tenants that touch it, by its own text over those
tenants' rows alone, and written only for those whose rows came out different; the models that read
it are touched by them alone. A monthly mart is a sum over tenants: what they made before is taken
off, what they make now is added. What does not depend on tenants alone is made whole.
"""

from collections.abc import Sequence, Set

import duckdb

from etl.delta import Changes, owner, read, tenants_touched
from etl.tables import TABLES
from etl.transform import Model, models

WHOLE = frozenset({"tenants", "currency_days"})
"""Models made whole: small ones, in which tenants meet."""
SUMS = frozenset({"mrr_by_month", "revenue_by_month", "cash_by_month"})
"""Monthly sums over tenants, with `items` to tell a row of zeros from none."""
GLOBAL = frozenset({"plan", "fx_rate"})
"""Tables whose every row may matter to every tenant."""
PARTS = {"currency_days": "currency"}
"""What a model is written by where it is not by tenant."""
_THEIRS = "(tenant_id in (select tenant_id from slice.touched) or tenant_id is null)"


def refresh_models(build: duckdb.DuckDBPyConnection, changes: Changes) -> None:
    """Bring every model that reads what changed up to date; tenants must stand apart.

    `slice` shows the touched tenants' rows as they are, `past` as they were, under the names the
    models read; `moved.<model>` keeps the rows that came or went, and how many `times`: negative
    when they went.
    """
    [(name,)] = build.execute("select current_database()").fetchall()
    copy = f'"{name}".main'
    for side in ("slice", "near", "past", "made", "moved"):
        build.execute(f"attach ':memory:' as {side}").fetchall()
    build.execute("create table slice.touched (tenant_id bigint)").fetchall()
    for relation in sorted(_sliced()):
        build.execute(
            f"create view slice.{relation} as from {copy}.{relation} where {_THEIRS}"
        ).fetchall()
    moved: set[str] = set()
    for model in models():
        if not _is_affected(model, changes, moved):
            continue
        if model.name not in WHOLE:
            _touch(build, model, changes, moved)
        if model.name in SUMS:
            _adjust(build, copy, model, moved)
        elif _remake(build, copy, model):
            moved.add(model.name)
    build.execute(f"use {copy}").fetchall()


def _sliced() -> Set[str]:
    """The relations of which each tenant has rows of its own."""
    owned = {table.name for table in TABLES if owner(table) == "tenant_id"}
    return owned | {model.name for model in models()} - SUMS - PARTS.keys()


def _is_affected(model: Model, changes: Changes, moved: Set[str]) -> bool:
    """Whether something that the model reads changed."""
    named = (changes.get(table.name, set()) & read(model, table) for table in TABLES)
    return bool(model.reads & moved) or any(named)


def _touch(
    build: duckdb.DuckDBPyConnection, model: Model, changes: Changes, moved: Set[str]
) -> None:
    """Choose the tenants that the slices show: those whose rows the model reads have changed."""
    parts = [tenants_touched(changes, model)]
    parts += [f"select tenant_id from moved.{name}" for name in sorted(model.reads & moved)]
    build.execute("delete from slice.touched").fetchall()
    build.execute(
        f"insert into slice.touched select distinct tenant_id from ({' union all '.join(parts)})"
        " where tenant_id is not null"
    ).fetchall()


def _remake(build: duckdb.DuckDBPyConnection, copy: str, model: Model) -> bool:
    """Compute a model's rows of the touched tenants, or all, anew; whether any came out different.

    Only the parts of the model in which rows differ are written.
    """
    name, is_whole = model.name, model.name in WHOLE
    was = f"{copy}.{name}" if is_whole else f"slice.{name}"
    _compute(build, model, f"made.{name}", [copy] if is_whole else ["slice.main", copy])
    build.execute(
        f"create table moved.{name} as select * exclude (side), sum(side) as times from ("
        f"select *, 1 as side from made.{name} union all select *, -1 from {was})"
        " group by all having sum(side) <> 0"
    ).fetchall()
    part = PARTS.get(name, "tenant_id")
    [(different, some_of_nobody)] = build.execute(
        f"select count(*) > 0, count(*) > count({part}) from moved.{name}"
    ).fetchall()
    if different:
        chosen = f"{part} in (select {part} from moved.{name})"
        if some_of_nobody:
            chosen = f"({chosen} or {part} is null)"
        build.execute(f"delete from {copy}.{name} where {chosen}").fetchall()
        build.execute(f"insert into {copy}.{name} from made.{name} where {chosen}").fetchall()
    return bool(different)


def _compute(
    build: duckdb.DuckDBPyConnection, model: Model, into: str, places: Sequence[str]
) -> None:
    """Make a table of a model's text; each relation it reads is taken from the first place."""
    build.execute(f"set search_path = '{','.join(places)}'").fetchall()
    build.execute(f"create table {into} as {model.text}").fetchall()


def _adjust(build: duckdb.DuckDBPyConnection, copy: str, model: Model, moved: Set[str]) -> None:
    """Take off a monthly mart what the touched tenants made before, add what they make now."""
    name = model.name
    for source in sorted(model.reads & _sliced()):
        build.execute(f"create or replace table near.{source} as from slice.{source}").fetchall()
        if source in moved:
            build.execute(
                f"create or replace view past.{source} as"
                f" (from near.{source} except all {_copies(source, 1)})"
                f" union all {_copies(source, -1)}"
            ).fetchall()
    _compute(build, model, f"past.{name}", ["past.main", "near.main", copy])
    _compute(build, model, f"made.{name}", ["near.main", copy])
    columns = build.execute(f"describe {copy}.{name}").fetchall()
    values = [column[0] for column in columns if column[1] == "BIGINT"]
    keys = ", ".join(column[0] for column in columns if column[0] not in values)
    added = ", ".join(values)
    taken = ", ".join(f"-{value}" for value in values)
    sums = ", ".join(f"cast(sum({value}) as bigint) as {value}" for value in values)
    build.execute(
        f"create table moved.{name} as select {keys}, {sums} from ("
        f"select {keys}, {added} from {copy}.{name}"
        f" union all select {keys}, {added} from made.{name}"
        f" union all select {keys}, {taken} from past.{name}"
        f") group by {keys} having sum(items) <> 0"
    ).fetchall()
    build.execute(f"delete from {copy}.{name}").fetchall()
    build.execute(f"insert into {copy}.{name} by name select * from moved.{name}").fetchall()


def _copies(name: str, sign: int) -> str:
    """A select of the rows that came to a model (1) or went (−1), each as often as it did."""
    return (
        f"select * exclude (times, nth)"
        f" from moved.{name}, range(cast({sign} * times as bigint)) each(nth)"
    )
