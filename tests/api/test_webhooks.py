"""The gateways' events over HTTP: 200 once and again, 400 for what is forged, nothing changed."""

import json
from datetime import UTC, datetime

import pytest
import stripe
from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.gateways.configuring import set_keys
from core.gateways.models import GatewayEvent
from core.work import Office
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user, acting

SECRET = "whsec_of_the_company"
ADDRESSES = ("/my-billing/webhook/stripe", "/v1/billing/webhook")


def store(office: Office, secret: str = SECRET, tenant_id: int | None = None) -> None:
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_keys(
            work,
            "stripe",
            {"secret_key": "sk_test_1", "webhook_secret": secret},
            "test",
            tenant_id=tenant_id,
            reason=WHY,
        )


def event(number: str = "evt_1") -> bytes:
    body = {
        "object": "event",
        "id": number,
        "type": "brand.new",
        "created": int(datetime.now(UTC).timestamp()),
        "data": {"object": {"id": "x_1", "object": "brand"}},
    }
    return json.dumps(body, indent=1).encode()


def headers(raw: bytes, secret: str, at: datetime) -> dict[str, str]:
    stamp = int(at.timestamp())
    signature = stripe.WebhookSignature.generate_signature_header(raw.decode(), secret, stamp)
    return {"Stripe-Signature": signature, "Content-Type": "application/json"}


def stored(office: Office) -> int:
    with office.work(JOB) as work:
        return work.session.scalar(select(func.count()).select_from(GatewayEvent)) or 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_signed_event_is_taken_once(office: Office, api: TestClient, address: str) -> None:
    store(office)
    raw = event()
    signed = headers(raw, SECRET, office.clock.now())
    answers = [api.post(address, content=raw, headers=signed) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["new"] for answer in answers] == [True, False, False]
    assert stored(office) == 1


@pytest.mark.parametrize("address", ADDRESSES)
def test_forged_stale_and_malformed_ones_get_400_and_change_nothing(
    office: Office, api: TestClient, address: str
) -> None:
    store(office)
    raw, now = event(), office.clock.now()
    old = datetime.fromtimestamp(now.timestamp() - 3_600, UTC)
    for content, given in (
        (raw, headers(raw, "whsec_of_somebody_else", now)),
        (raw, headers(raw, SECRET, old)),
        (raw + b" ", headers(raw, SECRET, now)),
        (b"[]", headers(b"[]", SECRET, now)),
        (raw, {"Stripe-Signature": "t=1,v1=x"}),
        (raw, {}),
    ):
        answer = api.post(address, content=content, headers=given)
        assert (answer.status_code, answer.json()["code"]) == (400, "forged_event")
    assert stored(office) == 0


def test_an_account_of_a_tenants_own_has_its_own_address_and_secret(
    office: Office, api: TestClient
) -> None:
    tenant = a_tenant(office)
    store(office)
    store(office, "whsec_own", tenant.id)
    raw = event()
    own = headers(raw, "whsec_own", office.clock.now())
    assert api.post(ADDRESSES[0], content=raw, headers=own).status_code == 400
    address = f"{ADDRESSES[0]}/{tenant.id}"
    assert api.post(address, content=raw, headers=own).status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_a_tenant_without_an_account_of_its_own_is_sent_nothing(
    office: Office, api: TestClient, known: bool
) -> None:
    store(office)
    number = a_tenant(office).id if known else 999
    raw = event()
    answer = api.post(
        f"{ADDRESSES[0]}/{number}", content=raw, headers=headers(raw, SECRET, office.clock.now())
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "forged_event")
    assert stored(office) == 0


def test_without_keys_the_gateway_is_told_to_come_again(office: Office, api: TestClient) -> None:
    raw = event()
    signed = headers(raw, SECRET, office.clock.now())
    office.settings.gateway_simulator = False
    answer = api.post(ADDRESSES[0], content=raw, headers=signed)
    assert (answer.status_code, answer.json()["code"]) == (503, "credentials_missing")


def test_a_very_large_body_is_not_read(office: Office, api: TestClient) -> None:
    store(office)
    assert api.post(ADDRESSES[0], content=b"x" * 2_000_000).status_code == 413
