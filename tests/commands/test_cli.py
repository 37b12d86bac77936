"""The command line keeps its contract: keys, exit codes, words."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from core.settings import ROOT
from tests.commands.conftest import Answer, saldo_on
from tests.databases import address, copy_of

Saldo = Callable[..., Answer]
TENANTS = "tenant_id,name,country\nt1,One,SE\nt2,Two,DE\n"
SUBSCRIPTIONS = (
    "subscription_id,tenant_id,plan,started_on,ended_on,cycle,amount_minor,currency\n"
    "a,t1,pro,2026-01-15,2026-03-10,monthly,10000,EUR\n"
    "b,t1,max,2026-03-10,,monthly,15000,EUR\n"
    "c,t2,pro,2026-02-01,2026-04-20,annual,60000,EUR\n"
)
INVOICES = (
    "invoice_id,tenant_id,issued_on,due_on,amount_minor,tax_minor,currency\n"
    "i1,t1,2026-02-01,2026-03-01,12500,2500,EUR\n"
    "i2,t2,2026-04-01,2026-05-01,5000,0,EUR\n"
)


def fill(saldo: Saldo, folder: Path) -> None:
    for kind, text in (
        ("tenants", TENANTS),
        ("subscriptions", SUBSCRIPTIONS),
        ("invoices", INVOICES),
    ):
        file = folder / f"{kind}.csv"
        file.write_text(text)
        assert saldo("import", "csv", "--kind", kind, str(file)).code == 0
    assert saldo("sync").code == 0


@pytest.fixture(scope="module")
def filled(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The database and the home of a company that the tests of this file share."""
    home = tmp_path_factory.mktemp("company")
    with copy_of(server, template) as url:
        with saldo_on(url, home) as saldo:
            fill(saldo, home)
        yield url, home


@pytest.fixture
def company(filled: tuple[str, Path]) -> Iterator[Saldo]:
    """The shared company, for what only reads or adds nothing that counts."""
    with saldo_on(*filled) as saldo:
        yield saldo


@pytest.fixture
def own_company(saldo: Saldo, tmp_path: Path) -> Saldo:
    """The same company for a test that changes it."""
    fill(saldo, tmp_path)
    return saldo


def documented(command: str) -> set[str]:
    text = (ROOT / "docs/commands.md").read_text()
    section = text.split(f"### {command}\n")[1].split("\n### ")[0]
    return set(re.findall(r"`([a-z_]+)`", section.partition("Keys:")[2]))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("saldo sync", ("sync",)),
        ("saldo metrics", ("metrics", "--month", "2026-03", "--by", "plan")),
        (
            "saldo report movements",
            ("report", "movements", "--from", "2026-01-01", "--to", "2026-04-30"),
        ),
        ("saldo report ar-ageing", ("report", "ar-ageing", "--to", "2026-04-30")),
        ("saldo report cash-forecast", ("report", "cash-forecast", "--to", "2026-04-30")),
        ("saldo ledger check", ("ledger", "check")),
        ("saldo ledger trial-balance", ("ledger", "trial-balance")),
        ("saldo audit verify", ("audit", "verify")),
        ("saldo audit anchor", ("audit", "anchor")),
        ("saldo doctor", ("doctor",)),
        ("saldo db url", ("db", "url")),
        ("saldo db upgrade", ("db", "upgrade")),
        ("saldo db stop", ("db", "stop")),
        ("saldo user add", ("user", "add", "x@example.com", "--role", "cfo")),
    ],
)
def test_json_keys_are_the_documented_ones(
    company: Saldo, command: str, arguments: tuple[str, ...]
) -> None:
    answer = company(*arguments, "--json")
    assert answer.code == 0, answer.err
    assert set(answer.json) <= documented(command)
    for row in answer.json.get("months", []):
        assert set(row) <= documented(command)


def test_movements_add_up_and_match_the_arithmetic(company: Saldo) -> None:
    months = company(
        "report",
        "movements",
        "--from",
        "2026-01-01",
        "--to",
        "2026-04-30",
        "--as-of",
        "2026-05-31",
        "--json",
    ).json["months"]
    names = ("start", "new", "expansion", "reactivation", "contraction", "churn", "fx", "end")
    rows = {row["month"]: [row[name]["minor"] for name in names] for row in months}
    assert rows == {
        "2026-01": [0, 10_000, 0, 0, 0, 0, 0, 10_000],
        "2026-02": [10_000, 5_000, 0, 0, 0, 0, 0, 15_000],
        "2026-03": [15_000, 0, 5_000, 0, 0, 0, 0, 20_000],
        "2026-04": [20_000, 0, 0, 0, 0, 5_000, 0, 15_000],
    }


def test_metrics_of_a_month_match_the_arithmetic(company: Saldo) -> None:
    (april,) = company("metrics", "--month", "2026-04", "--as-of", "2026-05-31", "--json").json[
        "months"
    ]
    assert april["mrr"] == {"minor": 15_000, "currency": "EUR"}
    assert april["arr"]["minor"] == 180_000
    assert (april["customers"], april["logo_churn"]) == (1, "0.5000")
    assert (april["nrr"], april["grr"]) == ("0.7500", "0.7500")
    assert april["gross_revenue"]["minor"] == 5_000
    assert (april["cac"], april["ltv_cac"], april["runway_months"]) == (None, None, None)


WINDOW = ("--from", "2020-01-01", "--to", "2020-01-31")


@pytest.mark.parametrize(
    ("arguments", "head"),
    [
        (("churn", *WINDOW), "line,key,cancellations,tenants,amount_eur_cents"),
        (("platform-fees", *WINDOW), "line,key,currency,invoices,net_minor"),
        (("revenue-schedule", *WINDOW), "line,month,currency,opening_minor,deferred_minor"),
        (("cash-forecast", "--currency", "JPY"), "line,currency,week,since,until"),
        (("movements", *WINDOW, "--by", "plan"), "month,partial,group,start_minor,currency"),
        (("cohorts", *WINDOW), "cohort,size,age_months,retained"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_file_without_lines_has_a_head(
    company: Saldo, arguments: tuple[str, ...], head: str
) -> None:
    answer = company("report", *arguments, "--format", "csv")
    assert answer.code == 0, answer.err
    first, *lines = answer.out.splitlines()
    assert first.startswith(f"{head},")
    assert [line for line in lines if not line.startswith("total,")] == []


def test_ageing_counts_from_the_due_date(company: Saldo) -> None:
    owed = company("report", "ar-ageing", "--to", "2026-05-01", "--json").json
    assert {name: money["minor"] for name, money in owed["buckets"].items()} == {
        "current": 5_000,
        "1-30": 0,
        "31-60": 0,
        "61-90": 12_500,
        "over_90": 0,
    }
    assert owed["total"] == {"minor": 17_500, "currency": "EUR"}


def test_a_refused_file_says_row_and_reason_and_exits_with_1(saldo: Saldo, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text("tenant_id,country\nt1,SE\nt2,Sweden\n")
    answer = saldo("import", "csv", "--kind", "tenants", str(file), "--json")
    assert answer.code == 1
    assert answer.json["problems"] == [
        {
            "row": 3,
            "column": "country",
            "reason": "'Sweden' is not an ISO 3166 country code of two letters",
        }
    ]
    assert "row 3" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("metrics", "--month", "2026-13"),
        ("metrics", "--by", "colour"),
        ("report", "ar-ageing", "--to", "31/12/2026"),
        ("import", "csv", "--kind", "tenants", "x.csv", "--map", "nonsense"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_exits_with_2(saldo: Saldo, arguments: tuple[str, ...]) -> None:
    assert saldo(*arguments).code == 2


def test_figures_without_a_copy_are_refused_in_words(saldo: Saldo) -> None:
    answer = saldo("metrics", "--json")
    assert (answer.code, answer.json["code"]) == (1, "no_copy")


def test_a_ledger_that_disagrees_with_its_documents_fails_the_check(
    own_company: Saldo, database_url: str
) -> None:
    with psycopg.connect(database_url) as db:
        db.execute("set session_replication_role = replica")
        db.execute("update invoice set paid_minor = 100, status = 'partially_paid' where id = 1")
    answer = own_company("ledger", "check", "--json")
    assert answer.code == 1
    assert "receivables equal open invoices" in answer.json["error"]


def test_an_altered_audit_log_fails_the_verification(own_company: Saldo, database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        db.execute("set session_replication_role = replica")
        db.execute("update audit_event set event_type = 'nothing' where seq = 2")
    answer = own_company("audit", "verify", "--json")
    assert (answer.code, answer.json["broken_seq"]) == (1, 2)


def test_restored_backup_brings_back_what_was_deleted_and_the_next_sync_is_full(
    own_company: Saldo, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "saldo.dump"
    assert own_company("db", "backup", str(file)).code == 0
    with psycopg.connect(database_url) as db:
        db.execute(
            "insert into cost (month, category, currency, amount_minor, created_at) "
            "values ('2026-01-01', 'rent', 'EUR', 5, now())"
        )
    assert own_company("sync", "--json").json["mode"] == "incremental"
    restored = own_company("db", "restore", str(file))
    assert restored.code == 0, restored.err
    synced = own_company("sync", "--json").json
    assert synced["mode"] == "full"
    assert {t["name"]: t["rows"] for t in synced["tables"]}["cost"] == 0
    assert own_company("ledger", "check").code == 0
    assert own_company("audit", "verify").code == 0


def test_a_destroyed_database_comes_back_whole_from_its_backup(
    own_company: Saldo, database_url: str, tmp_path: Path
) -> None:
    asked = (("ledger", "trial-balance", "--json"), ("audit", "verify", "--json"))
    before = [own_company(*command).json for command in asked]
    file = tmp_path / "saldo.dump"
    assert own_company("db", "backup", str(file)).code == 0
    name = str(make_url(database_url).database)
    with psycopg.connect(address(database_url, "postgres"), autocommit=True) as db:
        db.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    restored = own_company("db", "restore", str(file))
    assert restored.code == 0, restored.err
    assert [own_company(*command).json for command in asked] == before
    assert own_company("ledger", "check").code == 0
    assert own_company("sync", "--json").json["mode"] == "full"


def test_a_file_that_is_no_backup_is_refused_and_nothing_is_lost(
    own_company: Saldo, tmp_path: Path
) -> None:
    file = tmp_path / "not-a-backup"
    file.write_text("hello")
    assert own_company("db", "restore", str(file)).code == 1
    assert own_company("ledger", "check").code == 0


def test_a_setting_that_cannot_be_right_is_named(
    saldo: Saldo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALDO_BILLING_TIMEZONE", "Mars/Olympus")
    answer = saldo("db", "url", "--json")
    assert answer.code == 1
    assert "SALDO_BILLING_TIMEZONE" in answer.json["error"]


def test_a_database_behind_this_version_says_what_to_run(saldo: Saldo, database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        db.execute("update alembic_version set version_num = '0001'")
    for command in (("sync",), ("ledger", "check")):
        answer = saldo(*command, "--json")
        assert (answer.code, answer.json["code"]) == (1, "schema_behind")
        assert "saldo db upgrade" in answer.json["error"]
