"""The page of the dunning ladder: its stages, a new version of it, and who may add one."""

import pytest
from streamlit.testing.v1 import AppTest

from core.dunning import policies
from core.dunning.rules import Stage
from core.work import Office
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user, acting
from tests.pages.administering import Visit, confirm, events, press, visitor, words

OPEN = "ladder-common"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/ladder.py")


def stages(office: Office) -> tuple[int, tuple[Stage, ...]]:
    """The version in force and its stages."""
    with office.work(JOB) as work:
        policy = policies.policy_for(work, None)
        return policy.version, policies.ladder_of(work, policy.id)


def fill(test: AppTest, place: int, days: int, effect: str, name: str = "") -> None:
    """Fill the fields of a row."""
    test.number_input(key=f"ladder-1-days-{place}").set_value(days)
    test.selectbox(key=f"ladder-1-effect-{place}").select(effect)
    test.text_input(key=f"ladder-1-name-{place}").set_value(name)


def test_the_stages_in_force_stand_in_words(visit: Visit) -> None:
    test = visit("sys_finance")
    assert not test.exception
    told = words(test)
    for part in ("Version 1", "First reminder", "A reminder is sent", "Limits are halved"):
        assert part in told, part
    assert told.index("First reminder") < told.index("The account is suspended")


def test_a_new_version_has_its_stages_in_order_of_their_days(visit: Visit, office: Office) -> None:
    test = visit("sys_finance")
    press(test, OPEN)
    test.number_input(key="ladder-1-count").set_value(6).run()
    fill(test, 0, 1, "remind", "<hello>")
    fill(test, 1, 9, "")
    fill(test, 2, 5, "read_only")
    fill(test, 3, 9, "")
    fill(test, 4, 20, "suspend", "closed")
    fill(test, 5, 3, "remind", "second")
    test.run()
    assert "Day 1: a reminder is sent (&lt;hello&gt;)" in words(test)
    assert stages(office)[0] == 1
    confirm(test)
    assert not test.exception
    assert stages(office) == (
        2,
        (
            Stage(1, "remind", "<hello>"),
            Stage(3, "remind", "second"),
            Stage(5, "read_only", "read-only"),
            Stage(20, "suspend", "closed"),
        ),
    )
    told = words(test)
    assert "Version 2 of the ladder is in force" in told
    assert "&lt;hello&gt;" in told
    assert events(office, "dunning.policy_added")[0]["reason"] == WHY


def test_a_ladder_that_does_not_climb_is_refused_before_and_after(
    visit: Visit, office: Office
) -> None:
    test = visit("sys_finance")
    press(test, OPEN)
    test.number_input(key="ladder-1-count").set_value(2).run()
    fill(test, 0, 1, "suspend")
    fill(test, 1, 2, "throttle")
    test.run()
    assert "throttle is no stronger than before it" in words(test)
    confirm(test)
    assert "throttle is no stronger than before it" in words(test)
    assert stages(office)[0] == 1


def test_what_somebody_else_added_meanwhile_stops_the_write(visit: Visit, office: Office) -> None:
    test = visit("sys_finance")
    press(test, OPEN)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        policies.add_policy(work, (Stage(4, "remind", ""),), reason=WHY)
    confirm(test)
    assert stages(office) == (2, (Stage(4, "remind", "reminder"),))
    confirm(test)
    assert not test.exception
    assert stages(office) == (3, (Stage(4, "remind", "reminder"),))


def test_a_tenants_own_ladder_neither_stands_here_nor_is_in_the_way(
    visit: Visit, office: Office
) -> None:
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        own = (Stage(30, "suspend", "own"),)
        policies.add_policy(work, own, tenant_id=a_tenant(office).id, reason=WHY)
    test = visit("sys_finance")
    assert "Version 1" in words(test)
    press(test, OPEN)
    confirm(test)
    assert stages(office)[0] == 3


def test_a_new_version_waits_for_a_fresh_sign_in(visit: Visit) -> None:
    test = visit("sys_finance", fresh=False)
    press(test, OPEN)
    assert "Confirm it is you" in words(test)
    assert not test.number_input


def test_readers_see_the_ladder_without_the_door_and_others_nothing(visit: Visit) -> None:
    reader = visit("cfo")
    assert "First reminder" in words(reader)
    assert not reader.button
    refused = visit("analyst")
    assert refused.exception
    assert "First reminder" not in words(refused)
