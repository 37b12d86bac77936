"""Values that break what was not made for them."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

TEXTS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "é" * 300, "a" * 20_000, "'", '"', "%", "%s",
    "{}", "{0}", "../../etc/passwd", "<script>alert(1)</script>", "| - |", "$x$", "१२३", "²", "½",
    "9" * 5_000, "null", "true", "None", "-1", "0", "1", "2", "1.5", "+1", "1_000", "1e400", "NaN",
    "Infinity", ":", "|", ",", "1:2", "1|2", "1,2", "EUR", "XXX", "stripe",
)  # fmt: skip
DAYS = (
    "0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01", "0000-00-00", "1970-01-01",
    "2026-11-20", "20261120", "2026-W47-5", "2026-11", "2026-10", "0001-01", "9999-12", "-2026-01",
    "2026-11-20T12:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1e9",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308)
OTHERS = (float("nan"), float("inf"), float("-inf"), None, True, [], {}, [None], {"a": 1}, [[]])

texts = st.sampled_from(TEXTS) | st.sampled_from(DAYS) | st.text(max_size=30)
values: st.SearchStrategy[Any] = texts | st.sampled_from((*NUMBERS, *OTHERS)).map(deepcopy)
