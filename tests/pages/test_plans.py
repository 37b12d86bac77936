"""The plan catalogue as a page: what it shows, and what its dialogs write, once and in words."""

from dataclasses import replace
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from core.plans.actions import edit_plan, set_plan_active
from core.plans.models import Plan
from core.plans.queries import PlanRow, plan_rows
from core.work import Office
from tests.billing import JOB, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting
from tests.pages.administering import Visit, events, press, visitor, words


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/plans.py")


@pytest.fixture
def plans(office: Office) -> dict[str, Plan]:
    return the_plans(office)


def the_row(office: Office, slug: str) -> PlanRow:
    with office.work(JOB) as work:
        return next(row for row in plan_rows(work, active_only=False) if row.slug == slug)


def at(visit: Visit, plan: Plan, step: str) -> AppTest:
    return visit("super_admin", plan=str(plan.id), do=f"{step}:{plan.id}")


def test_catalogue_shows_prices_limits_and_subscribers(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    a_subscription(office, a_tenant(office), plans["growth"])
    shown = words(visit("admin", currency="SEK"))
    assert "8,342.40" in shown  # SEK 869 a month, 12 months at 20 % off
    assert "758.40" not in shown
    assert "Unlimited" in shown
    assert "Active, recommended" in shown
    assert "Priority support" in shown


def test_unknown_currency_in_the_address_shows_the_reporting_one(
    visit: Visit, plans: dict[str, Plan]
) -> None:
    assert "758.40" in words(visit("admin", currency="XXX"))


def test_active_filter_leaves_deactivated_plans_out(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    with office.work(acting(office, a_user(office, "admin"))) as work:
        set_plan_active(work, plans["pro"].id, False)
    assert "Inactive" in words(visit("admin"))
    assert ">pro<" not in words(visit("admin", show="Active"))


def test_no_plan_yet_says_what_to_do(visit: Visit) -> None:
    assert "There is no plan yet" in words(visit("admin"))


def test_edit_shows_what_changes_and_whom_it_concerns_then_writes_it(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    growth = plans["growth"]
    a_subscription(office, a_tenant(office), growth)
    test = at(visit, growth, "edit")
    assert "Nothing is changed yet" in words(test)
    form = f"plan-{growth.id}"
    test.number_input(key=f"{form}-limit-max_users").set_value(20)
    test.text_input(key=f"{form}-name").set_value("Growth plus").run()
    assert "Users: 15 → <b>20</b>" in words(test)
    assert "Name: Growth → <b>Growth plus</b>" in words(test)
    assert "for 1 subscriber at once" in words(test)
    press(test, "confirm-do")
    assert not test.exception
    facts = the_row(office, "growth").facts
    assert (facts.name, facts.limits["max_users"]) == ("Growth plus", 20)
    assert len(events(office, "saas.plan.updated")) == 1
    assert "Growth plus is changed" in words(test)
    assert "do" not in test.query_params


def test_emptied_and_further_limits_are_written(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    pro = plans["pro"]
    test = at(visit, pro, "edit")
    form = f"plan-{pro.id}"
    test.number_input(key=f"{form}-limit-storage_gb").set_value(None)
    test.text_input(key=f"{form}-other").set_value("seats")
    test.run()
    assert "Another limit has a name and a number" in words(test)
    test.number_input(key=f"{form}-other-quantity").set_value(-1).run()
    assert "Seats: – → <b>Unlimited</b>" in words(test)
    press(test, "confirm-do")
    limits = the_row(office, "pro").facts.limits
    assert limits["seats"] == -1
    assert "storage_gb" not in limits


def test_plan_edited_meanwhile_is_shown_again_and_not_overwritten(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    pro = plans["pro"]
    test = at(visit, pro, "edit")
    test.text_input(key=f"plan-{pro.id}-name").set_value("Professional").run()
    seen = the_row(office, "pro").facts
    with office.work(acting(office, a_user(office, "admin"))) as work:
        edit_plan(work, pro.id, seen, replace(seen, sort_order=9))
    press(test, "confirm-do")
    assert "look again" in words(test)
    assert "Place on the pricing page: 9 → <b>4</b>" in words(test)
    assert the_row(office, "pro").facts == replace(seen, sort_order=9)


def test_deactivating_says_how_many_stay_and_activating_brings_it_back(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    pro = plans["pro"]
    for _ in range(2):
        a_subscription(office, a_tenant(office), pro)
    test = at(visit, pro, "deactivate")
    assert "Its <b>2</b> subscribers stay until renewal" in words(test)
    press(test, "confirm-do")
    assert not the_row(office, "pro").is_active
    test = at(visit, pro, "deactivate")
    press(test, "confirm-do")
    assert "Pro is inactive already" in words(test)
    test = at(visit, pro, "activate")
    press(test, "confirm-do")
    assert the_row(office, "pro").is_active
    assert [event["is_active"] for event in events(office, "saas.plan.toggled")] == [True, False]


def test_subscriber_who_came_meanwhile_asks_for_another_look(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    test = at(visit, plans["pro"], "deactivate")
    a_subscription(office, a_tenant(office), plans["pro"])
    press(test, "confirm-do")
    assert "look again" in words(test)
    assert "Its <b>1</b> subscriber stays until renewal" in words(test)
    assert the_row(office, "pro").is_active


def test_new_price_shows_the_one_in_force_and_starts_on_its_day(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    growth = plans["growth"]
    test = at(visit, growth, "price")
    form = f"plan-{growth.id}-price"
    assert "In force: EUR 79.00 since 20 Nov 2026" in words(test)
    test.text_input(key=f"{form}-amount").set_value("89.00")
    test.date_input[0].set_value(date(2026, 12, 1)).run()
    assert "New: <b>EUR 89.00</b> from <b>1 Dec 2026</b>" in words(test)
    press(test, "confirm-do")
    assert not test.exception
    last = the_row(office, "growth").last_price("monthly", "EUR")
    assert last is not None
    assert (last.amount_minor, last.valid_from, last.version) == (8_900, date(2026, 12, 1), 2)
    assert "Growth costs EUR 89.00 monthly from 1 Dec 2026" in words(test)
    assert "To come" in words(test)
    test = at(visit, growth, "price")
    assert "To come: EUR 89.00 from 1 Dec 2026" in words(test)


@pytest.mark.parametrize("amount", ["", "abc", "1.005", "-3"])
def test_amount_that_is_no_price_is_refused_in_words(
    office: Office, visit: Visit, plans: dict[str, Plan], amount: str
) -> None:
    test = at(visit, plans["growth"], "price")
    test.text_input(key=f"plan-{plans['growth'].id}-price-amount").set_value(amount)
    press(test, "confirm-do")
    assert not test.exception
    assert 'class="notice' in words(test)
    assert events(office, "saas.plan.priced") == []


def test_new_plan_is_made_with_its_prices(
    office: Office, visit: Visit, plans: dict[str, Plan]
) -> None:
    test = visit("super_admin")
    press(test, "new-plan")
    test.text_input(key="new-plan-slug").set_value("scale-up")
    test.text_input(key="new-plan-name").set_value("Scale up")
    test.number_input(key="new-plan-limit-max_users").set_value(-1)
    test.multiselect(key="new-plan-flags").set_value(["api_access"])
    test.text_input(key="new-plan-currency").set_value("sek")
    test.text_input(key="new-plan-monthly").set_value("990")
    press(test, "confirm-do")
    assert not test.exception
    made = the_row(office, "scale-up")
    assert made.facts.limits == {"max_users": -1}
    assert made.facts.flags == ("api_access",)
    assert made.facts.sort_order == 6
    assert [(p.cycle, p.currency, p.amount_minor) for p in made.prices] == [
        ("monthly", "SEK", 99_000)
    ]
    assert test.query_params["plan"] == str(made.id)


def test_taken_slug_is_refused_in_words(visit: Visit, plans: dict[str, Plan]) -> None:
    test = visit("super_admin", do="new:plan")
    test.text_input(key="new-plan-slug").set_value("pro")
    test.text_input(key="new-plan-name").set_value("Another")
    press(test, "confirm-do")
    assert "There is already a plan pro" in words(test)


def test_markup_in_a_plan_stays_text(office: Office, visit: Visit, plans: dict[str, Plan]) -> None:
    pro = the_row(office, "pro")
    bad = "<script>x</script>"
    with office.work(acting(office, a_user(office, "admin"))) as work:
        edit_plan(work, pro.id, pro.facts, replace(pro.facts, name=bad, description=bad))
    for address in ({}, {"plan": str(pro.id)}, {"do": f"deactivate:{pro.id}"}):
        assert "<script>" not in words(visit("super_admin", **address))


@pytest.mark.parametrize("do", ["edit:0", "deactivate:x", "price:-1"])
def test_made_up_address_is_answered_in_words(
    visit: Visit, plans: dict[str, Plan], do: str
) -> None:
    test = visit("super_admin", do=do)
    assert not test.exception
    assert "There is no such plan" in words(test)


def test_billing_is_refused_by_core_behind_the_page(visit: Visit, plans: dict[str, Plan]) -> None:
    test = visit("billing")
    assert test.exception
    assert "Growth" not in words(test)
