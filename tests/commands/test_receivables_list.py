"""A real receivables list, imported as docs/receivables.md says, against plain arithmetic."""

import csv
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from core.settings import ROOT
from tests.commands.conftest import Answer

SAMPLE = ROOT.parent / "shared/samples/receivables/accounts_receivable.csv"
DAYS = (date(2012, 3, 31), date(2012, 11, 17), date(2013, 6, 30), date(2013, 12, 31))
Saldo = Callable[..., Answer]

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason=f"the sample {SAMPLE.name} is not here")


class Line:
    """One invoice as the file has it, read without any of Saldo's code."""

    def __init__(self, row: dict[str, str]) -> None:
        def day(column: str) -> date:
            return datetime.strptime(row[column], "%d/%m/%Y").date()  # noqa: DTZ007

        self.customer = row["customerID"]
        self.minor = int(Decimal(row["InvoiceAmount"]) * 100)
        self.issued, self.due, self.settled = day("InvoiceDate"), day("DueDate"), day("SettledDate")
        self.disputed = row["Disputed"] == "Yes"

    def owed_on(self, day: date) -> int:
        return self.minor if self.issued <= day < self.settled else 0


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        return [Line(row) for row in csv.DictReader(file)]


def load(saldo: Saldo, file: Path = SAMPLE) -> list[Answer]:
    common = ("--units", "--date-format", "dd/mm/yyyy", "--json")
    maps = {
        "tenants": ("tenant_id=customerID",),
        "invoices": (
            "invoice_id=invoiceNumber",
            "tenant_id=customerID",
            "issued_on=InvoiceDate",
            "due_on=DueDate",
            "amount_minor=InvoiceAmount",
            "disputed=Disputed",
        ),
        "payments": (
            "payment_id=invoiceNumber",
            "invoice_id=invoiceNumber",
            "paid_on=SettledDate",
            "amount_minor=InvoiceAmount",
        ),
    }
    return [
        saldo(
            "import",
            "csv",
            "--kind",
            kind,
            str(file),
            *common,
            *(part for pair in pairs for part in ("--map", pair)),
        )
        for kind, pairs in maps.items()
    ]


def bucket(days_late: int) -> str:
    limits = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
    return next((name for limit, name in limits if days_late <= limit), "over_90")


def count_back(lines: list[Line], day: date) -> Fraction:
    """Days of the newest months whose invoices cover what is owed, the last one in proportion."""
    left, days = Fraction(sum(line.owed_on(day) for line in lines)), Fraction(0)
    first, last = day.replace(day=1), day
    while left > 0:
        invoiced = sum(line.minor for line in lines if first <= line.issued <= last)
        length = (last - first).days + 1
        share = min(Fraction(1), left / invoiced) if invoiced else Fraction(1)
        days += length * share
        left -= invoiced * share
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    return days


def rounded(value: Fraction) -> str:
    whole = (value.numerator * 20_000 + value.denominator) // (2 * value.denominator)
    return f"{whole // 10_000}.{whole % 10_000:04d}"


def test_ageing_and_dso_equal_an_independent_calculation(saldo: Saldo, lines: list[Line]) -> None:
    first, second = load(saldo), load(saldo)
    assert [a.json["added"] for a in first] == [100, 2466, 2466]
    assert [a.json["added"] for a in second] == [0, 0, 0]
    assert saldo("sync").code == 0
    for day in DAYS:
        report = saldo("report", "ar-ageing", "--to", day.isoformat(), "--json").json
        expected = dict.fromkeys(("current", "1-30", "31-60", "61-90", "over_90"), 0)
        for line in lines:
            expected[bucket((day - line.due).days)] += line.owed_on(day)
        assert {name: money["minor"] for name, money in report["buckets"].items()} == expected
        owed = sum(expected.values())
        disputed = sum(line.owed_on(day) for line in lines if line.disputed)
        assert (report["total"]["minor"], report["disputed"]["minor"]) == (owed, disputed)
        recent = sum(line.minor for line in lines if day - timedelta(days=90) < line.issued <= day)
        assert report["dso"]["simple"] == rounded(Fraction(owed * 90, recent))
        assert report["dso"]["count_back"] == rounded(count_back(lines, day))
        by_customer = {row["tenant_name"]: row["total"] for row in report["rows"]}
        assert sum(by_customer.values()) == owed


def test_gross_revenue_by_month_equals_the_sum_of_the_invoices(
    saldo: Saldo, lines: list[Line]
) -> None:
    load(saldo)
    saldo("sync")
    months = saldo("metrics", "--month", "2013-12", "--months", "24", "--json").json["months"]
    for month in months:
        invoiced = sum(line.minor for line in lines if f"{line.issued:%Y-%m}" == month["month"])
        assert month["gross_revenue"]["minor"] == invoiced
    assert saldo("ledger", "check").code == 0


def test_one_impossible_date_refuses_the_whole_list(saldo: Saldo, tmp_path: Path) -> None:
    rows = SAMPLE.read_text(encoding="utf-8-sig").splitlines()
    cells = rows[1200].split(",")
    cells[4] = "31/02/2013"
    rows[1200] = ",".join(cells)
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(rows))
    _, invoices, payments = load(saldo, broken)
    assert invoices.code == 1
    assert invoices.json["problems"] == [
        {
            "row": 1201,
            "column": "InvoiceDate",
            "reason": "'31/02/2013' is not a date in the format dd/mm/yyyy",
        }
    ]
    assert "no invoice" in payments.json["error"]
