"""The parts of the month close: checklist, what was kept, restatements, journal, months."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from core.access.authority import Actor
from core.closing.checklist import Item
from core.closing.papers import checklist_paper, figures_paper
from core.closing.rules import canonical, last_day
from core.closing.viewing import MonthRow, Restatement, Verified
from core.ledger.exporting import books, currencies
from core.ledger.exporting import journal as read_journal
from core.ledger.sie import sie_file
from core.money import Money
from core.office import office
from core.settings import settings
from etl.export import as_frame
from etl.journal import journal_csv
from pages.parts import catalogue, confirm, downloads, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import refresh_ask
from pages.receivables.reconciliation_words import marked
from pages.revenue import close_asks

ITEMS = {
    "green": ("good", "In order"),
    "explained": ("flat", "Explained"),
    "red": ("bad", "To mend"),
}
REFRESHED = {"copy": "sync", "recognition": "recognition"}
"""Items that a job mends, and the job."""
STATES = {
    "open": ("flat", "Open"),
    "next": ("warn", "Next to close"),
    "closed": ("good", "Closed"),
    "closed_along": ("flat", "Closed along"),
}
KINDS = {
    "metrics": "",
    "movements": "MRR movement: ",
    "ageing": "Owed, days overdue: ",
    "dso": "Days sales outstanding: ",
    "balance": "Account ",
    "deferred": "Deferred revenue: ",
}


def named(month: date) -> str:
    """A month in words."""
    return formats.month(f"{month:%Y-%m}")


def checklist(month: date, items: Sequence[Item], *, closed: bool) -> None:
    """Each item with what was found, the page that mends it, and the dialog that explains it."""
    red = sum(item.state == "red" for item in items)
    told = "as it stood when the month was closed" if closed else _readiness(red)
    with st.container(border=True, key="panel-checklist"):
        head.section(f"Checklist of {named(month)}", told)
        columns = [Column(title, words=True) for title in ("Item", "State", "What was found", "")]
        rows = [_item(month, item, closed) for item in items]
        tables.html(columns, rows, label="Checklist", folds=True)
        today = _today()
        downloads.paper_button(
            lambda: checklist_paper(month, items, today),
            f"checklist-{month:%Y-%m}.pdf",
            "pdf-checklist",
        )
        if not closed and may("sys_finance"):
            confirm.door(close_asks.CLOSE, f"{month:%Y-%m}", f"Close {named(month)}…")


def _today() -> date:
    with office().work(viewer.current_actor()) as work:
        return work.today


def _readiness(red: int) -> str:
    return f"{red} to mend or explain" if red else "everything is in order or explained"


def _item(month: date, item: Item, closed: bool) -> list[Cell]:
    found = formats.told(item.finding)
    if item.explanation:
        found += f". {item.explanation}"
    act = Cell("")
    if item.state == "red" and item.may_be_explained and not closed and may("sys_finance"):
        act = Cell("Explain…", opens=close_asks.explain_door(month, item.name))
    if item.state == "red" and item.name in REFRESHED and not closed and refresh_ask.may_ask():
        job = REFRESHED[item.name]
        place = {"month": f"{month:%Y-%m}"}
        act = Cell(f"{refresh_ask.TITLES[job]}…", opens=refresh_ask.door("close", place, job))
    return [
        Cell(item.title, opens=item.door),
        marked(ITEMS[item.state]),
        Cell(found, tone="fold-wide"),
        act,
    ]


def kept(row: MonthRow, verified: Verified) -> None:
    """When the month was closed and why, and whether every hash still fits."""
    when = formats.instant(row.closed_at, settings().billing_timezone) if row.closed_at else ""
    with st.container(border=True, key="panel-kept"):
        head.section(f"{named(row.month)} is closed", f"since {when}")
        st.html(
            f"<p>{escape(row.reason or '')}</p>"
            f'<p class="muted">{row.figures} figures, SHA-256 <code>{row.sha256}</code></p>'
        )
        if verified.intact:
            states.notice("good", "Every figure is as it was closed: all hashes fit")
        else:
            states.notice("bad", f"Changed since the close: {'; '.join(verified.wrong[:5])}")
        if may("sys_finance"):
            confirm.door(close_asks.REOPEN, f"{row.month:%Y-%m}", "Reopen…")


def restatements(month: date, figures: Sequence[Restatement]) -> None:
    """As closed against as now: what later facts changed, or every figure."""
    changed = [each for each in figures if each.changed]
    some, all_of_them = (formats.number(len(each)) for each in (changed, figures))
    told = f"{some} of {all_of_them} figures are restated by later facts"
    with st.container(border=True, key="panel-restated"):
        head.section("As closed, as now", told)
        views = {"restated": "Restated", "company": "Company", "all": "All"}
        usual = "restated" if changed else "company"
        moved = url.restart(url.follow("figures", url.one_of(list(views)), usual), "page")
        view = st.segmented_control(
            "Figures", list(views), format_func=views.__getitem__, key="figures",
            on_change=moved, required=True, label_visibility="collapsed",
        )  # fmt: skip
        shown = _shown(view or usual, figures)
        columns = [
            Column("Figure", words=True),
            Column("Group", words=True),
            *map(Column, ("As closed", "As now", "Change")),
        ]
        rows = shown[tables.page_of(len(shown), "page-figures")]
        if rows:
            tables.html(columns, [_figure(each) for each in rows], label="Restatements")
        else:
            st.html('<p class="muted">Nothing changed since the close.</p>')
        named_file, today = f"closed-{month:%Y-%m}", _today()
        with st.container(horizontal=True):
            tables.csv_button(lambda: _frame(figures), f"{named_file}.csv", "csv-restated")
            downloads.paper_button(
                lambda: figures_paper(month, figures, today), f"{named_file}.pdf", "pdf-restated"
            )


def _shown(view: str, figures: Sequence[Restatement]) -> list[Restatement]:
    if view == "restated":
        return [each for each in figures if each.changed]
    if view == "company":
        return [each for each in figures if ":" not in each.group]
    return list(figures)


def _figure(each: Restatement) -> list[Cell]:
    return [
        Cell(_title(each.figure)),
        Cell(each.group.replace(":", " ") or "company"),
        Cell(_value(each.closed)),
        Cell(_value(each.now)),
        Cell(_change(each), tone="warn" if each.changed else "muted"),
    ]


def _title(figure: str) -> str:
    kind, _, name = figure.partition(".")
    if kind == "metrics" and name in catalogue.FIGURES:
        return catalogue.title(name)
    if kind == "movements":
        return KINDS[kind] + catalogue.title(name)
    return (KINDS[kind] + name.replace("_", " ")).capitalize()


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return formats.money(Money(value["minor"], value["currency"]))
    return formats.UNDEFINED if value is None else str(value)


def _change(each: Restatement) -> str:
    if not each.changed:
        return "–"
    if isinstance(each.closed, dict) and isinstance(each.now, dict):
        return formats.money(Money(each.now["minor"] - each.closed["minor"], each.now["currency"]))
    if each.closed is None or each.now is None:
        return "changed"
    try:
        return str(Decimal(str(each.now)) - Decimal(str(each.closed)))
    except InvalidOperation:
        return "changed"


def _frame(figures: Sequence[Restatement]) -> pl.DataFrame:
    return as_frame(
        [
            {
                "figure": each.figure,
                "group": each.group,
                "closed": canonical(each.closed),
                "now": canonical(each.now),
                "changed": each.changed,
            }
            for each in figures
        ]
    )


def journal(month: date) -> None:
    """The month's journal for accountants, as SIE and CSV."""
    if not may("billing.read"):
        return
    # A file is made after the page is drawn, when nobody is looking any more.
    actor = viewer.current_actor()
    with office().work(actor) as work:
        held = currencies(work, last_day(month)) or [settings().reporting_currency]
    own = settings().reporting_currency
    with st.container(border=True, key="panel-journal"):
        head.section(
            "Journal for accountants",
            f"{named(month)}; SIE 4 has one currency a file, CSV has all of them",
        )
        for_sie = st.segmented_control(
            "Currency of the SIE file", held, default=own if own in held else held[0],
            key="journal-currency", required=True,
        )  # fmt: skip
        name = f"journal-{month:%Y-%m}"
        with st.container(horizontal=True):
            _download("SIE 4", lambda: _sie(actor, month, for_sie), f"{name}-{for_sie}.se")
            _download("CSV", lambda: _csv(actor, month), f"{name}.csv")


def may(permission: str) -> bool:
    """Whether the person holds a permission."""
    person = viewer.current_viewer()
    return person is not None and person.may(permission)


def _download(label: str, make: Any, name: str) -> None:
    st.download_button(
        label, make, file_name=name, key=f"download-{label}", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip


def _sie(actor: Actor, month: date, currency: str | None) -> bytes:
    with office().work(actor) as work:
        return sie_file(settings(), books(work, month, last_day(month), currency), work.today)


def _csv(actor: Actor, month: date) -> bytes:
    with office().work(actor) as work:
        return journal_csv(read_journal(work, month, last_day(month))).encode()


def months(rows: Sequence[MonthRow], chosen: date) -> None:
    """All finished months; each opens its own."""
    with st.container(border=True, key="panel-months"):
        head.section("Months", "finished ones, the newest first")
        columns = [
            *(Column(title, words=True) for title in ("Month", "State", "Closed", "Reason")),
            Column("Figures"),
        ]
        shown = rows[tables.page_of(len(rows), "page-months")]
        tables.html(columns, [_month(row, chosen) for row in shown], label="Months")


def _month(row: MonthRow, chosen: date) -> list[Cell]:
    zone = settings().billing_timezone
    reopened = f" (reopened {row.reopened}×)" if row.reopened else ""
    door = tables.link("close", {"month": f"{row.month:%Y-%m}"})
    return [
        Cell(named(row.month), opens=door, tone="strong" if row.month == chosen else ""),
        marked((STATES[row.state][0], STATES[row.state][1] + reopened)),
        Cell(formats.instant(row.closed_at, zone) if row.closed_at else "–"),
        Cell(row.reason or "–"),
        Cell(str(row.figures) if row.figures is not None else "–"),
    ]
