"""`saldo wallet …` as an operator runs it: who acts, what is refused, what is printed."""

from collections.abc import Callable

import psycopg
import pytest

from core.work import Office
from tests.billing import WHY, a_tenant
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
ADMIN = "admin@example.com"
BY_ADMIN = ("--reason", WHY, "--as", ADMIN, "--json")


@pytest.fixture
def tenant(office: Office) -> str:
    """The id of a tenant in euro, with an administrator to act."""
    a_user(office, "admin", email=ADMIN)
    return str(a_tenant(office).id)


def recharged(saldo: Saldo, tenant: str, amount: int, reference: str = "B-1") -> Answer:
    return saldo(
        "wallet",
        "recharge",
        tenant,
        "--amount-minor",
        str(amount),
        "--reference",
        reference,
        *BY_ADMIN,
    )


def test_a_wallet_is_recharged_credited_debited_and_shown(saldo: Saldo, tenant: str) -> None:
    recharge = recharged(saldo, tenant, 5_000)
    assert recharge.code == 0, recharge.err
    credit = saldo("wallet", "credit", tenant, "--amount-minor", "700", "--promotional", *BY_ADMIN)
    debit = saldo("wallet", "debit", tenant, "--amount-minor", "1000", *BY_ADMIN)
    assert [answer.json["balance_after_minor"] for answer in (recharge, credit, debit)] == [
        5_000,
        5_700,
        4_700,
    ]
    shown = saldo("wallet", "show", tenant, "--json").json
    assert (shown["currency"], shown["count"]) == ("EUR", 3)
    assert [row["type"] for row in shown["transactions"]] == [
        "manual_debit",
        "manual_credit",
        "recharge",
    ]
    (listed,) = saldo("wallet", "list", "--search", "rhein", "--json").json["wallets"]
    assert (listed["balance_minor"], listed["promotional_minor"]) == (4_000, 700)
    assert listed["total_minor"] == 4_700
    assert saldo("ledger", "check").code == 0
    for name, answer in (("recharge", recharge), ("credit", credit), ("debit", debit)):
        assert set(answer.json) == documented(f"saldo wallet {name}")
    assert set(shown) | set(shown["transactions"][0]) <= documented("saldo wallet show")
    assert {"count", "wallets"} | set(listed) <= documented("saldo wallet list")


def test_words_name_amount_and_balance(saldo: Saldo, tenant: str) -> None:
    recharged(saldo, tenant, 5_000)
    answer = saldo(
        "wallet", "debit", tenant, "--amount-minor", "1250", "--reason", WHY, "--as", ADMIN
    )
    assert "-12.50 EUR" in answer.out
    assert "37.50 EUR" in answer.out
    assert "Rheinfeld" in saldo("wallet", "list").out
    assert "B-1" in saldo("wallet", "show", tenant).out


def test_below_zero_only_when_it_is_said(saldo: Saldo, tenant: str) -> None:
    refused = saldo("wallet", "debit", tenant, "--amount-minor", "50", *BY_ADMIN)
    assert (refused.code, refused.json["code"]) == (1, "insufficient_balance")
    done = saldo("wallet", "debit", tenant, "--amount-minor", "50", "--overdraw", *BY_ADMIN)
    assert done.json["balance_after_minor"] == -50


def test_the_same_key_or_reference_again_changes_nothing(saldo: Saldo, tenant: str) -> None:
    for extra in (("--key", "credit-0001"), ("--reference", "C-1")):
        ids = {
            saldo("wallet", "credit", tenant, "--amount-minor", "50", *extra, *BY_ADMIN).json["id"]
            for _ in range(2)
        }
        assert len(ids) == 1
    assert saldo("wallet", "show", tenant, "--json").json["count"] == 2
    assert recharged(saldo, tenant, 5).json["id"] == recharged(saldo, tenant, 5).json["id"]
    assert recharged(saldo, tenant, 6).json["code"] == "key_reused"


@pytest.mark.parametrize(
    ("email", "reason", "code"),
    [
        (ADMIN, "short", "reason_needed"),
        ("nobody@example.com", WHY, "not_found"),
        ("cfo@example.com", WHY, "not_allowed"),
        ("gone@example.com", WHY, "sign_in_needed"),
    ],
)
def test_who_acts_needs_an_account_the_permission_and_a_reason(
    saldo: Saldo,
    tenant: str,
    office: Office,
    database_url: str,
    email: str,
    reason: str,
    code: str,
) -> None:
    a_user(office, "cfo", email="cfo@example.com")
    a_user(office, "admin", email="gone@example.com")
    with psycopg.connect(database_url) as db:
        db.execute("update app_user set disabled_at = now() where email like 'gone@%'")
    options = ("--amount-minor", "50", "--reason", reason, "--as", email, "--json")
    answer = saldo("wallet", "credit", tenant, *options)
    assert (answer.code, answer.json["code"]) == (1, code)
    assert saldo("wallet", "list", "--json").json == {"count": 0, "wallets": []}


def test_the_log_names_the_user_and_no_session_stays_open(
    saldo: Saldo, tenant: str, database_url: str
) -> None:
    recharged(saldo, tenant, 5_000)
    with psycopg.connect(database_url) as db:
        rows = db.execute(
            "select a.event_type, u.email, a.payload ->> 'reason' from audit_event a "
            "left join app_user u on u.id = a.actor_id order by a.seq desc limit 2"
        ).fetchall()
        open_sessions = db.execute(
            "select count(*) from user_session where revoked_at is null"
        ).fetchone()
    assert rows == [
        ("saas.wallet.recharged", ADMIN, WHY),
        ("access.operator_signed_in", None, None),
    ]
    assert open_sessions == (0,)


def test_a_tenant_that_does_not_exist_is_refused(saldo: Saldo, tenant: str) -> None:
    answer = saldo("wallet", "show", str(int(tenant) + 1), "--json")
    assert (answer.code, answer.json["code"]) == (1, "not_found")
    assert answer.json["error"]


def test_wrong_usage_exits_with_2(saldo: Saldo, tenant: str) -> None:
    assert saldo("wallet", "credit", tenant, "--amount-minor", "5").code == 2
    assert saldo("wallet", "show", "Rheinfeld").code == 2
