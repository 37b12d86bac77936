"""On a public receivables list the forecast beats the due dates; checked by plain arithmetic."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from core.forecast.backtest import score
from core.settings import ROOT
from tests.core.forecast.columns import forecast_on, trials_of
from tests.core.forecast.slow import Billed, Paid

SAMPLE = ROOT.parent / "shared/samples/receivables/accounts_receivable.csv"
HELD_OUT = 9
"""Month ends; the constants of the model were chosen on the year before them."""
LAST = date(2013, 12, 31)

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason=f"the sample {SAMPLE.name} is not here")


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007


@pytest.fixture(scope="module")
def bills() -> list[Billed]:
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        return [
            Billed(
                number,
                row["customerID"],
                row["countrycode"],
                "USD",
                day(row["InvoiceDate"]),
                day(row["DueDate"]),
                int(Decimal(row["InvoiceAmount"]) * 100),
                (Paid(day(row["SettledDate"]), int(Decimal(row["InvoiceAmount"]) * 100)),),
            )
            for number, row in enumerate(csv.DictReader(file))
        ]


def by_hand(bills: list[Billed], cut: date, weeks: int) -> tuple[list[int], list[int]]:
    """What came, and what was due, in each week after a day on invoices open at its end."""
    came, due = [0] * weeks, [0] * weeks
    for bill in bills:
        [paid] = bill.paid
        if not bill.issued_on <= cut < paid.on:
            continue
        nth = ((paid.on - cut).days - 1) // 7
        if nth < weeks:
            came[nth] += bill.total_minor
        nth = (max((bill.due_on - cut).days, 1) - 1) // 7
        if nth < weeks:
            due[nth] += bill.total_minor
    return came, due


@pytest.mark.parametrize("weeks", [4, 13])
def test_held_out_months_are_forecast_better_than_by_due_dates(
    bills: list[Billed], weeks: int
) -> None:
    trials = [t for t in trials_of(bills, LAST, HELD_OUT) if t.weeks == weeks]
    missed = naive_missed = total = 0
    for trial in trials:
        came, due = by_hand(bills, trial.day, weeks)
        made = forecast_on(bills, trial.day, weeks)
        said = [week.expected_minor for week in made.weeks.weeks]
        assert (trial.came_minor, trial.naive_minor) == (sum(came), sum(due))
        missed += sum(abs(a - b) for a, b in zip(said, came, strict=True))
        naive_missed += sum(abs(a - b) for a, b in zip(due, came, strict=True))
        total += sum(came)
    found = score(trials, weeks)
    assert found.trials >= 7
    assert found.error == Fraction(missed, total)
    assert found.naive_error == Fraction(naive_missed, total)
    assert found.error < found.naive_error * Fraction(2, 3)
    assert found.held >= found.trials * Fraction(7, 10)


def test_a_forecast_of_the_past_is_the_one_made_without_what_came_later(
    bills: list[Billed],
) -> None:
    cut = date(2013, 6, 30)
    known = [bill for bill in bills if bill.issued_on <= cut]
    blind = [
        Billed(
            bill.invoice_id,
            bill.customer,
            bill.country,
            bill.currency,
            bill.issued_on,
            bill.due_on,
            bill.total_minor,
            tuple(paid for paid in bill.paid if paid.on <= cut),
        )
        for bill in known
    ]
    seeing, unseeing = forecast_on(bills, cut), forecast_on(blind, cut)
    assert seeing.weeks == unseeing.weeks
    assert seeing.weeks.weeks[0].since == cut + timedelta(days=1)
