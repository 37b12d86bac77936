"""Posting without a person: tried on the past, switched on, run, switched off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.bank.models import UnmatchedBankTransfer
from core.clock import SetClock
from core.errors import BadInput, FreshAuthNeeded, NotFound, NotNow
from core.inbox import choosing
from core.inbox import learning as learnt
from core.inbox.choosing import standing, switch_off, switch_on
from core.inbox.deciding import Share, assign_transfer, ignore_transfer
from core.inbox.learning import learning, recalibrate
from core.inbox.listing import one_unmatched
from core.inbox.running import run_auto_assign
from core.inbox.trial import replay, try_auto_assign
from core.inbox.undoing import undo_decision
from core.matching import calibration
from core.work import Office
from tests.billing import JOB, WHY, a_charge, an_invoice, pass_days, wrong_books
from tests.builders import a_user, acting
from tests.inbox import finance, named_tenant, waiting

LEAST = Decimal("0.98")
NAMES = (
    "Nordwind Logistik",
    "Betakontor",
    "Zander Papier",
    "Quarz Optik",
    "Mohn Feinkost",
    "Druck",
)


def _named(office: Office, clock: SetClock, n: int, *, decide: str = "right") -> int:
    """A transfer whose text names its tenant's invoice, and what a person made of it."""
    tenant = named_tenant(office, f"{NAMES[n]} GmbH")
    invoice, other = (an_invoice(office, tenant, 10_000 + n) for _ in range(2))
    number = waiting(
        office, 10_000 + n, NAMES[n].upper(), text=f"{invoice.number}", bank_ref=f"W{n}"
    )
    clock.advance(timedelta(minutes=1))
    person = finance(office)
    if decide == "ignored":
        with office.work(person) as work:
            ignore_transfer(work, number, reason=WHY)
    elif decide != "open":
        chosen = invoice if decide == "right" else other
        with office.work(person) as work:
            assign_transfer(work, number, (Share(chosen.id),), reason=WHY)
    clock.advance(timedelta(minutes=1))
    return number


def test_a_trial_holds_the_past_against_what_people_decided(
    office: Office, clock: SetClock
) -> None:
    for n in range(3):
        _named(office, clock, n)
    wrong = _named(office, clock, 3, decide="wrong")
    parked = _named(office, clock, 4, decide="ignored")
    waiting(office, 5, bank_ref="W9")
    with office.work(finance(office)) as work:
        ignore_transfer(work, 6, reason=WHY)
    _named(office, clock, 5, decide="open")
    with office.work(finance(office)) as work:
        found = replay(work, 6, LEAST)
    assert (found.decided, found.proposed, found.agreed) == (6, 5, 3)
    assert [each.unmatched_id for each in found.differing] == [wrong, parked]
    assert (found.precision, found.coverage) == (Decimal("0.6"), Decimal(5) / 6)
    assert [(m.decided, m.proposed, m.agreed) for m in found.months] == [(6, 5, 3)]
    assert found.lower_bound is not None
    assert found.lower_bound < Decimal("0.6")


def test_a_trial_sees_invoices_as_they_stood(office: Office, clock: SetClock) -> None:
    """The invoice was owed when the transfer came, though others have paid it since."""
    number = _named(office, clock, 0)
    pass_days(clock, 40)
    with office.work(finance(office)) as work:
        now = replay(work, 2, LEAST)
    assert (now.proposed, now.agreed) == (1, 1)
    with office.work(finance(office)) as work:
        undo_decision(work, number, reason=WHY)
    with office.work(finance(office)) as work:
        assert replay(work, 2, LEAST).decided == 0


def test_an_invoice_that_was_paid_by_the_way_is_not_held_against_it(
    office: Office, clock: SetClock
) -> None:
    """The card paid while the transfer waited; a person then parked the transfer."""
    tenant = named_tenant(office, "Alphawerk GmbH")
    invoice = an_invoice(office, tenant, 10_000)
    number = waiting(office, 10_000, "ALPHAWERK", text=f"{invoice.number}")
    clock.advance(timedelta(minutes=1))
    a_charge(office, invoice)
    clock.advance(timedelta(minutes=1))
    with office.work(finance(office)) as work:
        ignore_transfer(work, number, reason=WHY)
    with office.work(finance(office)) as work:
        found = replay(work, 1, LEAST)
    assert (found.decided, found.proposed, found.differing) == (1, 0, ())


def test_a_trial_over_a_short_time_begins_with_what_was_owed_then(
    office: Office, clock: SetClock
) -> None:
    tenant = named_tenant(office, "Alphawerk GmbH")
    invoice = an_invoice(office, tenant, 10_000)
    pass_days(clock, 70)
    number = waiting(office, 10_000, "ALPHAWERK", text=f"{invoice.number}")
    clock.advance(timedelta(minutes=1))
    with office.work(finance(office)) as work:
        assign_transfer(work, number, (Share(invoice.id),), reason=WHY)
    with office.work(finance(office)) as work:
        found = replay(work, 1, LEAST)
    assert (found.decided, found.proposed, found.agreed) == (1, 1, 1)


def test_switching_on_asks_for_a_good_young_trial(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEWEST_PROPOSED", 3)

    def tried() -> int:
        with office.work(finance(office)) as work:
            return try_auto_assign(work).trial_id

    def on(trial_id: int) -> None:
        with office.work(finance(office)) as work:
            switch_on(work, trial_id, reason=WHY)

    for n in range(2):
        _named(office, clock, n)
    with pytest.raises(NotFound):
        on(1)
    few = tried()
    with pytest.raises(NotNow, match="3 are needed"):
        on(few)
    _named(office, clock, 2)
    good = tried()
    with pytest.raises(BadInput, match="newer"):
        on(few)
    stale = acting(office, a_user(office, "sys_finance"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        switch_on(work, good, reason=WHY)
    on(good)
    with office.work(finance(office)) as work:
        now = standing(work)
    assert now.enabled
    assert now.changed_by == "A user"
    assert now.trial is not None
    assert now.trial.refusal == ""
    _named(office, clock, 3, decide="wrong")
    bad = tried()
    with pytest.raises(NotNow, match="right in 3 of 4"):
        on(bad)
    pass_days(clock, 8)
    person = finance(office)
    with pytest.raises(NotNow, match="older than 7 days"):
        on(bad)
    with office.work(person) as work, pytest.raises(BadInput, match="months"):
        replay(work, 25, LEAST)
    with office.work(person) as work, pytest.raises(BadInput, match="probability"):
        replay(work, 2, Decimal("0.9"))


def test_a_run_posts_the_certain_ones_and_only_while_on(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEWEST_PROPOSED", 1)
    _named(office, clock, 0)
    sure = _named(office, clock, 1, decide="open")
    undone = _named(office, clock, 2)
    person = finance(office)
    with office.work(person) as work:
        undo_decision(work, undone, reason=WHY)
    unsure = waiting(office, 3, bank_ref="W8")
    assert not run_auto_assign(office).enabled
    with office.work(person) as work:
        tried = try_auto_assign(work)
    with office.work(person) as work:
        switch_on(work, tried.trial_id, reason=WHY)
    done = run_auto_assign(office)
    assert (list(done.assigned), done.left) == ([sure], 1)
    assert run_auto_assign(office).assigned == {}
    with office.work(JOB) as work:
        marks = dict(
            work.session.execute(
                select(UnmatchedBankTransfer.id, UnmatchedBankTransfer.automatic)
            ).all()
        )
    assert marks == {1: False, sure: True, undone: False, unsure: False}
    assert wrong_books(office) == []
    with office.work(person) as work:
        assert replay(work, 1, LEAST).decided == 1
    with office.work(finance(office)) as work:
        switch_off(work, reason=WHY)
    _named(office, clock, 5, decide="open")
    assert not run_auto_assign(office).enabled


def test_of_two_transfers_for_one_invoice_the_run_posts_one(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEWEST_PROPOSED", 1)
    _named(office, clock, 0)
    person = finance(office)
    with office.work(person) as work:
        tried = try_auto_assign(work)
    with office.work(person) as work:
        switch_on(work, tried.trial_id, reason=WHY)
    invoice = an_invoice(office, named_tenant(office, "Zeta Werke GmbH"), 30_000)
    first, _ = (
        waiting(office, 30_000, "ZETA WERKE", text=f"{invoice.number}", bank_ref=f"Z{n}")
        for n in range(2)
    )
    done = run_auto_assign(office)
    assert (list(done.assigned), done.left) == ([first], 1)
    assert wrong_books(office) == []


def test_probabilities_follow_the_companys_own_decisions(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People put every such transfer elsewhere, so that the same score says less from then on."""
    person = finance(office)
    with office.work(person) as work, pytest.raises(NotNow, match="200 are needed"):
        recalibrate(work, reason=WHY)
    monkeypatch.setattr(learnt, "FEWEST_DECISIONS", 3)
    monkeypatch.setattr(calibration, "FEWEST_DECISIONS", 3)
    for n in range(3):
        _named(office, clock, n, decide="wrong")
    waits = _named(office, clock, 3, decide="open")
    person = finance(office)
    with office.work(person) as work:
        before = one_unmatched(work, waits).best
    with office.work(person) as work:
        told = learning(work)
        assert (told.decisions, told.learnt_from) == (3, 0)
        assert told.error is not None
        assert told.error_after is not None
        assert told.error_after < told.error
        assert recalibrate(work, reason=WHY).decisions == 3
        assert learning(work).error == told.error_after
    with office.work(person) as work:
        after = one_unmatched(work, waits).best
    assert before is not None
    assert before.certain
    assert after is None or (after.probability < Decimal("0.5") and not after.certain)
