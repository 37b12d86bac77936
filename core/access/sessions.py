"""Sign-in, step-up and sign-out: opaque tokens whose SHA-256 stands in the database (ACC.2–3)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.access.authority import Actor, standing, system
from core.access.models import LoginAttempt, User, UserSession
from core.access.proof import accepted_counter, matches
from core.errors import BadSignIn, SignInNeeded
from core.secrets import unseal
from core.work import Office, Work

ADDRESS_FACTOR = 4
"""An address may fail this many times as often as an account, since offices share one."""
SEEN_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Viewer:
    """The person behind a session, as doors need to know them."""

    user_id: int
    session_id: int
    name: str
    email: str
    tenant_id: int | None
    roles: tuple[str, ...]
    permissions: frozenset[str]
    fresh_until: datetime | None

    def may(self, permission: str) -> bool:
        """True when the permission is held; core checks again on every action."""
        return permission in self.permissions

    def actor(self, ip: str | None = None) -> Actor:
        """The viewer as the actor of a unit of work."""
        return Actor("user", self.email, self.user_id, self.session_id, ip)


@dataclass(frozen=True)
class Attempt:
    """A try to prove an identity that was counted; `locked` when too many failed before it."""

    id: int
    locked: bool


def sign_in(
    office: Office, email: str, password: str, code: str = "", ip: str | None = None
) -> str:
    """A new session's token; raises BadSignIn with the same words whatever was wrong."""
    email = email.replace("\x00", "\ufffd").strip().lower()
    user = _prove(office, email, password, code, ip)
    with office.work(system("sign-in")) as work:
        token = open_session(work, user.id, ip=ip, fresh=True)
        log(work, user, ip, "access.signed_in")
    return token


def viewer(office: Office, token: str | None) -> Viewer | None:
    """Who a token belongs to; None when it is unknown, ended, revoked or its user disabled."""
    if not token:
        return None
    with office.work(system("session")) as work:
        found = work.session.scalar(
            select(UserSession).where(UserSession.token_sha256 == _digest(token))
        )
        if found is None:
            return None
        user = work.session.get_one(User, found.user_id)
        actor = Actor("user", user.email, user.id, found.id)
        idle = timedelta(minutes=office.settings.session_idle_minutes)
        try:
            rights = standing(work.session, actor, work.now, work.now - idle)
        except SignInNeeded:
            return None
        if abs(work.now - found.last_seen_at) >= SEEN_STEP:
            found.last_seen_at = work.now
    return Viewer(
        user.id,
        found.id,
        user.name,
        user.email,
        user.tenant_id,
        rights.roles,
        rights.permissions,
        rights.fresh_until,
    )


def confirm(
    office: Office, token: str, password: str, code: str = "", ip: str | None = None
) -> str:
    """Prove one's identity again: a new, fresh token; the old one dies.

    Raises SignInNeeded when the session has ended, BadSignIn when the proof fails.
    """
    seen = viewer(office, token)
    if seen is None:
        raise SignInNeeded
    user = _prove(office, seen.email, password, code, ip)
    with office.work(system("sign-in")) as work:
        fresh = replace(work, seen, ip)
        log(work, user, ip, "access.confirmed")
    return fresh


def replace(work: Work, seen: Viewer, ip: str | None) -> str:
    """A fresh session instead of one whose person proved to be there; it ends when that would.

    Raises SignInNeeded when it has ended meanwhile.
    """
    ends = work.session.scalar(
        update(UserSession)
        .where(UserSession.id == seen.session_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=work.now)
        .returning(UserSession.expires_at)
    )
    if ends is None:
        raise SignInNeeded
    return open_session(work, seen.user_id, ip=ip, fresh=True, expires_at=ends)


def sign_out(office: Office, token: str) -> None:
    """End the session of a token; an unknown token is no error."""
    with office.work(system("sign-out")) as work:
        work.session.execute(
            update(UserSession)
            .where(UserSession.token_sha256 == _digest(token), UserSession.revoked_at.is_(None))
            .values(revoked_at=work.now)
        )


def open_session(
    work: Work,
    user_id: int,
    *,
    ip: str | None = None,
    fresh: bool = False,
    expires_at: datetime | None = None,
) -> str:
    """Open a session for a user whose identity was proved; returns its token."""
    token = secrets.token_urlsafe(32)
    work.session.add(
        UserSession(
            token_sha256=_digest(token),
            user_id=user_id,
            created_at=work.now,
            last_seen_at=work.now,
            ip_address=ip,
            expires_at=expires_at or work.now + timedelta(hours=work.settings.session_hours),
            fresh_until=work.now + timedelta(minutes=work.settings.fresh_minutes)
            if fresh
            else None,
        )
    )
    work.session.flush()
    return token


def revoke_all(
    session: Session, user_id: int, at: datetime, *, but: int | None = None
) -> tuple[int, ...]:
    """End every session of a user, but for one that may be named; returns which were open."""
    ended = update(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.revoked_at.is_(None),
        UserSession.id.is_distinct_from(but),
    )
    return tuple(session.scalars(ended.values(revoked_at=at).returning(UserSession.id)))


def attempt(office: Office, email: str, ip: str | None) -> Attempt:
    """Count a try before it is judged; it counts as failed until `succeed`."""
    with office.work(system("sign-in")) as work:
        made = LoginAttempt(
            email=email[:320], ip_address=ip, attempted_at=work.now, succeeded=False
        )
        work.session.add(made)
        work.session.flush()
    with office.work(system("sign-in")) as work:
        return Attempt(made.id, _locked(work, email, ip))


def succeed(work: Work, made: Attempt) -> None:
    """The try was right after all."""
    work.session.execute(
        update(LoginAttempt).where(LoginAttempt.id == made.id).values(succeeded=True)
    )


def log(work: Work, user: User, ip: str | None, event_type: str, **facts: object) -> None:
    """Let the running work stand in the audit log as the user's own doing."""
    work.actor = Actor("user", user.email, user.id, ip=ip)
    work.event_type = event_type
    work.tell(user_id=user.id, tenant_id=user.tenant_id, **facts)


def _prove(office: Office, email: str, password: str, code: str, ip: str | None) -> User:
    """The user whose password and code are right. The attempt is counted before it is judged."""
    made = attempt(office, email, ip)
    with office.work(system("sign-in")) as work:
        user = work.session.scalar(select(User).where(User.email == email))
    password_right = matches(user.password_hash if user else None, password)
    if made.locked or user is None or not password_right or user.disabled_at is not None:
        raise BadSignIn
    with office.work(system("sign-in")) as work:
        if user.totp_sealed and not _use_code(work, user, code):
            raise BadSignIn
        succeed(work, made)
    return user


def totp_place(user_id: int) -> str:
    """The place a TOTP secret is sealed for."""
    return f"app_user|{user_id}|totp"


def _use_code(work: Work, user: User, code: str) -> bool:
    secret = unseal(user.totp_sealed or "", totp_place(user.id), work.settings)
    counter = accepted_counter(secret, code, user.totp_last_counter, int(work.now.timestamp()))
    if counter is None:
        return False
    taken = work.session.scalar(
        update(User)
        .where(User.id == user.id, User.totp_last_counter < counter)
        .values(totp_last_counter=counter)
        .returning(User.id)
    )
    return taken is not None


def _locked(work: Work, email: str, ip: str | None) -> bool:
    """True when this account or address failed too often in the window, this attempt included."""
    since = work.now - timedelta(minutes=work.settings.lockout_minutes)
    last_success = (
        select(func.max(LoginAttempt.attempted_at))
        .where(LoginAttempt.email == email, LoginAttempt.succeeded)
        .scalar_subquery()
    )
    of_account = select(func.count()).where(
        LoginAttempt.email == email,
        LoginAttempt.attempted_at > since,
        or_(last_success.is_(None), LoginAttempt.attempted_at > last_success),
    )
    of_address = select(func.count()).where(
        LoginAttempt.ip_address == ip, LoginAttempt.attempted_at > since, ~LoginAttempt.succeeded
    )
    limit = work.settings.lockout_attempts
    by_account = work.session.scalar(of_account) or 0
    by_address = (work.session.scalar(of_address) or 0) if ip else 0
    return by_account > limit or by_address > limit * ADDRESS_FACTOR


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
