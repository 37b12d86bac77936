"""One dunning case: what is owed, where it stands, what was done, and what may be done."""

from html import escape

import streamlit as st

from core.dunning.queries import CaseDetail, EventRow, case_detail
from core.office import office
from core.settings import settings
from pages.billing import look
from pages.parts import confirm, formats, states, tables, viewer
from pages.parts.head import section
from pages.parts.tables import Cell, Column
from pages.receivables import dunning_asks
from pages.receivables import dunning_words as words

COLUMNS = (
    Column("When", words=True),
    Column("What", words=True),
    Column("Who", words=True),
    Column("Reason", words=True),
)


def draw(case_id: int) -> None:
    """A case with its doors and its timeline."""
    with office().work(viewer.current_actor()) as work:
        found = case_detail(work, case_id)
    st.button("All cases", icon=":material/arrow_back:", on_click=_leave)
    row = found.row
    with st.container(border=True, key="panel-case"):
        section(row.tenant_name, f"invoice {row.number}")
        st.html(f'<dl class="identity sums">{_terms(found)}</dl>')
        if row.override_path:
            states.notice("warn", words.override(row).text)
        doors = dunning_asks.doors(found)
        if doors:
            with st.container(horizontal=True, key="doors"):
                for step, label in doors:
                    confirm.door(step, str(row.id), label)
        look.ways(
            {
                "Invoice": tables.link("invoice", {"invoice": str(row.invoice_id)}),
                "Tenant": tables.link("tenant", {"tenant": str(row.tenant_id)}),
            }
        )
    look.long_words()
    with st.container(border=True, key="panel-timeline"):
        section("Timeline", "newest first")
        tables.html(COLUMNS, [_event(event) for event in found.events], label="Timeline")


def _terms(found: CaseDetail) -> str:
    row = found.row
    stage = words.stage(row)
    overdue = f"{formats.number(row.days_overdue)} days, due {formats.day(row.due_on)}"
    own = row.override_path == "custom"
    terms = {
        "Owed": words.owed(row),
        "Overdue": overdue,
        "Stage": stage.text,
        "Next": words.coming(row),
        "Ladder of its own" if own else f"Ladder, version {row.policy_version}": words.ladder(
            found.stages
        ),
    }
    if declined := words.decline(row):
        terms["Card declined"] = declined
    return "".join(
        f'<div class="term"><dt>{escape(title)}</dt><dd>{escape(text)}</dd></div>'
        for title, text in terms.items()
    )


def _event(event: EventRow) -> list[Cell]:
    return [
        Cell(formats.instant(event.created_at, settings().billing_timezone)),
        Cell(words.happened(event), tone="wrap"),
        Cell(event.actor_name or "Saldo"),
        Cell(event.reason, tone="wrap"),
    ]


def _leave() -> None:
    st.query_params.pop("case", None)
