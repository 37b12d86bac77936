"""Stray transfers through the API: suggested, assigned, parked, undone, posted by themselves."""

import pytest
from starlette.testclient import TestClient

from core.inbox import choosing
from core.inbox.deciding import auto_assign_transfer
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import JOB, WHY, a_transfer, an_invoice, wrong_books
from tests.inbox import named_tenant, waiting
from tests.wallets import at_once

UNMATCHED = "/sys/payments/unmatched"


def test_a_transfer_is_suggested_assigned_and_undone(
    office: Office, api: TestClient, person: People
) -> None:
    invoice = an_invoice(office, named_tenant(office, "Nordwind Logistik GmbH"), 10_000)
    number = waiting(office, 12_000, "NORDWIND LOGISTIK", text=f"{invoice.number}")
    finance = person("sys_finance")
    listed = api.get(UNMATCHED, headers=finance).json()
    assert (listed["count"], listed["by_status"]) == (1, {"open": 1})
    best = listed["rows"][0]["proposals"][0]
    assert [each["id"] for each in best["invoices"]] == [invoice.id]
    assert (best["rest_minor"], best["certain"]) == (2_000, False)
    assert 0 < float(best["probability"]) < 1
    assert best["reasons"]
    body = {"invoices": [{"invoice_id": invoice.id}], "reason": WHY}
    assert (
        api.post(f"{UNMATCHED}/{number}/assign", json=body, headers=person("cfo")).status_code
        == 403
    )
    stale = person("sys_finance", fresh=False)
    refused = api.post(f"{UNMATCHED}/{number}/assign", json=body, headers=stale)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_auth_needed")
    short = {**body, "reason": "short"}
    assert api.post(f"{UNMATCHED}/{number}/assign", json=short, headers=finance).status_code == 400
    again = {**finance, "idempotency-key": "assign-once"}
    done = api.post(f"{UNMATCHED}/{number}/assign", json=body, headers=again)
    assert (done.status_code, done.json()["invoice_numbers"]) == (200, [invoice.number])
    assert api.post(f"{UNMATCHED}/{number}/assign", json=body, headers=again).json() == done.json()
    late = api.post(f"{UNMATCHED}/{number}/assign", json=body, headers=finance)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    paid = api.get(f"/sys/invoices/{invoice.id}", headers=finance).json()
    assert paid["row"]["status"] == "paid"
    undone = api.post(f"{UNMATCHED}/{number}/undo", json={"reason": WHY}, headers=finance)
    assert (undone.json()["status"], undone.json()["invoice_numbers"]) == ("open", [])
    twin = UNMATCHED.replace("/sys/", "/admin/billing/")
    assert api.get(f"{twin}/{number}", headers=finance).json() == undone.json()
    assert wrong_books(office) == []


def test_of_two_people_one_wins(office: Office, api: TestClient, person: People) -> None:
    invoice = an_invoice(office, named_tenant(office, "Nordwind Logistik GmbH"), 10_000)
    number = waiting(office, 10_000)
    bodies = ({"invoices": [{"invoice_id": invoice.id}], "reason": WHY}, {"reason": WHY})
    found: list[int] = []

    def ask(what: str, body: object, headers: dict[str, str]) -> None:
        answer = api.post(f"{UNMATCHED}/{number}/{what}", json=body, headers=headers)
        found.append(answer.status_code)

    people = [person("sys_finance"), person("sys_finance")]
    at_once(
        lambda: ask("assign", bodies[0], people[0]), lambda: ask("ignore", bodies[1], people[1])
    )
    assert sorted(found) == [200, 409]
    assert wrong_books(office) == []


def test_a_wrong_tenant_is_declined_and_a_transfer_parked(
    office: Office, api: TestClient, person: People, program: Keys
) -> None:
    tenant = named_tenant(office, "Betakontor AG")
    an_invoice(office, tenant, 20_000)
    number = waiting(office, 20_000, "BETAKONTOR")
    finance = person("sys_finance")
    before = api.get(f"{UNMATCHED}/{number}", headers=finance).json()["proposals"]
    body = {"tenant_id": tenant.id}
    key = program("bank.import", "sys_finance")
    after = api.post(f"{UNMATCHED}/{number}/not-theirs", json=body, headers=key).json()
    assert before
    assert after["proposals"] != before
    key_refused = api.post(f"{UNMATCHED}/{number}/ignore", json={"reason": WHY}, headers=key)
    assert key_refused.json()["code"] == "fresh_auth_needed"
    parked = api.post(f"{UNMATCHED}/{number}/ignore", json={"reason": WHY}, headers=finance).json()
    assert (parked["status"], parked["reason"], parked["proposals"]) == ("ignored", WHY, [])
    assert api.get(UNMATCHED, headers=finance).json()["rows"] == []
    shown = api.get(f"{UNMATCHED}?status=ignored&search=beta", headers=finance).json()
    assert [row["id"] for row in shown["rows"]] == [number]


def test_a_payment_matched_by_its_reference_is_unassigned(
    office: Office, api: TestClient, person: People
) -> None:
    invoice = an_invoice(office, named_tenant(office, "Nordwind Logistik GmbH"), 10_000)
    a_transfer(office, 10_000, f"OCR {invoice.ocr}")
    finance = person("sys_finance")
    payment = api.get("/sys/payments", headers=finance).json()["rows"][0]
    done = api.post(
        f"/sys/payments/{payment['id']}/unassign", json={"reason": WHY}, headers=finance
    )
    assert done.json()["status"] == "reversed"
    assert api.get(UNMATCHED, headers=finance).json()["count"] == 1
    assert wrong_books(office) == []


def test_what_was_posted_without_a_person_is_listed_and_undone_together(
    office: Office, api: TestClient, person: People
) -> None:
    numbers = []
    for n in range(3):
        invoice = an_invoice(office, named_tenant(office, f"Tenant {n} GmbH"), 10_000)
        numbers.append(waiting(office, 10_000, bank_ref=f"W{n}"))
        with office.work(JOB) as work:
            auto_assign_transfer(work, numbers[n], (invoice.id,))
    waiting(office, 500, bank_ref="W9")
    finance = person("sys_finance")
    listed = api.get(f"{UNMATCHED}?automatic=true", headers=finance).json()
    assert sorted(row["id"] for row in listed["rows"]) == numbers
    assert (listed["count"], listed["automatic"]) == (3, 3)
    others = api.get(f"{UNMATCHED}?automatic=false&status=assigned", headers=finance).json()
    assert (others["rows"], others["count"], others["automatic"]) == ([], 0, 3)
    assert listed["by_status"] == others["by_status"] == {"open": 1, "assigned": 3}
    body = {"transfers": [*numbers[:2], 99], "reason": WHY}
    done = api.post(f"{UNMATCHED}/undo", json=body, headers=finance).json()
    assert done["done"] == numbers[:2]
    assert list(done["left"]) == ["99"]
    assert api.get(f"{UNMATCHED}?automatic=true", headers=finance).json()["count"] == 1
    key = {"Idempotency-Key": "undone-before"}
    for _ in range(2):
        body = {"transfers": numbers[2:], "reason": WHY}
        done = api.post(f"{UNMATCHED}/undo", json=body, headers=finance | key).json()
        assert (done["done"], done["left"]) == (numbers[2:], {})
    clerk = person("billing")
    refused = api.post(f"{UNMATCHED}/undo", json=body, headers=clerk)
    assert refused.json()["code"] == "not_allowed"
    assert wrong_books(office) == []


def test_posting_without_a_person_is_tried_switched_on_and_off(
    office: Office, api: TestClient, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEWEST_PROPOSED", 0)
    finance = person("sys_finance")
    at = f"{UNMATCHED}/auto-assign"
    assert api.get(at, headers=finance).json()["enabled"] is False
    trial = api.post(f"{at}/trial?months=3", headers=finance, json={}).json()["trial"]
    assert (trial["decided"], trial["refusal"]) == (0, "")
    on = api.post(f"{at}/on", json={"trial_id": trial["id"], "reason": WHY}, headers=finance)
    assert on.json()["enabled"] is True
    invoice = an_invoice(office, named_tenant(office, "Nordwind Logistik GmbH"), 10_000)
    number = waiting(office, 10_000, "NORDWIND LOGISTIK", text=f"{invoice.number}")
    certain = api.get(f"{UNMATCHED}/certain", headers=finance).json()
    assert [row["id"] for row in certain] == [number]
    ran = api.post(f"{at}/run", json={}, headers=finance).json()
    assert (list(ran["assigned"]), ran["left"]) == ([str(number)], 0)
    row = api.get(f"{UNMATCHED}/{number}", headers=finance).json()
    assert (row["automatic"], row["decided_by"]) == (True, None)
    off = api.post(f"{at}/off", json={"reason": WHY}, headers=finance)
    assert off.json()["enabled"] is False
    replayed = api.get(f"{at}/replay?months=1", headers=finance).json()
    assert (replayed["decided"], replayed["proposed"]) == (0, 0)
    for query in ("months=0", "months=25", "least_probability=0.5"):
        assert api.get(f"{at}/replay?{query}", headers=finance).status_code == 422
