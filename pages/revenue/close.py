"""Month close: what must be in order, the close itself, and what later facts changed (LED.2)."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from core.closing.viewing import MonthRow, checked_month, months, restated, to_close, verify_month
from core.errors import SaldoError
from core.office import office
from etl.closing import copier, seen
from pages.admin import receipts
from pages.parts import confirm, copy, head, states, url, viewer
from pages.receivables import refresh_ask
from pages.receivables.reconciliation_words import STYLE
from pages.revenue import close_asks, close_parts


def main() -> None:
    """The months, the checklist of one, its figures as closed and as now, and the journal."""
    head.page("Month close", "a closed month takes no postings; its figures are kept as they were")
    st.html(STYLE)
    receipts.show()
    with office().work(viewer.current_actor()) as work:
        rows, usual = months(work), to_close(work)
    if not rows:
        states.empty(
            "There is no month to close yet",
            "A month is closed when it is over and something was posted in it or before.",
        )
        return
    known = [row.month for row in rows]
    chosen = url.read("month", _known(known), usual if usual in known else known[0])
    row = next(each for each in rows if each.month == chosen)
    if row.state == "closed":
        _closed(row)
    elif row.state == "closed_along":
        states.notice("good", f"{close_parts.named(chosen)} was closed along with a later month")
    else:
        _open(row)
    close_parts.journal(chosen)
    close_parts.months(rows, chosen)
    confirm.draw(*close_asks.STEPS, refresh_ask.REFRESH)


def _known(months_: list[date]) -> Callable[[str], date]:
    parse = url.one_of([f"{month:%Y-%m}" for month in months_])
    return lambda given: date.fromisoformat(f"{parse(given)}-01")


def _open(row: MonthRow) -> None:
    with office().work(viewer.current_actor()) as work:
        items = checked_month(work, row.month, seen(copy.warehouse()))
    close_parts.checklist(row.month, items, closed=False)


def _closed(row: MonthRow) -> None:
    actor = viewer.current_actor()
    with office().work(actor) as work:
        verified = verify_month(work, row.month)
        items = checked_month(work, row.month, seen(copy.warehouse()))
    close_parts.kept(row, verified)
    try:
        with office().work(actor) as work:
            figures = restated(work, row.month, copier(copy.warehouse()))
    except SaldoError as problem:
        states.failed(problem)
    else:
        close_parts.restatements(row.month, figures)
    close_parts.checklist(row.month, items, closed=True)


main()
