"""Brings the models of a build up to date where rows changed, tenant by tenant.

A model with a tenant is computed again for the tenants whose rows changed, by its own text over
those tenants' rows alone. A monthly mart is a sum over tenants: what they made before is taken off,
what they make now is added. What does not depend on tenants alone is made whole.
"""

from collections.abc import Mapping, Set

import duckdb

from etl.tables import TABLES, Table
from etl.transform import Model, models

WHOLE = frozenset({"tenants", "currency_days"})
"""Models made whole: small ones, in which tenants meet."""
SUMS = frozenset({"mrr_by_month", "revenue_by_month", "cash_by_month"})
"""Monthly sums over tenants, with `items` to tell a row of zeros from none."""
GLOBAL = frozenset({"plan", "fx_rate"})
"""Tables whose every row may matter to every tenant."""
MOST_TOUCHED = 0.2
"""Share of the tenants above which making all models is faster."""
_OWNED = {table.name for table in TABLES if "tenant_id" in table.columns}
_TOUCHED = "tenant_id in (select tenant_id from after.touched)"


def felt(build: duckdb.DuckDBPyConnection, changed: Set[str]) -> dict[str, str]:
    """The changed tables that models feel, each with a select of its rows that really differ.

    Rows near the watermark are read twice, and much that is written moves no figure: only columns
    that some model names count.
    """
    differing = {}
    for table in TABLES:
        columns = sorted({table.key, *_read(table)})
        if table.name in changed and any(table.name in model.reads for model in models()):
            chosen = ", ".join(columns)
            fresh = f"(select {chosen} from fresh.{table.name})"
            old = f"(select {chosen} from old.{table.name})"
            text = f"({fresh} except {old}) union all ({old} except {fresh})"
            if build.execute(f"select 1 from ({text}) limit 1").fetchall():
                differing[table.name] = text
    return differing


def _read(table: Table) -> list[str]:
    """The columns of a table that models may read."""
    named = {name for model in models() if table.name in model.reads for name in model.columns}
    return [name for name in table.columns if name in named]


def touch(build: duckdb.DuckDBPyConnection, differing: Mapping[str, str]) -> bool:
    """Note in `after.touched` whose figures a change can move; False when it may be everyone's."""
    for side in ("before", "after"):
        build.execute(f"attach ':memory:' as {side}").fetchall()
    parts = ["select cast(null as bigint)"]
    for name, rows in differing.items():
        if name in _OWNED:
            parts.append(f"select tenant_id from ({rows})")
        if name == "tenant":
            parts.append(f"select id from ({rows})")
        if name in ("invoice_line", "payment"):
            parts.append(
                f"select tenant_id from invoice where id in (select invoice_id from ({rows}))"
            )
        if name == "plan_history":
            parts.append(
                "select tenant_id from plan_history where subscription_id in"
                f" (select subscription_id from ({rows}))"
            )
    build.execute(
        "create table after.touched as select distinct tenant_id"
        f" from ({' union all '.join(parts)}) each(tenant_id) where tenant_id is not null"
    ).fetchall()
    [(few,)] = build.execute(
        "select (select count(*) from after.touched) <= ? * (select count(*) from tenant)",
        [MOST_TOUCHED],
    ).fetchall()
    return bool(few) and not _strangers(build)


def _strangers(build: duckdb.DuckDBPyConnection) -> bool:
    """Whether a touched tenant shares a document with another; then no tenant stands alone."""
    lists = {
        "theirs": f"select id, tenant_id from invoice where {_TOUCHED}",
        "paid": f"select invoice_id, tenant_id from payment where {_TOUCHED}",
        "lines": f"select invoice_id, tenant_id from invoice_line where {_TOUCHED}",
        "moves": f"select subscription_id, tenant_id from plan_history where {_TOUCHED}",
    }
    pairs = (
        "theirs a join payment b on b.invoice_id = a.id",
        "theirs a join invoice_line b on b.invoice_id = a.id",
        "paid a join invoice b on b.id = a.invoice_id",
        "lines a join invoice b on b.id = a.invoice_id",
        "moves a join plan_history b on b.subscription_id = a.subscription_id",
    )
    given = ", ".join(f"{name} as materialized ({text})" for name, text in lists.items())
    [(shared,)] = build.execute(
        f"with {given} select "
        + " or ".join(
            f"exists (select 1 from {pair} where b.tenant_id <> a.tenant_id)" for pair in pairs
        )
    ).fetchall()
    return bool(shared)


def refresh_models(build: duckdb.DuckDBPyConnection, changed: Set[str]) -> None:
    """Bring every model that reads changed tables up to date, after `touch`."""
    [(name,)] = build.execute("select current_database()").fetchall()
    copy = f'"{name}".main'
    affected = _affected(changed)
    needed = affected.union(
        *(model.reads for model in models() if model.name in affected and model.name not in WHOLE)
    )
    summed = set().union(*(model.reads for model in models() if model.name in SUMS & affected))
    for table in TABLES:
        if table.name in needed & _OWNED:
            _take(build, copy, table.name, "after", ", ".join(_read(table)))
    for model in models():
        if model.name in SUMS & affected:
            _adjust(build, copy, model)
        elif model.name in needed - SUMS:
            if model.name in summed:
                _take(build, copy, model.name, "before")
            if model.name in affected:
                _remake(build, copy, model)
            if model.name not in affected or model.name == "tenants":
                _take(build, copy, model.name, "after")
    build.execute(f"use {copy}").fetchall()


def _affected(changed: Set[str]) -> set[str]:
    """The changed tables and every model that depends on them."""
    affected = set(changed)
    for model in models():
        if model.reads & affected:
            affected.add(model.name)
    return affected


def _take(
    build: duckdb.DuckDBPyConnection, copy: str, name: str, side: str, columns: str = "*"
) -> None:
    """Put the touched tenants' rows, and those of no tenant, aside under their own name."""
    build.execute(
        f"create table {side}.{name} as select {columns} from {copy}.{name}"
        f" where {_TOUCHED} or tenant_id is null"
    ).fetchall()


def _remake(build: duckdb.DuckDBPyConnection, copy: str, model: Model) -> None:
    """Compute a model's rows of the touched tenants anew in place of the old ones, or all of it."""
    name = model.name
    if name in WHOLE:
        build.execute(f"use {copy}").fetchall()
        build.execute(f"create or replace table {name} as {model.text}").fetchall()
        return
    _make_beside(build, copy, model, "after")
    build.execute(f"delete from {copy}.{name} where {_TOUCHED} or tenant_id is null").fetchall()
    build.execute(f"insert into {copy}.{name} select * from after.{name}").fetchall()


def _make_beside(build: duckdb.DuckDBPyConnection, copy: str, model: Model, side: str) -> None:
    """Make a model of what lies on one side; what is not there is read from the copy."""
    build.execute(f"set search_path = '{side}.main,{copy}'").fetchall()
    build.execute(f"create table {side}.{model.name} as {model.text}").fetchall()


def _adjust(build: duckdb.DuckDBPyConnection, copy: str, model: Model) -> None:
    """Take off a monthly mart what the touched tenants made before, add what they make now."""
    name = model.name
    for side in ("before", "after"):
        _make_beside(build, copy, model, side)
    columns = build.execute(f"describe {copy}.{name}").fetchall()
    values = [column[0] for column in columns if column[1] == "BIGINT"]
    keys = ", ".join(column[0] for column in columns if column[0] not in values)
    added = ", ".join(values)
    taken = ", ".join(f"-{value}" for value in values)
    sums = ", ".join(f"cast(sum({value}) as bigint) as {value}" for value in values)
    build.execute(
        f"create table after.sums as select {keys}, {sums} from ("
        f"select {keys}, {added} from {copy}.{name}"
        f" union all select {keys}, {added} from after.{name}"
        f" union all select {keys}, {taken} from before.{name}"
        f") group by {keys} having sum(items) <> 0"
    ).fetchall()
    build.execute(f"delete from {copy}.{name}").fetchall()
    build.execute(f"insert into {copy}.{name} by name select * from after.sums").fetchall()
    build.execute("drop table after.sums").fetchall()
