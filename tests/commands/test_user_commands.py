"""`saldo user …` as an operator runs it: who acts, what is printed, what is refused."""

from collections.abc import Callable

import pytest

from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, with_codes
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
BOSS, EVA = "boss@example.com", "eva@example.com"
BY = ("--reason", WHY, "--as", BOSS, "--json")


@pytest.fixture(autouse=True)
def _boss(office: Office) -> None:
    a_user(office, "super_admin", email=BOSS)


def test_an_account_is_opened_given_roles_and_closed(saldo: Saldo) -> None:
    made = saldo("user", "create", EVA, "--name", "Eva", "--role", "billing", *BY)
    assert made.code == 0, made.err
    assert set(made.json) == documented("saldo user create")
    assert len(made.json["password"]) >= 12
    granted = saldo("user", "grant", EVA, "cfo", *BY)
    assert granted.json["roles"] == ["billing", "cfo"]
    revoked = saldo("user", "revoke", EVA, "billing", *BY)
    assert revoked.json["roles"] == ["cfo"]
    closed = saldo("user", "disable", EVA, *BY)
    assert closed.json["disabled_at"]
    for name, answer in (("grant", granted), ("revoke", revoked), ("disable", closed)):
        assert set(answer.json) == documented(f"saldo user {name}")
    listed = saldo("user", "list", "--role", "cfo", "--json").json["users"]
    assert [row["email"] for row in listed] == [EVA]
    assert {"users", *listed[0]} == documented("saldo user list")
    assert "closed" in saldo("user", "list").out


def test_codes_of_a_lost_phone_are_reset(saldo: Saldo, office: Office) -> None:
    eva = a_user(office, "cfo", email=EVA)
    asked = ("user", "reset-totp", EVA, *BY)
    assert saldo(*asked).json["code"] == "not_now"
    with_codes(office, eva)
    done = saldo(*asked)
    assert (done.code, done.json["totp"]) == (0, False)
    assert set(done.json) == documented("saldo user reset-totp")


def test_a_given_password_is_not_shown(saldo: Saldo) -> None:
    asked = ("user", "create", EVA, "--name", "Eva", "--password-stdin", *BY)
    made = saldo(*asked, stdin="a long first password\n")
    assert (made.code, "password" in made.json) == (0, False)
    assert "first password" not in made.out


def test_the_permission_table_is_shown_and_edited(saldo: Saldo) -> None:
    added = saldo("user", "permit", "cfo", "analytics.sql", *BY)
    assert "analytics.sql" in added.json["granted"]
    taken = saldo("user", "forbid", "cfo", "analytics.sql", *BY)
    assert "analytics.sql" not in taken.json["granted"]
    for name, answer in (("permit", added), ("forbid", taken)):
        assert set(answer.json) == documented(f"saldo user {name}")
    table = saldo("user", "roles", "--json").json["roles"]
    assert {"roles", *table[0]} == documented("saldo user roles")
    assert "sys_finance" in saldo("user", "roles").out


def test_what_is_refused_says_why(saldo: Saldo, office: Office) -> None:
    a_user(office, "cfo", email="cfo@example.com")
    unknown = saldo("user", "grant", "nobody@example.com", "cfo", *BY)
    assert (unknown.code, unknown.json["code"]) == (1, "not_found")
    last = saldo("user", "revoke", BOSS, "super_admin", *BY)
    assert (last.code, last.json["code"]) == (1, "not_now")
    other = ("--reason", WHY, "--as", "cfo@example.com", "--json")
    assert saldo("user", "grant", BOSS, "cfo", *other).json["code"] == "not_allowed"
