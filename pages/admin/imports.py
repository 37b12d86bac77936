"""Import data: a company's own files, checked before they load, and its Stripe account (IMP)."""

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.access.authority import Actor
from core.errors import NotFound, SaldoError
from core.imports.actions import Loaded, import_csv
from core.imports.kinds import KINDS
from core.imports.mapping import Sheet, keep_mapping, sheet_of
from core.imports.reading import FileRefused, Problem, Reading
from core.office import office
from core.settings import settings
from pages.admin import imports_columns, imports_stripe, receipts
from pages.parts import confirm, formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column

CHOSEN, CHECKED = "import-file", "import-checked"
SHOWN = 5
"""Rows of the mapped preview."""
MOST_PROBLEMS = 100
WORDS = {
    "tenants": "Customers",
    "plans": "Plans and prices",
    "subscriptions": "Subscriptions",
    "cancellations": "Cancellations",
    "invoices": "Invoices",
    "payments": "Payments",
    "costs": "Costs",
    "cash": "Cash balances",
    "fx": "Exchange rates",
}


@dataclass(frozen=True)
class Chosen:
    """A file as it was uploaded, and how it reads."""

    kind: str
    data: bytes
    sheet: Sheet
    reading: Reading

    @property
    def subject(self) -> str:
        """What the dialog's address calls it."""
        said = repr((self.kind, self.reading)).encode()
        return hashlib.sha256(self.data + said).hexdigest()[:12]


def main() -> None:
    """Files first: choose, map, check, load; then the Stripe account."""
    head.page("Import data", "your own company, from CSV files or from Stripe")
    receipts.show()
    actor = viewer.current_actor()
    seen = viewer.current_viewer()
    _csv(actor)
    if seen and seen.may("payment_config.manage"):
        imports_stripe.panel(actor)
    confirm.draw(LOAD, imports_stripe.START)


def _csv(actor: Actor) -> None:
    head.section("From a CSV file", "loaded whole, or not at all; twice adds nothing")
    kind = st.selectbox(
        "What the file holds", list(KINDS), format_func=WORDS.__getitem__, key="import-kind"
    )
    file = st.file_uploader(
        "A CSV file", type=["csv", "tsv", "txt"], key="import-upload", max_upload_size=_most_mib()
    )
    if file is None:
        st.session_state.pop(CHOSEN, None)
        return
    data = file.getvalue()
    try:
        sheet = sheet_of(data, SHOWN)
        reading = imports_columns.reading_for(actor, kind, sheet)
    except SaldoError as problem:
        states.failed(problem)
        return
    chosen = Chosen(kind, data, sheet, reading)
    st.session_state[CHOSEN] = chosen
    with st.container(border=True, key="panel-import-file"):
        _mapped(chosen)
        _told(chosen, _checked(actor, chosen))


def _most_mib() -> int:
    return settings().import_max_mib


def _mapped(chosen: Chosen) -> None:
    """The first rows as they will be read."""
    places = {
        field.name: chosen.sheet.headings.index(column)
        for field in KINDS[chosen.kind]
        if (column := chosen.reading.columns.get(field.name)) in chosen.sheet.headings
    }
    head.section("First rows", "as they will be read")
    tables.html(
        [Column(imports_columns.label(name), words=True) for name in places],
        [
            [Cell(row[place] if place < len(row) else "") for place in places.values()]
            for row in chosen.sheet.rows
        ],
        label="First rows",
    )


def _checked(actor: Actor, chosen: Chosen) -> Loaded | list[Problem]:
    """What loading would do, or what speaks against it; tried once a file and reading."""
    known = st.session_state.get(CHECKED)
    if known is None or known[0] != chosen.subject:
        try:
            found: Loaded | list[Problem] = import_csv(
                office(), actor, chosen.kind, chosen.data, chosen.reading, dry_run=True
            )
        except FileRefused as refused:
            found = refused.problems
        known = st.session_state[CHECKED] = (chosen.subject, found)
    return known[1]


def _told(chosen: Chosen, found: Loaded | list[Problem]) -> None:
    if isinstance(found, Loaded):
        states.notice("good", _words(found, "would be "))
        confirm.door(LOAD, chosen.subject, "Load…")
        return
    count = f"{formats.number(len(found))} problem{'' if len(found) == 1 else 's'}"
    states.notice("bad", f"{count}; nothing loads before they are gone")
    tables.html(
        [Column("Row"), Column("Column", words=True), Column("Reason", words=True)],
        [
            [Cell(formats.number(each.row)), Cell(each.column or "–"), Cell(each.reason)]
            for each in found[:MOST_PROBLEMS]
        ],
        label="Problems of the file",
    )


def _preview(subject: str) -> Chosen:
    chosen: Chosen | None = st.session_state.get(CHOSEN)
    if chosen is None or chosen.subject != subject:
        raise NotFound("Choose the file again")
    return chosen


def _show(chosen: Chosen) -> None:
    found = _checked(viewer.current_actor(), chosen)
    assert isinstance(found, Loaded)
    st.write(_words(found, "will be "))


def _execute(chosen: Chosen, reason: str, key: str) -> str:
    actor = viewer.current_actor()
    done = import_csv(office(), actor, chosen.kind, chosen.data, chosen.reading)
    with office().work(actor) as work:
        keep_mapping(work, chosen.kind, chosen.sheet.headings, chosen.reading)
    st.session_state.pop(CHECKED, None)
    return receipts.keep(_words(done, ""), "import.csv")


def _words(done: Loaded, will: str) -> str:
    return (
        f"{formats.number(done.rows)} rows of {WORDS[done.kind].lower()}: "
        f"{formats.number(done.added)} {will}added, {formats.number(done.updated)} {will}updated, "
        f"{formats.number(done.unchanged)} known already"
    )


LOAD = confirm.Step(
    "import-load",
    "Load this file",
    "Load",
    _preview,
    _show,
    _execute,
    fresh=False,
    reason=False,
)

main()
