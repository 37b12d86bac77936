"""Tenants, meters and API keys as pages: what is shown, what their dialogs write."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.access.keys import keys
from core.tenants.queries import tenants
from core.usage.actions import create_meter
from core.usage.sheets import price_rows
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting
from tests.pages.administering import Visit, confirm, events, press, visitor, words

Pages = Callable[[str], Visit]


@pytest.fixture
def page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Pages:
    return lambda name: visitor(office, monkeypatch, name)


def test_tenants_are_listed_and_found(office: Office, page: Pages) -> None:
    plans, tenant = the_plans(office), a_tenant(office)
    a_subscription(office, tenant, plans["growth"])
    shown = words(page("billing/tenants.py")("billing"))
    assert "Rheinfeld GmbH" in shown
    assert "Germany" in shown
    assert f"/tenant?tenant={tenant.id}" in shown
    none = page("billing/tenants.py")("billing", state="none")
    assert "No tenant fits" in words(none)
    assert all(button.label != "New tenant…" for button in none.button)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("billing/tenants.py", "Make the first with “New tenant…”"),
        ("billing/tenant.py", "They are made under “Tenants”"),
        ("billing/usage.py", "They are made under “Tenants”"),
        ("billing/subscriptions.py", "A tenant gets one on its page"),
        ("receivables/invoices.py", "Write the first one"),
        ("receivables/payments.py", "bring them by themselves"),
        ("receivables/credit_notes.py", "Write one with"),
        ("receivables/disputes.py", "by themselves"),
    ],
)
def test_a_company_that_begins_is_told_how_the_first_one_comes(
    page: Pages, name: str, told: str
) -> None:
    test = page(name)("super_admin")
    assert not test.exception
    shown = words(test)
    assert "There is no " in shown
    assert " yet</h2>" in shown
    assert told in shown
    assert "lear a filter" not in shown


@pytest.mark.parametrize(
    "name",
    [
        "billing/tenants.py",
        "receivables/invoices.py",
        "receivables/payments.py",
        "receivables/credit_notes.py",
    ],
)
def test_who_only_reads_is_not_sent_to_a_button_that_is_not_there(page: Pages, name: str) -> None:
    test = page(name)("cfo")
    shown = words(test)
    assert "There is no " in shown
    assert "…”" not in shown


def test_a_tenant_is_added_once_and_its_problems_are_said(office: Office, page: Pages) -> None:
    test = page("billing/tenants.py")("admin")
    press(test, "new-tenant-new")
    test.text_input(key="new-tenant-name").set_value("Fjord AB")
    test.text_input(key="new-tenant-country").set_value("sweden"[:2]).run()
    test.text_input(key="new-tenant-country").set_value("s1").run()
    press(test, "confirm-do")
    assert "is not an ISO 3166 country" in words(test)
    test.text_input(key="new-tenant-country").set_value("se").run()
    press(test, "confirm-do")
    assert not test.exception
    assert "Fjord AB is tenant" in words(test)
    with office.work(JOB) as work:
        (row,) = tenants(work).rows
    assert (row.name, row.country, row.currency) == ("Fjord AB", "SE", "EUR")


def test_a_meter_is_added_and_priced_in_tiers(office: Office, page: Pages) -> None:
    growth = the_plans(office)["growth"]
    test = page("billing/meters.py")("admin", do="meter:new")
    test.text_input(key="meter-name").set_value("labels_printed").run()
    assert "call it <b>Labels printed</b>" in words(test)
    press(test, "confirm-do")
    assert not test.exception
    test = page("billing/meters.py")("admin", plan=str(growth.id), do=f"usage-price:{growth.id}")
    form = f"usage-price-{growth.id}"
    assert "Give a price to see what it means" in words(test)
    test.selectbox(key=f"{form}-meter").set_value("labels_printed").run()
    test.radio(key=f"{form}-model").set_value("graduated").run()
    test.text_input(key=f"{form}-end-1").set_value("1000")
    test.text_input(key=f"{form}-unit-1").set_value("0.05")
    test.text_input(key=f"{form}-unit-2").set_value("0.0125").run()
    assert "New: <b>0.05 up to 1,000, then 0.0125</b>" in words(test)
    assert "162.50" in words(test)  # 1,000 at 0.05 and 9,000 at 0.0125
    press(test, "confirm-do")
    assert not test.exception
    with office.work(JOB) as work:
        (row,) = price_rows(work, growth.id)
    assert [tier.unit_minor for tier in row.pricing.tiers] == [Decimal(5), Decimal("1.25")]
    assert "Labels printed has a new price in Growth" in words(test)


def test_a_price_that_is_none_writes_nothing(office: Office, page: Pages) -> None:
    growth = the_plans(office)["growth"]
    with office.work(acting(office, a_user(office, "admin"))) as work:
        create_meter(work, "labels_printed", "sum")
    test = page("billing/meters.py")("admin", plan=str(growth.id), do=f"usage-price:{growth.id}")
    press(test, "confirm-do")
    assert "Give the price of a unit" in words(test)
    test.text_input(key=f"usage-price-{growth.id}-unit-1").set_value("free").run()
    press(test, "confirm-do")
    assert "The unit price of tier 1: &#x27;free&#x27; is not a number" in words(test)
    assert events(office, "saas.plan.usage_priced") == []


def test_a_keys_token_is_seen_once_and_the_key_revoked(office: Office, page: Pages) -> None:
    tenant = a_tenant(office)
    test = page("admin/api_keys.py")("super_admin")
    assert "There is no API key" in words(test)
    press(test, "new-key-key")
    test.text_input(key="new-key-name").set_value("Web shop")
    test.selectbox(key="new-key-tenant").set_value(tenant.id).run()
    test.multiselect(key="new-key-may-tenant").set_value(["org.billing.read"]).run()
    confirm(test)
    assert not test.exception
    (shown,) = test.code
    assert shown.value.startswith("sk_saldo_")
    press(test, "token-kept")
    assert len(test.code) == 0
    with office.work(JOB) as work:
        (row,) = keys(work).rows
    assert (row.tenant_id, row.permissions) == (tenant.id, ("org.billing.read",))
    press(test, f"revoke-key-{row.id}")
    confirm(test)
    assert "revoked" in words(test)
    assert [event["reason"] for event in events(office, "access.api_key.revoked")] == [WHY]
