"""`saldo dunning …` and `saldo run dunning` as an operator runs them."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from core.clock import SetClock, local_date
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.dunning import TERMS, an_unpaid

Saldo = Callable[..., Answer]
BY_FINANCE = ("--reason", WHY, "--as", "finance@example.com", "--json")
BY_BILLING = ("--as", "billing@example.com", "--json")


@pytest.fixture
def tenant(office: Office, clock: SetClock) -> str:
    """The id of a tenant whose invoice is three days overdue by the clock of the machine."""
    a_user(office, "sys_finance", email="finance@example.com")
    a_user(office, "billing", email="billing@example.com")
    today = local_date(datetime.now(UTC), office.settings.billing_timezone)
    issued = today - timedelta(days=TERMS + 3)
    clock.move_to(datetime.combine(issued, time(12), UTC))
    return str(an_unpaid(office)[0].id)


def test_a_case_is_swept_and_worked_by_command(saldo: Saldo, tenant: str) -> None:
    dry = saldo("run", "dunning", "--dry-run", "--json")
    run = saldo("run", "dunning", "--json")
    assert (run.code, run.json["counts"]) == (0, {"open": 1, "throttle": 1}), run.err
    assert dry.json["changes"] == run.json["changes"]
    assert saldo("run", "dunning", "--json").json["changes"] == []
    (row,) = saldo("dunning", "list", "--state", "restricted", "--json").json["rows"]
    number = str(row["id"])
    reminded = saldo("dunning", "remind", number, *BY_BILLING).json
    assert (reminded["position"], reminded["stage"]) == (4, "last reminder")
    frozen = saldo("dunning", "override", tenant, *BY_FINANCE).json
    assert frozen["cases"][0]["override_path"] == "freeze"
    refused = saldo("dunning", "suspend", number, "--reason", WHY, *BY_BILLING)
    assert (refused.code, refused.json["code"]) == (1, "not_now")
    stages = ("--path", "custom", "--stage", "20:remind:call", "--stage", "30:suspend")
    custom = saldo("dunning", "override", tenant, "--case", number, *stages, *BY_FINANCE).json
    assert (custom["cases"][0]["next_stage"], custom["cases"][0]["restriction"]) == ("call", None)
    resumed = saldo("dunning", "resume", tenant, *BY_FINANCE).json
    assert resumed["cases"][0]["override_path"] is None
    suspended = saldo("dunning", "suspend", number, "--reason", WHY, *BY_BILLING)
    assert suspended.json["status"] == "suspended"
    shown = saldo("dunning", "show", number, "--json").json
    assert shown["events"][0]["kind"] == "suspended"
    listed = documented("saldo dunning list")
    assert set(row) | {"count", "counts", "rows"} == listed
    assert set(shown) | set(shown["events"][0]) | set(shown["stages"][0]) <= (
        documented("saldo dunning show") | listed
    )
    assert set(run.json) | set(run.json["changes"][0]) <= documented("saldo run dunning")
    for words in (("list",), ("show", number), ("ladder",)):
        assert saldo("dunning", *words).code == 0
    assert "first reminder" in saldo("dunning", "ladder").out


def test_the_ladder_is_shown_and_a_new_version_added(saldo: Saldo, tenant: str) -> None:
    first = saldo("dunning", "ladder", "--json").json
    assert (first["version"], len(first["stages"])) == (1, 5)
    own = ("--tenant", tenant, "--stage", "5:remind", "--stage", "21:suspend")
    added = saldo("dunning", "ladder", *own, *BY_FINANCE).json
    assert (added["version"], [stage["after_days"] for stage in added["stages"]]) == (2, [5, 21])
    assert saldo("dunning", "ladder", "--json").json["version"] == 1
    back = saldo("dunning", "ladder", "--tenant", tenant, "--common", *BY_FINANCE).json
    assert back["version"] == 1
    wrong = saldo("dunning", "ladder", "--stage", "soon:remind", *BY_FINANCE)
    assert (wrong.code, wrong.json["code"]) == (1, "bad_input")
