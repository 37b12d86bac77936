"""What a bank file says, and which statements came before (UNM.1)."""

import streamlit as st

from core.access.authority import Actor
from core.bank.listing import StatementRow, recent_statements
from core.bank.readers.model import NO_CURRENCY, BankFile, ReadStatement
from core.clock import local_date
from core.listing import MOST_FILED
from core.money import Money
from core.office import office
from core.settings import settings
from pages.parts import downloads, formats, head, states, tables
from pages.parts.tables import Cell, Column
from pages.receivables import lists

MOST_SHOWN = 10
LATEST = 25
"""Statements that the page shows; its files hold more."""
CAME = (
    Column("Came", words=True),
    Column("Account", words=True),
    Column("Statement", words=True),
    Column("File", words=True),
    Column("Transfers"),
    Column("State", words=True),
)
FILED = (
    "id", "imported_at", "account", "statement_ref", "file_name", "format", "currency",
    "booked_on", "transfers", "status", "difference_minor", "problem",
)  # fmt: skip
FOOTS = {
    True: ("Adds up", "good"),
    False: ("Does not add up", "bad"),
    None: ("Nothing to compare", ""),
}
STATUSES = {"imported": ("Imported", "good"), "quarantined": ("Set aside", "bad")}
FORMATS = {"mt940": "MT940", "mt942": "MT942", "bgmax": "BgMax", "csv": "CSV"}


def told(file: BankFile) -> None:
    """What a file says: its statements with their balances, its notes, its first rows."""
    count = sum(len(each.transactions) for each in file.statements)
    head.section(FORMATS.get(file.format, file.format), f"{count} transactions")
    columns = [
        Column("Account", words=True),
        Column("Statement", words=True),
        Column("Opening"),
        Column("Closing"),
        Column("Transactions"),
        Column("Balances", words=True),
    ]
    tables.html(columns, [_statement(each) for each in file.statements], label="Statements")
    for note in [*file.notes, *(note for each in file.statements for note in each.notes)][:20]:
        states.notice("warn", note)
    _first(file)


def _statement(read: ReadStatement) -> list[Cell]:
    words, tone = FOOTS[read.foots]
    if read.difference_minor:
        words += f", differs by {_money(read.difference_minor, read.currency)}"
    return [
        Cell(read.account),
        Cell(read.statement_ref),
        Cell(_money(read.opening_minor, read.currency)),
        Cell(_money(read.closing_minor, read.currency)),
        Cell(formats.number(len(read.transactions))),
        Cell(words, tone=tone),
    ]


def _first(file: BankFile) -> None:
    """The first transactions, as they will be imported."""
    found = [each for statement in file.statements for each in statement.transactions]
    columns = [
        Column("Booked", words=True),
        Column("Counterparty", words=True),
        Column("Reference", words=True),
        Column("Amount"),
    ]
    rows = [
        [
            Cell(formats.day(each.booked_on)),
            Cell(each.counterparty_name),
            Cell(each.reference[:80]),
            Cell(_money(each.signed_minor, each.currency)),
        ]
        for each in found[:MOST_SHOWN]
    ]
    tables.html(columns, rows, label="First transactions")


def history(actor: Actor) -> None:
    """The statements that came, newest first, with what was set aside and why."""
    with office().work(actor) as work:
        found = recent_statements(work, LATEST)
    if not found:
        states.empty("No statement came yet", "Upload the first file of your bank.")
        return
    listed = lists.Listed(
        "statements", "Statements that came", CAME, lambda most: _statements(actor, most), _came,
        FILED, local_date(office().clock.now(), settings().billing_timezone),
    )  # fmt: skip
    told = "newest first; what does not add up is kept, not booked"
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        head.section(
            "Statements that came",
            f"the last {len(found)}, {told}" if len(found) == LATEST else told,
        )
        with st.container(horizontal=True, width="content"):
            tables.csv_button(lambda: lists.frame(listed), "statements.csv", "csv-statements")
            downloads.list_button(
                lambda: lists.as_pdf(listed, len(_statements(actor, MOST_FILED))),
                "statements.pdf",
                "pdf-statements",
            )
    tables.html(CAME, [_came(each) for each in found], label="Statements that came", folds=True)


def _statements(actor: Actor, most: int) -> list[StatementRow]:
    with office().work(actor) as work:
        return recent_statements(work, most)


def _came(row: StatementRow) -> list[Cell]:
    state, tone = STATUSES.get(row.status, ("Replaced by a corrected one", ""))
    if row.status == "quarantined":
        state += f": {row.problem}"
    return [
        Cell(formats.instant(row.imported_at, settings().billing_timezone)),
        Cell(row.account),
        Cell(row.statement_ref),
        Cell(row.file_name),
        Cell(formats.number(row.transfers)),
        Cell(state, tone=tone),
    ]


def _money(minor: int | None, currency: str) -> str:
    if minor is None:
        return "n/a"
    if currency == NO_CURRENCY:
        return formats.number(minor)
    return formats.money(Money(minor, currency))
