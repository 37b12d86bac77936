"""What the guide names exists: pages, buttons, commands, addresses and the pages it points to."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from core.settings import ROOT
from pages.parts.entries import MENU
from tests.guide import GUIDE, PAGES, marked
from tests.test_documented import commands

SCREENS = (ROOT / "pages", ROOT / "api")
every_page = pytest.mark.parametrize("name", PAGES)


@cache
def shown() -> frozenset[str]:
    """Every text that the code of pages and of sign-in holds; of one with gaps, what begins it."""
    files = (path for folder in SCREENS for path in folder.rglob("*.py"))
    return frozenset(text for path in files for text in _texts(ast.parse(path.read_text())))


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            yield f"{str(node.values[0].value).rstrip()} …"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@every_page
def test_what_is_in_bold_stands_on_a_screen(name: str) -> None:
    known = {entry.title for entry in MENU} | shown()
    strange = {words for words in marked(PAGES[name]) if words not in known}
    assert {words for words in strange if f">{words}</a>" not in "".join(shown())} == set()


@every_page
def test_commands_are_those_of_the_command_line(name: str) -> None:
    for told in re.findall(r"`(saldo [^`]+)`", PAGES[name]):
        words = told.split()
        assert any(" ".join(words[:most]) in commands() for most in (2, 3, 4)), told


@every_page
def test_links_lead_to_pages_that_exist(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGES[name]):
        assert (GUIDE / target).exists(), target


def test_the_guide_has_a_page_for_each_of_its_readers() -> None:
    assert set(PAGES) == {
        "README.md", "analyst.md", "cfo.md", "finance.md", "monday.md", "operator.md",
    }  # fmt: skip
    assert all(f"]({name})" in PAGES["README.md"] for name in set(PAGES) - {"README.md"})
