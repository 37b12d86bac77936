"""Credit notes lower net revenue; money reaches a wallet once, with its recharge."""

from datetime import date

import duckdb

from core.clock import SetClock
from core.gateways.port import RefundAnswer
from core.refunds.actions import Ask
from core.refunds.run import execute, take_answer
from core.settings import Settings
from core.subscriptions.actions import change_plan
from core.wallets.actions import recharge_wallet
from core.wallets.refunding import refund_to_wallet
from core.work import Office
from etl import figures
from etl.pipeline import sync
from etl.warehouse import Warehouse
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_rate,
    a_subscription,
    a_tenant,
    pass_days,
    the_invoices,
    the_plans,
)
from tests.builders import a_user, acting
from tests.core.test_refunds import Bank


def test_credit_notes_and_recharges_in_the_figures(
    office: Office, clock: SetClock, settings: Settings, database_url: str
) -> None:
    plans, payer, saver = the_plans(office), a_tenant(office), a_tenant(office)
    subscription = a_subscription(office, payer, plans["pro"])
    a_charge(office, the_invoices(office)[0], fee_minor=300)
    with office.work(JOB) as work:
        recharge_wallet(work, saver.id, 50_000, "EUR", "r-1", gateway="stripe", fee_minor=700)
    a_subscription(office, saver, plans["starter"], collection="wallet")
    pass_days(clock, 10)
    finance = acting(office, a_user(office, "sys_finance"))
    with office.work(finance) as work:
        change_plan(work, subscription.id, plans["starter"].id, reason=WHY)
    with office.work(finance) as work:
        refund_to_wallet(work, 2, 1_000, reason=WHY)
    sync(settings, database_url, now=clock.now())
    with duckdb.connect(str(settings.copy_path), read_only=True) as copy:
        cash = copy.execute(
            "select collected_minor, refunds_paid_minor, gateway_fees_minor from cash_by_month"
            " where month = ? and reporting_currency = 'EUR'",
            [date(2026, 11, 1)],
        ).fetchall()
        revenue = copy.execute(
            "select gross_minor, refunds_minor from revenue_by_month where month = ?"
            " and reporting_currency = 'EUR' and dimension = 'all'",
            [date(2026, 11, 1)],
        ).fetchall()
    assert cash == [(19_900 + 50_000, 0, 300 + 700)]
    # 199.00 × 20/30 back less 29.00 × 20/30 due is 113.34; 10.00 went back to the wallet.
    assert revenue == [(19_900 + 2_900, 11_334 + 1_000)]


def test_a_wallet_in_a_currency_of_its_own_is_valued(
    office: Office, clock: SetClock, settings: Settings, database_url: str
) -> None:
    """Nothing else in the books is written in dollars."""
    saver = a_tenant(office)
    a_rate(office, "USD", "0.9", clock.now().date())
    with office.work(JOB) as work:
        recharge_wallet(work, saver.id, 50_000, "USD", "r-1", gateway="stripe", fee_minor=700)
    sync(settings, database_url, now=clock.now())
    [month] = figures.metrics(Warehouse(settings), date(2026, 11, 1))["months"]
    assert month["cash_collected"] == {"minor": 45_000 - 630, "currency": "EUR"}


def test_a_refund_that_came_back_leaves_the_month_in_which_it_went(
    office: Office, clock: SetClock, settings: Settings, database_url: str
) -> None:
    payer = a_tenant(office)
    a_subscription(office, payer, the_plans(office)["pro"])
    payment = a_charge(office, the_invoices(office)[0], fee_minor=0)
    finance = acting(office, a_user(office, "sys_finance"))
    refund = execute(office, finance, Ask(payment.id, 2_000), reason=WHY, gateway=Bank())
    pass_days(clock, 20)
    with office.work(JOB) as work:
        take_answer(work, refund.id, RefundAnswer("failed", "re_1", "closed account"))
    sync(settings, database_url, now=clock.now())
    with duckdb.connect(str(settings.copy_path), read_only=True) as copy:
        cash = copy.execute(
            "select month, refunds_paid_minor from cash_by_month"
            " where reporting_currency = 'EUR' and refunds_paid_minor <> 0 order by month"
        ).fetchall()
        revenue = copy.execute(
            "select month, refunds_minor from revenue_by_month"
            " where reporting_currency = 'EUR' and dimension = 'all' and refunds_minor <> 0"
        ).fetchall()
    assert cash == [(date(2026, 11, 1), 2_000), (date(2026, 12, 1), -2_000)]
    assert revenue == [(date(2026, 11, 1), 2_000)]
