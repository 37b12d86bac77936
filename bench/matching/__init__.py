"""How often is the right invoice first, how honest are the probabilities, and how fast is it?"""

from collections.abc import Callable
from typing import Any

from bench.matching.accuracy import abroad, near_misses, other_company, simulated_companies
from bench.matching.speed import measured

LEAST_FIRST = 0.97
LEAST_WITHIN_FIVE = 0.985
MOST_CALIBRATION_ERROR = 0.03
LEAST_AUTO_RIGHT = 0.999
LEAST_COVERAGE = 0.5
LEAST_TIMES_FASTER = 200.0
MOST_MIB = 1_536
SIZES = (100_000, 1_000_000)


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Accuracy on companies nobody fitted anything to, and time against scanning every invoice."""
    say("Transfers of simulated companies")
    simulated = simulated_companies(scale)
    say("Transfers of another company altogether")
    other = other_company(scale)
    say("Transfers of companies abroad")
    elsewhere = abroad(scale)
    say("Transfers that nearly fit")
    near = near_misses(scale)
    speeds = []
    for size in SIZES:
        say(f"Speed with {int(size * scale)} invoices")
        speeds.append(measured(int(size * scale)))
    ratio = min(speed["times_faster"] for speed in speeds)
    accurate = all(_right(each) and _safe(each) for each in (simulated, other, elsewhere))
    covers = all(each["auto_coverage"] >= LEAST_COVERAGE for each in (simulated, other))
    honest = near["calibration_error"] <= MOST_CALIBRATION_ERROR and _safe(near)
    lean = all(speed["peak_mib"] <= MOST_MIB for speed in speeds)
    return {
        "name": "matching",
        "ratio": ratio,
        "rival": "rapidfuzz over the reference and the name of every invoice, per transfer",
        "passed": accurate and covers and honest and lean and ratio >= LEAST_TIMES_FASTER,
        "detail": {
            "simulated": simulated,
            "other": other,
            "abroad": elsewhere,
            "near_misses": near,
            "speed": speeds,
            "limits": {
                "first": LEAST_FIRST,
                "within_five": LEAST_WITHIN_FIVE,
                "calibration_error": MOST_CALIBRATION_ERROR,
                "auto_right": LEAST_AUTO_RIGHT,
                "auto_coverage": LEAST_COVERAGE,
                "ratio": LEAST_TIMES_FASTER,
                "peak_mib": MOST_MIB,
            },
        },
    }


def _right(scores: dict[str, Any]) -> bool:
    """True when the measured shares are within the limits; the interval is shown, not demanded."""
    return bool(
        scores["first"] >= LEAST_FIRST
        and scores["within_five"] >= LEAST_WITHIN_FIVE
        and scores["calibration_error"] <= MOST_CALIBRATION_ERROR
    )


def _safe(scores: dict[str, Any]) -> bool:
    return bool(scores["auto_wrong"] <= (1 - LEAST_AUTO_RIGHT) * scores["auto"])
