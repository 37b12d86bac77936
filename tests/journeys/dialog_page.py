"""A page with one slow write, for testing the confirm dialog in AppTest and in a browser."""

import os
import time
from pathlib import Path

import streamlit as st

from core.errors import ChangedMeanwhile, NotFound, ReasonNeeded
from pages.parts import confirm
from pages.parts.confirm import Step

WRITES = Path(os.environ["SALDO_TEST_WRITES"])
SECONDS = float(os.environ.get("SALDO_TEST_SECONDS", "0"))


def preview(subject: str) -> str:
    """What will be refunded, until a test says that it is gone."""
    if WRITES.with_suffix(".gone").exists():
        raise NotFound("There is no such payment any more")
    return f"payment {subject}"


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
    preview=preview,
    show=lambda preview: st.write(f"This refunds {preview}"),
    execute=execute,
    fresh="SALDO_TEST_FRESH" in os.environ,
)
confirm.door(REFUND, "42", "Refund…")
confirm.draw(REFUND)
