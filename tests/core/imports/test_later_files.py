"""A later file says more of what is known, or is refused; none quietly changes or loses a fact."""

from datetime import date

import pytest
from sqlalchemy import select

from core.access.authority import system
from core.imports.reading import FileRefused
from core.invoices.models import Invoice
from core.payments.models import PaymentAllocation
from core.plans.actions import NewPrice, set_price
from core.plans.models import Plan
from core.subscriptions.actions import cancel
from core.subscriptions.models import PlanHistory, Subscription
from core.work import Office
from tests.builders import a_user, acting
from tests.core.imports.test_csv import INVOICES, TENANTS, books_hold, load, one

HEAD = (
    "subscription_id,tenant_id,plan,started_on,ended_on,cycle,amount_minor,currency,trial_ends_on\n"
)
RUNNING = HEAD + "s1,t1,pro,2025-01-10,,monthly,10000,EUR,\n"


def life(office: Office, external_id: str) -> list[tuple[date, str]]:
    """The history of a subscription as figures read it."""
    number = one(office, Subscription, external_id).id
    with office.work(system("test")) as work:
        rows = work.session.scalars(
            select(PlanHistory)
            .where(PlanHistory.subscription_id == number)
            .order_by(PlanHistory.effective_on, PlanHistory.id)
        ).all()
    return [(row.effective_on, row.status) for row in rows]


def test_a_file_without_the_column_leaves_disputes_as_they_are(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    plain = "\n".join(line.rpartition(",")[0] for line in INVOICES.splitlines())
    assert load(office, "invoices", plain).unchanged == 2
    assert one(office, Invoice, "i2").disputed
    assert load(office, "invoices", INVOICES.replace(",yes", ",no")).updated == 1
    assert not one(office, Invoice, "i2").disputed


def test_another_day_for_an_end_that_is_known_is_refused(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", RUNNING.replace("01-10,,", "01-10,2030-06-10,"))
    with pytest.raises(FileRefused, match="row 2, column ended_on: it already ends on 2030-06-10"):
        load(office, "subscriptions", RUNNING.replace("01-10,,", "01-10,2030-07-10,"))
    with pytest.raises(FileRefused, match="row 2, column ended_on: it already ends on 2030-06-10"):
        load(office, "subscriptions", RUNNING.replace("01-10,,", "01-10,2025-07-10,"))
    assert load(office, "subscriptions", RUNNING).unchanged == 1


def test_what_ends_within_its_trial_is_never_paid(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", RUNNING.replace("EUR,", "EUR,2030-02-10"))
    load(office, "subscriptions", RUNNING.replace("01-10,,", "01-10,2025-03-10,"))
    assert life(office, "s1") == [
        (date(2025, 1, 10), "trial"),
        (date(2025, 3, 10), "cancelled"),
        (date(2030, 2, 10), "active"),
        (date(2030, 2, 10), "cancelled"),
    ]


def test_what_is_cancelled_here_within_its_trial_is_never_paid(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", RUNNING.replace("EUR,", "EUR,2030-02-10"))
    finance = acting(office, a_user(office, "super_admin"))
    with office.work(finance) as work:
        cancel(work, one(office, Subscription, "s1").id, "other", mode="now", reason="they left us")
        today = work.today
    assert life(office, "s1")[1:] == [
        (today, "cancelled"),
        (date(2030, 2, 10), "active"),
        (date(2030, 2, 10), "cancelled"),
    ]


def test_a_cancellation_before_the_start_is_refused(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", RUNNING)
    with pytest.raises(FileRefused, match="row 2, column cancelled_on: 2024-12-01 is before the"):
        load(office, "cancellations", "subscription_id,cancelled_on\ns1,2024-12-01\n")


def test_a_price_that_is_to_come_is_not_overwritten(office: Office) -> None:
    head = "slug,name,cycle,currency,price_minor\n"
    load(office, "plans", head + "pro,Pro,monthly,EUR,9900\n")
    manager = acting(office, a_user(office, "super_admin"))
    with office.work(manager) as work:
        plan = work.session.scalars(select(Plan)).one()
        set_price(work, plan.id, NewPrice("monthly", "EUR", 11_900), valid_from=date(2030, 1, 1))
    assert load(office, "plans", head + "pro,Pro,monthly,EUR,9900\n").unchanged == 1
    with pytest.raises(FileRefused, match="column price_minor: another price starts on 2030-01-01"):
        load(office, "plans", head + "pro,Pro,monthly,EUR,10900\n")


def test_nothing_is_settled_or_given_up_on_a_day_to_come(office: Office) -> None:
    load(office, "tenants", TENANTS)
    later = INVOICES.replace("2025-03-0", "2030-03-0")
    load(office, "invoices", later.replace(",open,", ",written_off,"))
    load(office, "payments", "payment_id,invoice_id,paid_on,amount_minor\np1,i2,2025-02-20,500\n")
    with office.work(system("test")) as work:
        today = work.today
        allocated = work.session.scalars(select(PaymentAllocation.allocated_on)).all()
    assert max(allocated) <= today
    assert one(office, Invoice, "i2").settled_on <= today
    assert one(office, Invoice, "i1").closed_on <= today
    assert books_hold(office)
