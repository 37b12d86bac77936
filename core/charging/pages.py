"""A gateway's own pages: a wallet recharged or a card left there, taken over once (PAY.5)."""

import secrets

from sqlalchemy import select

from core.actions import action
from core.charging.cards import know_customer, put_card
from core.charging.models import HostedPage
from core.errors import BadInput, NotFound, NotNow
from core.gateways.models import PROVIDERS
from core.gateways.port import CheckoutOutcome
from core.money import Money
from core.notifications.own import own_tenant
from core.tenants.models import Tenant
from core.wallets.actions import put_in
from core.work import Work

MOST_OPEN = 20
"""Pages of one tenant that may be open at a time."""
LONGEST_WORDS = 300


@action("recharge.opened", needs="org.billing.manage")
def open_recharge(
    work: Work, provider: str, amount_minor: int, currency: str, *, key: str | None = None
) -> HostedPage:
    """Note that the own organisation wants to recharge; the gateway's page is asked for next.

    Raises BadInput, BadMoney, NotNow when very many pages are open.
    """
    if Money(amount_minor, currency).minor <= 0:
        raise BadInput("A recharge is above zero")
    return _open(work, "recharge", provider, currency, amount_minor)


@action("card.page_opened", needs="org.billing.manage")
def open_card_page(work: Work, provider: str, *, key: str | None = None) -> HostedPage:
    """Note that the own organisation wants to leave a card. Raises BadInput, NotNow."""
    return _open(work, "card", provider, None, 0)


@action("hosted_page.offered", needs=None, system=True)
def offer_page(
    work: Work, page_id: int, checkout_id: str, url: str, customer: str | None
) -> HostedPage:
    """The gateway has a page for what was wanted: note where it is."""
    page = _locked(work, page_id)
    page.checkout_id, page.url = checkout_id, url
    if customer is not None:
        know_customer(work, page.tenant_id, page.provider, customer)
    work.tell(tenant_id=page.tenant_id, page_id=page.id, reference=page.reference)
    work.session.flush()
    return page


@action("hosted_page.settled", needs=None, system=True)
def settle_page(work: Work, page_id: int, outcome: CheckoutOutcome) -> HostedPage:
    """Take over what a person did on a page: credit the wallet once, keep the card.

    Again changes nothing. Money of another amount or currency than was asked for is not credited
    but noted on the page, for people to look at.
    """
    page = _locked(work, page_id)
    work.tell(
        tenant_id=page.tenant_id,
        page_id=page.id,
        reference=page.reference,
        purpose=page.purpose,
        status=outcome.status,
        provider_payment_id=outcome.provider_payment_id,
    )
    if page.status != "open" or outcome.status == "open":
        return page
    page.problem = None
    if outcome.status != "paid":
        _close(work, page, "failed" if outcome.status == "failed" else "expired")
        return page
    if page.purpose == "recharge" and not _credited(work, page, outcome):
        return page
    if outcome.card is not None:
        know_customer(work, page.tenant_id, page.provider, outcome.card.customer)
        put_card(work, page.tenant_id, page.provider, outcome.card)
    _close(work, page, "done")
    return page


@action("hosted_page.given_up", needs=None, system=True)
def give_page_up(work: Work, page_id: int, why: str) -> HostedPage:
    """There will be no page: the gateway refused, or was never asked."""
    page = _locked(work, page_id)
    work.tell(tenant_id=page.tenant_id, page_id=page.id, why=why)
    if page.status == "open":
        page.problem = why[:LONGEST_WORDS]
        _close(work, page, "failed")
    return page


def own_page(work: Work, reference: str) -> HostedPage:
    """A page of the own organisation by its reference. Needs `org.billing.read`; NotFound."""
    work.require("org.billing.read")
    tenant_id = own_tenant(work)
    page = work.session.scalar(select(HostedPage).where(HostedPage.reference == reference))
    if page is None or page.tenant_id != tenant_id:
        raise NotFound(f"There is no recharge {reference}")
    return page


def _open(
    work: Work, purpose: str, provider: str, currency: str | None, amount_minor: int
) -> HostedPage:
    tenant = work.session.get_one(Tenant, own_tenant(work))
    if provider not in PROVIDERS:
        raise BadInput(f"There is no gateway {provider!r}; there are {', '.join(PROVIDERS)}")
    waiting = work.session.scalars(
        select(HostedPage.id).where(HostedPage.tenant_id == tenant.id, HostedPage.status == "open")
    ).all()
    if len(waiting) >= MOST_OPEN:
        raise NotNow("Very many pages are open already; finish or leave some first")
    what = "recharge" if purpose == "recharge" else "card"
    page = HostedPage(
        tenant_id=tenant.id,
        purpose=purpose,
        provider=provider,
        reference=f"saas_{what}_{tenant.id}_{int(work.now.timestamp())}_{secrets.token_hex(6)}",
        currency=currency or tenant.currency,
        amount_minor=amount_minor,
        status="open",
        opened_by=work.actor.user_id,
        opened_at=work.now,
    )
    work.session.add(page)
    work.session.flush()
    work.tell(
        tenant_id=tenant.id,
        page_id=page.id,
        reference=page.reference,
        provider=provider,
        amount_minor=amount_minor,
        currency=page.currency,
    )
    return page


def _credited(work: Work, page: HostedPage, outcome: CheckoutOutcome) -> bool:
    """Whether the wallet got what the page asked for."""
    if (outcome.amount_minor, outcome.currency) != (page.amount_minor, page.currency):
        page.problem = (
            f"{outcome.amount_minor} {outcome.currency} in minor units were paid, not "
            f"{page.amount_minor} {page.currency}"
        )
        work.tell(mismatch=True)
        return False
    put_in(
        work,
        page.tenant_id,
        page.amount_minor,
        page.currency,
        page.reference,
        gateway=page.provider,
        fee_minor=min(max(outcome.fee_minor, 0), page.amount_minor),
        details={"provider_payment_id": outcome.provider_payment_id},
        paid_by=outcome.provider_payment_id,
    )
    return True


def _close(work: Work, page: HostedPage, status: str) -> None:
    page.status, page.settled_at = status, work.now
    work.session.flush()


def _locked(work: Work, page_id: int) -> HostedPage:
    page = work.session.get(HostedPage, page_id, with_for_update=True)
    if page is None:
        raise NotFound(f"There is no page {page_id}")
    return page
