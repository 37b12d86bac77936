"""Usage invoices: priced by the plan, one a period, the same after any number of runs."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound, NotNow
from core.invoices.models import Invoice, InvoiceLine
from core.settings import Settings
from core.subscriptions.actions import cancel, change_plan
from core.subscriptions.lifecycle import end_trial, renew
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.usage import running
from core.usage.actions import set_usage_price
from core.usage.invoicing import invoice_usage
from core.usage.models import UsagePeriod, UsagePrice
from core.usage.pricing import Pricing, Tier
from core.usage.running import UsageRun, run_usage_invoices
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_plans, wrong_books
from tests.builders import a_user, acting
from tests.usage import a_meter, a_price, an_event, per_unit, taken_in

GRADUATED = Pricing("graduated", (Tier(Decimal(100), Decimal(10)), Tier(None, Decimal("2.5"))))


def usage_invoices(office: Office) -> list[Invoice]:
    with office.work(JOB) as work:
        found = select(Invoice).where(Invoice.type == "usage").order_by(Invoice.id)
        return list(work.session.scalars(found))


def lines(office: Office) -> list[tuple[str, Decimal, int, int]]:
    with office.work(JOB) as work:
        found = (
            select(InvoiceLine)
            .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
            .where(Invoice.type == "usage")
            .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
        )
        return [
            (row.description, row.quantity, row.unit_minor, row.net_minor)
            for row in work.session.scalars(found)
        ]


def subscribed(office: Office, pricing: Pricing, country: str = "DE") -> Subscription:
    plans = the_plans(office)
    a_price(office, plans["growth"], pricing)
    return a_subscription(office, a_tenant(office, country), plans["growth"])


def counts(run: UsageRun) -> tuple[int, int, int]:
    return run.invoiced, run.nothing_owed, run.refused


def test_a_period_that_ended_is_invoiced_once(office: Office, clock: SetClock) -> None:
    # 100 × 10 + 50 × 2.5 = 1,000 + 125 minor units; 25 % tax in Sweden.
    subscription = subscribed(office, GRADUATED, "SE")
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="150"))
    pass_days(clock, 29)
    assert counts(run_usage_invoices(office)) == (0, 0, 0)
    pass_days(clock, 1)
    assert counts(run_usage_invoices(office)) == (1, 0, 0)
    assert counts(run_usage_invoices(office)) == (0, 0, 0)
    (invoice,) = usage_invoices(office)
    assert (invoice.net_minor, invoice.tax_minor, invoice.reason) == (1_125, 281, "usage")
    assert (invoice.period_start, invoice.period_end) == (date(2026, 11, 20), date(2026, 12, 20))
    assert lines(office) == [
        ("Shipments: 100 units up to 100 at 0.1 EUR", Decimal(100), 10, 1_000),
        ("Shipments: 50 units above 100 at 0.025 EUR", Decimal(1), 125, 125),
    ]
    assert wrong_books(office) == []


def test_the_marks_within_numbers_are_those_of_the_tenants_language(
    office: Office, clock: SetClock
) -> None:
    subscription = subscribed(office, GRADUATED, "SE")
    with office.work(JOB) as work:
        work.session.get_one(Tenant, subscription.tenant_id).language = "sv"
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="1600.5"))
    pass_days(clock, 30)
    run_usage_invoices(office)
    assert [row[0] for row in lines(office)] == [
        "Shipments: 100 units up to 100 at 0,1 EUR",
        "Shipments: 1\u00a0500,5 units above 100 at 0,025 EUR",
    ]


def test_nothing_used_is_no_invoice_but_a_minimum_is(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("3"))
    a_price(office, plans["pro"], per_unit("3", minimum_minor=900))
    a_subscription(office, a_tenant(office), plans["growth"])
    a_subscription(office, a_tenant(office), plans["pro"])
    pass_days(clock, 30)
    assert counts(run_usage_invoices(office)) == (1, 1, 0)
    assert [invoice.net_minor for invoice in usage_invoices(office)] == [900]
    assert lines(office)[0][0] == "Shipments: up to the minimum of the period"


def test_after_downtime_periods_are_invoiced_in_order_and_a_year_plan_by_month(
    office: Office, clock: SetClock
) -> None:
    clock.move_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    plans = the_plans(office)
    a_price(office, plans["pro"], per_unit("1", minimum_minor=10))
    a_subscription(office, a_tenant(office), plans["pro"], "annual")
    pass_days(clock, 95)
    assert counts(run_usage_invoices(office)) == (3, 0, 0)
    assert [invoice.period_start for invoice in usage_invoices(office)] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
    ]


def test_a_run_that_was_killed_half_way_ends_the_same(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = subscribed(office, per_unit("1", minimum_minor=10))
    for number in range(3):
        taken_in(office, an_event(office, subscription.tenant_id, f"e{number}", quantity="100"))
        pass_days(clock, 31)
    real, calls = running.invoice_usage, []

    def dying(*given: object) -> object:
        calls.append(given)
        answer = real(*given)  # type: ignore[arg-type]
        if len(calls) == 2:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(running, "invoice_usage", dying)
    with pytest.raises(KeyboardInterrupt):
        run_usage_invoices(office)
    assert len(usage_invoices(office)) == 1
    monkeypatch.undo()
    run_usage_invoices(office)
    invoices = usage_invoices(office)
    assert [invoice.net_minor for invoice in invoices] == [100, 100, 100]
    assert len({invoice.period_start for invoice in invoices}) == 3


def test_runs_at_the_same_time_invoice_once(office: Office, clock: SetClock) -> None:
    subscription = subscribed(office, per_unit("1"))
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="10"))
    pass_days(clock, 30)
    runs: list[UsageRun] = []
    threads = [
        threading.Thread(target=lambda: runs.append(run_usage_invoices(office))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts(run) for run in runs) == [(0, 0, 0)] * 5 + [(1, 0, 0)]
    assert [invoice.net_minor for invoice in usage_invoices(office)] == [10]


def test_events_that_arrive_during_the_run_are_invoiced_once_each(
    office: Office, clock: SetClock
) -> None:
    subscription = subscribed(office, per_unit("1"))
    in_time = clock.now() + timedelta(days=1)
    pass_days(clock, 30)

    def report(sender: int) -> None:
        for number in range(15):
            event_id = f"{sender}-{number}"
            taken_in(office, an_event(office, subscription.tenant_id, event_id, at=in_time))

    senders = [threading.Thread(target=report, args=(sender,)) for sender in range(4)]
    for thread in senders:
        thread.start()
    run_usage_invoices(office)
    for thread in senders:
        thread.join()
    pass_days(clock, 31)
    run_usage_invoices(office)
    assert sum(invoice.net_minor for invoice in usage_invoices(office)) == 60
    assert wrong_books(office) == []


def test_a_dry_run_says_exactly_what_the_run_does_and_writes_nothing(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], GRADUATED)
    a_price(office, plans["pro"], per_unit("3", minimum_minor=900))
    for country, slug in (("DE", "growth"), ("SE", "pro"), ("DE", "growth")):
        subscription = a_subscription(office, a_tenant(office, country), plans[slug])
        taken_in(office, an_event(office, subscription.tenant_id, "e", quantity="120.5"))
    taken_in(office, an_event(office, a_tenant(office, "SE", "SEK").id, "e"))
    pass_days(clock, 65)
    planned = run_usage_invoices(office, dry_run=True)
    assert usage_invoices(office) == []
    done = run_usage_invoices(office)
    assert (planned.changes, counts(planned)) == (done.changes, counts(done))
    assert counts(done) == (4, 2, 0)
    assert [change.net_minor for change in done.changes] == [
        invoice.net_minor for invoice in usage_invoices(office)
    ]


def test_a_day_to_come_can_only_be_tried(office: Office, clock: SetClock) -> None:
    subscription = subscribed(office, per_unit("2"))
    taken_in(office, an_event(office, subscription.tenant_id, "e", quantity="5"))
    ahead = date(2026, 12, 20)
    with pytest.raises(BadInput, match="has not come"):
        run_usage_invoices(office, ahead)
    (change,) = run_usage_invoices(office, ahead, dry_run=True).changes
    assert (change.net_minor, change.period_start) == (10, date(2026, 11, 20))
    with pytest.raises(NotNow), office.work(JOB) as work:
        invoice_usage(work, subscription.id, date(2026, 11, 20), ahead)


def test_late_usage_counts_into_the_running_period(office: Office, clock: SetClock) -> None:
    subscription = subscribed(office, per_unit("1"))
    in_time = clock.now() + timedelta(days=2)
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="10"))
    pass_days(clock, 30)
    run_usage_invoices(office)
    late = an_event(office, subscription.tenant_id, "late", quantity="7", at=in_time)
    assert taken_in(office, late, late) == ["accepted", "duplicate"]
    pass_days(clock, 31)
    run_usage_invoices(office)
    assert [invoice.net_minor for invoice in usage_invoices(office)] == [10, 7]


def test_a_running_period_keeps_its_prices_and_its_plan(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("1"))
    a_price(office, plans["pro"], per_unit("100"))
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    pass_days(clock, 5)
    a_price(office, plans["growth"], per_unit("2"))
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        change_plan(work, subscription.id, plans["pro"].id, reason=WHY)
    for number in range(2):
        taken_in(office, an_event(office, subscription.tenant_id, f"e{number}", quantity="10"))
        pass_days(clock, 30)
        with office.work(JOB) as work:
            renew(work, subscription.id)
    run_usage_invoices(office)
    assert [invoice.net_minor for invoice in usage_invoices(office)] == [10, 1_000]


def test_a_trial_owes_nothing(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("1", minimum_minor=500))
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, plans["growth"], trial_days=14)
    taken_in(office, an_event(office, tenant.id, "trial", quantity="900"))
    pass_days(clock, 14)
    with office.work(JOB) as work:
        end_trial(work, subscription.id, converts=True)
    pass_days(clock, 31)
    assert counts(run_usage_invoices(office)) == (1, 1, 0)
    (invoice,) = usage_invoices(office)
    assert (invoice.period_start, invoice.net_minor) == (date(2026, 12, 4), 500)


def test_a_cancelled_subscription_is_invoiced_for_its_last_days(
    office: Office, clock: SetClock
) -> None:
    # 20 to 30 November is 10 days of 30: a third of the minimum.
    subscription = subscribed(office, per_unit("1", minimum_minor=900))
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="100"))
    pass_days(clock, 10)
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)
    taken_in(office, an_event(office, subscription.tenant_id, "after", quantity="50"))
    run_usage_invoices(office)
    pass_days(clock, 60)
    assert counts(run_usage_invoices(office)) == (0, 0, 0)
    (invoice,) = usage_invoices(office)
    assert (invoice.net_minor, invoice.period_end) == (300, date(2026, 11, 30))


def test_a_missing_currency_waits_and_the_others_go_on(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("1"))
    for country, currency in (("SE", "SEK"), ("DE", "EUR")):
        tenant = a_tenant(office, country, currency)
        a_subscription(office, tenant, plans["growth"])
        taken_in(office, an_event(office, tenant.id, "e", quantity="10"))
    pass_days(clock, 30)
    run = run_usage_invoices(office)
    assert counts(run) == (1, 0, 1)
    assert run.changes[0].words == "The plan has no usage price of max_shipments in SEK"
    assert counts(run_usage_invoices(office)) == (0, 0, 1)


def test_a_daily_meter_is_summed_over_the_period(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("0.5", included="3"), "api_calls_daily")
    tenant = a_tenant(office)
    a_subscription(office, tenant, plans["growth"])
    for day in range(5):
        taken_in(office, an_event(office, tenant.id, f"e{day}", "api_calls_daily", "3"))
        pass_days(clock, 1)
    pass_days(clock, 25)
    run_usage_invoices(office)
    assert [invoice.net_minor for invoice in usage_invoices(office)] == [6]


def test_usage_invoices_are_made_by_jobs_and_invoice_managers(
    office: Office, clock: SetClock
) -> None:
    subscription = subscribed(office, per_unit("1"))
    taken_in(office, an_event(office, subscription.tenant_id, "a", quantity="10"))
    pass_days(clock, 30)

    def run(actor: Actor) -> UsageRun:
        return run_usage_invoices(office, actor=actor)

    with pytest.raises(NotAllowed):
        run(acting(office, a_user(office, "sys_finance")))
    assert counts(run(acting(office, a_user(office, "admin")))) == (1, 0, 0)


def test_a_price_without_an_amount_takes_the_usual_unit_cost(
    office: Office, settings: Settings
) -> None:
    plan = the_plans(office)["growth"]
    bare = Pricing("per_unit", ())
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(BadInput, match="tiers"), office.work(boss) as work:
        set_usage_price(work, plan.id, "max_shipments", "EUR", bare)
    settings.billing_unit_cost = Decimal("0.4")
    a_price(office, plan, bare)
    with office.work(JOB) as work:
        (price,) = work.session.scalars(select(UsagePrice))
        assert [tier.unit_minor for tier in price.tiers] == [Decimal("0.4")]


def test_prices_that_cannot_be_set(office: Office) -> None:
    plan = the_plans(office)["growth"]
    a_meter(office, "labels", "count")
    boss = acting(office, a_user(office, "super_admin"))
    for plan_id, meter, currency, refusal in (
        (plan.id, "max_users", "EUR", BadInput),
        (plan.id, "labels", "eur", BadInput),
        (plan.id, "steps", "EUR", NotFound),
        (2**40, "labels", "EUR", NotFound),
    ):
        with pytest.raises(refusal), office.work(boss) as work:
            set_usage_price(work, plan_id, meter, currency, per_unit("1"))
    a_price(office, plan, per_unit("1"), "labels")
    with pytest.raises(BadInput, match="already starts"):
        a_price(office, plan, per_unit("2"), "labels")


def test_a_closed_period_is_not_closed_again(office: Office, clock: SetClock) -> None:
    subscription = subscribed(office, per_unit("1"))
    pass_days(clock, 30)
    span = (date(2026, 11, 20), date(2026, 12, 20))
    with office.work(JOB) as work:
        assert invoice_usage(work, subscription.id, *span) is not None
    with office.work(JOB) as work:
        assert invoice_usage(work, subscription.id, *span) is None
        period = work.session.get_one(UsagePeriod, (subscription.tenant_id, span[0]))
        assert (period.closed_at, period.invoice_id) == (clock.now(), None)
