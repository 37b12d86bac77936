"""The settings of documents, messages, rates, gateways and sign-in, which `Settings` takes in."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

THIS_MACHINE = ("127.0.0.1", "localhost")
"""Hosts that may be spoken to without https."""


class DocumentSettings(BaseSettings):
    """Who issues documents, and how they look."""

    company_name: str = Field(
        default="Saldo Demo AB",
        alias="SALDO_COMPANY_NAME",
        description="Name of the company whose books these are.",
    )
    company_address: str = Field(
        default="",
        alias="SALDO_COMPANY_ADDRESS",
        description="Postal address of the company, lines separated by `\\n`, on its documents.",
    )
    company_tax_id: str = Field(
        default="",
        alias="SALDO_COMPANY_TAX_ID",
        description="VAT number of the company, on its documents.",
    )
    company_registration: str = Field(
        default="",
        alias="SALDO_COMPANY_REGISTRATION",
        description="Registration number of the company, on its documents.",
    )
    company_email: str = Field(
        default="",
        alias="SALDO_COMPANY_EMAIL",
        description="Address for questions about invoices, on the documents.",
    )
    company_website: str = Field(
        default="",
        alias="SALDO_COMPANY_WEBSITE",
        description="Web address of the company, on its documents.",
    )
    company_bankgiro: str = Field(
        default="",
        alias="SALDO_COMPANY_BANKGIRO",
        description="Bankgiro number to which invoices are paid.",
    )
    company_iban: str = Field(
        default="",
        alias="SALDO_COMPANY_IBAN",
        description="IBAN to which invoices are paid.",
    )
    company_bic: str = Field(
        default="",
        alias="SALDO_COMPANY_BIC",
        description="BIC of the bank of that IBAN.",
    )
    logo_path: Path | None = Field(
        default=None,
        alias="SALDO_LOGO_PATH",
        description="Logo on documents, an SVG, PNG or JPEG file; Saldo's own if empty.",
    )
    fonts_path: Path | None = Field(
        default=None,
        alias="SALDO_FONTS_PATH",
        description="Folder of further fonts for documents, for scripts the own ones lack.",
    )


class SandboxSettings(BaseSettings):
    """What one ad-hoc query may use up."""

    sql_seconds: int = Field(
        default=10,
        ge=1,
        le=13,
        alias="SALDO_SQL_SECONDS",
        description="An ad-hoc query that takes longer is ended.",
    )
    sql_memory_mb: int = Field(
        default=512,
        ge=64,
        le=1024,
        alias="SALDO_SQL_MEMORY_MB",
        description="Memory of an ad-hoc query; its process gets 256 MB beside it.",
    )
    sql_rows: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        alias="SALDO_SQL_ROWS",
        description="Rows of an ad-hoc query that are shown and exported.",
    )
    sql_result_mb: int = Field(
        default=32,
        ge=1,
        le=256,
        alias="SALDO_SQL_RESULT_MB",
        description="Size of the result of an ad-hoc query; rows beyond it are left out.",
    )
    sql_parallel: int = Field(
        default=2,
        ge=1,
        alias="SALDO_SQL_PARALLEL",
        description="Ad-hoc queries that a process runs at the same time; others wait.",
    )


class ForecastSettings(BaseSettings):
    """How far the cash forecast trusts narrow and old experience."""

    forecast_half_life_days: int = Field(
        default=270,
        ge=1,
        alias="SALDO_FORECAST_HALF_LIFE_DAYS",
        description="The cash forecast gives an invoice that fell due so long ago half the weight.",
    )
    forecast_country_invoices: int = Field(
        default=10,
        ge=0,
        alias="SALDO_FORECAST_COUNTRY_INVOICES",
        description="How many invoices of its country count beside a customer's own in it.",
    )
    forecast_all_invoices: int = Field(
        default=20,
        ge=0,
        alias="SALDO_FORECAST_ALL_INVOICES",
        description="How many invoices of all customers count beside a country's own in it.",
    )
    forecast_least_settled: int = Field(
        default=30,
        ge=1,
        alias="SALDO_FORECAST_LEAST_SETTLED",
        description="Settled invoices from which on its back-test tries a month end.",
    )


class RateSettings(BaseSettings):
    """Where exchange rates come from."""

    fx_url: str = Field(
        default="https://www.ecb.europa.eu/stats/eurofxref",
        alias="SALDO_FX_URL",
        description="Where the European Central Bank's daily reference rates are read, at its own "
        "address or a copy's. None are read when empty, or in a database that was built as a demo.",
    )

    @field_validator("fx_url")
    @classmethod
    def _known_place(cls, value: str) -> str:
        if value and not (is_safe_address(value) and set("?#@").isdisjoint(value)):
            raise ValueError(
                "SALDO_FX_URL starts with https:// and has no user name, question mark or hash"
            )
        return value


class MessageSettings(BaseSettings):
    """How tenants are told what happened."""

    public_url: str = Field(
        default="http://localhost:8501",
        alias="SALDO_PUBLIC_URL",
        description="Address of the pages as customers reach them; links in messages start there.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        alias="SALDO_SMTP_URL",
        description="Mail server, `smtps://user:password@host:465` or `smtp://…:587`, which is "
        "upgraded to TLS unless it is this machine. No e-mail is sent when empty.",
    )
    smtp_from: str = Field(
        default="Saldo <billing@localhost>",
        alias="SALDO_SMTP_FROM",
        description="Sender of e-mails, with or without a name.",
    )
    smtp_seconds: int = Field(
        default=20,
        ge=1,
        alias="SALDO_SMTP_SECONDS",
        description="How long the mail server may take for each step.",
    )
    operations_email: str | None = Field(
        default=None,
        alias="SALDO_OPERATIONS_EMAIL",
        description="Our own address that hears of suspensions and reactivations.",
    )
    notify_attempts: int = Field(
        default=8,
        ge=1,
        alias="SALDO_NOTIFY_ATTEMPTS",
        description="Attempts to deliver a message before it counts as failed.",
    )
    notify_backoff_seconds: int = Field(
        default=60,
        ge=1,
        alias="SALDO_NOTIFY_BACKOFF_SECONDS",
        description="Wait after the first failed attempt; it doubles with each, up to six hours.",
    )
    notify_lease_seconds: int = Field(
        default=300,
        ge=60,
        alias="SALDO_NOTIFY_LEASE_SECONDS",
        description="After this long a delivery whose runner is silent is taken up by another.",
    )
    notify_within_hours: int = Field(
        default=72,
        ge=1,
        alias="SALDO_NOTIFY_WITHIN_HOURS",
        description="What happened longer ago is only shown in the inbox, not sent any more.",
    )
    trial_notice_days: int = Field(
        default=3,
        ge=0,
        alias="SALDO_TRIAL_NOTICE_DAYS",
        description="Days before the end of a trial on which its tenant is told; 0 tells nobody.",
    )
    webhook_private_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        alias="SALDO_WEBHOOK_PRIVATE_HOSTS",
        description="Host names that may receive webhooks though they are private, also without "
        "https; for development.",
    )


class GatewaySettings(BaseSettings):
    """Keys of the company's own accounts at the gateways, and how cards are charged."""

    stripe_key: str = Field(
        default="", alias="STRIPE_KEY", description="Publishable key of the Stripe account."
    )
    stripe_secret: SecretStr | None = Field(
        default=None, alias="STRIPE_SECRET", description="Secret key of the Stripe account."
    )
    stripe_api_key: SecretStr | None = Field(
        default=None, alias="STRIPE_API_KEY", description="The same, where STRIPE_SECRET is empty."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        default=None,
        alias="STRIPE_WEBHOOK_SECRET",
        description="Signing secret of Stripe's webhooks; without it none is accepted.",
    )
    stripe_address: str | None = Field(
        default=None,
        alias="SALDO_STRIPE_ADDRESS",
        description="Server that is asked instead of Stripe's own.",
    )
    paystack_public_key: str = Field(
        default="", alias="PAYSTACK_PUBLIC_KEY", description="Public key of the Paystack account."
    )
    paystack_secret_key: SecretStr | None = Field(
        default=None,
        alias="PAYSTACK_SECRET_KEY",
        description="Secret key of the Paystack account; it signs webhooks too.",
    )
    paystack_address: str | None = Field(
        default=None,
        alias="SALDO_PAYSTACK_ADDRESS",
        description="Server that is asked instead of Paystack's own.",
    )
    paypal_client_id: str = Field(
        default="", alias="PAYPAL_CLIENT_ID", description="Client id of the PayPal account."
    )
    paypal_secret: SecretStr | None = Field(
        default=None, alias="PAYPAL_SECRET", description="Secret of the PayPal account."
    )
    paypal_webhook_id: str = Field(
        default="",
        alias="PAYPAL_WEBHOOK_ID",
        description="Id of the webhook at PayPal; without it none is accepted.",
    )
    paypal_mode: Literal["sandbox", "live"] = Field(
        default="sandbox", alias="PAYPAL_MODE", description="Which PayPal is asked: sandbox, live."
    )
    paypal_address: str | None = Field(
        default=None,
        alias="SALDO_PAYPAL_ADDRESS",
        description="Server that is asked instead of PayPal's own.",
    )
    gateway_simulator: bool | None = Field(
        default=None,
        alias="SALDO_GATEWAY_SIMULATOR",
        description="Without keys of a gateway, use the built-in simulator. When empty, only in a "
        "database that was built as a demo; no money moves there.",
    )
    charge_attempts: int = Field(
        default=4,
        ge=1,
        alias="SALDO_CHARGE_ATTEMPTS",
        description="Scheduled attempts to charge a card for one invoice.",
    )
    charge_delay_days: int = Field(
        default=3,
        ge=0,
        alias="SALDO_CHARGE_DELAY_DAYS",
        description="Days between a declined attempt and the next scheduled one.",
    )


class OidcSettings(BaseSettings):
    """Sign-in with the company's own accounts at an OpenID Connect provider, beside passwords."""

    oidc_issuer: str = Field(
        default="",
        alias="SALDO_OIDC_ISSUER",
        description="Address of the company's sign-in provider (OpenID Connect), as it names "
        "itself; it sends people back to SALDO_PUBLIC_URL and `/oidc/callback`. Passwords alone "
        "when empty.",
    )
    oidc_client_id: str = Field(
        default="",
        alias="SALDO_OIDC_CLIENT_ID",
        description="Client id of Saldo at the sign-in provider.",
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None,
        alias="SALDO_OIDC_CLIENT_SECRET",
        description="Client secret of Saldo at the sign-in provider; empty for a public client.",
    )
    oidc_scope: str = Field(
        default="openid email profile",
        alias="SALDO_OIDC_SCOPE",
        description="What the sign-in provider is asked for, separated by blanks.",
    )
    oidc_groups_claim: str = Field(
        default="groups",
        alias="SALDO_OIDC_GROUPS_CLAIM",
        description="Claim in which the sign-in provider lists a person's groups.",
    )
    oidc_groups: dict[str, str] = Field(
        default={},
        alias="SALDO_OIDC_GROUPS",
        description='Role of each group, `{"finance": "sys_finance"}`. With any, these groups '
        "alone give the platform's people their roles, at each sign-in with the provider.",
    )
    oidc_title: str = Field(
        default="your company's account",
        alias="SALDO_OIDC_TITLE",
        description="What the sign-in page calls an account at the provider.",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _known_issuer(cls, value: str) -> str:
        if value and not is_safe_address(value):
            raise ValueError("SALDO_OIDC_ISSUER is an address that starts with https://")
        if "?" in value or "#" in value:
            raise ValueError("SALDO_OIDC_ISSUER has no part after a question mark or a hash")
        return value

    @field_validator("oidc_groups")
    @classmethod
    def _platform_roles(cls, value: dict[str, str]) -> dict[str, str]:
        for group, role in value.items():
            if role.startswith("org_"):
                raise ValueError(f"{role} of the group {group} is a role of tenants' users")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("SALDO_OIDC_ISSUER needs SALDO_OIDC_CLIENT_ID")
        if self.oidc_issuer and "openid" not in self.oidc_scope.split():
            raise ValueError("SALDO_OIDC_SCOPE has to hold openid")
        return self


def is_safe_address(address: str) -> bool:
    """True for https, and for http on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)
    )
