"""The confirm dialog: preview, reason, one write, receipt; refusals keep it open."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access.authority import system
from core.access.sessions import open_session, viewer
from core.settings import ROOT
from core.work import Office
from tests.builders import a_user

PAGE = ROOT / "tests" / "journeys" / "dialog_page.py"


@pytest.fixture
def writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file the page writes to."""
    file = tmp_path / "writes"
    file.touch()
    monkeypatch.setenv("SALDO_TEST_WRITES", str(file))
    monkeypatch.setenv("SALDO_TEST_SECONDS", "0")
    return file


def press(test: AppTest, label: str) -> None:
    next(button for button in test.button if button.label == label).click().run()


def opened() -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20).run()
    press(test, "Refund…")
    return test


def test_confirmed_write_happens_once_and_says_so(writes: Path) -> None:
    test = opened()
    test.text_area[0].set_value("the customer paid twice")
    press(test, "Refund it")
    assert len(writes.read_text().splitlines()) == 1
    assert [toast.value for toast in test.toast] == ["Refunded payment 42"]
    assert not test.text_area
    assert "do" not in test.query_params


def test_refusal_keeps_the_dialog_open_and_the_same_key(writes: Path) -> None:
    test = opened()
    key = test.session_state["confirm-job"]["key"]
    test.text_area[0].set_value("short")
    press(test, "Refund it")
    assert not writes.read_text()
    assert test.session_state["confirm-job"]["key"] == key
    test.text_area[0].set_value("the customer paid twice")
    press(test, "Refund it")
    assert key in writes.read_text()


def test_changed_figures_ask_for_another_look(writes: Path) -> None:
    test = opened()
    key = test.session_state["confirm-job"]["key"]
    test.session_state["confirm-job"]["preview"] = "changed"
    test.text_area[0].set_value("the customer paid twice")
    press(test, "Refund it")
    assert not writes.read_text()
    assert test.session_state["confirm-job"]["preview"] == "payment 42"
    assert test.session_state["confirm-job"]["key"] != key


def test_a_record_that_is_gone_meanwhile_is_said_in_words(writes: Path) -> None:
    test = opened()
    test.session_state["confirm-job"]["preview"] = "changed"
    writes.with_suffix(".gone").touch()
    test.text_area[0].set_value("the customer paid twice")
    press(test, "Refund it")
    assert not test.exception
    assert not writes.read_text()
    assert test.session_state["confirm-job"]["problem"] == "There is no such payment any more"


def test_address_opens_the_dialog_again_after_a_confirmed_sign_in(writes: Path) -> None:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["do"] = "refund:42"
    test.run()
    assert test.text_area
    assert not writes.read_text()


@pytest.mark.parametrize(("fresh", "asks"), [(True, False), (False, True)])
def test_stale_sign_in_leads_through_the_step_up_page(
    writes: Path, monkeypatch: pytest.MonkeyPatch, office: Office, fresh: bool, asks: bool
) -> None:
    monkeypatch.setenv("SALDO_TEST_FRESH", "1")
    with office.work(system("test")) as work:
        token = open_session(work, a_user(office, "cfo").id, fresh=fresh)
    monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: viewer(office, token))
    test = opened()
    assert bool(test.text_area) is not asks
    links = [str(block.proto.body) for block in test.get("html")]
    assert any("/confirm?next=%2F%3Fdo%3Drefund%253A42" in link for link in links) is asks
    assert not writes.read_text()
