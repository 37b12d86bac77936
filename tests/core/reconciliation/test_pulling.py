"""Reading a gateway's ledger: resumed, idempotent, never cut silently (REC)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.alone import alone
from core.clock import SetClock
from core.gateways.accounts import Account
from core.gateways.port import PayoutSeen
from core.reconciliation import pulling
from core.reconciliation.models import GatewayPayout, GatewayPull
from core.reconciliation.pulling import SPAN
from core.work import Office
from tests.billing import JOB, a_tenant, pass_days
from tests.reconciliation import EARLY, TODAY, Told, a_line, kept, paid, pulled, read, seen


def _marks(office: Office) -> dict[str, GatewayPull]:
    with office.work(JOB) as work:
        return {mark.kind: mark for mark in work.session.scalars(select(GatewayPull))}


def test_lines_are_kept_as_told_and_only_once(office: Office) -> None:
    told = Told([a_line(fee_minor=175, available_on=TODAY + timedelta(days=2))])
    assert read(office, told).lines == 1
    assert read(office, told).lines == 0
    (line,) = kept(office)
    assert (line.external_id, line.source_id, line.kind) == ("txn_ch_1", "ch_1", "charge")
    assert (line.amount_minor, line.fee_minor, line.net_minor) == (10_000, 175, 9_825)
    assert (line.currency, line.occurred_on, line.available_on) == (
        "EUR",
        TODAY,
        TODAY + timedelta(days=2),
    )


def test_reading_begins_before_the_first_posting_and_goes_on_where_it_stopped(
    office: Office, clock: SetClock
) -> None:
    paid(office)
    pass_days(clock, 40)
    told = Told()
    read(office, told)
    first, second = told.asked
    assert first[1] == first[0] + SPAN
    assert second == (first[1], clock.now())
    pass_days(clock, 1)
    told.asked.clear()
    read(office, told)
    ((start, end),) = told.asked
    assert (end, start) == (clock.now(), clock.now() - timedelta(days=4))


def test_a_kill_between_two_pages_leaves_what_was_read_and_goes_on(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "BATCH", 2)
    paid(office)
    lines = [a_line(f"ch_{n}", occurred_at=EARLY - timedelta(minutes=n)) for n in range(5)]
    told = Told(lines, stops_after=3)
    stopped = read(office, told)
    assert "the connection broke" in stopped.problem
    assert len(kept(office)) == 2, "the page before the broken one stays"
    marks = _marks(office)
    assert marks["lines"].reached_at == marks["lines"].since_at, "the span is not whole"
    assert "the connection broke" in marks["lines"].problem
    told.stops_after = None
    assert read(office, told).lines == 3
    assert sorted(line.source_id or "" for line in kept(office)) == [f"ch_{n}" for n in range(5)]
    assert _marks(office)["lines"].problem == ""
    assert _marks(office)["lines"].reached_at == clock.now()


def test_a_page_that_is_left_out_silently_is_found_and_refused(
    office: Office, clock: SetClock
) -> None:
    lines = [a_line(f"ch_{n}", occurred_at=EARLY - timedelta(minutes=n)) for n in range(4)]
    told = Told(lines)
    read(office, told)
    reached = _marks(office)["lines"].reached_at
    pass_days(clock, 1)
    cut = read(office, replace(told, lines=lines[:2]))
    assert cut.problem.startswith(
        "Stripe left out 2 of the lines it told of before, txn_ch_3 first"
    )
    assert _marks(office)["lines"].reached_at == reached, "nothing after the gap counts as read"
    assert read(office, told).problem == ""


def test_lines_told_twice_in_another_order_and_with_new_ones_between_are_kept_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "BATCH", 2)
    lines = [a_line(f"ch_{n}", occurred_at=EARLY - timedelta(minutes=n)) for n in range(4)]
    late = a_line("ch_late", occurred_at=EARLY)
    told = Told()
    told.ledger = lambda _since, _until: iter(  # type: ignore[method-assign]
        [lines[1], lines[0], lines[1], late, lines[3], lines[2], lines[3]]
    )
    assert read(office, told).lines == 5
    assert read(office, told).lines == 0
    assert sorted(line.external_id for line in kept(office)) == sorted(
        line.external_id for line in (*lines, late)
    )


def test_a_payout_that_pays_a_line_nobody_showed_is_a_cut(office: Office) -> None:
    told = Told([a_line(payout_id="po_1")], [(EARLY, _payout())])
    hidden = replace(told.lines[0], external_id="txn_hidden")
    told.payout_lines = lambda _: iter([*told.lines, hidden])  # type: ignore[method-assign,assignment]
    problem = read(office, told).problem
    assert problem.startswith("The payout po_1 pays 1 lines, txn_hidden first")


def test_payouts_are_kept_with_their_lines_and_follow_their_state(office: Office) -> None:
    told = Told([a_line(), a_line("ch_2")], [(EARLY, _payout("in_transit"))])
    told.payout_lines = lambda payout_id: iter(  # type: ignore[method-assign,assignment]
        [replace(line, payout_id=payout_id) for line in told.lines]
    )
    assert read(office, told).payouts == 1
    told.payouts_seen = [(EARLY, _payout("paid"))]
    assert read(office, told).payouts == 0
    with office.work(JOB) as work:
        payout = work.session.scalars(select(GatewayPayout)).one()
    assert (payout.status, payout.itemised_at is not None) == ("paid", True)
    assert {line.payout_id for line in kept(office)} == {"po_1"}


def test_an_account_that_somebody_reads_is_not_read_beside(office: Office) -> None:
    told = Told([a_line()])
    with alone(office.engine, "pull stripe ") as mine:
        assert mine
        beside = read(office, told)
    assert "being read already" in beside.problem
    assert (told.asked, _marks(office)) == ([], {})
    assert read(office, told).lines == 1


def test_another_organisations_account_is_kept_and_compared_apart(
    office: Office, clock: SetClock
) -> None:
    payment = paid(office, "ch_1")
    other = a_tenant(office)
    pulled(office, a_line("ch_1"))
    told = pulled(office, a_line("ch_1"), account=Account("stripe", other.id))
    assert told.lines == 1, "the same number in another account is another line"
    pass_days(clock, 3)
    found = [(each.tenant_id, each.reference, each.difference) for each in seen(office).differences]
    assert found == [(other.id, "ch_1", "missing_here")]
    assert payment.tenant_id != other.id


def test_what_a_tenant_was_paid_through_its_own_account_meets_that_accounts_lines(
    office: Office, clock: SetClock
) -> None:
    payment = paid(office, "ch_own")
    pulled(office, a_line("ch_own"), account=Account("stripe", payment.tenant_id))
    pass_days(clock, 3)
    assert seen(office).differences == ()


def _payout(status: str = "paid") -> PayoutSeen:
    return PayoutSeen("po_1", status, "EUR", 20_000, TODAY, itemised=True)  # type: ignore[arg-type]
