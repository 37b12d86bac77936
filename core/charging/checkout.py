"""Sending a person to a gateway's page and taking over what was done there (PAY.3, PAY.5).

The gateway is asked between units of work, with the page's reference as its key: asking again
gives the same page, and callback, webhook and sweep together take the outcome over once.
"""

from datetime import timedelta

from sqlalchemy import select

from core.access.authority import Actor, system
from core.access.models import User
from core.base import is_older
from core.charging.cards import customer_of
from core.charging.models import HostedPage
from core.charging.pages import (
    give_page_up,
    offer_page,
    open_card_page,
    open_recharge,
    own_page,
    settle_page,
)
from core.errors import NotNow, SaldoError
from core.gateways.port import (
    CardSetupOrder,
    Checkout,
    CheckoutOrder,
    CredentialsMissing,
    CustomerOrder,
    Gateway,
    GatewayRefused,
)
from core.gateways.registry import gateway_of
from core.notifications.own import own_tenant
from core.tenants.models import Tenant
from core.work import Office, Work

SYSTEM = system("checkout")
LOOK_AFTER = timedelta(minutes=2)
"""Age from which the sweep asks what became of a page."""
GIVE_UP_AFTER = timedelta(days=3)
"""Age at which a page that the gateway does not know any more is given up."""


def recharge(
    office: Office,
    actor: Actor,
    provider: str,
    amount_minor: int,
    currency: str,
    *,
    key: str | None = None,
) -> HostedPage:
    """Open a page on which the own organisation recharges its wallet; `url` is where to go.

    Raises BadInput, NotNow, CredentialsMissing, GatewayRefused, GatewayUnsure.
    """
    with office.work(actor) as work:
        page = open_recharge(work, provider, amount_minor, currency, key=key)
    return _offer(office, page.id)


def leave_card(
    office: Office, actor: Actor, provider: str = "stripe", *, key: str | None = None
) -> HostedPage:
    """Open a page on which the own organisation leaves a card. Raises as `recharge` does."""
    with office.work(actor) as work:
        page = open_card_page(work, provider, key=key)
    return _offer(office, page.id)


def card_portal(office: Office, actor: Actor, provider: str = "stripe") -> str:
    """The address of the gateway's page on which the own organisation keeps its cards.

    Raises NotNow before the organisation is known there.
    """
    with office.work(actor) as work:
        work.require("org.billing.manage")
        tenant_id = own_tenant(work)
        customer = customer_of(work, tenant_id, provider)
    if customer is None:
        raise NotNow("No card was left yet; leave one first")
    gateway = _gateway(office, provider, tenant_id)
    return gateway.portal(customer, f"{_base(office)}/my-payment-method")


def come_back(office: Office, actor: Actor, reference: str) -> HostedPage:
    """A person returns from a page: take over what is known by now. Raises NotFound."""
    with office.work(actor) as work:
        page = own_page(work, reference)
    return look(office, page.id)


def came_back(office: Office, reference: str) -> str | None:
    """A browser returns from a page, signed in or not: take over what is known by now.

    The purpose of the page, None for an unknown reference.
    """
    with office.work(SYSTEM) as work:
        page = work.session.scalar(select(HostedPage).where(HostedPage.reference == reference))
    return look(office, page.id).purpose if page is not None else None


def look(office: Office, page_id: int) -> HostedPage:
    """Ask what became of a page and take it over; unanswered, the page stays as it is."""
    with office.work(SYSTEM) as work:
        page = work.session.get_one(HostedPage, page_id)
    if page.status != "open" or page.checkout_id is None:
        return page
    try:
        outcome = _gateway(office, page.provider, page.tenant_id).checkout_outcome(page.checkout_id)
    except SaldoError:
        return page
    with office.work(SYSTEM) as work:
        return settle_page(work, page_id, outcome)


def sweep_pages(office: Office, *, older_than: timedelta = LOOK_AFTER) -> list[HostedPage]:
    """Look at pages whose webhook and callback may be lost; those never offered are given up."""
    with office.work(SYSTEM) as work:
        now = work.now
        waiting = work.session.scalars(
            select(HostedPage)
            .where(HostedPage.status == "open", is_older(HostedPage.opened_at, now, older_than))
            .order_by(HostedPage.id)
        ).all()
    done = []
    for page in waiting:
        seen = look(office, page.id)
        if seen.status == "open" and page.opened_at <= now - GIVE_UP_AFTER and not page.problem:
            with office.work(SYSTEM) as work:
                seen = give_page_up(work, page.id, "Nobody paid on the page")
        if seen.status != "open":
            done.append(seen)
    return done


def _offer(office: Office, page_id: int) -> HostedPage:
    with office.work(SYSTEM) as work:
        page = work.session.get_one(HostedPage, page_id)
        tenant = work.session.get_one(Tenant, page.tenant_id)
        customer = customer_of(work, page.tenant_id, page.provider)
        email = tenant.billing_email or _opener(work, page)
    if page.url is not None:
        return page
    try:
        gateway = _gateway(office, page.provider, page.tenant_id)
        if customer is None:
            order = CustomerOrder(
                f"tenant-{tenant.id}",
                tenant.name,
                email,
                {"tenant": str(tenant.id)},
            )
            customer = _customer(gateway, order)
        checkout = _asked(office, gateway, page, tenant.name, email, customer)
    except (GatewayRefused, CredentialsMissing) as problem:
        with office.work(SYSTEM) as work:
            give_page_up(work, page_id, str(problem))
        raise
    with office.work(SYSTEM) as work:
        return offer_page(work, page_id, checkout.checkout_id, checkout.url, customer)


def _opener(work: Work, page: HostedPage) -> str:
    user = work.session.get(User, page.opened_by) if page.opened_by else None
    return user.email if user else ""


def _customer(gateway: Gateway, order: CustomerOrder) -> str | None:
    """The customer's number at a gateway that numbers customers."""
    try:
        return gateway.register(order)
    except GatewayRefused:
        return None


def _asked(
    office: Office,
    gateway: Gateway,
    page: HostedPage,
    name: str,
    email: str,
    customer: str | None,
) -> Checkout:
    back = f"{_base(office)}/my-billing/callback/{page.reference}"
    facts = {"reference": page.reference, "tenant": str(page.tenant_id)}
    if page.purpose == "card":
        return gateway.open_card_setup(
            CardSetupOrder(
                page.reference, customer or "", page.currency, back, f"{back}?left=1", facts
            )
        )
    return gateway.open_checkout(
        CheckoutOrder(
            page.reference,
            page.amount_minor,
            page.currency,
            email,
            f"Wallet recharge for {name}",
            back,
            f"{back}?left=1",
            customer,
            facts,
        )
    )


def _gateway(office: Office, provider: str, tenant_id: int) -> Gateway:
    return gateway_of(office.settings, provider, engine=office.engine, tenant_id=tenant_id)


def _base(office: Office) -> str:
    return office.settings.public_url.rstrip("/")
