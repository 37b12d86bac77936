"""Making and publishing the copy, killed or out of disk anywhere: the last good copy is served."""

import errno
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, Literal

import pytest

from bench._truths import copy_differs
from core.clock import SetClock
from core.errors import SaldoError
from core.work import Office
from etl import pipeline
from etl.publish import problem
from etl.warehouse import Warehouse
from tests.billing import a_tenant, an_invoice, pass_days

Trouble = Literal["killed", "disk_full"]
MOST_BOUNDARIES = 60
REFUSED = 3
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FORK = multiprocessing.get_context("fork")


def sync(office: Office, *, full: bool = False) -> None:
    url = office.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    pipeline.sync(office.settings, url, now=office.clock.now(), full=full)


def in_child(office: Office, prepare: Callable[[], object], *, full: bool) -> int | None:
    """The exit code of a process that syncs once it is prepared to fail."""

    def live() -> None:
        prepare()
        try:
            sync(office, full=full)
        except SaldoError:
            os._exit(REFUSED)
        os._exit(0)

    child = _FORK.Process(target=live)
    child.start()
    child.join()
    return child.exitcode


def troubled(folder: str, trouble: Trouble, nth: int) -> None:
    """Have this process die, or find the disk full, at its nth write in a folder."""
    seen = 0

    def hear(event: str, given: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in ("open", "os.rename", "shutil.copyfile"):
            return
        is_read = event == "open" and not (isinstance(given[2], int) and given[2] & WRITING)
        if is_read or not str(given[0]).startswith(folder):
            return
        seen += 1
        if seen == nth and trouble == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        # A full disk stays full.
        if seen >= nth and trouble == "disk_full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hear)


def published(office: Office) -> str:
    """Which run made the copy that is served; a reader can read it."""
    warehouse = Warehouse(office.settings)
    assert warehouse.ask("published_currencies").height
    return str(warehouse.reading().info().run_id)


def is_whole_after(office: Office, before: str, code: int | None, *, full: bool) -> bool:
    """The copy before or the new one is served, and the next sync ends well. Whether it ended."""
    now = published(office)
    assert code in (0, REFUSED, -signal.SIGKILL)
    if code == REFUSED:
        assert now == before
    if code == 0:
        assert now != before
    sync(office)
    assert copy_differs(office) == []
    assert problem(office.settings.copy_path) is None
    assert not list(office.settings.copy_path.parent.glob("build-*"))
    return code == 0


@pytest.fixture
def served(office: Office, clock: SetClock) -> Office:
    """A published copy, and news that it does not have yet."""
    an_invoice(office, a_tenant(office))
    sync(office, full=True)
    return office


@pytest.mark.parametrize(
    ("trouble", "full"),
    [("killed", False), ("killed", True), ("disk_full", False), ("disk_full", True)],
)
def test_the_copy_before_is_served_whatever_was_written_last(
    served: Office, clock: SetClock, trouble: Trouble, full: bool
) -> None:
    folder = str(served.settings.copy_path.parent)
    for nth in range(1, MOST_BOUNDARIES):
        an_invoice(served, a_tenant(served))
        pass_days(clock, 1)
        before = published(served)
        code = in_child(served, lambda: troubled(folder, trouble, nth), full=full)  # noqa: B023
        if is_whole_after(served, before, code, full=full):
            assert nth > 2, "a sync writes so many files"
            return
    pytest.fail("it does not come to an end")


@pytest.mark.parametrize("room", [1 << 12, 1 << 16, 1 << 20])
def test_a_disk_that_fills_up_under_the_engine_leaves_the_copy_and_says_so(
    served: Office, room: int
) -> None:
    def cramped() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    before = published(served)
    code = in_child(served, cramped, full=True)
    assert (code, published(served)) == (REFUSED, before)
    assert "cannot be" in (problem(served.settings.copy_path) or "")
    assert is_whole_after(served, before, code, full=True) is False
