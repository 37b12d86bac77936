"""Tenants over HTTP: added once for a key, refused in words."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Keys

URL = "/sys/tenants"
BODY = {"name": "Fjord AB", "country": "SE", "currency": "SEK", "signed_up_on": "2026-11-01"}


def test_a_tenant_is_added_once_for_a_key(api: TestClient, program: Keys) -> None:
    headers = {**program("saas.subscriptions.manage"), "idempotency-key": "tenant-01"}
    made = [api.post(URL, json=BODY, headers=headers) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert {**made[0].json(), **BODY} == made[0].json()
    assert made[0].json()["language"] == "en"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"name": " "}, 400), ({"country": "Sweden"}, 422), ({"currency": "kr"}, 422)],
)
def test_a_tenant_that_cannot_be_is_refused(
    api: TestClient, program: Keys, wrong: dict[str, Any], status: int
) -> None:
    headers = program("saas.subscriptions.manage")
    assert api.post(URL, json={**BODY, **wrong}, headers=headers).status_code == status


def test_tenants_are_added_by_who_manages_subscriptions(api: TestClient, program: Keys) -> None:
    assert api.post(URL, json=BODY, headers=program("billing.read")).status_code == 403
