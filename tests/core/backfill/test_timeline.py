"""The life of a subscription is what its invoices and its present state say."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backfill.timeline import Known, State, life_of

START, SEEN = "2026-01-10", "2026-06-20"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) + 43_200


def known(**facts: Any) -> Known:
    usual = {"metered": frozenset(), "cycles": {}, "owing_since": None, "seen": at(SEEN)}
    return Known(
        **{**usual, **facts}, day=lambda second: datetime.fromtimestamp(second, UTC).date()
    )


def an_item(amount: int, item: str = "si_1", product: str = "pro", **facts: Any) -> dict[str, Any]:
    usual = {"metered": False, "cycle": "monthly", "period_start": at("2026-06-10")}
    return {"item": item, "product": product, "amount_minor": amount, **usual, **facts}


def a_subscription(*items: dict[str, Any], **facts: Any) -> dict[str, Any]:
    usual = {"status": "active", "cycle": "monthly", "trial_start": None, "trial_end": None}
    ends = {"canceled": None, "ended": None, "paused": False, "off": []}
    return {"started": at(START), "items": list(items), **usual, **ends, **facts}


def a_line(day: str, amount: int, item: str = "si_1", **facts: Any) -> dict[str, Any]:
    usual = {"product": "pro", "price": f"price_{amount}", "proration": False, "credit": False}
    return {"start": at(day), "item": item, "cycle_minor": amount, **usual, **facts}


def told(states: list[State]) -> list[tuple[str, str, str, int]]:
    return [(each.on.isoformat(), each.kind, each.status, each.amount_minor) for each in states]


def test_without_invoices_the_present_state_is_that_of_the_beginning() -> None:
    life = life_of(a_subscription(an_item(1_000)), [], known())
    assert told(life) == [("2026-01-10", "created", "active", 1_000)]


def test_each_billed_period_says_what_was_paid_from_its_start() -> None:
    lines = [a_line(day, 1_000) for day in ("2026-01-10", "2026-02-10")]
    lines += [a_line(day, 1_500, product="max") for day in ("2026-03-10", "2026-04-10")]
    life = life_of(a_subscription(an_item(1_500, product="max")), lines, known())
    assert told(life) == [
        ("2026-01-10", "created", "active", 1_000),
        ("2026-03-10", "plan_changed", "active", 1_500),
    ]


def test_a_prorated_line_dates_a_change_within_a_period() -> None:
    lines = [
        a_line("2026-01-10", 1_000),
        a_line("2026-01-22", 1_000, proration=True, credit=True),
        a_line("2026-01-22", 3_000, proration=True),
        a_line("2026-02-10", 3_000),
    ]
    life = life_of(a_subscription(an_item(3_000)), lines, known())
    assert told(life)[1:] == [("2026-01-22", "amount_changed", "active", 3_000)]


def test_an_item_that_was_only_credited_is_gone() -> None:
    lines = [
        a_line("2026-01-10", 1_000),
        a_line("2026-01-10", 400, item="si_2"),
        a_line("2026-01-20", 400, item="si_2", proration=True, credit=True),
    ]
    life = life_of(a_subscription(an_item(1_000)), lines, known())
    assert [amount for *_, amount in told(life)] == [1_400, 1_000]


@pytest.mark.parametrize(
    ("period_start", "on"),
    [
        pytest.param("2026-06-10", "2026-06-10", id="a period nobody billed begins with it"),
        pytest.param("2026-01-10", "2026-06-20", id="else the day it was read"),
    ],
)
def test_a_change_that_no_invoice_bills_yet_is_dated(period_start: str, on: str) -> None:
    item = an_item(2_000, period_start=at(period_start))
    life = life_of(a_subscription(item), [a_line("2026-01-10", 1_000)], known())
    assert told(life)[1:] == [(on, "amount_changed", "active", 2_000)]


def test_a_trial_becomes_paid_and_then_ends() -> None:
    facts = a_subscription(
        an_item(1_000),
        status="canceled",
        trial_start=at(START),
        trial_end=at("2026-01-24"),
        ended=at("2026-03-24"),
    )
    life = life_of(facts, [a_line("2026-01-10", 0), a_line("2026-01-24", 1_000)], known())
    assert told(life) == [
        ("2026-01-10", "created", "trial", 1_000),
        ("2026-01-24", "activated", "active", 1_000),
        ("2026-03-24", "cancelled", "cancelled", 1_000),
    ]


def test_a_price_of_usage_is_worth_nothing_between_invoices() -> None:
    lines = [a_line("2026-01-10", 1_000), a_line("2026-01-10", 777, item="si_u", price="price_u")]
    life = life_of(a_subscription(an_item(1_000)), lines, known(metered=frozenset({"price_u"})))
    assert told(life) == [("2026-01-10", "created", "active", 1_000)]


def test_a_discount_without_an_end_is_taken_off_from_its_day() -> None:
    off = [{"percent": "12.5", "minor": 0, "since": at("2026-02-15")}]
    life = life_of(a_subscription(an_item(1_001), off=off), [a_line("2026-01-10", 1_001)], known())
    assert told(life)[1:] == [("2026-02-15", "amount_changed", "active", 876)]


@pytest.mark.parametrize(
    ("facts", "owing", "end"),
    [
        ({"status": "past_due"}, "2026-05-10", ("2026-05-10", "status_changed", "past_due")),
        ({"status": "unpaid"}, "2026-05-10", ("2026-05-10", "status_changed", "unpaid")),
        ({"paused": True}, None, ("2026-06-20", "paused", "paused")),
    ],
)
def test_since_when_it_is_not_simply_active(
    facts: dict[str, Any], owing: str | None, end: tuple[str, str, str]
) -> None:
    life = life_of(
        a_subscription(an_item(1_000), **facts),
        [a_line("2026-01-10", 1_000)],
        known(owing_since=at(owing) if owing else None),
    )
    assert told(life)[-1][:3] == end
    assert life[0].on == date(2026, 1, 10)


def test_the_cycle_follows_the_price_of_each_line() -> None:
    lines = [a_line("2026-01-10", 1_000), a_line("2026-03-10", 10_000)]
    facts = a_subscription(an_item(10_000, cycle="annual"), cycle="annual")
    life = life_of(facts, lines, known(cycles={"price_1000": "monthly", "price_10000": "annual"}))
    assert [(each.cycle, each.amount_minor) for each in life] == [
        ("monthly", 1_000),
        ("annual", 10_000),
    ]


def test_what_ended_as_it_began_was_there_for_a_moment() -> None:
    life = life_of(
        a_subscription(status="canceled", canceled=at(START), ended=at(START)), [], known()
    )
    assert told(life) == [
        ("2026-01-10", "created", "active", 0),
        ("2026-01-10", "cancelled", "cancelled", 0),
    ]


MOMENTS = st.integers(at("2025-12-01"), at("2026-07-20"))
ITEMS = st.sampled_from(["si_1", "si_2"])
AMOUNTS = st.integers(0, 5_000)
LINES = st.builds(
    lambda start, item, amount, proration, credit: {
        **a_line(START, amount, item, proration=proration, credit=credit),
        "start": start,
    },
    MOMENTS,
    ITEMS,
    AMOUNTS,
    st.booleans(),
    st.booleans(),
)
HELD = st.lists(st.builds(an_item, AMOUNTS, ITEMS, period_start=MOMENTS), max_size=3)
RUNNING = st.sampled_from(["trialing", "active", "past_due", "unpaid", "paused"])
OFF = st.fixed_dictionaries({"since": MOMENTS, "percent": st.just("12.5"), "minor": st.just(0)})


@given(
    HELD,
    st.lists(LINES, max_size=8),
    RUNNING,
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    st.lists(OFF, max_size=2),
)
def test_any_life_begins_once_moves_on_and_ends_as_it_did(
    items: list[Any],
    lines: list[Any],
    status: str,
    trial_end: int | None,
    ended: int | None,
    owing: int | None,
    off: list[Any],
) -> None:
    over = {"status": "canceled", "ended": ended, "canceled": ended} if ended else {}
    facts = a_subscription(*items, **{"status": status, "trial_end": trial_end, "off": off, **over})
    life = life_of(facts, lines, known(owing_since=owing))
    assert (life[0].kind, life[0].on) == ("created", date.fromisoformat(START))
    assert [each.on for each in life] == sorted(each.on for each in life)
    assert all(each.kind and each.amount_minor >= 0 for each in life)
    ends = [each for each in life if each.status == "cancelled"]
    assert ends == (life[-1:] if ended else [])
