"""Builds the models of sql/: plain select files, in the order in which they read each other."""

import graphlib
import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import dropwhile
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from core.progress import counted
from core.settings import ROOT
from etl.tables import stored

SQL = ROOT / "sql"
FOLDERS = ("staging", "facts", "marts")
NATIVE = ("staging", "facts")
REPORTED = ("marts",)
SORTED = {
    "mrr_pieces": "month",
    "mrr_tenants": "month",
    "owed_by_tenant": "owed_on, reporting_currency, open_minor desc, tenant_id",
    "owed_invoices": "owed_on, due_on, invoice_id",
    "receivables": "cleared_on",
    "revenue_pieces": "month",
}
"""Large models whose rows lie in order: those of a month or day are found without the rest."""
MONTHLY = frozenset({"mrr_pieces", "mrr_tenants", "revenue_pieces"})
"""Of those the ones made of a few months at a time, which bounds the memory they take."""
MONTHS_AT_ONCE = 6
TENANT_MONTHS = 50_000
"""Months times tenants that are made at once even so: to begin anew takes longer than they do."""
Maker = Callable[[duckdb.DuckDBPyConnection, tuple[str, ...]], None]
"""Makes every model of these folders a table of the build."""


class Model:
    """One sql file: its name, its text, the relations it reads and all columns it names."""

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.text = path, path.stem, path.read_text()
        tree = sqlglot.parse_one(self.text, read="duckdb")
        self.ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
        self.reads = {table.name for table in tree.find_all(exp.Table)} - self.ctes
        self.columns = {column.name for column in tree.find_all(exp.Column)}
        self.digest = hashlib.sha256(tree.sql("duckdb", comments=False).encode()).hexdigest()


@lru_cache
def models() -> tuple[Model, ...]:
    """Every model after the ones it reads. Raises graphlib.CycleError on a cycle."""
    paths = [path for folder in FOLDERS for path in sorted((SQL / folder).glob("*.sql"))]
    named = {path.stem: Model(path) for path in paths}
    assert len(named) == len(paths), "two models of one name"
    graph = {name: sorted(model.reads & named.keys()) for name, model in named.items()}
    return tuple(named[name] for name in graphlib.TopologicalSorter(graph).static_order())


@lru_cache
def models_digest() -> str:
    """Changes when a definition does; comments and layout do not count."""
    parts = "".join(f"{model.name}:{model.digest}" for model in sorted(models(), key=_name))
    return hashlib.sha256(parts.encode()).hexdigest()


def _name(model: Model) -> str:
    return model.name


def in_folders(folders: tuple[str, ...]) -> list[Model]:
    """The models of these folders, in order."""
    return [model for model in models() if model.path.parent.name in folders]


def build_models(build: duckdb.DuckDBPyConnection, folders: tuple[str, ...] = FOLDERS) -> None:
    """Make every model of these folders a table of the build."""
    for model in counted(in_folders(folders), "Computing figures"):
        if model.name in MONTHLY:
            _build_by_months(build, model)
            continue
        _make_empty(build, model)
        build.execute(f"insert into {model.name} from ({model.text}){in_order(model)}").fetchall()


def _make_empty(build: duckdb.DuckDBPyConnection, model: Model) -> None:
    columns = build.execute(f"describe {model.text}").fetchall()
    build.execute(f"create or replace table {model.name} ({stored(columns)})").fetchall()


def _build_by_months(build: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make a model whose months have nothing to do with each other, the oldest first."""
    [(home, tenants)] = build.execute(
        "select current_database(), (select count(*) from tenant)"
    ).fetchall()
    at_once = max(MONTHS_AT_ONCE, TENANT_MONTHS // max(tenants, 1))
    found = build.execute("select month from periods order by month").fetchall()
    months = [month for (month,) in found]
    _make_empty(build, model)
    for start in range(0, len(months), at_once):
        chosen = months[start : start + at_once]
        few = [
            f'{name} as not materialized (from "{home}".main.{name}'
            f" where month between date '{chosen[0]}' and date '{chosen[-1]}')"
            for name in sorted(model.reads & {"periods", *MONTHLY})
        ]
        text = with_relations(few, model.text)
        build.execute(f"insert into {model.name} {text}{in_order(model)}").fetchall()


def with_relations(relations: Sequence[str], text: str) -> str:
    """A select over relations defined in front of its own."""
    if not relations:
        return text
    lines = dropwhile(lambda line: line.startswith("--"), text.strip().splitlines())
    body, parts = "\n".join(lines), ",\n".join(relations)
    own = body.removeprefix("with ")
    return f"with {parts}\n{body}" if own == body else f"with {parts},\n{own}"


def in_order(model: Model) -> str:
    """The end of a select whose rows are kept in the order of `SORTED`."""
    order = SORTED.get(model.name)
    return f" order by {order}" if order else ""


@lru_cache
def chain(names: tuple[str, ...], given: tuple[str, ...]) -> str:
    """Models as common table expressions over other relations than the published ones.

    `given` names the relations the caller defines itself. Models that do not depend on them
    are read as published, the rest are computed anew by the very text the build uses.
    """
    affected = set(given)
    parts: list[str] = []
    wanted = frozenset[str]().union(*map(ancestors, names))
    for model in models():
        if model.name in wanted and model.name not in given and model.reads & affected:
            affected.add(model.name)
            parts.append(f"{model.name} as (\n{model.text.strip()}\n)")
    return ",\n".join(parts)


@lru_cache
def ancestors(name: str) -> frozenset[str]:
    """The models that a model is made of, itself too."""
    reads = {model.name: model.reads for model in models()}
    wanted, open_names = set[str](), [name]
    while open_names:
        current = open_names.pop()
        if current in reads and current not in wanted:
            wanted.add(current)
            open_names.extend(reads[current])
    return frozenset(wanted)
