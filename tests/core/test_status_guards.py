"""What the database refuses of invoices, their numbers and payments, whoever asks (INV.1–2)."""

from itertools import permutations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.invoices.actions import DraftInvoice, create_draft
from core.invoices.models import STATUSES
from core.invoices.rules import MOVES, NewLine
from core.work import Office
from tests.billing import JOB, a_charge, a_tenant, an_invoice


def test_the_database_allows_the_moves_of_the_rules_and_no_other(office: Office) -> None:
    allowed = {(before, after) for before, afters in MOVES.items() for after in afters}
    asked = text("select invoice_may_move(:before, :after)")
    with office.work(JOB) as work:
        for before, after in permutations(STATUSES, 2):
            found = work.session.scalar(asked, {"before": before, "after": after})
            assert found == ((before, after) in allowed), (before, after)


@pytest.mark.parametrize(
    ("paid", "status"),
    [
        (False, "refunded"),
        (False, "partially_refunded"),
        (True, "cancelled"),
        (True, "written_off"),
    ],
)
def test_an_invoice_takes_no_status_out_of_turn(office: Office, paid: bool, status: str) -> None:
    invoice = an_invoice(office, a_tenant(office))
    if paid:
        a_charge(office, invoice)
    with pytest.raises(DBAPIError, match=f"does not become {status}"), office.work(JOB) as work:
        work.session.execute(text(f"update invoice set status = '{status}'"))


def test_a_line_of_an_issued_invoice_moves_to_no_draft(office: Office) -> None:
    tenant = a_tenant(office)
    issued = an_invoice(office, tenant)
    with office.work(JOB) as work:
        draft = create_draft(work, tenant.id, DraftInvoice((NewLine("Work", 100),)))
    move = text("update invoice_line set invoice_id = :to, position = 9 where invoice_id = :of")
    for to, of in ((draft.id, issued.id), (issued.id, draft.id)):
        with pytest.raises(DBAPIError, match="its lines are fixed"), office.work(JOB) as work:
            work.session.execute(move, {"to": to, "of": of})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update invoice_series set last_number = last_number - 1", "was given"),
        ("update invoice_series set year = year + 1", "was given"),
        ("delete from invoice_series", "append-only"),
        ("update payment set amount_minor = amount_minor + 1", "its amount is fixed"),
        ("update payment set provider = 'manual'", "its amount is fixed"),
    ],
)
def test_numbers_and_payments_stay_what_they_were(office: Office, change: str, words: str) -> None:
    a_charge(office, an_invoice(office, a_tenant(office)))
    with pytest.raises(DBAPIError, match=words), office.work(JOB) as work:
        work.session.execute(text(change))
