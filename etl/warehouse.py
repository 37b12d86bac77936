"""The door to the published copy: named questions, one consistent version a page run."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import polars as pl

from core.errors import NoCopy
from core.settings import Settings
from etl.publish import problem
from etl.transform import SQL, chain, with_relations

Over = Mapping[str, str]
"""Relation that a question reads → the question it is the answer to."""
NOTHING: Over = MappingProxyType({})
NARROWED = frozenset({"receivables"})
"""Relations of which a given select only chooses rows: read in each place, never set aside."""


@dataclass(frozen=True, slots=True)
class CopyInfo:
    """Which copy answers: its run, when it was published, its day.

    `warning` names rows that count nowhere; `problem` says why there is no newer copy.
    """

    run_id: str
    published_at: datetime
    mode: str
    as_of: date
    known_until: date
    reporting_currency: str
    warning: str | None
    problem: str | None


class Warehouse:
    """The published copy, for many threads; each question is answered by the newest one.

    A page run takes one `reading()` so that all its figures come from one copy.
    """

    def __init__(self, settings: Settings) -> None:
        self._live, self._lock = settings.copy_path, threading.Lock()
        self._memory, self._threads = settings.duckdb_memory, settings.duckdb_threads
        self._seen: tuple[int, int, int] | None = None
        self._db: duckdb.DuckDBPyConnection | None = None

    def reading(self) -> "Reading":
        """A cursor on the newest copy; it stays on that copy. Raises NoCopy."""
        with self._lock:
            try:
                stat = self._live.stat()
            except FileNotFoundError as missing:
                raise NoCopy from missing
            seen = (stat.st_dev, stat.st_ino, stat.st_mtime_ns)
            if self._db is None or seen != self._seen:
                # An instance of its own: DuckDB would hand out the old file again under its path.
                self._db, self._seen = self._attach(), seen
            cursor = self._db.cursor()
        cursor.execute("use warehouse").fetchall()
        return Reading(cursor, self._live)

    def ask(self, question: str, over: Over = NOTHING, /, **params: object) -> pl.DataFrame:
        """The answer to sql/questions/<question>.sql from the newest copy. Raises NoCopy."""
        return self.reading().ask(question, over, **params)

    def info(self) -> CopyInfo:
        """Which copy answers. Raises NoCopy."""
        return self.reading().info()

    def problem(self) -> str | None:
        """Why the newest build was refused, in words; None when it was not."""
        return problem(self._live)

    def _attach(self) -> duckdb.DuckDBPyConnection:
        db = duckdb.connect(
            config={
                "memory_limit": self._memory,
                "threads": self._threads,
                "temp_directory": str(self._live.with_suffix(".spill")),
            }
        )
        db.execute("set timezone = 'UTC'").fetchall()
        path = str(self._live).replace("'", "''")
        try:
            db.execute(f"attach '{path}' as warehouse (read_only)").fetchall()
        except duckdb.Error as broken:
            raise NoCopy("The analytics copy cannot be read; run a sync.") from broken
        return db


class Reading:
    """One consistent view of one published copy; for one thread."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, live: Path) -> None:
        self._cursor, self._live = cursor, live
        self._info: CopyInfo | None = None

    @property
    def folder(self) -> Path:
        """The folder of the copy, where what is made from it may be kept."""
        return self._live.parent

    def reading(self) -> "Reading":
        """Itself, so that a function takes a Warehouse or a Reading."""
        return self

    def ask(self, question: str, over: Over = NOTHING, /, **params: object) -> pl.DataFrame:
        """The answer to sql/questions/<question>.sql; `$name` in it takes the named parameter.

        A relation that is named in `over` holds the answer to another question, which may read
        those before it.
        """
        return self._answer(_stacked(question, over), params)

    def ask_anew(
        self,
        question: str,
        models: tuple[str, ...],
        given: dict[str, str],
        over: Over = NOTHING,
        /,
        **params: object,
    ) -> pl.DataFrame:
        """As `ask`, with `models` made by the build's own SQL over relations given as selects.

        Given nothing, the published ones answer.
        """
        if not given:
            return self.ask(question, over, **params)
        relations = [
            f"{name} as {'not materialized ' if name in NARROWED else ''}({text})"
            for name, text in given.items()
        ]
        computed = chain(models, tuple(sorted(given)))
        relations += [computed] if computed else []
        return self._answer(_stacked(question, over, relations), params)

    def info(self) -> CopyInfo:
        """Which copy this is. Raises NoCopy for one that another version of Saldo made."""
        if self._info is None:
            try:
                [row] = self._cursor.execute(
                    "select run_id, published_at, mode, as_of, known_until, reporting_currency,"
                    " warning from copy_info"
                ).fetchall()
            except (duckdb.BinderException, duckdb.CatalogException) as other:
                raise NoCopy("Another version made the analytics copy; run a sync.") from other
            run_id, published_at, mode, as_of, known_until, currency, warning = row
            self._info = CopyInfo(
                run_id,
                datetime.fromisoformat(published_at),
                mode,
                as_of,
                known_until,
                currency,
                warning,
                problem(self._live),
            )
        return self._info

    def _answer(self, text: str, params: dict[str, Any]) -> pl.DataFrame:
        frame: pl.DataFrame = self._cursor.sql(text, params=params or None).pl()
        return frame


@lru_cache
def question_text(question: str) -> str:
    """The text of a question file."""
    return (SQL / "questions" / f"{question}.sql").read_text().strip()


def _stacked(question: str, over: Over, relations: Sequence[str] = ()) -> str:
    """A question over the answers to others and over relations computed for it."""
    asked = (f"{name} as (\n{question_text(other)}\n)" for name, other in over.items())
    return with_relations([*relations, *asked], question_text(question))


def questions() -> list[str]:
    """The names of all questions."""
    return sorted(path.stem for path in (SQL / "questions").glob("*.sql"))
