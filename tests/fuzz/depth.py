"""How much is tried: a few examples, always the same ones, or many new ones when asked to."""

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("SALDO_FUZZ", "0"))
"""So many times the examples, other ones at each run; 0 for the few that are always the same."""


def tried(examples: int) -> settings:
    """The settings of a test with so many examples."""
    return settings(
        max_examples=examples * max(FACTOR, 1),
        derandomize=not FACTOR,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
