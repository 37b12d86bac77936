"""What the matching is worth on simulated companies that no fitting has seen (UNM.2, UNM.4)."""

from bench.matching.accuracy import abroad, near_misses, other_company, simulated_companies

SCALE = 0.1
"""A tenth of the benchmark's transfers, of a few companies only."""


def test_simulated_companies_are_matched_right() -> None:
    scores = simulated_companies(SCALE, range(1, 7))
    assert scores["first"] >= 0.96
    assert scores["within_five"] >= 0.985
    assert scores["calibration_error"] <= 0.04
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.45


def test_companies_unlike_those_fitted_on_are_matched_right() -> None:
    scores = other_company(SCALE, range(1, 2))
    assert scores["first"] >= 0.97
    assert scores["calibration_error"] <= 0.04
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.5


def test_references_of_other_countries_are_matched_right() -> None:
    scores = abroad(SCALE, range(7, 8))
    assert scores["first"] >= 0.97
    assert scores["calibration_error"] <= 0.04
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.4


def test_what_nearly_fits_is_left_to_a_person() -> None:
    scores = near_misses(SCALE, range(500, 504))
    assert scores["calibration_error"] <= 0.05
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.15
