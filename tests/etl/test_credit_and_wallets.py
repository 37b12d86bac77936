"""Credit notes lower net revenue; money reaches a wallet once, with its recharge."""

from datetime import date

import duckdb

from core.clock import SetClock
from core.settings import Settings
from core.subscriptions.actions import change_plan
from core.wallets.actions import recharge_wallet
from core.wallets.refunding import refund_to_wallet
from core.work import Office
from etl.pipeline import sync
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    pass_days,
    the_invoices,
    the_plans,
)
from tests.builders import a_user, acting


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
