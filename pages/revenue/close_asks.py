"""The dialogs of the month close: close, explain, reopen; one call each (LED.2)."""

from dataclasses import dataclass
from datetime import date
from html import escape

import streamlit as st

from core.clock import day_of
from core.closing.actions import close_month, explain_item, reopen_month
from core.closing.checklist import Item
from core.closing.viewing import checked_month
from core.errors import NotFound
from core.office import office
from etl.closing import copier, foreseen, seen
from pages.admin import receipts
from pages.billing import look
from pages.parts import catalogue, confirm, copy, formats, states, tables, viewer
from pages.parts.confirm import Step
from pages.parts.tables import Cell, Column

SUMMARY = ("mrr", "net_revenue", "gross_revenue", "platform_fees", "customers")


@dataclass(frozen=True)
class Closing:
    """What a month's close would keep: its checklist, and the headline figures."""

    month: date
    items: tuple[Item, ...]
    headlines: tuple[tuple[str, str], ...]
    figures: int


@dataclass(frozen=True)
class Explaining:
    """A red item as it was found."""

    month: date
    item: Item


def explain_door(month: date, item: str) -> str:
    """The address at which the dialog about a red item is open."""
    name = f"{month:%Y-%m}"
    return tables.link("close", {"month": name, confirm.DO: f"close-explain:{name}|{item}"})


def _month(subject: str) -> date:
    """The month that a door names. Raises NotFound for what is none."""
    try:
        return day_of(f"{subject}-01")
    except ValueError as problem:
        raise NotFound(f"There is no month {subject!r}") from problem


def _ask_close(subject: str) -> Closing:
    month = _month(subject)
    given = foreseen(copy.warehouse(), month)
    with office().work(viewer.current_actor()) as work:
        items = checked_month(work, month, seen(copy.warehouse()))
    by_name = {figure.name: figure for figure in given.figures}
    headlines = tuple(
        (catalogue.title(name), catalogue.shown(catalogue.FIGURES[name], held.plain, short=False))
        for name in SUMMARY
        if (held := by_name.get(f"metrics.{name}"))
    )
    return Closing(month, items, headlines, given.count)


def _show_close(asked: Closing) -> None:
    look.wide_dialog()
    month = formats.month(f"{asked.month:%Y-%m}")
    st.html(
        f"<p>{escape(month)} takes no postings once it is closed, nor does any month before it. "
        f"{formats.number(asked.figures)} figures of the analytics copy are kept, with the trial "
        "balance and deferred revenue.</p>"
    )
    rows = [[Cell(title), Cell(value)] for title, value in asked.headlines]
    tables.html([Column("Figure", words=True), Column("Will be kept")], rows, label="Summary")
    red = [item for item in asked.items if item.state == "red"]
    for item in red:
        states.notice("bad", f"{item.title}: {formats.told(item.finding)}")
    explained = [item for item in asked.items if item.state == "explained"]
    for item in explained:
        states.notice("warn", f"{item.title}: {formats.told(item.finding)}. {item.explanation}")
    if not red:
        states.notice("good", "Everything is in order or explained")


def _close(asked: Closing, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        close_month(work, asked.month, copier(copy.warehouse()), reason=reason, key=key)
    return receipts.keep(f"{formats.month(f'{asked.month:%Y-%m}')} is closed", "month.closed")


def _ask_explain(subject: str) -> Explaining:
    name, _, wanted = subject.partition("|")
    month = _month(name)
    with office().work(viewer.current_actor()) as work:
        items = checked_month(work, month, seen(copy.warehouse()))
    found = next((item for item in items if item.name == wanted), None)
    if found is None:
        raise NotFound(f"The checklist has no item {wanted!r}")
    return Explaining(month, found)


def _show_explain(asked: Explaining) -> None:
    st.html(
        f"<p><b>{escape(asked.item.title)}</b>: {escape(formats.told(asked.item.finding))}.</p>"
        '<p class="muted">The reason holds for this finding alone; when it changes, '
        "the item is red again.</p>"
    )


def _explain(asked: Explaining, reason: str, key: str) -> str:
    item = asked.item
    with office().work(viewer.current_actor()) as work:
        explain_item(
            work, asked.month, item.name, item.finding, seen(copy.warehouse()), reason=reason,
            key=key,
        )  # fmt: skip
    return receipts.keep(f"{item.title} is explained", "month.item.explained")


def _show_reopen(month: date) -> None:
    st.html(
        f"<p>{escape(formats.month(f'{month:%Y-%m}'))} takes postings again. What was closed stays "
        "kept; only the last closed month can be reopened.</p>"
    )


def _reopen(month: date, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        reopen_month(work, month, reason=reason, key=key)
    return receipts.keep(f"{formats.month(f'{month:%Y-%m}')} is open again", "month.reopened")


CLOSE = Step(
    "close-month",
    "Close the month",
    "Close it",
    _ask_close,
    _show_close,
    _close,
    needs="sys_finance",
)
EXPLAIN = Step(
    "close-explain",
    "Why this is in order",
    "Keep the reason",
    _ask_explain,
    _show_explain,
    _explain,
    needs="sys_finance",
)
REOPEN = Step(
    "close-reopen",
    "Reopen the month",
    "Reopen it",
    _month,
    _show_reopen,
    _reopen,
    needs="sys_finance",
)
STEPS = (CLOSE, EXPLAIN, REOPEN)
