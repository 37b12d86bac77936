"""The run that keeps exchange rates: once, whole days, nothing overwritten, nothing invented."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import text

import core.models  # noqa: F401 (maps every table before the first write)
import worker
from core.clock import SetClock
from core.errors import BadInput, ChangedMeanwhile
from core.planning import run
from core.planning.actions import record_rates
from core.planning.ecb import DAILY, HISTORY, Published, RatesRefused, RatesUnavailable
from core.planning.queries import Followed
from core.planning.run import EMPTY, SIMULATED, FxRun, decide, run_fx
from core.work import Office, Work
from tests import closing
from tests.billing import JOB, a_rate, a_tenant
from tests.rates import Days, Peer, a_peer, document

TODAY = date(2026, 11, 20)
THURSDAY, WEDNESDAY, TUESDAY, MONDAY = (TODAY - timedelta(days=n) for n in range(1, 5))
WEEK: Days = {
    MONDAY: {"SEK": "10", "USD": "1.25", "NOK": "12"},
    TUESDAY: {"SEK": "8", "USD": "1.25", "NOK": "12"},
    WEDNESDAY: {"SEK": "4", "USD": "1.25", "NOK": "12"},
    THURSDAY: {"SEK": "2", "USD": "1.6", "NOK": "12"},
    TODAY: {"SEK": "11.3595", "USD": "1.6", "NOK": "12"},
}
Kept = dict[tuple[date, str], Decimal]


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with a_peer() as running:
        running.publish(WEEK)
        yield running


@pytest.fixture
def company(office: Office, peer: Peer) -> Office:
    """A company with tenants that pay in SEK, USD and NGN, whose rates come from the peer."""
    for country, currency in (("SE", "SEK"), ("US", "USD"), ("NG", "NGN"), ("DE", "EUR")):
        a_tenant(office, country, currency)
    return peer.read_by(office)


def kept(office: Office) -> Kept:
    with office.work(JOB) as work:
        found = work.session.execute(text("select rated_on, currency, rate_to_eur from fx_rate"))
        return {(row.rated_on, row.currency): row.rate_to_eur for row in found}


def told(done: FxRun) -> list[tuple[date, str, str]]:
    return [(each.rated_on, each.currency, each.outcome) for each in done.changes]


def audited(office: Office) -> int:
    """The audit rows of rates."""
    asked = "select count(*) from audit_event where event_type = 'planning.rates.recorded'"
    with office.work(JOB) as work:
        return int(work.session.scalar(text(asked)) or 0)


def test_the_first_run_keeps_the_history_of_the_currencies_in_use(
    company: Office, peer: Peer
) -> None:
    done = run_fx(company)
    assert (done.counts, done.unpublished) == (
        {"kept": 10, "differs": 0, "closed": 0, "unpublished": 1},
        ("NGN",),
    )
    assert done.published_on == TODAY
    found = kept(company)
    assert sorted(found) == [(day, code) for day in sorted(WEEK) for code in ("SEK", "USD")]
    assert found[MONDAY, "SEK"] == Decimal("0.1")
    assert found[TODAY, "SEK"] == Decimal("0.0880320437")
    assert found[TODAY, "USD"] == Decimal("0.625")
    assert peer.asked == [DAILY, HISTORY]
    assert audited(company) == 5


def test_a_second_run_changes_nothing_and_reads_the_newest_day_alone(
    company: Office, peer: Peer
) -> None:
    run_fx(company)
    before, peer.asked = kept(company), []
    done = run_fx(company)
    assert (done.changes, done.counts["kept"]) == ((), 0)
    assert kept(company) == before
    assert peer.asked == [DAILY]
    assert audited(company) == 5


def test_a_dry_run_says_what_the_run_then_does_and_keeps_nothing(company: Office) -> None:
    a_rate(company, "SEK", "0.5", TUESDAY)
    would = run_fx(company, dry_run=True)
    assert list(kept(company)) == [(TUESDAY, "SEK")]
    assert audited(company) == 1
    done = run_fx(company)
    assert would.dry_run
    assert would.changes == done.changes != ()
    assert (would.counts, would.unpublished) == (done.counts, done.unpublished)


def test_yesterdays_rates_need_no_history(company: Office, peer: Peer) -> None:
    for code in ("SEK", "USD"):
        a_rate(company, code, "0.1", THURSDAY)
    done = run_fx(company)
    assert told(done) == [(TODAY, "SEK", "kept"), (TODAY, "USD", "kept")]
    assert peer.asked == [DAILY]


def test_a_weekend_between_is_no_missing_day(company: Office, peer: Peer, clock: SetClock) -> None:
    clock.move_to(datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    peer.publish({TODAY: WEEK[TODAY], date(2026, 11, 23): {"SEK": "10", "USD": "1.25"}})
    for code in ("SEK", "USD"):
        a_rate(company, code, "0.1", TODAY)
    assert told(run_fx(company)) == [(date(2026, 11, 23), code, "kept") for code in ("SEK", "USD")]
    assert peer.asked == [DAILY]


def test_days_missing_since_the_newest_kept_one_are_made_up_for(company: Office) -> None:
    a_rate(company, "SEK", "0.125", TUESDAY)
    a_rate(company, "USD", "0.625", THURSDAY)
    assert told(run_fx(company)) == [
        (WEDNESDAY, "SEK", "kept"),
        (THURSDAY, "SEK", "kept"),
        (TODAY, "SEK", "kept"),
        (TODAY, "USD", "kept"),
    ]


def test_what_lies_before_the_newest_kept_day_is_not_filled_in(company: Office) -> None:
    a_rate(company, "SEK", "0.1", MONDAY)
    a_rate(company, "SEK", "0.5", THURSDAY)
    run_fx(company)
    assert [day for day, code in sorted(kept(company)) if code == "SEK"] == [
        MONDAY, THURSDAY, TODAY,
    ]  # fmt: skip


def test_a_kept_rate_that_differs_from_the_published_one_stays_and_is_told(
    company: Office,
) -> None:
    a_rate(company, "SEK", "0.0883", TODAY)
    for _ in range(2):
        (differs,) = [each for each in run_fx(company).changes if each.outcome == "differs"]
        assert (differs.currency, differs.kept_rate) == ("SEK", Decimal("0.0883"))
        assert differs.rate_to_eur == Decimal("0.0880320437")
        assert differs.words == "0.0883000000 is kept and stays"
        assert kept(company)[TODAY, "SEK"] == Decimal("0.0883")


def test_rates_are_kept_up_to_a_day_and_later_ones_after(company: Office, peer: Peer) -> None:
    done = run_fx(company, TUESDAY)
    assert (done.as_of, done.published_on) == (TUESDAY, TUESDAY)
    assert {day for day, _ in kept(company)} == {MONDAY, TUESDAY}
    peer.asked.clear()
    assert run_fx(company, TUESDAY).changes == ()
    assert peer.asked == [DAILY]
    run_fx(company)
    assert {day for day, _ in kept(company)} == set(WEEK)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_day_to_come_is_refused_before_anybody_is_asked(
    company: Office, peer: Peer, dry_run: bool
) -> None:
    with pytest.raises(BadInput, match="2026-11-21 has not come"):
        run_fx(company, TODAY + timedelta(days=1), dry_run=dry_run)
    assert peer.asked == []


def test_a_currency_that_was_rated_once_is_kept_up_though_nobody_uses_it(company: Office) -> None:
    a_rate(company, "NOK", "0.08", THURSDAY)
    a_rate(company, "HRK", "0.13", THURSDAY)
    done = run_fx(company)
    assert (TODAY, "NOK", "kept") in told(done)
    assert done.unpublished == ("NGN",)


def test_the_currencies_of_the_company_itself_are_followed(office: Office, peer: Peer) -> None:
    own = {"reporting_currency": "USD", "company_tax_id": "NO999999999"}
    settings = peer.read_by(office).settings.model_copy(update=own)
    run_fx(Office(office.engine, office.clock, settings))
    assert {code for _, code in kept(office)} == {"USD", "NOK"}


def test_a_closed_month_gets_no_rates_that_would_move_its_figures(
    office: Office, peer: Peer
) -> None:
    closing.october(office)
    a_rate(office, "SEK", "0.1", date(2026, 10, 28))
    a_tenant(office, "US", "USD")
    closing.close(office)
    company, last, first = peer.read_by(office), date(2026, 10, 30), date(2026, 11, 2)
    peer.publish({day: {"SEK": "8", "USD": "1.6"} for day in (last, first, TODAY)})
    would, done = run_fx(company, dry_run=True), run_fx(company)
    assert would.changes == done.changes
    assert told(done) == [
        (last, "SEK", "closed"),
        (last, "USD", "kept"),
        *((day, code, "kept") for day in (first, TODAY) for code in ("SEK", "USD")),
    ]
    assert (last, "SEK") not in kept(office)
    assert run_fx(company).changes == ()


def test_days_that_are_no_longer_published_are_told(company: Office) -> None:
    a_rate(company, "SEK", "0.1", date(2026, 6, 1))
    first = run_fx(company).changes[0]
    assert (first.rated_on, first.currency) == (MONDAY, "SEK")
    assert "for the days after 2026-06-01; bring them in with saldo import csv" in first.words
    assert run_fx(company).changes == ()


def test_documents_that_do_not_agree_keep_nothing(company: Office, peer: Peer) -> None:
    peer.documents[HISTORY] = document({**WEEK, TODAY: {"SEK": "11.4", "USD": "1.6"}})
    with pytest.raises(RatesRefused, match="do not agree about 2026-11-20"):
        run_fx(company)
    assert kept(company) == {}


def test_a_history_that_comes_out_later_than_the_newest_day_leaves_no_day_out(
    company: Office, peer: Peer
) -> None:
    peer.documents[HISTORY] = document({day: WEEK[day] for day in (MONDAY, TUESDAY, WEDNESDAY)})
    assert run_fx(company).published_on == WEDNESDAY
    peer.documents[HISTORY] = document({day: WEEK[day] for day in WEEK if day != TODAY})
    assert [day for day, code, _ in told(run_fx(company)) if code == "SEK"] == [THURSDAY, TODAY]
    assert len(kept(company)) == 10


def test_a_document_that_is_no_longer_kept_up_is_refused(company: Office, clock: SetClock) -> None:
    clock.advance(timedelta(days=10))
    assert run_fx(company).published_on == TODAY
    clock.advance(timedelta(days=1))
    with pytest.raises(RatesRefused, match=f"{DAILY}: its newest rates are of 2026-11-20"):
        run_fx(company)


def test_a_history_that_is_no_longer_kept_up_is_refused(company: Office, peer: Peer) -> None:
    peer.documents[HISTORY] = document({date(2026, 11, 9): WEEK[MONDAY]})
    with pytest.raises(RatesRefused, match=f"{HISTORY}: its newest rates are of 2026-11-09"):
        run_fx(company)
    assert kept(company) == {}


def test_a_broken_history_keeps_nothing_of_the_newest_day(company: Office, peer: Peer) -> None:
    peer.documents[HISTORY] = document({**WEEK, MONDAY: {"SEK": "0"}})
    with pytest.raises(RatesRefused, match=f"{HISTORY}: Line .* is not a rate of SEK"):
        run_fx(company)
    del peer.documents[HISTORY]
    with pytest.raises(RatesUnavailable, match="answered HTTP 404"):
        run_fx(company)
    assert kept(company) == {}


def test_a_run_killed_half_way_has_kept_whole_days_and_the_next_goes_on(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(work: Work, day: date, rates: dict[str, Decimal]) -> int:
        count = record_rates(work, day, rates)
        if day == WEDNESDAY:
            raise KeyboardInterrupt
        return count

    with monkeypatch.context() as patched:
        patched.setattr(run, "record_rates", dies)
        with pytest.raises(KeyboardInterrupt):
            run_fx(company)
    assert sorted(kept(company)) == [
        (day, code) for day in (MONDAY, TUESDAY) for code in ("SEK", "USD")
    ]
    run_fx(company)
    assert len(kept(company)) == 10


def test_a_rate_that_somebody_enters_meanwhile_stays(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(work: Work, day: date, rates: dict[str, Decimal]) -> int:
        if day == TODAY:
            a_rate(company, "USD", "0.7", day)
        return record_rates(work, day, rates)

    with monkeypatch.context() as patched:
        patched.setattr(run, "record_rates", late)
        with pytest.raises(ChangedMeanwhile, match="rates of 2026-11-20"):
            run_fx(company)
    assert (TODAY, "SEK") not in kept(company)
    assert told(run_fx(company)) == [(TODAY, "SEK", "kept"), (TODAY, "USD", "differs")]
    assert kept(company)[TODAY, "USD"] == Decimal("0.7")


def test_many_runs_at_once_keep_each_rate_once(company: Office) -> None:
    def attempt(_: int) -> int:
        try:
            return run_fx(company).counts["kept"]
        except ChangedMeanwhile:
            return 0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, range(4)))
    run_fx(company)
    assert len(kept(company)) == 10
    assert audited(company) == 5


def test_nothing_is_fetched_while_switched_off(company: Office, office: Office) -> None:
    assert office.settings.fx_url == ""
    done = run_fx(office)
    assert (done.off, done.counts, done.changes) == (EMPTY, {}, ())


def test_a_simulated_company_gets_no_real_rates(
    company: Office, peer: Peer, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("update simulator.control set in_service = true")
    done = run_fx(company)
    assert (done.off, done.counts) == (SIMULATED, {})
    assert (peer.asked, kept(company)) == ([], {})


def test_the_job_answers_with_its_counts(company: Office) -> None:
    assert worker.DOES["fx"](company) == {"kept": 10, "differs": 0, "closed": 0, "unpublished": 1}
    assert worker.DOES["fx"](company) == {"kept": 0, "differs": 0, "closed": 0, "unpublished": 1}


def test_a_closed_month_binds_only_currencies_that_had_a_rate() -> None:
    day = Published(TUESDAY, {"SEK": Decimal(1), "USD": Decimal(2), "JPY": Decimal(3)})
    wanted = {"SEK": Followed(True, MONDAY), "USD": Followed(True, None)}
    changes = decide(day, wanted, {}, is_closed=True, begins_on=MONDAY)
    assert [(each.currency, each.outcome) for each in changes] == [
        ("SEK", "closed"), ("USD", "kept"),
    ]  # fmt: skip


@pytest.mark.parametrize("weekday", range(7))
def test_the_next_working_day_is_never_in_a_weekend(weekday: int) -> None:
    day = MONDAY + timedelta(days=weekday)
    following = run._next_working_day(day)
    assert following > day
    assert following.weekday() < 5
    between = [day + timedelta(days=n) for n in range(1, (following - day).days)]
    assert all(each.weekday() >= 5 for each in between)
