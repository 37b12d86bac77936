"""Reads of subscriptions: the list, one of them, a tenant, and what usage will cost."""

from datetime import date

import pytest
from sqlalchemy import select

from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound
from core.invoices.models import Invoice
from core.rehearsal import rehearse
from core.subscriptions.actions import cancel, change_plan
from core.subscriptions.detail import detail, tenant_names, tenant_page
from core.subscriptions.items import add_item
from core.subscriptions.listing import SORTS, Filters, choices, subscriptions
from core.subscriptions.models import Subscription
from core.subscriptions.renewals import renewals
from core.usage.outlook import daily, upcoming
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    named,
    pass_days,
    the_plans,
)
from tests.builders import a_user, acting
from tests.usage import a_price, an_event, per_unit, taken_in
from tests.wallets import a_financier, a_recharge


def listed(office: Office, wanted: Filters | None = None, **options: object) -> list[str]:
    with office.work(JOB) as work:
        return [row.tenant_name for row in subscriptions(work, wanted, **options).rows]


@pytest.fixture
def three(office: Office) -> list[Subscription]:
    """Ada on Growth by card, Bo on Pro by invoice in SEK, Cy on a trial of Starter by wallet."""
    plans = the_plans(office)
    return [
        a_subscription(office, named(office, "Ada 100%"), plans["growth"]),
        a_subscription(
            office, named(office, "Bo", "SE", "SEK"), plans["pro"], collection="send_invoice"
        ),
        a_subscription(
            office, named(office, "Cy"), plans["starter"], trial_days=14, collection="wallet"
        ),
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filters(), ["Ada 100%", "Bo", "Cy"]),
        (Filters(text="B"), ["Bo"]),
        (Filters(text="100%"), ["Ada 100%"]),
        (Filters(text="_"), []),
        (Filters(status="trial"), ["Cy"]),
        (Filters(plan="pro"), ["Bo"]),
        (Filters(currency="SEK"), ["Bo"]),
        (Filters(country="SE"), ["Bo"]),
        (Filters(country="DE", status="trial"), ["Cy"]),
        (Filters(collection="charge_automatically"), ["Ada 100%"]),
        (Filters(renews_until=date(2026, 12, 4)), ["Cy"]),
        (Filters(renews_from=date(2026, 12, 5)), ["Ada 100%", "Bo"]),
        (Filters(text="\x00'; drop"), []),
    ],
)
@pytest.mark.usefixtures("three")
def test_filters_narrow_the_list(office: Office, wanted: Filters, expected: list[str]) -> None:
    assert listed(office, wanted) == expected


@pytest.mark.usefixtures("three")
def test_number_finds_a_subscription_and_every_order_works(
    office: Office, three: list[Subscription]
) -> None:
    assert listed(office, Filters(text=f"#{three[1].id}")) == ["Bo"]
    for sort in SORTS:
        assert sorted(listed(office, sort=sort)) == ["Ada 100%", "Bo", "Cy"]
    assert listed(office, sort="tenant", descending=True) == ["Cy", "Bo", "Ada 100%"]
    assert listed(office, limit=1, offset=1) == ["Bo"]
    with pytest.raises(BadInput, match="sorted by"):
        listed(office, sort="id; drop table")
    with pytest.raises(BadInput, match="no status"):
        listed(office, Filters(status="sleeping"))


@pytest.mark.usefixtures("three")
def test_row_tells_mrr_open_amount_and_overdue(office: Office, clock: SetClock) -> None:
    with office.work(JOB) as work:
        page = subscriptions(work, Filters(status="active"))
    assert (page.count, page.by_status) == (2, {"trial": 1, "active": 2})
    ada, bo = page.rows
    assert (ada.mrr_minor, ada.open_minor, ada.overdue) == (7_900, 7_900, False)
    assert bo.open_minor == bo.total_minor * 5 // 4
    pass_days(clock, 1)
    with office.work(JOB) as work:
        ada, bo, cy = subscriptions(work).rows
    assert (ada.overdue, bo.overdue, cy.mrr_minor) == (True, False, 0)
    assert cy.renews_on == date(2026, 12, 4)


@pytest.mark.usefixtures("three")
def test_choices_are_what_subscriptions_have(office: Office) -> None:
    named(office, "Without a subscription", "FI")
    with office.work(JOB) as work:
        found = choices(work)
    assert list(found.plans) == ["starter", "growth", "pro"]
    assert (found.currencies, found.countries) == (["EUR", "SEK"], ["DE", "SE"])


def test_annual_price_counts_a_twelfth_a_month(office: Office) -> None:
    plans = the_plans(office)
    a_subscription(office, a_tenant(office), plans["growth"], "annual")
    with office.work(JOB) as work:
        (row,) = subscriptions(work).rows
    assert (row.total_minor, row.mrr_minor) == (75_840, 6_320)


@pytest.mark.parametrize("role", ["analyst", "manager"])
def test_who_may_not_read_billing_is_refused(office: Office, role: str) -> None:
    someone = acting(office, a_user(office, role))
    for read in (
        subscriptions,
        renewals,
        tenant_names,
        lambda work: detail(work, 1),
        lambda work: tenant_page(work, 1),
    ):
        with pytest.raises(NotAllowed), office.work(someone) as work:
            read(work)


def test_tenants_user_sees_the_own_subscription_alone(
    office: Office, three: list[Subscription]
) -> None:
    ada, bo, _ = three
    user = acting(office, a_user(office, "org_user", tenant_id=ada.tenant_id))
    with office.work(user) as work:
        assert [row.id for row in subscriptions(work, Filters(tenant_id=bo.tenant_id)).rows] == [
            ada.id
        ]
        assert [row.subscription_id for row in renewals(work).rows] == [ada.id]
        assert list(tenant_names(work)) == [ada.tenant_id]
        assert detail(work, ada.id).history[0].actor_name is None
        with pytest.raises(NotFound):
            detail(work, bo.id)
        with pytest.raises(NotFound):
            tenant_page(work, bo.tenant_id)
        with pytest.raises(NotFound):
            renewals(work, tenant_id=bo.tenant_id)


def test_detail_tells_who_changed_what_and_why(office: Office, three: list[Subscription]) -> None:
    ada = three[0]
    with office.work(JOB) as work:
        invoice = work.session.scalars(
            select(Invoice).where(Invoice.subscription_id == ada.id)
        ).one()
    a_charge(office, invoice)
    finance = a_financier(office)
    with office.work(JOB) as work:
        pro = next(row.plan for row in subscriptions(work).rows if row.plan == "pro")
    assert pro == "pro"
    with office.work(finance) as work:
        change_plan(work, ada.id, three[1].plan_id, reason=WHY)
    with office.work(finance) as work:
        add_item(work, ada.id, "Storage", 1_000, 2, reason=WHY)
    with office.work(finance) as work:
        cancel(work, ada.id, "low_usage", mode="now", credit_unused=True, reason=WHY)
    with office.work(JOB) as work:
        found = detail(work, ada.id)
    assert [change.kind for change in found.history] == [
        "cancelled",
        "item_added",
        "plan_changed",
        "created",
    ]
    changed = found.history[2]
    assert (changed.previous_plan_name, changed.plan_name) == ("Growth", "Pro")
    assert (changed.previous_amount_minor, changed.amount_minor) == (7_900, 19_900)
    assert (changed.actor_name, changed.reason) == ("A user", WHY)
    assert changed.proration_basis == "30 of 30 days"
    assert found.history[3].actor_name is None
    assert [item.cycle_minor for item in found.items] == [2_000]
    assert found.cancellation
    assert (found.cancellation.reason_code, found.cancellation.mrr_minor) == ("low_usage", 21_900)
    assert [row.kind for row in found.documents].count("credit_note") == 1
    note = next(row for row in found.documents if row.kind == "credit_note")
    assert (note.net_minor, found.ahead.credit_minor) == (-7_900, 7_900)
    assert found.usage is None


@pytest.mark.parametrize("number", [0, -1, 9_999, 2**63, 2**70])
def test_subscription_or_tenant_that_is_not_there_is_not_found(office: Office, number: int) -> None:
    for read in (detail, tenant_page):
        with pytest.raises(NotFound), office.work(JOB) as work:
            read(work, number)


def test_tenant_page_shows_what_it_owes_and_has_ahead(office: Office, clock: SetClock) -> None:
    tenant = a_tenant(office)
    with office.work(JOB) as work:
        assert tenant_page(work, tenant.id).running is None
    subscription = a_subscription(office, tenant, the_plans(office)["starter"])
    a_recharge(office, tenant, 500)
    pass_days(clock, 2)
    with office.work(JOB) as work:
        page = tenant_page(work, tenant.id)
    assert page.running
    assert page.running.id == subscription.id
    assert [(row.open_minor, row.overdue) for row in page.open_invoices] == [(2_900, True)]
    assert page.ahead.balance_minor == 500


def test_preview_with_a_running_clock_shows_the_invoice(office: Office, clock: SetClock) -> None:
    class Running(SetClock):
        def now(self):  # type: ignore[no-untyped-def]
            clock.advance(clock.now().resolution)
            return clock.now()

    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["starter"])
    running = Office(office.engine, Running(clock.now()), office.settings)
    finance = a_financier(office)
    preview = rehearse(
        running,
        finance,
        lambda work: change_plan(work, subscription.id, plans["pro"].id, reason=""),
        subscription.id,
    )
    (invoice,) = preview.invoices
    assert invoice.net_minor == 19_900
    assert preview.before
    assert preview.after
    assert (preview.before["plan"], preview.after["plan"]) == ("starter", "pro")
    assert listed(office, Filters(plan="starter"))


def test_usage_by_day_and_what_it_will_cost(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_price(office, plans["starter"], per_unit("50"))
    tenant = named(office, "SE", "SE", "SEK")
    with office.work(JOB) as work:
        assert upcoming(work, tenant.id) is None
    euro = named(office, "EU", "SE", "EUR")
    a_subscription(office, euro, plans["starter"])
    taken_in(office, an_event(office, euro.id, "e1", quantity="3"))
    pass_days(clock, 2)
    taken_in(office, an_event(office, euro.id, "e2", quantity="4"))
    with office.work(JOB) as work:
        days = daily(work, euro.id, "max_shipments", 4)
        found = upcoming(work, euro.id)
    assert [int(day.value) for day in days] == [0, 3, 0, 4]
    assert days[-1].on == date(2026, 11, 22)
    assert found
    assert (found.total.net_minor, found.total.tax_minor) == (350, 88)
    with pytest.raises(NotFound), office.work(JOB) as work:
        daily(work, euro.id, "nothing")
    with (
        pytest.raises(NotAllowed),
        office.work(acting(office, a_user(office, "org_user", tenant_id=tenant.id))) as work,
    ):
        upcoming(work, euro.id)
