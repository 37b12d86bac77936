"""What `deploy/` and its page tell an operator to use is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands.health import QUESTIONS
from core.settings import ROOT, Settings
from tests.test_documented import commands

DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs" / "operating.md"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
TOOL = shutil.which("systemd-analyze")


@pytest.mark.parametrize("path", [*FILES, PAGE], ids=lambda path: path.name)
def test_only_settings_that_there_are_are_named(path: Path) -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    named = set(re.findall(r"\bSALDO_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert named <= known


def test_only_commands_that_there_are_are_run() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [*FILES, PAGE]]
    run = re.findall(r"bin/saldo ((?:db )?[a-z]+)|`saldo ((?:db |user )?[a-z]+)", "\n".join(texts))
    listed = re.findall(r'\["saldo", ("[a-z", ]+)', "\n".join(texts))
    named = {" ".join(found).strip() for found in run}
    named |= {
        " ".join(word for word in re.findall(r"[a-z]+", each) if word != "host") for each in listed
    }
    assert {"serve", "worker", "db upgrade", "user add", "doctor"} <= named
    assert {f"saldo {name}" for name in named} <= commands()


def test_the_page_lists_as_many_faults_as_it_says() -> None:
    faults = PAGE.read_text(encoding="utf-8").split("## Twelve faults")[1].split("## ")[0]
    rows = [line for line in faults.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 12
    assert len(QUESTIONS) >= len(rows)


@pytest.mark.skipif(TOOL is None, reason="no systemd here to verify its units with")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    folder = Path(sys.executable).parent
    for unit in (DEPLOY / "systemd").glob("*.service"):
        text = unit.read_text(encoding="utf-8").replace("/opt/saldo/.venv/bin", str(folder))
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.glob("*.service"))]
    assert len(units) == 2
    done = subprocess.run(
        [str(TOOL), "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "saldo-" in line]
    assert ours == []
