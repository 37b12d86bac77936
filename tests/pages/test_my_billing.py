"""What an organisation's own people see: plan with its switch, invoices, history; theirs alone."""

import pytest

from core.access.sessions import open_session, viewer
from core.clock import SetClock
from core.plans.models import Plan
from core.subscriptions.actions import cancel
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.work import Office
from pages.parts import menu
from tests.billing import (
    JOB,
    WHY,
    a_card,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
)
from tests.builders import a_user
from tests.pages.administering import Visit, events, press, visitor, words
from tests.wallets import a_financier

OWN_PAGES = ("plan", "invoices", "payment_method", "history", "wallet")


def page(office: Office, monkeypatch: pytest.MonkeyPatch, name: str) -> Visit:
    return visitor(office, monkeypatch, f"my_billing/{name}.py")


@pytest.fixture
def tenant(office: Office) -> Tenant:
    return a_tenant(office)


@pytest.fixture
def subscription(office: Office, tenant: Tenant) -> Subscription:
    return a_subscription(office, tenant, the_plans(office)["growth"])


@pytest.fixture
def plan(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return page(office, monkeypatch, "plan")


@pytest.fixture
def invoices(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return page(office, monkeypatch, "invoices")


@pytest.fixture
def history(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return page(office, monkeypatch, "history")


def renews(office: Office, subscription: Subscription) -> bool:
    with office.work(JOB) as work:
        return work.session.get_one(Subscription, subscription.id).auto_renew


def cancelled(office: Office, subscription: Subscription) -> None:
    with office.work(a_financier(office)) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)


def test_plan_shows_status_next_renewal_and_limits(
    office: Office, tenant: Tenant, subscription: Subscription, plan: Visit
) -> None:
    assert "Leave a card before that day" in words(plan("org_user", tenant_id=tenant.id))
    a_card(office, tenant.id)
    shown = words(plan("org_user", tenant_id=tenant.id))
    for part in ("Growth", "Active", "Renews, charged to the card", "of 2,000", "Shipments"):
        assert part in shown
    assert "Next amount, with tax" in shown


def test_admin_of_the_organisation_switches_renewing_off_and_on(
    office: Office, tenant: Tenant, subscription: Subscription, plan: Visit
) -> None:
    for on, told in ((False, "does not renew"), (True, "renews by itself from now on")):
        test = plan("org_admin", fresh=False, tenant_id=tenant.id)
        press(test, f"auto-renew-{subscription.id}")
        press(test, "confirm-do")
        assert renews(office, subscription) is on
        assert told in test.toast[0].value
    assert len(events(office, "saas.subscription.own_renewal_set")) == 2


def test_another_organisations_subscription_is_not_found_in_the_dialog(
    office: Office, subscription: Subscription, plan: Visit
) -> None:
    other = a_tenant(office)
    with office.work(JOB) as work:
        sort = work.session.get_one(Plan, subscription.plan_id)
    a_subscription(office, other, sort)
    test = plan("org_admin", tenant_id=other.id, do=f"auto-renew:{subscription.id}")
    assert f"There is no subscription {subscription.id}" in words(test)
    assert renews(office, subscription)


def test_the_dialogs_address_opens_nothing_for_who_only_reads(
    tenant: Tenant, subscription: Subscription, plan: Visit
) -> None:
    assert not plan("org_user", tenant_id=tenant.id, do=f"auto-renew:{subscription.id}").button


def test_a_wallet_that_is_short_asks_for_a_recharge(
    office: Office, tenant: Tenant, plan: Visit
) -> None:
    a_subscription(office, tenant, the_plans(office)["starter"], trial_days=9, collection="wallet")
    shown = words(plan("org_admin", tenant_id=tenant.id))
    assert "Wallet short by" in shown
    assert "Recharge the wallet before that day" in shown


def test_a_cancelled_plan_is_shown_without_the_switch(
    office: Office, tenant: Tenant, subscription: Subscription, plan: Visit
) -> None:
    cancelled(office, subscription)
    test = plan("org_admin", tenant_id=tenant.id)
    assert "Cancelled; it ends on" in words(test)
    assert not test.button


def test_no_plan_yet_leads_to_the_prices(tenant: Tenant, plan: Visit) -> None:
    shown = words(plan("org_admin", tenant_id=tenant.id))
    assert "No plan yet" in shown
    assert 'href="/pricing"' in shown


def test_invoices_list_the_own_ones_and_what_is_open(
    office: Office, tenant: Tenant, invoices: Visit
) -> None:
    mine, theirs = an_invoice(office, tenant, 10_000), an_invoice(office, a_tenant(office), 77_700)
    a_charge(office, an_invoice(office, tenant, 5_000))
    shown = words(invoices("org_user", tenant_id=tenant.id))
    assert str(mine.number) in shown
    assert "2 invoices" in shown
    assert "EUR 100.00 open" in shown
    assert str(theirs.number) not in shown
    paid = words(invoices("org_user", tenant_id=tenant.id, status="paid"))
    assert str(mine.number) not in paid
    assert "1 invoice<" in paid


def test_an_invoice_shows_its_lines_payments_and_pdf(
    office: Office, tenant: Tenant, invoices: Visit
) -> None:
    mine = an_invoice(office, tenant, 10_000)
    a_charge(office, mine)
    test = invoices("org_user", tenant_id=tenant.id, invoice=str(mine.id))
    shown = words(test)
    for part in (str(mine.number), "Work", "Card, Stripe", "Settled"):
        assert part in shown
    assert [button.label for button in test.get("download_button")] == ["PDF"]
    assert not test.button


def test_an_overdue_invoice_stands_out(
    office: Office, tenant: Tenant, clock: SetClock, invoices: Visit
) -> None:
    an_invoice(office, tenant)
    pass_days(clock, 60)
    assert "late</span>" in words(invoices("org_user", tenant_id=tenant.id))


def test_another_organisations_invoice_is_not_found(
    office: Office, tenant: Tenant, invoices: Visit
) -> None:
    theirs = an_invoice(office, a_tenant(office), 77_700)
    for address in ({"invoice": str(theirs.id)}, {"invoice": str(theirs.number)}):
        shown = words(invoices("org_admin", tenant_id=tenant.id, **address))
        assert "There is no such invoice" in shown
        assert "777.00" not in shown
    pay = words(invoices("org_admin", tenant_id=tenant.id, do=f"pay:{theirs.id}"))
    assert f"There is no invoice {theirs.id}" in pay


def test_paying_without_a_card_says_where_to_leave_one(
    office: Office, tenant: Tenant, invoices: Visit
) -> None:
    mine = an_invoice(office, tenant)
    test = invoices("org_admin", tenant_id=tenant.id, invoice=str(mine.id))
    press(test, f"pay-{mine.id}")
    assert "No card is kept; leave one" in words(test)


def test_history_tells_every_change_without_naming_the_platforms_people(
    office: Office, tenant: Tenant, subscription: Subscription, history: Visit
) -> None:
    cancelled(office, subscription)
    shown = words(history("org_user", tenant_id=tenant.id))
    for part in ("Created", "Cancelled", "A person", WHY):
        assert part in shown
    assert "A user" not in shown


def test_history_of_several_subscriptions_is_chosen_from(
    office: Office, tenant: Tenant, subscription: Subscription, history: Visit
) -> None:
    cancelled(office, subscription)
    with office.work(JOB) as work:
        sort = work.session.get_one(Plan, subscription.plan_id)
    a_subscription(office, tenant, sort)
    test = history("org_user", tenant_id=tenant.id)
    assert WHY not in words(test)
    test.selectbox(key="subscription").set_value(subscription.id).run()
    assert WHY in words(test)


def test_history_of_another_organisation_is_not_found(
    office: Office, subscription: Subscription, history: Visit
) -> None:
    other = a_tenant(office)
    assert "Nothing yet" in words(history("org_user", tenant_id=other.id))
    with office.work(JOB) as work:
        sort = work.session.get_one(Plan, subscription.plan_id)
    a_subscription(office, other, sort)
    shown = words(history("org_user", tenant_id=other.id, subscription=str(subscription.id)))
    assert "There is no such subscription" in shown


@pytest.mark.parametrize("name", OWN_PAGES)
def test_the_platforms_people_have_no_own_pages(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert page(office, monkeypatch, name)("super_admin").exception


@pytest.mark.parametrize("name", OWN_PAGES)
def test_who_only_reads_gets_no_buttons(
    office: Office, monkeypatch: pytest.MonkeyPatch, tenant: Tenant, name: str
) -> None:
    a_subscription(office, tenant, the_plans(office)["growth"])
    [invoice] = the_invoices(office)
    test = page(office, monkeypatch, name)("org_user", tenant_id=tenant.id, invoice=invoice.number)
    assert not test.exception
    assert not test.button


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (
            "org_admin",
            ["my-plan", "my-invoices", "my-wallet", "my-payment-method", "my-history", "inbox",
             "my-channels"],
        ),
        (
            "org_user",
            ["my-plan", "my-invoices", "my-wallet", "my-payment-method", "my-history", "inbox"],
        ),
    ],
)  # fmt: skip
def test_own_pages_are_in_the_menu_of_the_organisations_people(
    office: Office, tenant: Tenant, role: str, shown: list[str]
) -> None:
    own, nobody = a_user(office, role, tenant_id=tenant.id), a_user(office, role)
    seen = []
    for user in (own, nobody):
        with office.work(JOB) as work:
            token = open_session(work, user.id)
        found = viewer(office, token)
        assert found is not None
        seen.append([e.address for e in menu.entries(found) if e.visibility == "visible"])
        assert menu.landing(found) == (shown[0] if user is own else None)
    assert seen == [shown, []]
