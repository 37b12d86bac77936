"""A command imports what it needs, not what its neighbours need."""

import subprocess
import sys

import pytest

from cli import WHERE

PROGRAM = """
import sys, cli
sys.argv[1:] = sys.argv[1].split()
try:
    cli.main()
finally:
    print(*(name for name in sys.modules if name.startswith("commands.")))
"""


@pytest.mark.parametrize(
    ("asked", "own"), [("periods --help", {"pure"}), ("match --help", {"matching"})]
)
def test_one_command_leaves_the_others_where_they_are(asked: str, own: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, asked], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.removeprefix("commands.") for name in done.stdout.splitlines()[-1].split()}
    assert loaded == {"bars", "logs", "output", *own}


def test_the_help_names_every_command_and_group() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--help"], capture_output=True, text=True, check=False
    )
    told = {line.strip("│ ").partition(" ")[0] for line in done.stdout.splitlines()}
    assert set(WHERE) <= told


def test_an_unknown_command_is_told_which_one_it_resembles() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "proratio"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "No such command 'proratio'. Did you mean 'proration'?" in done.stderr
