"""The schema: migrations and models agree, changes are tracked, issued invoices keep."""

import psycopg
import pytest
from alembic import command

from core import schema
from core.db import owner_connection
from core.models import Base
from etl.tables import TABLES


def test_migrations_and_models_agree(database_url: str) -> None:
    with owner_connection(database_url) as connection:
        command.check(schema.alembic_config(connection))


def test_upgrade_twice_changes_nothing(database_url: str) -> None:
    assert schema.upgrade(database_url) == schema.upgrade(database_url)


def test_every_copied_table_tracks_changes_deletions_and_truncation(database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        found = {
            (table, function)
            for table, function in db.execute(
                "select tgrelid::regclass::text, tgfoid::regproc::text from pg_trigger"
            )
        }
        columns = {
            row[0]
            for row in db.execute(
                "select table_name from information_schema.columns where column_name = 'row_xid'"
            )
        }
    tracked = {"sync_touch", "sync_bury", "sync_truncated"}
    for table in TABLES:
        if table.tracked:
            assert table.name in columns
            assert {f for t, f in found if t == table.name} >= tracked


def test_every_table_has_a_primary_key_and_a_docstring() -> None:
    for mapper in Base.registry.mappers:
        assert mapper.primary_key
        assert mapper.class_.__doc__


def test_an_issued_invoice_keeps_its_figures(database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        db.execute(
            "insert into tenant (id, name, currency, created_at) values (1, 'A', 'EUR', now())"
        )
        db.execute(
            "insert into invoice (id, tenant_id, type, status, number, currency, net_minor,"
            " tax_minor, total_minor, issued_on, due_on, created_at) values (1, 1, 'usage',"
            " 'draft', 'N-1', 'EUR', 100, 25, 125, '2026-01-01', '2026-02-01', now())"
        )
        db.execute(
            "insert into invoice_line (invoice_id, tenant_id, position, description, unit_minor,"
            " net_minor, tax_minor, total_minor) values (1, 1, 1, 'x', 100, 100, 25, 125)"
        )
        db.execute("update invoice set status = 'issued' where id = 1")
    for statement in (
        "update invoice set net_minor = 99, total_minor = 124 where id = 1",
        "update invoice set status = 'draft' where id = 1",
        "update invoice set due_on = '2027-01-01' where id = 1",
        "delete from invoice where id = 1",
        "update invoice_line set net_minor = 99, total_minor = 124 where invoice_id = 1",
        "delete from invoice_line where invoice_id = 1",
    ):
        with (
            psycopg.connect(database_url) as db,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            db.execute(statement)


def test_lines_that_do_not_add_up_cannot_be_issued(database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        db.execute(
            "insert into tenant (id, name, currency, created_at) values (1, 'A', 'EUR', now())"
        )
        db.execute(
            "insert into invoice (id, tenant_id, type, status, number, currency, net_minor,"
            " tax_minor, total_minor, issued_on, due_on, created_at) values (1, 1, 'usage',"
            " 'draft', 'N-1', 'EUR', 100, 25, 125, '2026-01-01', '2026-02-01', now())"
        )
        with pytest.raises(psycopg.errors.CheckViolation, match="do not add up"):
            db.execute("update invoice set status = 'issued' where id = 1")
