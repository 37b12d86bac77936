"""The renewals to come: who pays each, whether it will come, and what it will ask for."""

from datetime import date

import pytest
from sqlalchemy import select

from core.clock import SetClock
from core.errors import BadInput
from core.invoices.models import Invoice
from core.plans.actions import NewPrice, set_price
from core.subscriptions.actions import cancel, change_plan, set_auto_renew
from core.subscriptions.items import add_item
from core.subscriptions.models import Subscription
from core.subscriptions.pausing import pause
from core.subscriptions.renewals import Renewal, renewals
from core.subscriptions.run import run_lifecycle
from core.subscriptions.terms import expected_minor
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_card,
    a_subscription,
    a_tenant,
    named,
    pass_days,
    the_plans,
)
from tests.builders import a_user, acting
from tests.wallets import a_financier, a_recharge


def window(office: Office, days: int = 30) -> list[Renewal]:
    with office.work(JOB) as work:
        return renewals(work, days).rows


def outcomes(office: Office, days: int = 30) -> dict[int, str]:
    return {row.subscription_id: row.outcome for row in window(office, days)}


def test_renewals_say_what_will_happen(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    finance = a_financier(office)
    made = {
        name: a_subscription(office, named(office, name), plans["growth"])
        for name in ("renews", "ends", "lapses", "changes", "paused", "resumes")
    }
    made["converts"] = a_subscription(office, named(office, "t"), plans["pro"], trial_days=14)
    numbers = {name: subscription.id for name, subscription in made.items()}
    for do in (
        lambda work: cancel(work, numbers["ends"], "other", reason=WHY),
        lambda work: set_auto_renew(work, numbers["lapses"], False, reason=WHY),
        lambda work: change_plan(
            work, numbers["changes"], plans["pro"].id, at_renewal=True, reason=WHY
        ),
        lambda work: pause(work, numbers["paused"], date(2027, 1, 20), reason=WHY),
        lambda work: pause(work, numbers["resumes"], date(2026, 12, 1), reason=WHY),
    ):
        with office.work(finance) as work:
            do(work)
    found = {row.subscription_id: row for row in window(office)}
    assert {name: found[number].outcome for name, number in numbers.items()} == {
        **{name: name for name in numbers},
        "resumes": "renews",
    }
    assert found[numbers["ends"]].expected_minor == 0
    assert found[numbers["changes"]].expected_minor == 19_900
    assert "Pro takes effect" in found[numbers["changes"]].words
    with office.work(JOB) as work:
        (total,) = renewals(work).totals
    assert (total.renewals, total.coming_minor, total.short) == (4, 7_900 * 2 + 19_900 * 2, 0)
    assert outcomes(office, 13) == {}


@pytest.mark.parametrize(
    ("expires", "obstacle", "told"),
    [
        (None, "no_card", "Renews, but there is no card to charge"),
        ((11, 2026), "card_expired", "Renews, but the card has expired by then"),
        ((12, 2026), "", "Renews, charged to the card"),
    ],
    ids=["no-card", "expired-by-then", "good-to-the-end-of-the-month"],
)
def test_renewals_say_whether_a_card_can_be_charged(
    office: Office, expires: tuple[int, int] | None, obstacle: str, told: str
) -> None:
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["growth"])
    if expires:
        a_card(office, subscription.tenant_id, expires)
    (found,) = window(office)
    assert str(found.renews_on) == "2026-12-20"
    assert (found.outcome, found.obstacle, found.words) == ("renews", obstacle, told)


@pytest.mark.parametrize(
    ("held", "outcome", "short", "words"),
    [
        (0, "short", 39_875, "Wallet short by 398.75 SEK"),
        (39_874, "short", 1, "Wallet short by 0.01 SEK"),
        (39_875, "renews", 0, "Renews, paid from the wallet"),
    ],
)
def test_wallet_that_is_short_says_by_how_much(
    office: Office, clock: SetClock, held: int, outcome: str, short: int, words: str
) -> None:
    plans = the_plans(office)
    tenant = named(office, "Short", "SE", "SEK")
    a_recharge(office, tenant, 39_875, "first")
    a_subscription(office, tenant, plans["starter"], collection="wallet")
    if held:
        a_recharge(office, tenant, held, "second")
    (row,) = window(office)
    assert (row.outcome, row.short_minor, row.words) == (outcome, short, words)
    assert (row.expected_minor, row.wallet_minor) == (39_875, held)
    pass_days(clock, 30)
    run = run_lifecycle(office)
    assert [change.step for change in run.changes] == ["renew" if not short else "grace"]


def test_credit_pays_before_the_wallet(office: Office) -> None:
    plans = the_plans(office)
    tenant = a_tenant(office)
    a_recharge(office, tenant, 19_900)
    subscription = a_subscription(office, tenant, plans["pro"], collection="wallet")
    with office.work(a_financier(office)) as work:
        change_plan(work, subscription.id, plans["starter"].id, reason=WHY)
    (row,) = window(office)
    assert (row.outcome, row.expected_minor, row.credit_minor) == ("renews", 2_900, 2_900)


def test_expected_amount_is_that_of_the_run(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    finance = a_financier(office)
    made = [
        a_subscription(office, named(office, "SE", "SE", "SEK"), plans["growth"], "quarterly"),
        a_subscription(office, named(office, "DE"), plans["growth"]),
        a_subscription(office, named(office, "NG", "NG", "NGN"), plans["pro"]),
        a_subscription(office, named(office, "free"), plans["free"]),
        a_subscription(office, named(office, "list"), plans["starter"]),
    ]
    for subscription in made[:3]:
        with office.work(finance) as work:
            add_item(work, subscription.id, "Seats", 333, 7, reason=WHY)
    with office.work(finance) as work:
        change_plan(work, made[1].id, plans["pro"].id, cycle="annual", at_renewal=True, reason=WHY)
    pass_days(clock, 1)
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_price(work, plans["starter"].id, NewPrice("monthly", "EUR", 3_100))
    expected = {}
    with office.work(JOB) as work:
        for subscription in made:
            fresh = work.session.get_one(Subscription, subscription.id)
            assert fresh.current_period_end
            expected[fresh.id] = expected_minor(work, fresh, fresh.current_period_end)
        found = {row.subscription_id: row.expected_minor for row in renewals(work, 100).rows}
    assert found == expected
    assert expected[made[4].id] == 3_100
    pass_days(clock, 100)
    run_lifecycle(office)
    with office.work(JOB) as work:
        billed = work.session.execute(
            select(Invoice.subscription_id, Invoice.total_minor)
            .where(Invoice.reason == "renewal")
            .order_by(Invoice.id.desc())
        )
        first = {row[0]: row[1] for row in billed}
    assert first == {number: minor for number, minor in expected.items() if minor}


@pytest.mark.parametrize("days", [-1, 401])
def test_window_has_bounds(office: Office, days: int) -> None:
    with pytest.raises(BadInput, match="window"), office.work(JOB) as work:
        renewals(work, days)
