"""Who signs in by a provider's word: links, first visits, roles by groups, step-up."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.access import federated, sessions
from core.access.actions import disable_user
from core.access.authority import system
from core.access.models import LoginAttempt, OidcRequest, User, UserIdentity, UserRole
from core.access.oidc import AnswerRefused, ProviderUnavailable
from core.access.sessions import Viewer, sign_in, sign_out, viewer
from core.audit.queries import search
from core.clock import SetClock
from core.errors import BadSignIn, NotFound, NotNow, SignInNeeded
from core.settings import Settings
from core.tenants.models import Tenant
from core.work import Office
from tests.builders import PASSWORD, a_user, acting
from tests.oidc import FakeProvider, fake_provider, leave, seconds, visit

ANA = "ana@example.com"
GROUPS = {"finance": "sys_finance", "board": "cfo", "admins": "super_admin"}
ADDRESS = "192.0.2.7"


@pytest.fixture
def fake(clock: SetClock) -> Iterator[FakeProvider]:
    with fake_provider(clock) as answering:
        yield answering


@pytest.fixture
def at(office: Office, fake: FakeProvider, settings: Settings) -> Office:
    """An office with the provider, whose groups give no roles."""
    return Office(office.engine, office.clock, fake.settings(settings))


@pytest.fixture
def mapped(office: Office, fake: FakeProvider, settings: Settings) -> Office:
    """An office with the provider, whose groups give the roles."""
    return Office(office.engine, office.clock, fake.settings(settings, oidc_groups=GROUPS))


def person(office: Office, token: str) -> Viewer:
    seen = viewer(office, token)
    assert seen is not None
    return seen


def events(office: Office, event_type: str) -> list[dict[str, Any]]:
    with office.work(system("test")) as work:
        return [event.payload for event in search(work, event_type=event_type)]


def count(office: Office, kind: type) -> int:
    with office.work(system("test")) as work:
        return work.session.scalar(select(func.count()).select_from(kind)) or 0


def a_tenants_user(office: Office) -> User:
    with office.work(system("test")) as work:
        tenant = Tenant(name="Fjord Freight AB", currency="SEK", created_at=work.now)
        work.session.add(tenant)
        work.session.flush()
    return a_user(office, "org_user", email=ANA, tenant_id=tenant.id)


def test_a_verified_address_finds_the_account_and_links_it(at: Office, fake: FakeProvider) -> None:
    user = a_user(at, "cfo", email=ANA)
    seen = person(at, visit(at, fake, email="Ana@Example.com"))
    assert (seen.user_id, seen.roles) == (user.id, ("cfo",))
    (linked,) = events(at, "access.linked")
    assert linked == {"user_id": user.id, "how": "oidc", "issuer": fake.issuer}
    (signed_in,) = events(at, "access.signed_in")
    assert signed_in == {"user_id": user.id, "how": "oidc"}


def test_a_linked_account_is_found_by_its_subject_whatever_address_is_told(
    at: Office, fake: FakeProvider
) -> None:
    user, other = a_user(at, email=ANA), a_user(at, email="other@example.com")
    visit(at, fake)
    seen = person(at, visit(at, fake, email=other.email, email_verified=False))
    assert seen.user_id == user.id
    assert len(events(at, "access.linked")) == 1
    assert count(at, UserIdentity) == 1


@pytest.mark.parametrize(
    "said",
    [{"email_verified": False}, {"email_verified": None}, {"email": "nobody@example.com"}],
    ids=str,
)
def test_without_a_verified_known_address_nobody_is_let_in(
    at: Office, fake: FakeProvider, said: dict[str, Any]
) -> None:
    a_user(at, "super_admin", email=ANA)
    with pytest.raises(BadSignIn):
        visit(at, fake, **said)
    assert (count(at, UserIdentity), count(at, User)) == (0, 1)


def test_another_subject_with_the_same_address_is_not_the_linked_person(
    at: Office, fake: FakeProvider
) -> None:
    a_user(at, email=ANA)
    visit(at, fake)
    with pytest.raises(BadSignIn, match="belongs to another sign-in"):
        visit(at, fake, sub="person-2")


def test_the_same_subject_of_another_provider_is_somebody_else(
    at: Office, fake: FakeProvider, settings: Settings
) -> None:
    a_user(at, email=ANA)
    visit(at, fake)
    with fake_provider(fake.clock) as second:
        elsewhere = Office(at.engine, at.clock, second.settings(settings))
        with pytest.raises(BadSignIn):
            visit(elsewhere, second, email="nobody@example.com")


def test_a_closed_account_is_refused_linked_or_not(at: Office, fake: FakeProvider) -> None:
    user = a_user(at, email=ANA)
    boss = acting(at, a_user(at, "super_admin"))
    visit(at, fake)
    with at.work(boss) as work:
        disable_user(work, user.id, reason="left the company")
    for subject in ("person-1", "person-2"):
        with pytest.raises(BadSignIn, match="closed"):
            visit(at, fake, sub=subject)
    assert count(at, UserIdentity) == 1


def test_groups_give_exactly_their_roles_at_each_sign_in(
    mapped: Office, fake: FakeProvider
) -> None:
    user = a_user(mapped, "analyst", "cfo", email=ANA)
    seen = person(mapped, visit(mapped, fake, groups=["finance", "board", "choir"]))
    assert seen.roles == ("cfo", "sys_finance")
    (changed,) = events(mapped, "access.roles.mapped")
    assert changed == {
        "by": "sign-in provider",
        "user_id": user.id,
        "granted": ["sys_finance"],
        "revoked": ["analyst"],
    }
    visit(mapped, fake, groups=["board", "finance"])
    assert len(events(mapped, "access.roles.mapped")) == 1


def test_a_role_that_the_groups_no_longer_give_is_lost_in_open_sessions_too(
    mapped: Office, fake: FakeProvider
) -> None:
    a_user(mapped, email=ANA)
    first = visit(mapped, fake, groups=["finance"])
    assert person(mapped, first).may("sys_finance")
    visit(mapped, fake, groups=None)
    assert person(mapped, first).roles == ()


def test_without_a_table_groups_change_nothing(at: Office, fake: FakeProvider) -> None:
    a_user(at, "analyst", email=ANA)
    assert person(at, visit(at, fake, groups=["admins", "finance"])).roles == ("analyst",)


def test_a_tenants_user_signs_in_and_never_gets_a_role(mapped: Office, fake: FakeProvider) -> None:
    user = a_tenants_user(mapped)
    seen = person(mapped, visit(mapped, fake, groups=["admins", "finance"]))
    assert (seen.user_id, seen.roles) == (user.id, ("org_user",))
    assert events(mapped, "access.roles.mapped") == []


def test_a_person_in_a_mapped_group_gets_an_account_without_a_password(
    mapped: Office, fake: FakeProvider
) -> None:
    seen = person(mapped, visit(mapped, fake, groups=["finance"], name="Ana\x00 Holm "))
    assert (seen.email, seen.name, seen.tenant_id) == (ANA, "Ana Holm", None)
    assert seen.roles == ("sys_finance",)
    assert events(mapped, "access.user.created") == [
        {"by": "sign-in provider", "user_id": seen.user_id, "issuer": fake.issuer}
    ]
    assert federated.ways(mapped, seen.user_id) == federated.Ways(password=False, provider=True)
    for password in ("", PASSWORD):
        with pytest.raises(BadSignIn):
            sign_in(mapped, ANA, password)


@pytest.mark.parametrize(
    "said",
    [{"groups": ["choir"]}, {"groups": None}, {"groups": ["finance"], "email_verified": False}],
    ids=str,
)
def test_a_stranger_without_a_mapped_group_or_verified_address_gets_no_account(
    mapped: Office, fake: FakeProvider, said: dict[str, Any]
) -> None:
    with pytest.raises(BadSignIn):
        visit(mapped, fake, **said)
    assert count(mapped, User) == 0


def test_groups_never_take_the_last_super_admin_away(mapped: Office, fake: FakeProvider) -> None:
    a_user(mapped, "super_admin", email=ANA)
    with pytest.raises(NotNow, match="last super admin"):
        visit(mapped, fake, groups=["board"])
    a_user(mapped, "super_admin")
    assert person(mapped, visit(mapped, fake, groups=["board"])).roles == ("cfo",)


def test_a_role_that_does_not_exist_is_named(
    office: Office, fake: FakeProvider, settings: Settings
) -> None:
    table = {"finance": "sys_finance", "choir": "singer"}
    at = Office(office.engine, office.clock, fake.settings(settings, oidc_groups=table))
    a_user(at, "cfo", email=ANA)
    with pytest.raises(NotFound, match="no role singer"):
        visit(at, fake, groups=["choir", "finance"])
    with at.work(system("test")) as work:
        assert work.session.scalars(select(UserRole.role)).all() == ["cfo"]


@pytest.mark.parametrize(
    ("away", "fresh"), [(-31, False), (-30, True), (0, True), (30, True), (31, False)]
)
def test_a_sign_in_is_fresh_only_when_the_person_was_asked_just_now(
    at: Office, fake: FakeProvider, clock: SetClock, away: int, fresh: bool
) -> None:
    a_user(at, email=ANA)
    seen = person(at, visit(at, fake, auth_time=seconds(clock, away)))
    until = clock.now() + timedelta(minutes=5)
    assert seen.fresh_until == (until if fresh else None)


def test_a_sign_in_that_tells_no_time_is_not_fresh(at: Office, fake: FakeProvider) -> None:
    a_user(at, email=ANA)
    assert person(at, visit(at, fake)).fresh_until is None


def test_step_up_gives_a_new_fresh_token_with_the_same_end_and_kills_the_old(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    old = visit(at, fake)
    clock.advance(timedelta(minutes=30))
    new = visit(at, fake, old, auth_time=seconds(clock))
    assert viewer(at, old) is None
    seen = person(at, new)
    assert seen.fresh_until == clock.now() + timedelta(minutes=5)
    assert events(at, "access.confirmed") == [{"user_id": seen.user_id, "how": "oidc"}]
    for _ in range(12):
        clock.advance(timedelta(minutes=57))
        assert viewer(at, new)
    clock.advance(timedelta(minutes=7))
    assert viewer(at, new) is None


@pytest.mark.parametrize("away", [None, -31, 31])
def test_step_up_without_a_new_sign_in_there_is_refused(
    at: Office, fake: FakeProvider, clock: SetClock, away: int | None
) -> None:
    a_user(at, email=ANA)
    token = visit(at, fake)
    auth_time = None if away is None else seconds(clock, away)
    with pytest.raises(BadSignIn, match="did not ask"):
        visit(at, fake, token, auth_time=auth_time)
    assert person(at, token).fresh_until is None


def test_step_up_by_somebody_else_is_refused(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, "cfo", email=ANA)
    a_user(at, "super_admin", email="boss@example.com")
    visit(at, fake, sub="boss", email="boss@example.com")
    token = visit(at, fake, sub="person-1", email=ANA)
    now = seconds(clock)
    for subject, address in (("boss", "boss@example.com"), ("unknown", ANA)):
        with pytest.raises(BadSignIn, match="somebody else"):
            visit(at, fake, token, auth_time=now, sub=subject, email=address)
    assert person(at, token).fresh_until is None


def test_step_up_is_for_the_session_that_asked_for_it(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    first, second = visit(at, fake), visit(at, fake)
    leaving = leave(at, fake, first)
    fake.claims["auth_time"] = seconds(clock)
    came_back = federated.take(at, leaving.state, leaving.state)
    with pytest.raises(SignInNeeded):
        federated.arrive(at, came_back, {"code": "a code"}, second)
    sign_out(at, first)
    with pytest.raises(SignInNeeded):
        federated.arrive(at, came_back, {"code": "a code"}, first)


def test_a_visit_comes_back_once_in_time_and_to_its_own_browser(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    leaving, foreign = leave(at, fake), leave(at, fake)
    for state, kept in (("", ""), (leaving.state, ""), (leaving.state, foreign.state), ("x", "x")):
        with pytest.raises(BadSignIn, match="another browser"):
            federated.take(at, state, kept)
    assert federated.take(at, leaving.state, leaving.state).target == "/ageing"
    with pytest.raises(BadSignIn):
        federated.take(at, leaving.state, leaving.state)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(BadSignIn):
        federated.take(at, foreign.state, foreign.state)


def test_only_the_hash_of_a_state_is_stored_and_old_visits_are_cleared_away(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    leaving = leave(at, fake)
    with at.work(system("test")) as work:
        (kept,) = work.session.scalars(select(OidcRequest))
    assert leaving.state.encode() not in kept.state_sha256
    clock.advance(timedelta(minutes=10))
    leave(at, fake)
    assert count(at, OidcRequest) == 1


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ({"error": "access_denied", "code": "a code"}, BadSignIn),
        ({"error": "temporarily_unavailable"}, ProviderUnavailable),
        ({"error": "invalid_scope"}, AnswerRefused),
        ({"code": "a code", "iss": "https://other.example"}, AnswerRefused),
        ({}, AnswerRefused),
    ],
    ids=str,
)
def test_an_answer_without_a_code_of_this_provider_signs_nobody_in(
    at: Office, fake: FakeProvider, answer: dict[str, str], refusal: type[Exception]
) -> None:
    a_user(at, email=ANA)
    leaving = leave(at, fake)
    came_back = federated.take(at, leaving.state, leaving.state)
    with pytest.raises(refusal):
        federated.arrive(at, came_back, answer)
    assert [path for path, _ in fake.asked if path == "/token"] == []


def test_too_many_failed_sign_ins_close_this_door_too(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    visit(at, fake)
    clock.advance(timedelta(minutes=1))
    for _ in range(5):
        with pytest.raises(BadSignIn):
            sign_in(at, ANA, "wrong password!")
    with pytest.raises(BadSignIn, match="locked"):
        visit(at, fake)
    clock.advance(timedelta(minutes=16))
    assert visit(at, fake)


def test_strangers_sent_by_one_address_lock_it(at: Office, fake: FakeProvider) -> None:
    a_user(at, email=ANA)
    for number in range(20):
        with pytest.raises(BadSignIn, match="no account"):
            visit(at, fake, sub=f"s{number}", email=f"s{number}@example.com")
    with pytest.raises(BadSignIn, match="locked"):
        visit(at, fake, sub="person-1", email=ANA)
    with pytest.raises(BadSignIn):
        sessions.sign_in(at, ANA, PASSWORD, ip=ADDRESS)


def test_right_sign_ins_and_step_ups_lock_nobody(
    at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    for _ in range(7):
        token = visit(at, fake, auth_time=seconds(clock))
        for _ in range(2):
            token = visit(at, fake, token, auth_time=seconds(clock))
    with at.work(system("test")) as work:
        assert work.session.scalars(select(LoginAttempt.succeeded).distinct()).all() == [True]


def test_ways_are_a_password_and_a_linked_account(
    at: Office, office: Office, fake: FakeProvider
) -> None:
    user = a_user(at, email=ANA)
    assert federated.ways(at, user.id) == federated.Ways(password=True, provider=False)
    visit(at, fake)
    assert federated.ways(at, user.id) == federated.Ways(password=True, provider=True)
    assert federated.ways(office, user.id) == federated.Ways(password=True, provider=False)
