"""An installation of any earlier version comes up to this one with what it holds."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import text

from core import schema
from core.db import OWNER_ROLE, owner_connection
from tests.databases import address
from tests.etl.books import insert

FIRST = "0001"
SINCE = "2025-03-01 08:00+00"
DAY = "2025-03-01"
COMPANY: tuple[tuple[str, dict[str, object]], ...] = (
    ("tenant", {"id": 1, "name": "Nordbok AB", "currency": "SEK", "created_at": SINCE}),
    ("app_user", {"id": 1, "email": "a@b.example", "name": "A", "created_at": SINCE}),
    ("plan", {"id": 1, "slug": "pro", "name": "Pro", "created_at": SINCE}),
    ("plan_price", {
        "id": 1, "plan_id": 1, "cycle": "monthly", "currency": "SEK", "version": 1,
        "amount_minor": 100_00, "valid_from": DAY,
    }),
    ("subscription", {
        "id": 1, "tenant_id": 1, "plan_id": 1, "plan_price_id": 1, "status": "active",
        "cycle": "monthly", "currency": "SEK", "amount_minor": 100_00,
        "collection": "send_invoice", "started_on": DAY, "anchor_day": 1, "created_at": SINCE,
    }),
    ("plan_history", {
        "id": 1, "subscription_id": 1, "tenant_id": 1, "kind": "created", "effective_on": DAY,
        "status": "active", "plan_id": 1, "cycle": "monthly", "currency": "SEK",
        "amount_minor": 100_00, "actor_type": "system", "created_at": SINCE,
    }),
    ("invoice", {
        "id": 1, "tenant_id": 1, "subscription_id": 1, "type": "subscription", "status": "draft",
        "currency": "SEK", "net_minor": 100_00, "tax_minor": 25_00, "total_minor": 125_00,
        "created_at": SINCE,
    }),
    ("invoice_line", {
        "id": 1, "invoice_id": 1, "tenant_id": 1, "position": 1, "description": "Pro",
        "unit_minor": 100_00, "net_minor": 100_00, "tax_minor": 25_00, "total_minor": 125_00,
    }),
    ("payment", {
        "id": 1, "tenant_id": 1, "provider": "bank", "method": "bank_transfer",
        "status": "captured", "currency": "SEK", "amount_minor": 125_00, "received_on": DAY,
        "created_at": SINCE,
    }),
    ("cost", {
        "id": 1, "month": DAY, "category": "hosting", "currency": "SEK", "amount_minor": 9_00,
        "created_at": SINCE,
    }),
    ("cash_balance", {
        "id": 1, "held_on": DAY, "account": "main", "currency": "SEK", "balance_minor": 77_00,
        "created_at": SINCE,
    }),
)  # fmt: skip
"""A small company as the first version kept one."""


@pytest.fixture
def old(server: str) -> Iterator[str]:
    """A database at the first revision that holds the small company."""
    name = sql.Identifier(f"old_{uuid.uuid4().hex[:16]}")
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("create database {}").format(name))
        url = address(server, name.as_string(None).strip('"'))
        schema.ensure_roles(url)
        _walk(url, FIRST)
        with psycopg.connect(url) as there:
            for table, row in COMPANY:
                insert(there, table, row)
        yield url
        db.execute(sql.SQL("drop database {} with (force)").format(name))


def test_a_company_of_the_first_version_goes_through_every_revision(old: str) -> None:
    kept = _held(old)
    with owner_connection(old) as connection:
        script = ScriptDirectory.from_config(schema.alembic_config(connection))
    later = [revision.revision for revision in script.walk_revisions()][-2::-1]
    assert later[-1] == schema.newest_revision()
    for revision in later:
        _walk(old, revision)
        assert _held(old) == kept, revision
    assert schema.upgrade(old) == schema.newest_revision()
    assert _held(old) == kept
    with owner_connection(old) as connection:
        command.check(schema.alembic_config(connection))


def test_an_upgrade_in_one_go_gives_the_same_schema_as_a_new_database(
    old: str, database_url: str
) -> None:
    schema.upgrade(old)
    assert _described(old) == _described(database_url)


@pytest.mark.parametrize(
    ("others", "renamed"), [((), "none-plan"), (("none-plan",), "none-plan-2")]
)
def test_a_plan_called_as_figures_call_no_plan_gets_another_slug(
    old: str, others: tuple[str, ...], renamed: str
) -> None:
    with psycopg.connect(old) as db:
        for key, slug in enumerate(("none", *others), start=2):
            insert(db, "plan", {"id": key, "slug": slug, "name": slug, "created_at": SINCE})
    schema.upgrade(old)
    with psycopg.connect(old) as db:
        found = db.execute("select slug from plan order by id").fetchall()
    assert found == [("pro",), (renamed,), *((slug,) for slug in others)]


def _walk(url: str, revision: str) -> None:
    with owner_connection(url) as connection:
        connection.execute(text(f"set local role {OWNER_ROLE}"))
        command.upgrade(schema.alembic_config(connection), revision)


def _held(url: str) -> dict[str, list[tuple[object, ...]]]:
    """What the company's rows hold in the columns they had from the first."""
    with psycopg.connect(url) as db:
        return {
            table: db.execute(
                sql.SQL("select {} from {} order by id").format(
                    sql.SQL(", ").join(map(sql.Identifier, row)), sql.Identifier(table)
                )
            ).fetchall()
            for table, row in COMPANY
        }


def _described(url: str) -> list[tuple[object, ...]]:
    """Columns, constraints, indexes, triggers and rights of a database."""
    questions = (
        (
            "select table_schema, table_name, column_name, data_type, is_nullable, column_default"
            " from information_schema.columns where table_schema not in ('pg_catalog', 'pg_toast')"
        ),
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint",
        "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
        (
            "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger"
            " where not tgisinternal"
        ),
        (
            "select table_name, grantee, privilege_type from information_schema.table_privileges"
            " where table_schema = 'public'"
        ),
    )
    with psycopg.connect(url) as db:
        return [row for each in questions for row in sorted(db.execute(each), key=str)]
