"""Posting, booking and ignoring differences: once, with its rights, and balanced (REC.2)."""

from datetime import date
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import (
    ChangedMeanwhile,
    FreshAuthNeeded,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
    SaldoError,
)
from core.ledger.checks import check_books
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.reconciliation.actions import (
    Sight,
    book_difference,
    decide_each,
    heed_difference,
    ignore_difference,
    post_fee,
)
from core.reconciliation.models import ReconciliationDecision
from core.reconciliation.report import compare
from core.reconciliation.sides import Window
from core.work import Office
from tests.billing import JOB, WHY, pass_days
from tests.builders import a_user, acting
from tests.reconciliation import a_line, paid, person, pulled, seen, sight, the_difference


def _legs(office: Office, event: str) -> dict[str, int]:
    with office.work(JOB) as work:
        rows = work.session.execute(
            select(AccountingEntry.account_code, func.sum(AccountingEntry.amount_minor))
            .join(LedgerTransaction)
            .where(
                LedgerTransaction.source_type == "reconciliation", LedgerTransaction.kind == event
            )
            .group_by(AccountingEntry.account_code)
        ).all()
    return {code: int(total) for code, total in rows}


def _fee_difference(office: Office) -> Sight:
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=200))
    return sight(the_difference(office))


def test_posting_the_fee_settles_the_difference(office: Office) -> None:
    asked = _fee_difference(office)
    with office.work(person(office)) as work:
        post_fee(work, asked, reason=WHY)
    assert _legs(office, "gateway_fee") == {"1581": -25, "6570": 25}
    assert seen(office).differences == ()
    assert [total.standing for total in seen(office).totals] == ["agrees"]


def test_a_fee_line_of_its_own_is_posted_as_a_fee(office: Office, clock: SetClock) -> None:
    pulled(office, a_line("fee_1", -500, kind="fee", source_id=None))
    pass_days(clock, 3)
    with office.work(person(office)) as work:
        post_fee(work, sight(the_difference(office)), reason=WHY)
    assert _legs(office, "gateway_fee") == {"1581": -500, "6570": 500}
    assert seen(office).differences == ()


def test_booking_settles_amount_and_fee(office: Office, clock: SetClock) -> None:
    pulled(office, a_line(fee_minor=175))
    pass_days(clock, 3)
    with office.work(person(office)) as work:
        book_difference(work, sight(the_difference(office)), reason=WHY)
    assert _legs(office, "difference_booked") == {"1581": 10_000, "6573": -10_000}
    assert _legs(office, "gateway_fee") == {"1581": -175, "6570": 175}
    (total,) = seen(office).totals
    assert (total.ledger_minor, total.drift_minor, total.open_rows) == (9_825, 0, 0)


@pytest.mark.parametrize("there", [0, 9_000, 20_000])
def test_booking_works_to_either_side(office: Office, clock: SetClock, there: int) -> None:
    paid(office)
    lines = [a_line(amount_minor=there)] if there == 9_000 else []
    lines += [a_line(), a_line(external_id="txn_2")] if there == 20_000 else []
    pulled(office, *lines)
    pass_days(clock, 3)
    pulled(office, *lines)
    with office.work(person(office)) as work:
        book_difference(work, sight(the_difference(office)), reason=WHY)
    assert _legs(office, "difference_booked") == {"1581": there - 10_000, "6573": 10_000 - there}
    assert seen(office).differences == ()


def test_posted_twice_posts_once(office: Office) -> None:
    asked = _fee_difference(office)
    actor = person(office)
    for _ in range(2):
        with office.work(actor) as work:
            first = post_fee(work, asked, reason=WHY, key="a-key-of-this-click")
    with office.work(actor) as work, pytest.raises(NotFound, match="do not differ"):
        post_fee(work, asked, reason=WHY, key="another-click-later")
    assert _legs(office, "gateway_fee") == {"1581": -25, "6570": 25}
    with office.work(JOB) as work:
        assert work.session.scalars(select(ReconciliationDecision.id)).all() == [first.id]


def test_of_two_people_at_once_one_posts_and_the_other_is_told(office: Office) -> None:
    asked = _fee_difference(office)
    people = [person(office), person(office)]
    ready, told = Barrier(2), []

    def act(actor: Actor) -> None:
        ready.wait()
        try:
            with office.work(actor) as work:
                post_fee(work, asked, reason=WHY)
            told.append("posted")
        except SaldoError as refusal:
            told.append(refusal.code)

    threads = [Thread(target=act, args=(actor,)) for actor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["not_found", "posted"]
    assert _legs(office, "gateway_fee") == {"1581": -25, "6570": 25}


def test_another_difference_than_the_one_seen_is_not_posted(office: Office) -> None:
    asked = _fee_difference(office)
    stale = Sight(asked.provider, None, asked.kind, asked.reference, -24)
    with office.work(person(office)) as work, pytest.raises(ChangedMeanwhile):
        post_fee(work, stale, reason=WHY)


def test_ignoring_posts_nothing_and_can_be_undone(office: Office) -> None:
    asked = _fee_difference(office)
    with office.work(person(office)) as work:
        made = ignore_difference(work, asked, reason="agreed with Stripe by mail")
    found = the_difference(office)
    assert found.ignored is not None
    assert (found.ignored.reason, found.open) == ("agreed with Stripe by mail", False)
    assert seen(office).totals[0].ignored_minor == -25
    with office.work(person(office)) as work, pytest.raises(NotNow, match="leave"):
        ignore_difference(work, asked, reason=WHY)
    with office.work(person(office)) as work:
        heed_difference(work, made.id, reason="Stripe answered otherwise")
    assert the_difference(office).open
    with office.work(person(office)) as work, pytest.raises(NotNow):
        heed_difference(work, made.id, reason=WHY)


def test_an_ignored_difference_of_another_amount_is_looked_at_anew(office: Office) -> None:
    asked = _fee_difference(office)
    with office.work(person(office)) as work:
        first = ignore_difference(work, asked, reason=WHY)
    pulled(office, a_line(fee_minor=200), a_line(amount_minor=1_000, external_id="txn_more"))
    found = the_difference(office)
    assert (found.open, found.difference_minor) == (True, 975)
    with office.work(person(office)) as work:
        second = ignore_difference(work, sight(found), reason=WHY)
    assert first.id != second.id
    assert not the_difference(office).open


def test_a_drift_explained_by_people_is_explained_and_not_green(office: Office) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    with office.work(person(office)) as work:
        ignore_difference(work, sight(the_difference(office)), reason=WHY)
    (total,) = seen(office).totals
    assert (total.drift_minor, total.within, total.standing) == (-1_000, False, "explained")


def test_what_is_in_transit_is_not_decided(office: Office) -> None:
    pulled(office, a_line())
    with office.work(person(office)) as work, pytest.raises(NotNow, match="no exception yet"):
        book_difference(work, sight(the_difference(office)), reason=WHY)


def test_a_fee_does_not_settle_an_amount(office: Office) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    with office.work(person(office)) as work, pytest.raises(NotNow, match="fee"):
        post_fee(work, sight(the_difference(office)), reason=WHY)


def test_another_currency_is_exchanged_and_both_clearing_accounts_agree(
    office: Office, clock: SetClock
) -> None:
    paid(office, fee_minor=175)
    pulled(office, a_line(amount_minor=108_000, fee_minor=1_900, currency="SEK"))
    window = Window(clock.now().date(), clock.now().date(), date(2026, 12, 31))
    pass_days(clock, 3)
    asked = the_difference(office)
    assert (asked.difference, asked.act) == ("currency", "difference_booked")
    with office.work(person(office)) as work:
        book_difference(work, sight(asked), reason=WHY)
    found = seen(office)
    assert found.differences == ()
    assert {t.currency: (t.ledger_minor, t.provider_minor, t.standing) for t in found.totals} == {
        "EUR": (0, 0, "agrees"),
        "SEK": (106_100, 106_100, "agrees"),
    }
    with office.work(JOB) as work:
        earlier = compare(work, window)
        assert all(check.passed for check in check_books(work))
    assert {
        (each.currency, each.difference, each.inside_minor) for each in earlier.differences
    } == {
        ("EUR", "timing", -9_825),
        ("SEK", "timing", 106_100),
    }
    assert {(t.drift_minor, t.unexplained_minor) for t in earlier.totals} == {(0, 0)}


def test_the_same_number_in_two_currencies_is_still_a_difference(office: Office) -> None:
    paid(office)
    pulled(office, a_line(currency="USD"))
    assert the_difference(office).difference == "currency"


def test_several_are_decided_each_for_itself(office: Office) -> None:
    for number in ("ch_1", "ch_2"):
        paid(office, number)
    pulled(office, a_line("ch_1", 9_000), a_line("ch_2", 11_000))
    sights = [sight(each) for each in seen(office).differences]
    stale = Sight("stripe", None, "charge", "ch_9", 1)
    done = decide_each(office, person(office), "difference_booked", [stale, *sights], reason=WHY)
    assert [each.decision_id is not None for each in done] == [False, True, True]
    assert "ch_9" in done[0].words
    assert seen(office).differences == ()


@pytest.mark.parametrize(
    ("roles", "fresh", "reason", "refusal"),
    [
        (("cfo",), True, WHY, NotAllowed),
        (("billing",), True, WHY, NotAllowed),
        (("sys_finance",), False, WHY, FreshAuthNeeded),
        (("sys_finance",), True, "short", ReasonNeeded),
    ],
)
def test_rights_sign_in_and_reason_are_asked_for(
    office: Office,
    roles: tuple[str, ...],
    fresh: bool,
    reason: str,
    refusal: type[SaldoError],
) -> None:
    asked = _fee_difference(office)
    actor = acting(office, a_user(office, *roles), fresh=fresh)
    with office.work(actor) as work, pytest.raises(refusal):
        post_fee(work, asked, reason=reason)
    with pytest.raises(refusal):
        decide_each(office, actor, "ignored", [asked], reason=reason)


def test_what_was_booked_balances(office: Office) -> None:
    asked = _fee_difference(office)
    with office.work(person(office)) as work:
        post_fee(work, asked, reason=WHY)
    with office.work(JOB) as work:
        wrong = [each.name for each in check_books(work) if not each.passed]
    assert wrong == []
