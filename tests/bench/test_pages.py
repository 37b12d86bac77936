"""The benchmark of the pages' questions asks all that pages ask of the copy."""

import ast
from pathlib import Path

from bench._pages import PAGES
from core.settings import ROOT

QUESTIONS = frozenset(
    {
        "metrics",
        "movements",
        "cohorts",
        "ageing",
        "owing",
        "owed",
        "open_total",
        "open_invoices",
        "cash_forecast",
        "forecast_rows",
        "behind",
        "drill",
        "tenants_counted",
        "tenants",
        "currencies",
    }
)
"""The functions of pages/parts/reading.py that ask the copy."""
CLOSING = "etl.closing"
ASKED_BY_A_PRESS = frozenset({"pages.revenue.close_asks"})
"""What asks only when somebody is about to write."""


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _asks(path: Path) -> bool:
    """Whether a page module names a question of the copy."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "reading" and node.attr in QUESTIONS:
                return True
        elif isinstance(node, ast.ImportFrom) and (
            node.module == CLOSING
            or (node.module == "pages.parts.reading" and {n.name for n in node.names} & QUESTIONS)
        ):
            return True
    return False


def test_every_page_that_asks_the_copy_is_measured() -> None:
    asking = {_name(path) for path in (ROOT / "pages").rglob("*.py") if _asks(path)}
    assert asking - ASKED_BY_A_PRESS == PAGES.keys()
