"""A company's own data over HTTP: files by who may, Stripe by who has just signed in."""

from starlette.testclient import TestClient

from bench._stripe_company import a_company, put
from core.backfill.run import import_stripe
from core.work import Office
from tests.api.conftest import Keys
from tests.core.backfill.bringing import ROBOT, history_at
from tests.core.backfill.conftest import TODAY

CSV = b"Customer,name\nt1,Bjork AB\n"
STRIPE = "/sys/import/stripe"


def test_a_file_is_tried_loaded_and_known(api: TestClient, program: Keys) -> None:
    headers = {**program("billing.write"), "content-type": "text/csv"}
    path = "/sys/import/csv/tenants?map=tenant_id=Customer"
    tried = api.post(f"{path}&dry_run=true", content=CSV, headers=headers)
    assert tried.status_code == 200, tried.text
    assert tried.json() == {
        "kind": "tenants",
        "rows": 1,
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "dry_run": True,
    }
    assert api.post(path, content=CSV, headers=headers).json()["added"] == 1
    assert api.post(path, content=CSV, headers=headers).json()["unchanged"] == 1


def test_a_broken_file_is_refused_with_row_and_reason(api: TestClient, program: Keys) -> None:
    refused = api.post(
        "/sys/import/csv/fx",
        content=b"on,currency,rate_to_eur\n2026-01-01,SEK,much\n",
        headers={**program("billing.write"), "content-type": "text/csv"},
    )
    assert refused.status_code == 400
    assert "row 2, column rate_to_eur: 'much' is not a rate" in refused.text


def test_stripe_is_begun_by_a_person_alone_and_looked_at(
    api: TestClient, office: Office, program: Keys
) -> None:
    headers = program("payment_config.manage")
    assert api.get(STRIPE, headers=headers).status_code == 404
    begun = api.post(STRIPE, json={"reason": "Our own company, at last"}, headers=headers)
    assert (begun.status_code, begun.json()["code"]) == (403, "fresh_auth_needed")
    with office.engine.begin() as connection:
        put(connection, a_company(2, 2, TODAY))
    import_stripe(office, ROBOT, history=history_at(office.engine))
    told = api.get(STRIPE, headers=headers).json()
    assert (told["state"], told["refused"]) == ("done", [])
    assert {each["difference_minor"] for each in told["sums"]} == {0}
    assert api.get(STRIPE, headers=program("billing.read")).status_code == 403
