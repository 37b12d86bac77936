"""A page with one slow write, for testing the confirm dialog in AppTest and in a browser."""

import os
import time
from pathlib import Path

import streamlit as st

from core.errors import ChangedMeanwhile, ReasonNeeded
from pages.parts import confirm
from pages.parts.confirm import Step

WRITES = Path(os.environ["SALDO_TEST_WRITES"])
SECONDS = float(os.environ.get("SALDO_TEST_SECONDS", "0"))


def execute(preview: str, reason: str, key: str) -> str:
    """Write one line per call, unless the reason is short or the preview old."""
    if len(reason) < 10:
        raise ReasonNeeded
    if preview == "changed":
        raise ChangedMeanwhile
    time.sleep(SECONDS)
    with WRITES.open("a") as file:
        file.write(f"{preview}|{reason}|{key}\n")
    return f"Refunded {preview}"


REFUND = Step(
    "refund",
    "Refund",
    "Refund it",
    preview=lambda subject: f"payment {subject}",
    show=lambda preview: st.write(f"This refunds {preview}"),
    execute=execute,
    fresh="SALDO_TEST_FRESH" in os.environ,
)
confirm.door(REFUND, "42", "Refund…")
confirm.draw(REFUND)
