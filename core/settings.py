"""Every setting, read once from the environment or `.env`, with the words the docs repeat."""

import os
from decimal import Decimal
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from core.settings_parts import (
    DocumentSettings,
    ForecastSettings,
    GatewaySettings,
    MessageSettings,
    OidcSettings,
    RateSettings,
    SandboxSettings,
)
from core.settings_spark import SparkSettings

ROOT = Path(__file__).resolve().parent.parent
COOKIE = "saldo"
LOGOS = (".svg", ".png", ".jpg", ".jpeg")


def default_home() -> Path:
    """Where data lives; root's lies in a system folder, as its server runs as another user."""
    running_as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return Path("/var/lib/saldo") if running_as_root else Path.home() / ".local/share/saldo"


class Settings(
    DocumentSettings,
    MessageSettings,
    GatewaySettings,
    OidcSettings,
    ForecastSettings,
    RateSettings,
    SandboxSettings,
    SparkSettings,
):
    """Names follow the sources where they exist, `SALDO_…` otherwise."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    home: Path = Field(
        default_factory=default_home,
        alias="SALDO_HOME",
        description="Folder of the embedded database, the analytics copy, documents and keys.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        alias="SALDO_DATABASE_URL",
        description="Address of a real PostgreSQL (15 or newer) instead of the embedded one.",
    )
    migration_url: SecretStr | None = Field(
        default=None,
        alias="SALDO_MIGRATION_URL",
        description="Address with rights to create roles, schemas and tables; "
        "SALDO_DATABASE_URL if empty.",
    )
    secret_keys: SecretStr | None = Field(
        default=None,
        alias="SALDO_SECRET_KEYS",
        description="Keys for secrets at rest, `k2:<base64>,k1:<base64>`; the first encrypts. "
        "A key file in SALDO_HOME is made when empty.",
    )
    billing_timezone: str = Field(
        default="Europe/Stockholm",
        alias="SALDO_BILLING_TIMEZONE",
        description="Time zone whose calendar days and months count in billing and figures.",
    )
    reporting_currency: str = Field(
        default="EUR",
        alias="SALDO_REPORTING_CURRENCY",
        description="Currency of the figures unless another one is asked for.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("localhost", "127.0.0.1", "[::1]"),
        alias="SALDO_ALLOWED_HOSTS",
        description="Host names the web process answers to, separated by commas.",
    )
    cookie_secure: bool = Field(
        default=False,
        alias="SALDO_COOKIE_SECURE",
        description="Mark the session cookie Secure; switch on behind https.",
    )
    requests_per_minute: int = Field(
        default=6_000,
        ge=1,
        alias="SALDO_REQUESTS_PER_MINUTE",
        description="Requests of one caller to the API and to sign-in; an address has four times "
        "as many.",
    )
    session_idle_minutes: int = Field(
        default=60,
        ge=1,
        alias="SALDO_SESSION_IDLE_MINUTES",
        description="A session not used for this long ends.",
    )
    session_hours: int = Field(
        default=12,
        ge=1,
        alias="SALDO_SESSION_HOURS",
        description="A session ends after this long, used or not.",
    )
    fresh_minutes: int = Field(
        default=5,
        ge=1,
        alias="SALDO_FRESH_MINUTES",
        description="How long a repeated sign-in allows the guarded actions.",
    )
    lockout_attempts: int = Field(
        default=5,
        ge=1,
        alias="SALDO_LOCKOUT_ATTEMPTS",
        description="Failed sign-ins of one account or address within the window that lock it.",
    )
    lockout_minutes: int = Field(
        default=15,
        ge=1,
        alias="SALDO_LOCKOUT_MINUTES",
        description="Window in which failed sign-ins count, and how long the lock holds.",
    )
    grace_period_days: int = Field(
        default=7,
        ge=0,
        alias="SAAS_GRACE_PERIOD_DAYS",
        description="Days of full access after a subscription ran out.",
    )
    trial_days: int = Field(
        default=14, ge=0, alias="SAAS_TRIAL_DAYS", description="Length of a new trial."
    )
    default_plan: str = Field(
        default="free", alias="SAAS_DEFAULT_PLAN", description="Plan of a tenant that chose none."
    )
    billing_unit_cost: Decimal | None = Field(
        default=None,
        ge=0,
        alias="BILLING_UNIT_COST",
        description="Price of a unit in minor units, with decimals, where a usage price has none.",
    )
    saas_billing: bool = Field(
        default=True,
        alias="SAAS_BILLING",
        description="Show the plan catalogue and the public pricing page.",
    )
    saas_wallet: bool = Field(
        default=True,
        alias="SAAS_WALLET",
        description="Show wallets, to administrators and to the tenants that own them.",
    )
    past_due_days: int = Field(
        default=7,
        ge=0,
        alias="SALDO_PAST_DUE_DAYS",
        description="Days a subscription paid from a wallet is past due before its grace period "
        "begins; dunning decides over the others.",
    )
    proration_policy: str = Field(
        default="actual_days",
        alias="SALDO_PRORATION",
        description="How changes within a period are prorated: actual_days, elapsed_time, fixed_30 "
        "or none.",
    )
    most_catch_up: int = Field(
        default=400,
        ge=1,
        alias="SALDO_MOST_CATCH_UP",
        description="Steps of one subscription the lifecycle run makes up for at most.",
    )
    payment_terms_days: int = Field(
        default=30,
        ge=0,
        alias="SALDO_PAYMENT_TERMS_DAYS",
        description="Days between issue and due date of an invoice sent for bank transfer.",
    )
    cache_seconds: int = Field(
        default=300,
        ge=0,
        alias="SALDO_CACHE_SECONDS",
        description="How long a page keeps figures of the same published copy.",
    )
    stale_hours: int = Field(
        default=26,
        ge=1,
        alias="SALDO_STALE_HOURS",
        description="Age of the analytics copy above which every page warns.",
    )
    duckdb_memory: str = Field(
        default="1GiB",
        alias="SALDO_DUCKDB_MEMORY",
        description="Memory the transforms may use before they spill to disk.",
    )
    duckdb_threads: int = Field(
        default=2,
        ge=1,
        alias="SALDO_DUCKDB_THREADS",
        description="Threads the transforms may use.",
    )
    import_max_rows: int = Field(
        default=1_000_000,
        ge=1,
        alias="SALDO_IMPORT_MAX_ROWS",
        description="Rows one imported file may hold.",
    )
    import_max_mib: int = Field(
        default=256,
        ge=1,
        alias="SALDO_IMPORT_MAX_MIB",
        description="Size one imported file may have, in MiB.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        alias="SALDO_METRICS_TOKEN",
        description="What a collector sends as bearer token to read `/metrics`; without one only"
        " this machine itself is answered.",
    )
    worker_in_serve: bool = Field(
        default=True,
        alias="SALDO_WORKER_IN_SERVE",
        description="Let the web process run the jobs too; switch off beside `saldo worker`.",
    )
    worker_jobs_at_once: int = Field(
        default=2,
        ge=1,
        alias="SALDO_WORKER_JOBS_AT_ONCE",
        description="Jobs of different kinds that one worker runs at once.",
    )
    worker_tick_seconds: int = Field(
        default=10,
        ge=1,
        alias="SALDO_WORKER_TICK_SECONDS",
        description="How often a worker looks for jobs that fell due or were lost.",
    )
    job_lost_seconds: int = Field(
        default=60,
        ge=2,
        alias="SALDO_JOB_LOST_SECONDS",
        description="After this long without a sign of life a run counts as lost and is repeated.",
    )
    job_keep_days: int = Field(
        default=90,
        ge=1,
        alias="SALDO_JOB_KEEP_DAYS",
        description="Days for which finished runs of jobs stay on record.",
    )
    table_page_rows: int = Field(
        default=100,
        ge=10,
        alias="SALDO_TABLE_PAGE_ROWS",
        description="Rows a table on a page shows at once.",
    )

    @field_validator("allowed_hosts", "webhook_private_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SALDO_SMTP_URL is smtp://host or smtps://host")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _one_sender(cls, value: str) -> str:
        if not value.isprintable() or "@" not in parseaddr(value)[1]:
            raise ValueError(f"{value!r} is not an e-mail address")
        return value

    @field_validator("logo_path")
    @classmethod
    def _known_picture(cls, value: Path | None) -> Path | None:
        if value and not (value.is_file() and value.suffix.lower() in LOGOS):
            raise ValueError(f"{value} is not a file that ends in {', '.join(LOGOS)}")
        return value

    @field_validator("fonts_path")
    @classmethod
    def _known_folder(cls, value: Path | None) -> Path | None:
        if value and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("billing_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError(f"{value!r} is not a time zone of the IANA database") from problem
        return value

    @field_validator("proration_policy")
    @classmethod
    def _known_policy(cls, value: str) -> str:
        if value not in ("actual_days", "elapsed_time", "fixed_30", "none"):
            raise ValueError(f"{value!r} is not a proration policy")
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if len(value) != 3 or not value.isascii() or not value.isupper():
            raise ValueError(f"{value!r} is not an ISO 4217 code")
        return value

    @property
    def copy_path(self) -> Path:
        """The published analytics copy."""
        return self.home / "copy" / "saldo.duckdb"

    @property
    def session_cookie(self) -> str:
        """The cookie that holds a session's token; behind https its name keeps neighbours out.

        Browsers take `__Host-` from this host alone and by https alone.
        """
        return f"__Host-{COOKIE}" if self.cookie_secure else COOKIE


@lru_cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
