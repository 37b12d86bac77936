"""Payment config: keys of the gateways set, rotated, removed and tried (PAY.7)."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from core.access.authority import Actor
from core.actions import action
from core.errors import BadInput, ChangedMeanwhile, NotFound
from core.gateways.credentials import FIELDS, NEEDED, Keys, keys_of, opened, sealed
from core.gateways.models import GatewayCredentials
from core.gateways.registry import TITLES, gateway_of, simulated
from core.tenants.models import Tenant
from core.work import Office, Work

NEEDS = "payment_config.manage"
Mode = Literal["test", "live"]
LONGEST_KEY = 500
_PREFIXES = {
    ("stripe", "secret_key"): ("sk_", "rk_"),
    ("stripe", "publishable_key"): ("pk_",),
    ("stripe", "webhook_secret"): ("whsec_",),
    ("paystack", "secret_key"): ("sk_",),
    ("paystack", "public_key"): ("pk_",),
}
"""How a key begins; one pasted into the wrong field is refused."""


@dataclass(frozen=True)
class GatewayConfig:
    """A gateway as its page shows it: masked keys, where they come from, webhook addresses.

    `source` is own, company, environment, simulator or none; `version` guards an edit.
    """

    provider: str
    title: str
    tenant_id: int | None
    source: str
    mode: str | None
    shown: dict[str, str]
    version: int
    webhook_url: str
    callback_url: str


@action("gateway.keys.set", needs=NEEDS, fresh=True)
def set_keys(
    work: Work,
    provider: str,
    secret: dict[str, str],
    mode: Mode,
    *,
    tenant_id: int | None = None,
    seen_version: int | None = None,
    reason: str,
) -> GatewayCredentials:
    """Store keys of the company, or of one tenant, sealed; a field left out keeps its value.

    Raises BadInput, NotFound, and ChangedMeanwhile when somebody else has stored keys since.
    """
    _check_provider(provider)
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    row = _row(work, provider, tenant_id)
    if seen_version is not None and seen_version != (row.version if row else 0):
        raise ChangedMeanwhile
    values = dict(opened(row, work.settings).values) if row else {}
    given = _checked(provider, secret, mode)
    values |= given
    lacking = [name for name in NEEDED[provider] if not values.get(name)]
    if lacking:
        words = " and ".join(name.replace("_", " ") for name in lacking)
        raise BadInput(f"{TITLES[provider]} needs its {words}")
    if row is None:
        row = GatewayCredentials(provider=provider, tenant_id=tenant_id, version=0)
        work.session.add(row)
    row.mode, row.version = mode, row.version + 1
    row.sealed, row.shown = _kept(work, provider, tenant_id, values)
    row.updated_by, row.updated_at = work.actor.user_id, work.now
    work.session.flush()
    work.tell(tenant_id=tenant_id, provider=provider, mode=mode, fields=sorted(given))
    return row


@action("gateway.keys.removed", needs=NEEDS, fresh=True)
def remove_keys(
    work: Work, provider: str, *, tenant_id: int | None = None, reason: str
) -> GatewayCredentials:
    """Forget stored keys; the company's, or those of the environment, are used again.

    Raises NotFound.
    """
    _check_provider(provider)
    row = _row(work, provider, tenant_id)
    if row is None:
        raise NotFound(f"No keys of {TITLES[provider]} are stored here")
    work.session.delete(row)
    work.tell(tenant_id=tenant_id, provider=provider)
    return row


def reseal(work: Work) -> int:
    """Part of an action: seal stored keys anew under the newest key; returns how many rows."""
    rows = work.session.scalars(select(GatewayCredentials).with_for_update()).all()
    for row in rows:
        values = dict(opened(row, work.settings).values)
        row.sealed, row.shown = _kept(work, row.provider, row.tenant_id, values)
    return len(rows)


def gateway_configs(
    office: Office, work: Work, tenant_id: int | None = None
) -> list[GatewayConfig]:
    """Every gateway as the company, or one tenant, has it. Needs `payment_config.manage`."""
    work.require(NEEDS)
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    return [_config(office, work, provider, tenant_id) for provider in FIELDS]


def try_connection(
    office: Office, actor: Actor, provider: str, *, tenant_id: int | None = None
) -> str:
    """Whether the gateway answers to the stored keys, in its words; no money moves.

    Raises CredentialsMissing, GatewayUnsure, GatewayRefused.
    """
    with office.work(actor) as work:
        work.require(NEEDS)
    _check_provider(provider)
    gateway = gateway_of(office.settings, provider, engine=office.engine, tenant_id=tenant_id)
    return gateway.probe()


def _config(office: Office, work: Work, provider: str, tenant_id: int | None) -> GatewayConfig:
    settings = work.settings
    row = _row(work, provider, tenant_id) or (_row(work, provider, None) if tenant_id else None)
    keys: Keys | None
    if row is not None:
        source = "company" if row.tenant_id is None else "own"
        mode: str | None = row.mode
        shown = {name: str(value) for name, value in row.shown.items()}
    else:
        keys = keys_of(None, settings, provider)
        source = "environment" if keys else "none"
        if keys is None and simulated(settings, office.engine):
            source = "simulator"
        mode = keys.mode if keys else None
        shown = _masked(provider, dict(keys.values)) if keys else {}
    base, owner = settings.public_url.rstrip("/"), f"/{tenant_id}" if source == "own" else ""
    return GatewayConfig(
        provider,
        TITLES[provider],
        tenant_id,
        source,
        mode,
        shown,
        row.version if row is not None and row.tenant_id == tenant_id else 0,
        f"{base}/my-billing/webhook/{provider}{owner}",
        f"{base}/my-billing/callback/",
    )


def _row(work: Work, provider: str, tenant_id: int | None) -> GatewayCredentials | None:
    owner = GatewayCredentials.tenant_id
    return work.session.scalar(
        select(GatewayCredentials)
        .where(
            GatewayCredentials.provider == provider,
            owner.is_(None) if tenant_id is None else owner == tenant_id,
        )
        .with_for_update()
    )


def _checked(provider: str, given: dict[str, str], mode: Mode) -> dict[str, str]:
    """The given fields, trimmed. Raises BadInput without showing what was given."""
    known = FIELDS[provider]
    kept = {}
    for name, value in given.items():
        if name not in known:
            raise BadInput(f"{TITLES[provider]} has no {name}; it has {', '.join(known)}")
        text = value.strip()
        if not text:
            continue
        if len(text) > LONGEST_KEY or not text.isascii() or not text.isprintable():
            raise BadInput(f"{name} is no key: it is too long, or has unusual characters")
        starts = _PREFIXES.get((provider, name))
        if starts and not text.startswith(starts):
            raise BadInput(f"{name} begins with {' or '.join(starts)}")
        if starts and starts[0] in ("sk_", "pk_") and ("_test_" in text) != (mode == "test"):
            raise BadInput(f"{name} is no key of the {mode} mode")
        kept[name] = text
    return kept


def _kept(
    work: Work, provider: str, tenant_id: int | None, values: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The secrets sealed, and what may be shown of all fields."""
    secret = {name for name, is_secret in FIELDS[provider].items() if is_secret}
    closed = {
        name: sealed(provider, tenant_id, name, value, work.settings)
        for name, value in values.items()
        if name in secret and value
    }
    return closed, _masked(provider, values)


def _masked(provider: str, values: dict[str, str]) -> dict[str, str]:
    """Secrets with all but their last characters hidden; the rest as it is."""
    return {
        name: f"••••{values[name][-4:]}" if is_secret else values[name]
        for name, is_secret in FIELDS[provider].items()
        if values.get(name)
    }


def _check_provider(provider: str) -> None:
    if provider not in FIELDS:
        raise BadInput(f"There is no gateway {provider!r}; there are {', '.join(FIELDS)}")
