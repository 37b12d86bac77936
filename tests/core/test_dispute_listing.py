"""Disputes as a list: what awaits an answer first, filters, postings, one's own alone (PAY.8)."""

from datetime import date, timedelta

import pytest

from core.clock import SetClock
from core.errors import BadInput, NotAllowed, NotFound
from core.payments.dispute_listing import DisputeFilters, dispute_detail, disputes
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Dispute
from core.work import Office
from tests.billing import JOB, a_charge, a_tenant, an_invoice, pass_days
from tests.builders import a_user, acting

FEE = 2_000


def a_dispute(office: Office, number: str = "dp_1", days: int = 7, country: str = "DE") -> Dispute:
    """A dispute of a whole card payment, to be answered within days."""
    payment = a_charge(office, an_invoice(office, a_tenant(office, country)), f"ch_{number}")
    with office.work(JOB) as work:
        due = work.today + timedelta(days=days)
        claim = Claim(payment.amount_minor, FEE, "fraudulent", due)
        return open_dispute(work, payment.id, number, claim)


def numbers(office: Office, wanted: DisputeFilters | None = None, **order: object) -> list[str]:
    with office.work(JOB) as work:
        page = disputes(work, wanted, **order)  # type: ignore[arg-type]
    assert page.count == len(page.rows)
    return [row.provider_dispute_id for row in page.rows]


def test_a_dispute_says_what_it_costs_and_when_to_answer(office: Office, clock: SetClock) -> None:
    opened = a_dispute(office, days=7)
    pass_days(clock, 3)
    with office.work(JOB) as work:
        [row] = disputes(work).rows
    assert (row.amount_minor, row.fee_minor, row.days_left) == (opened.amount_minor, FEE, 4)
    assert (row.tenant_name, row.reason, row.status) == (
        "Rheinfeld GmbH",
        "fraudulent",
        "needs_response",
    )
    assert len(row.invoice_numbers) == 1


def test_days_over_count_below_zero_and_a_decided_one_has_none(
    office: Office, clock: SetClock
) -> None:
    late, decided = a_dispute(office, "dp_late", 1), a_dispute(office, "dp_won", 1)
    with office.work(JOB) as work:
        decide_dispute(work, decided.id, won=True)
    pass_days(clock, 3)
    with office.work(JOB) as work:
        left = {row.id: row.days_left for row in disputes(work).rows}
    assert left == {late.id: -2, decided.id: None}


def test_what_is_to_be_answered_first_comes_first(office: Office) -> None:
    a_dispute(office, "dp_later", 9)
    won = a_dispute(office, "dp_won", 1)
    a_dispute(office, "dp_sooner", 2)
    with office.work(JOB) as work:
        decide_dispute(work, won.id, won=True)
    assert numbers(office) == ["dp_sooner", "dp_later", "dp_won"]
    assert numbers(office, sort="newest", descending=True) == ["dp_sooner", "dp_won", "dp_later"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "dp_2"}, ["dp_2"]),
        ({"text": "rheinfeld"}, ["dp_1", "dp_2"]),
        ({"status": "lost"}, ["dp_2"]),
        ({"provider": "paypal"}, []),
        ({"currency": "EUR"}, ["dp_1", "dp_2"]),
        ({"opened_until": date(2020, 1, 1)}, []),
    ],
)
def test_filters_narrow_the_list(
    office: Office, wanted: dict[str, object], found: list[str]
) -> None:
    a_dispute(office, "dp_1", 5)
    lost = a_dispute(office, "dp_2", 6)
    with office.work(JOB) as work:
        decide_dispute(work, lost.id, won=False)
    assert numbers(office, DisputeFilters(**wanted)) == found  # type: ignore[arg-type]


def test_counts_by_status_ignore_the_status_that_is_looked_for(office: Office) -> None:
    a_dispute(office, "dp_1")
    won = a_dispute(office, "dp_2")
    with office.work(JOB) as work:
        decide_dispute(work, won.id, won=True)
    with office.work(JOB) as work:
        page = disputes(work, DisputeFilters(status="won"))
    assert (page.count, page.by_status) == (1, {"needs_response": 1, "won": 1})


def test_postings_of_each_step_balance(office: Office) -> None:
    lost = a_dispute(office)
    with office.work(JOB) as work:
        decide_dispute(work, lost.id, won=False)
    with office.work(JOB) as work:
        entries = dispute_detail(work, lost.id).entries
    for event in ("dispute_opened", "dispute_lost"):
        sides = [(each.debit_minor, each.credit_minor) for each in entries if each.event == event]
        assert sides
        assert sum(debit for debit, _ in sides) == sum(credit for _, credit in sides) > 0
    assert {entry.event for entry in entries} == {"dispute_opened", "dispute_lost"}


def test_a_tenant_sees_its_own_and_no_books(office: Office) -> None:
    own, other = a_dispute(office, "dp_own"), a_dispute(office, "dp_other")
    who = acting(office, a_user(office, "org_user", tenant_id=own.tenant_id))
    with office.work(who) as work:
        page = disputes(work, DisputeFilters(tenant_id=other.tenant_id))
        assert [row.id for row in page.rows] == [own.id]
        assert dispute_detail(work, own.id).entries == []
        with pytest.raises(NotFound):
            dispute_detail(work, other.id)


def test_who_may_not_read_billing_is_refused(office: Office) -> None:
    opened = a_dispute(office)
    nobody = acting(office, a_user(office, "analyst"))
    with office.work(nobody) as work:
        with pytest.raises(NotAllowed):
            disputes(work)
        with pytest.raises(NotAllowed):
            dispute_detail(work, opened.id)


def test_unknown_orders_and_statuses_are_refused(office: Office) -> None:
    with office.work(JOB) as work:
        with pytest.raises(BadInput, match="sorted by"):
            disputes(work, sort="; drop")
        with pytest.raises(BadInput, match="no status"):
            disputes(work, DisputeFilters(status="open"))
