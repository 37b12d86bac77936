"""docs/security.md lists the tests of this folder, each with its part of the standard."""

import ast
import re
from pathlib import Path

from core.settings import ROOT

PAGE = ROOT / "docs" / "security.md"
CLAIM = re.compile(r"ASVS ((?:\d+\.\d+\.\d+)(?:, \d+\.\d+\.\d+)*): (.+)")


def claims() -> list[tuple[str, str, str, str]]:
    """File, test, sections and words of each test, in the order of the folder."""
    found = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = CLAIM.fullmatch(" ".join((ast.get_docstring(node) or "").split()))
                assert said, f"{path.name}::{node.name} does not name its part of the standard"
                found.append((path.name, node.name, *said.groups()))
    return found


def test_the_page_lists_every_protection_with_its_section() -> None:
    rows = re.findall(r"^\| `(test_\w+)` \| ([\d., ]+) \| (.+) \|$", PAGE.read_text(), re.M)
    assert rows == [(test, sections, words) for _, test, sections, words in claims()]


def test_the_page_has_a_part_for_each_file() -> None:
    parts = re.findall(r"^`tests/security/(test_\w+\.py)`", PAGE.read_text(), re.M)
    assert parts == sorted({file for file, *_ in claims()})
