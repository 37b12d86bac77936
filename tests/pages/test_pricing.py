"""The HTML of the pricing page: what is offered, what is on request, what never gets out."""

from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api.pricing import pricing
from api.sign_in import login
from core.plans.actions import NewPlan, NewPrice, create_plan, edit_plan, set_plan_active
from core.plans.queries import plan_rows
from core.settings import Settings
from core.work import Office
from tests.billing import JOB, the_plans
from tests.builders import a_user, acting


@pytest.fixture
def site(office: Office) -> TestClient:
    return TestClient(Starlette(routes=[Route("/pricing", pricing), Route("/login", login)]))


def a_plan(office: Office, slug: str, *prices: NewPrice) -> None:
    with office.work(acting(office, a_user(office, "admin"))) as work:
        create_plan(work, NewPlan(slug, slug.capitalize(), prices))


def test_plans_stand_in_their_order_with_limits_features_and_savings(
    office: Office, site: TestClient
) -> None:
    the_plans(office)
    text = site.get("/pricing").text
    places = [text.index(f'id="plan-{slug}"') for slug in ("free", "starter", "growth", "pro")]
    assert places == sorted(places)
    assert text.count('class="plan recommended"') == 1
    assert "Unlimited" in text
    assert "-1" not in text
    assert "<small>save 20%</small>" in text
    assert "<title>Plans and prices – Saldo Demo AB</title>" in text


def test_differing_savings_are_promised_up_to_the_best(office: Office, site: TestClient) -> None:
    for slug, yearly in (("small", 108_000), ("large", 96_000)):
        a_plan(office, slug, NewPrice("monthly", "EUR", 10_000), NewPrice("annual", "EUR", yearly))
    text = site.get("/pricing").text
    assert "<small>save up to 20%</small>" in text
    assert "<b>save 10%</b>" in text
    assert "quarterly" not in text


def test_dearer_cycle_promises_nothing(office: Office, site: TestClient) -> None:
    a_plan(office, "odd", NewPrice("monthly", "EUR", 100), NewPrice("annual", "EUR", 1_300))
    assert "save" not in site.get("/pricing").text


def test_plan_without_a_price_in_the_currency_is_on_request(
    office: Office, site: TestClient
) -> None:
    a_plan(office, "local", NewPrice("monthly", "DKK", 10_000))
    a_plan(office, "usual", NewPrice("monthly", "EUR", 10_000))
    assert "On request" in site.get("/pricing").text
    assert "<b>100</b>" in site.get("/pricing?currency=DKK").text


def test_currency_without_decimals_has_none(office: Office, site: TestClient) -> None:
    a_plan(office, "yen", NewPrice("monthly", "JPY", 1_500), NewPrice("annual", "JPY", 16_000))
    text = site.get("/pricing?currency=JPY&cycle=annual").text
    assert "JPY <b>16,000</b>" in text
    assert "JPY 1,333 a month" in text


def test_markup_in_a_plan_stays_text(office: Office, site: TestClient) -> None:
    the_plans(office)
    with office.work(JOB) as work:
        row = plan_rows(work, active_only=True)[0]
    with office.work(acting(office, a_user(office, "admin"))) as work:
        bad = replace(row.facts, name="<script>x</script>", description='"><img src=x>')
        edit_plan(work, row.id, row.facts, bad)
    text = site.get("/pricing").text
    assert "<script>" not in text
    assert "<img" not in text


@pytest.mark.parametrize("query", ["cycle=%22%3E&currency=%22%3E", "currency=" + "E" * 5_000])
def test_nothing_of_the_address_gets_into_the_page(
    office: Office, site: TestClient, query: str
) -> None:
    the_plans(office)
    assert site.get(f"/pricing?{query}").text == site.get("/pricing").text


def test_no_active_plan_says_so(office: Office, site: TestClient) -> None:
    assert "No plan can be subscribed to" in site.get("/pricing").text
    plans = the_plans(office)
    for plan in plans.values():
        with office.work(acting(office, a_user(office, "admin"))) as work:
            set_plan_active(work, plan.id, False)
    assert "No plan can be subscribed to" in site.get("/pricing").text


def test_pricing_is_gone_when_billing_is_off(
    office: Office, site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_plans(office)
    assert 'href="/pricing"' in site.get("/login").text
    off = Settings(_env_file=None, SAAS_BILLING=False)
    for module in ("api.pricing", "api.sign_in"):
        monkeypatch.setattr(f"{module}.settings", lambda: off)
    assert site.get("/pricing").status_code == 404
    assert "/pricing" not in site.get("/login").text
