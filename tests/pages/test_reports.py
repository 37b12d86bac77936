"""The pages of churn and platform fees: figures from the documents, windows, empty states."""

import pytest

from core.invoices.actions import Fee, issue_platform_fees
from core.subscriptions.actions import cancel
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, the_plans
from tests.inbox import finance
from tests.pages.administering import Visit, visitor, words


@pytest.fixture
def churn(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "revenue/churn.py")


@pytest.fixture
def fees(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "revenue/platform_fees.py")


def test_churn_shows_what_was_lost_by_reason_plan_and_country(office: Office, churn: Visit) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    with office.work(finance(office)) as work:
        cancel(work, subscription.id, "too_expensive", reason=WHY)
    shown = words(churn("cfo"))
    lost = f"{subscription.amount_minor / 100:,.2f}"
    assert shown.count(f">{lost}<") + shown.count(f">{lost}") >= 4
    for part in ("Too expensive", "Growth", "By country", "1 subscription<", "Lost a month"):
        assert part in shown
    assert f'href="/subscription?subscription={subscription.id}"' in shown


def test_churn_keeps_to_its_window(office: Office, churn: Visit) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"])
    with office.work(finance(office)) as work:
        cancel(work, subscription.id, "other", reason=WHY)
    address = {"from": "2026-01-01", "until": "2026-11-19"}
    assert "Nobody left" in words(churn("cfo", **address))


def test_fees_show_gross_paid_and_outstanding(office: Office, fees: Visit) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    with office.work(JOB) as work:
        (number,) = issue_platform_fees(
            work, work.today.replace(day=1), (Fee(tenant.id, 100_000, 8_000),)
        )
    shown = words(fees("sys_finance", by="country"))
    assert "By country" in shown
    assert shown.count("100.00") >= 4
    assert f'href="/invoice?invoice={number}"' in shown


def test_no_fee_is_said(fees: Visit) -> None:
    assert "No platform fees" in words(fees("cfo"))


def test_deferred_revenue_shows_its_months_and_the_lines_they_rest_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor(office, monkeypatch, "revenue/deferred.py")
    assert "Nothing is deferred" in words(page("cfo"))
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"], "annual")
    drawn = page("cfo")
    assert not drawn.exception
    shown = words(drawn)
    assert "planned from November 2026" in shown
    assert f"{subscription.amount_minor / 100:,.2f}" in shown
    assert shown.count("Planned") == 13
    assert 'href="/invoice?invoice=1"' in shown
