"""A bar on the terminal for what takes longer than a moment; files and cron get none."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from core.progress import listening

PATIENCE_SECONDS = 2.0
"""What ends sooner shows no bar."""


class Bars:
    """One bar a piece of work, shown once the command has taken its time."""

    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._tasks: list[TaskID] = []

    def begin(self, words: str, total: int) -> None:
        """Add a bar, within those that are there."""
        self._tasks.append(self._progress.add_task(words, total=total))
        self._show()

    def step(self) -> None:
        """Move the innermost bar on."""
        self._progress.advance(self._tasks[-1])
        self._show()

    def end(self) -> None:
        """Take the innermost bar away."""
        self._progress.remove_task(self._tasks.pop())

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def _show(self) -> None:
        if time.monotonic() - self._began >= PATIENCE_SECONDS:
            self._progress.start()


@contextmanager
def bars() -> Iterator[None]:
    """Show bars of what the block does, where somebody sees them."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    shown = Bars(console)
    try:
        with listening(shown):
            yield
    finally:
        shown.close()
