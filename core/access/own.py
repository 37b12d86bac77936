"""What people do with their own sign-in, whatever their role: codes, password, sessions (ACC.2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import Select, select, update

from core.access.models import User, UserSession
from core.access.permissions import SIGNED_IN
from core.access.proof import accepted_counter, hashed, matches
from core.access.sessions import revoke_all, totp_place
from core.actions import action
from core.errors import BadInput, BadSignIn, NotFound, NotNow
from core.secrets import SecretUnreadable, seal, unseal
from core.work import Work

OFFER_MINUTES = 15
MOST_SESSIONS = 200
TITLE = "Saldo"
"""How an authenticator app names where a code is for."""


@dataclass(frozen=True)
class OwnSession:
    """An open session of one's own; `here` is true of the one that asks."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip_address: str | None
    here: bool


@dataclass(frozen=True)
class OwnSignIn:
    """How a person signs in; `password` is false for one whom the company's provider lets in."""

    name: str
    email: str
    password: bool
    totp: bool
    sessions: list[OwnSession]


@dataclass(frozen=True)
class Offer:
    """A new secret, to show once; it counts for nothing before `enrol_totp` takes the ticket.

    `address` is what an authenticator app reads from a QR code.
    """

    secret: str
    address: str
    ticket: str
    expires_at: datetime


def own_sign_in(work: Work) -> OwnSignIn:
    """How the actor signs in, with the open sessions, the last used first."""
    work.require(SIGNED_IN)
    user = work.session.get_one(User, work.actor.user_id)
    found = work.session.scalars(
        _open(work).order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    sessions = [
        OwnSession(
            each.id,
            each.created_at,
            each.last_seen_at,
            each.expires_at,
            str(each.ip_address) if each.ip_address else None,
            each.id == work.actor.session_id,
        )
        for each in found
    ]
    return OwnSignIn(
        user.name, user.email, user.password_hash is not None, bool(user.totp_sealed), sessions
    )


def offer_totp(work: Work) -> Offer:
    """A secret for the actor's app. Nothing is kept of it here: the ticket holds it, sealed.

    Raises NotNow where codes are on already, or where no password is asked that they would add to.
    """
    work.require(SIGNED_IN)
    user = work.session.get_one(User, work.actor.user_id)
    _may_enrol(user)
    secret = pyotp.random_base32()
    expires_at = work.now + timedelta(minutes=OFFER_MINUTES)
    ticket = seal(f"{expires_at.timestamp():.0f}|{secret}", _offered(user), work.settings)
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=TITLE)
    return Offer(secret, address, ticket, expires_at)


@action("access.totp.enrolled", needs=SIGNED_IN, fresh=True, reason=False)
def enrol_totp(work: Work, ticket: str, code: str) -> OwnSignIn:
    """Ask for one-time codes from now on, after a first right one; the code is used up with it.

    Raises BadSignIn for a wrong code, BadInput for a ticket of somebody else or too old, NotNow.
    """
    user = _myself(work)
    _may_enrol(user)
    secret = _secret(work, user, ticket)
    used = accepted_counter(secret, code, user.totp_last_counter, int(work.now.timestamp()))
    if used is None:
        raise BadSignIn("The code does not fit; wait for the next one and try again")
    user.totp_sealed = seal(secret, totp_place(user.id), work.settings)
    user.totp_last_counter = used
    work.tell(tenant_id=user.tenant_id, user_id=user.id)
    work.session.flush()
    return own_sign_in(work)


@action("access.totp.removed", needs=SIGNED_IN, fresh=True, reason=False)
def remove_totp(work: Work) -> OwnSignIn:
    """Sign in without one-time codes again. Raises NotNow where none are asked for."""
    user = _myself(work)
    if user.totp_sealed is None:
        raise NotNow("You sign in without one-time codes already")
    user.totp_sealed = None
    work.tell(tenant_id=user.tenant_id, user_id=user.id)
    work.session.flush()
    return own_sign_in(work)


@action("access.password.changed", needs=SIGNED_IN, fresh=True, reason=False)
def change_password(work: Work, password: str) -> OwnSignIn:
    """A new password; every other session of this person ends.

    Raises BadInput for one that is too short or the one before, NotNow for who has none here.
    """
    user = _myself(work)
    _has_password(user)
    new = hashed(password)
    if matches(user.password_hash, password):
        raise BadInput("This is the password you have; choose another one")
    user.password_hash = new
    ended = revoke_all(work.session, user.id, work.now, but=work.actor.session_id)
    work.tell(tenant_id=user.tenant_id, user_id=user.id, sessions=len(ended))
    work.session.flush()
    return own_sign_in(work)


@action("access.sessions.ended", needs=SIGNED_IN, fresh=True, reason=False)
def end_sessions(work: Work, session_id: int | None = None) -> OwnSignIn:
    """End one other session of this person, or all others when none is named.

    Raises NotFound for one that is not theirs or not open, NotNow for the one that asks.
    """
    user = _myself(work)
    if session_id is None:
        ended = revoke_all(work.session, user.id, work.now, but=work.actor.session_id)
    elif session_id == work.actor.session_id:
        raise NotNow("This is the session you are in; sign out to end it")
    else:
        ended = _end(work, session_id)
    work.tell(tenant_id=user.tenant_id, user_id=user.id, sessions=len(ended))
    return own_sign_in(work)


def _end(work: Work, session_id: int) -> tuple[int, ...]:
    found = work.session.scalar(_open(work).where(UserSession.id == session_id))
    if found is None:
        raise NotFound("There is no such session of yours")
    work.session.execute(
        update(UserSession).where(UserSession.id == found.id).values(revoked_at=work.now)
    )
    return (found.id,)


def _open(work: Work) -> Select[UserSession]:
    idle = timedelta(minutes=work.settings.session_idle_minutes)
    return (
        select(UserSession)
        .where(
            UserSession.user_id == work.actor.user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > work.now,
            UserSession.last_seen_at > work.now - idle,
        )
        .limit(MOST_SESSIONS)
    )


def _myself(work: Work) -> User:
    """The actor's account, which nobody else changes until this work ends."""
    return work.session.get_one(User, work.actor.user_id, with_for_update=True)


def _may_enrol(user: User) -> None:
    _has_password(user)
    if user.totp_sealed is not None:
        raise NotNow("One-time codes are on already; turn them off to use another phone")


def _has_password(user: User) -> None:
    if user.password_hash is None:
        raise NotNow("You sign in at your company's provider; password and codes are kept there")


def _secret(work: Work, user: User, ticket: str) -> str:
    try:
        ends, _, secret = unseal(ticket, _offered(user), work.settings).partition("|")
    except SecretUnreadable as problem:
        raise BadInput("This was not begun by you here; start again") from problem
    if int(ends) <= work.now.timestamp():
        raise BadInput("This took too long; start again with a new code")
    return secret


def _offered(user: User) -> str:
    """The place a secret is sealed for before its first code."""
    return f"app_user|{user.id}|totp_offer"
