"""Changes that give back, pauses, added items; what a preview shows is what is then written."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from core.access.authority import Actor
from core.clock import SetClock
from core.credit_notes.models import CreditNote
from core.errors import BadInput, InsufficientBalance, NotAllowed, NotNow
from core.invoices.models import Invoice
from core.ledger.recognition import recognise_revenue
from core.rehearsal import last_invoice, rehearse, written
from core.subscriptions.actions import (
    cancel,
    change_plan,
    set_auto_renew,
    set_collection,
)
from core.subscriptions.items import add_item, remove_item
from core.subscriptions.lifecycle import renew
from core.subscriptions.models import PlanHistory, Subscription
from core.subscriptions.pausing import pause, resume, resume_now
from core.wallets.actions import recharge_wallet
from core.work import Office, Work
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    pass_days,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting

Finance = Callable[[], Actor]


@pytest.fixture
def finance(office: Office) -> Finance:
    """Someone of finance who has just signed in."""
    user = a_user(office, "sys_finance")
    return lambda: acting(office, user)


def _invoices(office: Office) -> list[Invoice]:
    with office.work(JOB) as work:
        return list(
            work.session.scalars(
                select(Invoice).where(Invoice.type != "recharge").order_by(Invoice.id)
            )
        )


def _notes(office: Office) -> list[CreditNote]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(CreditNote).order_by(CreditNote.id)))


def _subscription(office: Office, number: int) -> Subscription:
    with office.work(JOB) as work:
        return work.session.get_one(Subscription, number)


def _paid(office: Office, plan: str = "pro", country: str = "DE", cycle: str = "monthly") -> Any:
    """A subscription whose first period, 20 Nov to 20 Dec, is paid; with the plans."""
    plans = the_plans(office)
    currency = {"SE": "SEK", "DE": "EUR"}[country]
    subscription = a_subscription(office, a_tenant(office, country, currency), plans[plan], cycle)
    a_charge(office, _invoices(office)[0])
    return subscription, plans


def test_a_downgrade_now_is_a_credit_note_used_by_the_next_invoices(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    # 20 of 30 days left: 199.00 × 2/3 = 132.67 back, 29.00 × 2/3 = 19.33 due: 113.34 of credit.
    subscription, plans = _paid(office)
    pass_days(clock, 10)
    with office.work(finance()) as work:
        change_plan(work, subscription.id, plans["starter"].id, reason=WHY)
    (note,) = _notes(office)
    assert (note.number, note.net_minor, note.total_minor) == ("SAAS-CN-2026-00001", 11_334, 11_334)
    assert len(_invoices(office)) == 1
    assert wrong_books(office) == []
    left = []
    for days in (20, 31, 31, 28, 31):
        pass_days(clock, days)
        with office.work(JOB) as work:
            invoice = renew(work, subscription.id)
            assert invoice is not None
            left.append(invoice.due_minor)
    assert left == [0, 0, 0, 5 * 2_900 - 11_334 - 2_900, 2_900]
    assert wrong_books(office) == []


def test_credit_takes_the_tax_of_the_customer_back(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office, "growth", "SE")
    pass_days(clock, 15)
    with office.work(finance()) as work:
        change_plan(work, subscription.id, plans["free"].id, reason=WHY)
    (note,) = _notes(office)
    assert (note.net_minor, note.tax_minor) == (43_450, 10_863)
    assert wrong_books(office) == []


def test_credit_is_never_more_than_was_paid_and_not_given_twice(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office)
    for slug in ("growth", "pro", "growth", "pro", "free"):
        with office.work(finance()) as work:
            change_plan(work, subscription.id, plans[slug].id, reason=WHY)
    net = sum(i.net_minor for i in _invoices(office)) - sum(n.net_minor for n in _notes(office))
    assert net >= 0
    paid = sum(invoice.paid_minor for invoice in _invoices(office))
    credited = sum(note.total_minor for note in _notes(office))
    assert credited <= paid
    assert wrong_books(office) == []


def test_without_proration_nothing_is_billed_until_the_renewal(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office)
    with office.work(finance()) as work:
        change_plan(work, subscription.id, plans["enterprise"].id, policy="none", reason=WHY)
    assert len(_invoices(office)) == 1
    assert not _notes(office)
    assert _subscription(office, subscription.id).amount_minor == 49_900


def test_proration_by_seconds_uses_the_instant_of_the_preview(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office, "starter")
    pass_days(clock, 10)
    seen = clock.now()

    def change(work: Work) -> Subscription:
        pro = plans["pro"].id
        return change_plan(work, subscription.id, pro, policy="elapsed_time", at=seen, reason=WHY)

    preview = rehearse(office, finance(), change, subscription_id=subscription.id)
    clock.move_to(seen.replace(minute=59))
    with office.work(finance()) as work:
        change(work)
    assert _invoices(office)[1].net_minor == preview.invoices[0].net_minor
    clock.move_to(seen.replace(hour=seen.hour + 2))
    with pytest.raises(BadInput, match="hour old"), office.work(finance()) as work:
        change_plan(
            work, subscription.id, plans["growth"].id, policy="elapsed_time", at=seen, reason=WHY
        )


def test_a_pause_gives_blocked_days_back_and_keeps_the_anchor(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    # Paused 30 Nov to 10 Jan: 20 of 30 days back; resumed, 10 of 31 days to 20 Jan are billed.
    subscription, _ = _paid(office, "starter")
    pass_days(clock, 10)
    with office.work(finance()) as work:
        pause(work, subscription.id, date(2027, 1, 10), reason=WHY)
    assert _notes(office)[0].net_minor == 1_933
    pass_days(clock, 41)
    with office.work(JOB) as work:
        resume(work, subscription.id)
    resumed = _subscription(office, subscription.id)
    assert (resumed.status, resumed.anchor_day) == ("active", 20)
    assert resumed.current_period_end == date(2027, 1, 20)
    assert _invoices(office)[1].net_minor == 935
    assert _invoices(office)[1].paid_minor == 935
    pass_days(clock, 10)
    with office.work(JOB) as work:
        renew(work, subscription.id)
    renewed = _invoices(office)[2]
    assert (renewed.net_minor, renewed.due_minor) == (2_900, 2_900 - (1_933 - 935))
    assert wrong_books(office) == []


def test_resuming_early_takes_the_rest_of_the_credit_back(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, _ = _paid(office, "starter")
    pass_days(clock, 10)
    with office.work(finance()) as work:
        pause(work, subscription.id, date(2026, 12, 15), reason=WHY)
    assert _notes(office)[0].net_minor == 1_450
    pass_days(clock, 5)
    with office.work(finance()) as work:
        resume_now(work, subscription.id, reason=WHY)
    again = _invoices(office)[1]
    assert (again.net_minor, again.due_minor) == (967, 0)
    assert _subscription(office, subscription.id).current_period_end == date(2026, 12, 20)
    assert wrong_books(office) == []
    with pytest.raises(NotNow), office.work(finance()) as work:
        resume_now(work, subscription.id, reason=WHY)


def test_a_pause_does_not_end_before_its_day(office: Office, finance: Finance) -> None:
    subscription, _ = _paid(office, "starter")
    with office.work(finance()) as work:
        pause(work, subscription.id, date(2026, 12, 1), reason=WHY)
    with pytest.raises(NotNow), office.work(JOB) as work:
        resume(work, subscription.id)


def test_items_are_charged_for_the_rest_of_the_period_and_billed_with_each(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office, "starter")
    pass_days(clock, 10)
    with office.work(finance()) as work:
        item = add_item(work, subscription.id, "Extra seat", 500, 3, reason=WHY)
    added = _invoices(office)[1]
    assert added.net_minor == 1_000
    a_charge(office, added, "ch_2")
    with office.work(finance()) as work:
        changed = change_plan(
            work, subscription.id, plans["starter"].id, cycle="annual", reason=WHY
        )
    assert (changed.amount_minor, changed.items_minor) == (27_840, 18_000)
    assert _invoices(office)[2].net_minor == 27_840 + 18_000 - 1_933 - 1_000
    with office.work(finance()) as work:
        remove_item(work, item.id, reason=WHY)
    assert _subscription(office, subscription.id).items_minor == 0
    kept = [row.amount_minor for row in _history(office)]
    assert kept == [2_900, 4_400, 45_840, 27_840]
    with pytest.raises(NotNow), office.work(finance()) as work:
        remove_item(work, item.id, reason=WHY)
    assert wrong_books(office) == []


def _history(office: Office) -> list[PlanHistory]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(PlanHistory).order_by(PlanHistory.id)))


def test_cancelling_now_gives_back_only_when_asked(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, _ = _paid(office, "growth")
    pass_days(clock, 15)
    with pytest.raises(BadInput), office.work(finance()) as work:
        cancel(work, subscription.id, "other", credit_unused=True, reason=WHY)
    with office.work(finance()) as work:
        cancel(work, subscription.id, "other", mode="now", credit_unused=True, reason=WHY)
    assert [note.net_minor for note in _notes(office)] == [3_950]
    assert wrong_books(office) == []


def test_credit_notes_take_recognised_revenue_back_day_by_day(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    subscription, plans = _paid(office, "pro")
    pass_days(clock, 10)
    with office.work(finance()) as work:
        change_plan(work, subscription.id, plans["free"].id, reason=WHY)
    pass_days(clock, 40)
    with office.work(JOB) as work:
        first = recognise_revenue(work, date(2026, 11, 1))["EUR"]
    with office.work(JOB) as work:
        second = recognise_revenue(work, date(2026, 12, 1))["EUR"]
    assert first + second == 19_900 - 13_267
    assert wrong_books(office) == []


def test_a_wallet_pays_changes_or_they_are_refused_whole(
    office: Office, clock: SetClock, finance: Finance
) -> None:
    plans = the_plans(office)
    tenant = a_tenant(office)
    with pytest.raises(InsufficientBalance):
        a_subscription(office, tenant, plans["starter"], collection="wallet")
    with office.work(JOB) as work:
        recharge_wallet(work, tenant.id, 5_000, "EUR", "recharge-1", gateway="stripe")
    subscription = a_subscription(office, tenant, plans["starter"], collection="wallet")
    with pytest.raises(InsufficientBalance), office.work(finance()) as work:
        change_plan(work, subscription.id, plans["pro"].id, reason=WHY)
    assert _subscription(office, subscription.id).plan_id == plans["starter"].id
    assert [invoice.status for invoice in _invoices(office)] == ["paid"]
    assert wrong_books(office) == []


def test_collection_and_renewal_are_switched(office: Office, finance: Finance) -> None:
    subscription, _ = _paid(office, "starter")
    with office.work(finance()) as work:
        set_auto_renew(work, subscription.id, False, reason=WHY)
    with pytest.raises(NotNow), office.work(finance()) as work:
        set_auto_renew(work, subscription.id, False, reason=WHY)
    admin = acting(office, a_user(office, "admin"))
    with office.work(admin) as work:
        set_collection(work, subscription.id, "send_invoice")
    found = _subscription(office, subscription.id)
    assert (found.auto_renew, found.collection) == (False, "send_invoice")


ACTS: dict[str, Callable[[Work, int, dict[str, Any]], object]] = {
    "upgrade": lambda w, n, p: change_plan(w, n, p["enterprise"].id, reason=WHY),
    "downgrade": lambda w, n, p: change_plan(w, n, p["starter"].id, reason=WHY),
    "thirty": lambda w, n, p: change_plan(w, n, p["starter"].id, policy="fixed_30", reason=WHY),
    "cycle": lambda w, n, p: change_plan(w, n, p["pro"].id, cycle="annual", reason=WHY),
    "pause": lambda w, n, _: pause(w, n, date(2027, 2, 1), reason=WHY),
    "item": lambda w, n, _: add_item(w, n, "Seat", 333, 7, reason=WHY),
    "cancel": lambda w, n, _: cancel(w, n, "other", mode="now", credit_unused=True, reason=WHY),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("country", ["DE", "SE"])
def test_a_preview_is_what_is_written(
    office: Office, clock: SetClock, finance: Finance, act: str, country: str
) -> None:
    subscription, plans = _paid(office, "pro", country)
    pass_days(clock, 7)
    with office.work(JOB) as work:
        rows = work.session.scalar(text("select count(*) from audit_event"))

    def do(work: Work) -> object:
        return ACTS[act](work, subscription.id, plans)

    preview = rehearse(office, finance(), do, subscription_id=subscription.id)
    assert preview.postings
    assert preview.before != preview.after
    with office.work(JOB) as work:
        assert work.session.scalar(text("select count(*) from audit_event")) == rows
    assert len(_invoices(office)) == 1
    with office.work(finance()) as work:
        last = last_invoice(work)
        do(work)
        work.session.flush()
        done = written(work, last)
    for one, other in (
        (preview.invoices, done.invoices),
        (preview.credit_notes, done.credit_notes),
        (preview.postings, done.postings),
    ):
        assert one == other
    assert wrong_books(office) == []


def test_a_preview_asks_for_the_permission_and_not_for_a_reason(office: Office) -> None:
    subscription, plans = _paid(office, "pro")
    stranger = acting(office, a_user(office, "billing"), fresh=False)
    with pytest.raises(NotAllowed):
        rehearse(
            office, stranger, lambda w: change_plan(w, subscription.id, plans["free"].id, reason="")
        )
    stale = acting(office, a_user(office, "sys_finance"), fresh=False)
    seen = rehearse(
        office, stale, lambda w: change_plan(w, subscription.id, plans["free"].id, reason="")
    )
    assert seen.credit_notes[0].net_minor == 19_900
