"""The renewals window over HTTP: the page's rows, filter and totals, at both addresses."""

import pytest
from starlette.testclient import TestClient

from core.tenants.models import Tenant
from core.work import Office
from tests.api.conftest import Keys
from tests.billing import a_subscription, a_tenant, the_plans

SYS = "/sys/subscriptions/renewals"


@pytest.fixture
def tenants(office: Office) -> tuple[Tenant, Tenant]:
    """One whose card is charged, and one whose empty wallet cannot pay; both today for a month."""
    plans = the_plans(office)
    first, second = a_tenant(office), a_tenant(office)
    a_subscription(office, first, plans["growth"])
    a_subscription(office, second, plans["starter"], trial_days=10, collection="wallet")
    return first, second


@pytest.mark.parametrize("address", [SYS, "/admin/billing/subscriptions/renewals"])
def test_the_window_has_rows_and_totals(
    api: TestClient, program: Keys, tenants: tuple[Tenant, Tenant], address: str
) -> None:
    headers = program("billing.read")
    found = api.get(f"{address}?days=31", headers=headers).json()
    assert (found["since"], found["until"], found["count"]) == ("2026-11-20", "2026-12-21", 2)
    assert [row["tenant_id"] for row in found["rows"]] == [tenants[1].id, tenants[0].id]
    short, coming = found["rows"]
    # Starter costs 29.00 and growth 79.00 a month; the tenant accounts for the tax in Germany.
    assert (short["outcome"], short["expected_minor"], short["short_minor"]) == (
        "short",
        2_900,
        2_900,
    )
    assert (short["wallet_minor"], coming["wallet_minor"]) == (0, None)
    assert (coming["outcome"], coming["expected_minor"]) == ("renews", 7_900)
    assert coming["renews_on"] == "2026-12-20"
    assert found["totals"] == [
        {
            "currency": "EUR",
            "renewals": 1,
            "coming_minor": 7_900,
            "short": 1,
            "short_minor": 2_900,
        }
    ]
    nearer = api.get(f"{address}?days=10", headers=headers).json()
    assert [row["subscription_id"] for row in nearer["rows"]] == [short["subscription_id"]]


def test_rows_are_narrowed_and_paged_totals_are_not(
    api: TestClient, program: Keys, tenants: tuple[Tenant, Tenant]
) -> None:
    headers = program("saas.subscriptions.manage")
    for outcome, tenant in (("coming", tenants[0]), ("not", tenants[1])):
        found = api.get(f"{SYS}?days=31&outcome={outcome}", headers=headers).json()
        assert (found["count"], found["rows"][0]["tenant_id"]) == (1, tenant.id)
        assert (found["totals"][0]["renewals"], found["totals"][0]["short"]) == (1, 1)
    paged = api.get(f"{SYS}?days=31&limit=1&offset=1", headers=headers).json()
    assert (paged["count"], [row["tenant_id"] for row in paged["rows"]]) == (2, [tenants[0].id])


def test_a_tenants_key_sees_its_own_renewal_alone(
    api: TestClient, program: Keys, tenants: tuple[Tenant, Tenant]
) -> None:
    first, second = tenants
    own = program("org.billing.read", tenant_id=first.id)
    found = api.get(f"{SYS}?days=31", headers=own).json()
    assert (found["count"], found["rows"][0]["tenant_id"]) == (1, first.id)
    assert found["totals"][0]["short"] == 0
    other = api.get(f"{SYS}?tenant_id={second.id}", headers=own)
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


def test_a_window_has_an_end_and_a_reader(api: TestClient, program: Keys) -> None:
    headers = program("billing.read")
    for query in ("days=-1", "days=401", "outcome=perhaps", "limit=0"):
        assert api.get(f"{SYS}?{query}", headers=headers).status_code == 422
    assert api.get(SYS, headers=program("analytics.read")).status_code == 403
    assert api.get("/sys/subscriptions/999", headers=headers).status_code == 404
