"""Limits: what is left, and taking from it so that two writers cannot both take the last unit."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.access.decision import access_of
from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound
from core.plans.actions import NewPlan, create_plan
from core.subscriptions.actions import cancel
from core.usage.checking import Taken, check, consume
from core.usage.models import UsageEvent
from core.usage.queries import events_behind, past_periods, usage_of
from core.usage.rules import Allowance
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_invoices, the_plans
from tests.builders import a_user, acting
from tests.dunning import an_unpaid, live, pays
from tests.usage import a_meter, an_event, taken_in

SHIPMENTS, USERS = "max_shipments", "max_users"


def checked(office: Office, tenant_id: int, limit: str = SHIPMENTS) -> Allowance:
    with office.work(JOB) as work:
        return check(work, tenant_id, limit)


def taken(
    office: Office, tenant_id: int, event_id: str, limit: str = SHIPMENTS, quantity: str = "1"
) -> Taken:
    with office.work(JOB) as work:
        return consume(work, tenant_id, limit, event_id, Decimal(quantity))


def events(office: Office) -> int:
    with office.work(JOB) as work:
        return work.session.scalar(select(func.count()).select_from(UsageEvent)) or 0


def test_check_answers_as_the_source_shows(office: Office) -> None:
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["starter"])
    taken_in(office, an_event(office, tenant.id, "e1", quantity="342"))
    assert checked(office, tenant.id) == Allowance(True, Decimal(342), 500, Decimal(158))
    taken_in(office, an_event(office, tenant.id, "e2", quantity="158"))
    assert checked(office, tenant.id) == Allowance(False, Decimal(500), 500, Decimal(0))
    taken_in(office, an_event(office, tenant.id, "e3", quantity="9"))
    assert checked(office, tenant.id) == Allowance(False, Decimal(509), 500, Decimal(0))


def test_every_limit_of_the_default_plans_is_measured(office: Office) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    a_subscription(office, tenant, plans["enterprise"])
    for limit in plans["enterprise"].limits:
        answer = checked(office, tenant.id, limit.name)
        assert (answer.allowed, answer.limit) == (True, limit.quantity)
    assert checked(office, tenant.id, USERS) == Allowance(True, Decimal(0), -1, Decimal(-1))


def test_without_a_subscription_the_default_plan_holds(office: Office) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    assert checked(office, tenant.id).limit == 50
    subscription = a_subscription(office, tenant, plans["growth"])
    assert checked(office, tenant.id).limit == 2_000
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)
    assert checked(office, tenant.id).limit == 50


def test_a_flow_resets_on_the_anchor_and_a_level_does_not(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["starter"], "annual")
    taken_in(
        office,
        an_event(office, tenant.id, "a", quantity="5"),
        an_event(office, tenant.id, "b", USERS, "4"),
        an_event(office, tenant.id, "c", "api_calls_daily", "6"),
    )
    clock.advance(timedelta(hours=12))
    assert checked(office, tenant.id, "api_calls_daily").current == 0
    pass_days(clock, 28)
    assert checked(office, tenant.id).current == 5
    pass_days(clock, 1)
    assert checked(office, tenant.id).current == 0
    assert checked(office, tenant.id, USERS).current == 4


def test_twenty_writers_take_ten_units(office: Office) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        create_plan(work, NewPlan("free", "Free", (), limits={SHIPMENTS: 10}))
    tenant = a_tenant(office)
    answers: list[bool] = []
    start = threading.Barrier(20)

    def write(number: int) -> None:
        start.wait()
        answers.append(taken(office, tenant.id, f"e{number}").taken)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 10 + [True] * 10
    assert checked(office, tenant.id) == Allowance(False, Decimal(10), 10, Decimal(0))
    assert events(office) == 10


def test_taking_is_all_or_nothing(office: Office) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    assert taken(office, tenant.id, "a", quantity="48").allowance.remaining == 2
    refused = taken(office, tenant.id, "b", quantity="3")
    assert (refused.taken, refused.allowance.remaining, events(office)) == (False, 2, 1)
    assert taken(office, tenant.id, "b", quantity="2").allowance.remaining == 0


def test_more_than_the_whole_limit_is_not_taken_at_once(office: Office) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    assert not taken(office, tenant.id, "a", quantity="51").taken
    assert events(office) == 0


def test_a_repeated_taking_takes_nothing_more(office: Office) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    for _ in range(2):
        answer = taken(office, tenant.id, "a", quantity="50")
        assert (answer.taken, answer.allowance.current) == (True, 50)
    with pytest.raises(BadInput, match="another content"):
        taken(office, tenant.id, "a", quantity="49")


def test_taking_from_a_level_adds_to_what_was_reported(office: Office) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    taken_in(office, an_event(office, tenant.id, "level", USERS, "1"))
    assert taken(office, tenant.id, "second user", USERS).allowance.remaining == 0
    assert taken(office, tenant.id, "second user", USERS).taken
    assert not taken(office, tenant.id, "third user", USERS).taken
    assert taken_in(office, an_event(office, tenant.id, "second user", USERS)) == ["conflict"]


def test_unique_subjects_take_one_unit_each(office: Office) -> None:
    a_meter(office, "seats", "unique")
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        create_plan(work, NewPlan("free", "Free", (), limits={"seats": 2}))
    tenant = a_tenant(office)
    answers = []
    for number, subject in enumerate(("ana", "bo", "ana", "cy")):
        with office.work(JOB) as work:
            answer = consume(work, tenant.id, "seats", f"e{number}", subject=subject)
        answers.append((answer.taken, int(answer.allowance.current)))
    assert answers == [(True, 1), (True, 2), (True, 2), (False, 2)]


@pytest.mark.parametrize("quantity", ["0", "-1", "0.1234567"])
def test_a_quantity_that_cannot_be_taken(office: Office, quantity: str) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    with pytest.raises(BadInput):
        taken(office, tenant.id, "a", quantity=quantity)


def test_unknown_limits_and_tenants_are_not_found(office: Office) -> None:
    tenant = a_tenant(office)
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        create_plan(work, NewPlan("free", "Free", (), limits={"projects": 3}))
    for number, limit in (
        (tenant.id, SHIPMENTS),
        (tenant.id, "projects"),
        (tenant.id, "a\x00b"),
        (2**70, SHIPMENTS),
    ):
        with pytest.raises(NotFound):
            checked(office, number, limit)
    a_meter(office, "projects", "sum")
    assert checked(office, tenant.id, "projects").remaining == 3


def test_a_tenant_sees_and_takes_its_own_alone(office: Office) -> None:
    the_plans(office)
    own, other = a_tenant(office), a_tenant(office)
    admin = acting(office, a_user(office, "org_admin", tenant_id=own.id))
    reader = acting(office, a_user(office, "org_user", tenant_id=own.id))
    with office.work(reader) as work:
        assert check(work, own.id, SHIPMENTS).remaining == 50
        assert usage_of(work, own.id).plan == "free"
    with office.work(admin) as work:
        assert consume(work, own.id, SHIPMENTS, "e1").taken
    with pytest.raises(NotAllowed), office.work(reader) as work:
        check(work, other.id, SHIPMENTS)
    with pytest.raises(NotAllowed), office.work(admin) as work:
        consume(work, other.id, SHIPMENTS, "e2")
    with pytest.raises(NotAllowed), office.work(reader) as work:
        consume(work, own.id, SHIPMENTS, "e3")
    with pytest.raises(NotAllowed), office.work(reader) as work:
        past_periods(work, other.id)


def test_the_usage_page_shows_limits_first_and_what_is_only_measured(
    office: Office, clock: SetClock
) -> None:
    a_meter(office, "labels", "count")
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["starter"])
    taken_in(
        office,
        an_event(office, tenant.id, "a", quantity="500"),
        an_event(office, tenant.id, "b", "labels"),
        an_event(office, tenant.id, "c", "storage_gb", "1.5"),
    )
    with office.work(JOB) as work:
        page = usage_of(work, tenant.id)
        (period,) = past_periods(work, tenant.id)
    rows = {row.meter: (row.current, row.limit, row.remaining, row.allowed) for row in page.limits}
    assert (page.plan, page.subscribed) == ("starter", True)
    assert (str(page.period_start), str(page.period_end)) == ("2026-11-20", "2026-12-20")
    assert rows == {
        "api_calls_daily": (0, 1_000, 1_000, True),
        SHIPMENTS: (500, 500, 0, False),
        "max_branches": (0, 2, 2, True),
        USERS: (0, 5, 5, True),
        "storage_gb": (Decimal("1.5"), 5, Decimal("3.5"), True),
        "labels": (1, None, None, True),
    }
    assert [row.meter for row in page.limits][-1] == "labels"
    assert period.used == {SHIPMENTS: 500, "labels": 1}
    assert (period.closed, period.number) == (False, None)


def test_the_events_behind_a_counter(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    earlier = an_event(office, tenant.id, "a", quantity="4", at=clock.now() - timedelta(hours=1))
    taken_in(office, earlier, an_event(office, tenant.id, "level", USERS, "1"))
    taken(office, tenant.id, "b", quantity="2")
    taken(office, tenant.id, "one more", USERS)
    with office.work(JOB) as work:
        flow = events_behind(work, tenant.id, SHIPMENTS, date(2026, 11, 1))
        second = events_behind(work, tenant.id, SHIPMENTS, date(2026, 11, 1), offset=1)
        level = events_behind(work, tenant.id, USERS)
    assert [(row.event_id, row.quantity) for row in flow] == [("b", 2), ("a", 4)]
    assert second == flow[1:]
    assert {(row.event_id, row.is_change) for row in level} == {
        ("level", False),
        ("one more", True),
    }


def test_while_throttled_half_of_each_limit_is_checked_and_taken(
    office: Office, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    assert checked(office, tenant.id).limit == 2_000
    live(office, clock, [0, 3])
    with office.work(JOB) as work:
        allowed = access_of(work, tenant.id)
        page = usage_of(work, tenant.id)
    assert (allowed.throttled, page.throttled) == (True, True)
    assert {row.meter: row.limit for row in page.limits} == allowed.limits
    assert taken(office, tenant.id, "some", quantity="999").taken
    assert not taken(office, tenant.id, "two", quantity="2").taken
    assert taken(office, tenant.id, "last").allowance == Allowance(
        False, Decimal(1_000), 1_000, Decimal(0)
    )
    pays(office, the_invoices(office)[0])
    assert checked(office, tenant.id) == Allowance(True, Decimal(1_000), 2_000, Decimal(1_000))
