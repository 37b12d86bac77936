"""The cash forecast of a day, made once and kept in a file beside the copy for all processes.

A file is named by the run that made the copy, the day and the beliefs: a publish or a changed
setting leads to another file, never to an old answer.
"""

import contextlib
import fcntl
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from core.forecast.backtest import NOTHING_TRIED, ORIGINS, Past, Trial, Tried
from core.forecast.behaviour import Beliefs
from core.forecast.draws import Range
from core.settings import Settings
from etl.days import last_day, months_back
from etl.figures.forecast_made import make
from etl.warehouse import Reading, Warehouse

log = structlog.get_logger()
FOLDER = "forecast"
KEPT = 8
"""Files that stay, those asked for last: days somebody looks at, and the copy before."""
EARLIER = ORIGINS - 2
"""Months before the copy's own day of which the forecast is ready too: its trials begin where
those of the copy's own day end, the last two having no 13 weeks yet."""
_FORM = 2
"""Another number when files made before may say something else."""
_ANSWERS, _TRIED, _BOOKS = "answers", f"tried-{_FORM}", "books"
_FRESH = "new-"
_ROWS = 20_000
"""Rows that are read together; a page shows fifty."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer for each currency, without card renewals, a row for each open invoice, and what was
    tried on the same books.
    """

    answers: dict[str, dict[str, Any]]
    invoices: pl.LazyFrame
    tried: list[Tried]

    def rows(self, currency: str, first: int = 0, most: int | None = None) -> pl.DataFrame:
        """The open invoices of a currency from a place on, those due first leading."""
        counts = {name: answer["open_invoices"] for name, answer in self.answers.items()}
        before = sum(count for name, count in counts.items() if name < currency)
        left = max(counts.get(currency, 0) - first, 0)
        length = left if most is None else min(most, left)
        return self.invoices.slice(before + first, length).collect()


def kept(reading: Reading, day: date, beliefs: Beliefs) -> Kept:
    """The forecast of a day; one process makes it while the others wait for its file."""
    books = f"{_FORM}|{reading.info().run_id}|{beliefs}"
    name = hashlib.sha256(f"{books}|{day}".encode()).hexdigest()
    path = reading.folder / FOLDER / f"{name[:32]}.parquet"
    made: Kept | None = None
    try:
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            with _alone(path.parent / "lock"):
                if not path.exists():
                    past = _past(path.parent, books)
                    made = Kept(*make(reading, day, beliefs, past))
                    _write(made, path, books, past)
        return _read(path)
    except OSError as problem:
        log.warning("forecast_not_kept", problem=str(problem))
        return made or Kept(*make(reading, day, beliefs, NOTHING_TRIED))


def keep_forecast_ready(settings: Settings) -> None:
    """Make the forecast of a fresh copy beforehand, so that the first question finds it; and one of
    an earlier month end, so that all trials are at hand for the days from then on.
    """
    reading = Warehouse(settings).reading()
    day, beliefs = reading.info().as_of, Beliefs.of(settings)
    kept(reading, day, beliefs)
    kept(reading, last_day(months_back(day, EARLIER)), beliefs)


def _read(path: Path) -> Kept:
    with contextlib.suppress(PermissionError):
        path.touch()
    head = pl.read_parquet_metadata(path)
    tried = [_tried(each) for each in json.loads(head[_TRIED])]
    return Kept(json.loads(head[_ANSWERS]), pl.scan_parquet(path), tried)


def _past(folder: Path, books: str) -> Past:
    """What was tried for the files that are still here.

    The past rarely changes: most trials of the last copy are those of the next one.
    """
    by_facts, on_these = dict[str, Tried](), dict[tuple[date, int], Tried]()
    for file in folder.glob("*.parquet"):
        head = pl.read_parquet_metadata(file)
        tried = [_tried(each) for each in json.loads(head.get(_TRIED, "[]"))]
        by_facts |= {each.facts: each for each in tried}
        if head.get(_BOOKS) == books:
            on_these |= {(each.day, each.weeks): each for each in tried}
    return Past(by_facts, on_these)


def _tried(kept_as: dict[str, Any]) -> Tried:
    trials = {
        currency: Trial(
            **{
                **trial,
                "day": date.fromisoformat(trial["day"]),
                "range": Range(**trial["range"]),
            }
        )
        for currency, trial in kept_as["trials"].items()
    }
    return Tried(**{**kept_as, "day": date.fromisoformat(kept_as["day"]), "trials": trials})


def _write(made: Kept, path: Path, books: str, past: Past) -> None:
    """Write a new file and put it in its place at once; all that was tried on its books is in it,
    as the other files may go before it does.
    """
    tried = past.on_these | {(each.day, each.weeks): each for each in made.tried}
    for left in path.parent.glob(f"{_FRESH}*"):
        left.unlink(missing_ok=True)
    files = sorted(path.parent.glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    for old in files[: max(len(files) - KEPT + 1, 0)]:
        old.unlink(missing_ok=True)
    fresh = path.with_name(f"{_FRESH}{uuid.uuid4().hex}")
    try:
        head = {
            _ANSWERS: json.dumps(made.answers),
            _TRIED: json.dumps(list(map(asdict, tried.values())), default=date.isoformat),
            _BOOKS: books,
        }
        made.invoices.collect().write_parquet(fresh, row_group_size=_ROWS, metadata=head)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock of the folder; one forecast is made at a time, which bounds the memory."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
