"""`saldo apikey …` as an operator runs it."""

from collections.abc import Callable

from core.work import Office
from tests.billing import WHY, a_tenant
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

BOSS = "boss@example.com"


def test_the_command_line_makes_lists_and_revokes(
    office: Office, saldo: Callable[..., Answer]
) -> None:
    a_user(office, "super_admin", email=BOSS)
    by = ("--reason", WHY, "--as", BOSS, "--json")
    tenant = str(a_tenant(office).id)
    made = saldo(
        "apikey", "create", "Shop", "--permission", "org.billing.read", "--tenant", tenant, *by
    )
    assert made.code == 0, made.err
    assert set(made.json) == documented("saldo apikey create")
    listed = saldo("apikey", "list", "--tenant", tenant, "--json").json
    assert set(listed) | set(listed["keys"][0]) == documented("saldo apikey list")
    assert made.json["token"] not in str(listed)
    ended = saldo("apikey", "revoke", str(made.json["id"]), *by)
    assert set(ended.json) == documented("saldo apikey revoke")
    assert saldo("apikey", "revoke", str(made.json["id"]), *by).code == 1
