"""A reused database is as good as a new one, whatever the test before did to it."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import Reused

A_TENANT = "insert into tenant (name, currency, created_at) values ('A', 'EUR', now()) returning id"
GRANTS = "select role, permission from role_permission order by 1, 2"


@pytest.fixture
def database(server: str, template: str) -> Iterator[Reused]:
    reused = Reused(server, template)
    yield reused
    reused.close()


def test_rows_numbers_and_seeds_are_put_back(database: Reused) -> None:
    url = database.ready()
    with psycopg.connect(url) as db:
        granted = db.execute(GRANTS).fetchall()
        assert db.execute(A_TENANT).fetchone() == (1,)
        db.execute("delete from role_permission where role = 'cfo'")
        db.execute("update account set name = 'Till' where slug = 'cash'")
    assert database.ready() == url
    with psycopg.connect(url) as db:
        assert db.execute(GRANTS).fetchall() == granted
        assert db.execute("select name from account where slug = 'cash'").fetchone() == ("Cash",)
        assert db.execute("select count(*) from sync_tombstone").fetchone() == (0,)
        assert db.execute(A_TENANT).fetchone() == (1,)


def test_a_transaction_left_open_is_ended(database: Reused) -> None:
    with psycopg.connect(database.ready()) as left, database.engine.connect() as also_left:
        left.execute("lock table tenant")
        also_left.exec_driver_sql("select 1")
        database.ready()
        for execute in (left.execute, also_left.exec_driver_sql):
            with pytest.raises(Exception, match="terminating connection"):
                execute("select 1")
        also_left.invalidate()


@pytest.mark.parametrize(
    "change",
    [
        "drop trigger invoice_line_guard on invoice_line",
        "alter table audit_event disable trigger all",
        "alter table tenant add column colour text",
        "alter table tenant drop constraint ck_tenant_currency_code",
        "truncate cost",
    ],
)
def test_a_changed_schema_makes_a_new_database(database: Reused, change: str) -> None:
    url = database.ready()
    with psycopg.connect(url) as db:
        db.execute(change)
    assert database.ready() != url
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
