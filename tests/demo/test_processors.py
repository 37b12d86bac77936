"""The simulation shares a processor with its database, and gives the others back."""

import os
import subprocess
import sys

import pytest

from demo.processors import keep_on, on_one

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system lets nobody choose processors"
)


def test_two_processes_share_one_processor_until_it_is_over() -> None:
    before = os.sched_getaffinity(0)
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as other:
        with on_one(True) as processor:
            keep_on(other.pid, processor)
            assert os.sched_getaffinity(0) == os.sched_getaffinity(other.pid) == {processor}
        other.communicate(b"")
    assert os.sched_getaffinity(0) == before


def test_unwanted_or_not_allowed_it_changes_nothing() -> None:
    before = os.sched_getaffinity(0)
    with on_one(False) as processor:
        assert processor is None
        assert os.sched_getaffinity(0) == before
        keep_on(os.getpid(), processor)
    keep_on(2**22 + 1, max(before))
    assert os.sched_getaffinity(0) == before
