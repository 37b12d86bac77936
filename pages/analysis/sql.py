"""Ad-hoc SQL: an editor, what there is to ask about, kept queries, what was asked (SQL)."""

from collections.abc import Callable
from uuid import uuid4

import streamlit as st

from core.access.sessions import Viewer
from core.adhoc.actions import LONGEST_NAME, LONGEST_SQL, change_query, keep_query, remove_query
from core.adhoc.queries import Run, Saved, history, saved_queries
from core.errors import NoCopy, SaldoError
from core.office import office
from core.settings import settings
from etl.sandbox.asking import schema
from etl.sandbox.copies import Table
from pages.analysis import results
from pages.analysis.asked import Question
from pages.parts import formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column

TEXT, QUESTION, ROLE = "sql-text", "sql-question", "sql-role"
OPENED, SAID, KEY = "sql-opened", "sql-said", "sql-key"
FIRST = "select country, count(*) as tenants\nfrom tenant\ngroup by all\norder by tenants desc"
EVERY_SECONDS = 0.4
START = "invoice"
"""The table whose columns are shown first."""
LONGEST_LABEL = 48
S = st.session_state


def main() -> None:
    """The editor and its result on the left, what helps to write a query on the right."""
    head.page("SQL", "one query over the analytics copy, which you may read and nobody can change")
    seen = viewer.current_viewer()
    assert seen is not None
    try:
        found = schema(office(), viewer.current_actor())
    except NoCopy:
        states.no_copy()
        return
    S.setdefault(TEXT, FIRST)
    with st.container(key="sql-sides"):
        left, right = st.columns([5, 3], gap="medium")
    with left:
        _editor()
        _outcome()
    with right:
        _help(found, seen)


def _editor() -> None:
    question: Question | None = S.get(QUESTION)
    st.text_area("Query", key=TEXT, height=220, max_chars=LONGEST_SQL)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run",
            key="sql-run",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            disabled=question is not None and question.running,
            on_click=_start,
        )
        st.caption(
            f"For {settings().sql_seconds} seconds at most and up to "
            f"{formats.number(settings().sql_rows)} rows. Amounts are whole minor units."
        )


def _start() -> None:
    question: Question | None = S.get(QUESTION)
    if question is None or not question.running:
        S[QUESTION] = Question(office(), viewer.current_actor(), S[TEXT])


def _outcome() -> None:
    question: Question | None = S.get(QUESTION)
    if question is None:
        states.empty("Nothing asked yet", "Write a query, or open a table or a kept query beside.")
    elif question.running:
        st.fragment(_running, run_every=EVERY_SECONDS)(question)
    elif question.answer is None:
        states.failed(question.problem or SaldoError("The query did not end well"))
    else:
        results.draw(question.answer)


def _running(question: Question) -> None:
    if not question.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        states.notice("warn", f"The query has been running for {question.seconds} s")
        st.button("Cancel", key="sql-cancel", on_click=question.cancel, icon=":material/stop:")


def _help(found: list[Table], seen: Viewer) -> None:
    with office().work(viewer.current_actor()) as work:
        kept, asked = saved_queries(work), history(work, limit=12)
    about, queries, before = st.tabs(["Tables", "Kept queries", "History"])
    with about:
        _tables(found)
    with queries:
        _kept(kept, seen)
    with before:
        _history(asked)


def _tables(found: list[Table]) -> None:
    names = {table.name: table for table in found}
    first = list(names).index(START) if START in names else 0
    table = names[st.selectbox("Table", names, index=first, key="sql-table")]
    st.caption(table.about)
    st.button("Show its rows", key="sql-peek", on_click=_write, args=(f"from {table.name}",))
    with st.container(key="sql-columns"):
        tables.html(
            [Column(title, words=True) for title in ("Column", "Type", "Meaning")],
            [
                [Cell(column.name, tone="strong"), Cell(_kind(column.kind)), Cell(column.words)]
                for column in table.columns
            ],
            label=f"Columns of {table.name}",
        )


def _kind(kind: str) -> str:
    """DuckDB's name of a type, short enough for a narrow column."""
    return kind.lower().removesuffix(" with time zone")


def _write(sql: str, opened: int | None = None) -> None:
    S[TEXT], S[OPENED] = sql, opened


def _kept(kept: list[Saved], seen: Viewer) -> None:
    if said := S.pop(SAID, None):
        states.notice(*said)
    if not kept:
        st.caption("Nothing is kept for your roles yet. Keep the query of the editor below.")
    for query in kept:
        whose = "you" if query.own else query.author
        st.button(
            f"{query.name} · {query.role.replace('_', ' ')} · {whose}",
            key=f"sql-open-{query.id}",
            type="tertiary",
            icon=":material/bookmark:",
            on_click=_write,
            args=(query.sql, query.id),
        )
    opened = next((query for query in kept if query.id == S.get(OPENED) and query.own), None)
    _keeping(seen, opened)


def _keeping(seen: Viewer, opened: Saved | None) -> None:
    S.setdefault(KEY, str(uuid4()))
    named = f"sql-name-{opened.id if opened else 'new'}"
    with st.container(border=True, key="panel-keep"):
        st.text_input(
            "Name",
            value=opened.name if opened else "",
            max_chars=LONGEST_NAME,
            key=named,
        )
        if opened is None:
            st.selectbox("For everybody who is", seen.roles, key=ROLE)
        with st.container(horizontal=True):
            if opened is not None:
                st.button("Save changes", key="sql-change", on_click=_change, args=(opened, named))
                st.button("Remove", key="sql-remove", on_click=_remove, args=(opened,))
            else:
                st.button("Keep this query", key="sql-keep", on_click=_keep, args=(named,))


def _keep(named: str) -> None:
    def act() -> str:
        with office().work(viewer.current_actor()) as work:
            saved = keep_query(work, S[ROLE], S[named], S[TEXT], key=S[KEY])
        S[OPENED], S[KEY] = saved.id, str(uuid4())
        return f"“{saved.name}” is kept."

    _say(act)


def _change(opened: Saved, named: str) -> None:
    def act() -> str:
        with office().work(viewer.current_actor()) as work:
            change_query(work, opened.id, S[named], S[TEXT])
        return f"“{S[named]}” is changed."

    _say(act)


def _remove(opened: Saved) -> None:
    def act() -> str:
        with office().work(viewer.current_actor()) as work:
            remove_query(work, opened.id)
        S[OPENED] = None
        return f"“{opened.name}” is removed."

    _say(act)


def _say(act: Callable[[], str]) -> None:
    """Do one write and say how it went at the next drawing."""
    try:
        S[SAID] = ("good", act())
    except SaldoError as problem:
        S[SAID] = ("bad", str(problem))


def _history(asked: list[Run]) -> None:
    if not asked:
        st.caption("You have asked nothing yet.")
    for run in asked:
        when = formats.instant(run.asked_at, settings().billing_timezone)
        rows = f" · {formats.number(run.rows)} rows" if run.outcome == "done" else ""
        st.button(
            f"{when} · {run.outcome}{rows} · {_short(run.sql)}",
            key=f"sql-again-{run.id}",
            type="tertiary",
            icon=":material/history:",
            on_click=_write,
            args=(run.sql,),
        )


def _short(sql: str) -> str:
    line = " ".join(sql.split()).replace("`", "'").replace("*", "\\*").replace("$", "\\$")
    return line if len(line) <= LONGEST_LABEL else f"{line[:LONGEST_LABEL]}…"


main()
