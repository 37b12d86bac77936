"""`saldo close` and `saldo ledger export` as an operator runs them, on a copy of the real books."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from core.clock import SystemClock
from core.ledger.recognition import recognise_revenue
from core.settings import Settings
from core.work import Office
from etl import pipeline
from tests.billing import JOB, WHY, a_tenant, an_invoice
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.databases import Reused

Saldo = Callable[..., Answer]


@pytest.fixture
def month(
    saldo: Saldo, database_url: str, reused: Reused, office: Office, settings: Settings
) -> date:
    """Last month by the machine's clock, with an invoice, recognised and synced."""
    real = SystemClock()
    last = (real.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    past = real.now().replace(year=last.year, month=last.month, day=9)
    office.clock.move_to(past)  # type: ignore[attr-defined]
    an_invoice(office, a_tenant(office))
    a_user(office, "sys_finance", email="fin@example.com")
    office.clock.move_to(real.now())  # type: ignore[attr-defined]
    with office.work(JOB) as work:
        recognise_revenue(work, last)
    pipeline.sync(settings, database_url, now=real.now())
    return last


def test_a_month_is_checked_closed_verified_and_reopened(saldo: Saldo, month: date) -> None:
    name, who = f"{month:%Y-%m}", ("--as", "fin@example.com", "--reason", WHY)
    checked = saldo("close", name, "--check", "--json")
    assert (checked.code, checked.json["ready"]) == (0, True)
    closed = saldo("close", name, *who, "--json")
    assert closed.code == 0, closed.err
    assert closed.json["figures"] > 40
    assert saldo("close", name, "--verify", "--json").json["intact"] is True
    for shown in ("--check", "--restatements"):
        assert saldo("close", name, shown, "--format", "pdf").out.startswith("%PDF")
    assert "--restatements" in saldo("close", name, "--format", "pdf").err
    restated = saldo("close", name, "--restatements", "--json").json
    assert (restated["figures"], restated["restated"]) == (closed.json["figures"], 0)
    figures = {(row["figure"], row["group"]) for row in restated["rows"]}
    assert {("metrics.mrr", ""), ("movements.end", ""), ("ageing.total", "")} <= figures
    again = saldo("close", name, *who, "--json")
    assert (again.code, "closed already" in again.err) == (1, True)
    assert saldo("close", name, "--reopen", *who).code == 0
    assert saldo("close", name, "--verify", "--json").json["code"] == "not_found"


def test_an_unknown_item_and_nobody_named_are_told(saldo: Saldo, month: date) -> None:
    name, who = f"{month:%Y-%m}", ("--as", "fin@example.com", "--reason", WHY)
    assert "none of copy" in saldo("close", name, "--explain", "weather", *who).err
    assert saldo("close", name).code == 2


def test_the_journal_is_exported(saldo: Saldo, month: date) -> None:
    window = ("--from", f"{month}", "--to", f"{month.replace(day=28)}")
    sie = saldo("ledger", "export", "--format", "sie", *window)
    assert sie.out.startswith("#FLAGGA 0")
    assert "#TRANS 1510 {} 100.00" in sie.out
    assert saldo("ledger", "export", "--format", "csv", *window).out.startswith("number,booked_on")
