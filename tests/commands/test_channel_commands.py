"""`saldo notification channels|set-channel|…` as an operator runs them."""

from collections.abc import Callable

import pytest

from core.work import Office
from tests.billing import WHY, a_tenant
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
ADMIN, HTTPS = "admin@example.com", "https://hooks.example.com/saldo"
AS_ADMIN = ("--as", ADMIN, "--json")
BY = ("--reason", WHY, *AS_ADMIN)


@pytest.fixture
def tenant(office: Office) -> str:
    """The id of a tenant, with an administrator to act."""
    a_user(office, "admin", email=ADMIN)
    return str(a_tenant(office).id)


def test_a_channel_is_set_for_one_tenant_and_for_all(saldo: Saldo, tenant: str) -> None:
    number = ("--address", "+46701234567", "--event", "invoice.issued")
    own = saldo("notification", "set-channel", "sms", "--on", "--tenant", tenant, *number, *BY)
    assert own.code == 0, own.err
    assert set(own.json) == documented("saldo notification set-channel")
    saldo("notification", "set-channel", "whatsapp", "--on", *BY)
    shown = saldo("notification", "channels", "--tenant", tenant, "--json").json
    rows = {row["channel"]: row for row in shown["channels"]}
    assert (rows["sms"]["own"], rows["sms"]["events"]) == (True, ["invoice.issued"])
    assert (rows["whatsapp"]["own"], rows["whatsapp"]["enabled"]) == (False, True)
    assert "+46701234567" in saldo("notification", "channels", "--tenant", tenant).out


def test_an_endpoint_is_added_rotated_and_removed(saldo: Saldo, tenant: str) -> None:
    of = ("--tenant", tenant)
    made = saldo("notification", "add-endpoint", HTTPS, *of, *BY)
    assert made.code == 0, made.err
    number = str(made.json["endpoint_id"])
    rotated = saldo("notification", "rotate-endpoint", number, *of, *BY)
    assert rotated.json["secret"] not in ("", made.json["secret"])
    shown = saldo("notification", "channels", *of, "--json").json
    assert [row["url"] for row in shown["endpoints"]] == [HTTPS]
    assert set(shown) | {name for rows in shown.values() for name in rows[0]} == documented(
        "saldo notification channels"
    )
    elsewhere = saldo("notification", "remove-endpoint", number, *BY)
    assert (elsewhere.code, elsewhere.json["code"]) == (1, "not_found")
    gone = saldo("notification", "remove-endpoint", number, *of, *BY)
    for name, answer in (("add", made), ("rotate", rotated), ("remove", gone)):
        assert set(answer.json) == documented(f"saldo notification {name}-endpoint")
    assert saldo("notification", "channels", *of, "--json").json["endpoints"] == []


def test_a_test_message_is_asked_for(saldo: Saldo, tenant: str) -> None:
    asked = saldo("notification", "test", tenant, "in_app", *AS_ADMIN)
    assert set(asked.json) == documented("saldo notification test")
    unnamed = saldo("notification", "test", tenant, "webhook", *AS_ADMIN)
    assert (unnamed.code, unnamed.json["code"]) == (1, "bad_input")
