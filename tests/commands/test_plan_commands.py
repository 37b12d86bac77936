"""`saldo plan …` and `saldo tenant create`: written as a user, refused in words."""

from collections.abc import Callable

import pytest

from core.work import Office
from tests.billing import the_plans
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
ADMIN, ONBOARDING = "admin@example.com", "onboarding@example.com"
BY_ADMIN = ("--as", ADMIN, "--json")
TEAM = (
    "plan", "create", "team", "--name", "Team", "--price", "monthly:EUR:4900",
    "--price", "annual:EUR:49000", "--limit", "max_users=10", "--limit", "storage_gb=-1",
    "--flag", "api_access", "--sort-order", "7", "--fixed-days",
)  # fmt: skip


@pytest.fixture(autouse=True)
def people(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An admin and somebody of onboarding; the commands' clock stands where the office's does."""
    monkeypatch.setattr("core.office.SystemClock", lambda: office.clock)
    a_user(office, "admin", email=ADMIN)
    a_user(office, "onboarding", email=ONBOARDING)


def test_a_plan_is_created_once_for_a_key(saldo: Saldo) -> None:
    made = [saldo(*TEAM, "--key", "plan-0001", *BY_ADMIN) for _ in range(2)]
    assert made[0].code == 0, made[0].err
    assert made[0].json == made[1].json
    plan = made[0].json
    assert set(plan) <= documented("saldo plan create")
    assert (plan["limits"], plan["flags"], plan["fixed_days"], plan["sort_order"]) == (
        {"max_users": 10, "storage_gb": -1},
        ["api_access"],
        True,
        7,
    )
    assert {(p["cycle"], p["amount_minor"], p["version"]) for p in plan["prices"]} == {
        ("monthly", 4_900, 1),
        ("annual", 49_000, 1),
    }
    again = saldo(*TEAM, *BY_ADMIN)
    assert (again.code, again.json["error"]) == (1, "There is already a plan team")
    (listed,) = saldo("plan", "list", "--json").json["plans"]
    assert listed == plan


def test_editing_changes_what_is_named_and_leaves_the_rest(saldo: Saldo) -> None:
    before = saldo(*TEAM, *BY_ADMIN).json
    named = ("--name", "Crew", "--limit", "max_users=12", "--drop-limit", "storage_gb")
    more = ("--flag", "priority_support", "--drop-flag", "api_access", "--calendar-months")
    edited = saldo("plan", "edit", "team", *named, *more, "--recommended", *BY_ADMIN)
    assert edited.code == 0, edited.err
    assert set(edited.json) <= documented("saldo plan edit")
    changed = {name for name in before if before[name] != edited.json[name]}
    assert changed == {"name", "limits", "flags", "fixed_days", "is_recommended"}
    assert edited.json["limits"] == {"max_users": 12}
    assert edited.json["flags"] == ["priority_support"]
    assert "Crew" in saldo("plan", "edit", "team", "--sort-order", "1", "--as", ADMIN).out
    same = saldo("plan", "edit", "team", "--name", "Crew", *BY_ADMIN)
    assert (same.code, same.json["error"]) == (1, "Nothing of the plan would change")


def test_a_price_has_versions_and_a_plan_is_switched_off(saldo: Saldo) -> None:
    saldo(*TEAM, *BY_ADMIN)
    options = ("plan", "price", "team", "--cycle", "monthly", "--currency", "EUR")
    raised = saldo(*options, "--amount-minor", "5900", "--from", "2027-01-01", *BY_ADMIN)
    assert raised.code == 0, raised.err
    assert set(raised.json) == documented("saldo plan price")
    assert (raised.json["version"], raised.json["amount_minor"]) == (2, 5_900)
    (plan,) = saldo("plan", "list", "--json").json["plans"]
    assert {p["amount_minor"] for p in plan["prices"]} == {4_900, 49_000}
    past = saldo(*options, "--amount-minor", "1", "--from", "2026-01-01", *BY_ADMIN)
    assert (past.code, past.json["code"]) == (1, "bad_input")
    words = saldo(*options, "--amount-minor", "6900", "--from", "2027-02-01", "--as", ADMIN)
    assert "69.00 EUR from 2027-02-01, version 3" in words.out
    off = saldo("plan", "toggle", "team", "--off", *BY_ADMIN).json
    assert not off["is_active"]
    assert set(off) <= documented("saldo plan toggle")
    assert saldo("plan", "list", "--active", "--json").json == {"plans": []}
    assert saldo("plan", "toggle", "team", "--on", *BY_ADMIN).json["is_active"]
    assert saldo("plan", "toggle", "team", *BY_ADMIN).code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "create", "Ü", "--name", "U"), "a slug has lowercase letters"),
        (("plan", "create", "u", "--name", "U", "--price", "monthly:EUR"), "CYCLE:CURRENCY:MINOR"),
        (("plan", "create", "u", "--name", "U", "--price", "daily:EUR:1"), "a known cycle"),
        (("plan", "create", "u", "--name", "U", "--limit", "max_users=many"), "NAME=N"),
        (("plan", "create", "u", "--name", "U", "--flag", "colour"), "Unknown flags: colour"),
        (("plan", "edit", "pro", "--drop-limit", "colour"), "The plan has no limit colour"),
        (("plan", "edit", "gold", "--name", "Gold"), "There is no plan gold"),
        (("plan", "toggle", "gold", "--on"), "There is no plan gold"),
        (("tenant", "create", " ", "--currency", "EUR"), "A tenant has a name"),
        (("tenant", "create", "Fjord", "--currency", "euro"), "is not an ISO 4217 currency"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    saldo: Saldo, office: Office, arguments: tuple[str, ...], words: str
) -> None:
    the_plans(office)
    refused = saldo(*arguments, *BY_ADMIN)
    assert refused.code == 1
    assert words in refused.json["error"]
    assert words in refused.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "u", "--name", "U"),
        ("edit", "pro", "--name", "Professional"),
        ("price", "pro", "--cycle", "monthly", "--currency", "EUR", "--amount-minor", "1"),
        ("toggle", "pro", "--off"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_catalogue_is_for_who_manages_plans(
    saldo: Saldo, office: Office, arguments: tuple[str, ...]
) -> None:
    the_plans(office)
    refused = saldo("plan", *arguments, "--as", ONBOARDING, "--json")
    assert (refused.code, refused.json["code"]) == (1, "not_allowed")
    assert "saas.plans.manage" in refused.err
    nobody = saldo("plan", *arguments, "--as", "nobody@example.com", "--json")
    assert (nobody.code, nobody.json["code"]) == (1, "not_found")


def test_a_tenant_signs_up_and_gets_a_plan(saldo: Saldo, office: Office) -> None:
    the_plans(office)
    who = ("--as", ONBOARDING, "--json")
    given = ("--country", "SE", "--currency", "SEK", "--language", "sv", "--external-id", "T-9")
    options = ("tenant", "create", "Fjord AB", *given, "--signed-up-on", "2026-11-01")
    made = [saldo(*options, "--key", "tenant-01", *who) for _ in range(2)]
    assert made[0].code == 0, made[0].err
    assert made[0].json == made[1].json
    tenant = made[0].json
    assert set(tenant) == documented("saldo tenant create")
    assert (tenant["country"], tenant["signed_up_on"]) == ("SE", "2026-11-01")
    assigned = saldo("subscription", "assign", str(tenant["id"]), "--plan", "pro", *who)
    assert assigned.json["tenant_name"] == "Fjord AB"
    a_user(office, "billing", email="billing@example.com")
    refused = saldo(*options, "--as", "billing@example.com", "--json")
    assert (refused.code, refused.json["code"]) == (1, "not_allowed")
