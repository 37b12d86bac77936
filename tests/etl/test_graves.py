"""Graves of deleted rows: kept until a copy of the night before has passed them, then pruned."""

import duckdb
import pytest
from sqlalchemy import text

import worker
from core.graves import forget_graves
from core.work import Office
from etl import pipeline
from etl.extract import postgres
from tests.billing import JOB, a_tenant


def graves(office: Office) -> list[str]:
    """The keys that are buried, and the marks of whole tables."""
    with office.work(JOB) as work:
        return [key for (key,) in work.session.execute(text("select row_key from sync_tombstone"))]


def bury(office: Office) -> int:
    """Delete a row; its number."""
    tenant = a_tenant(office)
    with office.work(JOB) as work:
        work.session.execute(text("delete from tenant where id = :id"), {"id": tenant.id})
    return tenant.id


def url_of(office: Office) -> str:
    url = office.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def copied(office: Office) -> set[int]:
    """The tenants in the analytics copy."""
    with duckdb.connect(str(office.settings.copy_path), read_only=True) as copy:
        return {number for (number,) in copy.execute("select id from tenant").fetchall()}


def test_graves_are_pruned_once_the_copy_before_had_passed_them(office: Office) -> None:
    kept = a_tenant(office).id
    worker.sync(office, full=True)
    gone = bury(office)
    worker.sync(office)
    assert graves(office) == [str(gone)]
    worker.sync(office, full=True)
    assert graves(office) == ["*"]
    assert copied(office) == {kept}
    bury(office)
    worker.sync(office)
    assert pipeline.sync(office.settings, url_of(office), now=office.clock.now())["mode"] == (
        "incremental"
    )
    worker.sync(office, full=True)
    assert graves(office) == ["*"]


def test_a_grave_that_no_copy_has_passed_stays(office: Office) -> None:
    worker.sync(office, full=True)
    gone = bury(office)
    worker.sync(office, full=True)
    assert graves(office) == [str(gone)]


def test_the_mark_of_a_replaced_table_stays(office: Office) -> None:
    with office.work(JOB) as work:
        work.session.execute(
            text("insert into sync_tombstone (table_name, row_key) values ('tenant', '*')")
        )
    for _ in range(3):
        worker.sync(office, full=True)
    assert graves(office) == ["*"]


def test_a_copy_that_missed_a_pruned_grave_is_made_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = a_tenant(office).id
    worker.sync(office, full=True)
    bury(office)
    with office.work(JOB) as work:
        [(here,)] = work.session.execute(text("select pg_current_xact_id()::text"))
        assert forget_graves(work, int(here)) == 1
    monkeypatch.setattr(postgres, "LARGEST_COUNTED", -1)
    done = pipeline.sync(office.settings, url_of(office), now=office.clock.now())
    assert done["mode"] == "full"
    assert copied(office) == {kept}
