"""A month's close as a document: its checklist, its figures then and now (LED.2)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.closing.checklist import Item
from core.closing.viewing import Restatement
from core.documents.listings import Listing
from core.documents.wording import Wording

_SAY = Wording("en")
_CHECKED = (("Item", False), ("State", False), ("What was found", False), ("Explained by", False))
_FIGURES = (
    ("Figure", False),
    ("Group", False),
    ("As closed", True),
    ("As now", True),
    ("Restated", False),
)


def checklist_paper(month: date, items: Sequence[Item], as_of: date) -> Listing:
    """Every item with what was found and how it was explained."""
    rows = [[item.title, item.state, item.finding, item.explanation or ""] for item in items]
    return Listing(f"Close of {month:%Y-%m}: checklist", _CHECKED, rows, as_of, "", len(rows))


def figures_paper(month: date, figures: Sequence[Restatement], as_of: date) -> Listing:
    """Every figure as it was closed and as it is now, those that changed first."""
    changed = sum(each.changed for each in figures)
    rows = [
        [
            each.figure.replace("_", " ").replace(".", ": "),
            each.group.replace(":", " ") or "company",
            _words(each.closed),
            _words(each.now),
            "yes" if each.changed else "",
        ]
        for each in sorted(figures, key=lambda each: not each.changed)
    ]
    told = f"{changed} restated by later facts"
    return Listing(f"Close of {month:%Y-%m}: figures", _FIGURES, rows, as_of, told, len(rows))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return _SAY.money(value["minor"], value["currency"])
    return "n/a" if value is None else str(value)
