"""Four eyes on money that is given back."""

import pytest

from core.access.authority import Actor
from core.credit_notes.actions import approve_credit_note, create_credit_note
from core.errors import FreshAuthNeeded, NotAllowed, NotNow
from core.invoices.models import Invoice
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting


def clerk(office: Office) -> Actor:
    return acting(office, a_user(office, "billing"))


def test_nobody_approves_their_own_note(office: Office) -> None:
    """ASVS 2.3.5: one person writes a credit note, another one, just signed in, approves it."""
    invoice, writer = an_invoice(office, a_tenant(office)), clerk(office)
    with office.work(writer) as work:
        draft = create_credit_note(work, invoice.id, cause="duplicate")
    assert (draft.status, draft.number) == ("draft", None)
    assert wrong_books(office) == []
    with pytest.raises(NotAllowed, match="Somebody else"), office.work(writer) as work:
        approve_credit_note(work, draft.id, reason=WHY)
    stale = acting(office, a_user(office, "billing"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        approve_credit_note(work, draft.id, reason=WHY)
    with office.work(clerk(office)) as work:
        issued = approve_credit_note(work, draft.id, reason=WHY)
    assert issued.number is not None
    with office.work(JOB) as work:
        assert work.session.get_one(Invoice, invoice.id).status == "paid"
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        approve_credit_note(work, draft.id, reason=WHY)
    assert wrong_books(office) == []
