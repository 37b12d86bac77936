"""The daily run: wallet renewals, grace, read-only, resumes, trials; killed and run again."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import BadInput
from core.invoices.models import Invoice
from core.subscriptions.actions import cancel, change_plan, set_auto_renew
from core.subscriptions.lifecycle import renew
from core.subscriptions.models import Subscription
from core.subscriptions.pausing import pause
from core.subscriptions.run import Change, run_lifecycle
from core.subscriptions.steps import Facts, next_step
from core.wallets.actions import recharge_wallet
from core.work import Office
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
from tests.killing import killed_again_and_again


def _recharge(office: Office, tenant_id: int, minor: int, number: str) -> None:
    with office.work(JOB) as work:
        recharge_wallet(work, tenant_id, minor, "EUR", number, gateway="stripe")


def _finance(office: Office) -> Actor:
    return acting(office, a_user(office, "sys_finance"))


def _steps(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(change.step, change.before, change.after) for change in changes]


def _found(office: Office, number: int) -> Subscription:
    with office.work(JOB) as work:
        return work.session.get_one(Subscription, number)


def _invoices(office: Office) -> list[Invoice]:
    with office.work(JOB) as work:
        return list(
            work.session.scalars(
                select(Invoice).where(Invoice.type != "recharge").order_by(Invoice.id)
            )
        )


def test_a_wallet_renews_while_it_can_then_grace_then_read_only_then_back(
    office: Office, clock: SetClock
) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    _recharge(office, tenant.id, 2 * 2_900 + 100, "r-1")
    subscription = a_subscription(office, tenant, plans["starter"], collection="wallet")
    pass_days(clock, 30)
    run = run_lifecycle(office)
    assert _steps(run.changes) == [("renew", "active", "active")]
    assert [(i.total_minor, i.status) for i in _invoices(office)] == [(2_900, "paid")] * 2
    assert run_lifecycle(office).changes == ()
    pass_days(clock, 31)
    assert _steps(run_lifecycle(office).changes) == [("grace", "active", "grace_period")]
    assert _found(office, subscription.id).grace_ends_on == date(2027, 1, 27)
    pass_days(clock, 6)
    assert run_lifecycle(office).changes == ()
    pass_days(clock, 1)
    assert _steps(run_lifecycle(office).changes) == [("read_only", "grace_period", "read_only")]
    pass_days(clock, 3)
    _recharge(office, tenant.id, 5_000, "r-2")
    assert _steps(run_lifecycle(office).changes) == [("renew", "read_only", "active")]
    back = _found(office, subscription.id)
    assert (back.current_period_start, back.anchor_day) == (date(2027, 1, 30), 30)
    assert wrong_books(office) == []


def test_grace_days_were_served_and_are_billed(office: Office, clock: SetClock) -> None:
    tenant, plans = a_tenant(office), the_plans(office)
    _recharge(office, tenant.id, 2_900, "r-1")
    subscription = a_subscription(office, tenant, plans["starter"], collection="wallet")
    pass_days(clock, 30)
    run_lifecycle(office)
    pass_days(clock, 3)
    _recharge(office, tenant.id, 2_900, "r-2")
    run_lifecycle(office)
    again = _found(office, subscription.id)
    assert (again.status, again.current_period_start) == ("active", date(2026, 12, 20))


def test_what_is_charged_or_invoiced_renews_and_what_does_not_renew_runs_out(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    one = a_subscription(office, a_tenant(office), plans["starter"])
    two = a_subscription(office, a_tenant(office), plans["growth"], collection="send_invoice")
    three = a_subscription(office, a_tenant(office), plans["pro"])
    for invoice in _invoices(office):
        a_charge(office, invoice, f"ch_{invoice.id}")
    with office.work(_finance(office)) as work:
        set_auto_renew(work, three.id, False, reason=WHY)
    pass_days(clock, 30)
    run = run_lifecycle(office)
    assert [(c.subscription_id, c.step) for c in run.changes] == [
        (one.id, "renew"),
        (two.id, "renew"),
        (three.id, "grace"),
    ]
    pass_days(clock, 7)
    assert _steps(run_lifecycle(office).changes) == [("read_only", "grace_period", "read_only")]
    with office.work(_finance(office)) as work:
        set_auto_renew(work, three.id, True, reason=WHY)
    assert _steps(run_lifecycle(office).changes) == [("renew", "read_only", "active")]


def test_trials_pauses_and_cancellations_end_on_their_day(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    trial = a_subscription(office, a_tenant(office), plans["starter"], trial_days=14)
    poor = a_subscription(
        office, a_tenant(office), plans["starter"], trial_days=14, collection="wallet"
    )
    paused = a_subscription(office, a_tenant(office), plans["growth"])
    ending = a_subscription(office, a_tenant(office), plans["growth"])
    finance = _finance(office)
    with office.work(finance) as work:
        pause(work, paused.id, date(2026, 12, 4), reason=WHY)
    with office.work(finance) as work:
        cancel(work, ending.id, "other", reason=WHY)
    pass_days(clock, 14)
    run = run_lifecycle(office)
    assert [(c.subscription_id, c.step, c.after) for c in run.changes] == [
        (trial.id, "end_trial", "active"),
        (poor.id, "grace", "grace_period"),
        (paused.id, "resume", "active"),
    ]
    pass_days(clock, 16)
    ended = [c.subscription_id for c in run_lifecycle(office).changes if c.step == "end"]
    assert ended == [ending.id]


def test_ten_days_of_downtime_are_made_up_for_period_by_period(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    tenant = a_tenant(office)
    _recharge(office, tenant.id, 3 * 2_900, "r-1")
    wallet = a_subscription(office, tenant, plans["starter"], collection="wallet")
    card = a_subscription(office, a_tenant(office), plans["growth"])
    pass_days(clock, 62 + 31 + 10)
    run = run_lifecycle(office)
    assert [(c.subscription_id, c.step, c.period_start) for c in run.changes] == [
        (wallet.id, "renew", date(2026, 12, 20)),
        (wallet.id, "renew", date(2027, 1, 20)),
        (wallet.id, "grace", date(2027, 1, 20)),
        (wallet.id, "read_only", date(2027, 1, 20)),
        (card.id, "renew", date(2026, 12, 20)),
        (card.id, "renew", date(2027, 1, 20)),
        (card.id, "renew", date(2027, 2, 20)),
    ]
    assert run_lifecycle(office).changes == ()
    assert wrong_books(office) == []


def test_what_is_refused_is_told_and_leaves_the_others_alone(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    priceless, billed, fine = (
        a_subscription(office, a_tenant(office), plans["starter"]) for _ in range(3)
    )
    pass_days(clock, 30)
    with office.work(JOB) as work:
        renew(work, billed.id)
    with office.work(JOB) as work:
        found = work.session.get_one(Subscription, billed.id)
        found.current_period_start, found.current_period_end = date(2026, 11, 20), work.today
        waiting = work.session.get_one(Subscription, priceless.id)
        waiting.next_plan_id, waiting.next_cycle = plans["growth"].id, "weekly"
        waiting.next_amount_minor = 100
    seen = run_lifecycle(office, dry_run=True)
    run = run_lifecycle(office)
    assert run.changes == seen.changes
    told = [(c.subscription_id, c.step, c.outcome, c.words) for c in run.changes]
    assert told == [
        (priceless.id, "renew", "refused", told[0][3]),
        (billed.id, "renew", "refused", told[1][3]),
        (fine.id, "renew", "done", ""),
    ]
    assert "weekly" in told[0][3]
    assert "meantime" in told[1][3]
    assert [_found(office, each.id).status for each in (priceless, billed)] == ["active", "active"]
    assert wrong_books(office) == []


def test_a_day_to_come_is_only_looked_at(office: Office, clock: SetClock) -> None:
    a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    ahead = clock.now().date() + timedelta(days=31)
    with pytest.raises(BadInput):
        run_lifecycle(office, ahead)
    seen = run_lifecycle(office, ahead, dry_run=True)
    assert _steps(seen.changes) == [("renew", "active", "active")]
    assert len(_invoices(office)) == 1


def _company(office: Office, clock: SetClock, seed: int) -> None:
    """Thirty tenants of all kinds, some weeks behind with their run."""
    chance, plans = random.Random(seed), the_plans(office)  # noqa: S311
    finance = a_user(office, "sys_finance")
    for number in range(30):
        tenant = a_tenant(office)
        collection = ("wallet", "charge_automatically", "send_invoice")[number % 3]
        slug = ("starter", "growth", "pro")[chance.randrange(3)]
        _recharge(office, tenant.id, 20_000 + chance.randrange(40_000), f"r-{number}")
        subscription = a_subscription(
            office,
            tenant,
            plans[slug],
            trial_days=14 if number % 5 == 4 else 0,
            collection=collection,
        )
        until = clock.now().date() + timedelta(days=20 + number)
        with office.work(acting(office, finance)) as work:
            if number % 7 == 1 and number % 5 != 4:
                pause(work, subscription.id, until, reason=WHY)
            elif number % 7 == 2:
                cancel(work, subscription.id, "other", reason=WHY)
            elif number % 7 == 3 and number % 5 != 4:
                change_plan(work, subscription.id, plans["growth"].id, at_renewal=True, reason=WHY)
        if number % 4 == 0:
            pass_days(clock, 1)
    pass_days(clock, 55)


def test_a_dry_run_says_what_the_run_then_does(office: Office, clock: SetClock) -> None:
    _company(office, clock, 5)
    before = _ending(office)
    dry = run_lifecycle(office, dry_run=True)
    assert _ending(office) == before
    done = run_lifecycle(office)
    assert dry.changes == done.changes
    assert {c.step for c in done.changes} >= {"renew", "end_trial", "end", "resume", "grace"}
    assert wrong_books(office) == []
    assert run_lifecycle(office).changes == ()


def _ending(office: Office) -> dict[str, list[Any]]:
    """What a run leaves behind, without the numbers and times that differ between runs."""
    questions = {
        "subscriptions": "select id, status, plan_id, amount_minor, current_period_start,"
        " current_period_end, anchor_day, grace_ends_on, paused_until, ended_on from subscription"
        " order by id",
        "invoices": "select subscription_id, period_start, reason, total_minor, paid_minor, status"
        " from invoice order by 1, 2, 3",
        "history": "select subscription_id, kind, effective_on, status, amount_minor"
        " from plan_history order by 1, id",
        "ledger": "select account_code, currency, sum(amount_minor) from accounting_entry"
        " group by 1, 2 order by 1, 2",
        "wallets": "select tenant_id, balance_minor from wallet order by 1",
        "numbers": "select count(distinct number), count(*), max(number) from invoice"
        " group by extract(year from issued_on)",
    }
    with office.work(JOB) as work:
        return {
            name: [tuple(row) for row in work.session.execute(text(question))]
            for name, question in questions.items()
        }


def test_killed_at_any_moment_the_next_run_ends_the_same(
    office: Office, clock: SetClock, database_url: str
) -> None:
    _company(office, clock, 9)
    with psycopg.connect(database_url, autocommit=True) as db:
        start = db.execute("select count(*) from invoice").fetchone()
    dry = run_lifecycle(office, dry_run=True)
    assert killed_again_and_again(office, database_url, run_lifecycle, random.Random(3)) > 20  # noqa: S311
    run_lifecycle(office)
    assert wrong_books(office) == []
    assert run_lifecycle(office).changes == ()
    found = _ending(office)
    assert start
    billed = [change for change in dry.changes if change.invoice_minor]
    assert len(found["invoices"]) == start[0] + len(billed)
    for distinct, count, last in found["numbers"]:
        assert distinct == count == int(last.rsplit("-", 1)[1])
    for change in dry.changes:
        state = next(row for row in found["subscriptions"] if row[0] == change.subscription_id)
        if change is [c for c in dry.changes if c.subscription_id == change.subscription_id][-1]:
            assert state[1] == change.after


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "active"}, "renew"),
        ({"status": "active", "funded": False}, "grace"),
        ({"status": "active", "auto_renew": False}, "grace"),
        ({"status": "active", "period_end": date(2027, 1, 2)}, None),
        ({"status": "active", "cancel_at_period_end": True}, "end"),
        ({"status": "paused", "paused_until": date(2027, 1, 1)}, "resume"),
        ({"status": "paused", "paused_until": date(2027, 1, 2)}, None),
        ({"status": "trial"}, "end_trial"),
        ({"status": "past_due", "behind_since": date(2026, 12, 26)}, "renew"),
        (
            {
                "status": "past_due",
                "behind_since": date(2026, 12, 25),
                "period_end": date(2027, 1, 9),
            },
            "grace",
        ),
        ({"status": "grace_period", "grace_ends_on": date(2027, 1, 2), "funded": False}, None),
        ({"status": "grace_period", "grace_ends_on": date(2027, 1, 1), "owes": True}, "read_only"),
        ({"status": "read_only", "owes": True}, None),
        ({"status": "suspended"}, None),
        ({"status": "cancelled"}, None),
    ],
)
def test_the_next_step(facts: dict[str, Any], expected: str | None) -> None:
    given: dict[str, Any] = {
        "auto_renew": True,
        "cancel_at_period_end": False,
        "period_end": date(2027, 1, 1),
        "paused_until": None,
        "grace_ends_on": None,
        "behind_since": None,
        "funded": True,
    }
    step = next_step(Facts(**(given | facts)), date(2027, 1, 1), 7)
    assert (step.task if step else None) == expected


def test_the_day_is_the_billing_zones(office: Office, clock: SetClock) -> None:
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["starter"])
    clock.move_to(datetime(2026, 12, 19, 22, 59, tzinfo=UTC))
    assert run_lifecycle(office).changes == ()
    clock.move_to(datetime(2026, 12, 19, 23, 1, tzinfo=UTC))
    assert [c.subscription_id for c in run_lifecycle(office).changes] == [subscription.id]
