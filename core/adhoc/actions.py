"""Asking in SQL, and keeping questions for a role; every text asked stands in the audit log."""

from dataclasses import dataclass

from sqlalchemy import select

from core.access.models import Role, RolePermission
from core.access.permissions import effective
from core.actions import action
from core.adhoc.models import OUTCOMES, QueryRun, SavedQuery
from core.errors import BadInput, NotAllowed, NotFound
from core.work import Work

ASK = "analytics.sql"
LONGEST_SQL = 20_000
LONGEST_NAME = 80


@dataclass(frozen=True)
class Asked:
    """A question that may be run; `permissions` decide what it may read."""

    run_id: int
    sql: str
    permissions: frozenset[str]


@action("analytics.query.asked", needs=ASK, system=True)
def ask_query(work: Work, sql: str, *, role: str | None = None) -> Asked:
    """Write down a question before it runs.

    A person asks with all they may see, or only with what a role of theirs may see; the command
    line asks as a role. Raises BadInput, NotAllowed, NotFound.
    """
    text = checked_sql(sql)
    permissions = work.standing.permissions
    if role is not None or work.standing.unlimited:
        role = role or "analyst"
        permissions = _of_role(work, role)
    run = QueryRun(
        asked_by=work.actor.user_id,
        asked_as=work.actor.name if role is None else f"{work.actor.name} as {role}",
        sql=text,
        asked_at=work.now,
        outcome="running",
    )
    work.session.add(run)
    work.session.flush()
    work.tell(query_run_id=run.id, sql=text, role=role)
    return Asked(run.id, text, permissions)


@action("analytics.query.ended", needs=None, system=True)
def end_query(
    work: Work,
    run_id: int,
    outcome: str,
    *,
    rows: int,
    milliseconds: int,
    problem: str | None = None,
) -> QueryRun:
    """Write down how a question ended; one that has ended stays as it is."""
    assert outcome in OUTCOMES[1:]
    run = work.session.get_one(QueryRun, run_id, with_for_update=True)
    if run.outcome == "running":
        run.outcome, run.ended_at = outcome, work.now
        run.rows, run.milliseconds, run.problem = rows, milliseconds, problem
    work.tell(
        query_run_id=run.id, outcome=run.outcome, rows=run.rows, milliseconds=run.milliseconds
    )
    return run


@action("analytics.query.cancelled", needs=ASK, system=True)
def cancel_query(work: Work, run_id: int, *, key: str | None = None) -> QueryRun:
    """Have a question of one's own ended, wherever it runs; an operator anybody's.

    Its end is written by the process that runs it; one that has ended stays. Raises NotFound.
    """
    run = work.session.get(QueryRun, run_id, with_for_update=True)
    if run is None or not _asked_by(work, run):
        raise NotFound(f"There is no question {run_id}")
    if run.outcome == "running" and run.cancel_asked_at is None:
        run.cancel_asked_at = work.now
    work.tell(query_run_id=run.id, outcome=run.outcome)
    return run


@action("analytics.query.kept", needs=ASK)
def keep_query(work: Work, role: str, name: str, sql: str, *, key: str | None = None) -> SavedQuery:
    """Keep a question for everybody who has a role of one's own. Raises BadInput, NotAllowed."""
    owner = _person(work)
    if role not in work.standing.roles:
        held = ", ".join(work.standing.roles) or "none"
        raise NotAllowed(f"A query is kept for a role of your own ({held}), not for {role!r}")
    name, text = _checked_name(name), checked_sql(sql)
    _free(work, role, name)
    saved = SavedQuery(
        role=role, name=name, sql=text, created_by=owner, created_at=work.now, changed_at=work.now
    )
    work.session.add(saved)
    work.session.flush()
    work.tell(saved_query_id=saved.id, role=role, name=name, sql=text)
    return saved


@action("analytics.query.changed", needs=ASK)
def change_query(
    work: Work, saved_id: int, name: str, sql: str, *, key: str | None = None
) -> SavedQuery:
    """Rename or rewrite a query of one's own. Raises BadInput, NotAllowed, NotFound."""
    saved = _own(work, saved_id)
    name, text = _checked_name(name), checked_sql(sql)
    if name != saved.name:
        _free(work, saved.role, name)
    before = {"name": saved.name, "sql": saved.sql}
    saved.name, saved.sql, saved.changed_at = name, text, work.now
    work.tell(saved_query_id=saved.id, role=saved.role, name=name, sql=text, before=before)
    return saved


@action("analytics.query.removed", needs=ASK)
def remove_query(work: Work, saved_id: int) -> int:
    """Remove a query of one's own; its number. Raises NotAllowed, NotFound."""
    saved = _own(work, saved_id)
    work.tell(saved_query_id=saved.id, role=saved.role, name=saved.name, sql=saved.sql)
    work.session.delete(saved)
    return saved.id


def checked_sql(sql: str) -> str:
    """A text that can be asked or kept. Raises BadInput for an empty or endless one."""
    text = sql.strip()
    if not text:
        raise BadInput("There is no query in the text")
    if len(text) > LONGEST_SQL:
        raise BadInput(f"A query has {LONGEST_SQL:,} characters at most; this has {len(text):,}")
    if "\x00" in text:
        raise BadInput("The query holds a character that is no text (NUL)")
    return text


def _of_role(work: Work, role: str) -> frozenset[str]:
    if not work.standing.unlimited and role not in work.standing.roles:
        raise NotAllowed(f"You do not have the role {role}")
    if work.session.get(Role, role) is None:
        raise NotFound(f"There is no role {role!r}")
    granted = work.session.scalars(
        select(RolePermission.permission).where(RolePermission.role == role)
    )
    permissions = effective(set(granted))
    if ASK not in permissions:
        raise NotAllowed(f"The role {role} may not ask in SQL; that needs the permission {ASK}")
    return permissions


def _asked_by(work: Work, run: QueryRun) -> bool:
    """Whether the reader asked a question; a key goes by its name."""
    if work.standing.unlimited:
        return True
    if work.actor.user_id is not None:
        return run.asked_by == work.actor.user_id
    return run.asked_by is None and run.asked_as == work.actor.name


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadInput(f"A kept query has a name of 1 to {LONGEST_NAME} characters")
    return name


def _free(work: Work, role: str, name: str) -> None:
    taken = work.session.scalar(
        select(SavedQuery.id).where(SavedQuery.role == role, SavedQuery.name == name)
    )
    if taken is not None:
        raise BadInput(f"There is a query {name!r} for the role {role} already; choose a name")


def _own(work: Work, saved_id: int) -> SavedQuery:
    saved = work.session.get(SavedQuery, saved_id, with_for_update=True)
    if saved is None or saved.role not in work.standing.roles:
        raise NotFound(f"There is no saved query {saved_id}")
    if saved.created_by != _person(work):
        raise NotAllowed("Only who kept a query may change or remove it; keep one of your own")
    return saved


def _person(work: Work) -> int:
    if work.actor.user_id is None:
        raise BadInput("A saved query is a person's; a program keeps its own")
    return work.actor.user_id
