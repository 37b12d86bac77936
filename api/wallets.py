"""`/sys/wallets` and `/admin/billing/wallets`: what tenants hold, moved by hand (WAL)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Currency,
    Limit,
    Name,
    Offset,
    Reason,
    RecordId,
    Search,
    example,
)
from core.money import LARGEST_MINOR
from core.wallets import actions, queries

Amount = Annotated[int, Field(strict=True, gt=0, le=LARGEST_MINOR, description="Minor units.")]
OneCurrency = Annotated[Currency | None, Query(description="The tenant's own without it.")]
Sort = Literal["tenant", "lowest", "highest"]


class MoveBody(Body):
    """An amount to give or take, and why; the tenant's own currency unless one is named."""

    amount_minor: Amount
    currency: Currency | None = None
    reference_id: Name | None = None
    reason: Reason


class CreditBody(MoveBody):
    """Credit; promotional credit is kept apart from prepaid money."""

    model_config = example({"amount_minor": 5000, "currency": "EUR", "reason": A_REASON})

    promotional: bool = False


class DebitBody(MoveBody):
    """A debit of prepaid money; below zero with `overdraw` only."""

    model_config = example({"amount_minor": 5000, "currency": "EUR", "reason": A_REASON})

    overdraw: bool = False


class RechargeBody(Body):
    """Money that a tenant paid ahead by bank, under the bank's number of the payment."""

    model_config = example(
        {"amount_minor": 5000, "reference_id": "BG 5050-1055", "reason": A_REASON}
    )

    amount_minor: Amount
    currency: Currency | None = None
    reference_id: Name
    reason: Reason


class WalletAnswer(Answer):
    """A wallet; prepaid money, promotional credit, and both together."""

    tenant_id: int
    tenant_name: str
    currency: str
    balance_minor: int
    promotional_minor: int
    total_minor: int
    moved_at: datetime | None


class WalletPageAnswer(Answer):
    """Some wallets, and how many there are."""

    count: int
    rows: list[WalletAnswer]


class MovementAnswer(Answer):
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


class HistoryRowAnswer(MovementAnswer):
    """A transaction in a history, with the name of the person who made it."""

    created_by: str | None


class HistoryAnswer(Answer):
    """A tenant's wallets, and the transactions of one, newest first."""

    wallets: list[WalletAnswer]
    currency: str
    count: int
    rows: list[HistoryRowAnswer]


class MovedAnswer(MovementAnswer):
    """The transaction that was made, or was made before with this key or reference."""

    tenant_id: int
    currency: str


router = APIRouter()


@router.get("", summary="List wallets", responses=refusals())
def wallets(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    currency: Annotated[Currency | None, Query()] = None,
    sort: Sort = "tenant",
    limit: Limit = 100,
    offset: Offset = 0,
) -> WalletPageAnswer:
    """What each tenant holds. Needs `saas.wallets.manage`."""
    with at.work(actor) as work:
        page = queries.wallets(work, search, currency, sort=sort, limit=limit, offset=offset)
    return WalletPageAnswer.model_validate(page)


@router.get("/{tenant_id}", summary="A tenant's wallets and history", responses=refusals(404))
def history(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    currency: OneCurrency = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> HistoryAnswer:
    """Needs `saas.wallets.manage`; of the own tenant `org.billing.read`."""
    with at.work(actor) as work:
        chosen = currency or queries.tenant_currency(work, tenant_id)
        held = queries.tenant_wallets(work, tenant_id)
        page = queries.history(work, tenant_id, chosen, limit=limit, offset=offset)
    return HistoryAnswer(
        wallets=[WalletAnswer.model_validate(row) for row in held],
        currency=chosen,
        count=page.count,
        rows=[HistoryRowAnswer.model_validate(row) for row in page.rows],
    )


@router.post(
    "/{tenant_id}/credit",
    status_code=201,
    summary="Give credit",
    responses=refusals(400, 404, 409),
)
def credit(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: CreditBody, key: Key = None
) -> MovedAnswer:
    """Needs `saas.wallets.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        moved = actions.credit_wallet(
            work,
            tenant_id,
            body.amount_minor,
            body.currency or queries.tenant_currency(work, tenant_id),
            promotional=body.promotional,
            reference_id=body.reference_id,
            reason=body.reason,
            key=key,
        )
        return MovedAnswer.model_validate(moved)


@router.post(
    "/{tenant_id}/debit",
    status_code=201,
    summary="Take prepaid money back",
    responses=refusals(400, 404, 409),
)
def debit(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: DebitBody, key: Key = None
) -> MovedAnswer:
    """Needs `saas.wallets.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        moved = actions.debit_wallet(
            work,
            tenant_id,
            body.amount_minor,
            body.currency or queries.tenant_currency(work, tenant_id),
            overdraw=body.overdraw,
            reference_id=body.reference_id,
            reason=body.reason,
            key=key,
        )
        return MovedAnswer.model_validate(moved)


@router.post(
    "/{tenant_id}/recharge",
    status_code=201,
    summary="Record money paid ahead by bank",
    responses=refusals(400, 404, 409),
)
def recharge(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: RechargeBody, key: Key = None
) -> MovedAnswer:
    """What gateways receive they report themselves. Needs `saas.wallets.manage`, a fresh sign-in
    and a reason.
    """
    with at.work(actor) as work:
        moved = actions.recharge_wallet(
            work,
            tenant_id,
            body.amount_minor,
            body.currency or queries.tenant_currency(work, tenant_id),
            body.reference_id,
            reason=body.reason,
            key=key,
        )
        return MovedAnswer.model_validate(moved)
