"""Meters and what plans charge for them, over HTTP."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from core.usage.models import UsagePrice
from core.work import Office
from tests.api.conftest import Headers, Keys
from tests.billing import JOB, the_plans

METERS = "/v1/usage/meters"
TIERS = [{"up_to": "1000", "unit_minor": "0.5", "flat_minor": 100}, {"unit_minor": 0.25}]
PRICE: dict[str, Any] = {
    "meter": "max_shipments",
    "currency": "EUR",
    "model": "graduated",
    "tiers": TIERS,
    "included": 50,
}


@pytest.fixture
def manager(program: Keys) -> Headers:
    return program("saas.plans.manage")


@pytest.fixture
def url(office: Office) -> str:
    """The usage prices of the plan pro."""
    return f"/admin/billing/plans/{the_plans(office)['pro'].id}/usage-prices"


def test_a_meter_is_created_once_for_a_key(api: TestClient, manager: Headers) -> None:
    body = {"name": "labels_printed", "aggregation": "sum"}
    keyed = {**manager, "idempotency-key": "meter-0001"}
    made = [api.post(METERS, json=body, headers=keyed) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert (made[0].json()["name"], made[0].json()["resets"]) == ("labels_printed", "period")
    again = api.post(METERS, json=body, headers=manager)
    assert again.json() == {
        "error": "There is already a meter labels_printed",
        "code": "bad_input",
    }
    listed = api.get(METERS, headers=manager).json()
    assert made[0].json() in listed["rows"]
    assert listed["count"] == len(listed["rows"])
    level = {"name": "seats", "aggregation": "latest"}
    assert api.post(METERS, json=level, headers=manager).status_code == 400
    unknown = {**body, "aggregation": "median"}
    assert api.post(METERS, json=unknown, headers=manager).status_code == 422


def test_a_price_has_versions_with_exact_tiers(
    office: Office, api: TestClient, manager: Headers, url: str
) -> None:
    first = api.post(url, json=PRICE, headers=manager)
    assert first.status_code == 201, first.text
    assert first.json()["tiers"] == [
        {"up_to": 1000, "unit_minor": "0.5", "flat_minor": 100},
        {"up_to": None, "unit_minor": "0.25", "flat_minor": 0},
    ]
    assert (first.json()["version"], first.json()["included"]) == (1, 50)
    later = {**PRICE, "valid_from": "2027-01-01", "model": "per_unit", "tiers": TIERS[1:]}
    second = api.post(url, json=later, headers=manager).json()
    assert (second["version"], second["valid_from"]) == (2, "2027-01-01")
    listed = api.get(url, headers=manager).json()
    assert [row["version"] for row in listed["rows"]] == [2, 1]
    assert listed["rows"][1] == {**first.json(), "valid_until": "2027-01-01"}
    with office.work(JOB) as work:
        kept = work.session.scalars(select(UsagePrice).order_by(UsagePrice.version)).all()
        assert [tier.unit_minor for tier in kept[0].tiers] == [Decimal("0.5"), Decimal("0.25")]
        assert [str(price.valid_until) for price in kept] == ["2027-01-01", "None"]


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"meter": "no_such"}, 404, "There is no meter 'no_such'"),
        ({"meter": "max_users"}, 400, "max_users is a level"),
        ({"tiers": []}, 400, "1 to 100 tiers"),
        ({"tiers": TIERS[:1]}, 400, "Tier 1 is the last and has no end"),
        ({"model": "package", "tiers": TIERS[1:]}, 400, "package size"),
        ({"valid_from": "2026-01-01"}, 400, "does not start in the past"),
        ({"tiers": [{"unit_minor": "NaN"}]}, 422, "tiers.0.unit_minor"),
        ({"tiers": [{"unit_minor": "-1"}]}, 422, "tiers.0.unit_minor"),
        ({"currency": "euro"}, 422, "currency"),
    ],
)
def test_a_price_that_cannot_be_is_refused_in_words(
    api: TestClient, manager: Headers, url: str, wrong: dict[str, Any], status: int, words: str
) -> None:
    refused = api.post(url, json={**PRICE, **wrong}, headers=manager)
    assert refused.status_code == status, refused.text
    assert words in refused.json()["error"]


def test_prices_are_for_who_manages_plans(api: TestClient, program: Keys, url: str) -> None:
    stranger = program("saas.subscriptions.manage")
    assert api.post(url, json=PRICE, headers=stranger).status_code == 403
    gone = url.replace(url.split("/")[4], "999")
    manager = program("saas.plans.manage")
    assert api.post(gone, json=PRICE, headers=manager).status_code == 404
    assert api.get(gone, headers=manager).status_code == 404
    assert api.get(url, headers=stranger).status_code == 403
    assert api.get(METERS, headers=stranger).status_code == 403
