"""Dunning by the sweep: bands, restrictions, suspension, failed charges, catching up."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from core.access.decision import access_of
from core.clock import SetClock
from core.dunning.rules import Stage, next_task
from core.dunning.run import run_dunning
from core.errors import BadInput
from core.subscriptions.lifecycle import set_status
from core.subscriptions.pausing import pause
from core.subscriptions.run import run_lifecycle
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting
from tests.dunning import (
    an_unpaid,
    declines,
    kinds,
    live,
    one,
    pays,
    status_of,
    steps,
    the_case,
    the_cases,
    to_day,
    told,
)

EVENTS = ("payment.reminder", "tenant.throttled", "tenant.suspended", "tenant.reactivated")
LADDER = (
    Stage(0, "remind", "first"),
    Stage(2, "remind", "second"),
    Stage(3, "throttle", "restricted"),
    Stage(7, "remind", "last"),
    Stage(14, "suspend", "suspended"),
)


@pytest.mark.parametrize(
    ("days", "position", "restriction", "expected"),
    [
        (-1, 0, None, None),
        (0, 0, None, ("remind", 1)),
        (1, 1, None, None),
        (2, 1, None, ("remind", 2)),
        (2, 0, None, ("remind", 2)),
        (3, 2, None, ("throttle", 3)),
        (13, 4, "throttle", None),
        (13, 3, "throttle", ("remind", 4)),
        (13, 0, None, ("throttle", 4)),
        (14, 4, "throttle", ("suspend", 5)),
        (14, 0, None, ("suspend", 5)),
        (400, 5, "suspend", None),
        (3, 2, "suspend", None),
        (7, 3, "suspend", ("remind", 4)),
    ],
)
def test_the_bands(
    days: int, position: int, restriction: str | None, expected: tuple[str, int] | None
) -> None:
    task = next_task(LADDER, position, restriction, days, reminded_today=False)
    assert (task and (task.effect, task.position)) == expected


def test_no_second_reminder_on_a_day_but_a_restriction_is_not_held_back() -> None:
    assert next_task(LADDER, 1, None, 2, reminded_today=True) is None
    task = next_task(LADDER, 1, None, 3, reminded_today=True)
    assert task is not None
    assert task.effect == "throttle"


def test_an_overdue_invoice_is_reminded_of_restricted_and_suspended(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    seen = []
    for day in (0, 1, 2, 3, 7, 13, 14, 15):
        (run,) = live(office, clock, [day])
        with office.work(JOB) as work:
            access = access_of(work, tenant.id)
        seen.append((day, steps(run), access.status, access.throttled, access.writes))
    assert seen == [
        (0, [], "active", False, True),
        (1, ["remind"], "past_due", False, True),
        (2, ["remind"], "past_due", False, True),
        (3, ["throttle"], "past_due", True, True),
        (7, ["remind"], "past_due", True, True),
        (13, [], "past_due", True, True),
        (14, ["suspend"], "suspended", False, False),
        (15, [], "suspended", False, False),
    ]
    assert told(office, *EVENTS) == [
        "payment.reminder",
        "payment.reminder",
        "tenant.throttled",
        "payment.reminder",
        "tenant.suspended",
    ]
    case = the_case(office)
    assert (case.status, case.position, case.next_on) == ("suspended", 5, None)
    with office.work(JOB) as work:
        reason = work.session.scalar(
            text("select reason from plan_history where status = 'suspended'")
        )
    assert reason == f"Invoice {the_invoices(office)[0].number}: 758.40 EUR unpaid for 14 days"
    assert status_of(office, subscription) == "suspended"


def test_the_lifecycle_run_leaves_who_is_charged_or_invoiced_to_dunning(
    office: Office, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office, collection="charge_automatically")
    live(office, clock, [1])
    pass_days(clock, 9)
    assert run_lifecycle(office).changes == ()
    assert status_of(office, subscription) == "past_due"


def test_a_manual_invoice_restricts_and_suspends_all_that_runs(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"], "annual")
    a_charge(office, the_invoices(office)[0])
    invoice = an_invoice(office, tenant)
    to_day(office, clock, 1, invoice)
    run_dunning(office)
    assert status_of(office, subscription) == "active"
    to_day(office, clock, 3, invoice)
    assert one(run_dunning(office)).subscriptions == 1
    with office.work(JOB) as work:
        assert access_of(work, tenant.id).throttled
    assert status_of(office, subscription) == "past_due"
    to_day(office, clock, 14, invoice)
    run_dunning(office)
    assert status_of(office, subscription) == "suspended"
    pays(office, invoice)
    assert status_of(office, subscription) == "active"
    assert told(office, "tenant.reactivated") == ["tenant.reactivated"]
    with office.work(JOB) as work:
        assert work.session.scalar(text("select count(*) from dunning_hold")) == 0


def test_a_pause_or_trial_that_ends_meets_what_is_in_force(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"], "annual")
    a_charge(office, the_invoices(office)[0])
    manual = an_invoice(office, tenant)
    finance = acting(office, a_user(office, "sys_finance"))
    with office.work(finance) as work:
        pause(work, subscription.id, date(2027, 1, 20), reason=WHY)
    to_day(office, clock, 14, manual)
    run_dunning(office)
    assert status_of(office, subscription) == "paused"
    clock.advance(timedelta(days=60))
    run_lifecycle(office)
    assert status_of(office, subscription) == "active"
    assert one(run_dunning(office)).step == "hold"
    assert status_of(office, subscription) == "suspended"
    assert run_dunning(office).changes == ()


def test_a_scheduled_failure_opens_the_case_on_its_day(office: Office, clock: SetClock) -> None:
    _, subscription = an_unpaid(office)
    (invoice,) = the_invoices(office)
    declines(office, invoice, "insufficient_funds")
    case = the_case(office)
    assert (case.counted_from, case.failure_code, case.failures) == (
        clock.now().date(),
        "insufficient_funds",
        1,
    )
    assert status_of(office, subscription) == "past_due"
    assert steps(run_dunning(office)) == ["remind"]
    pass_days(clock, 3)
    declines(office, invoice, "expired_card", scheduled=False)
    assert the_case(office).failures == 1
    declines(office, invoice, "expired_card")
    assert (the_case(office).failures, the_case(office).failure_code) == (2, "expired_card")
    assert the_case(office).position == 1
    assert steps(run_dunning(office)) == ["throttle"]
    a_charge(office, invoice)
    assert status_of(office, subscription) == "active"


def test_a_declined_manual_invoice_has_a_case_too(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    declines(office, invoice, "stolen_card")
    case = the_case(office)
    assert (case.subscription_id, case.failure_code) == (None, "stolen_card")


def test_downtime_is_made_up_for_by_the_strongest_step_once(
    office: Office, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office)
    (run,) = live(office, clock, [20])
    assert (one(run).step, one(run).opened, one(run).days) == ("suspend", True, 20)
    assert told(office, *EVENTS) == ["tenant.suspended"]
    assert status_of(office, subscription) == "suspended"
    assert run_dunning(office).changes == ()


def test_missed_reminders_are_one_reminder(office: Office, clock: SetClock) -> None:
    an_unpaid(office)
    (run,) = live(office, clock, [2])
    assert (steps(run), the_case(office).position) == (["remind"], 2)
    assert run_dunning(office).changes == ()
    assert kinds(office) == ["opened", "reminded"]


def test_a_status_set_by_hand_is_brought_back_unless_the_case_is_frozen(
    office: Office, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [14])
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_status(work, subscription.id, "active", reason=WHY)
    assert one(run_dunning(office)).step == "hold"
    assert status_of(office, subscription) == "suspended"


def test_several_tenants_and_invoices_a_dry_run_says_what_the_run_does(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    for number in range(8):
        tenant = a_tenant(office)
        collection = ("send_invoice", "charge_automatically")[number % 2]
        a_subscription(office, tenant, plans["growth"], "annual", collection=collection)
        if number % 3:
            an_invoice(office, tenant)
        pass_days(clock, 2)
    pass_days(clock, 22)
    run_dunning(office)
    pays(office, the_invoices(office)[0])
    pass_days(clock, 8)
    before = [vars(case) | {"_sa_instance_state": None} for case in the_cases(office)]
    dry = run_dunning(office, dry_run=True)
    after = [vars(case) | {"_sa_instance_state": None} for case in the_cases(office)]
    assert before == after
    done = run_dunning(office)
    assert dry.changes == done.changes
    assert {"remind", "throttle", "suspend"} <= set(steps(done))
    assert run_dunning(office).changes == ()
    assert wrong_books(office) == []


def test_a_day_to_come_is_only_looked_at(office: Office, clock: SetClock) -> None:
    an_unpaid(office)
    ahead = clock.now().date() + timedelta(days=44)
    with pytest.raises(BadInput):
        run_dunning(office, ahead)
    assert steps(run_dunning(office, ahead, dry_run=True)) == ["suspend"]
    assert the_cases(office) == []


def test_the_day_is_counted_to_the_one_asked_for(office: Office, clock: SetClock) -> None:
    an_unpaid(office)
    to_day(office, clock, 20)
    day = clock.now().date() - timedelta(days=18)
    run = run_dunning(office, day)
    assert (one(run).step, one(run).days) == ("remind", 2)
