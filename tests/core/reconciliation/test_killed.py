"""A reading that is killed anywhere: nothing is lost, doubled, or wrongly called read (REC)."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from core.gateways.port import PayoutSeen
from core.reconciliation import pulling
from core.reconciliation.models import GatewayLine, GatewayPayout, GatewayPull
from core.work import Office
from tests.billing import JOB
from tests.killing import Moment, survives
from tests.reconciliation import EARLY, TODAY, Told, a_line, kept, paid, read

LINES = 6


@pytest.fixture
def told(office: Office, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Pages of two lines, and payouts that pay all of them."""
    monkeypatch.setattr(pulling, "BATCH", 2)
    paid(office)
    lines = [
        a_line(f"ch_{n}", occurred_at=EARLY - timedelta(minutes=n), payout_id=f"po_{n % 2}")
        for n in range(LINES)
    ]
    payouts = [
        (EARLY, PayoutSeen(f"po_{n}", "paid", "EUR", 30_000, TODAY, itemised=True)) for n in (0, 1)
    ]
    return Told(lines, payouts)


def _is_true_so_far(office: Office) -> None:
    """What counts as read is there: no mark stands past a line that is missing."""
    with office.work(JOB) as work:
        marks = {mark.kind: mark for mark in work.session.scalars(select(GatewayPull))}
        lines = set(work.session.scalars(select(GatewayLine.external_id)))
        payouts = set(work.session.scalars(select(GatewayPayout.payout_id)))
    for kind, found, whole in (("lines", lines, LINES), ("payouts", payouts, 2)):
        if kind in marks and marks[kind].reached_at > EARLY:
            assert len(found) == whole


def _is_whole(office: Office) -> None:
    assert sorted(line.source_id or "" for line in kept(office)) == [
        f"ch_{n}" for n in range(LINES)
    ]
    assert {line.payout_id for line in kept(office)} == {"po_0", "po_1"}
    with office.work(JOB) as work:
        payouts = work.session.scalars(select(GatewayPayout)).all()
        marks = work.session.scalars(select(GatewayPull)).all()
    assert sorted(each.payout_id for each in payouts) == ["po_0", "po_1"]
    assert all(each.itemised_at for each in payouts)
    assert {(mark.reached_at, mark.problem) for mark in marks} == {(office.clock.now(), "")}


def _forget(url: str) -> None:
    with psycopg.connect(url) as db:
        db.execute("truncate gateway_line, gateway_payout, gateway_pull")


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_killed_at_any_commit_a_reading_goes_on_and_ends_whole(
    office: Office, database_url: str, told: Told, moment: Moment
) -> None:
    nth = 1
    while not survives(office, database_url, lambda at: read(at, told), moment, nth):
        _is_true_so_far(office)
        assert read(office, told).problem == ""
        _is_whole(office)
        _forget(database_url)
        nth += 1
    assert nth > 8, "a reading has so many transactions"
    _is_whole(office)


@pytest.mark.parametrize("nth", [3, 8, 14, 22, 31, 43])
def test_killed_at_any_statement_a_reading_goes_on_and_ends_whole(
    office: Office, database_url: str, told: Told, nth: int
) -> None:
    survives(office, database_url, lambda at: read(at, told), "statement", nth)
    _is_true_so_far(office)
    assert read(office, told).problem == ""
    _is_whole(office)
