"""Bank files: upload, what was read, import; for CSV how its columns read (UNM.1)."""

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.access.authority import Actor
from core.bank.files import FileImported, import_file
from core.bank.readers import MOST_MIB, read_bank_file
from core.bank.readers.csv_mapping import CsvMapping
from core.bank.readers.model import BankFile
from core.errors import NotFound, SaldoError
from core.office import office
from pages.admin import receipts
from pages.parts import confirm, formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import bank_files_columns, bank_files_parts

CHOSEN = "bank-file"


@dataclass(frozen=True)
class Chosen:
    """A file as it was uploaded, and how it reads."""

    name: str
    data: bytes
    mapping: CsvMapping | None
    read: BankFile

    @property
    def subject(self) -> str:
        """What the dialog's address calls it."""
        return hashlib.sha256(self.data + repr(self.mapping).encode()).hexdigest()[:12]


def main() -> None:
    """The upload, what the file says, and the statements that came before."""
    head.page("Bank files", "camt.053, camt.054, MT940, BgMax and CSV; each entry comes in once")
    receipts.show()
    actor = viewer.current_actor()
    if viewer.may("bank.import"):
        _upload(actor)
    bank_files_parts.history(actor)
    confirm.draw(IMPORT)


def _upload(actor: Actor) -> None:
    kinds = ["xml", "txt", "sta", "mt940", "940", "csv", "tsv", "bgmax", "swi", "mta"]
    file = st.file_uploader(
        "A file of the bank", type=kinds, key="bank-upload", max_upload_size=MOST_MIB
    )
    if file is None:
        st.session_state.pop(CHOSEN, None)
        return
    data = file.getvalue()
    try:
        mapping = bank_files_columns.mapping_for(actor, data)
        chosen = Chosen(file.name, data, mapping, read_bank_file(data, mapping))
    except SaldoError as problem:
        states.failed(problem)
        return
    st.session_state[CHOSEN] = chosen
    with st.container(border=True, key="panel-bank-file"):
        bank_files_parts.told(chosen.read)
        confirm.door(IMPORT, chosen.subject, "Import…")


def _preview(subject: str) -> Chosen:
    chosen: Chosen | None = st.session_state.get(CHOSEN)
    if chosen is None or chosen.subject != subject:
        raise NotFound("Choose the file again")
    return chosen


def _show(chosen: Chosen) -> None:
    tables.html(
        [
            Column("Statement", words=True),
            Column("Transactions"),
            Column("What happens", words=True),
        ],
        [
            [
                Cell(f"{each.account} {each.statement_ref}"),
                Cell(formats.number(len(each.transactions))),
                Cell("Set aside", tone="bad") if each.foots is False else Cell("Imported"),
            ]
            for each in chosen.read.statements
        ],
        label="What is imported",
    )


def _execute(chosen: Chosen, reason: str, key: str) -> str:
    done = import_file(
        office(), viewer.current_actor(), chosen.data, name=chosen.name, mapping=chosen.mapping
    )
    return receipts.keep(_told(done), _event(done))


def _told(done: FileImported) -> str:
    words = (
        f"{done.imported} transfers imported, {done.matched} of them matched, "
        f"{done.unmatched} for the inbox; {done.already_known} were known"
    )
    return words + (f"; {done.quarantined} statements set aside" if done.quarantined else "")


def _event(done: FileImported) -> str:
    moved = done.imported or done.already_known
    return "bank.statement.imported" if moved else "bank.statement.quarantined"


IMPORT = confirm.Step(
    "bank-import",
    "Import this file",
    "Import",
    _preview,
    _show,
    _execute,
    fresh=False,
    reason=False,
)

main()
