"""What changed between two syncs, as far as figures can feel it: rows, columns, tenants.

Rows near the watermark are read twice, and much that is written moves no figure: only columns
that some model names count, and a model is touched only by the columns it names itself.
"""

from collections.abc import Iterable, Mapping, Set

import duckdb

from etl.tables import TABLES, Table
from etl.transform import Model, models

MOST_TOUCHED = 0.2
"""Share of the tenants above which making all models is faster."""
Changes = Mapping[str, Set[str]]
"""The tables with rows that differ, and in which columns."""


def owner(table: Table) -> str | None:
    """The column that says whose a row is; None for what belongs to no tenant."""
    return "id" if table.name == "tenant" else "tenant_id" if "tenant_id" in table.columns else None


def _concerned(table: Table, side: str) -> list[str]:
    """The tenants that a row on one side concerns: whose it is and, as tenants are told apart by
    their keys, whose number reads like the key."""
    found = [f"{side}.{whose}" for whose in [owner(table)] if whose]
    if table.name == "tenant":
        found.append(f"try_cast({side}.external_id as bigint)")
    return found


def read(model: Model, table: Table) -> Set[str]:
    """The columns of a table that a model names; the key counts whenever it reads the table."""
    if table.name not in model.reads:
        return set()
    return {name for name in table.columns if name in model.columns} | {table.key}


def felt(table: Table) -> list[str]:
    """The columns of a table that any model names."""
    return sorted(set().union(*(read(model, table) for model in models())))


def is_felt(changes: Changes, model: Model) -> bool:
    """Whether a column that a model reads changed in any row."""
    return any(changes.get(table.name, set()) & read(model, table) for table in TABLES)


def differences(build: duckdb.DuckDBPyConnection, changed: Set[str]) -> dict[str, Set[str]]:
    """The changed tables that models feel, with the columns in which rows differ.

    `delta.<table>` has a row for each of theirs: which columns differ, and which tenants it
    concerns now or did before (`whose`). A row that came or went differs in all columns.
    """
    build.execute("attach ':memory:' as delta").fetchall()
    found: dict[str, Set[str]] = {}
    for table in TABLES:
        if table.name in changed and felt(table):
            differing = _compare(build, table)
            if differing:
                found[table.name] = differing
    return found


def _compare(build: duckdb.DuckDBPyConnection, table: Table) -> Set[str]:
    key, columns = table.key, felt(table)
    one_side = f"f.{key} is null or o.{key} is null"
    flags = [f"{one_side} or f.{name} is distinct from o.{name} as {name}" for name in columns]
    whose = ", ".join(_concerned(table, "f") + _concerned(table, "o"))
    flags.append(f"cast([{whose}] as bigint[]) as whose")
    build.execute(
        f"create table delta.{table.name} as select {', '.join(flags)}"
        f" from fresh.{table.name} f full join old.{table.name} o on o.{key} = f.{key}"
    ).fetchall()
    any_row = ", ".join(f"coalesce(bool_or({name}), false)" for name in columns)
    [found] = build.execute(f"select {any_row} from delta.{table.name}").fetchall()
    return {name for name, differs in zip(columns, found, strict=True) if differs}


def tenants_touched(changes: Changes, by: Iterable[Model]) -> str:
    """A select of the tenants whose rows changed in what one of these models reads.

    That is enough: the database lets no row name a document of another tenant.
    """
    readers = tuple(by)
    parts = ["select cast(null as bigint)"]
    for table in TABLES:
        felt_by = set().union(*(read(model, table) for model in readers))
        names = changes.get(table.name, set()) & felt_by
        if names and owner(table):
            differ = " or ".join(sorted(names))
            parts.append(f"select unnest(whose) from delta.{table.name} where {differ}")
    return f"select distinct tenant_id from ({' union all '.join(parts)}) each(tenant_id)"


def few(build: duckdb.DuckDBPyConnection, changes: Changes) -> bool:
    """Whether few tenants are touched."""
    [(answer,)] = build.execute(
        f"select (select count(*) from ({tenants_touched(changes, models())}))"
        " <= ? * (select count(*) from tenant)",
        [MOST_TOUCHED],
    ).fetchall()
    return bool(answer)
