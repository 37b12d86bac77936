"""What the matching is worth on simulated companies that no fitting has seen (UNM.2, UNM.4)."""

from bench.matching.accuracy import near_misses, other_company, simulated_companies

SCALE = 0.06
"""About 90 transfers of each simulated company and 180 of each other one."""


def test_simulated_companies_are_matched_right() -> None:
    scores = simulated_companies(SCALE)
    assert scores["first"] >= 0.96
    assert scores["within_five"] >= 0.985
    assert scores["calibration_error"] <= 0.04
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.5
    assert scores["kinds"]["longer number"]["first"] >= 0.75


def test_companies_unlike_those_fitted_on_are_matched_right() -> None:
    scores = other_company(SCALE)
    assert scores["first"] >= 0.97
    assert scores["calibration_error"] <= 0.04
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.5


def test_what_nearly_fits_is_left_to_a_person() -> None:
    scores = near_misses(SCALE)
    assert scores["auto_wrong"] == 0
    assert scores["auto_coverage"] >= 0.15
