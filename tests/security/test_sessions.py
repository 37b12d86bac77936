"""Sign-in, step-up, lockout and codes."""

import hashlib
import threading
from base64 import urlsafe_b64decode
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from core.access.authority import system
from core.access.models import UserSession
from core.access.sessions import confirm, sign_in, sign_out, viewer
from core.clock import SetClock
from core.errors import BadSignIn, SignInNeeded
from core.secrets import SecretUnreadable, seal, unseal
from core.settings import Settings
from core.work import Office
from tests.builders import PASSWORD, a_user, with_codes


def test_sign_in_gives_a_fresh_session_with_the_users_permissions(office: Office) -> None:
    """ASVS 7.2.2: a session begins with proof, and with the rights of today."""
    user = a_user(office, "cfo", email="cfo@example.com")
    seen = viewer(office, sign_in(office, " CFO@Example.com ", PASSWORD))
    assert seen is not None
    assert (seen.user_id, seen.roles) == (user.id, ("cfo",))
    assert seen.may("analytics.read")
    assert not seen.may("sys_finance")
    assert seen.fresh_until == office.clock.now() + timedelta(minutes=5)


def test_only_the_hash_of_a_token_is_stored(office: Office) -> None:
    """ASVS 7.2.3: 256 random bits that whoever reads the database does not learn."""
    a_user(office, email="a@example.com")
    tokens = {sign_in(office, "a@example.com", PASSWORD) for _ in range(3)}
    with office.work(system("test")) as work:
        kept = {each.token_sha256 for each in work.session.scalars(select(UserSession))}
    assert kept == {hashlib.sha256(token.encode()).digest() for token in tokens}
    assert {len(urlsafe_b64decode(token + "=")) for token in tokens} == {32}
    assert len(tokens) == 3


@pytest.mark.parametrize("token", [None, "", "unknown"])
def test_an_unknown_token_is_nobody(office: Office, token: str | None) -> None:
    """ASVS 7.2.1: a token counts only when the database knows it."""
    assert viewer(office, token) is None


def test_same_words_for_unknown_user_wrong_password_and_lock(office: Office) -> None:
    """ASVS 6.3.8: a refusal does not tell which accounts there are."""
    a_user(office, email="a@example.com")
    words = set()
    for email, tries in (("nobody@example.com", 1), ("a@example.com", 7)):
        for _ in range(tries):
            with pytest.raises(BadSignIn) as refused:
                sign_in(office, email, "wrong password!")
            words.add(str(refused.value))
    assert len(words) == 1


def test_five_failures_lock_the_account_for_a_while(office: Office, clock: SetClock) -> None:
    """ASVS 6.3.1: guessing ends early, and the right owner gets in later."""
    a_user(office, email="a@example.com")
    for _ in range(5):
        with pytest.raises(BadSignIn):
            sign_in(office, "a@example.com", "wrong password!")
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD)
    clock.advance(timedelta(minutes=16))
    assert viewer(office, sign_in(office, "a@example.com", PASSWORD))


def test_guesses_in_parallel_are_all_counted(office: Office) -> None:
    """ASVS 6.3.1: many guesses at once are not fewer."""
    a_user(office, email="a@example.com")

    def guess() -> None:
        with pytest.raises(BadSignIn):
            sign_in(office, "a@example.com", "wrong password!")

    threads = [threading.Thread(target=guess) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD)


def test_many_accounts_from_one_address_are_locked_too(office: Office) -> None:
    """ASVS 6.3.1: one password tried on many accounts counts too."""
    a_user(office, email="a@example.com")
    for number in range(20):
        with pytest.raises(BadSignIn):
            sign_in(office, f"guess{number}@example.com", "wrong password!", ip="192.0.2.9")
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD, ip="192.0.2.9")
    assert sign_in(office, "a@example.com", PASSWORD, ip="192.0.2.10")


def test_a_session_ends_when_idle(office: Office, clock: SetClock) -> None:
    """ASVS 7.3.1: an hour without a request and it is over, long before it is old."""
    a_user(office, email="a@example.com")
    token = sign_in(office, "a@example.com", PASSWORD)
    for _ in range(3):
        clock.advance(timedelta(minutes=59))
        assert viewer(office, token)
    clock.advance(timedelta(minutes=60))
    assert viewer(office, token) is None


def test_a_session_ends_when_old(office: Office, clock: SetClock) -> None:
    """ASVS 7.3.2: twelve hours after the sign-in it is over, also one that was never idle."""
    a_user(office, email="a@example.com")
    token = sign_in(office, "a@example.com", PASSWORD)
    for _ in range(14):
        clock.advance(timedelta(minutes=50))
        assert viewer(office, token)
    clock.advance(timedelta(minutes=20))
    assert viewer(office, token) is None


def test_a_step_up_makes_no_session_last_longer(office: Office, clock: SetClock) -> None:
    """ASVS 7.3.2: twelve hours count from the sign-in, however often one proves to be there."""
    a_user(office, email="a@example.com")
    token = sign_in(office, "a@example.com", PASSWORD)
    for _ in range(14):
        clock.advance(timedelta(minutes=50))
        token = confirm(office, token, PASSWORD)
    clock.advance(timedelta(minutes=20))
    assert viewer(office, token) is None


def test_step_up_gives_a_new_token_and_kills_the_old(office: Office, clock: SetClock) -> None:
    """ASVS 7.2.4: a token that was seen before the proof is worth nothing after it."""
    a_user(office, email="a@example.com")
    old = sign_in(office, "a@example.com", PASSWORD)
    clock.advance(timedelta(minutes=30))
    new = confirm(office, old, PASSWORD)
    assert viewer(office, old) is None
    seen = viewer(office, new)
    assert seen is not None
    assert seen.fresh_until == clock.now() + timedelta(minutes=5)
    with pytest.raises(SignInNeeded):
        confirm(office, old, PASSWORD)


def test_sign_out_ends_the_session(office: Office) -> None:
    """ASVS 7.4.1: the token is dead, not only the cookie gone."""
    a_user(office, email="a@example.com")
    token = sign_in(office, "a@example.com", PASSWORD)
    sign_out(office, token)
    assert viewer(office, token) is None


def test_a_code_is_needed_once_enrolled_and_good_once(office: Office, clock: SetClock) -> None:
    """ASVS 6.5.1, 6.5.5: what was read over a shoulder is used up, and soon worth nothing."""
    user = a_user(office, "cfo", email="a@example.com")
    secret = with_codes(office, user)
    first = pyotp.TOTP(secret).at(clock.now())
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD)
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD, first)
    clock.advance(timedelta(minutes=5))
    old = pyotp.TOTP(secret).at(clock.now() - timedelta(seconds=60))
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD, old)
    code = pyotp.TOTP(secret).at(clock.now())
    assert sign_in(office, "a@example.com", PASSWORD, code)
    with pytest.raises(BadSignIn):
        sign_in(office, "a@example.com", PASSWORD, code)


def test_a_sealed_secret_cannot_be_moved_to_another_place(settings: Settings) -> None:
    """ASVS 11.3.3: a sealed secret opens for its own row and column alone."""
    sealed = seal("JBSWY3DP", "app_user|1|totp", settings)
    assert unseal(sealed, "app_user|1|totp", settings) == "JBSWY3DP"
    with pytest.raises(SecretUnreadable):
        unseal(sealed, "app_user|2|totp", settings)
