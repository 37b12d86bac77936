"""Invoices and transfers for the tests of the matching, with defaults."""

from datetime import date
from typing import Any

from core.matching.records import Assignment, Invoice, Transfer

DUE = date(2026, 10, 31)


def an_invoice(key: str = "i1", **given: Any) -> Invoice:
    """An open invoice of Acme Logistik AB over 1 250.00 SEK, SAAS-INV-2026-00042."""
    values = {
        "invoice_id": key,
        "number": "SAAS-INV-2026-00042",
        "ocr": "1260004208",
        "tenant_id": "t1",
        "tenant_name": "Acme Logistik AB",
        "due_minor": 125_000,
        "currency": "SEK",
        "issued_on": date(2026, 10, 1),
        "due_on": DUE,
        "status": "issued",
    }
    return Invoice(**(values | given))


def a_transfer(**given: Any) -> Transfer:
    """1 250.00 SEK of Acme Logistik AB, without any reference."""
    values = {
        "transfer_id": "x1",
        "booked_on": date(2026, 10, 30),
        "amount_minor": 125_000,
        "currency": "SEK",
        "counterparty_name": "Acme Logistik AB",
    }
    return Transfer(**(values | given))


def confirmed(times: int = 3, **given: Any) -> list[Assignment]:
    """Money of Acme's account that people put on Acme's invoices."""
    values = {
        "counterparty_name": "Acme Logistik AB",
        "counterparty_iban": "SE4550000000058398257466",
        "tenant_id": "t1",
        "assigned_on": date(2026, 8, 1),
    }
    return [Assignment(**(values | given))] * times
