"""Users, roles, permissions, sessions, sign-in here and at a provider, API keys (ACC.1–3, 5)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant, one_of

OIDC_PURPOSES = ("sign_in", "confirm")


class User(Base):
    """A person who signs in; one with a `tenant_id` sees that tenant and nothing else."""

    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email) and email like '%@%'", name="email_lower"),
    )

    id: Mapped[Id]
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str | None]
    totp_sealed: Mapped[str | None]
    totp_last_counter: Mapped[int] = mapped_column(server_default="0")
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    disabled_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class Role(Base):
    """A named set of permissions."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str]


class RolePermission(Base):
    """The permission table: one row grants one permission to one role."""

    __tablename__ = "role_permission"

    role: Mapped[str] = mapped_column(ForeignKey("role.name"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(40), primary_key=True)


class UserRole(Base):
    """A role a user has."""

    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(ForeignKey("role.name"), primary_key=True)


class UserSession(Base):
    """A sign-in; only the SHA-256 of its token is kept, and it can be revoked at any time."""

    __tablename__ = "user_session"
    __table_args__ = (UniqueConstraint("token_sha256"), Index("ix_user_session_user_id", "user_id"))

    id: Mapped[Id]
    token_sha256: Mapped[bytes]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    fresh_until: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    ip_address: Mapped[str | None] = mapped_column(INET)


class LoginAttempt(Base):
    """One attempt to sign in or to confirm a password; counted for the lockout."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_email", "email", "attempted_at"),
        Index("ix_login_attempt_ip_address", "ip_address", "attempted_at"),
    )

    id: Mapped[Id]
    email: Mapped[str]
    ip_address: Mapped[str | None] = mapped_column(INET)
    attempted_at: Mapped[Instant]
    succeeded: Mapped[bool]


class UserIdentity(Base):
    """An account at the company's sign-in provider that stands for a user."""

    __tablename__ = "user_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[Instant]


class OidcRequest(Base):
    """A visit to the sign-in provider that has not come back; taken once, soon worth nothing.

    `session_id` is the session that a step-up confirms; `target` is the local path to go on to.
    """

    __tablename__ = "oidc_request"
    __table_args__ = (
        one_of("purpose", OIDC_PURPOSES),
        CheckConstraint("octet_length(state_sha256) = 32", name="state_hashed"),
        CheckConstraint(
            "(purpose = 'confirm') = (session_id is not null)", name="session_confirmed"
        ),
        CheckConstraint("expires_at > asked_at", name="expires_later"),
        Index("ix_oidc_request_expires_at", "expires_at"),
    )

    state_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    verifier: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(8))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("user_session.id"))
    target: Mapped[str]
    asked_at: Mapped[Instant]
    expires_at: Mapped[Instant]


class ApiKey(Base):
    """A program's key, a tenant's own when it has one; of its token only a SHA-256 is kept.

    `prefix` is the visible beginning of the token, by which people and logs name the key.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("prefix"),
        CheckConstraint("octet_length(token_sha256) = 32", name="token_hashed"),
        CheckConstraint("cardinality(permissions) > 0", name="permissions_given"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("ix_api_key_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(String(24))
    token_sha256: Mapped[bytes]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
