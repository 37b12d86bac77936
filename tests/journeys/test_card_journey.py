"""An organisation at the gateway's pages: a recharge, and a failed card that a new one mends."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.access.authority import system
from core.charging.models import ChargeAttempt
from core.charging.run import run_auto_charge
from core.dunning.actions import suspend
from core.dunning.models import DunningCase
from core.invoices.models import Invoice
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.wallets.models import WalletTransaction
from tests.billing import WHY, a_subscription, a_tenant, the_plans
from tests.builders import PASSWORD, a_user, acting
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site
from tests.journeys.test_refund_journey import double_click

pytestmark = pytest.mark.xdist_group("journeys")


def an_admin(site: Site, email: str) -> Tenant:
    """A tenant whose admin has an e-mail address."""
    tenant = a_tenant(site.office, "SE", "SEK")
    a_user(site.office, "org_admin", email=email, tenant_id=tenant.id)
    return tenant


def choose(page: Page, card: str) -> None:
    """Choose a card on the gateway's page."""
    page.wait_for_url("**/simulator/stripe/c/pay/**")
    expect(page.get_by_text("no money moves")).to_be_visible()
    page.locator(f'input[value="{card}"]').check()


def leave_card(visitor: Watched, door: str, card: str) -> None:
    """Leave a card by the gateway's page, and come back."""
    page = visitor.page
    visitor.open("/my-payment-method")
    page.get_by_role("button", name=door).click()
    page.get_by_role("dialog").get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("link", name="Go to Stripe").first.click()
    choose(page, card)
    page.locator('button[value="pay"]').click()
    page.wait_for_url("**/my-payment-method?came=*")
    visitor.settle()
    expect(page.get_by_text("The card is kept and is charged from now on")).to_be_visible()


def test_a_recharge_reaches_the_wallet_once(visitor: Watched, site: Site) -> None:
    tenant = an_admin(site, "recharge@example.com")
    page = visitor.page
    visitor.sign_in("recharge@example.com", PASSWORD, "/my-wallet")
    page.get_by_role("button", name="Recharge by card…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Amount in SEK").fill("500.00")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("link", name="Go to Stripe").first.click()
    choose(page, "pm_card_visa")
    page.locator('button[value="pay"]').dblclick()
    page.wait_for_url("**/my-wallet?came=*")
    visitor.settle()
    expect(page.get_by_text("SEK 500.00 arrived in the wallet")).to_be_visible()
    expect(page.get_by_role("region", name="Recharges")).to_contain_text("in the wallet")
    with site.office.work(system("test")) as work:
        moved = work.session.scalars(
            select(WalletTransaction).where(WalletTransaction.tenant_id == tenant.id)
        ).all()
        invoices = work.session.scalars(select(Invoice).where(Invoice.tenant_id == tenant.id)).all()
    assert [(each.type, each.amount_minor) for each in moved] == [("recharge", 50_000)]
    assert [(each.type, each.status) for each in invoices] == [("recharge", "paid")]


def test_a_failed_card_suspends_and_a_new_one_pays_and_reactivates(
    visitor: Watched, site: Site
) -> None:
    tenant = an_admin(site, "failed-card@example.com")
    subscription = a_subscription(site.office, tenant, the_plans(site.office)["growth"])
    visitor.sign_in("failed-card@example.com", PASSWORD, "/my-payment-method")
    leave_card(visitor, "Leave a card…", "pm_card_chargeCustomerFail")
    own = [c for c in run_auto_charge(site.office).changes if c.tenant_id == tenant.id]
    assert [change.outcome for change in own] == ["declined"]
    staff = acting(site.office, a_user(site.office, "billing"))
    with site.office.work(system("test")) as work:
        case = work.session.scalars(
            select(DunningCase).where(DunningCase.tenant_id == tenant.id)
        ).one()
    with site.office.work(staff) as work:
        suspend(work, case.id, reason=WHY)
    assert state(site, subscription) == "suspended"
    leave_card(visitor, "Leave another card…", "pm_card_visa")
    page = visitor.page
    visitor.open(f"/my-invoices?invoice={case.invoice_id}")
    page.get_by_role("button", name="Pay by card…").click()
    expect(page.get_by_role("dialog")).to_contain_text("is charged to")
    visitor.settle()
    double_click(page, "Pay now")
    expect(page.get_by_text("is paid").first).to_be_visible()
    visitor.settle()
    assert state(site, subscription) == "active"
    with site.office.work(system("test")) as work:
        attempts = work.session.scalars(
            select(ChargeAttempt.status).where(ChargeAttempt.tenant_id == tenant.id)
        ).all()
    assert sorted(attempts) == ["failed", "succeeded"]


def state(site: Site, subscription: Subscription) -> str:
    """The status of a subscription now."""
    with site.office.work(system("test")) as work:
        return work.session.get_one(Subscription, subscription.id).status
