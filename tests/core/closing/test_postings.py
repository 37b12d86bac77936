"""A closed month takes no postings: moved by core, refused by the database, raced by nobody."""

import threading
from datetime import date

import psycopg
import pytest
from sqlalchemy import select, text

from core.closing.actions import close_month
from core.errors import MonthClosed
from core.ledger.journal import post
from core.ledger.models import LedgerTransaction
from core.ledger.postings import Leg
from core.ledger.recognition import recognise_revenue
from core.work import Office
from tests.billing import JOB, WHY
from tests.closing import IN_OCTOBER, NOVEMBER, OCTOBER, at, close, copied, october
from tests.inbox import finance, waiting

LATE = date(2026, 10, 30)
LEGS = [Leg("bank", 500), Leg("cash", -500)]
SECONDS = 20


def late(office: Office, source_id: int = 99) -> date:
    """The day a posting of October went to."""
    with office.work(JOB) as work:
        number = post(work, "payout", ("late", source_id), LEGS, "EUR", LATE)
        return work.session.get_one(LedgerTransaction, number).booked_on


def test_a_late_posting_goes_to_the_first_open_day(office: Office) -> None:
    october(office)
    assert late(office, 1) == LATE
    close(office)
    assert late(office, 2) == NOVEMBER


def test_a_month_before_the_closed_one_takes_no_postings_either(office: Office) -> None:
    october(office)
    close(office)
    with office.work(JOB) as work:
        number = post(work, "payout", ("late", 1), LEGS, "EUR", date(2026, 3, 3))
        assert work.session.get_one(LedgerTransaction, number).booked_on == NOVEMBER


def test_the_database_itself_refuses_a_posting_in_a_closed_month(
    office: Office, database_url: str
) -> None:
    october(office)
    close(office)
    with psycopg.connect(database_url) as db, pytest.raises(psycopg.Error, match="2026-10 is clos"):
        db.execute(
            "insert into ledger_transaction (kind, source_type, source_id, booked_on, created_at)"
            " values ('payout', 'x', 1, '2026-10-31', now())"
        )
    with pytest.raises(MonthClosed, match="2026-10 is closed"), office.work(JOB) as work:
        work.session.add(
            LedgerTransaction(
                kind="payout", source_type="x", source_id=1, booked_on=LATE, created_at=work.now
            )
        )


def test_a_bank_file_with_a_line_of_a_closed_month_is_imported(office: Office) -> None:
    october(office)
    close(office)
    waiting(office, 700, booked_on=LATE)
    with office.work(JOB) as work:
        assert work.session.scalar(text("select booked_on from bank_transfer")) == LATE
        posted = work.session.scalar(
            select(LedgerTransaction.booked_on).where(LedgerTransaction.kind == "transfer_received")
        )
    assert posted is not None
    assert posted >= NOVEMBER


def test_a_file_whose_import_was_set_back_to_a_closed_month_posts_on_the_open_day(
    office: Office,
) -> None:
    october(office)
    close(office)
    at(office, IN_OCTOBER)
    waiting(office, 700, booked_on=LATE)
    with office.work(JOB) as work:
        posted = work.session.scalar(
            select(LedgerTransaction.booked_on).where(LedgerTransaction.kind == "transfer_received")
        )
    assert posted == NOVEMBER


def test_recognition_of_a_closed_month_posts_nothing(office: Office) -> None:
    october(office)
    close(office)
    with office.work(JOB) as work:
        assert recognise_revenue(work, OCTOBER) == {}


def test_a_posting_under_way_is_waited_for_and_counts(office: Office) -> None:
    october(office)
    person, closed = finance(office), threading.Event()

    def closing() -> None:
        close(office, actor=person)
        closed.set()

    closer = threading.Thread(target=closing)
    with office.work(JOB) as work:
        number = post(work, "payout", ("late", 1), LEGS, "EUR", LATE)
        closer.start()
        _wait_until_locked(office, "ExclusiveLock")
        assert not closed.is_set()
        assert work.session.get_one(LedgerTransaction, number).booked_on == LATE
    closer.join(SECONDS)
    assert closed.is_set()
    assert _in_figures(office) == 500


def test_a_posting_that_comes_while_a_month_is_closed_lands_after_it(office: Office) -> None:
    october(office)
    person, landed = finance(office), []
    poster = threading.Thread(target=lambda: landed.append(late(office)))
    with office.work(person) as work:
        close_month(work, OCTOBER, copied(), reason=WHY)
        poster.start()
        _wait_until_locked(office, "ShareLock")
        assert landed == []
    poster.join(SECONDS)
    assert landed == [NOVEMBER]


def test_of_two_people_closing_one_month_one_is_told(office: Office) -> None:
    october(office)
    people, outcomes = [finance(office), finance(office)], []

    def closing(place: int) -> None:
        try:
            close(office, actor=people[place])
            outcomes.append("closed")
        except Exception as problem:
            outcomes.append(type(problem).__name__)

    threads = [threading.Thread(target=closing, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(outcomes) == ["NotNow", "closed"]


def test_a_close_that_dies_before_its_end_leaves_the_month_open(office: Office) -> None:
    october(office)
    with pytest.raises(RuntimeError), office.work(finance(office)) as work:
        close_month(work, OCTOBER, copied(), reason=WHY)
        raise RuntimeError("killed")
    assert late(office) == LATE


def _wait_until_locked(office: Office, mode: str) -> None:
    """Until a transaction waits for the lock of postings; the database says so."""
    waits = text(
        "select count(*) from pg_locks where locktype = 'advisory' and objid = 4724 "
        "and not granted and mode = :mode"
    )
    for _ in range(2_000):
        with office.engine.connect() as connection:
            if connection.execute(waits, {"mode": mode}).scalar_one():
                return
            connection.execute(text("select pg_sleep(0.01)"))
    raise AssertionError(f"nobody waits for {mode}")


def _in_figures(office: Office) -> int:
    with office.work(JOB) as work:
        return int(
            work.session.execute(
                text(
                    "select cast(cast(value as jsonb) ->> 'minor' as bigint) from closed_figure "
                    "where figure = 'balance.1930'"
                )
            ).scalar_one()
        )
