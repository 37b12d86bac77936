"""A payout three ways: its lines, the bank's line, and the clearing account (REC.3)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.clock import SetClock
from core.gateways.port import LedgerLine, PayoutSeen
from core.reconciliation.models import GatewayPayout
from core.reconciliation.sides import Window
from core.reconciliation.three_way import PayoutRow, three_way
from core.work import Office
from tests.billing import JOB, pass_days, wrong_books
from tests.reconciliation import EARLY, TODAY, Told, a_line, paid, read, seen

DUE = 9_825


def told(amount_minor: int = DUE, *, itemised: bool = True, trace_id: str | None = None) -> Told:
    """A charge with its fee, and the payout that pays it, due today."""
    charge = a_line(fee_minor=175)
    out = a_line(
        "po_1", -amount_minor, kind="payout", occurred_at=EARLY + timedelta(hours=1),
        payout_id="po_1",
    )  # fmt: skip
    payout = PayoutSeen(
        "po_1", "paid", "EUR", amount_minor, TODAY, itemised=itemised, trace_id=trace_id
    )
    gateway = Told([charge, out], [(EARLY, payout)])

    def lines(_payout_id: str) -> object:
        pays: LedgerLine = replace(charge, payout_id="po_1")
        return iter([pays])

    gateway.payout_lines = lines  # type: ignore[method-assign,assignment]
    return gateway


def shown_by_bank(
    office: Office,
    amount_minor: int = DUE,
    text: str = "STRIPE PAYOUT PO_1",
    name: str = "STRIPE",
) -> int:
    """The bank's statement of today with one incoming line; how many wait in the inbox."""
    line = TransferLine("B1", amount_minor, "", text, name, "DE00", booked_on=TODAY)
    statement = Statement("DE89", "S-1", "camt.053", "EUR", (line,), 0, amount_minor)
    with office.work(JOB) as work:
        return import_statement(work, statement).unmatched


def the_payout(office: Office) -> PayoutRow:
    with office.work(JOB) as work:
        (payout,) = three_way(work, Window(TODAY, TODAY, work.today))
    return payout


def test_a_payout_the_gateway_tells_of_is_found_in_the_bank_and_agrees(office: Office) -> None:
    paid(office, fee_minor=175)
    read(office, told())
    assert the_payout(office).state == "on_its_way"
    assert shown_by_bank(office) == 0
    payout = the_payout(office)
    assert (payout.lines_minor, payout.lines, payout.ledger_minor) == (DUE, 1, DUE)
    assert (payout.bank_on, payout.state) == (TODAY, "agrees")
    assert seen(office).differences == ()
    (total,) = seen(office).totals
    assert (total.ledger_minor, total.provider_minor) == (0, 0)
    assert wrong_books(office) == []


def test_one_line_pays_one_payout_only(office: Office) -> None:
    paid(office, fee_minor=175)
    read(office, told())
    shown_by_bank(office)
    line = TransferLine("B2", DUE, "", "STRIPE PAYOUT PO_1", "STRIPE", "DE00", booked_on=TODAY)
    statement = Statement("DE89", "S-2", "camt.053", "EUR", (line,), DUE, 2 * DUE)
    with office.work(JOB) as work:
        assert import_statement(work, statement).unmatched == 1
    assert the_payout(office).ledger_minor == DUE


def test_a_payout_whose_lines_add_up_to_another_sum_says_so(office: Office) -> None:
    paid(office, fee_minor=175)
    read(office, told(9_800))
    assert the_payout(office).state == "lines_differ"


def test_one_that_is_not_itemised_compares_as_a_sum(office: Office) -> None:
    paid(office, fee_minor=175)
    read(office, told(9_000, itemised=False))
    shown_by_bank(office, 9_000)
    payout = the_payout(office)
    assert (payout.lines_minor, payout.state) == (None, "agrees")


def test_a_payout_the_bank_never_shows_is_missing_after_three_bank_days(
    office: Office, clock: SetClock
) -> None:
    paid(office, fee_minor=175)
    read(office, told())
    pass_days(clock, 5)
    assert the_payout(office).state == "on_its_way"
    assert [each.difference for each in seen(office).differences] == ["in_transit"]
    pass_days(clock, 1)
    assert the_payout(office).state == "not_in_bank"
    assert [each.difference for each in seen(office).differences] == ["missing_here"]


def test_a_line_of_the_same_sum_by_somebody_else_is_no_payout(office: Office) -> None:
    paid(office, fee_minor=175)
    read(office, told())
    assert shown_by_bank(office, text="RENT", name="LANDLORD") == 1
    assert the_payout(office).state == "on_its_way"


@pytest.mark.parametrize("text", ["REF TRC0099887 SEPA", "trc0099887"])
def test_a_line_that_carries_the_number_of_the_payouts_bank_is_that_payout(
    office: Office, text: str
) -> None:
    paid(office, fee_minor=175)
    read(office, told(trace_id="TRC0099887"))
    assert shown_by_bank(office, text=text, name="CITIBANK EUROPE PLC") == 0
    payout = the_payout(office)
    assert (payout.bank_on, payout.ledger_minor, payout.state) == (TODAY, DUE, "agrees")
    assert wrong_books(office) == []


@pytest.mark.parametrize(
    ("trace_id", "text"),
    [("TRC0099887", "TRC00998870"), ("TRC0099887", "TRC0099888"), ("1234", "RENT 1234")],
    ids=["a longer number", "another number", "a number too short to mean anything"],
)
def test_a_line_with_another_number_is_not_that_payout(
    office: Office, trace_id: str, text: str
) -> None:
    paid(office, fee_minor=175)
    read(office, told(trace_id=trace_id))
    assert shown_by_bank(office, text=text, name="CITIBANK EUROPE PLC") == 1
    assert the_payout(office).ledger_minor is None


def test_of_two_payouts_of_one_sum_a_line_is_the_one_it_traces(office: Office) -> None:
    gateway = Told(
        payouts_seen=[
            (EARLY, PayoutSeen(name, "paid", "EUR", DUE, TODAY, itemised=False, trace_id=trace))
            for name, trace in (("po_1", "TRC0000001"), ("po_2", "TRC0000002"))
        ]
    )
    read(office, gateway)
    assert shown_by_bank(office, text="STRIPE TRC0000002") == 0
    with office.work(JOB) as work:
        rows = three_way(work, Window(TODAY, TODAY, work.today))
    assert {row.payout_id: row.bank_on for row in rows} == {"po_1": None, "po_2": TODAY}


def test_a_number_that_is_told_weeks_later_is_kept(office: Office, clock: SetClock) -> None:
    """Banks tell it up to ten days after the money arrived."""
    paid(office, fee_minor=175)
    read(office, told())
    shown_by_bank(office, text="A LINE", name="CITIBANK EUROPE PLC")
    pass_days(clock, 12)
    read(office, told(trace_id="TRC0099887"))
    with office.work(JOB) as work:
        assert work.session.scalars(select(GatewayPayout.trace_id)).all() == ["TRC0099887"]
