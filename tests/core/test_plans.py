"""The plan catalogue: what is edited, who may, what two people do to it, and what is offered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access.authority import Actor
from core.audit.queries import search
from core.clock import SetClock
from core.errors import BadInput, BadMoney, ChangedMeanwhile, NotAllowed, NotFound
from core.plans.actions import NewPlan, NewPrice, create_plan, edit_plan, set_plan_active, set_price
from core.plans.facts import LARGEST_LIMIT, NO_PLAN, PlanFacts, changed
from core.plans.offers import MONTHS, Offer, Pricing, pricing, quote
from core.plans.queries import PlanRow, catalogue, plan_row
from core.work import Office
from tests.billing import JOB, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting

KEY = "the-key-of-one-dialog"


@pytest.fixture
def admin(office: Office) -> Actor:
    return acting(office, a_user(office, "admin"))


def the_row(office: Office, slug: str) -> PlanRow:
    with office.work(JOB) as work:
        return next(row for row in catalogue(work) if row.slug == slug)


def edit(office: Office, admin: Actor, row: PlanRow, key: str | None = None, **new: object) -> None:
    with office.work(admin) as work:
        edit_plan(work, row.id, row.facts, replace(row.facts, **new), key=key)  # type: ignore[arg-type]


def told(office: Office) -> list[dict[str, object]]:
    with office.work(JOB) as work:
        return [row.payload for row in search(work, event_type="saas.plan.updated")]


def the_pricing(office: Office, currency: str | None = None) -> Pricing:
    with office.work(JOB) as work:
        return pricing(work, currency)


def the_offer(office: Office, slug: str, currency: str = "EUR") -> Offer:
    return next(offer for offer in the_pricing(office, currency).offers if offer.slug == slug)


def test_edited_plan_has_its_new_facts_and_the_audit_row_only_what_changed(
    office: Office, admin: Actor
) -> None:
    the_plans(office)
    growth = the_row(office, "growth")
    limits = {**growth.facts.limits, "max_users": 20, "seats": -1}
    del limits["storage_gb"]
    edit(office, admin, growth, name="Growth plus", limits=limits, flags=("custom_branding",))
    now = the_row(office, "growth")
    assert now.facts == replace(
        growth.facts, name="Growth plus", limits=limits, flags=("custom_branding",)
    )
    assert now.prices == growth.prices
    assert told(office) == [
        {
            "plan_id": growth.id,
            "slug": "growth",
            "before": {
                "name": "Growth",
                "limits": growth.facts.limits,
                "flags": ["api_access"],
            },
            "after": {"name": "Growth plus", "limits": limits, "flags": ["custom_branding"]},
        }
    ]


def test_second_of_two_editors_is_told_to_look_again(office: Office, admin: Actor) -> None:
    the_plans(office)
    seen = the_row(office, "pro")
    edit(office, admin, seen, sort_order=9)
    with pytest.raises(ChangedMeanwhile):
        edit(office, admin, seen, name="Professional")
    assert the_row(office, "pro").facts == replace(seen.facts, sort_order=9)


def test_changed_limit_alone_is_a_change_meanwhile(office: Office, admin: Actor) -> None:
    the_plans(office)
    seen = the_row(office, "pro")
    edit(office, admin, seen, limits={**seen.facts.limits, "max_users": 51})
    with pytest.raises(ChangedMeanwhile):
        edit(office, admin, seen, limits={**seen.facts.limits, "max_users": 52})


def test_repeated_request_edits_once(office: Office, admin: Actor) -> None:
    the_plans(office)
    seen = the_row(office, "pro")
    for _ in range(2):
        edit(office, admin, seen, key=KEY, name="Professional")
    assert len(told(office)) == 1


def test_order_of_flags_is_no_change(office: Office, admin: Actor) -> None:
    the_plans(office)
    pro = the_row(office, "pro")
    with pytest.raises(BadInput, match="Nothing"):
        edit(office, admin, pro, flags=tuple(reversed(pro.facts.flags)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"name": "x" * 81},
        {"description": "x" * 401},
        {"flags": ("free_lunch",)},
        {"sort_order": -1},
        {"limits": {"max_users": -2}},
        {"limits": {"max_users": LARGEST_LIMIT + 1}},
        {"limits": {"Max users": 5}},
        {"limits": {"": 5}},
    ],
    ids=str,
)
def test_impossible_facts_are_refused_and_change_nothing(
    office: Office, admin: Actor, wrong: dict[str, object]
) -> None:
    the_plans(office)
    seen = the_row(office, "pro")
    with pytest.raises(BadInput):
        edit(office, admin, seen, **wrong)
    with pytest.raises(BadInput), office.work(admin) as work:
        create_plan(work, NewPlan(**{"slug": "new", "name": "New", "prices": (), **wrong}))  # type: ignore[arg-type]
    assert the_row(office, "pro") == seen


def test_no_plan_is_called_what_figures_call_rows_without_one(office: Office, admin: Actor) -> None:
    with pytest.raises(BadInput, match="stands for no plan"), office.work(admin) as work:
        create_plan(work, NewPlan(slug=NO_PLAN, name="None", prices=()))


def test_unknown_plan_is_not_found(office: Office, admin: Actor) -> None:
    with pytest.raises(NotFound), office.work(admin) as work:
        edit_plan(work, 9_999, PlanFacts("A"), PlanFacts("B"))
    with pytest.raises(NotFound), office.work(admin) as work:
        plan_row(work, 9_999)


@pytest.mark.parametrize("role", ["cfo", "billing", "onboarding", "org_admin"])
def test_other_roles_neither_read_nor_edit_the_catalogue(office: Office, role: str) -> None:
    the_plans(office)
    pro = the_row(office, "pro")
    other = acting(office, a_user(office, role))
    with pytest.raises(NotAllowed):
        edit(office, other, pro, name="Mine")
    with pytest.raises(NotAllowed), office.work(other) as work:
        catalogue(work)


@pytest.mark.parametrize("currency", ["eur", "EURO", ""])
def test_price_without_a_currency_code_is_refused_in_words(
    office: Office, admin: Actor, currency: str
) -> None:
    plans = the_plans(office)
    with pytest.raises(BadMoney), office.work(admin) as work:
        set_price(work, plans["pro"].id, NewPrice("monthly", currency, 100))


def test_catalogue_tells_prices_now_and_to_come(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    clock.advance(timedelta(days=10))
    with office.work(acting(office, a_user(office, "admin"))) as work:
        today, starts = work.today, work.today + timedelta(days=5)
        price = NewPrice("monthly", "EUR", 9_900)
        set_price(work, plans["growth"].id, price, valid_from=starts)
    growth = the_row(office, "growth")
    now, later = growth.price("monthly", "EUR", today), growth.price("monthly", "EUR", starts)
    assert now is not None
    assert later is not None
    assert (now.amount_minor, later.amount_minor) == (7_900, 9_900)
    assert growth.last_price("monthly", "EUR") == later
    assert growth.price("monthly", "GBP", today) is None


def test_subscribers_are_counted_until_they_end(office: Office) -> None:
    plans = the_plans(office)
    for _ in range(2):
        a_subscription(office, a_tenant(office), plans["growth"])
    assert the_row(office, "growth").subscribers == 2
    assert the_row(office, "pro").subscribers == 0


def test_switched_off_plan_is_listed_for_admins_and_offered_to_nobody(
    office: Office, admin: Actor
) -> None:
    plans = the_plans(office)
    with office.work(admin) as work:
        set_plan_active(work, plans["pro"].id, False)
    assert [offer.slug for offer in the_pricing(office).offers] == [
        "free",
        "starter",
        "growth",
        "enterprise",
    ]
    with office.work(admin) as work:
        assert len(catalogue(work)) == 5
        assert len(catalogue(work, active_only=True)) == 4


def test_offer_compares_each_cycle_with_as_many_months(office: Office) -> None:
    the_plans(office)
    quotes = the_offer(office, "growth").quotes
    # Monthly 79.00; a year at 20 % off is 758.40, which is 63.20 a month.
    assert {cycle: found.saved_percent for cycle, found in quotes.items()} == {
        "monthly": 0,
        "quarterly": 5,
        "semiannual": 10,
        "annual": 20,
    }
    assert (quotes["annual"].amount_minor, quotes["annual"].monthly_minor) == (75_840, 6_320)


def test_price_to_come_is_not_offered_yet(office: Office, admin: Actor, clock: SetClock) -> None:
    plans = the_plans(office)
    with office.work(admin) as work:
        starts = work.today + timedelta(days=3)
        set_price(work, plans["growth"].id, NewPrice("monthly", "EUR", 9_900), valid_from=starts)
    assert the_offer(office, "growth").quotes["monthly"].amount_minor == 7_900
    clock.advance(timedelta(days=3))
    assert the_offer(office, "growth").quotes["monthly"].amount_minor == 9_900


@pytest.mark.parametrize(
    ("asked", "shown"), [("SEK", "SEK"), ("GBP", "EUR"), ("<b>", "EUR"), (None, "EUR")]
)
def test_currency_without_prices_gives_way_to_the_usual_one(
    office: Office, asked: str | None, shown: str
) -> None:
    the_plans(office)
    found = the_pricing(office, asked)
    assert found.currency == shown
    assert found.currencies == ["EUR", "NGN", "NOK", "SEK", "USD"]


def test_plan_sold_in_one_currency_only_is_offered_without_a_price_elsewhere(
    office: Office, admin: Actor
) -> None:
    the_plans(office)
    with office.work(admin) as work:
        create_plan(work, NewPlan("local", "Local", (NewPrice("monthly", "DKK", 100),)))
    assert the_offer(office, "local").quotes == {}
    assert the_offer(office, "local", "DKK").quotes["monthly"].amount_minor == 100


@pytest.mark.parametrize(
    ("amount", "months", "monthly", "saved"),
    [
        (75_840, 12, 7_900, 20),
        (95_800, 12, 10_000, 20),  # 20.17 % is shown as 20
        (118_900, 12, 10_000, 0),  # 0.92 % is not shown as 1
        (120_000, 12, 10_000, 0),
        (130_000, 12, 10_000, 0),
        (0, 12, 10_000, 100),
        (0, 12, 0, 0),
        (5_000, 12, None, 0),
    ],
)
def test_saving_is_whole_percent_rounded_down(
    amount: int, months: int, monthly: int | None, saved: int
) -> None:
    assert quote(amount, months, monthly).saved_percent == saved


@given(
    amount=st.integers(0, 10**12),
    months=st.sampled_from(sorted(MONTHS.values())),
    monthly=st.none() | st.integers(0, 10**11),
)
def test_shown_saving_never_promises_more_than_is_saved(
    amount: int, months: int, monthly: int | None
) -> None:
    found = quote(amount, months, monthly)
    whole = (monthly or 0) * months
    assert 0 <= found.saved_percent <= 100
    assert found.saved_percent * whole <= max(0, whole - amount) * 100
    assert abs(found.monthly_minor * months - amount) <= months


def test_changed_names_exactly_the_facts_that_differ() -> None:
    one = PlanFacts("A", limits={"seats": 1}, flags=("api_access", "custom_branding"))
    same = replace(one, flags=("custom_branding", "api_access"))
    assert changed(one, same) == []
    assert changed(one, replace(same, limits={"seats": 2}, fixed_days=True)) == [
        "limits",
        "fixed_days",
    ]
