"""Sums, amounts, scores and calibration of the matching (UNM.2)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matching import facts
from core.matching.amounts import Tolerances, amount_fact
from core.matching.calibration import FEWEST_DECISIONS, isotonic, recalibrated
from core.matching.scoring import Model, shipped_model
from core.matching.sums import LARGEST, covering_sets
from tests.core.matching.making import DUE, an_invoice

LINE = [(0.0, 0.0), (1.0, 1.0)]


def owing(*dues: int) -> list:
    """Invoices over these amounts, the first the oldest."""
    return [
        an_invoice(f"i{place}", due_minor=due, due_on=DUE + timedelta(days=place))
        for place, due in enumerate(dues)
    ]


@pytest.mark.parametrize(
    ("dues", "amount", "expected"),
    [
        ((100, 250, 470), 350, [("i0", "i1")]),
        ((100, 250, 470), 820, [("i0", "i1", "i2")]),
        ((100, 100, 100), 200, [("i0", "i1"), ("i0", "i2"), ("i1", "i2")]),
        ((7, 11, 130, 1_700, 19_000, 3), 20_848, [("i0", "i1", "i2", "i3", "i4")]),
        ((1, 2, 4, 8, 16, 32, 64), 127, [tuple(f"i{place}" for place in range(7))]),
        ((100, 250), 90, []),
        ((100, 250), 250, []),
    ],
)
def test_sets_add_up_exactly_the_smallest_first(
    dues: tuple[int, ...], amount: int, expected: list[tuple[str, ...]]
) -> None:
    found = covering_sets(amount, owing(*dues))
    assert [tuple(each.invoice_id for each in one.invoices) for one in found] == expected
    assert all(one.alone == (len(expected) == 1) for one in found)


@given(st.lists(st.integers(1, 50_000), min_size=2, max_size=9), st.data())
def test_whatever_two_to_five_invoices_sum_to_is_found(
    dues: list[int], data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, min(len(dues), LARGEST)))
    places = data.draw(st.permutations(range(len(dues))))[:size]
    amount = sum(dues[place] for place in places)
    found = covering_sets(amount, owing(*dues))
    assert found
    for one in found:
        assert sum(each.due_minor for each in one.invoices) == amount
        assert len({each.invoice_id for each in one.invoices}) == len(one.invoices)


@pytest.mark.parametrize(
    ("amount", "due", "currency", "fact"),
    [
        (125_000, 125_000, "SEK", facts.EXACT),
        (124_950, 125_000, "SEK", facts.ROUNDED),
        (121_000, 125_000, "SEK", facts.FEE),
        (95_000, 125_000, "SEK", facts.FIXED_FEE),
        (97_500, 100_000, "EUR", facts.FEE),
        (9_000, 10_000, "EUR", facts.FIXED_FEE),
        (50_000, 100_000, "EUR", facts.SHARE),
        (57_300, 100_000, "EUR", facts.PARTIAL),
        (102_000, 100_000, "EUR", facts.SLIGHTLY_OVER),
        (150_000, 100_000, "EUR", facts.OVER),
        (250_000, 100_000, "EUR", facts.FAR),
        (9_990, 10_000, "JPY", facts.FEE),
        # Rounded: less than a unit (or two of the smallest), and less than three percent.
        (9_901, 10_000, "EUR", facts.ROUNDED),
        (9_900, 10_000, "EUR", facts.FEE),
        (10_099, 10_000, "EUR", facts.ROUNDED),
        (10_100, 10_000, "EUR", facts.SLIGHTLY_OVER),
        (9_999, 10_000, "JPY", facts.ROUNDED),
        (10_002, 10_000, "JPY", facts.SLIGHTLY_OVER),
        (1_000, 1_031, "EUR", facts.FEE),
        (970, 1_000, "EUR", facts.FEE),
        (971, 1_000, "EUR", facts.ROUNDED),
        (3_202, 3_301, "EUR", facts.ROUNDED),
        (32, 33, "EUR", facts.FEE),
        # Short by a percentage: four of a hundred and no more.
        (96_000, 100_000, "EUR", facts.FEE),
        (47_999, 50_000, "EUR", facts.FIXED_FEE),
        (95_999, 100_000, "EUR", facts.PARTIAL),
        (998_001, 1_000_000, "EUR", facts.FEE),
        (955_000, 1_000_000, "EUR", facts.PARTIAL),
        # Short by a fixed fee: at most 40 euro and a third.
        (100_000, 104_000, "EUR", facts.FEE),
        (10_000, 14_000, "EUR", facts.FIXED_FEE),
        (10_000, 14_001, "EUR", facts.PARTIAL),
        (8_000, 12_000, "EUR", facts.FIXED_FEE),
        (7_990, 11_990, "EUR", facts.PARTIAL),
        # Over: four of a hundred, once more as much.
        (104_000, 100_000, "EUR", facts.SLIGHTLY_OVER),
        (104_001, 100_000, "EUR", facts.OVER),
        (200_000, 100_000, "EUR", facts.OVER),
        (200_001, 100_000, "EUR", facts.FAR),
        # A plain share, to a minor unit.
        (33_334, 100_000, "EUR", facts.SHARE),
        (33_333, 100_000, "EUR", facts.SHARE),
        (33_335, 100_000, "EUR", facts.PARTIAL),
        (10_001, 100_000, "EUR", facts.SHARE),
        (90_000, 100_000, "EUR", facts.SHARE),
    ],
)
def test_every_amount_has_one_fact(amount: int, due: int, currency: str, fact: int) -> None:
    assert amount_fact(amount, due, Tolerances().of(currency)) == fact


def test_candidates_share_what_none_of_them_leaves() -> None:
    model = Model({"ocr": 2.0, "exact": 1.0}, LINE)
    shares = model.shares([facts.OCR | facts.EXACT, facts.EXACT, facts.EXACT])
    assert shares[0] > shares[1] == shares[2]
    assert sum(shares) < 1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=400))
def test_a_calibration_never_falls(decisions: list[tuple[float, bool]]) -> None:
    steps = isotonic(sorted(decisions))
    assert steps == sorted(steps)
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    model = Model({}, steps)
    shown = [model.calibrated(place / 50) for place in range(51)]
    assert shown == sorted(shown)


def test_a_company_whose_scores_promise_too_much_is_recalibrated() -> None:
    model = Model({}, LINE)
    decisions = [(0.9 + place / 100_000, place % 2 == 0) for place in range(1_000)]
    assert recalibrated(model, decisions[: FEWEST_DECISIONS - 1]) is model
    assert recalibrated(model, decisions).calibrated(0.905) == pytest.approx(0.5, abs=0.05)


def test_the_shipped_model_weighs_every_fact() -> None:
    model = shipped_model()
    assert set(model.weights) == set(facts.BY_NAME)
    assert facts.names_in(facts.OCR | facts.EXACT) == ["ocr", "exact"]
    assert len(set(facts.BY_NAME.values())) == len(facts.BY_NAME)
