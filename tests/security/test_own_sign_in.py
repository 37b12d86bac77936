"""One's own codes, password and sessions: everybody's own, nobody else's, never half done."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pyotp
import pytest

from core.access import own
from core.access.actions import create_user, reset_totp
from core.access.authority import system
from core.access.keys import create_key, key_actor
from core.access.models import User
from core.access.permissions import ROLES
from core.access.sessions import open_session, sign_in, viewer
from core.audit.queries import search
from core.clock import SetClock
from core.errors import (
    BadInput,
    BadSignIn,
    FreshAuthNeeded,
    NotAllowed,
    NotFound,
    NotNow,
    SignInNeeded,
)
from core.work import Office, Work
from tests.billing import WHY, a_tenant
from tests.builders import PASSWORD, a_user, acting, with_codes
from tests.killing import killed_again_and_again

NEW = "another horse, another battery"
EMAIL = "ana@example.com"


def code_of(secret: str, office: Office) -> str:
    return pyotp.TOTP(secret).at(office.clock.now())


@pytest.mark.parametrize("role", [*ROLES, None])
def test_everybody_looks_after_their_own_sign_in(
    office: Office, clock: SetClock, role: str | None
) -> None:
    """ASVS 6.2.2, 6.5.6, 7.5.2: codes on and off, password, sessions: with any role, and none."""
    tenant_id = a_tenant(office).id if role and role.startswith("org_") else None
    user = a_user(office, *([role] if role else []), email=EMAIL, tenant_id=tenant_id)
    other = acting(office, user)
    secret = with_codes(office, user)
    clock.advance(timedelta(minutes=1))
    me = viewer(office, sign_in(office, EMAIL, PASSWORD, code_of(secret, office)))
    assert me is not None
    with office.work(me.actor()) as work:
        assert own.own_sign_in(work).totp
        assert len(own.own_sign_in(work).sessions) == 3
    with office.work(me.actor()) as work:
        assert not own.remove_totp(work).totp
    with office.work(me.actor()) as work:
        assert len(own.end_sessions(work, other.session_id).sessions) == 2
    with office.work(me.actor()) as work:
        assert [each.here for each in own.change_password(work, NEW).sessions] == [True]
    assert sign_in(office, EMAIL, NEW)
    with office.work(system("test")) as work:
        found = search(work, actor_id=user.id)
        told = [each.event_type for each in found if each.event_type != "access.signed_in"]
        whose = {each.payload["user_id"] for each in found}
    assert whose == {user.id}
    assert told == [
        "access.password.changed",
        "access.sessions.ended",
        "access.totp.removed",
        "access.totp.enrolled",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda work: own.enrol_totp(work, "x", "1"),
        own.remove_totp,
        lambda work: own.change_password(work, NEW),
        own.end_sessions,
    ],
    ids=["codes on", "codes off", "password", "sessions"],
)
def test_a_session_left_open_changes_nothing_of_a_sign_in(
    office: Office, change: Callable[[Work], object]
) -> None:
    """ASVS 6.2.3, 7.5.1: whoever finds a browser open takes no account over."""
    stale = acting(office, a_user(office, "operator"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        change(work)


def test_a_program_has_no_sign_in(office: Office) -> None:
    """ASVS 8.2.1: a key, even one with every permission it can have, is no person."""
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        made = create_key(work, "A program", ("users.manage",), reason=WHY)
    program = key_actor(office, made.token, None)
    for ask in (own.own_sign_in, own.offer_totp, own.remove_totp, own.end_sessions):
        with pytest.raises(NotAllowed, match="signed in"), office.work(program) as work:
            ask(work)


def test_an_offer_is_good_for_its_person_alone_and_for_a_while(
    office: Office, clock: SetClock
) -> None:
    """ASVS 6.5.5: who hands another a secret of their own choice enrols nobody."""
    ana, bo = (acting(office, a_user(office, "manager")) for _ in range(2))
    with office.work(ana) as work:
        offer = own.offer_totp(work)
    for ticket in (offer.ticket, "", "k1.x.y", offer.secret):
        with pytest.raises(BadInput), office.work(bo) as work:
            own.enrol_totp(work, ticket, code_of(offer.secret, office))
    clock.advance(timedelta(minutes=own.OFFER_MINUTES))
    ana = acting(office, _user(office, ana.user_id))
    with pytest.raises(BadInput, match="too long"), office.work(ana) as work:
        own.enrol_totp(work, offer.ticket, code_of(offer.secret, office))


def _user(office: Office, user_id: int | None) -> User:
    with office.work(system("test")) as work:
        return work.session.get_one(User, user_id)


def test_a_begun_enrolment_locks_nobody_out(office: Office) -> None:
    """ASVS 2.3.1: what has had no right code yet asks for none."""
    user = a_user(office, "cfo", email=EMAIL)
    me = acting(office, user)
    with office.work(me) as work:
        offer = own.offer_totp(work)
    wrong = f"{(int(code_of(offer.secret, office)) + 1) % 1_000_000:06}"
    for code in (wrong, "", "abc", "٠٠٠٠٠٠"):
        with pytest.raises(BadSignIn), office.work(me) as work:
            own.enrol_totp(work, offer.ticket, code)
    assert sign_in(office, EMAIL, PASSWORD)
    with office.work(me) as work:
        assert own.enrol_totp(work, offer.ticket, code_of(offer.secret, office)).totp
    with pytest.raises(NotNow), office.work(me) as work:
        own.offer_totp(work)


def test_the_code_that_turned_codes_on_signs_nobody_in(office: Office, clock: SetClock) -> None:
    """ASVS 6.5.1: it is used up, and also opens nothing after codes were off and on again."""
    user = a_user(office, email=EMAIL)
    me = acting(office, user)
    with office.work(me) as work:
        offer = own.offer_totp(work)
    code = code_of(offer.secret, office)
    with office.work(me) as work:
        own.enrol_totp(work, offer.ticket, code)
    with pytest.raises(BadSignIn):
        sign_in(office, EMAIL, PASSWORD, code)
    with office.work(me) as work:
        own.remove_totp(work)
    with pytest.raises(BadSignIn), office.work(me) as work:
        own.enrol_totp(work, offer.ticket, code)
    clock.advance(timedelta(minutes=1))
    with office.work(me) as work:
        own.enrol_totp(work, offer.ticket, code_of(offer.secret, office))


def test_a_new_password_signs_everybody_else_out(office: Office) -> None:
    """ASVS 7.4.3: who had the old one is out, also where they were in."""
    user = a_user(office, "analyst", email=EMAIL)
    with office.work(system("test")) as work:
        theirs = open_session(work, user.id)
    mine = sign_in(office, EMAIL, PASSWORD)
    seen = viewer(office, mine)
    assert seen is not None
    with office.work(seen.actor()) as work:
        own.change_password(work, NEW)
    assert viewer(office, theirs) is None
    assert viewer(office, mine)
    with pytest.raises(BadSignIn):
        sign_in(office, EMAIL, PASSWORD)


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 201, PASSWORD])
def test_a_poor_password_changes_nothing(office: Office, password: str) -> None:
    """ASVS 6.2.1: too short, too long or the one before."""
    user = a_user(office, email=EMAIL)
    with pytest.raises(BadInput), office.work(acting(office, user)) as work:
        own.change_password(work, password)
    assert sign_in(office, EMAIL, PASSWORD)


def test_nobody_ends_the_session_of_somebody_else(office: Office) -> None:
    """ASVS 8.2.2: neither by its number nor with all others."""
    ana, bo = (acting(office, a_user(office, "super_admin")) for _ in range(2))
    with pytest.raises(NotFound), office.work(ana) as work:
        own.end_sessions(work, bo.session_id)
    with pytest.raises(NotNow), office.work(ana) as work:
        own.end_sessions(work, ana.session_id)
    with office.work(ana) as work:
        own.end_sessions(work)
    with office.work(bo) as work:
        assert [each.here for each in own.own_sign_in(work).sessions] == [True]


def test_who_signs_in_at_a_provider_gets_no_second_way_in(office: Office) -> None:
    """ASVS 6.3.4: a password of one's own would outlive the account at the provider."""
    user = a_user(office, "cfo")
    with office.work(system("test")) as work:
        work.session.get_one(User, user.id).password_hash = None
    me = acting(office, user)
    with pytest.raises(NotNow), office.work(me) as work:
        own.change_password(work, NEW)
    with pytest.raises(NotNow), office.work(me) as work:
        own.offer_totp(work)


def test_a_lost_phone_is_reset_by_who_manages_users(office: Office) -> None:
    """ASVS 6.4.4: with a reason, and every session of the account ends."""
    user = a_user(office, "cfo", email=EMAIL)
    with_codes(office, user)
    open_one = acting(office, user)
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        reset_totp(work, user.id, reason=WHY)
    with pytest.raises(SignInNeeded), office.work(open_one):
        pass
    assert sign_in(office, EMAIL, PASSWORD)
    with office.work(system("test")) as work:
        (row,) = search(work, event_type="access.totp.reset")
    assert row.payload["reason"] == WHY
    with pytest.raises(NotNow), office.work(boss) as work:
        reset_totp(work, user.id, reason=WHY)
    with pytest.raises(NotNow), office.work(boss) as work:
        reset_totp(work, boss.user_id or 0, reason=WHY)


def test_killed_anywhere_codes_are_on_or_off_and_the_owner_gets_in(
    office: Office, database_url: str
) -> None:
    """ASVS 2.3.3: the secret and its used-up code are kept together, or neither is."""
    with office.work(system("test")) as work:
        user = create_user(work, EMAIL, "Ana", PASSWORD, (), reason=WHY)
    me = acting(office, user)
    with office.work(me) as work:
        offer = own.offer_totp(work)
    code = code_of(offer.secret, office)

    def turn_on(at: Office) -> None:
        with at.work(me) as work:
            if not own.own_sign_in(work).totp:
                own.enrol_totp(work, offer.ticket, code)

    kills = killed_again_and_again(office, database_url, turn_on, Random(7))  # noqa: S311
    assert kills > 0
    with office.work(system("test")) as work:
        kept = work.session.get_one(User, user.id)
        assert kept.totp_sealed
        assert kept.totp_last_counter == int(work.now.timestamp()) // 30
        assert len(search(work, event_type="access.totp.enrolled")) == 1
