"""The dunning ladder: what happens on which day after the due date; a new version of it (DUN.1)."""

import streamlit as st

from core.dunning.rules import Stage
from pages.admin import ladder_edits, receipts
from pages.admin.ladder_edits import Seen
from pages.parts import confirm, formats, head, tables, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import dunning_words as words

COLUMNS = (
    Column("Stage", words=True),
    Column("Days after the due date"),
    Column("What happens", words=True),
    Column("Name and message", words=True),
)


def main() -> None:
    """The ladder in force, and the door to a new version."""
    head.page("Dunning ladder", "what happens to an invoice that stays unpaid, and when")
    receipts.show()
    _stages(ladder_edits.in_force())
    confirm.draw(ladder_edits.STEP)


def _stages(found: Seen) -> None:
    with st.container(border=True, key="panel-ladder"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            told = "cases that run keep the version they began with"
            head.section(f"Version {found.version}", told)
            if viewer.may(ladder_edits.NEEDS):
                confirm.door(ladder_edits.STEP, ladder_edits.COMMON, "New version…")
        rows = [_row(place, stage) for place, stage in enumerate(found.stages, start=1)]
        tables.html(COLUMNS, rows, label="Stages of the ladder")


def _row(place: int, stage: Stage) -> list[Cell]:
    tone = {"remind": "", "throttle": "warn", "read_only": "warn"}.get(stage.effect, "bad")
    return [
        Cell(formats.number(place)),
        Cell(formats.number(stage.after_days)),
        Cell(words.EFFECTS[stage.effect].capitalize(), tone=tone),
        Cell(stage.template.capitalize()),
    ]


main()
