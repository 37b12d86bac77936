"""Long commands show how far they are, and end well when they are stopped."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from commands import bars
from commands.output import INTERRUPTED, STOPPED
from core.progress import counted, listening, piece
from core.settings import settings
from etl import pipeline
from tests.commands.conftest import Answer

Saldo = Callable[..., Answer]


class Ear:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def begin(self, words: str, total: int) -> None:
        self.heard.append((words, total))

    def step(self) -> None:
        self.heard.append("step")

    def end(self) -> None:
        self.heard.append("end")


def test_work_tells_whoever_listens_and_nobody_else() -> None:
    ear = Ear()
    assert list(counted([1, 2], "Unheard")) == [1, 2]
    with listening(ear):
        assert list(counted([1, 2], "Subscriptions")) == [1, 2]
        with piece("Tables", 1) as done:
            done()
        with pytest.raises(ValueError, match="broken"):
            for _ in counted([1], "Rows"):
                raise ValueError("broken")
    assert ear.heard == [
        ("Subscriptions", 2), "step", "step", "end", ("Tables", 1), "step", "end", ("Rows", 1),
        "end",
    ]  # fmt: skip


def test_a_bar_is_shown_once_a_command_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for patience, shown in ((0.0, True), (3600.0, False)):
        monkeypatch.setattr(bars, "PATIENCE_SECONDS", patience)
        screen = io.StringIO()
        each = bars.Bars(Console(file=screen, force_terminal=True, width=80))
        with listening(each):
            for _ in counted(range(3), "Subscriptions"):
                pass
        each.close()
        assert ("Subscriptions" in screen.getvalue()) is shown


def test_a_full_sync_tells_of_its_tables_and_its_figures(saldo: Saldo) -> None:
    ear = Ear()
    with listening(ear):
        assert saldo("sync", "--full").code == 0
    told = [each for each in ear.heard if isinstance(each, tuple)]
    assert ear.heard.count("step") == sum(total for _, total in told)
    assert {words for words, _ in told} == {"Copying tables", "Computing figures"}


def test_a_sync_that_is_stopped_leaves_the_last_copy_and_nothing_else(
    saldo: Saldo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_build: object) -> None:
        raise KeyboardInterrupt

    assert saldo("sync").code == 0
    before = _copies()
    monkeypatch.setattr(pipeline, "check_models", stop)
    answer = saldo("sync", "--full", "--json")
    assert answer.code == INTERRUPTED
    assert answer.json == {"error": STOPPED, "code": "stopped"}
    assert _copies() == before


def _copies() -> dict[str, int]:
    folder: Path = settings().copy_path.parent
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.duckdb*")}
