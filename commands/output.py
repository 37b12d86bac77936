"""How every command answers: words or one JSON document, and an exit code that means something."""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import OperationalError

from commands.bars import bars
from core.clock import day_of, within_reach
from core.errors import SaldoError

P = ParamSpec("P")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
Format = Annotated[
    Literal["json", "csv", "pdf"] | None, typer.Option("--format", help="csv and pdf go to stdout.")
]
Words = Callable[[Any], None]
console = Console(highlight=False, markup=False)
INTERRUPTED = 130
"""Exit code of a command that Ctrl+C ended, as shells have it."""
STOPPED = "Stopped. What was finished is kept, the rest is as it was before."
WIDE = 200
"""Columns of a table that goes to a file or a pipe."""


def command(function: Callable[P, Any]) -> Callable[P, None]:
    """Run a command; a refusal becomes words on stderr, `error` in JSON, and exit code 1."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            with bars():
                function(*args, **kwargs)
        except KeyboardInterrupt:
            _refuse(STOPPED, "stopped", as_json, status=INTERRUPTED)
        except SaldoError as problem:
            _refuse(str(problem), problem.code, as_json, getattr(problem, "problems", []))
        except ValidationError as problem:
            _refuse(_settings_words(problem), "bad_setting", as_json)
        except OperationalError as problem:
            _refuse(
                f"The database does not answer: {problem.orig}", "database_unavailable", as_json
            )

    return run


def answer(result: Any, as_json: bool, words: Words) -> None:
    """Print a result for a program or for a person."""
    if as_json:
        sys.stdout.write(json.dumps(result, default=_plain, ensure_ascii=False) + "\n")
    else:
        words(result)


def progress(words: str) -> None:
    """Tell a person how far a long command is, beside its answer."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def failed(result: dict[str, Any], as_json: bool, words: Words, reason: str) -> None:
    """Print the result of a check that did not pass, say why on stderr, exit 1."""
    answer({**result, "error": reason}, as_json, words)
    sys.stderr.write(reason + "\n")
    raise typer.Exit(1)


def table(columns: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
    """Print rows as a table, each cell as it is; the columns in `right` hold numbers."""
    wide = console if console.is_terminal else Console(highlight=False, markup=False, width=WIDE)
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        grid.add_column(name, justify="right" if place in right else "left", no_wrap=place in right)
    for row in rows:
        grid.add_row(*map(Text, row))
    wide.print(grid)


def checked(passed: bool, words: str) -> None:
    """Print what was checked behind a mark of how it went."""
    mark = Text("✓", "green") if passed else Text("✗", "red")
    console.print(mark, words)


def day(text: str) -> date:
    """An ISO date from the command line."""
    try:
        return day_of(text)
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r} is not a date such as 2026-10-31") from problem


def instant(text: str) -> datetime:
    """An ISO instant with its offset from the command line."""
    words = f"{text!r} is not an instant with its offset, such as 2026-10-31T09:30:00+00:00"
    try:
        given = datetime.fromisoformat(text)
    except ValueError as problem:
        raise typer.BadParameter(words) from problem
    if given.tzinfo is None:
        raise typer.BadParameter(words)
    return given


def month(text: str) -> date:
    """The first day of a month given as YYYY-MM."""
    try:
        return within_reach(datetime.strptime(text, "%Y-%m").date())  # noqa: DTZ007
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r} is not a month such as 2026-10") from problem


def _refuse(
    words: str, code: str, as_json: bool, problems: Sequence[Any] = (), status: int = 1
) -> None:
    if as_json:
        refusal: dict[str, Any] = {"error": words, "code": code}
        if problems:
            refusal["problems"] = [asdict(problem) for problem in problems]
        sys.stdout.write(json.dumps(refusal, ensure_ascii=False) + "\n")
    sys.stderr.write(words + "\n")
    raise typer.Exit(status)


def _settings_words(problem: ValidationError) -> str:
    return "; ".join(f"{error['loc'][0]}: {error['msg']}" for error in problem.errors())


def _plain(value: object) -> str:
    if isinstance(value, (date, Decimal, Path)):
        return str(value) if not isinstance(value, datetime) else value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")
