"""The SQL page: what is asked and shown, kept, cancelled and said."""

import io
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from core.access.authority import Actor
from core.settings import Settings
from core.work import Office
from etl.sandbox.engine import Answer
from pages.analysis import asked, results
from tests.journeys.company import small_company
from tests.pages.administering import Visit, events, press, visitor, words


@pytest.fixture
def page(office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The page over a published copy; a question has ended before the page is drawn."""
    small_company(tenants=3).published(settings)

    class AtOnce(asked.Question):
        def __init__(self, at: Office, actor: Actor, sql: str) -> None:
            super().__init__(at, actor, sql)
            self.wait()

    monkeypatch.setattr("pages.analysis.asked.Question", AtOnce)
    return visitor(office, monkeypatch, "analysis/sql.py")


def ask(test: AppTest, sql: str) -> str:
    test.text_area(key="sql-text").set_value(sql)
    press(test, "sql-run")
    assert not test.exception
    return words(test)


def test_a_query_shows_its_rows_count_and_time(page: Visit, office: Office) -> None:
    test = page("analyst")
    assert "Nothing asked yet" in words(test)
    shown = ask(test, "select id, 1234567 as amount, name, null as gap from tenant order by id")
    assert "3 rows in" in shown
    assert "<td>1,234,567</td>" in shown
    assert '<td class="words">–</td>' in shown
    assert [event["sql"] for event in events(office, "analytics.query.asked")] == [
        "select id, 1234567 as amount, name, null as gap from tenant order by id"
    ]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("from read_text('/etc/passwd')", "This query is not allowed"),
        ("select nothing from tenant", "This query failed"),
        ("select range(1000000000)", "This query was ended"),
        ("select 1 where false", "No rows"),
        ("  ", "There is no query in the text"),
        ("select 1 as n from range(20000)", "there are more"),
    ],
)
def test_every_end_is_said_in_words(page: Visit, sql: str, said: str) -> None:
    assert said in ask(page("analyst"), sql)


def test_text_from_the_copy_is_no_markup(page: Visit) -> None:
    shown = ask(page("analyst"), "select '<script>alert(1)</script>' as \"<b>x</b>\"")
    assert "<script>" not in shown
    assert "<b>x</b>" not in shown


def test_the_schema_is_shown_in_words(page: Visit) -> None:
    test = page("analyst")
    test.selectbox(key="sql-table").set_value("invoice").run()
    assert "Day of issue" in words(test)
    assert "bank_transfer" not in test.selectbox(key="sql-table").options
    press(test, "sql-peek")
    assert test.text_area(key="sql-text").value == "from invoice"


def test_a_query_is_kept_opened_changed_and_removed(page: Visit, office: Office) -> None:
    test = page("analyst")
    test.text_area(key="sql-text").set_value("from plan").run()
    test.text_input(key="sql-name-new").set_value("Plans")
    press(test, "sql-keep")
    assert "“Plans” is kept" in words(test)
    [kept] = events(office, "analytics.query.kept")
    number = kept["saved_query_id"]
    press(test, f"sql-open-{number}")
    test.text_area(key="sql-text").set_value("from plan limit 1").run()
    press(test, "sql-change")
    assert events(office, "analytics.query.changed")[0]["sql"] == "from plan limit 1"
    press(test, "sql-remove")
    assert "“Plans” is removed" in words(test)
    assert "Nothing is kept" in " ".join(caption.value for caption in test.caption)


def test_what_was_asked_can_be_asked_again(page: Visit) -> None:
    test = page("analyst")
    ask(test, "select 41 + 1")
    again = [button for button in test.button if str(button.key).startswith("sql-again-")]
    assert "done · 1 rows · select 41 + 1" in again[0].label
    test.text_area(key="sql-text").set_value("other").run()
    press(test, str(again[0].key))
    assert test.text_area(key="sql-text").value == "select 41 + 1"


def test_a_result_is_charted(page: Visit) -> None:
    test = page("analyst")
    ask(test, "select country, count(*) as n from tenant group by all")
    assert test.selectbox(key="sql-y").options == ["n"]
    for kind in ("Line", "Area", "Points", "Bars"):
        test.selectbox(key="sql-kind").set_value(kind).run()
        assert not test.exception


def test_the_parquet_file_holds_the_rows_with_their_types(page: Visit) -> None:
    test = page("analyst")
    ask(test, "select 1.50 as share, date '2026-01-31' as day, 'ü' as word, null::int as gap")
    assert "Parquet" in [button.proto.label for button in test.get("download_button")]
    frame = test.session_state["sql-question"].answer.frame
    found = pl.read_parquet(io.BytesIO(results._parquet(frame)))
    assert found.equals(frame)
    assert found.schema == frame.schema
    assert found.row(0) == (Decimal("1.50"), date(2026, 1, 31), "ü", None)


def test_a_question_can_be_cancelled(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_cancelled(*_: object, held: asked.Held) -> Answer:
        while not held.cancelled:
            pass
        return Answer("cancelled", "The query was cancelled")

    small_company(tenants=1).published(settings)
    monkeypatch.setattr("pages.analysis.asked.ask", until_cancelled)
    test = visitor(office, monkeypatch, "analysis/sql.py")("analyst")
    press(test, "sql-run")
    assert "has been running for" in words(test)
    assert test.button(key="sql-run").disabled
    question = test.session_state["sql-question"]
    test.button(key="sql-cancel").click()
    question.cancel()
    question.wait()
    test.run()
    assert "Cancelled" in words(test)


def test_before_the_first_sync_the_page_says_what_to_do(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor(office, monkeypatch, "analysis/sql.py")
    assert "There are no figures yet" in words(page("analyst"))
