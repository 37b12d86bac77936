"""Customers and cards at the gateways: kept, chosen, removed (PAY.3)."""

from collections.abc import Sequence

from sqlalchemy import select, update

from core.actions import action
from core.charging.models import GatewayCustomer, PaymentMethod
from core.errors import BadInput, NotFound
from core.gateways.port import Card
from core.notifications.own import own_tenant
from core.work import Work


@action("card.kept", needs=None, system=True)
def keep_card(work: Work, tenant_id: int, provider: str, card: Card) -> PaymentMethod:
    """A tenant left a card at a gateway; it is charged from now on. Raises BadInput."""
    return put_card(work, tenant_id, provider, card)


@action("cards.seen", needs=None, system=True)
def take_over_cards(
    work: Work, tenant_id: int, provider: str, customer: str, cards: Sequence[Card]
) -> list[PaymentMethod]:
    """Keep the cards that a gateway keeps for a tenant's customer, and no others of it.

    The first one is charged. Again changes nothing.
    """
    tokens = {card.token for card in cards}
    gone = work.session.scalars(
        select(PaymentMethod)
        .where(
            PaymentMethod.tenant_id == tenant_id,
            PaymentMethod.provider == provider,
            PaymentMethod.customer == customer,
            PaymentMethod.status == "active",
            PaymentMethod.token.not_in(tokens),
        )
        .with_for_update()
    ).all()
    for method in gone:
        drop_card(work, method)
    kept = [put_card(work, tenant_id, provider, card) for card in reversed(cards)]
    work.tell(tenant_id=tenant_id, provider=provider, cards=len(kept), gone=len(gone))
    return kept[::-1]


@action("card.chosen", needs="org.billing.manage")
def choose_card(work: Work, method_id: int, *, key: str | None = None) -> PaymentMethod:
    """Have another card of the own organisation charged. Raises NotFound."""
    method = _own(work, method_id)
    _make_default(work, method)
    work.tell(tenant_id=method.tenant_id, payment_method_id=method.id, last4=method.last4)
    return method


@action("card.removed", needs="org.billing.manage", system=True)
def remove_card(work: Work, method_id: int, *, key: str | None = None) -> PaymentMethod:
    """Charge a card no more; the newest other one of the tenant is charged instead.

    Raises NotFound.
    """
    return drop_card(work, _own(work, method_id))


def put_card(work: Work, tenant_id: int, provider: str, card: Card) -> PaymentMethod:
    """Part of an action: keep a card and have it charged; again changes nothing."""
    known = work.session.scalar(
        select(PaymentMethod)
        .where(PaymentMethod.provider == provider, PaymentMethod.token == card.token)
        .with_for_update()
    )
    if known is not None and known.tenant_id != tenant_id:
        raise BadInput("The card is kept for another tenant already")
    method = known or PaymentMethod(
        tenant_id=tenant_id, provider=provider, token=card.token, created_at=work.now
    )
    method.customer, method.brand, method.last4 = card.customer, card.brand, card.last4
    method.expires_month, method.expires_year = card.expires_month, card.expires_year
    method.status, method.removed_at = "active", None
    work.session.add(method)
    work.session.flush()
    _make_default(work, method)
    work.tell(tenant_id=tenant_id, payment_method_id=method.id, brand=card.brand, last4=card.last4)
    return method


def drop_card(work: Work, method: PaymentMethod) -> PaymentMethod:
    """Part of an action: charge a locked card no more."""
    was_default = method.is_default
    method.status, method.is_default = "removed", False
    method.removed_at = method.removed_at or work.now
    work.session.flush()
    if was_default:
        following = work.session.scalar(
            select(PaymentMethod)
            .where(PaymentMethod.tenant_id == method.tenant_id, PaymentMethod.status == "active")
            .order_by(PaymentMethod.id.desc())
            .limit(1)
        )
        if following is not None:
            _make_default(work, following)
    work.tell(tenant_id=method.tenant_id, payment_method_id=method.id, last4=method.last4)
    return method


def know_customer(work: Work, tenant_id: int, provider: str, customer: str) -> None:
    """Part of an action: remember a tenant's number at a gateway."""
    if customer_of(work, tenant_id, provider) is None:
        work.session.add(
            GatewayCustomer(
                tenant_id=tenant_id, provider=provider, customer=customer, created_at=work.now
            )
        )
        work.session.flush()


def customer_of(work: Work, tenant_id: int, provider: str) -> str | None:
    """A tenant's number at a gateway, None before it has one."""
    return work.session.scalar(
        select(GatewayCustomer.customer).where(
            GatewayCustomer.tenant_id == tenant_id, GatewayCustomer.provider == provider
        )
    )


def card_to_charge(work: Work, tenant_id: int) -> PaymentMethod | None:
    """The card that is charged for a tenant, None without one."""
    return work.session.scalar(
        select(PaymentMethod).where(PaymentMethod.tenant_id == tenant_id, PaymentMethod.is_default)
    )


def cards_of(work: Work, tenant_id: int) -> list[PaymentMethod]:
    """The cards kept for a tenant, the one that is charged first."""
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    if own not in (None, tenant_id):
        raise NotFound(f"There is no tenant {tenant_id}")
    found = (
        select(PaymentMethod)
        .where(PaymentMethod.tenant_id == tenant_id, PaymentMethod.status == "active")
        .order_by(PaymentMethod.is_default.desc(), PaymentMethod.id.desc())
    )
    return list(work.session.scalars(found))


def _own(work: Work, method_id: int) -> PaymentMethod:
    tenant_id = None if work.actor.kind == "system" else own_tenant(work)
    method = work.session.get(PaymentMethod, method_id, with_for_update=True)
    if method is None or method.status != "active" or tenant_id not in (None, method.tenant_id):
        raise NotFound(f"There is no card {method_id}")
    return method


def _make_default(work: Work, method: PaymentMethod) -> None:
    work.session.execute(
        update(PaymentMethod)
        .where(PaymentMethod.tenant_id == method.tenant_id, PaymentMethod.id != method.id)
        .values(is_default=False)
    )
    method.is_default = True
    work.session.flush()
