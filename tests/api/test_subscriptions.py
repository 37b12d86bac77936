"""Subscriptions over HTTP: previewed, changed, listed, at both addresses of the sources."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.clock import SetClock
from core.plans.queries import plan_by_slug
from core.subscriptions.models import Subscription
from core.work import Office
from tests.api.conftest import Headers, Keys, People
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    pass_days,
    the_plans,
    wrong_books,
)
from tests.core.test_subscription_actions import _invoices

SYS = "/sys/subscriptions"
ADMIN = "/admin/billing/subscriptions"


@pytest.fixture
def subscription(office: Office) -> Subscription:
    """On growth, its first month paid."""
    made = a_subscription(office, a_tenant(office), the_plans(office)["growth"])
    a_charge(office, _invoices(office)[0])
    return made


@pytest.fixture
def finance(person: People) -> Headers:
    return person("sys_finance")


def plan_id(office: Office, slug: str) -> int:
    with office.work(JOB) as work:
        return plan_by_slug(work, slug).id


@pytest.mark.parametrize("address", [SYS, ADMIN])
def test_a_preview_shows_what_the_change_then_writes(
    office: Office,
    api: TestClient,
    person: People,
    subscription: Subscription,
    clock: SetClock,
    address: str,
) -> None:
    pass_days(clock, 10)
    finance = person("sys_finance")
    url = f"{address}/{subscription.id}/change-plan"
    body = {"plan_id": plan_id(office, "pro"), "version": subscription.version}
    seen = api.post(f"{url}/preview", json=body, headers=finance)
    assert seen.status_code == 200, seen.text
    (invoice,) = seen.json()["invoices"]
    # 20 of 30 days: 199.00 × 20/30 = 132.67 asked, 79.00 × 20/30 = 52.67 given back.
    assert (invoice["net_minor"], invoice["currency"]) == (13_267 - 5_267, "EUR")
    assert [seen.json()[side]["plan"] for side in ("before", "after")] == ["growth", "pro"]
    assert (
        sum(
            entry["debit_minor"] - entry["credit_minor"]
            for posting in seen.json()["postings"]
            for entry in posting["entries"]
        )
        == 0
    )
    assert len(_invoices(office)) == 1
    done = api.post(url, json={**body, "reason": WHY}, headers=finance)
    assert done.status_code == 200, done.text
    assert done.json()["version"] > subscription.version
    assert [written.net_minor for written in _invoices(office)][1:] == [8_000]
    late = api.post(url, json={**body, "reason": WHY}, headers=finance)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert wrong_books(office) == []


def changes(plan: int) -> dict[str, dict[str, Any]]:
    return {
        "change-plan": {"plan_id": plan},
        "pause": {"until": "2026-12-01"},
        "cancel": {"reason_code": "too_expensive", "mode": "now"},
        "auto-renew": {"auto_renew": False},
        "items": {"name": "Extra scanner", "unit_minor": 500, "quantity": 2},
    }


@pytest.mark.parametrize("verb", list(changes(0)))
def test_each_change_needs_finance_freshly_signed_in_with_a_reason_and_runs_once(
    office: Office,
    api: TestClient,
    program: Keys,
    person: People,
    finance: Headers,
    subscription: Subscription,
    verb: str,
) -> None:
    body = changes(plan_id(office, "pro"))[verb]
    url, full = f"{SYS}/{subscription.id}/{verb}", {**body, "reason": WHY}
    for role in ("admin", "billing", "cfo", "onboarding", "operator"):
        for address in (url, f"{url}/preview"):
            refused = api.post(address, json=full, headers=person(role))
            assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    for headers in (program("sys_finance"), person("sys_finance", fresh=False)):
        assert api.post(f"{url}/preview", json=body, headers=headers).status_code == 200
        stale = api.post(url, json=full, headers=headers)
        assert (stale.status_code, stale.json()["code"]) == (403, "fresh_auth_needed")
    brief = api.post(url, json=body, headers=finance)
    assert (brief.status_code, brief.json()["code"]) == (400, "reason_needed")
    keyed = {**finance, "idempotency-key": f"once-{verb}"}
    first, again = (api.post(url, json=full, headers=keyed) for _ in range(2))
    assert first.status_code == (201 if verb == "items" else 200), first.text
    assert first.json() == again.json()
    assert api.post(f"{SYS}/999999/{verb}", json=full, headers=finance).status_code == 404


def test_a_trial_is_extended_by_30_days_at_most(
    office: Office, api: TestClient, finance: Headers
) -> None:
    made = a_subscription(office, a_tenant(office), the_plans(office)["growth"], trial_days=14)
    url = f"{SYS}/{made.id}/extend-trial"
    longer = api.post(url, json={"days": 30, "reason": WHY}, headers=finance)
    assert longer.json()["trial_ends_on"] == "2027-01-03"
    more = api.post(url, json={"days": 1, "reason": WHY}, headers=finance)
    assert (more.status_code, more.json()["code"]) == (400, "bad_input")


def test_a_pause_ends_early_and_an_item_is_taken_off(
    api: TestClient, finance: Headers, subscription: Subscription, office: Office
) -> None:
    url = f"{SYS}/{subscription.id}"
    item = {"name": "Extra scanner", "unit_minor": 500, "reason": WHY}
    added = api.post(f"{url}/items", json=item, headers=finance).json()
    remove = f"{SYS}/items/{added['id']}/remove"
    assert api.post(f"{remove}/preview", json={}, headers=finance).status_code == 200
    removed = api.post(remove, json={"reason": WHY}, headers=finance)
    assert removed.json()["removed_on"] == "2026-11-20"
    paused = api.post(f"{url}/pause", json={"until": "2026-12-01", "reason": WHY}, headers=finance)
    assert paused.json()["status"] == "paused"
    assert api.post(f"{url}/resume/preview", json={}, headers=finance).status_code == 200
    resumed = api.post(f"{url}/resume", json={"reason": WHY}, headers=finance)
    assert resumed.json()["status"] == "active"
    assert wrong_books(office) == []


def test_a_subscription_is_previewed_and_assigned_by_an_admin_or_a_program(
    office: Office, api: TestClient, program: Keys, person: People
) -> None:
    the_plans(office)
    body = {
        "tenant_id": a_tenant(office).id,
        "plan_id": plan_id(office, "starter"),
        "cycle": "annual",
        "collection": "send_invoice",
    }
    manager = program("saas.subscriptions.manage")
    seen = api.post(f"{SYS}/preview", json=body, headers=manager).json()
    assert [invoice["net_minor"] for invoice in seen["invoices"]] == [27_840]
    assert _invoices(office) == []
    assert api.post(ADMIN, json=body, headers=person("cfo")).status_code == 403
    made = api.post(ADMIN, json=body, headers=person("admin"))
    assert (made.status_code, made.json()["status"]) == (201, "active")
    second = api.post(SYS, json=body, headers=manager)
    assert (second.status_code, second.json()["code"]) == (409, "not_now")
    odd = {**body, "cycle": "daily"}
    assert api.post(SYS, json=odd, headers=manager).status_code == 422


def test_how_it_is_collected_is_chosen_by_who_manages_subscriptions(
    api: TestClient, program: Keys, subscription: Subscription
) -> None:
    url = f"{SYS}/{subscription.id}/collection"
    body = {"collection": "send_invoice"}
    assert api.post(url, json=body, headers=program("billing.read")).status_code == 403
    changed = api.post(url, json=body, headers=program("saas.subscriptions.manage"))
    assert changed.json()["collection"] == "send_invoice"


def test_a_status_is_set_along_the_allowed_moves(
    api: TestClient, program: Keys, finance: Headers, subscription: Subscription
) -> None:
    url = f"/subscriptions/{subscription.id}/status"
    manager = program("saas.subscriptions.manage")
    assert (
        api.post(
            url, json={"status": "suspended", "reason": WHY}, headers=program("billing.read")
        ).status_code
        == 403
    )
    suspended = api.post(url, json={"status": "suspended", "reason": WHY}, headers=manager)
    assert suspended.json()["status"] == "suspended"
    wrong = api.post(url, json={"status": "past_due", "reason": WHY}, headers=manager)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_now")
    end = {"status": "cancelled", "reason": WHY}
    assert api.post(url, json=end, headers=manager).status_code == 403
    ended = api.post(url, json=end, headers=finance)
    assert (ended.json()["status"], ended.json()["ended_on"]) == ("cancelled", "2026-11-20")
    assert (
        api.post(url, json={"status": "paused", "reason": WHY}, headers=manager).status_code == 422
    )


def test_the_list_is_filtered_and_paged_in_sql(
    office: Office, api: TestClient, program: Keys
) -> None:
    plans = the_plans(office)
    for slug in ("starter", "growth", "growth"):
        a_subscription(office, a_tenant(office), plans[slug])
    headers = program("billing.read")
    pages = [
        api.get(f"{SYS}?limit=2&offset={offset}&sort=plan", headers=headers).json()
        for offset in (0, 2)
    ]
    assert [page["count"] for page in pages] == [3, 3]
    assert [row["plan"] for page in pages for row in page["rows"]] == [
        "starter",
        "growth",
        "growth",
    ]
    assert pages[0]["by_status"] == {"active": 3}
    assert api.get(f"{ADMIN}?plan=growth&status=active", headers=headers).json()["count"] == 2
    assert api.get(f"{SYS}?status=paused", headers=headers).json()["count"] == 0
    a_subscription(office, a_tenant(office, "SE", "SEK"), plans["pro"])
    for address in (SYS, ADMIN):
        swedish = api.get(f"{address}?country=SE", headers=headers).json()
        assert [row["plan"] for row in swedish["rows"]] == ["pro"]
    assert api.get(f"{SYS}?renews_until=2026-12-19", headers=headers).json()["count"] == 0
    for wrong in (
        "limit=501", "status=odd", "sort=random", "renews_from=soon", "tenant_id=0", "country=se",
    ):  # fmt: skip
        assert api.get(f"{SYS}?{wrong}", headers=headers).status_code == 422


def test_one_subscription_comes_with_its_history_items_and_documents(
    api: TestClient, program: Keys, finance: Headers, subscription: Subscription
) -> None:
    url = f"{SYS}/{subscription.id}"
    item = {"name": "Extra scanner", "unit_minor": 500, "quantity": 2, "reason": WHY}
    api.post(f"{url}/items", json=item, headers=finance)
    found = api.get(url, headers=program("billing.read")).json()
    assert found["subscription"]["total_minor"] == 7_900 + 1_000
    assert [change["kind"] for change in found["history"]] == ["item_added", "created"]
    assert found["history"][0]["reason"] == WHY
    assert [(row["name"], row["cycle_minor"]) for row in found["items"]] == [
        ("Extra scanner", 1_000)
    ]
    assert sorted(row["net_minor"] for row in found["documents"]) == [1_000, 7_900]
    assert (found["usage"]["plan"], found["cancellation"]) == ("growth", None)
    assert api.get(f"{SYS}/999999", headers=finance).status_code == 404
    assert api.get(url, headers=program("saas.plans.manage")).status_code == 403


def test_a_tenants_caller_sees_its_own_subscription_and_changes_none(
    office: Office, api: TestClient, program: Keys, person: People, subscription: Subscription
) -> None:
    other = a_tenant(office)
    for headers in (
        program("org.billing.read", "org.billing.manage", tenant_id=other.id),
        person("org_admin", tenant_id=other.id),
    ):
        assert api.get(SYS, headers=headers).json()["count"] == 0
        asked = api.get(f"{SYS}?tenant_id={subscription.tenant_id}", headers=headers)
        assert asked.json()["count"] == 0
        body = {"status": "suspended", "reason": WHY}
        tried = api.post(f"/subscriptions/{subscription.id}/status", json=body, headers=headers)
        assert tried.status_code == 403
        assert api.get(f"{SYS}/{subscription.id}", headers=headers).status_code == 404
    own = program("org.billing.read", tenant_id=subscription.tenant_id)
    assert api.get(f"{SYS}/{subscription.id}", headers=own).status_code == 200
    assert [row["id"] for row in api.get(SYS, headers=own).json()["rows"]] == [subscription.id]


def test_the_dearest_item_is_billed_and_a_dearer_one_refused(
    api: TestClient, finance: Headers, subscription: Subscription
) -> None:
    url = f"{SYS}/{subscription.id}/items"
    dearest = {"name": "Gold", "unit_minor": 10**10, "quantity": 100_000, "reason": WHY}
    assert api.post(url, json=dearest, headers=finance).status_code == 201
    for dearer in ({"unit_minor": 10**10 + 1}, {"quantity": 100_001}):
        assert api.post(url, json={**dearest, **dearer}, headers=finance).status_code == 422
