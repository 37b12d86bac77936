"""A bank's file over HTTP: raw, once, by who may."""

from starlette.testclient import TestClient

from core.work import Office
from tests.api.conftest import Keys
from tests.billing import a_tenant, an_invoice
from tests.core.bank.making import Made, camt

FILES = "/sys/bank/files"


def test_a_file_is_imported_once(api: TestClient, office: Office, program: Keys) -> None:
    invoice = an_invoice(office, a_tenant(office))
    headers = {**program("billing.write"), "content-type": "application/xml"}
    data = camt(Made(10_000, invoice.ocr, "B1"), Made(4_000, "thank you", "B2"))
    first = api.post(f"{FILES}?name=november.xml", content=data, headers=headers)
    assert first.status_code == 200, first.text
    assert first.json() == {
        "imported": 2,
        "already_known": 0,
        "matched": 1,
        "unmatched": 1,
        "quarantined": 0,
        "set_aside": [],
    }
    again = api.post(FILES, content=data, headers=headers).json()
    assert (again["imported"], again["already_known"]) == (0, 2)


def test_what_does_not_foot_is_told_with_its_difference(api: TestClient, program: Keys) -> None:
    data = camt(Made(100, "A"), closing_minor=90)
    told = api.post(FILES, content=data, headers=program("billing.write")).json()
    assert (told["quarantined"], told["set_aside"][0]["difference_minor"]) == (1, -10)


def test_a_broken_file_is_refused(api: TestClient, program: Keys) -> None:
    refused = api.post(FILES, content=b"<Document/>", headers=program("billing.write"))
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")


def test_a_large_file_passes_and_one_too_large_does_not(api: TestClient, program: Keys) -> None:
    headers = program("billing.write")
    large = camt(Made(100, "A")).replace(b"<Ntry>", b" " * 2_000_000 + b"<Ntry>")
    assert api.post(FILES, content=large, headers=headers).status_code == 200
    assert api.post(FILES, content=b" " * (31 * 1024 * 1024), headers=headers).status_code == 413


def test_who_may_not_bill_may_not_import(api: TestClient, program: Keys) -> None:
    refused = api.post(FILES, content=camt(Made(5)), headers=program("billing.read"))
    assert refused.status_code == 403
