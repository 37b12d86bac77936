"""Previews of what follows a change: the end of a pause, an item taken off, a longer trial."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from core.access.authority import Actor
from core.clock import SetClock
from core.rehearsal import last_invoice, rehearse, written
from core.subscriptions.actions import extend_trial
from core.subscriptions.items import add_item, remove_item
from core.subscriptions.models import Subscription, SubscriptionItem
from core.subscriptions.pausing import pause, resume_now
from core.work import Office, Work
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting

Act = Callable[[Work, int], object]


def _take_off(work: Work, _number: int) -> object:
    item = work.session.scalars(select(SubscriptionItem.id)).one()
    return remove_item(work, item, reason=WHY)


AFTER: dict[str, tuple[Act, Act]] = {
    "resume": (
        lambda work, number: pause(work, number, date(2027, 2, 1), reason=WHY),
        lambda work, number: resume_now(work, number, reason=WHY),
    ),
    "remove": (
        lambda work, number: add_item(work, number, "Seat", 333, 7, reason=WHY),
        _take_off,
    ),
}


def finance(office: Office) -> Actor:
    return acting(office, a_user(office, "sys_finance"))


@pytest.mark.parametrize("act", AFTER)
def test_a_preview_of_what_follows_a_change_is_what_is_written(
    office: Office, clock: SetClock, act: str
) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office, "SE", "SEK"), plans["pro"])
    a_charge(office, the_invoices(office)[0])
    before, do = AFTER[act]
    pass_days(clock, 3)
    with office.work(finance(office)) as work:
        before(work, subscription.id)
    for number, invoice in enumerate(the_invoices(office)[1:]):
        a_charge(office, invoice, f"ch_later_{number}")
    pass_days(clock, 4)
    preview = rehearse(
        office,
        finance(office),
        lambda work: do(work, subscription.id),
        subscription_id=subscription.id,
    )
    assert preview.postings
    with office.work(finance(office)) as work:
        last = last_invoice(work)
        do(work, subscription.id)
        work.session.flush()
        done = written(work, last)
    assert (preview.invoices, preview.credit_notes) == (done.invoices, done.credit_notes)
    assert preview.postings == done.postings
    assert wrong_books(office) == []


def test_a_preview_of_a_longer_trial_is_what_is_written(office: Office) -> None:
    plans, tenant = the_plans(office), a_tenant(office)
    subscription = a_subscription(office, tenant, plans["pro"], trial_days=14)

    def do(work: Work) -> object:
        return extend_trial(work, subscription.id, 10, reason=WHY)

    preview = rehearse(office, finance(office), do, subscription_id=subscription.id)
    assert (preview.invoices, preview.credit_notes, preview.postings) == ([], [], [])
    with office.work(finance(office)) as work:
        do(work)
    with office.work(JOB) as work:
        found = work.session.get_one(Subscription, subscription.id)
    assert preview.after is not None
    assert preview.after["trial_ends_on"] == found.trial_ends_on == date(2026, 12, 14)
