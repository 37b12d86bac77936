"""Runs `saldo` in this process against the test's database."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from core import office as offices
from core import settings as settings_module


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@contextmanager
def saldo_on(url: str, home: Path) -> Iterator[Callable[..., Answer]]:
    """`saldo("ledger", "check")` as an operator of a database and a home would run it."""
    runner = CliRunner()

    def run(*arguments: str, stdin: str | None = None) -> Answer:
        done = runner.invoke(cli.app, list(arguments), input=stdin)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("SALDO_HOME", str(home))
        changed.setenv("SALDO_DATABASE_URL", url)
        settings_module.settings.cache_clear()
        offices.office.cache_clear()
        yield run
        if offices.office.cache_info().currsize:
            offices.office().engine.dispose()
        settings_module.settings.cache_clear()
        offices.office.cache_clear()


@pytest.fixture
def saldo(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Answer]]:
    """`saldo` on a database and a home of the test's own."""
    with saldo_on(database_url, tmp_path) as run:
        yield run
