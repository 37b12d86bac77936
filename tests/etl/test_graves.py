"""Graves of deleted rows: kept until a copy of the night before has passed them, then pruned."""

import duckdb
from sqlalchemy import text

import worker
from core.work import Office
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
    assert graves(office) == []
    assert copied(office) == {kept}


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


def test_a_copy_that_missed_a_pruned_grave_is_made_anew(office: Office) -> None:
    kept = a_tenant(office).id
    gone = a_tenant(office).id
    worker.sync(office, full=True)
    with office.work(JOB) as work:
        work.session.execute(text("delete from tenant where id = :id"), {"id": gone})
    with office.work(JOB) as work:
        work.session.execute(text("delete from sync_tombstone"))
    worker.sync(office)
    assert copied(office) == {kept}
