"""Dunning over HTTP: the queue, a tenant's cases, steps by people and programs."""

from starlette.testclient import TestClient

from core.clock import SetClock
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY, a_tenant
from tests.dunning import an_unpaid, live, status_of, the_case, told

SUSPEND = {"after_days": 14, "effect": "suspend"}


def test_a_tenants_dunning_is_read_overridden_and_resumed(
    office: Office, api: TestClient, person: People, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    live(office, clock, [3])
    finance, url = person("sys_finance"), f"/sys/tenants/{tenant.id}/dunning"
    (case,) = api.get(url, headers=finance).json()["cases"]
    assert (case["stage"], case["restriction"], case["next_effect"], case["days_overdue"]) == (
        "restricted",
        "throttle",
        "remind",
        3,
    )
    body = {"override_path": "freeze", "override_until": "2027-02-01", "reason": WHY}
    frozen = api.post(f"{url}/override", json=body, headers=finance)
    assert frozen.status_code == 200, frozen.text
    assert frozen.json()["cases"][0]["override_path"] == "freeze"
    assert the_case(office).override_path == "freeze"
    own = {
        "override_path": "custom",
        "override_custom_stages": [{"after_days": 30, "effect": "suspend"}],
        "case_id": case["id"],
        "version": case["version"],
        "reason": WHY,
    }
    late = api.post(f"{url}/override", json=own, headers=finance)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    del own["version"]
    custom = api.post(f"{url}/override", json=own, headers=finance)
    assert custom.json()["cases"][0]["next_on"] == "2027-01-19"
    assert the_case(office).override_custom_stages == [
        {"after_days": 30, "effect": "suspend", "template": "suspended"}
    ]
    back = api.post(f"{url}/resume", json={"reason": WHY}, headers=finance)
    assert back.json()["cases"][0]["override_path"] is None
    stale = person("sys_finance", fresh=False)
    assert api.post(f"{url}/resume", json={"reason": WHY}, headers=stale).status_code == 403
    nothing = api.post(f"{url}/resume", json={"reason": WHY}, headers=person("sys_finance"))
    assert nothing.status_code == 404
    assert api.get("/sys/tenants/999/dunning", headers=finance).status_code == 404


def test_billing_reminds_and_suspends_at_both_addresses(
    office: Office, api: TestClient, person: People, clock: SetClock
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [1])
    billing, number = person("billing", fresh=False), the_case(office).id
    keyed = {**billing, "idempotency-key": "reminder-1"}
    for _ in range(2):
        done = api.post(f"/dunning/{number}/remind", json={}, headers=keyed)
        assert (done.status_code, done.json()["position"]) == (200, 2), done.text
    again = api.post(f"/billing/dunning/{number}/remind", json={}, headers=billing)
    assert (again.json()["position"], again.json()["restriction"]) == (3, "throttle")
    short = api.post(f"/dunning/{number}/suspend", json={"reason": "short"}, headers=billing)
    assert (short.status_code, short.json()["code"]) == (400, "reason_needed")
    done = api.post(f"/billing/dunning/{number}/suspend", json={"reason": WHY}, headers=billing)
    assert (done.status_code, done.json()["status"]) == (200, "suspended")
    assert status_of(office, subscription) == "suspended"
    assert told(office, "tenant.suspended") == ["tenant.suspended"]
    twice = api.post(f"/dunning/{number}/suspend", json={"reason": WHY}, headers=billing)
    assert twice.status_code == 409


def test_the_queue_is_for_who_reads_billing(
    office: Office, api: TestClient, program: Keys, clock: SetClock
) -> None:
    tenant, _ = an_unpaid(office)
    reader, stranger = program("billing.read"), program("analytics.read")
    own = program("org.billing.read", tenant_id=tenant.id)
    live(office, clock, [14])
    page = api.get("/billing/dunning?state=suspended", headers=reader).json()
    assert (page["count"], page["counts"]["suspended"]) == (1, 1)
    one = api.get(f"/billing/dunning/{page['rows'][0]['id']}", headers=reader).json()
    assert [event["kind"] for event in one["events"]] == ["suspended", "opened"]
    assert one["stages"][-1] == {"after_days": 14, "effect": "suspend", "template": "suspended"}
    assert api.get("/billing/dunning", headers=stranger).status_code == 403
    assert api.get("/billing/dunning/999", headers=reader).status_code == 404
    access = api.get(f"/v1/tenants/{tenant.id}/access", headers=own).json()
    assert (access["status"], access["writes"]) == ("suspended", False)
    assert api.get(f"/sys/tenants/{tenant.id}/dunning", headers=own).status_code == 403


def test_a_new_version_of_the_ladder_is_added_once(
    office: Office, api: TestClient, person: People
) -> None:
    tenant, finance, url = a_tenant(office), person("sys_finance"), "/billing/dunning/ladder"
    before = api.get(url, headers=finance).json()
    assert (before["version"], len(before["stages"])) == (1, 5)
    stages = [{"after_days": 2, "effect": "remind", "template": "hello"}, SUSPEND]
    body = {"stages": stages, "version": 1, "reason": WHY}
    keyed = {**finance, "idempotency-key": "ladder-01"}
    for _ in range(2):
        made = api.post(url, json=body, headers=keyed)
        assert made.status_code == 201, made.text
        assert made.json() == {
            "version": 2,
            "stages": [stages[0], {**SUSPEND, "template": "suspended"}],
        }
    late = api.post(url, json=body, headers=finance)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert api.get(url, headers=finance).json() == made.json()
    own = f"/sys/tenants/{tenant.id}/dunning"
    body = {"stages": [SUSPEND], "version": 2, "reason": WHY}
    assert api.post(f"{own}/ladder", json=body, headers=finance).json()["version"] == 3
    assert api.get(own, headers=finance).json()["policy_version"] == 3
    assert api.get(url, headers=finance).json()["version"] == 2
    common = {"stages": stages, "version": 2, "reason": WHY}
    assert api.post(url, json=common, headers=finance).json()["version"] == 4
    back = api.post(f"{own}/ladder", json={"stages": [], "reason": WHY}, headers=finance)
    assert back.json()["version"] == 4


def test_a_ladder_that_cannot_be_or_is_not_ones_own_is_refused(
    api: TestClient, person: People
) -> None:
    finance, url = person("sys_finance"), "/billing/dunning/ladder"
    falling = {"stages": [SUSPEND, {"after_days": 3, "effect": "remind"}], "reason": WHY}
    for body in (falling, {"stages": [], "reason": WHY}):
        refused = api.post(url, json=body, headers=finance)
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")
    short = api.post(url, json={"stages": [SUSPEND], "reason": "short"}, headers=finance)
    assert (short.status_code, short.json()["code"]) == (400, "reason_needed")
    given = {"stages": [SUSPEND], "reason": WHY}
    stale = api.post(url, json=given, headers=person("sys_finance", fresh=False))
    assert (stale.status_code, stale.json()["code"]) == (403, "fresh_auth_needed")
    assert api.post(url, json=given, headers=person("billing")).status_code == 403
    gone = api.post("/sys/tenants/999/dunning/ladder", json=given, headers=finance)
    assert gone.status_code == 404
    assert api.get(url, headers=finance).json()["version"] == 1
