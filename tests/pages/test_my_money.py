"""An organisation's money on its pages: recharges, cards, an invoice paid by card (PAY.3)."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from core.charging.checkout import leave_card, recharge
from core.charging.models import ChargeAttempt, HostedPage, PaymentMethod
from core.clock import SetClock
from core.gateways.simulator.in_process import ADDRESS
from core.gateways.simulator.pages import pages_app
from core.invoices.models import Invoice
from core.settings import Settings
from core.work import Office
from tests.billing import JOB, a_tenant
from tests.builders import a_user
from tests.core.charging.conftest import Shop
from tests.pages.administering import Visit, press, visitor, words
from tests.wallets import a_recharge, holds


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gateway_simulator": True})


@pytest.fixture
def shop(office: Office, clock: SetClock) -> Iterator[Shop]:
    """An organisation at the simulated gateway."""
    tenant = a_tenant(office, "SE", "SEK")
    user = a_user(office, "org_admin", tenant_id=tenant.id)
    with httpx.Client(
        transport=httpx.WSGITransport(app=pages_app(office.engine)),
        base_url=ADDRESS,
        headers={"Sec-Fetch-Site": "same-origin"},
    ) as pages:
        made = Shop(office, clock, pages, tenant, user)
        made.tick()
        yield made


@pytest.fixture
def wallet(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/wallet.py")


@pytest.fixture
def cards(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/payment_method.py")


@pytest.fixture
def invoices(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/invoices.py")


def the_page(shop: Shop) -> HostedPage:
    with shop.office.work(JOB) as work:
        return work.session.scalars(select(HostedPage)).one()


def kept(shop: Shop) -> list[tuple[str, str, bool]]:
    with shop.office.work(JOB) as work:
        rows = work.session.scalars(select(PaymentMethod).order_by(PaymentMethod.id))
        return [(row.last4, row.status, row.is_default) for row in rows]


def test_a_recharge_leads_to_the_gateways_page_and_back(shop: Shop, wallet: Visit) -> None:
    test = wallet("org_admin", fresh=False, tenant_id=shop.tenant.id)
    press(test, "recharge-SEK")
    assert test.radio(key="recharge-gateway").options == ["Stripe", "PayPal"]
    test.text_input(key="recharge-amount").set_value("500").run()
    press(test, "confirm-do")
    page = the_page(shop)
    assert (page.provider, page.amount_minor, page.currency) == ("stripe", 50_000, "SEK")
    assert f'href="{page.url}"' in words(test)
    assert "SEK 500.00 waits to be paid at Stripe" in words(test)
    assert holds_nothing(shop)
    shop.press(page, "pm_card_visa")
    back = words(wallet("org_admin", tenant_id=shop.tenant.id, came=page.reference))
    assert "SEK 500.00 arrived in the wallet" in back
    assert "in the wallet</span>" in back
    assert holds(shop.office, shop.tenant) == (50_000, 0)
    again = words(wallet("org_user", tenant_id=shop.tenant.id, came=page.reference))
    assert "SEK 500.00 arrived in the wallet" in again
    assert holds(shop.office, shop.tenant) == (50_000, 0)


def holds_nothing(shop: Shop) -> bool:
    with shop.office.work(JOB) as work:
        return the_page(shop).status == "open" and work.session.scalar(select(Invoice.id)) is None


def test_who_comes_back_without_paying_is_told_so(shop: Shop, wallet: Visit) -> None:
    page = recharge(shop.office, shop.admin, "stripe", 20_000, "SEK")
    shown = words(wallet("org_admin", tenant_id=shop.tenant.id, came=page.reference))
    assert "Stripe has not told us of a payment of SEK 200.00 yet" in shown
    assert "Go to Stripe" in shown


def test_older_open_pages_do_not_ask_to_be_paid(shop: Shop, wallet: Visit) -> None:
    older = recharge(shop.office, shop.admin, "stripe", 20_000, "SEK")
    page = recharge(shop.office, shop.admin, "stripe", 30_000, "SEK")
    shop.press(page, "pm_card_visa")
    shown = words(wallet("org_admin", tenant_id=shop.tenant.id, came=page.reference))
    assert "waits to be paid at" not in shown
    assert f'href="{older.url}"' in shown


def test_who_only_reads_sees_recharges_but_no_way_to_pay(shop: Shop, wallet: Visit) -> None:
    page = recharge(shop.office, shop.admin, "stripe", 20_000, "SEK")
    test = wallet("org_user", tenant_id=shop.tenant.id)
    assert page.reference in words(test)
    assert str(page.url) not in words(test)
    assert not test.button


@pytest.mark.parametrize("amount", ["", "0", "-5", "ten", "5.001"])
def test_an_amount_that_is_none_opens_nothing(shop: Shop, wallet: Visit, amount: str) -> None:
    test = wallet("org_admin", tenant_id=shop.tenant.id, do="recharge:SEK")
    test.text_input(key="recharge-amount").set_value(amount).run()
    press(test, "confirm-do")
    assert 'class="notice bad"' in words(test)
    with shop.office.work(JOB) as work:
        assert work.session.scalars(select(HostedPage)).all() == []


def test_another_organisations_recharge_is_not_found(shop: Shop, wallet: Visit) -> None:
    page = recharge(shop.office, shop.admin, "stripe", 20_000, "SEK")
    other = a_tenant(shop.office)
    shown = words(wallet("org_admin", tenant_id=other.id, came=page.reference))
    assert f"There is no recharge {page.reference}" in shown
    assert "200.00" not in shown


def test_without_gateways_only_the_bank_is_offered(
    shop: Shop, wallet: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.charging.offering.simulated", lambda *_: False)
    test = wallet("org_admin", tenant_id=shop.tenant.id, do="recharge:SEK")
    assert "takes no cards in SEK yet" in words(test)
    assert "bank account" in words(test)


def test_a_wallet_with_money_shows_balance_and_recharges(shop: Shop, wallet: Visit) -> None:
    a_recharge(shop.office, shop.tenant, 70_000)
    shown = words(wallet("org_user", tenant_id=shop.tenant.id))
    assert "SEK 700.00" in shown


def test_a_card_is_left_at_the_gateway_and_charged_from_then_on(shop: Shop, cards: Visit) -> None:
    test = cards("org_admin", fresh=False, tenant_id=shop.tenant.id)
    assert "No card is kept" in words(test)
    press(test, "leave-card-card")
    press(test, "confirm-do")
    page = the_page(shop)
    assert f'href="{page.url}"' in words(test)
    shop.press(page, "pm_card_visa")
    shop.press(page, "pm_card_visa", action="approve")
    back = words(cards("org_admin", tenant_id=shop.tenant.id, came=page.reference))
    assert "The card is kept" in back
    assert "Visa ending in 4242" in back
    assert kept(shop) == [("4242", "active", True)]


def test_another_card_is_chosen_and_one_removed(shop: Shop, cards: Visit) -> None:
    first, _second = shop.card("pm_card_visa"), shop.card("pm_card_mastercard")
    test = cards("org_admin", tenant_id=shop.tenant.id)
    press(test, f"choose-card-{first.id}")
    press(test, "confirm-do")
    assert [row[2] for row in kept(shop)] == [True, False]
    press(test, f"remove-card-{first.id}")
    assert "The newest other card is charged instead" in words(test)
    press(test, "confirm-do")
    assert [row[1:] for row in kept(shop)] == [("removed", False), ("active", True)]


def test_another_organisations_card_is_not_found(shop: Shop, cards: Visit) -> None:
    card = shop.card()
    other = a_tenant(shop.office)
    for dialog in ("choose-card", "remove-card"):
        test = cards("org_admin", tenant_id=other.id, do=f"{dialog}:{card.id}")
        assert f"There is no card {card.id}" in words(test)
        assert "4242" not in words(test)
    assert kept(shop) == [("4242", "active", True)]


def test_the_gateways_own_page_of_cards_opens(shop: Shop, cards: Visit) -> None:
    shop.card()
    test = cards("org_admin", tenant_id=shop.tenant.id)
    press(test, "open-portal")
    assert f'<a class="action" href="{ADDRESS}/p/' in words(test)


def test_an_invoice_is_paid_by_the_kept_card_once(shop: Shop, invoices: Visit) -> None:
    shop.card()
    mine = shop.invoice()
    test = invoices("org_admin", fresh=False, tenant_id=shop.tenant.id, invoice=str(mine.id))
    press(test, f"pay-{mine.id}")
    assert "Visa ending in 4242" in words(test)
    press(test, "confirm-do")
    assert "was charged" in test.toast[0].value
    assert "Paid</span>" in words(test)
    assert f"pay-{mine.id}" not in [button.key for button in test.button]
    assert shop.charged_minor() == mine.total_minor


def test_a_declined_card_says_why_and_the_try_is_listed(shop: Shop, invoices: Visit) -> None:
    shop.card("pm_card_chargeCustomerFail")
    mine = shop.invoice()
    test = invoices("org_admin", tenant_id=shop.tenant.id, invoice=str(mine.id))
    press(test, f"pay-{mine.id}")
    press(test, "confirm-do")
    assert "The card was declined: the bank gives no reason" in words(test)
    with shop.office.work(JOB) as work:
        assert work.session.scalars(select(ChargeAttempt.status)).all() == ["failed"]
    shown = words(invoices("org_user", tenant_id=shop.tenant.id, invoice=str(mine.id)))
    assert "declined: the bank gives no reason" in shown


def test_the_page_of_a_card_says_nothing_of_a_recharge(shop: Shop, cards: Visit) -> None:
    page = leave_card(shop.office, shop.admin)
    shown = words(cards("org_admin", tenant_id=shop.tenant.id, came=page.reference))
    assert "has not told us of a card yet" in shown
    other = recharge(shop.office, shop.admin, "stripe", 20_000, "SEK")
    shown = words(cards("org_admin", tenant_id=shop.tenant.id, came=other.reference))
    assert "200.00" not in shown
