"""The catalogue and the wallets over HTTP: who may, what is answered, what is refused."""

import pytest
from starlette.testclient import TestClient

from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY, a_tenant, the_plans, wrong_books

PLANS = "/admin/billing/plans"
WALLETS = "/admin/billing/wallets"
CREDIT = {"amount_minor": 5_000, "reason": WHY}


def test_the_pricing_page_needs_nobody_signed_in(office: Office, api: TestClient) -> None:
    the_plans(office)
    found = api.get("/v1/plans?currency=SEK")
    assert found.headers["cache-control"] == "public, max-age=60"
    growth = next(each for each in found.json()["offers"] if each["slug"] == "growth")
    assert growth["facts"]["is_recommended"]
    assert growth["facts"]["flags"] == ["api_access"]
    # 869.00 a month; a year is 12 × 869.00 less 20 % = 8 342.40, which is 695.20 a month.
    assert growth["quotes"]["annual"] == {
        "amount_minor": 834_240,
        "monthly_minor": 69_520,
        "saved_percent": 20,
    }


def test_a_plan_is_created_edited_priced_and_switched_off(api: TestClient, program: Keys) -> None:
    headers = program("saas.plans.manage")
    facts = {"name": "Tiny", "limits": {"max_users": 1}}
    price = {"cycle": "monthly", "currency": "EUR", "amount_minor": 900}
    made = api.post(PLANS, json={**facts, "slug": "tiny", "prices": [price]}, headers=headers)
    assert made.status_code == 201, made.text
    url = f"{PLANS}/{made.json()['id']}"
    edit = {"before": facts, "after": {**facts, "name": "Small", "flags": ["api_access"]}}
    assert api.put(url, json=edit, headers=headers).json()["name"] == "Small"
    late = api.put(url, json=edit, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    raised = {**price, "amount_minor": 1_100, "valid_from": "2026-12-01"}
    assert api.post(f"{url}/prices", json=raised, headers=headers).json()["version"] == 2
    past = {**price, "valid_from": "2026-01-01"}
    assert api.post(f"{url}/prices", json=past, headers=headers).status_code == 400
    off = api.post(f"{url}/toggle", json={"is_active": False}, headers=headers)
    assert not off.json()["is_active"]
    found = api.get(url, headers=headers).json()
    assert (found["facts"]["flags"], len(found["prices"])) == (["api_access"], 2)
    assert api.get(f"{PLANS}?active_only=true", headers=headers).json()["count"] == 0
    assert api.get("/v1/plans").json()["offers"] == []
    assert api.get(f"{PLANS}/999", headers=headers).status_code == 404


def test_a_taken_slug_is_refused_in_words(office: Office, api: TestClient, program: Keys) -> None:
    the_plans(office)
    body = {"slug": "pro", "name": "Another", "prices": []}
    refused = api.post(PLANS, json=body, headers=program("saas.plans.manage"))
    assert refused.status_code == 400
    assert refused.json() == {"error": "There is already a plan pro", "code": "bad_input"}


def test_a_wallet_is_credited_debited_and_shown(
    office: Office, api: TestClient, person: People
) -> None:
    tenant, headers = a_tenant(office), person("admin")
    url = f"{WALLETS}/{tenant.id}"
    key = {"idempotency-key": "credit-0001"}
    moved = [
        api.post(f"{url}/credit", json=CREDIT, headers={**headers, **key}).json() for _ in range(2)
    ]
    assert moved[0] == moved[1]
    assert moved[0]["currency"] == "EUR"
    api.post(f"{url}/credit", json={**CREDIT, "promotional": True}, headers=headers)
    too_much = {"amount_minor": 6_000, "reason": WHY}
    short = api.post(f"{url}/debit", json=too_much, headers=headers)
    assert (short.status_code, short.json()["code"]) == (409, "insufficient_balance")
    below = api.post(f"{url}/debit", json={**too_much, "overdraw": True}, headers=headers)
    assert below.json()["balance_after_minor"] == 4_000
    shown = api.get(f"{url}?limit=1", headers=headers).json()
    assert (shown["count"], [row["amount_minor"] for row in shown["rows"]]) == (3, [-6_000])
    assert shown["wallets"][0]["balance_minor"] == -1_000
    assert wrong_books(office) == []


def test_wallets_are_listed_by_page(office: Office, api: TestClient, person: People) -> None:
    headers = person("admin")
    for _ in range(3):
        url = f"{WALLETS}/{a_tenant(office).id}/credit"
        assert api.post(url, json=CREDIT, headers=headers).status_code == 201
    pages = [
        api.get(f"{WALLETS}?limit=2&offset={offset}", headers=headers).json() for offset in (0, 2)
    ]
    assert [page["count"] for page in pages] == [3, 3]
    assert len({row["tenant_id"] for page in pages for row in page["rows"]}) == 3
    assert api.get(f"{WALLETS}?search=nobody", headers=headers).json()["count"] == 0
    for wrong in ("limit=0", "limit=501", "offset=-1", "sort=random", "currency=euro"):
        assert api.get(f"{WALLETS}?{wrong}", headers=headers).status_code == 422


@pytest.mark.parametrize("verb", ["credit", "debit"])
def test_moving_money_needs_a_person_freshly_signed_in_and_a_reason(
    office: Office, api: TestClient, person: People, program: Keys, verb: str
) -> None:
    url = f"{WALLETS}/{a_tenant(office).id}/{verb}"
    for headers in (person("admin", fresh=False), program("saas.wallets.manage")):
        stale = api.post(url, json=CREDIT, headers=headers)
        assert (stale.status_code, stale.json()["code"]) == (403, "fresh_auth_needed")
    brief = api.post(url, json={**CREDIT, "reason": "because"}, headers=person("admin"))
    assert (brief.status_code, brief.json()["code"]) == (400, "reason_needed")
    for amount in (0, -1, 1.5, "5000", 10**16):
        odd = api.post(url, json={**CREDIT, "amount_minor": amount}, headers=person("admin"))
        assert odd.status_code == 422


def test_a_tenants_people_see_their_own_wallet_only(
    office: Office, api: TestClient, person: People
) -> None:
    mine, other = a_tenant(office), a_tenant(office)
    headers = person("org_admin", tenant_id=mine.id)
    assert api.get(f"{WALLETS}/{mine.id}", headers=headers).status_code == 200
    assert api.get(f"{WALLETS}/{other.id}", headers=headers).status_code == 404
    assert api.get(WALLETS, headers=headers).status_code == 403
    own = api.post(f"{WALLETS}/{mine.id}/credit", json=CREDIT, headers=headers)
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")


def test_a_recharge_by_bank_is_recorded_once_for_its_reference(
    office: Office, api: TestClient, person: People
) -> None:
    tenant, headers = a_tenant(office), person("admin")
    body = {"amount_minor": 5_000, "reference_id": "BG 5050-1055", "reason": WHY}
    for address in ("/sys/wallets", WALLETS):
        moved = api.post(f"{address}/{tenant.id}/recharge", json=body, headers=headers)
        assert moved.status_code == 201, moved.text
        assert (moved.json()["gateway"], moved.json()["balance_after_minor"]) == ("manual", 5_000)
    other = api.post(
        f"{WALLETS}/{tenant.id}/recharge", json={**body, "amount_minor": 1}, headers=headers
    )
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    gateway = api.post(
        f"{WALLETS}/{tenant.id}/recharge", json={**body, "gateway": "stripe"}, headers=headers
    )
    assert gateway.status_code == 422
    assert wrong_books(office) == []
