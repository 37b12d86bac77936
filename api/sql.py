"""`/sys/analytics/…`: questions in SQL over the analytics copy, and queries people keep (SQL)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import NO_NUL, Answer, Body, Name, RecordId, example
from core.adhoc import actions, queries
from etl.sandbox import asking

Sql = Annotated[
    str, StringConstraints(min_length=1, max_length=actions.LONGEST_SQL, pattern=NO_NUL)
]
A_QUERY = "select country, count(*) as tenants from tenant group by all"


class SqlBody(Body):
    """One query; `role` asks with what that role of the caller's may see, no more."""

    model_config = example({"sql": A_QUERY})

    sql: Sql
    role: Name | None = None


class KeepBody(Body):
    """A query to keep for everybody who has a role of the caller's."""

    model_config = example({"role": "analyst", "name": "Tenants by country", "sql": A_QUERY})

    role: Name
    name: Name
    sql: Sql


class ChangeBody(Body):
    """The new name and text of a query."""

    model_config = example({"name": "Tenants by country", "sql": A_QUERY})

    name: Name
    sql: Sql


class ColumnAnswer(Answer):
    """A column of an answer, with DuckDB's name of its type."""

    name: str
    type: str


class RowsAnswer(Answer):
    """Rows as lists in the order of the columns; `more` when there were others beyond the limit."""

    columns: list[ColumnAnswer]
    rows: list[list[Any]]
    row_count: int
    more: bool
    milliseconds: int


class DescribedAnswer(Answer):
    """A column in words."""

    name: str
    type: str
    words: str


class TableAnswer(Answer):
    """A table the caller may ask about."""

    name: str
    about: str
    columns: list[DescribedAnswer]


class RunAnswer(Answer):
    """A question that was asked; `outcome` is running, done, refused, failed, killed, cancelled."""

    id: int
    asked_as: str
    sql: str
    asked_at: datetime
    ended_at: datetime | None
    outcome: str
    rows: int | None
    milliseconds: int | None
    problem: str | None


class CancelledAnswer(Answer):
    """A question that somebody wants ended; `outcome` is running until its process has ended."""

    id: int
    outcome: str


class SavedAnswer(Answer):
    """A kept query; `own` when the caller may change it."""

    id: int
    role: str
    name: str
    sql: str
    author: str
    own: bool
    changed_at: datetime


class KeptAnswer(Answer):
    """A query as it was kept."""

    id: int
    role: str
    name: str
    sql: str


class RemovedAnswer(Answer):
    """The query that is gone."""

    removed: int


router = APIRouter(prefix="/sys/analytics", tags=["SQL"])


@router.post("/sql", summary="Ask in SQL", responses=refusals(400, 404, 409))
def ask(at: TheOffice, actor: Caller, body: SqlBody) -> RowsAnswer:
    """One query in the sandbox, over what the caller may see. A refused, failed or killed one is
    a 400 with the code `query_refused`, `query_failed` or `query_killed`. Needs `analytics.sql`.
    """
    found = asking.ask(at, actor, body.sql, role=body.role).checked()
    return RowsAnswer(
        columns=[ColumnAnswer(name=name, type=kind) for name, kind in found.columns],
        rows=[list(row) for row in found.frame.rows()],
        row_count=found.rows,
        more=found.more,
        milliseconds=found.milliseconds,
    )


@router.get("/sql/tables", summary="What may be asked about", responses=refusals(400, 409))
def tables(at: TheOffice, actor: Caller) -> list[TableAnswer]:
    """Tables and columns in words. Needs `analytics.sql`."""
    return [
        TableAnswer(
            name=table.name,
            about=table.about,
            columns=[
                DescribedAnswer(name=column.name, type=column.kind, words=column.words)
                for column in table.columns
            ],
        )
        for table in asking.schema(at, actor)
    ]


@router.get("/sql/history", summary="What the caller asked", responses=refusals())
def history(
    at: TheOffice, actor: Caller, limit: Annotated[int, Query(ge=1, le=queries.MOST_RUNS)] = 50
) -> list[RunAnswer]:
    """The newest first. Needs `analytics.sql`."""
    with at.work(actor) as work:
        return [RunAnswer.model_validate(run) for run in queries.history(work, limit=limit)]


@router.post(
    "/sql/history/{run_id}/cancel", summary="Cancel a question", responses=refusals(400, 404, 409)
)
def cancel(at: TheOffice, actor: Caller, run_id: RecordId, key: Key = None) -> CancelledAnswer:
    """Of the caller's own, at whichever door it was asked; one that has ended stays as it is.
    Needs `analytics.sql`.
    """
    with at.work(actor) as work:
        return CancelledAnswer.model_validate(actions.cancel_query(work, run_id, key=key))


@router.get("/queries", summary="List kept queries", responses=refusals())
def list_queries(at: TheOffice, actor: Caller) -> list[SavedAnswer]:
    """Those of the caller's roles; a key has none. Needs `analytics.sql`."""
    with at.work(actor) as work:
        return [SavedAnswer.model_validate(each) for each in queries.saved_queries(work)]


@router.post("/queries", status_code=201, summary="Keep a query", responses=refusals(400, 409))
def keep(at: TheOffice, actor: Caller, body: KeepBody, key: Key = None) -> KeptAnswer:
    """For a person; its name is given once a role. Needs `analytics.sql`."""
    with at.work(actor) as work:
        saved = actions.keep_query(work, body.role, body.name, body.sql, key=key)
        return KeptAnswer.model_validate(saved)


@router.post(
    "/queries/{query_id}", summary="Change a kept query", responses=refusals(400, 404, 409)
)
def change(
    at: TheOffice, actor: Caller, query_id: RecordId, body: ChangeBody, key: Key = None
) -> KeptAnswer:
    """Of the caller's own. Needs `analytics.sql`."""
    with at.work(actor) as work:
        saved = actions.change_query(work, query_id, body.name, body.sql, key=key)
        return KeptAnswer.model_validate(saved)


@router.post(
    "/queries/{query_id}/remove", summary="Remove a kept query", responses=refusals(400, 404)
)
def remove(at: TheOffice, actor: Caller, query_id: RecordId) -> RemovedAnswer:
    """Of the caller's own. Needs `analytics.sql`."""
    with at.work(actor) as work:
        return RemovedAnswer(removed=actions.remove_query(work, query_id))
