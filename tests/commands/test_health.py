"""`saldo doctor` finds the commonest faults of an installation and says what mends each."""

import socket
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from commands import health
from core import db
from core.schema import newest_revision
from core.secrets import KEY_FILE, keys
from core.settings import Settings
from etl.spark import cluster
from tests.commands.conftest import Answer
from tests.databases import address

Saldo = Callable[..., Answer]


@pytest.fixture
def installed(settings: Settings, database_url: str) -> Settings:
    """Settings of an installation on a server of its own."""
    return _with(settings, SALDO_DATABASE_URL=database_url)


def _with(settings: Settings, **changed: object) -> Settings:
    given = {
        field.alias: getattr(settings, name)
        for name, field in Settings.model_fields.items()
        if name in settings.model_fields_set
    }
    return Settings(_env_file=None, **(given | changed))


def _fault(settings: Settings, name: str) -> str:
    """The words about the one thing that is looked for."""
    [finding] = [one for one in health.examine(settings) if one["name"] == name]
    assert not finding["ok"], finding
    assert finding["fix"]
    return str(finding["detail"])


def _change(url: str, statement: str) -> None:
    with psycopg.connect(url) as db:
        db.execute(statement.encode())


def test_a_sound_installation_lacks_nothing_but_a_copy(installed: Settings) -> None:
    findings = {one["name"]: one for one in health.examine(installed)}
    assert {name for name, one in findings.items() if not one["ok"]} == {"analytics copy"}
    assert "saldo user add EMAIL --role super_admin" in findings["people"]["detail"]


def test_a_folder_that_cannot_be_written(installed: Settings, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    assert "taken" in _fault(_with(installed, SALDO_HOME=tmp_path / "taken"), "home")


def test_a_disk_that_is_nearly_full(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 1 << 60)
    assert "MiB are free" in _fault(installed, "home")


def test_keys_that_others_may_read(installed: Settings) -> None:
    keys(installed)
    (installed.home / KEY_FILE).chmod(stat.S_IRUSR | stat.S_IRGRP)
    assert "others than its owner" in _fault(installed, "secret keys")


def test_a_key_of_another_length(installed: Settings) -> None:
    assert "32 bytes" in _fault(_with(installed, SALDO_SECRET_KEYS="1:QUJD"), "secret keys")


@pytest.mark.parametrize(
    ("address", "hosts", "secure", "words"),
    [
        ("https://saldo.example", "localhost", "true", "not among SALDO_ALLOWED_HOSTS"),
        ("https://saldo.example", "saldo.example", "false", "may travel without it"),
        ("http://localhost:8501", "localhost", "true", "which the address is not"),
        ("http://saldo.example", "saldo.example", "false", "without https"),
    ],
)
def test_an_address_that_does_not_fit(
    installed: Settings, address: str, hosts: str, secure: str, words: str
) -> None:
    changed = _with(
        installed,
        SALDO_PUBLIC_URL=address,
        SALDO_ALLOWED_HOSTS=hosts,
        SALDO_COOKIE_SECURE=secure,
    )
    assert words in _fault(changed, "public address")


def test_a_database_that_does_not_answer_hides_no_other_fault(installed: Settings) -> None:
    away = _with(installed, SALDO_DATABASE_URL="postgresql://saldo:hush@127.0.0.1:1/saldo")
    words = _fault(away, "database")
    assert "refused" in words
    assert "hush" not in words
    assert "schema" not in {one["name"] for one in health.examine(away)}


def test_a_server_that_is_too_old(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "OLDEST_SERVER", 990_000)
    assert "too old" in _fault(installed, "database")


def test_a_database_of_another_encoding(installed: Settings, server: str) -> None:
    name = f"t_{uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as cluster_wide:
        cluster_wide.execute(
            f"create database {name} template template0 encoding 'LATIN1' locale 'C'".encode()
        )
        try:
            other = _with(installed, SALDO_DATABASE_URL=address(server, name))
            assert "LATIN1, not in UTF8" in _fault(other, "database")
        finally:
            cluster_wide.execute(f"drop database {name} with (force)".encode())


@pytest.mark.parametrize("right", ["superuser", "bypassrls"])
def test_a_role_that_no_rule_holds_back(
    installed: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch, right: str
) -> None:
    role = f"held_by_nothing_{uuid4().hex[:12]}"
    _change(database_url, f"create role {role} {right} in role saldo_app")
    try:
        monkeypatch.setattr(db, "APP_ROLE", role)
        assert f"acts as {role}, which no rule holds back" in _fault(installed, "application role")
    finally:
        _change(database_url, f"drop role {role}")


def test_books_that_disagree(installed: Settings, database_url: str) -> None:
    _change(
        database_url,
        "set session_replication_role = replica; insert into tenant (id, name, currency,"
        " created_at) values (7, 'A', 'EUR', now()); insert into wallet (tenant_id, currency,"
        " balance_minor, created_at) values (7, 'EUR', 500, now())",
    )
    assert "does not hold: " in _fault(installed, "ledger")


def test_a_log_that_was_changed(installed: Settings, database_url: str) -> None:
    _change(
        database_url,
        "set session_replication_role = replica; insert into audit_event (seq, created_at,"
        " event_type, actor_type, payload, prev_hash, hash)"
        " values (1, now(), 'x', 'system', '{}', '\\x00', '\\x00')",
    )
    assert "broken at event 1" in _fault(installed, "audit log")


def test_a_schema_of_another_version(installed: Settings, database_url: str) -> None:
    _change(database_url, "update alembic_version set version_num = '0001'")
    assert newest_revision() in _fault(installed, "schema")


def test_clocks_that_differ(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MOST_SKEW", timedelta(seconds=-1))
    assert "clock differs" in _fault(installed, "clock")


def test_a_job_that_nobody_begins(installed: Settings, database_url: str) -> None:
    _change(
        database_url,
        "insert into job_schedule (name, enabled, planned_until)"
        " values ('sync', true, now() - interval '3 days')",
    )
    assert "sync" in _fault(installed, "worker")


def test_a_job_that_failed(installed: Settings, database_url: str) -> None:
    _change(
        database_url,
        "insert into job_run (name, origin, asked_by, asked_at, started_at, finished_at, outcome,"
        " problem) values ('sync', 'operator', 'x', now(), now(), now(), 'failed', 'No disk')",
    )
    assert "sync (1)" in _fault(installed, "jobs")


def test_a_gateway_whose_webhooks_cannot_be_believed(installed: Settings) -> None:
    assert "Stripe" in _fault(_with(installed, STRIPE_SECRET="sk_test_1"), "gateways")


def test_a_mail_server_that_does_not_answer(installed: Settings) -> None:
    assert "refused" in _fault(_with(installed, SALDO_SMTP_URL="smtp://localhost:1"), "mail")


def test_the_command_tells_the_fault_and_what_mends_it(saldo: Saldo) -> None:
    answer = saldo("doctor")
    assert answer.code == 1
    assert "run saldo sync" in answer.out
    assert answer.err.startswith("analytics copy: ")


def test_only_a_soak_takes_days(saldo: Saldo) -> None:
    answer = saldo("bench", "renewals", "--days", "3")
    assert answer.code == 1
    assert "neither --days nor --seed" in answer.err


def _on_spark(settings: Settings, address: str) -> Settings:
    return _with(settings, SALDO_SPARK_URL=address)


def test_without_a_cluster_nothing_is_asked_of_spark(installed: Settings) -> None:
    assert "DuckDB makes all figures" in _sound(installed, "spark")


def test_a_cluster_is_asked_whether_it_answers(
    installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "require_spark", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        there = _on_spark(installed, f"sc://127.0.0.1:{port}/;token=secret")
        assert _sound(there, "spark") == f"127.0.0.1:{port} answers"
    assert "refused" in _fault(there, "spark")
    assert "secret" not in _fault(there, "spark")


def test_spark_that_is_not_installed(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _name: None)
    assert "saldo-finance[spark]" in _fault(_on_spark(installed, "local"), "spark")


def test_a_local_cluster_without_java(
    installed: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "require_spark", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert "Java 17" in _fault(_on_spark(installed, "local"), "spark")
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    assert "11.0.2" in _fault(_on_spark(installed, "local"), "spark")
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\"' >&2\n")
    assert "started when it is needed" in _sound(_on_spark(installed, "local"), "spark")


def _sound(settings: Settings, name: str) -> str:
    """The words about one thing that is as it should be."""
    [finding] = [one for one in health.examine(settings) if one["name"] == name]
    assert finding["ok"], finding
    return str(finding["detail"])
