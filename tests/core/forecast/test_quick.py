"""The forecast over columns equals the one made invoice by invoice, to the last bit."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.forecast.backtest import HORIZONS, ORIGINS, Past, back_test, by_currency
from core.forecast.behaviour import Behaviour, Beliefs
from core.forecast.draws import Orders
from core.forecast.invoices import known_on
from core.forecast.receipts import forecast
from core.forecast.rounding import parts_of
from core.money import LARGEST_MINOR, rounded
from tests.core.forecast import slow
from tests.core.forecast.bills import TODAY, a_bill
from tests.core.forecast.columns import columns

WEEKS = 13
days = st.integers(-700, 40).map(lambda days: TODAY + timedelta(days=days))
payments = st.builds(
    slow.Paid,
    days,
    st.sampled_from((-500, 500, 1_000, 2_000, 777)) | st.integers(-2_000, LARGEST_MINOR // 8),
    st.booleans(),
)


@st.composite
def bill(draw: st.DrawFn, number: int = 0) -> slow.Billed:
    issued_on = draw(days)
    closed_on = draw(st.none() | st.none() | days)
    return slow.Billed(
        number,
        draw(st.sampled_from(("ada", "bo", "cy", "di"))),
        draw(st.sampled_from(("SE", "DE"))),
        draw(st.sampled_from(("EUR", "EUR", "SEK"))),
        issued_on,
        issued_on + timedelta(days=draw(st.sampled_from((0, 14, 30, 30, 400)))),
        draw(st.sampled_from((0, 1_000, 1_001)) | st.integers(1, LARGEST_MINOR // 8)),
        tuple(sorted(draw(st.lists(payments, max_size=3)), key=lambda paid: paid.on)),
        closed_on,
        closed_on is not None and draw(st.booleans()),
        draw(st.sampled_from((False, False, False, True))),
    )


@st.composite
def bills(draw: st.DrawFn) -> list[slow.Billed]:
    rows = [draw(bill(number)) for number in range(draw(st.integers(0, 30)))]
    return sorted(rows, key=lambda bill: (bill.due_on, bill.invoice_id))


beliefs = st.builds(
    Beliefs,
    st.sampled_from((9, 270)),
    st.sampled_from((0, 1, 10)),
    st.sampled_from((0, 20)),
    st.sampled_from((0, 2)),
)
credit = st.dictionaries(st.sampled_from(("ada", "bo", "none")), st.integers(1, 5_000))


@run_with(max_examples=300, deadline=None)
@given(bills(), beliefs, credit)
def test_a_forecast_equals_the_one_made_invoice_by_invoice(
    rows: list[slow.Billed], believed: Beliefs, unused: dict[str, int]
) -> None:
    made, known = columns(rows), known_on(columns(rows), TODAY)
    behaviour, plain = Behaviour(made, known, believed), slow.Behaviour(rows, TODAY, believed)
    assert behaviour.settled == plain.settled
    found = forecast(behaviour, made, known, WEEKS, Orders(made.customers), {"EUR": unused})
    assert found.keys() == {row.currency for row in rows}
    for currency, quick in found.items():
        own = [row for row in rows if row.currency == currency]
        told = slow.forecast(plain, own, TODAY, WEEKS, unused if currency == "EUR" else None)
        assert (quick.weeks.weeks, quick.weeks.within) == (told.weeks, told.within)
        assert quick.credit_minor == told.credit_minor
        places = quick.open.place
        assert [
            (
                int(made.invoice_id[place]),
                int(quick.open.open_minor[n]),
                tuple(map(int, quick.weeks_minor[n])),
                int(quick.later_minor[n]),
                int(quick.never_minor[n]),
                int(behaviour.settled_by[made.customer[place]]),
            )
            for n, place in enumerate(places)
        ] == [
            (
                row.invoice.invoice_id,
                row.open_minor,
                row.weeks_minor,
                row.later_minor,
                row.never_minor,
                row.settled_before,
            )
            for row in told.invoices
        ]


@run_with(max_examples=100, deadline=None)
@given(bills(), beliefs)
def test_probabilities_have_the_same_bits(rows: list[slow.Billed], believed: Beliefs) -> None:
    made, known = columns(rows), known_on(columns(rows), TODAY)
    plain = slow.Behaviour(rows, TODAY, believed)
    by_week, ever = Behaviour(made, known, believed).paid_by(np.arange(len(rows)), WEEKS)
    for place, row in enumerate(rows):
        by_day = plain.paid_by(row, TODAY, 7 * WEEKS)
        assert [*by_week[place], ever[place]] == [*by_day[6 : 7 * WEEKS : 7], by_day[-1]]


@run_with(max_examples=60, deadline=None)
@given(bills(), beliefs)
def test_trials_equal_those_made_invoice_by_invoice(
    rows: list[slow.Billed], believed: Beliefs
) -> None:
    made = columns(rows)
    found = back_test(made, TODAY, Orders(made.customers), 5, believed)
    for currency in made.currencies:
        own = [row for row in rows if row.currency == currency]
        told = slow.back_test(rows, own, TODAY, 5, believed)
        assert by_currency(found, currency) == told


@run_with(max_examples=150, deadline=None)
@given(bills(), st.data(), beliefs)
def test_trials_tried_before_are_those_that_would_be_tried_again(
    rows: list[slow.Billed], data: st.DataObject, believed: Beliefs
) -> None:
    changed = list(rows)
    if changed:
        place = data.draw(st.integers(0, len(rows) - 1))
        other = data.draw(bill())
        what = data.draw(
            st.sampled_from(
                ("customer", "country", "currency", "issued_on", "total_minor", "paid", "closed_on",
                 "void", "at_once")
            )
        )  # fmt: skip
        changed[place] = replace(rows[place], **{what: getattr(other, what)})
    first = columns(rows)
    tried = back_test(first, TODAY, Orders(first.customers), 14, believed)
    before = Past({each.facts: each for each in tried}, {})
    made = columns(changed)
    orders = Orders(made.customers)
    assert back_test(made, TODAY, orders, 14, believed, before) == back_test(
        made, TODAY, orders, 14, believed
    )


@run_with(max_examples=60, deadline=None)
@given(bills(), st.integers(0, 200), beliefs)
def test_trials_of_the_same_books_serve_another_day(
    rows: list[slow.Billed], days_before: int, believed: Beliefs
) -> None:
    made = columns(rows)
    orders = Orders(made.customers)
    tried = back_test(made, TODAY, orders, beliefs=believed)
    past = Past({}, {(each.day, each.weeks): each for each in tried})
    day = TODAY - timedelta(days=days_before)
    issued = columns([row for row in rows if row.issued_on <= day])
    found = back_test(made, day, orders, beliefs=believed, past=past)
    assert found == back_test(issued, day, Orders(issued.customers), beliefs=believed)
    taken = [each for each in found if (each.day, each.weeks) in past.on_these]
    assert all(each is past.on_these[each.day, each.weeks] for each in taken)
    assert len(taken) >= len(found) - len(HORIZONS) * (1 + days_before // 28)


def test_what_happens_today_leaves_trials_as_they_are() -> None:
    rows = [a_bill(TODAY - timedelta(days=n), 9 if n % 3 else None) for n in range(40, 400, 2)]
    paid = replace(rows[1], paid=(slow.Paid(TODAY, 10_000),))
    facts = [
        {each.facts for each in back_test(made, TODAY, Orders(made.customers))}
        for made in (
            columns(rows),
            columns([rows[0], paid, *rows[2:], a_bill(TODAY + timedelta(days=30))]),
        )
    ]
    assert facts[0] == facts[1]
    assert len(facts[0]) == ORIGINS * len(HORIZONS) - 2, "13 weeks are not over for the newest two"


@given(
    st.lists(st.integers(0, LARGEST_MINOR), min_size=1, max_size=5),
    st.lists(
        st.floats(0, 1) | st.sampled_from((0.5, 0.25, 1 / 3, 1 - 2**-53)), min_size=1, max_size=5
    ),
)
def test_parts_are_rounded_as_fractions_are(amounts: list[int], shares: list[float]) -> None:
    found = parts_of(np.array(amounts), np.tile(shares, (len(amounts), 1)))
    assert found.tolist() == [
        [rounded(amount * Fraction(share)) for share in shares] for amount in amounts
    ]
