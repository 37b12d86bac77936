"""The list of unmatched transfers, and what each may pay."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound
from core.inbox.deciding import Share, assign_transfer, decline_suggestion, ignore_transfer
from core.inbox.listing import UnmatchedFilters, certain, one_unmatched, unmatched
from core.inbox.undoing import undo_decision
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice
from tests.builders import a_user, acting
from tests.inbox import finance, named_tenant, waiting


def test_a_transfer_says_what_it_may_pay_and_why(office: Office, clock: SetClock) -> None:
    tenant = named_tenant(office, "Nordwind Logistik GmbH")
    invoice = an_invoice(office, tenant, 10_000)
    named_tenant(office, "Somebody Else AB")
    number = waiting(office, 10_000, "NORDWIND LOGISTIK", text=f"Invoice {invoice.number}")
    clock.advance(timedelta(days=3))
    with office.work(finance(office)) as work:
        page = unmatched(work)
    (row,) = page.rows
    assert (row.id, row.age_days, row.amount_minor, page.by_status) == (
        number, 3, 10_000, {"open": 1},
    )  # fmt: skip
    best = row.best
    assert best is not None
    assert [(each.id, each.part_minor, each.due_minor) for each in best.invoices] == [
        (invoice.id, 10_000, 10_000)
    ]
    assert best.tenant_name == "Nordwind Logistik GmbH"
    assert best.certain
    assert best.probability >= Decimal("0.98")
    assert best.rest_minor == 0
    assert any(invoice.number in words for words in best.reasons if invoice.number)


def test_the_certain_come_first_and_others_by_probability(office: Office) -> None:
    sure = an_invoice(office, named_tenant(office, "Alpha Werke GmbH"), 10_000)
    an_invoice(office, named_tenant(office, "Betakontor AG"), 20_000)
    nothing = waiting(office, 777, "NOBODY", bank_ref="W1")
    likely = waiting(office, 20_000, "BETAKONTOR", bank_ref="W2")
    named = waiting(office, 10_000, "ALPHA WERKE", text=f"{sure.number}", bank_ref="W3")
    with office.work(finance(office)) as work:
        assert [row.id for row in unmatched(work).rows] == [named, likely, nothing]
        assert [row.id for row in unmatched(work, limit=1, offset=1).rows] == [likely]
        by_amount = unmatched(work, sort="amount", descending=False).rows
        assert [row.amount_minor for row in by_amount] == [777, 10_000, 20_000]
        assert [row.id for row in certain(work)] == [named]


def test_of_two_transfers_for_one_invoice_one_is_certain(office: Office) -> None:
    invoice = an_invoice(office, named_tenant(office, "Alpha Werke GmbH"), 10_000)
    first = waiting(office, 10_000, "ALPHA WERKE", text=f"{invoice.number}", bank_ref="W1")
    waiting(office, 10_000, "ALPHA WERKE", text=f"{invoice.number}", bank_ref="W2")
    with office.work(finance(office)) as work:
        assert [row.id for row in certain(work)] == [first]


def test_what_was_decided_shows_at_once(office: Office) -> None:
    invoice = an_invoice(office, named_tenant(office, "Alpha Werke GmbH"), 10_000)
    first = waiting(office, 10_000, "ALPHA WERKE", text=f"{invoice.number}", bank_ref="W1")
    second = waiting(office, 10_000, "ALPHA WERKE", text=f"{invoice.number}", bank_ref="W2")
    person = finance(office)
    with office.work(person) as work:
        unmatched(work)
    with office.work(person) as work:
        assign_transfer(work, first, (Share(invoice.id),), reason=WHY)
    with office.work(person) as work:
        offer = one_unmatched(work, second).best
        decided = unmatched(work, UnmatchedFilters(status="assigned")).rows[0]
    assert offer is not None
    assert not offer.certain
    assert not offer.payable
    assert offer.reasons[0].startswith("already paid")
    assert offer.rest_minor == 10_000
    assert (decided.invoice_numbers, decided.decided_by, decided.reason, decided.automatic) == (
        [invoice.number], "A user", WHY, False,
    )  # fmt: skip
    assert decided.proposals == []


def test_the_book_learns_who_pays_for_whom_and_unlearns_it(office: Office) -> None:
    tenant = named_tenant(office, "Alpha Werke GmbH")
    invoices = [an_invoice(office, tenant, 10_000 + n) for n in range(2)]
    payer = ("OMEGA TREUHAND", "DE44500105175407324931")
    person = finance(office)

    def best() -> list[int]:
        with office.work(person) as work:
            offer = one_unmatched(work, later).best
        return [each.id for each in offer.invoices] if offer else []

    first = waiting(office, 10_000, *payer, bank_ref="W1")
    later = waiting(office, 4_000, *payer, bank_ref="W2")
    assert best() == []
    with office.work(person) as work:
        assign_transfer(work, first, (Share(invoices[0].id),), reason=WHY)
    assert best() == [invoices[1].id]
    with office.work(person) as work:
        undo_decision(work, first, reason=WHY)
    assert best() == []


def test_a_declined_tenant_counts_for_less(office: Office) -> None:
    tenant = named_tenant(office, "Betakontor AG")
    an_invoice(office, tenant, 20_000)
    number = waiting(office, 20_000, "BETAKONTOR")
    person = finance(office)
    with office.work(person) as work:
        before = one_unmatched(work, number).best
    for _ in range(2):
        with office.work(person) as work:
            decline_suggestion(work, number, tenant.id)
    with office.work(person) as work:
        after = one_unmatched(work, number).best
    assert before is not None
    assert after is None or (
        after.probability < before.probability
        and "This payer was declined for this tenant lately" in after.reasons
    )


def test_a_new_name_of_a_tenant_is_known_at_once(office: Office) -> None:
    tenant = named_tenant(office, "Alpha Werke GmbH")
    an_invoice(office, tenant, 10_000)
    number = waiting(office, 10_000, "OMEGA TREUHAND")
    person = finance(office)
    with office.work(person) as work:
        unmatched(work)
    with office.work(JOB) as work:
        work.session.get_one(Tenant, tenant.id).name = "Omega Treuhand GmbH"
    with office.work(person) as work:
        best = one_unmatched(work, number).best
    assert best is not None
    assert best.tenant_name == "Omega Treuhand GmbH"


def test_filters(office: Office) -> None:
    day = date(2026, 11, 2)
    one = waiting(office, 100, "Anna 100 %", bank_ref="W1", booked_on=day)
    two = waiting(office, 200, "Bertil", text="kvitto", bank_ref="W2")
    person = finance(office)
    with office.work(person) as work:
        ignore_transfer(work, two, reason=WHY)
    with office.work(person) as work:

        def ids(**wanted: object) -> list[int]:
            filters = UnmatchedFilters(**{"status": None, **wanted})  # type: ignore[arg-type]
            return [row.id for row in unmatched(work, filters, sort="age", descending=False).rows]

        assert ids() == [one, two]
        assert ids(text="100 %") == [one]
        assert ids(text="kvitto") == [two]
        assert ids(status="ignored") == [two]
        assert ids(least_minor=150) == [two]
        assert ids(most_minor=150) == [one]
        assert ids(booked_until=day) == [one]
        assert ids(currency="SEK") == []


def test_refusals(office: Office) -> None:
    with office.work(finance(office)) as work:
        with pytest.raises(BadInput, match="sorted by"):
            unmatched(work, sort="name")
        with pytest.raises(BadInput, match="no status"):
            unmatched(work, UnmatchedFilters(status="lost"))
        with pytest.raises(NotFound, match="no unmatched transfer 9"):
            one_unmatched(work, 9)
    member = a_user(office, "org_admin", tenant_id=a_tenant(office).id)
    with office.work(acting(office, member)) as work, pytest.raises(NotAllowed):
        unmatched(work)
