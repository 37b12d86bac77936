"""One's own sign-in as a page: codes turned on and off, a password changed, sessions ended."""

import pyotp
import pytest
from streamlit.testing.v1 import AppTest

from core.access import own
from core.access.authority import system
from core.access.models import User
from core.access.sessions import open_session, viewer
from core.work import Office
from tests.builders import a_user
from tests.pages.administering import Visit, events, press, visitor, words

PAGE = "account/sign_in.py"
NEW = "another horse, another battery"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page as a new person."""
    return visitor(office, monkeypatch, PAGE)


def field(test: AppTest, label: str, value: str) -> None:
    next(each for each in test.text_input if each.label == label).set_value(value)


def key_of(test: AppTest) -> str:
    """The key that the dialog shows."""
    return words(test).split("<code>")[1].split("</code>")[0].replace(" ", "")


@pytest.mark.parametrize("role", ["operator", "manager", "cfo"])
def test_codes_are_turned_on_after_a_right_one_and_off_again(
    office: Office, visit: Visit, role: str
) -> None:
    test = visit(role)
    press(test, "codes-on-codes")
    secret = key_of(test)
    assert 'alt="QR code of the key"' in words(test)
    field(test, "Code", "000000")
    press(test, "confirm-do")
    assert "does not fit" in words(test)
    assert key_of(test) == secret
    field(test, "Code", pyotp.TOTP(secret).at(office.clock.now()))
    press(test, "confirm-do")
    assert not test.exception
    assert [toast.value for toast in test.toast] == ["From now on signing in asks for a code"]
    assert secret not in words(test).replace(" ", "")
    assert len(events(office, "access.totp.enrolled")) == 1
    press(test, "codes-off-codes")
    press(test, "confirm-do")
    assert len(events(office, "access.totp.removed")) == 1
    assert test.button(key="codes-on-codes")


def test_no_secret_is_shown_before_the_sign_in_is_fresh(visit: Visit) -> None:
    test = visit("operator", fresh=False)
    press(test, "codes-on-codes")
    assert "<code>" not in words(test)
    assert "/confirm?next=" in words(test)
    assert not test.text_input


def test_a_password_is_typed_twice(office: Office, visit: Visit) -> None:
    test = visit("manager")
    press(test, "password-password")
    assert {each.proto.type for each in test.text_input} == {1}
    field(test, "New password", NEW)
    field(test, "The same again", "something else here")
    press(test, "confirm-do")
    assert "differ" in words(test)
    field(test, "The same again", NEW)
    press(test, "confirm-do")
    assert not test.exception
    (event,) = events(office, "access.password.changed")
    assert NEW not in str(event)


def test_other_sessions_are_seen_and_ended(
    office: Office, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_user(office, "analyst")
    with office.work(system("test")) as work:
        mine, *others = (
            open_session(work, user.id, fresh=True, ip=f"192.0.2.{n}") for n in range(1, 4)
        )
    test = visit("operator")
    assert "End all others…" not in [button.label for button in test.button]
    seen = viewer(office, mine)
    assert seen is not None
    monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: viewer(office, mine))
    monkeypatch.setattr("pages.parts.viewer.current_actor", seen.actor)
    test.run()
    assert all(f"<b>192.0.2.{n}</b>" in words(test) for n in range(1, 4))
    with office.work(seen.actor()) as work:
        first = next(each.id for each in own.own_sign_in(work).sessions if not each.here)
    press(test, f"end-{first}")
    press(test, "confirm-do")
    press(test, "end-others-others")
    press(test, "confirm-do")
    assert not test.exception
    assert [viewer(office, each) for each in others] == [None, None]
    assert viewer(office, mine)


def test_who_comes_from_a_provider_is_told_where_the_password_is(
    office: Office, visit: Visit
) -> None:
    test = visit("cfo")
    with office.work(system("test")) as work:
        for user in work.session.query(User):
            user.password_hash = None
    test.run()
    assert "your company's provider" in words(test)
    assert [button.label for button in test.button] == []
