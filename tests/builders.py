"""Builders with defaults, so that a test names only what it is about."""

import secrets

import pyotp

from core.access import own
from core.access.authority import Actor, system
from core.access.models import User, UserRole
from core.access.proof import hashed
from core.access.sessions import open_session, viewer
from core.work import Office

PASSWORD = "correct horse battery"
_HASH = hashed(PASSWORD)


def a_user(
    office: Office, *roles: str, email: str | None = None, tenant_id: int | None = None
) -> User:
    """A user with the roles, and the PASSWORD of this module."""
    with office.work(system("test")) as work:
        user = User(
            email=email or f"user-{secrets.token_hex(6)}@example.com",
            name="A user",
            password_hash=_HASH,
            tenant_id=tenant_id,
            created_at=work.now,
        )
        work.session.add(user)
        work.session.flush()
        work.session.add_all(UserRole(user_id=user.id, role=role) for role in roles)
    return user


def acting(office: Office, user: User, *, fresh: bool = True) -> Actor:
    """The user in a session, freshly signed in or not."""
    with office.work(system("test")) as work:
        token = open_session(work, user.id, fresh=fresh)
    seen = viewer(office, token)
    assert seen is not None
    return seen.actor(ip="192.0.2.7")


def with_codes(office: Office, user: User) -> str:
    """Let the user turn one-time codes on; the secret, whose code of now is used up."""
    with office.work(acting(office, user)) as work:
        offer = own.offer_totp(work)
        own.enrol_totp(work, offer.ticket, pyotp.TOTP(offer.secret).at(work.now))
    return offer.secret
