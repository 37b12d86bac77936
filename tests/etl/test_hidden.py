"""What is changed past the triggers: found by counting, or mended by the nightly full copy."""

import psycopg
import pytest

from core.settings import Settings
from etl import pipeline
from etl.extract import postgres
from tests.etl.books import NOW, Books
from tests.etl.test_sync import assert_equal_copies, books

__all__ = ["books"]


def test_row_hidden_from_the_triggers_leads_to_a_full_copy(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with psycopg.connect(database_url) as db:
        db.execute("set local session_replication_role = replica")
        db.execute("delete from cost")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"
    assert_equal_copies(database_url, settings)


def test_a_large_table_is_counted_when_it_is_copied_whole(
    books: Books, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with psycopg.connect(database_url) as db:
        db.execute("set local session_replication_role = replica")
        db.execute("delete from cost")
    monkeypatch.setattr(postgres, "LARGEST_COUNTED", -1)
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"
    monkeypatch.undo()
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"
    assert_equal_copies(database_url, settings)


def test_amount_hidden_from_the_triggers_is_mended_by_the_nightly_full_copy(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with psycopg.connect(database_url) as db:
        db.execute("set local session_replication_role = replica")
        db.execute("update cost set amount_minor = 1")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"
    pipeline.sync(settings, database_url, now=NOW, full=True)
    assert_equal_copies(database_url, settings)
