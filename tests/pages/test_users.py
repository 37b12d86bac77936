"""Users and roles: lists, dialogs, receipts, and what the page refuses or never shows."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

import core.models  # noqa: F401 (maps every table before the first write)
from core.access import sessions
from core.access.actions import grant_role
from core.access.authority import system
from core.access.models import RolePermission, User, UserRole
from core.access.sessions import open_session, viewer
from core.audit.queries import search
from core.idempotency import IdempotencyKey
from core.settings import ROOT
from core.work import Office
from tests.builders import a_user, acting

PAGE = ROOT / "pages" / "admin" / "users.py"
WHY = "she closes the books from now on"
SECRET = "a password nobody may read"
Visit = Callable[..., AppTest]


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page as a new person with roles, at an address."""

    def run(*roles: str, fresh: bool = True, **address: str) -> AppTest:
        with office.work(system("test")) as work:
            token = open_session(work, a_user(office, *roles).id, fresh=fresh)
        seen = viewer(office, token)
        assert seen is not None
        monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: viewer(office, token))
        monkeypatch.setattr("pages.parts.viewer.current_actor", lambda: seen.actor("192.0.2.7"))
        test = AppTest.from_file(PAGE, default_timeout=30)
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return run


def words(test: AppTest) -> str:
    return " ".join(str(block.proto.body) for block in test.get("html"))


def press(test: AppTest, key: str) -> None:
    test.button(key=key).click().run()


def confirm(test: AppTest, reason: str = WHY) -> None:
    test.text_area[0].set_value(reason)
    press(test, "confirm-do")


def events(office: Office, event_type: str) -> list[dict[str, object]]:
    with office.work(system("test")) as work:
        return [row.payload for row in search(work, event_type=event_type)]


def roles_of(office: Office, user: User) -> list[str]:
    with office.work(system("test")) as work:
        return sorted(work.session.scalars(select(UserRole.role).filter_by(user_id=user.id)))


def test_address_filters_the_list(office: Office, visit: Visit) -> None:
    a_user(office, "cfo", email="ana@example.com")
    a_user(office, "billing", email="bo@example.com")
    both = words(visit("super_admin"))
    assert "ana@example.com" in both
    assert "bo@example.com" in both
    for address in ({"text": "ana"}, {"role": "cfo"}):
        one = words(visit("super_admin", **address))
        assert "ana@example.com" in one
        assert "bo@example.com" not in one
    assert "No account fits" in words(visit("super_admin", text="nobody at all"))


def test_markup_in_a_name_stays_text(office: Office, visit: Visit) -> None:
    user = a_user(office)
    with office.work(system("test")) as work:
        work.session.get_one(User, user.id).name = "<script>x</script>"
    assert "<script>" not in words(visit("super_admin"))
    assert "<script>" not in words(visit("super_admin", user=str(user.id)))


def test_granted_role_is_there_once_with_receipt_and_event(office: Office, visit: Visit) -> None:
    user = a_user(office, "cfo")
    test = visit("super_admin", user=str(user.id))
    press(test, f"grant-{user.id}:billing")
    assert "Create and send invoices" in words(test)
    confirm(test)
    assert not test.exception
    assert roles_of(office, user) == ["billing", "cfo"]
    assert [event["reason"] for event in events(office, "access.role.granted")] == [WHY]
    assert [toast.value for toast in test.toast] == ["A user now has the role Billing"]
    assert "Audit event " in words(test)
    assert WHY in words(test)
    assert "do" not in test.query_params
    assert test.button(key=f"revoke-{user.id}:billing")


def test_short_reason_is_refused_in_words(office: Office, visit: Visit) -> None:
    user = a_user(office, "cfo")
    test = visit("super_admin", user=str(user.id))
    press(test, f"revoke-{user.id}:cfo")
    confirm(test, "because")
    assert "a reason of at least ten characters" in words(test)
    assert roles_of(office, user) == ["cfo"]
    confirm(test)
    assert roles_of(office, user) == []


def test_stale_sign_in_is_led_to_confirm_and_back(office: Office, visit: Visit) -> None:
    user = a_user(office, "cfo")
    test = visit("super_admin", fresh=False, user=str(user.id))
    press(test, f"grant-{user.id}:billing")
    assert not test.text_area
    assert f"do%3Dgrant%253A{user.id}%253Abilling" in words(test)
    assert roles_of(office, user) == ["cfo"]


def test_account_changed_since_the_preview_asks_for_another_look(
    office: Office, visit: Visit
) -> None:
    user = a_user(office, "cfo")
    test = visit("super_admin", user=str(user.id))
    press(test, f"grant-{user.id}:billing")
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        grant_role(work, user.id, "analyst", reason=WHY)
    confirm(test)
    assert "look again" in words(test)
    assert roles_of(office, user) == ["analyst", "cfo"]


def test_role_granted_meanwhile_is_not_written_again(office: Office, visit: Visit) -> None:
    user = a_user(office)
    test = visit("super_admin", user=str(user.id))
    press(test, f"grant-{user.id}:billing")
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        grant_role(work, user.id, "billing", reason=WHY)
    confirm(test)
    assert "is Billing already" in words(test)
    assert len(events(office, "access.role.granted")) == 1


def test_disabled_account_says_so(office: Office, visit: Visit) -> None:
    user = a_user(office, "cfo")
    test = visit("super_admin", user=str(user.id))
    press(test, f"disable-{user.id}")
    confirm(test)
    assert "The account of A user is closed" in words(test)
    assert "Disabled 20 Nov 2026" in words(test)
    assert len(events(office, "access.user.disabled")) == 1
    assert f"disable-{user.id}" not in [button.key for button in test.button]


def fill(test: AppTest, email: str, password: str) -> None:
    test.text_input(key="new-user-name").set_value("Ana Lind")
    test.text_input(key="new-user-email").set_value(email)
    test.text_input(key="new-user-password").set_value(password)
    test.multiselect(key="new-user-roles-platform").set_value(["cfo"])


def test_new_user_can_sign_in_and_the_password_is_shown_nowhere(
    office: Office, visit: Visit
) -> None:
    test = visit("super_admin")
    press(test, "create-account")
    fill(test, "Ana@Example.com", SECRET)
    confirm(test)
    assert not test.exception
    assert "Ana Lind has an account" in words(test)
    assert sessions.sign_in(office, "ana@example.com", SECRET)
    shown = [words(test), *(toast.value for toast in test.toast)]
    assert SECRET not in " ".join([*shown, str(events(office, "access")), str(test.query_params)])
    assert "new-user-password" not in test.session_state
    with office.work(system("test")) as work:
        assert work.session.scalars(select(IdempotencyKey)).all() == []


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [
        ("ana@example.com", "elevenchars", "A password has 12 to 200 characters"),
        ("taken@example.com", SECRET, "already has an account"),
        ("no address", SECRET, "no spaces"),
        ("ÅSA@example.com", SECRET, "plain letters"),
        ("nobody", SECRET, "is not an e-mail address"),
    ],
)
def test_refused_account_is_not_made_and_says_why(
    office: Office, visit: Visit, email: str, password: str, refusal: str
) -> None:
    a_user(office, email="taken@example.com")
    test = visit("super_admin")
    press(test, "create-account")
    fill(test, email, password)
    confirm(test)
    assert refusal in words(test)
    assert password not in words(test)
    assert events(office, "access.user.created") == []


def test_super_admin_edits_the_permission_table(office: Office, visit: Visit) -> None:
    test = visit("super_admin", view="Permissions", do="permit:cfo:analytics.sql")
    assert 'aria-label="Add analytics.sql to CFO"' in words(test)
    assert "from Super admin" not in words(test)
    confirm(test)
    assert "CFO now has analytics.sql" in words(test)
    assert 'aria-label="Take analytics.sql from CFO"' in words(test)
    test = visit("super_admin", view="Permissions", do="forbid:cfo:analytics.sql")
    confirm(test)
    assert "CFO no longer has analytics.sql" in words(test)
    assert [event["reason"] for event in events(office, "access.permission")] == [WHY, WHY]


def test_other_user_managers_see_the_table_and_are_refused(office: Office, visit: Visit) -> None:
    with office.work(system("test")) as work:
        work.session.add(RolePermission(role="admin", permission="users.manage"))
    test = visit("admin", view="Permissions", do="permit:cfo:analytics.sql")
    assert "Only a super admin changes it" in words(test)
    assert 'aria-label="Add' not in words(test)
    confirm(test)
    assert "Only a super admin edits the permission table" in words(test)
    assert events(office, "access.permission") == []


@pytest.mark.parametrize(
    "do", ["grant:0:cfo", "grant:x", "revoke:1:nothing", "permit:cfo:nothing", "forbid:nobody:x"]
)
def test_made_up_address_is_answered_in_words(visit: Visit, do: str) -> None:
    test = visit("super_admin", do=do)
    assert not test.exception
    assert "There is no" in words(test)


def test_giving_up_the_own_role_is_warned_about(office: Office, visit: Visit) -> None:
    test = visit("super_admin")
    with office.work(system("test")) as work:
        (me,) = work.session.scalars(select(User)).all()
    a_user(office, "super_admin")
    test.query_params["do"] = f"revoke:{me.id}:super_admin"
    test.run()
    assert "This is your own account" in words(test)
    confirm(test)
    assert [event["reason"] for event in events(office, "access.role.revoked")] == [WHY]


def test_cfo_is_refused_by_core_behind_the_page(visit: Visit) -> None:
    test = visit("cfo")
    assert test.exception
    assert "@example.com" not in words(test)
    assert not test.text_input
