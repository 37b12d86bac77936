"""The churn report: every cancellation once, with the loss that was locked."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from core.clock import SetClock
from core.errors import BadInput, NotAllowed
from core.imports.actions import import_csv
from core.imports.reading import Reading
from core.reports.churn import FILE_COLUMNS, ChurnReport, as_lines, churn
from core.subscriptions.actions import cancel
from core.subscriptions.models import Subscription
from core.work import Office
from tests.billing import JOB, WHY, a_rate, a_subscription, a_tenant, pass_days, the_plans
from tests.builders import a_user, acting
from tests.inbox import finance

TODAY = date(2026, 11, 20)


def _report(office: Office, since: date = TODAY, until: date = TODAY) -> ChurnReport:
    with office.work(finance(office)) as work:
        return churn(work, since, until)


def _cancel(office: Office, subscription: Subscription, reason: str, mode: str = "now") -> None:
    with office.work(finance(office)) as work:
        cancel(work, subscription.id, reason, mode=mode, reason=WHY)


def test_a_loss_stays_as_it_was_locked(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_rate(office, "SEK", "0.10", TODAY)
    swedish = a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    german = a_subscription(office, a_tenant(office), plans["starter"])
    _cancel(office, swedish, "too_expensive")
    _cancel(office, german, "low_usage", "period_end")
    before = _report(office)
    a_rate(office, "SEK", "0.20", TODAY + timedelta(days=1))
    with office.work(JOB) as work:
        work.session.execute(update(Subscription).values(amount_minor=1))
    pass_days(clock, 40)
    after = _report(office)
    assert after == before
    lost = {row.subscription_id: row for row in before.rows}
    assert lost[swedish.id].amount_eur_cents == swedish.amount_minor // 10
    assert lost[german.id].amount_eur_cents == german.amount_minor
    assert (lost[german.id].mode, lost[german.id].legacy) == ("period_end", False)
    assert before.total.cancellations == before.total.tenants == 2
    assert {key: each.cancellations for key, each in before.by_country.items()} == {
        "DE": 1,
        "SE": 1,
    }
    first, second = before.by_country.values()
    assert first.amount_eur_cents > second.amount_eur_cents
    assert set(before.by_plan) == {"growth", "starter"}
    for buckets in (before.by_reason, before.by_plan, before.by_country):
        found = buckets.values()
        assert sum(b.amount_eur_cents for b in found) == before.total.amount_eur_cents
        assert sum(b.cancellations for b in found) == 2


def test_a_cancelled_subscription_without_a_cancellation_counts_once(
    office: Office, clock: SetClock
) -> None:
    plans = the_plans(office)
    old = a_subscription(office, a_tenant(office), plans["growth"], "annual")
    with office.work(JOB) as work:
        kept = work.session.get_one(Subscription, old.id)
        kept.status, kept.ended_on, kept.auto_renew = "cancelled", TODAY, False
    written = a_subscription(office, a_tenant(office), plans["growth"])
    _cancel(office, written, "other")
    found = _report(office)
    assert [(row.subscription_id, row.legacy) for row in found.rows] == [
        (written.id, False),
        (old.id, True),
    ]
    legacy = found.rows[1]
    assert (legacy.reason_code, legacy.cancelled_on) == ("unknown", TODAY)
    assert (
        legacy.mrr_minor == legacy.amount_eur_cents == pytest.approx(old.amount_minor / 12, abs=1)
    )


def test_an_imported_price_change_is_no_cancellation(office: Office) -> None:
    head = "subscription_id,tenant_id,plan,started_on,ended_on,amount_minor,status\n"
    rows = (
        "s1,t1,pro,2025-01-10,2026-11-20,10000,cancelled\n"
        "s2,t1,pro,2026-11-20,,12000,active\n"
        "s3,t2,pro,2025-01-10,2026-11-20,7000,cancelled\n"
    )
    for kind, text in (("tenants", "tenant_id\nt1\nt2\n"), ("subscriptions", head + rows)):
        import_csv(office, JOB, kind, text.encode(), Reading())
    found = _report(office)
    assert [(row.mrr_minor, row.legacy) for row in found.rows] == [(7000, True)]


def test_the_window_holds_both_its_days_and_nothing_beside(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    _cancel(office, subscription, "other", "period_end")
    day = timedelta(days=1)
    assert _report(office, TODAY - day, TODAY).total.cancellations == 1
    assert _report(office, TODAY, TODAY + day).total.cancellations == 1
    assert _report(office, TODAY + day, TODAY + 400 * day).rows == ()
    assert _report(office, TODAY - 9 * day, TODAY - day).total.amount_eur_cents == 0
    with pytest.raises(BadInput, match="before it begins"):
        _report(office, TODAY, TODAY - day)


def test_a_loss_without_a_rate_is_told_and_not_added(office: Office) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    _cancel(office, subscription, "other")
    found = _report(office)
    assert (found.total.amount_eur_cents, found.total.without_rate) == (0, 1)
    assert found.rows[0].amount_eur_cents is None


def test_the_file_holds_the_same_payload(office: Office) -> None:
    plans = the_plans(office)
    _cancel(office, a_subscription(office, a_tenant(office), plans["growth"]), "support")
    found = _report(office)
    lines = as_lines(found)
    assert [line["line"] for line in lines] == [
        "total", "reason", "plan", "country", "subscription",
    ]  # fmt: skip
    assert {name for line in lines for name in line} == set(FILE_COLUMNS)
    assert lines[0]["amount_eur_cents"] == lines[-1]["amount_eur_cents"] > 0


def test_who_may_not_read_reports_is_refused(office: Office) -> None:
    with office.work(acting(office, a_user(office, "billing"))) as work, pytest.raises(NotAllowed):
        churn(work, TODAY, TODAY)
