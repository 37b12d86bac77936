"""What the list and the sheet of payments say of the gateway's own ledger (PAY.1)."""

from datetime import date

import pytest

from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.gateways.actions import announce_payout
from core.payments.detail import payment_detail
from core.payments.listing import payments
from core.work import Office
from tests.billing import JOB, a_charge, a_tenant, an_invoice


@pytest.mark.parametrize("provider", ["stripe", "bankgirot"])
def test_a_payment_shows_the_payout_that_took_it(office: Office, provider: str) -> None:
    invoice = an_invoice(office, a_tenant(office))
    if provider == "stripe":
        a_charge(office, invoice)
    else:
        line = TransferLine("B1", 10_000, str(invoice.ocr), "", "RHEINFELD", "DE00")
        statement = Statement("5402-9681", "S-1", "bgmax", "EUR", (line,), provider="bankgirot")
        with office.work(JOB) as work:
            import_statement(work, statement)
    with office.work(JOB) as work:
        announce_payout(work, provider, "po_1", "EUR", date(2100, 1, 1))
    with office.work(JOB) as work:
        [row] = payments(work).rows
        found = payment_detail(work, row.id)
    assert (row.provider, row.payout_id) == (provider, "po_1")
    assert [(each.kind, each.payout_id) for each in found.gateway] == [("charge", "po_1")]
