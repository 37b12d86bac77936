"""The dunning queue as a page: counts, rows, one case, and the dialogs by permission."""

from datetime import timedelta

import pytest

from core.clock import SetClock
from core.dunning.actions import override
from core.dunning.run import run_dunning
from core.work import Office
from tests.billing import WHY, an_invoice, pass_days
from tests.builders import a_user, acting
from tests.dunning import an_unpaid, declines, live, pays, the_case, the_cases, the_invoices
from tests.pages.administering import Visit, confirm, events, press, visitor, words


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "receivables/dunning.py")


def test_the_queue_shows_what_is_owed_and_what_comes_next(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    pass_days(clock, 6)
    an_invoice(office, tenant)
    live(office, clock, [8])
    test = visit("cfo")
    assert not test.exception
    shown = words(test)
    number = the_invoices(office)[0].number
    for part in (
        "EUR 758.40",
        "EUR 100.00",
        "Second reminder",
        "Last reminder, throttled",
        "Suspended, 3 Jan 2027",
        "Restricted, 29 Dec 2026",
        "2 cases",
        f"{number}",
        f"/invoice?invoice={the_invoices(office)[0].id}",
    ):
        assert part in shown, part
    assert shown.index("EUR 758.40") < shown.index("EUR 100.00")
    only = words(visit("cfo", state="restricted"))
    assert "EUR 100.00" not in only
    assert "No case fits" in words(visit("cfo", text="nobody at all"))


def test_nothing_overdue_says_so(visit: Visit) -> None:
    assert "Nothing is overdue" in words(visit("billing"))


def test_a_case_shows_its_ladder_its_timeline_and_the_doors_of_its_viewer(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    _, _ = an_unpaid(office)
    declines(office, the_invoices(office)[0], "expired_card")
    pass_days(clock, 3)
    run_dunning(office)
    number = str(the_case(office).id)
    offered = {
        "cfo": set(),
        "billing": {"remind", "suspend"},
        "sys_finance": {"freeze", "custom"},
        "super_admin": {"remind", "suspend", "freeze", "custom"},
    }
    for role, doors in offered.items():
        test = visit(role, case=number)
        assert not test.exception
        assert {b.key.partition("-")[0] for b in test.button if b.key} - {""} >= doors
        for other in {"remind", "suspend", "freeze", "custom", "resume"} - doors:
            assert not [b for b in test.button if b.key == f"{other}-{number}"]
    shown = words(test)
    for part in (
        "day 0 first reminder · day 2 second reminder",
        "expired card on 20 Nov 2026, not tried again until the card changes",
        "Charge declined",
        "throttled",
        "suspended",
    ):
        assert part in shown, part


def test_a_reminder_is_sent_after_its_dialog(office: Office, visit: Visit, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [2])
    number = str(the_case(office).id)
    test = visit("billing", fresh=False, case=number)
    press(test, f"remind-{number}")
    assert "“restricted”: limits are halved from now on" in words(test)
    press(test, "confirm-do")
    assert not test.exception
    assert (the_case(office).position, the_case(office).restriction) == (3, "throttle")
    assert len(events(office, "dunning.reminded")) == 2


def test_suspending_wants_a_reason(office: Office, visit: Visit, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [2])
    number = str(the_case(office).id)
    test = visit("billing", fresh=False, case=number, do=f"suspend:{number}")
    confirm(test, "short")
    assert "at least ten characters" in words(test)
    confirm(test)
    assert the_case(office).status == "suspended"
    assert events(office, "tenant.suspended")[0]["reason"] == WHY
    assert "Suspended" in words(visit("cfo"))


def test_freezing_own_stages_and_resuming(office: Office, visit: Visit, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [3])
    number = str(the_case(office).id)
    until = clock.now().date() + timedelta(days=9)
    test = visit("sys_finance", case=number, do=f"freeze:{number}")
    test.date_input(key="dunning-until").set_value(until)
    confirm(test)
    assert not test.exception
    assert (the_case(office).override_path, the_case(office).override_until) == ("freeze", until)
    test = visit("sys_finance", case=number, do=f"custom:{number}")
    test.text_area(key="dunning-stages").set_value("20:remind:call\n\n30:suspend")
    confirm(test)
    assert the_case(office).override_custom_stages == [
        {"after_days": 20, "effect": "remind", "template": "call"},
        {"after_days": 30, "effect": "suspend", "template": "suspended"},
    ]
    assert "Own stages" in words(visit("cfo"))
    wrong = visit("sys_finance", case=number, do=f"custom:{number}")
    wrong.text_area(key="dunning-stages").set_value("soon")
    confirm(wrong)
    assert "DAYS:EFFECT" in words(wrong)
    test = visit("sys_finance", case=number, do=f"resume:{number}")
    confirm(test)
    assert the_case(office).override_path is None
    stale = visit("sys_finance", fresh=False, case=number, do=f"freeze:{number}")
    assert "Confirm it is you" in words(stale)


def test_a_case_that_changed_meanwhile_is_shown_anew(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [2])
    number = str(the_case(office).id)
    test = visit("sys_finance", case=number, do=f"freeze:{number}")
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        override(work, tenant.id, "freeze", reason=WHY)
    confirm(test)
    assert "look again" in words(test)


def test_a_closed_case_has_no_doors(office: Office, visit: Visit, clock: SetClock) -> None:
    an_unpaid(office)
    live(office, clock, [3])
    pays(office, the_invoices(office)[0])
    number = str(the_cases(office)[0].id)
    test = visit("super_admin", case=number)
    assert "Closed: paid" in words(test)
    assert not [b for b in test.button if b.key and b.key.endswith(f"-{number}")]
