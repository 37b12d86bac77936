"""Addresses that read a body as it comes, given any bytes: refused in words, nothing kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.bank.models import BankTransfer
from core.gateways.models import GatewayEvent
from core.tenants.models import Tenant
from core.work import Office
from tests.api.conftest import People, api, person
from tests.billing import JOB
from tests.core.bank.making import Made, camt
from tests.fuzz.depth import tried
from tests.fuzz.test_parsers import bent, file_of

__all__ = ["api", "person"]
EVENT = b'{"object": "event", "id": "evt_1", "type": "charge.succeeded", "data": {"object": {}}}'
SIGNED = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80)
        for name in ("stripe-signature", "x-paystack-signature", "paypal-transmission-sig")
    },
)
KEPT = (GatewayEvent, BankTransfer, Tenant)


def kept(office: Office) -> list[int]:
    """How many rows there are of what such bodies would bring."""
    with office.work(JOB) as work:
        return [work.session.scalar(select(func.count()).select_from(each)) or 0 for each in KEPT]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/billing/webhook",
        *(f"/my-billing/webhook/{name}" for name in ("stripe", "paystack", "paypal")),
    ],
)
def test_an_event_that_no_gateway_signed_is_refused(
    office: Office, api: TestClient, path: str
) -> None:
    office.settings.gateway_simulator = True

    @tried(20)
    @given(bent((EVENT,)), SIGNED)
    def check(raw: bytes, headers: dict[str, str]) -> None:
        answer = api.post(path, content=raw, headers=headers)
        assert answer.status_code in (400, 503)
        assert answer.json()["code"] in ("forged_event", "credentials_missing")

    check()
    assert kept(office) == [0, 0, 0]


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/sys/bank/files", camt(Made(5))),
        ("/sys/import/csv/tenants", file_of("tenants")),
    ],
    ids=["bank file", "CSV"],
)
def test_a_file_is_taken_or_refused_whole(
    office: Office, api: TestClient, person: People, path: str, real: bytes
) -> None:
    headers = {**person("super_admin"), "x-saldo-request": "1"}

    @tried(15)
    @given(bent((real,)))
    def check(raw: bytes) -> None:
        before = kept(office)
        answer = api.post(path, content=raw, headers=headers)
        assert answer.status_code in (200, 400, 422)
        if answer.status_code != 200:
            assert set(answer.json()) >= {"error", "code"}
            assert kept(office) == before

    check()
