"""`saldo report reconciliation`, `saldo run reconcile` and decisions as an operator makes them."""

from collections.abc import Callable

import pytest

from core.reconciliation.viewing import forget
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.reconciliation import a_line, paid, pulled

Saldo = Callable[..., Answer]
WINDOW = ("--from", "2026-11-01", "--to", "2026-11-30")
ABOUT = ("--provider", "stripe", "--kind", "charge", "--reference", "ch_1")


@pytest.fixture(autouse=True)
def simulated(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment of which the gateway tells a higher fee."""
    forget()
    monkeypatch.setenv("SALDO_GATEWAY_SIMULATOR", "true")
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=200))


def test_the_report_has_what_is_documented(saldo: Saldo) -> None:
    found = saldo("report", "reconciliation", *WINDOW, "--json").json
    parts = ("providers", "totals", "differences", "clearing")
    keys = set(found).union(*(found[part][0] for part in parts))
    assert keys <= documented("saldo report reconciliation")
    (difference,) = found["differences"]
    assert (difference["difference"], difference["difference_minor"]) == ("fee", -25)
    shown = saldo("report", "reconciliation", *WINDOW).out
    assert "Fee 2.00 EUR there, 1.75 EUR here" in shown


def test_the_report_comes_as_csv_and_pdf(saldo: Saldo) -> None:
    lines = saldo("report", "reconciliation", *WINDOW, "--format", "csv").out.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["provider"] * 4 + [
        "total", "difference", "clearing",
    ]  # fmt: skip
    assert saldo("report", "reconciliation", *WINDOW, "--format", "pdf").out.startswith("%PDF")


def test_missing_credentials_are_refused_with_words(saldo: Saldo) -> None:
    refused = saldo("report", "reconciliation", *WINDOW, "--provider", "bankgirot", "--json")
    assert (refused.code, refused.json["code"]) == (1, "credentials_missing")
    assert "No file of Bankgirot" in refused.err


def test_a_dry_run_tells_the_differences(saldo: Saldo) -> None:
    run = saldo("run", "reconcile", "--dry-run", "--json").json
    assert set(run) <= documented("saldo run reconcile")
    assert run["counts"]["fee"] == 1
    assert "ch_1" in saldo("run", "reconcile", "--dry-run").out


def test_a_fee_is_posted_once_and_an_ignored_one_taken_up_again(
    office: Office, saldo: Saldo
) -> None:
    email = a_user(office, "sys_finance").email
    who = ("--reason", WHY, "--as", email)
    more = ("--difference-minor", "-25")
    kept = saldo("reconciliation", "decide", "ignored", *ABOUT, *more, *who, "--json").json
    assert set(kept) | set(kept["sight"]) <= documented("saldo reconciliation decide")
    undone = saldo("reconciliation", "undo", str(kept["decision_id"]), *who, "--json").json
    assert set(undone) <= documented("saldo reconciliation undo")
    assert saldo("reconciliation", "decide", "fee_posted", *ABOUT, *more, *who).code == 0
    again = saldo("reconciliation", "decide", "fee_posted", *ABOUT, *more, *who)
    assert (again.code, "do not differ" in again.out) == (1, True)
    assert saldo("reconciliation", "decide", "forgotten", *ABOUT, *more, *who).code == 2
