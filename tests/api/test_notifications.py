"""Messages by the API: an organisation's own inbox and endpoints, and those of all tenants."""

from starlette.testclient import TestClient

from core.notifications.running import run_notifications
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY
from tests.notifications import a_customer, a_notice, delivered

HTTPS = "https://hooks.example.com/saldo"
OWN = {"x-saldo-request": "1"}


def test_an_inbox_is_read_and_marked(api: TestClient, office: Office, person: People) -> None:
    tenant = a_customer(office)
    me = {**person("org_admin", tenant_id=tenant.id), **OWN}
    a_notice(office, tenant)
    run_notifications(office)
    found = api.get("/my-billing/notifications", headers=me).json()
    assert (found["count"], found["unread"]) == (1, 1)
    assert found["rows"][0]["title"] == "Account suspended: Fjord AB"
    marked = api.post(
        "/my-billing/notifications/read", headers=me, json={"ids": [found["rows"][0]["id"]]}
    )
    assert marked.json() == {"marked": 1}
    assert api.get("/my-billing/notifications", headers=me).json()["unread"] == 0
    missing = api.post("/my-billing/notifications/read", headers=me, json={"ids": [987_654]})
    assert missing.status_code == 404


def test_a_key_has_no_inbox(api: TestClient, office: Office, program: Keys) -> None:
    tenant = a_customer(office)
    key = program("org.billing.read", tenant_id=tenant.id)
    assert api.get("/my-billing/notifications", headers=key).status_code == 403


def test_an_organisation_sets_its_channels_and_endpoints(
    api: TestClient, office: Office, person: People
) -> None:
    me = {**person("org_admin", tenant_id=a_customer(office).id), **OWN}
    set_ = api.put(
        "/my-billing/channels/sms",
        headers=me,
        json={"enabled": True, "addresses": ["+46701234567"]},
    )
    assert set_.json()["addresses"] == ["+46701234567"]
    made = api.post("/my-billing/webhooks", headers=me, json={"url": HTTPS})
    assert made.status_code == 201
    number, secret = made.json()["endpoint_id"], made.json()["secret"]
    rotated = api.post(f"/my-billing/webhooks/{number}/rotate", headers=me).json()
    assert rotated["secret"] not in ("", secret)
    held = api.get("/my-billing/channels", headers=me)
    assert [row["url"] for row in held.json()["endpoints"]] == [HTTPS]
    assert "whsec_" not in held.text
    assert api.delete(f"/my-billing/webhooks/{number}", headers=me).status_code == 204
    assert api.get("/my-billing/channels", headers=me).json()["endpoints"] == []
    inside = api.post("/my-billing/webhooks", headers=me, json={"url": "https://10.0.0.1/"})
    assert (inside.status_code, inside.json()["code"]) == (400, "bad_input")


def test_a_key_makes_no_endpoint(api: TestClient, office: Office, program: Keys) -> None:
    key = program("org.billing.manage", tenant_id=a_customer(office).id)
    refused = api.post("/my-billing/webhooks", headers=key, json={"url": HTTPS})
    assert refused.json()["code"] == "fresh_auth_needed"


def test_the_platform_sets_a_tenants_channels_and_sees_deliveries(
    api: TestClient, office: Office, person: People, program: Keys
) -> None:
    tenant = a_customer(office)
    admin = {**person("super_admin"), **OWN}
    body = {"enabled": True, "addresses": ["+46701234567"], "reason": WHY}
    asked = f"/sys/tenants/{tenant.id}/channels"
    assert api.put(f"{asked}/sms", headers=admin, json=body).status_code == 200
    default = api.put("/sys/channels/whatsapp", headers=admin, json={**body, "addresses": []})
    assert default.json()["tenant_id"] is None
    rows = {row["channel"]: row for row in api.get(asked, headers=admin).json()["channels"]}
    assert (rows["sms"]["own"], rows["whatsapp"]["own"]) == (True, False)
    for address in (f"/sys/tenants/{tenant.id}/webhooks", "/sys/webhooks"):
        made = api.post(address, headers=admin, json={"url": HTTPS, "reason": WHY})
        assert made.status_code == 201
    held = api.get("/sys/channels", headers=admin).json()["endpoints"]
    assert [row["tenant_id"] for row in held] == [None]
    a_notice(office, tenant)
    run_notifications(office, resolve=lambda _host, _port: ["10.0.0.1"])
    reader = program("billing.read")
    page = api.get("/sys/notifications", headers=reader, params={"status": "failed"}).json()
    assert page["count"] == 2
    number = page["rows"][0]["id"]
    again = f"/sys/notifications/{number}/redeliver"
    assert api.post(again, headers=reader, json={"reason": WHY}).status_code == 403
    assert api.post(again, headers=admin, json={"reason": "short"}).status_code == 400
    assert api.post(again, headers=admin, json={"reason": WHY}).json()["status"] == "pending"
    assert {one.status for one in delivered(office, "sms")} == {"sent"}


def test_an_organisation_sees_nothing_of_the_platforms(
    api: TestClient, office: Office, person: People
) -> None:
    tenant = a_customer(office)
    me = {**person("org_admin", tenant_id=tenant.id), **OWN}
    for address in ("/sys/notifications", "/sys/channels"):
        assert api.get(address, headers=me).status_code == 403
    others = f"/sys/tenants/{tenant.id + 1}/channels"
    assert api.get(others, headers=me).status_code == 404
    body = {"url": HTTPS, "reason": WHY}
    made = api.post(f"/sys/tenants/{tenant.id}/webhooks", headers=me, json=body)
    assert made.status_code == 403


def test_the_platform_rotates_and_removes_endpoints(
    api: TestClient, office: Office, person: People
) -> None:
    admin = {**person("super_admin"), **OWN}
    tenant, why = a_customer(office), {"reason": WHY}
    for address, held in (
        (f"/sys/tenants/{tenant.id}/webhooks", f"/sys/tenants/{tenant.id}/channels"),
        ("/sys/webhooks", "/sys/channels"),
    ):
        made = api.post(address, headers=admin, json={"url": HTTPS, **why}).json()
        one = f"{address}/{made['endpoint_id']}"
        rotated = api.post(f"{one}/rotate", headers=admin, json=why).json()
        assert rotated["secret"] not in ("", made["secret"])
        assert rotated["previous_until"]
        assert api.post(f"{one}/remove", headers=admin, json=why).status_code == 204
        assert api.get(held, headers=admin).json()["endpoints"] == []
        assert api.post(f"{one}/remove", headers=admin, json=why).status_code == 404


def test_a_channel_is_tried_by_its_people_and_by_the_platform(
    api: TestClient, office: Office, person: People
) -> None:
    tenant = a_customer(office)
    me = {**person("org_admin", tenant_id=tenant.id), **OWN}
    admin = {**person("super_admin"), **OWN}
    for caller, address in (
        (me, "/my-billing/channels/in_app/test"),
        (admin, f"/sys/tenants/{tenant.id}/channels/in_app/test"),
    ):
        asked = api.post(address, headers=caller, json={})
        assert (asked.status_code, asked.json()["channel"]) == (202, "in_app")
    run_notifications(office)
    assert api.get("/my-billing/notifications", headers=me).json()["count"] == 2
    unnamed = api.post("/my-billing/channels/webhook/test", headers=me, json={})
    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "bad_input")
