"""What operators run passes by no policy: it sets the platform's scope, and leaves nothing out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from core import backup, schema
from core.access.authority import system
from core.db import app_engine, owner_connection
from core.errors import CheckFailed, NotNow
from core.settings import Settings
from core.tenants.models import Tenant
from core.work import Office
from demo import setting_up
from etl import pipeline
from etl.extract import postgres
from tests.conftest import SetClock
from tests.databases import address


@pytest.fixture
def operated(server: str, clock: SetClock, settings: Settings) -> Iterator[str]:
    """The operator's address of a database with two tenants, migrated by the operator.

    Who owns the database is neither superuser nor above row-level security.
    """
    operator = f"operator_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as db:
        schema.ensure_roles(server)
        db.execute(f"create role {operator} login")
        db.execute(f"grant saldo_owner, saldo_app to {operator}")
        db.execute(f"create database {operator} owner {operator}")
    url = make_url(address(server, operator)).set(username=operator)
    mine = url.render_as_string(hide_password=False)
    try:
        schema.upgrade(mine)
        engine = app_engine(mine)
        with Office(engine, clock, settings).work(system("test")) as work:
            work.session.add_all(
                Tenant(name=name, currency="SEK", created_at=work.now) for name in ("A", "B")
            )
        engine.dispose()
        yield mine
    finally:
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(f"drop database if exists {operator} with (force)")
            db.execute(f"drop role if exists {operator}")


def tenants(url: str) -> int:
    with owner_connection(url) as connection:
        return int(connection.exec_driver_sql("select count(*) from tenant").scalar_one())


def test_a_backup_holds_every_tenant_and_comes_back_with_its_policies(
    operated: str, tmp_path: Path
) -> None:
    """ASVS 8.4.1: policies neither thin out a backup nor get lost with a restore."""
    file = tmp_path / "saldo.dump"
    backup.back_up(operated, file)
    with owner_connection(operated) as connection:
        connection.exec_driver_sql("delete from tenant")
        connection.exec_driver_sql("drop policy tenant on tenant")
    backup.restore(operated, file)
    assert tenants(operated) == 2
    with psycopg.connect(operated) as db:
        assert db.execute("select count(*) from tenant").fetchone() == (0,)


def test_a_backup_that_would_lack_rows_is_refused(
    operated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 16.5.3: where the scope does not arrive there is an error and no file."""
    monkeypatch.setattr(backup, "_PLATFORM", "-c app.scope=nobody")
    with pytest.raises(CheckFailed, match="lack rows"):
        backup.back_up(operated, tmp_path / "saldo.dump")
    assert not list(tmp_path.glob("saldo.dump*"))


@pytest.mark.parametrize("by_adbc", [True, False])
def test_the_analytics_copy_has_every_tenant(
    operated: str, settings: Settings, by_adbc: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 8.2.2: the pipeline reads in the platform's scope by either way of copying."""
    if not by_adbc:
        monkeypatch.setattr(postgres, "adbc", lambda: None)
    done = pipeline.sync(settings, operated, now=datetime.now(UTC), full=True)
    assert {table["name"]: table["rows"] for table in done["tables"]}["tenant"] == 2


def test_the_demo_sees_a_real_companys_tenants(operated: str) -> None:
    """ASVS 16.5.3: rows that cannot be seen are not taken for rows that are not there."""
    with pytest.raises(NotNow, match="2 tenants"):
        setting_up._refuse_foreign(operated)
