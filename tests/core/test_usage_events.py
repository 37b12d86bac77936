"""Usage events: taken in once, counted where they belong, refused with a place and a reason."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import func, select

from core.audit.models import AuditEvent
from core.clock import SetClock
from core.errors import BadInput, NotAllowed
from core.subscriptions.actions import cancel, change_plan
from core.subscriptions.lifecycle import end_trial
from core.usage.actions import create_meter
from core.usage.ingesting import MOST_EVENTS, EventsRefused, ingest
from core.usage.models import UsageEvent
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_plans
from tests.builders import a_user, acting
from tests.usage import a_meter, an_event, counters, taken_in

SHIPMENTS, CALLS = "max_shipments", "api_calls_daily"


def test_an_event_counts_once_whatever_is_sent_again(office: Office) -> None:
    tenant = a_tenant(office)
    event = an_event(office, tenant.id, "e1", quantity="3")
    other = an_event(office, tenant.id, "e1", quantity="4")
    assert taken_in(office, event) == ["accepted"]
    assert taken_in(office, event, other) == ["duplicate", "conflict"]
    assert counters(office, tenant.id) == {(SHIPMENTS, "2026-11-01"): 3}


def test_repeats_within_a_batch_are_told_apart(office: Office) -> None:
    tenant = a_tenant(office)
    first = an_event(office, tenant.id, "e1", quantity="3")
    second = an_event(office, tenant.id, "e1", quantity="5")
    assert taken_in(office, first, first, second) == ["accepted", "duplicate", "conflict"]
    assert counters(office, tenant.id) == {(SHIPMENTS, "2026-11-01"): 3}


def test_the_same_id_of_two_tenants_is_two_events(office: Office) -> None:
    one, two = a_tenant(office), a_tenant(office)
    events = [an_event(office, tenant.id, "e1") for tenant in (one, two)]
    assert taken_in(office, *events) == ["accepted", "accepted"]


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("count", 4), ("sum", 12), ("max", 6), ("unique", 2)]
)
def test_each_aggregation_over_two_batches(office: Office, aggregation: str, expected: int) -> None:
    a_meter(office, "things", aggregation)
    tenant = a_tenant(office)
    for batch in ((("a", "1", "x"), ("b", "6", "y")), (("c", "3", "x"), ("d", "2", "x"))):
        events = [
            an_event(office, tenant.id, number, "things", quantity, subject=subject)
            for number, quantity, subject in batch
        ]
        taken_in(office, *events, events[0])
    assert counters(office, tenant.id) == {("things", "2026-11-01"): expected}


def test_a_level_is_the_one_reported_for_the_latest_instant(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    now = clock.now()
    new = an_event(office, tenant.id, "new", "max_users", "7", at=now)
    old = an_event(office, tenant.id, "old", "max_users", "9", at=now - timedelta(hours=1))
    assert taken_in(office, new, old) == ["accepted", "accepted"]
    older = an_event(office, tenant.id, "older", "max_users", "8", at=now - timedelta(days=40))
    taken_in(office, older)
    assert counters(office, tenant.id) == {("max_users", "0001-01-01"): 7}


def test_a_daily_meter_starts_anew_at_local_midnight(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    # 22:59 UTC is 23:59 in Stockholm, one minute later it is the next day there.
    clock.move_to(datetime(2026, 11, 20, 23, 0, tzinfo=UTC))
    before = an_event(office, tenant.id, "a", CALLS, at=datetime(2026, 11, 20, 22, 59, tzinfo=UTC))
    after = an_event(office, tenant.id, "b", CALLS)
    taken_in(office, before, after)
    assert counters(office, tenant.id) == {(CALLS, "2026-11-20"): 1, (CALLS, "2026-11-21"): 1}


def test_periods_follow_the_anchor_through_short_months(office: Office, clock: SetClock) -> None:
    clock.move_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["pro"], "annual")
    for number, month_day in enumerate(((1, 31), (2, 27), (2, 28), (3, 30), (3, 31), (4, 30))):
        clock.move_to(datetime(2027, *month_day, 12, tzinfo=UTC))
        taken_in(office, an_event(office, tenant.id, f"e{number}"))
    assert {start: int(value) for (_, start), value in counters(office, tenant.id).items()} == {
        "2027-01-31": 2,
        "2027-02-28": 2,
        "2027-03-31": 1,
        "2027-04-30": 1,
    }


def test_the_end_of_a_trial_begins_a_new_usage_period(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["pro"], trial_days=14)
    taken_in(office, an_event(office, tenant.id, "in trial"))
    trial_day = clock.now() + timedelta(days=3)
    pass_days(clock, 14)
    with office.work(JOB) as work:
        end_trial(work, subscription.id, converts=True)
    late = an_event(office, tenant.id, "late", at=trial_day)
    taken_in(office, an_event(office, tenant.id, "paid"), late)
    assert counters(office, tenant.id) == {
        (SHIPMENTS, "2026-11-20"): 2,
        (SHIPMENTS, "2026-12-04"): 1,
    }


def test_another_cycle_and_a_cancellation_cut_the_period(office: Office, clock: SetClock) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    subscription = a_subscription(office, tenant, plans["starter"])
    taken_in(office, an_event(office, tenant.id, "a"))
    pass_days(clock, 10)
    finance = acting(office, a_user(office, "sys_finance"))
    with office.work(finance) as work:
        change_plan(work, subscription.id, plans["starter"].id, cycle="annual", reason=WHY)
    taken_in(office, an_event(office, tenant.id, "b"))
    pass_days(clock, 3)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)
    taken_in(office, an_event(office, tenant.id, "c"))
    assert set(counters(office, tenant.id)) == {
        (SHIPMENTS, "2026-11-20"),
        (SHIPMENTS, "2026-11-30"),
        (SHIPMENTS, "2026-12-03"),
    }


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"event_id": ""}, "event_id", "1 to 200"),
        ({"event_id": "a\x00b"}, "event_id", "printable"),
        ({"meter": "steps"}, "meter", "there is no meter 'steps'"),
        ({"quantity": "-1"}, "quantity", "not negative"),
        ({"quantity": "NaN"}, "quantity", "not negative"),
        ({"quantity": "0.0000001"}, "quantity", "at most 6 decimals"),
        ({"quantity": "1e12"}, "quantity", "below 1000000000000"),
        ({"ahead": timedelta(minutes=5, seconds=1)}, "occurred_at", "in the future"),
        ({"ahead": timedelta(days=-367)}, "occurred_at", "366 days ago"),
        ({"meter": "seats"}, "subject", "seats counts subjects"),
        ({"tenant": 10**12}, "tenant_id", "there is no tenant"),
    ],
)
def test_one_malformed_event_refuses_the_batch(
    office: Office, clock: SetClock, change: dict[str, object], field: str, words: str
) -> None:
    a_meter(office, "seats", "unique")
    tenant = a_tenant(office)
    good = an_event(office, tenant.id, "good")
    bad = an_event(
        office,
        int(str(change.get("tenant", tenant.id))),
        str(change.get("event_id", "bad")),
        str(change.get("meter", SHIPMENTS)),
        str(change.get("quantity", "1")),
        at=clock.now() + timedelta(seconds=0) + change.get("ahead", timedelta()),  # type: ignore[operator]
    )
    with pytest.raises(EventsRefused, match=words) as refusal, office.work(JOB) as work:
        ingest(work, [good, bad])
    (problem,) = refusal.value.problems
    assert (problem.index, problem.field) == (1, field)
    assert counters(office, tenant.id) == {}


def test_five_minutes_ahead_are_taken(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    event = an_event(office, tenant.id, "e", at=clock.now() + timedelta(minutes=5))
    assert taken_in(office, event) == ["accepted"]


@pytest.mark.parametrize("size", [0, MOST_EVENTS + 1])
def test_a_batch_has_a_size(office: Office, size: int) -> None:
    tenant = a_tenant(office)
    with pytest.raises(BadInput, match="1 to 1000 events"), office.work(JOB) as work:
        ingest(work, [an_event(office, tenant.id, f"e{n}") for n in range(size)])


def test_a_tenant_reports_its_own_usage_alone(office: Office) -> None:
    own, other = a_tenant(office), a_tenant(office)
    admin = acting(office, a_user(office, "org_admin", tenant_id=own.id))
    with office.work(admin) as work:
        assert ingest(work, [an_event(office, own.id, "e1")])[0].status == "accepted"
    with pytest.raises(NotAllowed), office.work(admin) as work:
        ingest(work, [an_event(office, own.id, "e2"), an_event(office, other.id, "e3")])
    assert counters(office, other.id) == {}


@pytest.mark.parametrize("role", ["org_user", "cfo", "billing"])
def test_who_may_not_report_usage(office: Office, role: str) -> None:
    tenant = a_tenant(office)
    own = tenant.id if role == "org_user" else None
    actor = acting(office, a_user(office, role, tenant_id=own))
    with pytest.raises(NotAllowed), office.work(actor) as work:
        ingest(work, [an_event(office, tenant.id, "e1")])


def test_concurrent_batches_in_any_order_lose_and_double_nothing(office: Office) -> None:
    tenants = [a_tenant(office) for _ in range(3)]
    a_meter(office, "seats", "unique")
    events = [
        an_event(office, tenant.id, f"e{n}", meter, subject=f"s{n % 7}")
        for n in range(60)
        for tenant in tenants
        for meter in ((SHIPMENTS, CALLS, "seats")[n % 3],)
    ]
    failures: list[Exception] = []

    def send(turn: int) -> None:
        ordered = events[turn * 20 :] + events[: turn * 20]
        try:
            for start in range(0, len(events), 45):
                taken_in(office, *(ordered if turn % 2 else ordered[::-1])[start : start + 45])
        except Exception as problem:
            failures.append(problem)

    threads = [threading.Thread(target=send, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for tenant in tenants:
        assert counters(office, tenant.id) == {
            (SHIPMENTS, "2026-11-01"): 20,
            (CALLS, "2026-11-20"): 20,
            ("seats", "2026-11-01"): 7,
        }


def test_ingest_writes_no_audit_row_and_its_events_are_kept(
    office: Office, database_url: str
) -> None:
    tenant = a_tenant(office)
    with office.work(JOB) as work:
        before = work.session.scalar(select(func.count()).select_from(AuditEvent))
    taken_in(office, an_event(office, tenant.id, "e1"))
    with office.work(JOB) as work:
        assert work.session.scalar(select(func.count()).select_from(AuditEvent)) == before
        assert work.session.get_one(UsageEvent, (tenant.id, "e1")).quantity == Decimal(1)
    for statement in ("update usage_event set quantity = 0", "delete from usage_event"):
        with (
            psycopg.connect(database_url) as db,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            db.execute(statement)


@pytest.mark.parametrize(
    ("name", "aggregation", "resets"),
    [
        ("Bad", "sum", "period"),
        ("fine", "median", "period"),
        ("fine", "latest", "period"),
        ("fine", "sum", "never"),
        ("max_users", "latest", "never"),
    ],
)
def test_a_meter_that_makes_no_sense_is_refused(
    office: Office, name: str, aggregation: str, resets: str
) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(BadInput), office.work(boss) as work:
        create_meter(work, name, aggregation, resets=resets)
