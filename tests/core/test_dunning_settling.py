"""Dunning and settling: what is restored, when, and what stays; voids, write-offs, reversals."""

import pytest
from sqlalchemy import text

from core.access.decision import access_of
from core.clock import SetClock
from core.dunning.policies import add_policy
from core.dunning.rules import Stage
from core.dunning.run import run_dunning
from core.invoices.actions import void_invoice, write_off
from core.payments.models import Payment
from core.payments.reversing import reverse_payment
from core.subscriptions.models import PlanHistory
from core.subscriptions.run import run_lifecycle
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting
from tests.dunning import (
    an_unpaid,
    live,
    one,
    pays,
    status_of,
    steps,
    the_case,
    the_cases,
    to_day,
    told,
)


@pytest.mark.parametrize("day", [1, 5, 20])
def test_paying_in_full_closes_the_case_and_restores_at_once(
    office: Office, clock: SetClock, day: int
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [day])
    (invoice,) = the_invoices(office)
    pays(office, invoice, 1_000)
    assert the_case(office).status != "closed"
    pays(office, invoice, invoice.total_minor - 1_000)
    case = the_case(office)
    assert (case.status, case.close_reason, case.restriction) == ("closed", "paid", None)
    assert status_of(office, subscription) == "active"
    assert told(office, "tenant.reactivated") == ["tenant.reactivated"] * (day >= 3)
    assert run_dunning(office).changes == ()
    assert wrong_books(office) == []


def test_a_period_without_service_is_not_billed_after_a_suspension(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["starter"])
    (invoice,) = the_invoices(office)
    live(office, clock, [1, 14])
    pass_days(clock, 60)
    assert run_lifecycle(office).changes == ()
    a_charge(office, invoice)
    assert status_of(office, subscription) == "active"
    (renewal,) = run_lifecycle(office).changes
    assert renewal.period_start == clock.now().date()


def test_a_tenant_without_a_subscription_is_suspended_by_the_case_alone(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    the_plans(office)
    invoice = an_invoice(office, tenant)
    to_day(office, clock, 14, invoice)
    run_dunning(office)
    with office.work(JOB) as work:
        assert (access_of(work, tenant.id).status, access_of(work, tenant.id).writes) == (
            "suspended",
            False,
        )
    pays(office, invoice)
    with office.work(JOB) as work:
        assert access_of(work, tenant.id).writes


def test_only_the_last_overdue_invoice_of_a_tenant_reactivates(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    (own,) = the_invoices(office)
    pass_days(clock, 5)
    manual = an_invoice(office, tenant)
    to_day(office, clock, 14, own)
    assert steps(run_dunning(office)) == ["suspend", "throttle"]
    pays(office, own)
    assert status_of(office, subscription) == "suspended"
    assert told(office, "tenant.reactivated") == []
    pays(office, manual)
    assert status_of(office, subscription) == "active"
    assert told(office, "tenant.reactivated") == ["tenant.reactivated"]
    assert [case.close_reason for case in the_cases(office)] == ["paid", "paid"]


def test_an_older_manual_invoice_keeps_the_account_suspended(
    office: Office, clock: SetClock
) -> None:
    tenant, subscription = an_unpaid(office)
    (own,) = the_invoices(office)
    manual = an_invoice(office, tenant)
    to_day(office, clock, 14, own)
    run_dunning(office)
    pays(office, manual)
    assert status_of(office, subscription) == "suspended"
    pays(office, own)
    assert status_of(office, subscription) == "active"


def test_what_had_run_out_by_itself_is_not_given_away_by_paying_another_invoice(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(
        office, tenant, the_plans(office)["starter"], trial_days=14, collection="wallet"
    )
    manual = an_invoice(office, tenant)
    pass_days(clock, 14)
    run_lifecycle(office)
    pass_days(clock, 7)
    run_lifecycle(office)
    assert status_of(office, subscription) == "read_only"
    to_day(office, clock, 14, manual)
    run_dunning(office)
    assert status_of(office, subscription) == "suspended"
    pays(office, manual)
    assert status_of(office, subscription) == "read_only"


def test_what_a_manual_invoice_keeps_from_writing_does_not_renew(
    office: Office, clock: SetClock
) -> None:
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        add_policy(work, (Stage(3, "read_only", ""),), reason=WHY)
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"])
    a_charge(office, the_invoices(office)[0])
    manual = an_invoice(office, tenant)
    to_day(office, clock, 3, manual)
    run_dunning(office)
    assert status_of(office, subscription) == "read_only"
    assert run_lifecycle(office).changes == ()
    pays(office, manual)
    assert [change.step for change in run_lifecycle(office).changes] == ["renew"]


def test_a_voided_invoice_closes_its_case_and_restores(office: Office, clock: SetClock) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [14])
    with office.work(acting(office, a_user(office, "billing"))) as work:
        void_invoice(work, the_invoices(office)[0].id, reason=WHY)
    assert the_case(office).close_reason == "voided"
    assert status_of(office, subscription) == "active"
    assert told(office, "tenant.reactivated") == ["tenant.reactivated"]
    assert run_dunning(office).changes == ()


def test_a_written_off_invoice_closes_its_case_and_restores_nothing(
    office: Office, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [14])
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        write_off(work, the_invoices(office)[0].id, reason=WHY)
    run_dunning(office)
    assert the_case(office).close_reason == "written_off"
    assert status_of(office, subscription) == "suspended"
    assert run_dunning(office).changes == ()


def test_what_is_owed_again_is_chased_from_the_day_it_is(office: Office, clock: SetClock) -> None:
    _, subscription = an_unpaid(office)
    (invoice,) = the_invoices(office)
    live(office, clock, [14])
    pays(office, invoice)
    pass_days(clock, 40)
    with office.work(JOB) as work:
        payment = work.session.scalar(text("select max(id) from payment"))
    with office.work(acting(office, a_user(office, "billing"))) as work:
        assert payment is not None
        assert reverse_payment(work, payment, reason=WHY).status == "reversed"
    assert one(run_dunning(office)).step == "remind"
    assert the_cases(office)[1].counted_from == clock.now().date()
    assert status_of(office, subscription) == "past_due"
    pass_days(clock, 3)
    assert one(run_dunning(office)).step == "throttle"
    with office.work(JOB) as work:
        assert work.session.get_one(Payment, payment).status == "reversed"


def test_who_is_behind_only_is_not_told_of_a_reactivation(office: Office, clock: SetClock) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [1])
    pays(office, the_invoices(office)[0])
    assert told(office, "tenant.reactivated") == []
    with office.work(JOB) as work:
        rows = work.session.query(PlanHistory).order_by(PlanHistory.id).all()
    assert [row.status for row in rows] == ["active", "past_due", "active"]
    assert status_of(office, subscription) == "active"
