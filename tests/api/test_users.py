"""Accounts, roles and API keys over HTTP: what people do freshly signed in, and nobody else."""

from typing import Any

import pyotp
import pytest
from starlette.testclient import TestClient

from core.access.sessions import sign_in
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY, a_tenant
from tests.builders import PASSWORD, a_user, with_codes

USERS, ROLES, KEYS = "/sys/users", "/sys/roles", "/sys/api-keys"
ME = "/v1/me"
OWN = {"x-saldo-request": "1"}
NEW = {"email": "Eva@example.com", "name": "Eva", "password": "a long password", "reason": WHY}


def test_an_account_is_opened_given_roles_and_closed(api: TestClient, person: People) -> None:
    boss = {**person("super_admin"), **OWN}
    made = api.post(USERS, json={**NEW, "roles": ["billing"]}, headers=boss)
    assert (made.status_code, made.json()["email"]) == (201, "eva@example.com")
    assert "password" not in made.text
    one = f"{USERS}/{made.json()['id']}"
    granted = api.post(f"{one}/roles", json={"role": "cfo", "reason": WHY}, headers=boss)
    assert granted.json()["roles"] == ["billing", "cfo"]
    again = api.post(f"{one}/roles", json={"role": "cfo", "reason": WHY}, headers=boss)
    assert (again.status_code, again.json()["code"]) == (409, "not_now")
    left = api.post(f"{one}/roles/billing/revoke", json={"reason": WHY}, headers=boss)
    assert left.json()["roles"] == ["cfo"]
    closed = api.post(f"{one}/disable", json={"reason": WHY}, headers=boss)
    assert closed.json()["disabled_at"]
    assert api.get(one, headers=boss).json() == closed.json()


def test_accounts_are_found_by_name_and_role(
    office: Office, api: TestClient, program: Keys
) -> None:
    reader = program("users.manage")
    for number in range(3):
        a_user(office, "cfo", email=f"cfo{number}@example.com")
    page = api.get(f"{USERS}?role=cfo&limit=2", headers=reader).json()
    assert (page["more"], len(page["rows"])) == (True, 2)
    found = api.get(f"{USERS}?search=cfo1", headers=reader).json()
    assert (found["more"], [row["email"] for row in found["rows"]]) == (False, ["cfo1@example.com"])


def test_the_permission_table_is_edited_by_a_super_admin(api: TestClient, person: People) -> None:
    boss = {**person("super_admin"), **OWN}
    url = f"{ROLES}/cfo/permissions"
    body = {"permission": "analytics.sql", "reason": WHY}
    assert "analytics.sql" in api.post(url, json=body, headers=boss).json()["granted"]
    table = {row["role"]: row for row in api.get(ROLES, headers=boss).json()["rows"]}
    assert "analytics.sql" in table["cfo"]["granted"]
    taken = api.post(f"{url}/analytics.sql/revoke", json={"reason": WHY}, headers=boss)
    assert "analytics.sql" not in taken.json()["granted"]
    keeps = f"{ROLES}/super_admin/permissions/billing.read/revoke"
    assert api.post(keeps, json={"reason": WHY}, headers=boss).json()["code"] == "not_now"


def test_a_key_made_over_http_works_until_it_is_revoked(
    office: Office, api: TestClient, person: People
) -> None:
    boss, tenant = {**person("super_admin"), **OWN}, a_tenant(office)
    body = {
        "name": "Shop", "permissions": ["org.billing.read"], "tenant_id": tenant.id, "reason": WHY,
    }  # fmt: skip
    made = api.post(KEYS, json=body, headers=boss)
    assert made.status_code == 201
    shop = {"authorization": f"Bearer {made.json()['token']}"}
    access = f"/v1/tenants/{tenant.id}/access"
    assert api.get(access, headers=shop).status_code == 200
    listed = api.get(f"{KEYS}?tenant_id={tenant.id}", headers=boss)
    assert (listed.json()["count"], made.json()["token"] in listed.text) == (1, False)
    ended = api.post(f"{KEYS}/{made.json()['id']}/revoke", json={"reason": WHY}, headers=boss)
    assert ended.json()["revoked_at"]
    assert api.get(access, headers=shop).status_code == 401


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (USERS, NEW),
        (f"{USERS}/1/roles", {"role": "cfo", "reason": WHY}),
        (KEYS, {"name": "Shop", "permissions": ["billing.read"], "reason": WHY}),
    ],
)
def test_a_program_and_a_stale_person_change_nothing(
    api: TestClient, program: Keys, person: People, url: str, body: dict[str, Any]
) -> None:
    for caller in (program("users.manage"), {**person("super_admin", fresh=False), **OWN}):
        refused = api.post(url, json=body, headers=caller)
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_auth_needed")


def test_people_look_after_their_own_sign_in(office: Office, api: TestClient) -> None:
    ana = a_user(office, "operator", email="ana@example.com")
    mine, other = (
        {"cookie": f"saldo={sign_in(office, ana.email, PASSWORD)}", **OWN} for _ in range(2)
    )
    seen = api.get(ME, headers=mine).json()
    assert (seen["email"], seen["totp"], len(seen["sessions"])) == (ana.email, False, 2)
    offer = api.post(f"{ME}/totp/offer", headers=mine).json()
    assert offer["secret"] in offer["address"]
    body = {"ticket": offer["ticket"], "code": "000000"}
    wrong = api.post(f"{ME}/totp", json=body, headers=mine)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_sign_in")
    code = pyotp.TOTP(offer["secret"]).at(office.clock.now())
    on = api.post(f"{ME}/totp", json={**body, "code": code}, headers=mine)
    assert on.json()["totp"]
    assert api.post(f"{ME}/totp/remove", headers=mine).json()["totp"] is False
    (there,) = (each["id"] for each in seen["sessions"] if not each["here"])
    ended = api.post(f"{ME}/sessions/{there}/end", headers=mine)
    assert [each["here"] for each in ended.json()["sessions"]] == [True]
    assert api.get(ME, headers=other).status_code == 401
    changed = api.post(f"{ME}/password", json={"password": "a new long password"}, headers=mine)
    assert (changed.status_code, "password" in changed.json()) == (200, True)
    assert sign_in(office, ana.email, "a new long password")
    assert api.post(f"{ME}/sessions/end", headers=mine).status_code == 200


def test_codes_of_a_lost_phone_are_reset(office: Office, api: TestClient, person: People) -> None:
    boss = {**person("super_admin"), **OWN}
    ana = a_user(office, "cfo")
    with_codes(office, ana)
    done = api.post(f"{USERS}/{ana.id}/totp/reset", json={"reason": WHY}, headers=boss)
    assert (done.status_code, done.json()["totp"]) == (200, False)
