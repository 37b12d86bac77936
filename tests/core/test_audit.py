"""The audit chain: nothing is changed unseen."""

import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.access.authority import system
from core.access.models import User
from core.audit import anchors
from core.audit.log import append
from core.audit.queries import Anchor, ChainReport, search, verify
from core.errors import BadInput, NotAllowed
from core.work import Office
from tests.builders import a_user, acting


def write(office: Office, number: int, payload: dict[str, object] | None = None) -> None:
    with office.work(system("test")) as work:
        append(
            work.session, "test.event", work.actor, work.now, None, payload or {"number": number}
        )


def report(office: Office, kept: list[Anchor] | None = None) -> ChainReport:
    with office.work(system("test")) as work:
        return verify(work, kept)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_event set payload = '{}'",
        "delete from audit_event",
        "truncate audit_event",
    ],
)
def test_events_cannot_be_changed_not_even_by_the_owner(
    office: Office, database_url: str, statement: str
) -> None:
    write(office, 1)
    with office.work(system("test")) as work, pytest.raises(ProgrammingError):
        work.session.execute(text(statement))
    with psycopg.connect(database_url) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(statement)


def test_an_edited_event_is_found_at_its_place(office: Office, database_url: str) -> None:
    for number in range(5):
        write(office, number)
    with psycopg.connect(database_url) as db:
        db.execute("alter table audit_event disable trigger all")
        db.execute("update audit_event set payload = '{\"number\": 99}' where seq = 3")
    assert report(office).broken_seq == 3


def test_a_cut_tail_is_found_by_the_anchor(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    for number in range(5):
        write(office, number)
    head = report(office)
    file = tmp_path / "anchors.jsonl"
    anchors.keep(file, Anchor(head.head_seq, head.head_hash, "2026-11-20"))
    with psycopg.connect(database_url) as db:
        db.execute("alter table audit_event disable trigger all")
        db.execute("delete from audit_event where seq > 3")
    assert report(office).intact
    assert report(office, anchors.read(file)).broken_anchors == (5,)


def test_a_broken_anchor_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "anchors.jsonl"
    file.write_text('{"seq": 1, "hash": "00"}\nnonsense\n')
    with pytest.raises(BadInput, match="line 2"):
        anchors.read(file)


def test_eight_writers_at_once_leave_one_unbroken_chain(office: Office) -> None:
    threads = [
        threading.Thread(target=lambda: [write(office, n) for n in range(10)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = report(office)
    assert (found.rows, found.head_seq, found.intact) == (80, 80, True)


def test_search_takes_wildcards_literally(office: Office) -> None:
    write(office, 1, {"note": "100% sure"})
    write(office, 2, {"note": "100 sure"})
    with office.work(system("test")) as work:
        assert [row.payload["note"] for row in search(work, text="100%")] == ["100% sure"]


def test_search_leaves_out_what_no_database_takes(office: Office) -> None:
    write(office, 1)
    with office.work(system("test")) as work:
        for given in ("te\x00st", "\x00"):
            assert len(search(work, event_type=given)) == 1
        assert len(search(work, text="num\x00ber")) == 1


def test_search_and_verification_need_users_manage(office: Office) -> None:
    user: User = a_user(office, "cfo")
    with office.work(acting(office, user)) as work:
        with pytest.raises(NotAllowed):
            search(work)
        with pytest.raises(NotAllowed):
            verify(work)
