"""Charges, refunds and recharges, broken at every boundary: money moves exactly once (PAY, REF)."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from core.access.authority import Actor
from core.access.models import User
from core.charging.checkout import came_back, recharge
from core.charging.events import handle, receive
from core.charging.models import HostedPage
from core.charging.run import run_auto_charge
from core.gateways.simulator import deliveries
from core.invoices.models import Invoice
from core.payments.models import Payment
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.run import execute
from core.wallets.models import WalletTransaction
from core.work import Office
from tests.billing import JOB, WHY
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop
from tests.faults.boundaries import Flow, How, at_every_boundary, every_way
from tests.faults.conftest import House, a_key
from tests.killing import Moment
from tests.wallets import holds

PAID_IN = 50_000


def the(shop: Shop, kind: Any, number: int) -> Any:
    with shop.office.work(JOB) as work:
        return work.session.get_one(kind, number)


@at_every_boundary
@every_way
def test_a_charge_is_made_once(house: House, how: How, moment: Moment) -> None:
    def check(invoice: Invoice) -> None:
        assert run_auto_charge(house.shop.office).changes == ()
        assert the(house.shop, Invoice, invoice.id).status == "paid"
        with house.shop.office.work(JOB) as work:
            paid = work.session.scalars(select(Payment).where(Payment.invoice_id == invoice.id))
            assert [each.amount_minor for each in paid] == [invoice.total_minor]

    def restart() -> None:
        house.restart()
        run_auto_charge(house.shop.office)

    flow = Flow(
        house.shop.office,
        house.url,
        lambda: house.subscribed(house.with_card()),
        lambda office, _: run_auto_charge(office),
        restart,
        check,
    )
    assert flow.broken_everywhere(how, moment) >= 1


@dataclass
class Refunding:
    """A payment by card, and who pays it back by which click."""

    user: User
    actor: Actor
    ask: Ask
    key: str


@at_every_boundary
@every_way
def test_a_refund_is_paid_once(house: House, how: How, moment: Moment) -> None:
    shop = house.shop

    def arrange() -> Refunding:
        invoice = house.subscribed(house.with_card())
        run_auto_charge(shop.office)
        with shop.office.work(JOB) as work:
            payment = work.session.scalars(
                select(Payment).where(Payment.invoice_id == invoice.id)
            ).one()
        user = a_user(shop.office, "sys_finance")
        ask = Ask(payment.id, invoice.total_minor)
        return Refunding(user, acting(shop.office, user), ask, a_key())

    def execute_it(office: Office, case: Refunding) -> None:
        execute(office, case.actor, case.ask, reason=WHY, key=case.key)

    def check(case: Refunding) -> None:
        # Whoever saw it break clicks again: it is the same refund, whether it was kept or not.
        person = acting(shop.office, case.user)
        again = execute(shop.office, person, case.ask, reason=WHY, key=case.key)
        payment = the(shop, Payment, case.ask.payment_id)
        assert (again.status, payment.status) == ("succeeded", "refunded")
        with shop.office.work(JOB) as work:
            known = work.session.scalars(
                select(Refund).where(Refund.payment_id == payment.id, Refund.status != "failed")
            ).all()
        assert [each.amount_minor for each in known] == [payment.amount_minor]
        assert the(shop, Invoice, payment.invoice_id).status == "refunded"

    flow = Flow(shop.office, house.url, arrange, execute_it, house.restart, check)
    assert flow.broken_everywhere(how, moment) >= 1


@dataclass
class Recharging:
    """An organisation at the gateway's page; the same dialog opens one page however often."""

    tenant: Shop
    actor: Actor
    key: str

    def open(self, office: Office) -> HostedPage:
        return recharge(office, self.actor, "stripe", PAID_IN, "SEK", key=self.key)


def recharging(house: House) -> Recharging:
    tenant = house.new_tenant()
    return Recharging(tenant, tenant.admin, a_key())


def credited_once(tenant: Shop) -> None:
    assert holds(tenant.office, tenant.tenant) == (PAID_IN, 0)
    moved = select(func.count()).where(WalletTransaction.tenant_id == tenant.tenant.id)
    with tenant.office.work(JOB) as work:
        assert work.session.scalar(moved) == 1


@at_every_boundary
@every_way
def test_a_page_for_a_recharge_opens_once(house: House, how: How, moment: Moment) -> None:
    def check(case: Recharging) -> None:
        page = case.open(house.shop.office)
        pages = select(func.count()).where(HostedPage.tenant_id == case.tenant.tenant.id)
        with house.shop.office.work(JOB) as work:
            assert work.session.scalar(pages) == 1
        case.tenant.press(page, "pm_card_visa")
        house.restart()
        credited_once(case.tenant)

    flow = Flow(
        house.shop.office,
        house.url,
        lambda: recharging(house),
        lambda office, case: case.open(office),
        house.restart,
        check,
    )
    assert flow.broken_everywhere(how, moment) >= 1


def told_by_webhooks(office: Office) -> int:
    """The gateway tells what was paid on its pages, and each event is handled as it comes."""

    def take(_url: str, headers: Any, raw: bytes) -> int:
        if b"checkout.session.completed" in raw:
            handle(office, receive(office, "stripe", raw, headers).event_id)
        return 200

    return deliveries.deliver(office.engine, take, office.clock.now())


@at_every_boundary
@every_way
@pytest.mark.parametrize("told", ["callback", "webhook"])
def test_a_recharge_is_credited_once(house: House, how: How, moment: Moment, told: str) -> None:
    def arrange() -> Recharging:
        case = recharging(house)
        case.tenant.press(case.open(house.shop.office), "pm_card_visa")
        return case

    def is_told(office: Office, case: Recharging) -> None:
        if told == "callback":
            came_back(office, case.open(office).reference)
        else:
            told_by_webhooks(office)

    def check(case: Recharging) -> None:
        credited_once(case.tenant)
        # What was not answered comes again, late, and changes nothing.
        told_by_webhooks(house.shop.office)
        credited_once(case.tenant)

    flow = Flow(house.shop.office, house.url, arrange, is_told, house.restart, check)
    assert flow.broken_everywhere(how, moment) >= 1
