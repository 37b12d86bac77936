"""Asking in SQL and keeping questions: who may, what is written down, what a role shares."""

import threading
import time
from datetime import timedelta

import pytest

from core.access.authority import Actor
from core.adhoc.actions import (
    LONGEST_SQL,
    ask_query,
    cancel_query,
    change_query,
    end_query,
    keep_query,
    remove_query,
)
from core.adhoc.queries import LOST, Run, history, saved_queries
from core.audit.queries import search
from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound
from core.settings import Settings
from core.work import Office
from etl.sandbox.asking import ask, schema
from etl.sandbox.engine import Held
from tests.billing import JOB, a_tenant
from tests.builders import a_user, acting
from tests.journeys.company import small_company


@pytest.fixture
def analyst(office: Office) -> Actor:
    return acting(office, a_user(office, "analyst"))


def runs(office: Office, actor: Actor) -> list[Run]:
    with office.work(actor) as work:
        return history(work)


def keep(office: Office, actor: Actor, name: str = "Tenants", role: str = "analyst") -> int:
    with office.work(actor) as work:
        return keep_query(work, role, name, "from tenant").id


def test_a_question_is_on_record_with_its_text_and_its_end(
    office: Office, settings: Settings, analyst: Actor
) -> None:
    small_company(tenants=3).published(settings)
    answer = ask(office, analyst, " select count(*) as n from tenant ")
    assert (answer.outcome, answer.frame.rows()) == ("done", [(3,)])
    assert ask(office, analyst, "from read_text('/etc/passwd')").outcome == "refused"
    refused, done = runs(office, analyst)
    assert (done.sql, done.outcome, done.rows) == ("select count(*) as n from tenant", "done", 1)
    assert done.milliseconds
    assert (refused.outcome, refused.rows) == ("refused", 0)
    assert "read_text" in str(refused.problem)
    with office.work(JOB) as work:
        told = [e.payload for e in search(work, event_type="analytics.query.asked")]
    assert {"from read_text('/etc/passwd')", done.sql} <= {each["sql"] for each in told}


def test_a_cancelled_question_is_on_record_as_that(
    office: Office, settings: Settings, analyst: Actor
) -> None:
    small_company(tenants=1).published(settings)
    held = Held()
    held.cancel()
    assert ask(office, analyst, "select 1", held=held).outcome == "cancelled"
    assert [run.outcome for run in runs(office, analyst)] == ["cancelled"]


def test_a_running_question_is_ended_from_another_door(
    office: Office, settings: Settings, analyst: Actor
) -> None:
    small_company(tenants=1).published(settings)
    endless = "with recursive r(n) as (select 1 union all select n from r) select sum(n) from r"
    asking = threading.Thread(target=ask, args=(office, analyst, endless))
    asking.start()
    while not (running := runs(office, analyst)):
        time.sleep(0.01)
    began = time.monotonic()
    with office.work(analyst) as work:
        assert cancel_query(work, running[0].id).outcome == "running"
    asking.join()
    assert time.monotonic() - began < settings.sql_seconds
    assert [run.outcome for run in runs(office, analyst)] == ["cancelled"]
    with office.work(analyst) as work:
        assert cancel_query(work, running[0].id).outcome == "cancelled"


def test_people_cancel_their_own_questions_and_operators_all(
    office: Office, analyst: Actor
) -> None:
    with office.work(analyst) as work:
        run = ask_query(work, "select 1").run_id
    for other in (acting(office, a_user(office, "analyst")), acting(office, a_user(office))):
        with pytest.raises((NotFound, NotAllowed)), office.work(other) as work:
            cancel_query(work, run)
    with office.work(JOB) as work:
        first = cancel_query(work, run).cancel_asked_at
    with office.work(analyst) as work:
        assert cancel_query(work, run).cancel_asked_at == first


def test_before_the_first_sync_a_question_fails_with_the_reason(
    office: Office, analyst: Actor
) -> None:
    with pytest.raises(Exception, match="no analytics copy"):
        ask(office, analyst, "select 1")
    [run] = runs(office, analyst)
    assert run.outcome == "failed"
    assert "no analytics copy" in str(run.problem)


@pytest.mark.parametrize("role", ["cfo", "sys_finance", "billing", "admin", "org_admin"])
def test_who_lacks_the_permission_asks_nothing(office: Office, role: str) -> None:
    tenant = a_tenant(office).id if role == "org_admin" else None
    actor = acting(office, a_user(office, role, tenant_id=tenant))
    with pytest.raises(NotAllowed):
        ask(office, actor, "select 1")
    with pytest.raises(NotAllowed):
        schema(office, actor)
    with pytest.raises(NotAllowed):
        keep(office, actor, role=role)
    with pytest.raises(NotAllowed), office.work(actor) as work:
        history(work)


def test_the_command_line_asks_as_a_role_that_may(office: Office) -> None:
    with office.work(JOB) as work:
        assert "analytics.sql" in ask_query(work, "select 1").permissions
    with office.work(JOB) as work:
        assert "billing.read" in ask_query(work, "select 1", role="super_admin").permissions
    with pytest.raises(NotAllowed, match="cfo"), office.work(JOB) as work:
        ask_query(work, "select 1", role="cfo")
    with pytest.raises(NotFound, match="nobody"), office.work(JOB) as work:
        ask_query(work, "select 1", role="nobody")


def test_a_person_asks_as_a_role_of_their_own_alone(office: Office, analyst: Actor) -> None:
    with pytest.raises(NotAllowed, match="super_admin"), office.work(analyst) as work:
        ask_query(work, "select 1", role="super_admin")


@pytest.mark.parametrize("sql", ["", "  \n", "x" * (LONGEST_SQL + 1), "select '\x00'"])
def test_a_text_that_is_none_is_refused_before_it_is_written(
    office: Office, analyst: Actor, sql: str
) -> None:
    with pytest.raises(BadInput), office.work(analyst) as work:
        ask_query(work, sql)
    assert runs(office, analyst) == []


def test_an_end_is_written_once(office: Office, analyst: Actor) -> None:
    with office.work(analyst) as work:
        run = ask_query(work, "select 1").run_id
    for outcome in ("killed", "done"):
        with office.work(JOB) as work:
            end_query(work, run, outcome, rows=0, milliseconds=5)
    assert [each.outcome for each in runs(office, analyst)] == ["killed"]


def test_a_question_whose_process_ended_is_told_as_failed(
    office: Office, analyst: Actor, clock: SetClock
) -> None:
    with office.work(analyst) as work:
        ask_query(work, "select 1")
    assert [run.outcome for run in runs(office, analyst)] == ["running"]
    clock.advance(timedelta(minutes=20))
    [run] = runs(office, analyst)
    assert (run.outcome, run.problem) == ("failed", LOST)


def test_people_see_their_own_questions_and_operators_all(office: Office, analyst: Actor) -> None:
    other = acting(office, a_user(office, "analyst"))
    with office.work(other) as work:
        ask_query(work, "select 2")
    assert runs(office, analyst) == []
    assert [run.sql for run in runs(office, JOB)] == ["select 2"]


def test_a_kept_query_is_shared_with_its_role_and_changed_by_its_author(
    office: Office, analyst: Actor
) -> None:
    kept = keep(office, analyst)
    colleague = acting(office, a_user(office, "analyst"))
    with office.work(colleague) as work:
        [seen] = saved_queries(work)
    assert (seen.id, seen.name, seen.own) == (kept, "Tenants", False)
    for act in (
        lambda work: change_query(work, kept, "Mine", "select 1"),
        lambda work: remove_query(work, kept),
    ):
        with pytest.raises(NotAllowed), office.work(colleague) as work:
            act(work)
    with office.work(analyst) as work:
        change_query(work, kept, "All tenants", "from tenant order by id")
    with office.work(colleague) as work:
        assert [(q.name, q.sql) for q in saved_queries(work)] == [
            ("All tenants", "from tenant order by id")
        ]
    with office.work(analyst) as work:
        assert remove_query(work, kept) == kept
    with office.work(analyst) as work:
        assert saved_queries(work) == []


def test_a_kept_query_of_another_role_is_not_there(office: Office, analyst: Actor) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    kept = keep(office, boss, role="super_admin")
    with office.work(analyst) as work:
        assert saved_queries(work) == []
    with pytest.raises(NotFound), office.work(analyst) as work:
        remove_query(work, kept)
    with pytest.raises(NotAllowed):
        keep(office, analyst, role="super_admin")


def test_a_name_is_given_once_a_role(office: Office, analyst: Actor) -> None:
    keep(office, analyst)
    with pytest.raises(BadInput, match="already"):
        keep(office, acting(office, a_user(office, "analyst")), " Tenants ")
    second = keep(office, analyst, "Second")
    with pytest.raises(BadInput, match="already"), office.work(analyst) as work:
        change_query(work, second, "Tenants", "from tenant")
    for bad in ("", " ", "x" * 81, "a\x07b"):
        with pytest.raises(BadInput):
            keep(office, analyst, bad)


def test_keeping_twice_with_one_key_keeps_one(office: Office, analyst: Actor) -> None:
    made = []
    for _ in range(2):
        with office.work(analyst) as work:
            made.append(keep_query(work, "analyst", "Once", "select 1", key="keep-it-once").id)
    assert made[0] == made[1]
