"""The screens of subscriptions: what each role may do, previews as fields change, the writes."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.access.authority import system
from core.access.sessions import open_session, viewer
from core.audit.queries import search
from core.invoices.models import Invoice
from core.plans.models import Plan
from core.settings import ROOT
from core.subscriptions.actions import set_auto_renew
from core.subscriptions.detail import Detail, detail
from core.subscriptions.listing import subscriptions
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.work import Office
from pages.billing.sheet_parts import who
from pages.billing.usage_bars import share
from tests.billing import JOB, WHY, a_charge, a_subscription, a_tenant, the_plans
from tests.builders import a_user
from tests.pages.administering import whole
from tests.usage import a_price, an_event, per_unit, taken_in
from tests.wallets import a_financier

PAGES = ROOT / "pages" / "billing"
Visit = Callable[..., AppTest]


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs a page as a new person with a role, at an address."""

    def run(name: str, role: str, *, fresh: bool = True, **address: object) -> AppTest:
        with office.work(system("test")) as work:
            token = open_session(work, a_user(office, role).id, fresh=fresh)
        seen = viewer(office, token)
        assert seen is not None
        monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: viewer(office, token))
        monkeypatch.setattr("pages.parts.viewer.current_actor", lambda: seen.actor("192.0.2.7"))
        test = AppTest.from_file(Path(PAGES / f"{name}.py"), default_timeout=30)
        for key, value in address.items():
            test.query_params[key] = str(value)
        return test.run()

    return run


@pytest.fixture
def plans(office: Office) -> dict[str, Plan]:
    """The default catalogue."""
    return the_plans(office)


@pytest.fixture
def paid(office: Office, plans: dict[str, Plan]) -> Subscription:
    """A subscription to Growth whose first period is paid."""
    subscription = a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    with office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice)).one()
    a_charge(office, invoice)
    return subscription


def words(test: AppTest) -> str:
    return whole(" ".join(str(block.proto.body) for block in test.get("html")))


def doors(test: AppTest) -> set[str]:
    return {str(button.label) for button in test.button if button.key != "confirm-do"}


def press(test: AppTest, key: str) -> None:
    test.button(key=key).click().run()


def confirm(test: AppTest, reason: str = WHY) -> None:
    if test.text_area:
        test.text_area[0].set_value(reason)
    press(test, "confirm-do")


def now(office: Office, subscription: Subscription) -> Detail:
    with office.work(JOB) as work:
        return detail(work, subscription.id)


def reasons(office: Office, event_type: str) -> list[object]:
    with office.work(system("test")) as work:
        return [row.payload.get("reason") for row in search(work, event_type=event_type)]


def test_list_counts_filters_and_opens(
    office: Office, visit: Visit, paid: Subscription, plans: dict[str, Plan]
) -> None:
    a_subscription(office, a_tenant(office), plans["pro"], trial_days=14)
    shown = words(visit("subscriptions", "billing"))
    assert f"/subscription?subscription={paid.id}" in shown
    assert "SEK 869.00" in shown
    assert "status=trial" in shown
    shown = words(visit("subscriptions", "billing", status="trial"))
    assert f"subscription={paid.id}" not in shown
    assert "4 Dec 2026" in shown
    assert "No subscription fits" in words(visit("subscriptions", "cfo", text="nobody"))
    german = visit("subscriptions", "cfo", country="DE")
    assert german.selectbox(key="country").options == ["All", "Germany", "Sweden"]
    assert f"subscription={paid.id}" not in words(german)
    assert "/subscription?subscription=" in words(german)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("billing", set()),
        ("onboarding", {"Collection…", "Set status…"}),
        ("sys_finance", {"Change plan…", "Add item…", "Pause…", "Stop renewing…", "Cancel…"}),
    ],
)
def test_doors_are_those_of_the_role(
    visit: Visit, paid: Subscription, role: str, expected: set[str]
) -> None:
    test = visit("subscription", role, subscription=paid.id)
    assert not test.exception
    assert doors(test) == expected


def test_preview_shows_lines_postings_and_state_then_writes_them(
    office: Office, visit: Visit, paid: Subscription, plans: dict[str, Plan]
) -> None:
    # 869.00 is paid for 20 Nov to 20 Dec; on the first day all of it goes back against 2,190.00.
    test = visit("subscription", "sys_finance", subscription=paid.id)
    press(test, f"change-plan-{paid.id}")
    assert "Choose another plan" in words(test)
    test.selectbox(key="change-plan-plan").set_value(str(plans["pro"].id)).run()
    shown = words(test)
    assert "Growth, unused 30 of 30 days" in shown
    assert "2,190.00" in shown
    assert "1510 Accounts receivable" in shown
    assert "2611 Output tax" in shown
    assert ">Growth<" in shown
    assert ">Pro<" in shown
    before = now(office, paid)
    assert (before.row.plan, len(before.documents)) == ("growth", 1)
    confirm(test)
    assert not test.exception
    after = now(office, paid)
    assert (after.row.plan, len(after.documents)) == ("pro", 2)
    assert after.documents[0].net_minor == 219_000 - 86_900
    assert [toast.value for toast in test.toast] == [
        f"Rheinfeld GmbH has Pro from today, with {after.documents[0].number}"
    ]
    assert reasons(office, "saas.subscription.plan_changed") == [WHY]
    assert "do" not in test.query_params


def test_amount_that_is_none_is_refused_in_words(visit: Visit, paid: Subscription) -> None:
    test = visit("subscription", "sys_finance", subscription=paid.id, do=f"change-plan:{paid.id}")
    test.text_input(key="change-plan-amount").set_value("12.345").run()
    assert "more decimals than SEK" in words(test)
    test.text_input(key="change-plan-amount").set_value("-5").run()
    assert "not below zero" in words(test)
    confirm(test)
    assert "not below zero" in words(test)


def test_second_person_is_told_and_sees_what_stands_now(
    office: Office, visit: Visit, paid: Subscription
) -> None:
    test = visit("subscription", "sys_finance", subscription=paid.id, do=f"cancel:{paid.id}")
    with office.work(a_financier(office)) as work:
        set_auto_renew(work, paid.id, False, reason=WHY)
    confirm(test)
    assert "Somebody changed this record" in words(test)
    assert now(office, paid).cancellation is None
    confirm(test)
    assert not test.exception
    assert now(office, paid).cancellation is not None


def test_figures_that_changed_since_the_preview_are_shown_again(
    office: Office, visit: Visit, paid: Subscription, plans: dict[str, Plan]
) -> None:
    address = {"do": f"change-plan:{paid.id}", "form": f"change-plan?plan={plans['pro'].id}"}
    test = visit("subscription", "sys_finance", subscription=paid.id, **address)
    assert "unused 30 of 30 days" in words(test)
    with office.work(JOB) as work:
        work.session.get_one(Tenant, paid.tenant_id).country = "DE"
    confirm(test)
    assert "The figures changed since the preview" in words(test)
    assert now(office, paid).row.plan == "growth"
    confirm(test)
    assert now(office, paid).row.plan == "pro"


def test_stale_sign_in_sees_the_preview_and_keeps_its_fields(
    office: Office, visit: Visit, paid: Subscription, plans: dict[str, Plan]
) -> None:
    test = visit(
        "subscription", "sys_finance", fresh=False, subscription=paid.id,
        do=f"change-plan:{paid.id}",
    )  # fmt: skip
    test.selectbox(key="change-plan-plan").set_value(str(plans["pro"].id)).run()
    assert "unused 30 of 30 days" in words(test)
    assert not test.text_area
    assert "Confirm it is you" in words(test)
    kept = str(test.query_params["form"])
    assert f"plan={plans['pro'].id}" in kept
    again = visit(
        "subscription", "sys_finance", subscription=paid.id, do=f"change-plan:{paid.id}", form=kept
    )
    assert again.selectbox(key="change-plan-plan").value == str(plans["pro"].id)


@pytest.mark.parametrize(
    ("name", "kept", "kind"),
    [
        ("pause", "until=2026-12-10", "paused"),
        ("auto-renew", "", "renewal_changed"),
        ("add-item", "name=Storage&unit=100.00&quantity=2", "item_added"),
    ],
)
def test_each_act_previews_and_writes(
    office: Office, visit: Visit, paid: Subscription, name: str, kept: str, kind: str
) -> None:
    test = visit(
        "subscription", "sys_finance", subscription=paid.id, do=f"{name}:{paid.id}",
        form=f"{name}?{kept}",
    )  # fmt: skip
    assert "Before" in words(test)
    confirm(test)
    assert not test.exception
    assert now(office, paid).history[0].kind == kind


def test_trial_is_extended_item_removed_pause_ended(
    office: Office, visit: Visit, plans: dict[str, Plan], paid: Subscription
) -> None:
    trial = a_subscription(office, a_tenant(office), plans["pro"], trial_days=14)
    for subscription, do, form, kind in (
        (trial, f"extend-trial:{trial.id}", "extend-trial?days=5", "trial_extended"),
        (paid, f"add-item:{paid.id}", "add-item?name=Seats&unit=30", "item_added"),
        (paid, "remove-item:{number}:{item}", "", "item_removed"),
        (paid, f"pause:{paid.id}", "pause?until=2026-12-01", "paused"),
        (paid, f"resume:{paid.id}", "", "resumed"),
        (paid, f"cancel:{paid.id}", "cancel?code=low_usage&mode=now&back=yes", "cancelled"),
    ):
        items = now(office, paid).items
        subject = do.format(number=paid.id, item=items[0].id if items else 0)
        test = visit(
            "subscription", "sys_finance", subscription=subscription.id, do=subject, form=form
        )
        confirm(test)
        assert not test.exception
        assert now(office, subscription).history[0].kind == kind
    found = now(office, paid)
    assert found.cancellation
    assert found.cancellation.reason_code == "low_usage"
    assert found.documents[0].kind == "credit_note"


def test_onboarding_sets_status_and_collection_with_a_reason(
    office: Office, visit: Visit, paid: Subscription
) -> None:
    where = {"subscription": paid.id, "do": f"status:{paid.id}", "form": "status?to=suspended"}
    test = visit("subscription", "onboarding", **where)
    confirm(test, "short")
    assert "at least ten characters" in words(test)
    confirm(test)
    assert now(office, paid).row.status == "suspended"
    test = visit("subscription", "onboarding", subscription=paid.id, do=f"collection:{paid.id}")
    confirm(test)
    assert now(office, paid).row.collection == "wallet"


def test_billing_reader_is_refused_by_core_behind_the_page(
    office: Office, monkeypatch: pytest.MonkeyPatch, visit: Visit, paid: Subscription
) -> None:
    forged = {"subscription": paid.id, "do": f"pause:{paid.id}"}
    assert "None of your roles allows this: " in words(visit("subscription", "billing", **forged))
    monkeypatch.setattr("pages.parts.confirm.may_open", lambda _step: True)
    test = visit("subscription", "billing", **forged)
    assert "needs the permission sys_finance" in words(test)
    confirm(test)
    assert now(office, paid).row.status == "active"


def test_onboarding_assigns_a_plan_to_a_tenant_without_one(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    test = visit("tenant", "onboarding", tenant=tenant.id)
    assert "It has none that runs" in words(test)
    press(test, f"assign-{tenant.id}")
    test.selectbox(key="assign-plan").set_value(str(plans["starter"].id)).run()
    assert "398.75" in words(test)
    confirm(test)
    assert not test.exception
    shown = words(test)
    assert "Starter" in shown
    assert "Assign a plan…" not in doors(test)
    with office.work(JOB) as work:
        (made,) = work.session.scalars(select(Subscription)).all()
        assert (made.tenant_id, made.plan_id) == (tenant.id, plans["starter"].id)


def test_tenant_page_asks_for_a_tenant_and_does_not_trust_the_address(
    office: Office, visit: Visit
) -> None:
    a_tenant(office)
    for address in ({}, {"tenant": 9_999}, {"tenant": "x"}):
        for page in ("tenant", "usage"):
            test = visit(page, "onboarding", **address)
            assert not test.exception
            assert "No tenant is chosen" in words(test)
    test = visit("subscription", "billing")
    assert "No subscription is chosen" in words(test)


@pytest.mark.parametrize("do", ["cancel:x", "cancel:99", "remove-item:{id}:99", "assign:x", "no:1"])
def test_made_up_address_is_answered_in_words(visit: Visit, paid: Subscription, do: str) -> None:
    test = visit("subscription", "sys_finance", subscription=paid.id, do=do.format(id=paid.id))
    assert not test.exception


def test_renewals_show_expected_amounts_and_what_is_short(
    office: Office, visit: Visit, paid: Subscription, plans: dict[str, Plan]
) -> None:
    a_subscription(office, a_tenant(office), plans["pro"], trial_days=14, collection="wallet")
    shown = words(visit("renewals", "cfo"))
    assert "Wallet short by EUR 199.00" in shown
    assert "1,086.25" in shown
    shown = words(visit("renewals", "cfo", outcome="coming"))
    assert "Wallet short by" not in shown
    assert "Nothing renews" in words(visit("renewals", "cfo", days="7"))


def test_usage_page_shows_limits_unlimited_days_and_charges(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    tenant = a_tenant(office)
    a_price(office, plans["starter"], per_unit("50"))
    a_subscription(office, tenant, plans["starter"])
    taken_in(office, an_event(office, tenant.id, "e1", quantity="410"))
    test = visit("usage", "cfo", tenant=tenant.id, meter="max_shipments")
    assert not test.exception
    shown = words(test)
    assert "410 of 500" in shown
    assert "90 left, resets with the period" in shown
    assert "20 Nov 2026 to 19 Dec 2026" in shown
    assert "205.00" in shown
    rich = a_tenant(office)
    a_subscription(office, rich, plans["enterprise"])
    assert "0, unlimited" in words(visit("usage", "cfo", tenant=rich.id))


def test_markup_in_a_name_stays_text(office: Office, visit: Visit, paid: Subscription) -> None:
    with office.work(JOB) as work:
        work.session.get_one(Tenant, paid.tenant_id).name = "<script>x</script>"
    for page in ("subscriptions", "renewals"):
        assert "<script>" not in words(visit(page, "billing"))
    assert "<script>" not in words(visit("subscription", "billing", subscription=paid.id))
    assert "<script>" not in words(visit("tenant", "billing", tenant=paid.tenant_id))


def test_history_names_saldo_where_no_person_acted(office: Office, paid: Subscription) -> None:
    (created,) = now(office, paid).history
    assert who(created) == "Saldo"


def test_a_limit_of_nothing_is_used_up() -> None:
    assert share(Decimal(0), 0) == 1
    assert share(Decimal(1), 4) == Decimal("0.25")


def test_the_file_is_in_the_order_of_the_page(
    office: Office, visit: Visit, plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    for plan in ("growth", "starter", "pro"):
        a_subscription(office, a_tenant(office), plans[plan])
    files: list[list[int]] = []
    monkeypatch.setattr(
        "pages.parts.tables.csv_button",
        lambda make, *_: files.append(make()["id"].to_list()),
    )
    for order in ("tenant", "started", "mrr"):
        visit("subscriptions", "billing", sort=order)
    with office.work(JOB) as work:
        expected = [
            [row.id for row in subscriptions(work, sort=sort, descending=down).rows]
            for sort, down in (("tenant", False), ("started", True), ("mrr", True))
        ]
    assert files == expected
    assert files[0] != files[2]
