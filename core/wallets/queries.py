"""What wallets hold and how they came to it, for pages and commands (WAL.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.listing import literal
from core.tenants.models import Tenant
from core.work import Work

MOST_ROWS = 500
MOST_OWNERS = 10_000
LONGEST_SEARCH = 200
SORTS = {
    "tenant": "lower(t.name), t.id, w.currency",
    "lowest": "w.currency, w.balance_minor + w.promotional_minor, w.id",
    "highest": "w.currency, w.balance_minor + w.promotional_minor desc, w.id",
}
_FROM = "from wallet w join tenant t on t.id = w.tenant_id where {conditions}"
_COUNT = f"select count(*) {_FROM}"
_WALLETS = f"""
-- What does each wallet hold, and when was it last moved? One row per wallet; minor units.
select w.tenant_id, t.name as tenant_name, w.currency, w.balance_minor, w.promotional_minor,
  w.balance_minor + w.promotional_minor as total_minor,
  (select m.created_at from wallet_transaction m where m.wallet_id = w.id
   order by m.id desc limit 1) as moved_at
{_FROM}
order by {{order}}
limit :limit offset :offset
"""
_MOVED = "from wallet_transaction m where m.tenant_id = :tenant_id and m.currency = :currency"
_HISTORY = sql(f"""
-- How did a wallet come to its balance? One row per transaction, newest first; minor units.
select m.id, m.created_at, m.type, m.amount_minor, m.promotional_minor, m.balance_after_minor,
  m.promotional_after_minor, m.reference_id, m.gateway, m.description, m.invoice_id,
  (select u.name from app_user u where u.id = m.created_by) as created_by
{_MOVED}
order by m.id desc
limit :limit offset :offset
""")
_MOVES = sql(f"select count(*) {_MOVED}")
_CURRENCIES = sql("select distinct currency from wallet order by currency")
_OWNERS = sql("select id, name, currency from tenant order by lower(name), id limit :limit")


@dataclass(frozen=True)
class WalletRow:
    """A wallet; `balance_minor` is prepaid, `total_minor` adds the promotional credit."""

    tenant_id: int
    tenant_name: str
    currency: str
    balance_minor: int
    promotional_minor: int
    total_minor: int
    moved_at: datetime | None


@dataclass(frozen=True)
class WalletPage:
    """Some wallets, and how many there are."""

    rows: list[WalletRow]
    count: int


@dataclass(frozen=True)
class MovementRow:
    """A transaction of a wallet; `balance_after_minor` is prepaid and promotional together."""

    id: int
    created_at: datetime
    type: str
    amount_minor: int
    promotional_minor: int
    balance_after_minor: int
    promotional_after_minor: int
    reference_id: str
    gateway: str | None
    description: str
    invoice_id: int | None
    created_by: str | None


@dataclass(frozen=True)
class HistoryPage:
    """Some transactions of a wallet, newest first, and how many there are."""

    rows: list[MovementRow]
    count: int


@dataclass(frozen=True)
class Owner:
    """A tenant to choose from, and the currency it is billed in."""

    id: int
    name: str
    currency: str


def wallets(
    work: Work,
    text: str | None = None,
    currency: str | None = None,
    *,
    sort: str = "tenant",
    limit: int = 100,
    offset: int = 0,
) -> WalletPage:
    """Wallets of all tenants; `text` is looked for in the tenant's name, `sort` is one of SORTS.

    Needs `saas.wallets.manage`; raises BadInput on an unknown order.
    """
    work.require("saas.wallets.manage")
    if sort not in SORTS:
        raise BadInput(f"Wallets are sorted by {', '.join(SORTS)}")
    wanted: dict[str, dict[str, Any]] = {}
    if text and text.strip():
        part = literal(text.strip()[:LONGEST_SEARCH])
        wanted["t.name ilike :part"] = {"part": f"%{part}%"}
    if currency:
        wanted["w.currency = :currency"] = {"currency": currency}
    return _read(work, wanted, sort, limit, offset)


def currencies(work: Work) -> list[str]:
    """The currencies there are wallets in. Needs `saas.wallets.manage`."""
    work.require("saas.wallets.manage")
    return list(work.session.scalars(_CURRENCIES))


def owners(work: Work) -> list[Owner]:
    """Tenants by name, with a wallet or without. Needs `saas.wallets.manage`."""
    work.require("saas.wallets.manage")
    found = work.session.execute(_OWNERS, {"limit": MOST_OWNERS})
    return [Owner(**row._mapping) for row in found]


def tenant_wallets(work: Work, tenant_id: int) -> list[WalletRow]:
    """A tenant's wallets by currency; its own users may look. Raises NotAllowed, NotFound."""
    _admit(work, tenant_id)
    tenant_currency(work, tenant_id)
    return _read(
        work, {"w.tenant_id = :tenant_id": {"tenant_id": tenant_id}}, "tenant", MOST_ROWS, 0
    ).rows


def history(
    work: Work, tenant_id: int, currency: str, *, limit: int = 100, offset: int = 0
) -> HistoryPage:
    """Transactions of a tenant's wallet, newest first; its own users may look."""
    _admit(work, tenant_id)
    values = {"tenant_id": tenant_id, "currency": currency}
    rows = work.session.execute(_HISTORY, {**values, **_span(limit, offset)})
    count = work.session.scalar(_MOVES, values) or 0
    return HistoryPage([MovementRow(**row._mapping) for row in rows], count)


def tenant_currency(work: Work, tenant_id: int) -> str:
    """The currency a tenant is billed in, which its wallet has unless another is named."""
    _admit(work, tenant_id)
    tenant = work.session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    return tenant.currency


def _admit(work: Work, tenant_id: int) -> None:
    own = work.standing.tenant_id
    work.require("saas.wallets.manage" if own is None else "org.billing.read")
    if own not in (None, tenant_id):
        raise NotFound(f"There is no tenant {tenant_id}")


def _read(
    work: Work, wanted: dict[str, dict[str, Any]], sort: str, limit: int, offset: int
) -> WalletPage:
    conditions = " and ".join(wanted) or "true"
    values = {name: value for part in wanted.values() for name, value in part.items()}
    statement = sql(_WALLETS.format(conditions=conditions, order=SORTS[sort]))
    rows = work.session.execute(statement, {**values, **_span(limit, offset)})
    count = work.session.scalar(sql(_COUNT.format(conditions=conditions)), values) or 0
    return WalletPage([WalletRow(**row._mapping) for row in rows], count)


def _span(limit: int, offset: int) -> dict[str, int]:
    return {"limit": max(1, min(limit, MOST_ROWS)), "offset": max(0, offset)}
