"""The journal as CSV whose cells no spreadsheet takes for a formula (LED.2)."""

from collections.abc import Sequence
from dataclasses import fields

from core.ledger.exporting import JournalRow
from etl.export import csv_text, records

NAMES = [field.name for field in fields(JournalRow)]


def journal_csv(rows: Sequence[JournalRow]) -> str:
    """One line an entry, amounts in minor units, debit positive; a heading also without any."""
    return csv_text(records(rows, NAMES))
