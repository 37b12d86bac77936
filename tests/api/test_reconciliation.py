"""`/sys/billing/reconciliation` and its twin of the admin panel: read, refused, decided."""

import pytest
from starlette.testclient import TestClient

from core.reconciliation.viewing import forget
from core.settings import Settings
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY
from tests.reconciliation import a_line, paid, pulled

WINDOW = "from=2026-11-01&to=2026-11-30"
PLACE = "/sys/billing/reconciliation"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    forget()
    return settings.model_copy(update={"gateway_simulator": True})


@pytest.fixture
def fee_off(office: Office) -> None:
    """A payment of which the gateway tells a higher fee."""
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=200))


@pytest.mark.usefixtures("fee_off")
def test_both_addresses_and_the_file_tell_the_same(api: TestClient, program: Keys) -> None:
    headers = program("analytics.read")
    found = api.get(f"{PLACE}?{WINDOW}", headers=headers).json()
    assert [each["difference"] for each in found["differences"]] == ["fee"]
    assert found["totals"][0]["drift_minor"] == -25
    twin = api.get(f"/admin/billing/reconciliation?{WINDOW}", headers=headers)
    assert twin.json() == found
    file = api.get(f"{PLACE}.csv?{WINDOW}", headers=headers)
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "Fee 2.00 EUR there" in file.text


def test_without_credentials_the_answer_is_503_with_words(api: TestClient, program: Keys) -> None:
    headers = program("analytics.read")
    refused = api.get(f"{PLACE}?{WINDOW}&provider=bankgirot", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (503, "credentials_missing")
    assert "No file of Bankgirot" in refused.json()["error"]
    unread = api.get(f"{PLACE}?{WINDOW}&provider=stripe", headers=headers)
    assert (unread.status_code, unread.json()["code"]) == (503, "not_pulled")
    assert api.get(f"{PLACE}?{WINDOW}&provider=klarna", headers=headers).status_code == 422
    every = api.get(f"{PLACE}?{WINDOW}", headers=headers).json()
    assert (every["totals"], len(every["providers"])) == ([], 4)


@pytest.mark.usefixtures("fee_off")
def test_decisions_are_made_and_undone_by_a_person(api: TestClient, person: People) -> None:
    headers = person("sys_finance")
    body = {
        "decision": "ignored",
        "differences": [
            {"provider": "stripe", "kind": "charge", "reference": number, "difference_minor": -25}
            for number in ("ch_1", "ch_none")
        ],
        "reason": WHY,
    }
    done = api.post(f"{PLACE}/decisions", json=body, headers=headers).json()
    assert [each["decision_id"] is None for each in done] == [False, True]
    number = done[0]["decision_id"]
    undo = f"{PLACE}/decisions/{number}/undo"
    assert api.post(undo, json={"reason": WHY}, headers=headers).json()["undone_at"]
    assert api.post(undo, json={"reason": WHY}, headers=headers).status_code == 409
