"""Invoices, payments, refunds and credit notes through the API, as programs and people."""

import csv
import io
from typing import get_args

from pypdf import PdfReader
from starlette.testclient import TestClient

from api.credit_notes import Sort
from core.access.authority import system
from core.credit_notes.queries import SORTS
from core.tenants.models import Tenant
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.wallets import a_recharge, holds

INVOICES, PAYMENTS, NOTES = "/sys/invoices", "/sys/payments", "/sys/credit-notes"


def test_a_program_writes_sends_and_settles_an_invoice(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant, headers = a_tenant(office, "SE", "SEK"), program("billing.read", "billing.write")
    line = {"description": "Set-up", "quantity": "2.5", "unit_minor": 10_000}
    body = {"tenant_id": tenant.id, "lines": [line], "discount_percent": "10", "due_days": 10}
    again = {**headers, "idempotency-key": "draft-number-1"}
    made = api.post(INVOICES, json=body, headers=again)
    assert (made.status_code, made.json()["total_minor"]) == (201, 28_125)
    assert api.post(INVOICES, json=body, headers=again).json()["id"] == made.json()["id"]
    number = made.json()["id"]
    edited = api.put(
        f"{INVOICES}/{number}",
        json={"lines": [{**line, "tax_percent": "6"}], "seen_total_minor": 28_125},
        headers=headers,
    )
    assert edited.json()["total_minor"] == 26_500
    stale = {"lines": [line], "seen_total_minor": 28_125}
    assert api.put(f"{INVOICES}/{number}", json=stale, headers=headers).status_code == 409
    sent = api.post(f"/invoices/{number}/send", json={"due_days": 5}, headers=headers).json()
    assert sent["number"].startswith("SAAS-INV-")
    assert api.post(f"/invoices/{number}/send", headers=headers).json()["number"] == sent["number"]
    assert api.get(f"{INVOICES}?status=issued", headers=headers).json()["count"] == 1
    late = api.post(
        f"{INVOICES}/{number}/mark-paid",
        json={"method": "cash", "seen_due_minor": 1},
        headers=headers,
    )
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    paid = api.post(f"{INVOICES}/{number}/mark-paid", json={"method": "cash"}, headers=headers)
    assert paid.json()["status"] == "paid"
    detail = api.get(f"{INVOICES}/{number}", headers=headers).json()
    assert [line["tax_percent"] for line in detail["lines"]] == ["6.0000"]
    assert [event["event"] for event in detail["happenings"]] == [
        "billing.invoice.drafted",
        "billing.invoice.edited",
        "billing.invoice.sent",
        "billing.invoice.sent",
        "saas.invoice.marked_paid",
    ]
    assert wrong_books(office) == []


def test_money_is_recorded_in_parts_used_and_taken_back(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant = a_tenant(office)
    first, second = an_invoice(office, tenant, 6_000), an_invoice(office, tenant, 6_000)
    headers = program("billing.read", "billing.write")
    body = {
        "tenant_id": tenant.id,
        "amount_minor": 9_000,
        "currency": "EUR",
        "method": "bank_transfer",
        "parts": [{"invoice_id": second.id, "amount_minor": 5_000}],
    }
    paid = api.post(PAYMENTS, json=body, headers=headers).json()
    assert (paid["allocated_minor"], paid["credit_minor"]) == (5_000, 4_000)
    use = {"parts": [{"invoice_id": first.id, "amount_minor": 4_001}]}
    assert api.post(f"{PAYMENTS}/{paid['id']}/apply", json=use, headers=headers).status_code == 400
    use["parts"][0]["amount_minor"] = 4_000
    used = api.post(f"{PAYMENTS}/{paid['id']}/apply", json=use, headers=headers).json()
    assert used["credit_minor"] == 0
    gone = api.post(f"{PAYMENTS}/{paid['id']}/reverse", json={"reason": WHY}, headers=headers)
    assert gone.json()["status"] == "reversed"
    assert {row["status"] for row in api.get(INVOICES, headers=headers).json()["rows"]} == {
        "issued"
    }
    assert wrong_books(office) == []


def test_a_person_refunds_in_two_steps_and_a_program_may_not(
    office: Office, api: TestClient, program: Keys, person: People
) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office)))
    door = f"{PAYMENTS}/{payment.id}/refund"
    finance = person("sys_finance") | {"x-saldo-request": "1"}
    shown = api.post(f"{door}/preview", json={"amount_minor": 4_000}, headers=finance).json()
    assert (shown["nth"], shown["invoices"][0]["status_after"]) == (1, "partially_refunded")
    [note] = shown["written"]["credit_notes"]
    assert note["total_minor"] == 4_000
    body = {"amount_minor": 4_000, "reason": WHY}
    assert api.post(door, json=body, headers=program("sys_finance")).status_code == 403
    office.settings.gateway_simulator = False
    missing = api.post(door, json=body, headers=finance)
    assert missing.json()["code"] == "credentials_missing"
    assert api.get(f"{PAYMENTS}/{payment.id}", headers=finance).json()["refunds"] == []


def test_four_eyes_hold_for_credit_notes(office: Office, api: TestClient, person: People) -> None:
    invoice = an_invoice(office, a_tenant(office))
    writer = person("billing") | {"x-saldo-request": "1"}
    other = person("billing") | {"x-saldo-request": "1"}
    drafted = api.post(NOTES, json={"invoice_id": invoice.id}, headers=writer)
    assert (drafted.status_code, drafted.json()["status"]) == (201, "draft")
    door = f"/credit-notes/{drafted.json()['id']}/approve"
    assert api.post(door, json={"reason": WHY}, headers=writer).status_code == 403
    issued = api.post(door, json={"reason": WHY}, headers=other).json()
    assert (issued["status"], issued["left_minor"]) == ("issued", 0)
    assert api.get(f"{NOTES}/{issued['id']}", headers=other).json()["lines"][0]["tax_minor"] == 0


def test_credit_notes_are_narrowed_to_a_currency_and_sorted(
    office: Office, api: TestClient, program: Keys
) -> None:
    key = program("billing.read", "billing.write")
    swedish, german = a_tenant(office, "SE", "SEK"), a_tenant(office)
    first, second, third = (
        api.post(NOTES, json={"invoice_id": an_invoice(office, tenant, net).id}, headers=key).json()
        for tenant, net in ((german, 300), (german, 100), (swedish, 200))
    )

    def ids(asked: str) -> list[int]:
        return [row["id"] for row in api.get(f"{NOTES}?{asked}", headers=key).json()["rows"]]

    assert ids("currency=EUR") == [second["id"], first["id"]]
    assert ids("currency=EUR&sort=total") == [first["id"], second["id"]]
    assert ids("currency=EUR&sort=total&descending=false") == [second["id"], first["id"]]
    assert ids("currency=SEK") == [third["id"]]
    assert set(get_args(Sort)) == set(SORTS)
    for wrong in ("sort=colour", "currency=euro", "descending=perhaps"):
        assert api.get(f"{NOTES}?{wrong}", headers=key).status_code == 422


def test_a_tenant_sees_its_own_documents_without_drafts(
    office: Office, api: TestClient, program: Keys
) -> None:
    mine, other = a_tenant(office), a_tenant(office)
    an_invoice(office, mine)
    a_charge(office, an_invoice(office, other))
    api.post(
        INVOICES,
        json={"tenant_id": mine.id, "lines": [{"description": "Later", "unit_minor": 1}]},
        headers=program("billing.write"),
    )
    own = program("org.billing.read", tenant_id=mine.id)
    page = api.get(INVOICES, headers=own).json()
    assert [row["tenant_id"] for row in page["rows"]] == [mine.id]
    assert api.get(PAYMENTS, headers=own).json()["count"] == 0
    assert api.get(f"{PAYMENTS}/1", headers=own).status_code == 404
    assert api.get(f"{INVOICES}/{page['rows'][0]['id']}", headers=own).json()["happenings"] == []


def test_an_invoice_is_paid_from_the_wallet_whole_or_not_at_all(
    office: Office, api: TestClient, person: People
) -> None:
    tenant = a_tenant(office)
    invoice, headers = an_invoice(office, tenant), person("admin")
    url, body = f"{INVOICES}/{invoice.id}/pay-from-wallet", {"reason": WHY}
    short = api.post(url, json=body, headers=headers)
    assert (short.status_code, short.json()["code"]) == (409, "insufficient_balance")
    a_recharge(office, tenant, 20_000)
    key = {**headers, "idempotency-key": "from-the-wallet"}
    paid = [api.post(url, json=body, headers=key) for _ in range(2)]
    assert [each.json()["status"] for each in paid] == ["paid", "paid"]
    assert holds(office, tenant) == (20_000 - invoice.total_minor, 0)
    assert api.post(url, json=body, headers=headers).json()["code"] == "not_now"
    assert wrong_books(office) == []


def test_platform_fees_are_issued_once_a_tenant_and_month(
    office: Office, api: TestClient, program: Keys
) -> None:
    tenant, headers = a_tenant(office), program("billing.read", "billing.write")
    fee = {"tenant_id": tenant.id, "sales_minor": 1_250_000, "fee_minor": 12_500}
    body = {"month": "2026-10-01", "fees": [fee]}
    url = f"{INVOICES}/platform-fees"
    made, again = (api.post(url, json=body, headers=headers) for _ in range(2))
    assert (made.status_code, again.json()) == (201, {"invoice_ids": []})
    (number,) = made.json()["invoice_ids"]
    invoice = api.get(f"{INVOICES}/{number}", headers=headers).json()
    assert (invoice["row"]["issuer_type"], invoice["row"]["net_minor"]) == ("platform", 12_500)
    middle = api.post(url, json={**body, "month": "2026-10-02"}, headers=headers)
    assert (middle.status_code, middle.json()["code"]) == (400, "bad_input")


def test_lists_are_taken_away_as_csv_and_pdf_with_their_filters(
    office: Office, api: TestClient, program: Keys
) -> None:
    mine, other = a_tenant(office), a_tenant(office, "SE", "SEK")
    with office.work(system("test")) as work:
        work.session.get_one(Tenant, mine.id).name = "=HYPERLINK(1)"
    a_charge(office, an_invoice(office, mine))
    open_one = an_invoice(office, other)
    headers = program("billing.read")
    rows = list(csv.DictReader(io.StringIO(api.get("/sys/invoices.csv", headers=headers).text)))
    assert {row["tenant_name"] for row in rows} == {"'=HYPERLINK(1)", other.name}
    told = api.get("/sys/invoices.csv?status=issued&currency=SEK", headers=headers)
    assert told.headers["content-disposition"] == 'attachment; filename="invoices.csv"'
    [row] = csv.DictReader(io.StringIO(told.text))
    assert (row["number"], row["due_minor"]) == (open_one.number, str(open_one.total_minor))
    assert row["status"] == "issued"
    [paid] = csv.DictReader(io.StringIO(api.get("/sys/payments.csv", headers=headers).text))
    assert paid["invoice_numbers"] not in ("", open_one.number)
    for name, found in (("invoices", "2 rows"), ("payments", "1 rows")):
        pdf = api.get(f"/sys/{name}.pdf", headers=headers)
        assert pdf.headers["content-type"] == "application/pdf"
        assert found in " ".join(
            page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages
        )
    own = program("org.billing.read", tenant_id=other.id)
    [only] = csv.DictReader(io.StringIO(api.get("/sys/invoices.csv", headers=own).text))
    assert only["tenant_id"] == str(other.id)
    assert api.get("/sys/payments.csv", headers=own).text.count("\n") <= 1
    assert api.get("/sys/payments.pdf", headers=program("saas.plans.manage")).status_code == 403
