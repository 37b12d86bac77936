"""What a tenant may do now, and asking again by ETag (USE.4)."""

from datetime import date

import pytest
from starlette.testclient import TestClient

from core.access.decision import decide
from core.clock import SetClock
from core.subscriptions.models import STATUSES, Subscription
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import JOB, a_subscription, a_tenant, the_plans


@pytest.mark.parametrize("status", ["none", *STATUSES])
def test_every_status_reads_and_only_some_write(status: str) -> None:
    found = decide(1, status)
    assert found.reads
    assert found.writes == (status in ("none", "trial", "active", "past_due", "grace_period"))
    assert (found.warning is None) == (status in ("none", "trial", "active"))


def test_throttling_halves_limits_and_leaves_writes() -> None:
    limits = {"max_users": 5, "storage_gb": -1, "api_calls_daily": 0}
    found = decide(1, "past_due", limits=limits, throttled=True)
    assert found.writes
    assert found.throttled
    assert found.limits == {"max_users": 3, "storage_gb": -1, "api_calls_daily": 0}
    assert not decide(1, "suspended", limits=limits, throttled=True).throttled


def test_an_active_tenant_has_its_plans_limits_until_its_period_ends(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["growth"])
    headers = program("org.billing.read", tenant_id=tenant.id)
    answer = api.get(f"/v1/tenants/{tenant.id}/access", headers=headers)
    assert answer.json() == {
        "tenant_id": tenant.id,
        "status": "active",
        "reads": True,
        "writes": True,
        "throttled": False,
        "warning": None,
        "until": "2026-12-20",
        "plan": "growth",
        "limits": {
            "api_calls_daily": 5_000,
            "max_branches": 5,
            "max_shipments": 2_000,
            "max_users": 15,
            "storage_gb": 20,
        },
    }


def test_a_tenant_that_chose_nothing_has_the_default_plan(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant = a_tenant(office)
    headers = program("billing.read")
    bare = api.get(f"/v1/tenants/{tenant.id}/access", headers=headers).json()
    assert (bare["status"], bare["writes"], bare["plan"], bare["limits"]) == (
        "none",
        True,
        None,
        {},
    )
    the_plans(office)
    free = api.get(f"/v1/tenants/{tenant.id}/access", headers=headers).json()
    assert (free["plan"], free["limits"]["max_users"]) == ("free", 2)


def test_after_a_cancellation_a_tenant_reads_until_it_subscribes_again(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    old = a_subscription(office, tenant, plans["pro"])
    with office.work(JOB) as work:
        gone = work.session.get_one(Subscription, old.id)
        gone.status, gone.ended_on = "cancelled", date(2026, 11, 20)
    headers = program("billing.read")
    lapsed = api.get(f"/v1/tenants/{tenant.id}/access", headers=headers).json()
    assert (lapsed["status"], lapsed["reads"], lapsed["writes"]) == ("cancelled", True, False)
    assert lapsed["plan"] == "free"
    a_subscription(office, tenant, plans["starter"])
    back = api.get(f"/v1/tenants/{tenant.id}/access", headers=headers).json()
    assert (back["status"], back["writes"], back["plan"]) == ("active", True, "starter")


def test_what_has_not_changed_is_not_sent_again(
    office: Office, api: TestClient, program: Keys, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["growth"])
    url, headers = f"/v1/tenants/{tenant.id}/access", program("billing.read")
    first = api.get(url, headers=headers)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert first.headers["cache-control"] == "private, max-age=30"
    for given in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = api.get(url, headers={**headers, "if-none-match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    with office.work(JOB) as work:
        work.session.get_one(Subscription, subscription.id).status = "suspended"
    changed = api.get(url, headers={**headers, "if-none-match": etag})
    assert changed.status_code == 200
    assert not changed.json()["writes"]


def test_a_tenant_asks_about_itself_only(
    office: Office, api: TestClient, program: Keys, person: People
) -> None:
    mine, other = a_tenant(office), a_tenant(office)
    callers = (
        program("org.billing.read", tenant_id=mine.id),
        person("org_user", tenant_id=mine.id),
    )
    for headers in callers:
        assert api.get(f"/v1/tenants/{mine.id}/access", headers=headers).status_code == 200
        for tenant_id in (other.id, 999_999):
            refused = api.get(f"/v1/tenants/{tenant_id}/access", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_who_may_ask_about_all_is_told_of_unknown_ones(api: TestClient, program: Keys) -> None:
    headers = program("billing.read")
    for tenant_id in (999_999, 2**63 - 1):
        assert api.get(f"/v1/tenants/{tenant_id}/access", headers=headers).status_code == 404
    for impossible in (0, -1, 2**63, "x"):
        refused = api.get(f"/v1/tenants/{impossible}/access", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")
