"""The own organisation over HTTP: its subscription, its invoices, the switch, and disputes."""

import pytest
from starlette.testclient import TestClient

from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import a_subscription, a_tenant, an_invoice, the_plans
from tests.core.test_dispute_listing import a_dispute

READS, MANAGES = "org.billing.read", "org.billing.manage"


def test_a_tenants_program_reads_its_subscription(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"])
    found = api.get("/my-billing/subscription", headers=program(READS, tenant_id=tenant.id)).json()
    assert found["detail"]["subscription"]["id"] == subscription.id
    assert found["detail"]["usage"]["plan"] == "growth"
    assert found["renewal"]["outcome"] == "renews"


def test_an_organisation_without_a_subscription_is_told_so(
    office: Office, api: TestClient, program: Keys
) -> None:
    asked = program(READS, tenant_id=a_tenant(office).id)
    answer = api.get("/my-billing/subscription", headers=asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_renewing_is_switched_by_the_organisation(
    office: Office, api: TestClient, person: People
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"])
    headers = person("org_admin", fresh=False, tenant_id=tenant.id)
    headers |= {"x-saldo-request": "1"}
    body = {"subscription_id": subscription.id, "auto_renew": False}
    off = api.post("/my-billing/auto-renew", json=body, headers=headers)
    assert (off.status_code, off.json()["auto_renew"]) == (200, False), off.text
    again = api.post("/my-billing/auto-renew", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "not_now")


@pytest.mark.parametrize(("permissions", "status"), [((READS,), 403), ((READS, MANAGES), 404)])
def test_anothers_subscription_is_not_switched(
    office: Office, api: TestClient, program: Keys, permissions: tuple[str, ...], status: int
) -> None:
    theirs = a_subscription(office, a_tenant(office), the_plans(office)["growth"])
    headers = program(*permissions, tenant_id=a_tenant(office).id)
    body = {"subscription_id": theirs.id, "auto_renew": False}
    assert api.post("/my-billing/auto-renew", json=body, headers=headers).status_code == status


def test_own_invoices_are_listed_and_nobody_elses(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant = a_tenant(office)
    mine = an_invoice(office, tenant)
    an_invoice(office, a_tenant(office))
    headers = program(READS, tenant_id=tenant.id)
    page = api.get("/my-billing/invoices", headers=headers).json()
    assert (page["count"], [row["id"] for row in page["rows"]]) == (1, [mine.id])
    assert api.get("/my-billing/invoices?status=paid", headers=headers).json()["count"] == 0
    assert api.get("/my-billing/invoices?status=draft", headers=headers).status_code == 422


def test_disputes_are_listed_with_their_postings(
    office: Office, api: TestClient, program: Keys
) -> None:
    opened = a_dispute(office)
    headers = program("billing.read")
    page = api.get("/sys/payments/disputes?status=needs_response", headers=headers).json()
    assert [row["id"] for row in page["rows"]] == [opened.id]
    one = api.get(f"/admin/billing/payments/disputes/{opened.id}", headers=headers).json()
    assert {entry["event"] for entry in one["entries"]} == {"dispute_opened"}
    own = program(READS, tenant_id=opened.tenant_id)
    assert api.get(f"/sys/payments/disputes/{opened.id}", headers=own).json()["entries"] == []
    stranger = program(READS, tenant_id=a_tenant(office).id)
    gone = api.get(f"/sys/payments/disputes/{opened.id}", headers=stranger)
    assert gone.status_code == 404
