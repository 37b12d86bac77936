"""How far a long piece of work is, told to whoever listens in this thread; nobody needs to (OPS).

Work says `for each in counted(items, "Subscriptions")` and knows of no door; a door that shows bars
listens with `listening`.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Listener(Protocol):
    """Hears of one piece of work after another."""

    def begin(self, words: str, total: int) -> None:
        """A piece of so many steps begins."""

    def step(self) -> None:
        """One of them is done."""

    def end(self) -> None:
        """The piece is over, done or not."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear what this thread does until the block ends."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def piece(words: str, total: int) -> Iterator[Callable[[], None]]:
    """A piece of work of so many steps; what it gives is called after each, from any thread."""
    listener = _listener.get()
    if listener is None:
        yield lambda: None
        return
    listener.begin(words, total)
    try:
        yield listener.step
    finally:
        listener.end()


def counted(items: Collection[T], words: str) -> Iterator[T]:
    """The items, each told as done when the next is asked for."""
    with piece(words, len(items)) as done:
        for item in items:
            yield item
            done()
