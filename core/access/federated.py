"""Who somebody is that the company's sign-in provider vouches for, and what that allows (ACC.1–3).

A visit to the provider is a row that is taken once and bound to one browser. Coming back, the
provider's account stands for the user it was linked to; its groups may give the roles.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.access import oidc, sessions
from core.access.actions import SUPER_ADMIN, keep_a_super_admin
from core.access.authority import Actor, system
from core.access.models import OidcRequest, Role, User, UserIdentity, UserRole
from core.access.oidc import AnswerRefused, Identity, ProviderUnavailable
from core.access.sessions import Attempt, Viewer
from core.errors import BadSignIn, NotFound, SignInNeeded
from core.work import Office, Work

VISIT_MINUTES = 10
LONGEST_TARGET = 2_000
LONGEST_NAME = 200
SKEW = timedelta(seconds=oidc.SKEW_SECONDS)
HOW = "oidc"
"""How the audit rows of sign-in and step-up name this way."""
STRAYED = "This sign-in was begun in another browser, or is used up or too old; start it again"
NOT_FRESH = "The sign-in provider did not ask who you are just now; confirm again and sign in there"
SOMEBODY_ELSE = "You signed in there as somebody else; confirm with the account you use here"
UNKNOWN = "There is no account here for you; ask an administrator to open one"
UNVERIFIED = "The sign-in provider gave no verified e-mail address, by which your account is found"
CLOSED = "Your account is closed; ask an administrator"
LOCKED = "This account or address is locked for a while, after too many failed sign-ins"
LINKED_ALREADY = "The account with your address belongs to another sign-in at the provider"
NOT_LET_IN = ("access_denied", "login_required", "interaction_required", "consent_required")
FOR_NOW = ("server_error", "temporarily_unavailable")


@dataclass(frozen=True)
class Departure:
    """Where the browser is to go, and the state its cookie keeps until it comes back."""

    url: str
    state: str


@dataclass(frozen=True)
class Visit:
    """A visit to the provider that has come back, and can do so no second time."""

    nonce: str
    verifier: str
    session_id: int | None
    target: str
    asked_at: datetime

    @property
    def confirms(self) -> bool:
        """True for a step-up of a session, False for a sign-in."""
        return self.session_id is not None


@dataclass(frozen=True)
class Ways:
    """How a person can prove who they are."""

    password: bool
    provider: bool


def ways(office: Office, user_id: int) -> Ways:
    """What the step-up page offers a user."""
    issuer = office.settings.oidc_issuer
    with office.work(system("sign-in")) as work:
        user = work.session.get_one(User, user_id)
        linked = issuer and work.session.scalar(
            select(UserIdentity.id).where(
                UserIdentity.user_id == user_id, UserIdentity.issuer == issuer
            )
        )
    return Ways(user.password_hash is not None, bool(linked))


def depart(office: Office, target: str, seen: Viewer | None = None) -> Departure:
    """Begin a sign-in, or the step-up of a session, that goes on to a local path afterwards.

    Raises NotFound without a provider, ProviderUnavailable, AnswerRefused.
    """
    found = oidc.provider(office.settings, office.clock.now())
    made = oidc.challenge()
    with office.work(system("sign-in")) as work:
        work.session.execute(delete(OidcRequest).where(OidcRequest.expires_at <= work.now))
        work.session.add(
            OidcRequest(
                state_sha256=_digest(made.state),
                nonce=made.nonce,
                verifier=made.verifier,
                purpose="confirm" if seen else "sign_in",
                session_id=seen.session_id if seen else None,
                target=target if len(target) <= LONGEST_TARGET else "/",
                asked_at=work.now,
                expires_at=work.now + timedelta(minutes=VISIT_MINUTES),
            )
        )
    return Departure(oidc.address(found, office.settings, made, again=bool(seen)), made.state)


def take(office: Office, state: str, kept: str) -> Visit:
    """The visit that comes back with a state, in the browser whose cookie kept the same one.

    Raises BadSignIn for a foreign browser, a second time, and after VISIT_MINUTES.
    """
    if not state or not compare_digest(state.encode(), kept.encode()):
        raise BadSignIn(STRAYED)
    with office.work(system("sign-in")) as work:
        taken = work.session.execute(
            delete(OidcRequest)
            .where(OidcRequest.state_sha256 == _digest(state), OidcRequest.expires_at > work.now)
            .returning(
                OidcRequest.nonce,
                OidcRequest.verifier,
                OidcRequest.session_id,
                OidcRequest.target,
                OidcRequest.asked_at,
            )
        ).one_or_none()
    if taken is None:
        raise BadSignIn(STRAYED)
    return Visit(*taken)


def arrive(
    office: Office,
    visit: Visit,
    answer: dict[str, str],
    token: str | None = None,
    ip: str | None = None,
) -> str:
    """The token of the session that a provider's answer opens; `token` is the running one's.

    `answer` holds what the browser brought: code, error, iss. Raises BadSignIn when the person is
    not let in, SignInNeeded when the session to confirm has ended, NotNow when the groups would
    leave no super admin, NotFound for a role that does not exist, ProviderUnavailable,
    AnswerRefused.
    """
    who = _told(office, visit, answer)
    if visit.confirms:
        return _confirm(office, visit, who, token, ip)
    return _sign_in(office, visit, who, ip)


def is_recent(signed_in_at: datetime | None, asked_at: datetime, now: datetime) -> bool:
    """True when the provider says that the person signed in after we asked, clocks allowed for."""
    return signed_in_at is not None and asked_at - SKEW <= signed_in_at <= now + SKEW


def _told(office: Office, visit: Visit, answer: dict[str, str]) -> Identity:
    if error := answer.get("error"):
        if error in NOT_LET_IN:
            raise BadSignIn("The sign-in provider did not let you in; try again")
        if error in FOR_NOW:
            raise ProviderUnavailable
        raise AnswerRefused("The sign-in provider refused to sign anybody in for this program")
    settings = office.settings
    found = oidc.provider(settings, office.clock.now())
    if answer.get("iss", found.issuer) != found.issuer or not answer.get("code"):
        raise AnswerRefused
    return oidc.identity(
        found, settings, answer["code"], visit.nonce, visit.verifier, office.clock.now()
    )


def _sign_in(office: Office, visit: Visit, who: Identity, ip: str | None) -> str:
    with office.work(system("sign-in")) as work:
        user = _user(work, who)
    made = _attempt(office, user.email if user else who.email or who.subject, ip)
    user = user or _first_visit(office, who, ip)
    if user.disabled_at is not None:
        raise BadSignIn(CLOSED)
    if office.settings.oidc_groups and user.tenant_id is None:
        _set_roles(office, user, roles_of(who.groups, office.settings.oidc_groups), ip)
    with office.work(system("sign-in")) as work:
        sessions.succeed(work, made)
        fresh = is_recent(who.signed_in_at, visit.asked_at, work.now)
        opened = sessions.open_session(work, user.id, ip=ip, fresh=fresh)
        sessions.log(work, user, ip, "access.signed_in", how=HOW)
    return opened


def _confirm(office: Office, visit: Visit, who: Identity, token: str | None, ip: str | None) -> str:
    seen = sessions.viewer(office, token)
    if seen is None or seen.session_id != visit.session_id:
        raise SignInNeeded
    made = _attempt(office, seen.email, ip)
    with office.work(system("sign-in")) as work:
        user = _user(work, who)
        if user is None or user.id != seen.user_id:
            raise BadSignIn(SOMEBODY_ELSE)
        if not is_recent(who.signed_in_at, visit.asked_at, work.now):
            raise BadSignIn(NOT_FRESH)
        sessions.succeed(work, made)
        fresh = sessions.replace(work, seen, ip)
        sessions.log(work, user, ip, "access.confirmed", how=HOW)
    return fresh


def _attempt(office: Office, name: str, ip: str | None) -> Attempt:
    made = sessions.attempt(office, name, ip)
    if made.locked:
        raise BadSignIn(LOCKED)
    return made


def _user(work: Work, who: Identity) -> User | None:
    """The user for whom the provider's account stands."""
    return work.session.scalar(
        select(User)
        .join(UserIdentity, UserIdentity.user_id == User.id)
        .where(UserIdentity.issuer == who.issuer, UserIdentity.subject == who.subject)
    )


def _first_visit(office: Office, who: Identity, ip: str | None) -> User:
    """Link the account with the verified address, or open one for a person in a mapped group."""
    if who.email is None:
        raise BadSignIn(UNVERIFIED)
    with office.work(system("sign-in")) as work:
        user = work.session.scalar(select(User).where(User.email == who.email).with_for_update())
        if user is None:
            if not roles_of(who.groups, work.settings.oidc_groups):
                raise BadSignIn(UNKNOWN)
            user = _opened(work, who, who.email)
            _log(work, user, ip, "access.user.created", issuer=who.issuer)
        else:
            _check_linkable(work, user, who)
            sessions.log(work, user, ip, "access.linked", how=HOW, issuer=who.issuer)
        work.session.add(
            UserIdentity(
                user_id=user.id, issuer=who.issuer, subject=who.subject, linked_at=work.now
            )
        )
    return user


def _opened(work: Work, who: Identity, email: str) -> User:
    """An account without a password; it has no role yet."""
    name = "".join(letter for letter in who.name if letter.isprintable()).strip()[:LONGEST_NAME]
    user = User(
        email=email, name=name or email, password_hash=None, tenant_id=None, created_at=work.now
    )
    work.session.add(user)
    work.session.flush()
    return user


def _check_linkable(work: Work, user: User, who: Identity) -> None:
    if user.disabled_at is not None:
        raise BadSignIn(CLOSED)
    taken = select(UserIdentity.id).where(
        UserIdentity.user_id == user.id, UserIdentity.issuer == who.issuer
    )
    if work.session.scalar(taken) is not None:
        raise BadSignIn(LINKED_ALREADY)


def roles_of(groups: frozenset[str], table: dict[str, str]) -> frozenset[str]:
    """The roles that groups give by the table; a group that is not in it gives nothing."""
    return frozenset(role for group, role in table.items() if group in groups)


def _set_roles(office: Office, user: User, wanted: frozenset[str], ip: str | None) -> None:
    """Give exactly these roles; what is taken away bites at the next action of open sessions."""
    with office.work(system("sign-in")) as work:
        held = set(work.session.scalars(select(UserRole.role).where(UserRole.user_id == user.id)))
        if held == wanted:
            return
        if SUPER_ADMIN in held - wanted:
            keep_a_super_admin(work, user)
        known = set(work.session.scalars(select(Role.name).where(Role.name.in_(wanted))))
        if unknown := sorted(wanted - known):
            raise NotFound(f"There is no role {unknown[0]}, which SALDO_OIDC_GROUPS gives")
        work.session.execute(
            delete(UserRole).where(UserRole.user_id == user.id, UserRole.role.not_in(wanted))
        )
        if wanted:
            given = [{"user_id": user.id, "role": role} for role in sorted(wanted)]
            work.session.execute(insert(UserRole).values(given).on_conflict_do_nothing())
        given_now, gone = sorted(wanted - held), sorted(held - wanted)
        _log(work, user, ip, "access.roles.mapped", granted=given_now, revoked=gone)


def _log(work: Work, user: User, ip: str | None, event_type: str, **facts: object) -> None:
    """Let the running work stand in the audit log as done by the provider's word."""
    work.actor = Actor("system", "sign-in provider", ip=ip)
    work.event_type = event_type
    work.tell(tenant_id=None, user_id=user.id, **facts)


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
