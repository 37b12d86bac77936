"""How a file's columns read: remembered, else proposed by their headings, corrected here (IMP)."""

import streamlit as st

from core.access.authority import Actor
from core.imports.kinds import AMOUNTS, KINDS
from core.imports.mapping import Sheet, propose, remembered
from core.imports.reading import Reading
from core.office import office
from pages.parts import states

NONE = "–"
FORMATS = ("YYYY-MM-DD", "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "yyyy/mm/dd")


def label(field: str) -> str:
    """A field in words."""
    return field.removesuffix("_minor").replace("_", " ").capitalize()


def reading_for(actor: Actor, kind: str, sheet: Sheet) -> Reading:
    """The reading a person sees and may correct."""
    with office().work(actor) as work:
        kept = remembered(work, kind, sheet.headings)
    start = kept or Reading(propose(kind, sheet.headings))
    required = {field.name for field in KINDS[kind] if field.required}
    lacking = sorted(required - start.columns.keys())
    with st.expander("How the columns read", expanded=kept is None):
        if kept:
            states.notice("good", "Read as the last file with these headings was")
        chosen = _corrected(kind, sheet, start)
    if lacking and not required <= chosen.columns.keys():
        missing = ", ".join(label(each) for each in sorted(required - chosen.columns.keys()))
        states.notice("warn", f"No column chosen for: {missing}")
    return chosen


def _corrected(kind: str, sheet: Sheet, start: Reading) -> Reading:
    place = "|".join((kind, *sheet.headings))
    options = [NONE, *sheet.headings]
    columns: dict[str, str] = {}
    with st.container(horizontal=True):
        for field in KINDS[kind]:
            now = start.columns.get(field.name, NONE)
            said = st.selectbox(
                label(field.name) + (" *" if field.required else ""),
                options,
                options.index(now) if now in options else 0,
                key=f"import-{field.name}-{hash(place)}",
                width=190,
            )
            if said != NONE:
                columns[field.name] = said
    dates = list(dict.fromkeys([start.date_format or FORMATS[0], *FORMATS]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        written = st.selectbox("Days are written", dates, key="import-date_format", width=190)
        units = False
        if any(field.name in AMOUNTS for field in KINDS[kind]):
            units = st.checkbox("Amounts are in units: 50.39", start.units, key="import-units")
    return Reading(columns, None if written == FORMATS[0] else written, units)
