"""The ladder as data: versions, a tenant's own, giving up, reading only, what is refused."""

import pytest

from core.access.decision import access_of
from core.clock import SetClock
from core.dunning.policies import add_policy, ladder_of, policy_for
from core.dunning.queries import tenant_dunning
from core.dunning.rules import Stage, checked, placed, stage_of
from core.dunning.run import run_dunning
from core.errors import (
    BadInput,
    ChangedMeanwhile,
)
from core.plans.models import Plan
from core.plans.queries import plan_by_slug
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, the_invoices
from tests.builders import a_user, acting
from tests.dunning import (
    an_unpaid,
    live,
    pays,
    status_of,
    steps,
    the_case,
    the_cases,
    to_day,
)

REMIND, THROTTLE = Stage(0, "remind", "first"), Stage(3, "throttle", "restricted")
SUSPEND = Stage(14, "suspend", "suspended")


def _growth(office: Office) -> Plan:
    with office.work(JOB) as work:
        return plan_by_slug(work, "growth")


def test_a_running_case_keeps_the_version_it_began_with(office: Office, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [1])
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        policy = add_policy(work, (REMIND, Stage(5, "suspend", "")), seen_version=1, reason=WHY)
    assert policy.version == 2
    a_subscription(
        office, second := a_tenant(office), _growth(office), "annual", collection="send_invoice"
    )
    assert steps(live(office, clock, [5])[0]) == ["throttle"]
    with office.work(JOB) as work:
        assert [stage.effect for stage in tenant_dunning(work, second.id).stages] == [
            "remind",
            "suspend",
        ]
    to_day(office, clock, 5, the_invoices(office)[1])
    run_dunning(office)
    first, other = the_cases(office)
    with office.work(JOB) as work:
        assert (first.policy_id == other.policy_id, len(ladder_of(work, first.policy_id))) == (
            False,
            5,
        )
    assert other.status == "suspended"


def test_a_tenant_may_have_a_ladder_of_its_own_and_leave_it(office: Office) -> None:
    tenant, other = a_tenant(office), a_tenant(office)
    boss = acting(office, a_user(office, "sys_finance"))
    with office.work(boss) as work:
        add_policy(work, (Stage(10, "remind", ""),), tenant_id=tenant.id, reason=WHY)
    with office.work(JOB) as work:
        assert [policy_for(work, each.id).version for each in (tenant, other)] == [2, 1]
    with office.work(boss) as work:
        add_policy(work, (), tenant_id=tenant.id, reason=WHY)
    with office.work(JOB) as work:
        assert policy_for(work, tenant.id).version == 1
    with pytest.raises(ChangedMeanwhile), office.work(boss) as work:
        add_policy(work, (REMIND,), seen_version=2, reason=WHY)


def test_giving_up_is_a_stage_that_ends_the_subscription_and_the_case(
    office: Office, clock: SetClock
) -> None:
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        add_policy(work, (REMIND, SUSPEND, Stage(45, "cancel", "")), reason=WHY)
    _, subscription = an_unpaid(office)
    assert [steps(run) for run in live(office, clock, [14, 44, 45, 46])] == [
        ["suspend"],
        [],
        ["cancel"],
        [],
    ]
    assert status_of(office, subscription) == "cancelled"
    assert the_case(office).close_reason == "cancelled"
    assert the_invoices(office)[0].status == "issued"


@pytest.mark.parametrize(
    "stages",
    [
        (),
        (Stage(3, "remind", ""), Stage(2, "suspend", "")),
        (Stage(1, "explode", ""),),
        (Stage(-1, "remind", ""),),
        (SUSPEND, Stage(20, "throttle", "")),
        (THROTTLE, Stage(4, "throttle", "")),
        (Stage(45, "cancel", ""), Stage(46, "remind", "")),
        tuple(Stage(day, "remind", "") for day in range(31)),
        (Stage(1, "remind", "x" * 41),),
    ],
)
def test_a_ladder_climbs(stages: tuple[Stage, ...]) -> None:
    with pytest.raises(BadInput):
        checked(stages)


def test_stages_are_written_as_days_effect_and_name() -> None:
    assert stage_of(" 30:suspend:last chance ") == Stage(30, "suspend", "last chance")
    assert checked((stage_of("3:read_only"),)) == (Stage(3, "read_only", "read-only"),)
    for wrong in ("suspend", "x:remind", "-1:remind", "99999:remind", ""):
        with pytest.raises(BadInput):
            stage_of(wrong)


@pytest.mark.parametrize(
    ("restriction", "days", "expected"),
    [
        (None, 0, (1, None)),
        (None, 5, (1, None)),
        ("throttle", 5, (2, "throttle")),
        ("suspend", 5, (2, "throttle")),
        ("suspend", 2, (1, None)),
        ("suspend", 14, (3, "suspend")),
        ("throttle", 14, (2, "throttle")),
    ],
)
def test_where_a_case_stands_on_a_new_ladder(
    restriction: str | None, days: int, expected: tuple[int, str | None]
) -> None:
    assert placed((REMIND, THROTTLE, SUSPEND), restriction, days) == expected


def test_read_only_is_possible_as_data(office: Office, clock: SetClock) -> None:
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        add_policy(work, (REMIND, Stage(3, "read_only", ""), SUSPEND), reason=WHY)
    tenant, subscription = an_unpaid(office)
    live(office, clock, [3])
    assert status_of(office, subscription) == "read_only"
    with office.work(JOB) as work:
        assert not access_of(work, tenant.id).writes
    live(office, clock, [14])
    assert status_of(office, subscription) == "suspended"
    pays(office, the_invoices(office)[0])
    assert status_of(office, subscription) == "active"
