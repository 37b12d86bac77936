"""What was asked in SQL, and the questions kept for one's roles."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from core.adhoc.actions import ASK
from core.adhoc.models import QueryRun
from core.work import Work

MOST_RUNS = 200
LOST_AFTER = timedelta(minutes=10)
"""On top of the longest a question may run: what has not ended then never will."""
LOST = "The process that ran it ended before the query did"
_RUNS = """
-- What did somebody ask, and how did it end? One row per question, the newest first.
select id, asked_as, sql, asked_at, ended_at,
  case when lost then 'failed' else outcome end as outcome, rows, milliseconds,
  case when lost then :lost_words else problem end as problem
from (select *, outcome = 'running' and asked_at < :lost_before as lost from query_run) each
where {conditions}
order by id desc
limit :limit
"""
_SAVED = """
-- Which questions are kept for some roles? One row per question, by name.
select q.id, q.role, q.name, q.sql, u.name as author, q.created_by = :user_id as own, q.changed_at
from saved_query q
join app_user u on u.id = q.created_by
where q.role = any(:roles)
order by lower(q.name), q.role
"""


@dataclass(frozen=True)
class Run:
    """A question as the history shows it; one whose process ended early has failed."""

    id: int
    asked_as: str
    sql: str
    asked_at: datetime
    ended_at: datetime | None
    outcome: str
    rows: int | None
    milliseconds: int | None
    problem: str | None


@dataclass(frozen=True)
class Saved:
    """A kept question; `own` when the reader kept it and may change it."""

    id: int
    role: str
    name: str
    sql: str
    author: str
    own: bool
    changed_at: datetime


def history(work: Work, *, limit: int = 50) -> list[Run]:
    """What the reader asked, the newest first; an operator sees what everybody asked."""
    work.require(ASK)
    longest = timedelta(seconds=work.settings.sql_seconds) + LOST_AFTER
    wanted: dict[str, Any] = {
        "limit": max(1, min(limit, MOST_RUNS)),
        "lost_before": work.now - longest,
        "lost_words": LOST,
    }
    if work.standing.unlimited:
        conditions = "true"
    elif work.actor.user_id is not None:
        conditions, wanted["user_id"] = "asked_by = :user_id", work.actor.user_id
    else:
        conditions, wanted["name"] = "asked_by is null and asked_as = :name", work.actor.name
    found = work.session.execute(text(_RUNS.format(conditions=conditions)), wanted)
    return [Run(**row._mapping) for row in found]


def cancel_asked(work: Work, run_id: int) -> bool:
    """Whether somebody wants a question ended."""
    asked = select(QueryRun.cancel_asked_at).where(QueryRun.id == run_id)
    return work.session.scalar(asked) is not None


def saved_queries(work: Work) -> list[Saved]:
    """The questions kept for the reader's roles."""
    work.require(ASK)
    reader = {"roles": list(work.standing.roles), "user_id": work.actor.user_id}
    return [Saved(**row._mapping) for row in work.session.execute(text(_SAVED), reader)]
