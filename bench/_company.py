"""A large made-up company in a database of its own, for the benchmarks."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from core import embedded, schema
from core.db import embedded_database
from core.settings import Settings

Say = Callable[[str], None]
TEXT = Path(__file__).with_name("_company.sql")
MONTHS = 36


@dataclass(frozen=True)
class Company:
    """Where the benchmark's data is."""

    url: str
    settings: Settings


@contextmanager
def company(subscriptions: int, say: Say) -> Iterator[Company]:
    """A company of so many subscriptions over 36 months, thrown away afterwards."""
    with empty_company() as made:
        say(f"Making {subscriptions} subscriptions of {MONTHS} months")
        with psycopg.connect(made.url) as db:
            db.execute(_text(subscriptions, datetime.now(UTC).date()).encode())
        yield made


@contextmanager
def empty_company() -> Iterator[Company]:
    """A database as the migrations leave it, on a server of its own, thrown away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="saldo-bench-"))
    home.chmod(0o755)
    try:
        url = embedded_database(embedded.start(home / "pg"), "bench")
        schema.upgrade(url)
        yield Company(url, settings_of(home, SALDO_DATABASE_URL=url))
    finally:
        embedded.stop(home / "pg")
        shutil.rmtree(home, ignore_errors=True)


def _text(subscriptions: int, today: date) -> str:
    year, month = divmod(today.year * 12 + today.month - MONTHS, 12)
    first = date(year, month + 1, 1)
    return TEXT.read_text().format(
        subscriptions=subscriptions,
        tenants=max(subscriptions * 4 // 5, 1),
        months=MONTHS,
        first=f"'{first}'",
        last=f"'{today}'",
        days=(today - first).days - 1,
    )


def settings_of(home: Path, **given: Any) -> Settings:
    """Settings of a folder that nothing of this machine's own settings reaches."""
    apart: dict[str, Any] = {"_env_file": None, "SALDO_HOME": home}
    return Settings(**apart, **given)
