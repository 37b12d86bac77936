"""What each page is made of, against the outline kept of it in `snapshots/`.

A page that was changed on purpose gets its new outline with `make snapshots`; the difference is
read before it is committed.
"""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from core.work import Office
from pages.parts.entries import MENU
from pages.parts.entry import Entry
from tests.fuzz.world import ONE, opened
from tests.pages.drawing import page, seen_by, signed_in
from tests.pages.structure import structure

KEPT = Path(__file__).with_name("snapshots")
RENEW = "SALDO_SNAPSHOTS"
STAFF, OWN = ("super_admin", "cfo"), ("org_admin", "org_user")
"""Who may do everything, and who mostly reads."""
by_address = pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.address)


@pytest.fixture(scope="module")
def company(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """The office of a small company, on a clock that stands still."""
    with opened(server, template, tmp_path_factory.mktemp("snapshots")) as office:
        yield office


def outlined(office: Office, entry: Entry, role: str, patch: pytest.MonkeyPatch) -> str:
    """What the page is made of for somebody of a role; nothing where it is not theirs."""
    seen = signed_in(office, role, 1 if entry.own else None)
    if not seen.may(entry.needs):
        return ""
    seen_by(office, seen, patch)
    test = page(entry.address, ONE.get(entry.address, {}))
    assert not test.exception
    return structure(test)


def apart(whole: str, part: str) -> str:
    """The lines that one outline has and the other has not."""
    found = difflib.ndiff(whole.splitlines(), part.splitlines())
    return "\n".join(line for line in found if line[0] in "+-") + "\n"


def difference(old: str, new: str, address: str) -> str:
    """What is another line now, and the way to accept it."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"kept of /{address}", "drawn now", lineterm="", n=2
    )
    return "\n".join([*lines, "", "Meant so? `make snapshots` keeps what is drawn now."])


@by_address
def test_a_page_is_made_of_what_was_kept_of_it(
    company: Office, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    first, reader = OWN if entry.own else STAFF
    whole = outlined(company, entry, first, monkeypatch)
    outline = f"# {first}\n{whole}"
    if part := outlined(company, entry, reader, monkeypatch):
        outline += f"\n# {reader}, against that\n{apart(whole, part)}"
    kept = KEPT / f"{entry.address}.txt"
    if os.environ.get(RENEW):
        KEPT.mkdir(exist_ok=True)
        kept.write_text(outline, encoding="utf-8")
    old = kept.read_text(encoding="utf-8") if kept.exists() else ""
    if old != outline:
        pytest.fail(difference(old, outline, entry.address), pytrace=False)


def test_nothing_is_kept_of_pages_that_are_gone() -> None:
    assert {file.stem for file in KEPT.iterdir()} == {entry.address for entry in MENU}
