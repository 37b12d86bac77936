"""Subscriptions: assigned, renewed, changed, paused, cancelled, behind with payment."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.clock import SetClock
from core.errors import BadInput, ChangedMeanwhile, NotNow
from core.invoices.models import Invoice
from core.ledger.recognition import recognise_revenue
from core.payments.actions import Charge, record_charges
from core.plans.actions import NewPrice, set_price
from core.subscriptions.actions import cancel, change_plan, extend_trial
from core.subscriptions.lifecycle import end_period, end_trial, renew, set_status
from core.subscriptions.models import PlanHistory, Subscription, SubscriptionCancellation
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_rate,
    a_subscription,
    a_tenant,
    pass_days,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting


def _invoices(office: Office) -> list[Invoice]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(Invoice).order_by(Invoice.id)))


def _history(office: Office) -> list[tuple[str, str, date, int]]:
    with office.work(JOB) as work:
        rows = work.session.scalars(select(PlanHistory).order_by(PlanHistory.id))
        return [(row.kind, row.status, row.effective_on, row.amount_minor) for row in rows]


def test_a_first_period_is_invoiced_with_tax_of_the_country(office: Office) -> None:
    plans = the_plans(office)
    a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    a_subscription(office, a_tenant(office, "DE", "EUR"), plans["growth"])
    a_subscription(office, a_tenant(office, "NG", "NGN"), plans["growth"])
    swedish, german, nigerian = _invoices(office)
    assert (swedish.net_minor, swedish.tax_minor) == (86_900, 21_725)
    assert swedish.due_on == swedish.issued_on
    assert (german.net_minor, german.tax_minor, nigerian.tax_minor) == (7_900, 0, 0)
    assert [i.number for i in _invoices(office)] == [f"SAAS-INV-2026-0000{n}" for n in (1, 2, 3)]
    assert wrong_books(office) == []


def test_renewal_on_the_31st_comes_back_to_the_31st(office: Office, clock: SetClock) -> None:
    clock.move_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    for _ in range(2):
        pass_days(clock, 31)
        with office.work(JOB) as work:
            renew(work, subscription.id)
    starts = [invoice.period_start for invoice in _invoices(office)]
    assert starts == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]


def test_renewing_twice_bills_once(office: Office, clock: SetClock) -> None:
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    pass_days(clock, 30)
    for _ in range(2):
        with office.work(JOB) as work:
            renew(work, subscription.id)
    assert len(_invoices(office)) == 2


def test_after_downtime_periods_are_billed_in_order(office: Office, clock: SetClock) -> None:
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    pass_days(clock, 70)
    while True:
        with office.work(JOB) as work:
            if renew(work, subscription.id) is None:
                break
    starts = [invoice.period_start for invoice in _invoices(office)]
    assert starts == [date(2026, 11, 20), date(2026, 12, 20), date(2027, 1, 20)]


def test_upgrade_credits_unused_days_and_charges_the_rest(office: Office, clock: SetClock) -> None:
    # 20 Nov to 20 Dec is 30 days; on 30 Nov 20 are left: 79.00 × 20/30 back, 199.00 × 20/30 due.
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    a_charge(office, _invoices(office)[0])
    pass_days(clock, 10)
    finance = acting(office, a_user(office, "sys_finance"))
    with office.work(finance) as work:
        change_plan(work, subscription.id, plans["pro"].id, reason=WHY)
    upgrade = _invoices(office)[1]
    assert upgrade.net_minor == 13_267 - 5_267
    with office.work(JOB) as work:
        kept = work.session.scalars(select(PlanHistory).order_by(PlanHistory.id.desc())).first()
        assert kept is not None
        assert (kept.proration_basis, kept.amount_minor) == ("20 of 30 days", 19_900)
    assert wrong_books(office) == []


def test_an_unpaid_period_gives_no_credit(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    pass_days(clock, 10)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        change_plan(work, subscription.id, plans["pro"].id, reason=WHY)
    assert _invoices(office)[1].net_minor == 13_267


def test_a_downgrade_can_wait_for_the_renewal(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["pro"])
    a_charge(office, _invoices(office)[0])
    finance = acting(office, a_user(office, "sys_finance"))
    with office.work(finance) as work:
        change_plan(work, subscription.id, plans["starter"].id, at_renewal=True, reason=WHY)
    pass_days(clock, 30)
    with office.work(JOB) as work:
        renew(work, subscription.id)
    assert [i.net_minor for i in _invoices(office)] == [19_900, 2_900]
    assert _history(office)[-1] == ("plan_changed", "active", date(2026, 12, 20), 2_900)


def test_another_cycle_restarts_the_period(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["starter"])
    a_charge(office, _invoices(office)[0])
    pass_days(clock, 15)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        changed = change_plan(
            work, subscription.id, plans["starter"].id, cycle="annual", reason=WHY
        )
    assert changed.current_period_end == date(2027, 12, 5)
    assert _invoices(office)[1].net_minor == 27_840 - 1_450
    assert wrong_books(office) == []


def test_a_change_from_an_old_version_is_refused(office: Office) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    with (
        pytest.raises(ChangedMeanwhile),
        office.work(acting(office, a_user(office, "sys_finance"))) as work,
    ):
        change_plan(work, subscription.id, plans["pro"].id, version=99, reason=WHY)


def test_a_running_period_keeps_its_price_and_the_renewal_takes_the_new_one(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    pass_days(clock, 5)
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_price(work, plans["growth"].id, NewPrice("monthly", "EUR", 8_900))
    pass_days(clock, 25)
    with office.work(JOB) as work:
        renew(work, subscription.id)
    assert [invoice.net_minor for invoice in _invoices(office)] == [7_900, 8_900]
    assert _history(office)[-1][0] == "amount_changed"


@pytest.mark.parametrize("agreed", [5, 14, 60], ids=lambda days: f"{days}-days-agreed")
def test_a_trial_of_any_length_is_extended_by_30_days_in_total(office: Office, agreed: int) -> None:
    subscription = a_subscription(
        office, a_tenant(office), the_plans(office)["pro"], trial_days=agreed
    )
    boss = acting(office, a_user(office, "super_admin"))
    for days in (10, 20):
        with office.work(boss) as work:
            extended = extend_trial(work, subscription.id, days, reason=WHY)
    assert extended.trial_ends_on == subscription.started_on + timedelta(days=agreed + 30)
    with pytest.raises(BadInput, match="0 are left"), office.work(boss) as work:
        extend_trial(work, subscription.id, 1, reason=WHY)


def test_trial_that_does_not_convert_falls_to_the_free_plan(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"], trial_days=14)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        extend_trial(work, subscription.id, 30, reason=WHY)
    with (
        pytest.raises(BadInput),
        office.work(acting(office, a_user(office, "sys_finance"))) as work,
    ):
        extend_trial(work, subscription.id, 1, reason=WHY)
    pass_days(clock, 44)
    with office.work(JOB) as work:
        assert end_trial(work, subscription.id, converts=False) is None
    assert _history(office)[-1] == ("plan_changed", "active", date(2027, 1, 3), 0)
    assert _invoices(office) == []


def test_cancellation_locks_the_loss_in_euro_and_ends_with_the_period(
    office: Office, clock: SetClock
) -> None:
    a_rate(office, "SEK", "0.0900000000", date(2026, 11, 18))
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        cancel(work, subscription.id, "low_usage", reason=WHY)
    a_rate(office, "SEK", "0.0500000000", date(2026, 11, 19))
    pass_days(clock, 30)
    with office.work(JOB) as work:
        end_period(work, subscription.id)
    with office.work(JOB) as work:
        row = work.session.scalars(select(SubscriptionCancellation)).one()
        assert (row.mrr_minor, row.amount_eur_cents) == (86_900, 7_821)
        assert row.service_ends_on == date(2026, 12, 20)
        ended = work.session.get_one(Subscription, subscription.id)
        assert (ended.status, ended.ended_on) == ("cancelled", date(2026, 12, 20))
    with pytest.raises(NotNow), office.work(JOB) as work:
        renew(work, subscription.id)


def test_a_decline_makes_past_due_and_paying_restores(office: Office, clock: SetClock) -> None:
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    (invoice,) = _invoices(office)
    declined = Charge(invoice.id, "stripe", "ch_x", 2_900, failure_code="insufficient_funds")
    with office.work(JOB) as work:
        record_charges(work, (declined,))
    pass_days(clock, 7)
    with office.work(JOB) as work:
        set_status(work, subscription.id, "grace_period", reason="unpaid for 7 days")
    a_charge(office, invoice)
    statuses = [status for _, status, _, _ in _history(office)]
    assert statuses == ["active", "past_due", "grace_period", "active"]


def test_a_late_decline_does_not_undo_a_payment(office: Office) -> None:
    a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    (invoice,) = _invoices(office)
    a_charge(office, invoice)
    late = Charge(invoice.id, "stripe", "ch_late", 2_900, failure_code="processing_error")
    with office.work(JOB) as work:
        record_charges(work, (late,))
    assert [status for _, status, _, _ in _history(office)] == ["active"]
    assert _invoices(office)[0].status == "paid"


def test_recognition_posts_each_month_once_and_sums_to_the_invoice(
    office: Office, clock: SetClock
) -> None:
    a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    pass_days(clock, 12)
    with office.work(JOB) as work:
        assert recognise_revenue(work, date(2026, 11, 1)) == {"EUR": 1_063}  # 29.00 × 11/30
    with office.work(JOB) as work:
        assert recognise_revenue(work, date(2026, 11, 1)) == {}
    assert wrong_books(office) == []
    pass_days(clock, 31)
    with office.work(JOB) as work:
        assert recognise_revenue(work, date(2026, 12, 1)) == {"EUR": 2_900 - 1_063}
    assert wrong_books(office) == []
