"""Recharges by a hosted page: credited once whoever tells of them, with an invoice (PAY.5)."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from core.charging.checkout import (
    came_back,
    card_portal,
    come_back,
    look,
    recharge,
    sweep_pages,
)
from core.charging.models import HostedPage
from core.charging.pages import settle_page
from core.credit_notes.actions import create_credit_note
from core.errors import BadInput, BadMoney, NotAllowed, NotFound, NotNow
from core.gateways.port import CheckoutOutcome, CredentialsMissing
from core.invoices.actions import void_invoice
from core.invoices.models import Invoice
from core.wallets.models import Wallet, WalletTransaction
from tests.billing import JOB, WHY, a_tenant, wrong_books
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop


def balance(shop: Shop) -> int:
    with shop.office.work(JOB) as work:
        return work.session.scalar(select(func.coalesce(func.sum(Wallet.balance_minor), 0))) or 0


def opened(shop: Shop, amount: int = 50_000) -> HostedPage:
    return recharge(shop.office, shop.admin, "stripe", amount, "SEK")


def test_a_recharge_is_credited_once_with_its_invoice(shop: Shop) -> None:
    page = opened(shop)
    assert page.reference.startswith(f"saas_recharge_{shop.tenant.id}_")
    assert come_back(shop.office, shop.admin, page.reference).status == "open"
    shop.press(page, "pm_card_visa")
    assert balance(shop) == 0
    assert come_back(shop.office, shop.admin, page.reference).status == "done"
    assert come_back(shop.office, shop.admin, page.reference).status == "done"
    assert balance(shop) == 50_000
    with shop.office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice)).one()
        moved = work.session.scalars(select(WalletTransaction)).one()
    assert (invoice.type, invoice.status, invoice.total_minor) == ("recharge", "paid", 50_000)
    assert (invoice.tax_minor, invoice.number) == (0, "SAAS-INV-2026-00001")
    assert (moved.reference_id, moved.invoice_id) == (page.reference, invoice.id)
    assert moved.fee_minor > 0
    assert wrong_books(shop.office) == []


def test_eight_that_look_at_once_credit_once(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    barrier = Barrier(8)

    def go() -> None:
        barrier.wait()
        look(shop.office, page.id)

    threads = [Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert balance(shop) == 50_000
    assert wrong_books(shop.office) == []


def test_the_sweep_finds_a_payment_nobody_told_of(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    assert sweep_pages(shop.office) == []
    shop.wait(minutes=3)
    assert [each.reference for each in sweep_pages(shop.office)] == [page.reference]
    assert balance(shop) == 50_000


def test_a_page_nobody_pays_on_expires(shop: Shop) -> None:
    opened(shop)
    shop.wait(days=4)
    assert [each.status for each in sweep_pages(shop.office)] == ["expired"]
    assert balance(shop) == 0


def test_a_double_click_on_the_hosted_page_pays_once(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    shop.press(page, "pm_card_visa")
    come_back(shop.office, shop.admin, page.reference)
    assert balance(shop) == 50_000
    assert shop.charged_minor() == 50_000


def test_a_declined_card_leaves_the_page_open_for_another(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_chargeDeclined")
    assert come_back(shop.office, shop.admin, page.reference).status == "open"
    shop.press(page, "pm_card_visa")
    assert come_back(shop.office, shop.admin, page.reference).status == "done"


def test_another_amount_than_asked_for_is_for_people_to_look_at(shop: Shop) -> None:
    page = opened(shop)
    outcome = CheckoutOutcome("paid", "cs_1", page.reference, 49_999, "SEK", "ch_1")
    with shop.office.work(JOB) as work:
        settled = settle_page(work, page.id, outcome)
    assert (settled.status, balance(shop)) == ("open", 0)
    assert settled.problem is not None


def test_the_browser_that_comes_back_is_sent_on_signed_in_or_not(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    assert came_back(shop.office, page.reference) == "recharge"
    assert came_back(shop.office, "saas_recharge_1_2_3") is None
    assert balance(shop) == 50_000


def test_who_may_recharge_what(shop: Shop) -> None:
    reader = acting(shop.office, a_user(shop.office, "org_user", tenant_id=shop.tenant.id))
    with pytest.raises(NotAllowed):
        recharge(shop.office, reader, "stripe", 100, "SEK")
    staff = acting(shop.office, a_user(shop.office, "sys_finance"))
    with pytest.raises(NotAllowed):
        recharge(shop.office, staff, "stripe", 100, "SEK")
    for amount in (0, -5):
        with pytest.raises(BadInput):
            opened(shop, amount)
    with pytest.raises(BadMoney):
        recharge(shop.office, shop.admin, "stripe", 100, "EURO")
    with pytest.raises(BadInput, match="no gateway"):
        recharge(shop.office, shop.admin, "adyen", 100, "SEK")
    other = a_tenant(shop.office)
    stranger = acting(shop.office, a_user(shop.office, "org_admin", tenant_id=other.id))
    page = opened(shop)
    with pytest.raises(NotFound):
        come_back(shop.office, stranger, page.reference)


def test_without_keys_the_page_is_given_up_with_the_reason(shop: Shop) -> None:
    shop.office.settings.gateway_simulator = False
    with pytest.raises(CredentialsMissing):
        opened(shop)
    with shop.office.work(JOB) as work:
        page = work.session.scalars(select(HostedPage)).one()
    assert page.status == "failed"
    assert "not connected" in str(page.problem)


def test_the_same_key_opens_one_page(shop: Shop) -> None:
    first = recharge(shop.office, shop.admin, "stripe", 100, "SEK", key="the-same-key")
    again = recharge(shop.office, shop.admin, "stripe", 100, "SEK", key="the-same-key")
    assert (first.id, first.url) == (again.id, again.url)


@pytest.mark.parametrize("provider", ["paystack", "paypal"])
def test_the_other_gateways_recharge_too(shop: Shop, provider: str) -> None:
    currency = {"paystack": "NGN", "paypal": "EUR"}[provider]
    page = recharge(shop.office, shop.admin, provider, 250_000, currency)
    assert page.url is not None
    assert page.status == "open"


def test_the_portal_is_there_once_a_card_was_left(shop: Shop) -> None:
    with pytest.raises(NotNow):
        card_portal(shop.office, shop.admin)
    shop.card()
    assert "/p/portal/" in card_portal(shop.office, shop.admin)


def test_a_recharges_invoice_is_neither_credited_nor_voided(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    come_back(shop.office, shop.admin, page.reference)
    with shop.office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice)).one()
    boss = acting(shop.office, a_user(shop.office, "super_admin"))
    with pytest.raises(NotNow, match="earned nothing"), shop.office.work(boss) as work:
        create_credit_note(work, invoice.id)
    with pytest.raises(NotNow), shop.office.work(boss) as work:
        void_invoice(work, invoice.id, reason=WHY)
    assert balance(shop) == 50_000
    assert wrong_books(shop.office) == []
