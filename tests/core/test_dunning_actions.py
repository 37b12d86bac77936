"""What people do in the dunning queue: remind, suspend, override, resume."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.access.decision import access_of
from core.audit.queries import search
from core.clock import SetClock
from core.dunning.actions import override, remind, resume, suspend
from core.dunning.policies import add_policy
from core.dunning.queries import case_detail, queue
from core.dunning.rules import Stage
from core.dunning.run import run_dunning
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    FreshAuthNeeded,
    KeyReused,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
)
from core.plans.models import Plan
from core.plans.queries import plan_by_slug
from core.subscriptions.lifecycle import set_status
from core.work import Office, Work
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_invoices
from tests.builders import a_user, acting
from tests.dunning import (
    an_unpaid,
    kinds,
    live,
    one,
    pays,
    status_of,
    steps,
    the_case,
    to_day,
    told,
)
from tests.wallets import at_once

REMIND = Stage(0, "remind", "first")


def _do(office: Office, role: str, act: Callable[[Work], object], *, fresh: bool = True) -> object:
    with office.work(acting(office, a_user(office, role), fresh=fresh)) as work:
        return act(work)


def _growth(office: Office) -> Plan:
    with office.work(JOB) as work:
        return plan_by_slug(work, "growth")


def test_reminding_takes_rung_after_rung_but_never_suspends(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [1])
    case = the_case(office)
    seen = []
    for _ in range(5):
        _do(office, "billing", lambda work: remind(work, case.id), fresh=False)
        now = the_case(office)
        seen.append((now.position, now.restriction, status_of(office, subscription)))
    assert seen == [
        (2, None, "past_due"),
        (3, "throttle", "past_due"),
        (4, "throttle", "past_due"),
        (4, "throttle", "past_due"),
        (4, "throttle", "past_due"),
    ]
    assert told(office, "payment.reminder", "tenant.throttled").count("payment.reminder") == 6
    with office.work(JOB) as work:
        assert access_of(work, tenant.id).throttled
    assert run_dunning(office).changes == ()
    live(office, clock, [13])
    assert the_case(office).position == 4
    assert steps(live(office, clock, [14])[0]) == ["suspend"]


def test_suspending_by_hand_keeps_its_reason_and_the_sweep_leaves_it(
    office: Office, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [1])
    case = the_case(office)
    _do(office, "billing", lambda work: suspend(work, case.id, reason=WHY), fresh=False)
    now = the_case(office)
    assert (now.status, now.position, now.next_on) == ("suspended", 5, None)
    assert status_of(office, subscription) == "suspended"
    assert told(office, "tenant.suspended") == ["tenant.suspended"]
    assert live(office, clock, [2, 3, 14])[-1].changes == ()
    with pytest.raises(NotNow, match="already"):
        _do(office, "billing", lambda work: suspend(work, case.id, reason=WHY))
    pays(office, the_invoices(office)[0])
    assert status_of(office, subscription) == "active"
    with pytest.raises(NotNow, match="closed"):
        _do(office, "billing", lambda work: remind(work, case.id))


def test_a_frozen_case_stands_still_until_it_is_resumed(office: Office, clock: SetClock) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [3])
    _do(office, "sys_finance", lambda work: override(work, tenant.id, "freeze", reason=WHY))
    assert [run.changes for run in live(office, clock, [7, 14, 40])] == [(), (), ()]
    with pytest.raises(NotNow, match="frozen"):
        _do(office, "billing", lambda work: remind(work, the_case(office).id))
    with pytest.raises(NotNow, match="frozen"):
        _do(office, "billing", lambda work: suspend(work, the_case(office).id, reason=WHY))
    assert (the_case(office).restriction, the_case(office).next_on) == ("throttle", None)
    _do(office, "sys_finance", lambda work: resume(work, tenant.id, reason=WHY))
    assert one(run_dunning(office)).step == "suspend"
    assert status_of(office, subscription) == "suspended"


def test_a_frozen_case_lets_a_status_set_by_hand_stand_and_settling_still_closes_it(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [14])
    _do(office, "sys_finance", lambda work: override(work, tenant.id, "freeze", reason=WHY))
    _do(office, "super_admin", lambda work: set_status(work, subscription.id, "active", reason=WHY))
    assert run_dunning(office).changes == ()
    assert status_of(office, subscription) == "active"
    with office.work(JOB) as work:
        assert access_of(work, tenant.id).writes
    pays(office, the_invoices(office)[0])
    assert the_case(office).close_reason == "paid"
    assert status_of(office, subscription) == "active"


def test_a_freeze_thaws_on_its_day(office: Office, clock: SetClock) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [1])
    until = clock.now().date() + timedelta(days=5)
    _do(
        office,
        "sys_finance",
        lambda work: override(work, tenant.id, "freeze", until=until, reason=WHY),
    )
    assert [run.changes for run in live(office, clock, [2, 5])] == [(), ()]
    assert steps(live(office, clock, [6])[0]) == ["throttle"]
    assert the_case(office).override_path is None
    assert kinds(office)[-2:] == ["resumed", "restricted"]


def test_stages_of_its_own_replace_the_ladder(office: Office, clock: SetClock) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [1])
    own = (Stage(20, "remind", "call"), Stage(30, "suspend", "last chance"))
    _do(
        office,
        "sys_finance",
        lambda work: override(work, tenant.id, "custom", stages=own, reason=WHY),
    )
    assert [steps(run) for run in live(office, clock, [3, 14, 20, 29, 30])] == [
        [],
        [],
        ["remind"],
        [],
        ["suspend"],
    ]
    assert status_of(office, subscription) == "suspended"


def test_more_time_by_stages_of_its_own_lifts_a_suspension_and_resuming_brings_it_back(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [15])
    own = (Stage(40, "suspend", ""),)
    _do(
        office,
        "sys_finance",
        lambda work: override(work, tenant.id, "custom", stages=own, reason=WHY),
    )
    assert status_of(office, subscription) == "past_due"
    assert (the_case(office).status, the_case(office).restriction) == ("open", None)
    assert told(office, "tenant.reactivated") == ["tenant.reactivated"]
    assert run_dunning(office).changes == ()
    _do(office, "sys_finance", lambda work: resume(work, tenant.id, reason=WHY))
    assert one(run_dunning(office)).step == "suspend"
    assert status_of(office, subscription) == "suspended"


def test_stages_of_its_own_may_keep_the_milder_restriction(office: Office, clock: SetClock) -> None:
    tenant, subscription = an_unpaid(office)
    live(office, clock, [15])
    own = (Stage(3, "throttle", ""), Stage(60, "suspend", ""))
    _do(
        office,
        "sys_finance",
        lambda work: override(work, tenant.id, "custom", stages=own, reason=WHY),
    )
    assert status_of(office, subscription) == "past_due"
    with office.work(JOB) as work:
        assert access_of(work, tenant.id).throttled
    pays(office, the_invoices(office)[0])
    assert status_of(office, subscription) == "active"


def test_who_may_do_what(office: Office, clock: SetClock) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [1])
    number = the_case(office).id
    with pytest.raises(NotAllowed):
        _do(office, "sys_finance", lambda work: remind(work, number))
    with pytest.raises(NotAllowed):
        _do(office, "cfo", lambda work: suspend(work, number, reason=WHY))
    with pytest.raises(ReasonNeeded):
        _do(office, "billing", lambda work: suspend(work, number, reason="short"))
    for act in (
        lambda work: override(work, tenant.id, "freeze", reason=WHY),
        lambda work: resume(work, tenant.id, reason=WHY),
        lambda work: add_policy(work, (REMIND,), reason=WHY),
    ):
        with pytest.raises(NotAllowed):
            _do(office, "billing", act)
        with pytest.raises(FreshAuthNeeded):
            _do(office, "sys_finance", act, fresh=False)
    with pytest.raises(ReasonNeeded):
        _do(office, "sys_finance", lambda work: override(work, tenant.id, "freeze", reason=""))
    with pytest.raises(NotAllowed):
        _do(office, "manager", queue)
    assert the_case(office).override_path is None


def test_wrong_overrides_are_refused(office: Office, clock: SetClock) -> None:
    tenant, _ = an_unpaid(office)
    finance = acting(office, a_user(office, "sys_finance"))
    today = clock.now().date()

    def refused(kind: type[Exception], *args: object, **more: object) -> None:
        with pytest.raises(kind), office.work(finance) as work:
            override(work, *args, reason=WHY, **more)  # type: ignore[arg-type]

    refused(NotFound, tenant.id, "freeze")
    live(office, clock, [1])
    today = clock.now().date()
    finance = acting(office, a_user(office, "sys_finance"))
    refused(BadInput, tenant.id, "melt")
    refused(BadInput, tenant.id, "custom")
    refused(BadInput, tenant.id, "freeze", stages=(REMIND,))
    refused(BadInput, tenant.id, "freeze", until=today)
    refused(NotFound, tenant.id, "freeze", case_id=999)
    refused(NotFound, a_tenant(office).id, "freeze", case_id=the_case(office).id)
    with pytest.raises(NotFound), office.work(finance) as work:
        resume(work, tenant.id, reason=WHY)


def test_a_key_makes_it_once_and_a_version_guards_against_another(
    office: Office, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [1])
    case, billing = the_case(office), acting(office, a_user(office, "billing"))
    for _ in range(2):
        with office.work(billing) as work:
            again = remind(work, case.id, version=case.version, key="k-reminder")
        assert again.position == 2
    with pytest.raises(KeyReused), office.work(billing) as work:
        remind(work, case.id + 1, key="k-reminder")
    with pytest.raises(ChangedMeanwhile), office.work(billing) as work:
        suspend(work, case.id, version=case.version, reason=WHY)
    finance = acting(office, a_user(office, "sys_finance"))
    for _ in range(2):
        with office.work(finance) as work:
            numbers = override(work, tenant.id, "freeze", reason=WHY, key="k-freeze-1")
        assert numbers == [case.id]
    assert kinds(office).count("overridden") == 1


def test_of_two_people_one_wins(office: Office, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [1])
    case = the_case(office)
    people = [acting(office, a_user(office, "billing")) for _ in range(4)]

    def press(actor: object) -> None:
        with office.work(actor) as work:  # type: ignore[arg-type]
            remind(work, case.id, version=case.version)

    refusals = at_once(*(lambda actor=actor: press(actor) for actor in people))  # type: ignore[misc]
    assert [type(refused) for refused in refusals] == [ChangedMeanwhile] * 3
    assert the_case(office).position == 2


def test_the_queue_counts_and_shows_the_next_step(office: Office, clock: SetClock) -> None:
    tenant, _ = an_unpaid(office)
    pass_days(clock, 6)
    a_subscription(office, a_tenant(office), _growth(office), "annual", collection="send_invoice")
    first, second = the_invoices(office)
    to_day(office, clock, 8, first)
    run_dunning(office)
    with office.work(acting(office, a_user(office, "cfo"))) as work:
        page = queue(work)
        restricted = queue(work, state="restricted")
        nobody = queue(work, "nobody at all")
        detail = case_detail(work, page.rows[0].id)
        with pytest.raises(BadInput):
            queue(work, state="lost")
        with pytest.raises(NotFound):
            case_detail(work, 999)
    assert [(row.invoice_id, row.days_overdue) for row in page.rows] == [
        (first.id, 8),
        (second.id, 2),
    ]
    assert page.counts == {"reminding": 1, "restricted": 1, "suspended": 0, "overridden": 0}
    assert [row.invoice_id for row in restricted.rows] == [first.id]
    assert (nobody.rows, nobody.count) == ([], 0)
    row = page.rows[1]
    assert (row.stage, row.next_stage, row.next_effect) == (
        "second reminder",
        "restricted",
        "throttle",
    )
    assert row.next_on == clock.now().date() + timedelta(days=1)
    assert [event.kind for event in detail.events] == ["restricted", "opened"]
    assert detail.row.tenant_id == tenant.id


def test_the_newest_of_a_row_in_the_audit_log_says_what_and_why(
    office: Office, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [1])
    _do(office, "sys_finance", lambda work: override(work, tenant.id, "freeze", reason=WHY))
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        rows = search(work, event_type="dunning.overridden")
    assert [(row.organization_id, row.payload["path"], row.payload["reason"]) for row in rows] == [
        (tenant.id, "freeze", WHY)
    ]
