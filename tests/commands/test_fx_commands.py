"""`saldo run fx`: its keys, its words, and what a failed reading leaves on record."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

import core.models  # noqa: F401 (maps every table before the first write)
from core.clock import SystemClock, local_date
from core.planning.ecb import DAILY
from core.work import Office
from tests.billing import a_rate, a_tenant
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.core.jobs import emptied, runs
from tests.rates import Peer, a_peer

Saldo = Callable[..., Answer]
TODAY = local_date(SystemClock().now(), "Europe/Stockholm") - timedelta(days=2)
"""The newest published day; it has come wherever the test runs, also just after midnight."""
COUNTS = {"kept", "differs", "closed", "unpublished"}


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch, office: Office) -> Iterator[Peer]:
    """A peer that the commands read, for a company with tenants in SEK, IDR and NGN."""
    for country, currency in (("SE", "SEK"), ("ID", "IDR"), ("NG", "NGN")):
        a_tenant(office, country, currency)
    with a_peer() as running:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("SALDO_FX_URL", running.url)
        running.publish({TODAY: {"SEK": "11.3595", "IDR": "17487.21"}})
        yield running


def test_rates_are_kept_and_the_answer_has_the_documented_keys(
    peer: Peer, saldo: Saldo, office: Office
) -> None:
    would = saldo("run", "fx", "--dry-run", "--json").json
    assert runs(office) == []
    done = saldo("run", "fx", "--json").json
    assert {**would, "dry_run": False} == done
    keys = set(done) | set(done["counts"]) | set(done["changes"][0])
    assert keys == documented("saldo run fx")
    assert set(done["counts"]) == COUNTS
    assert (done["published_on"], done["unpublished"]) == (str(TODAY), ["NGN"])
    assert [(each["currency"], each["rate_to_eur"]) for each in done["changes"]] == [
        ("IDR", "0.0000571847"),
        ("SEK", "0.0880320437"),
    ]
    (run,) = runs(office, "fx")
    assert (run.outcome, run.summary) == ("done", done["counts"])


def test_words_show_a_line_for_each_change_and_what_was_not_published(
    peer: Peer, saldo: Saldo, office: Office
) -> None:
    a_rate(office, "SEK", "0.0883", TODAY)
    out = saldo("run", "fx", "--dry-run").out
    assert re.search(rf"{TODAY} +IDR +0.0000571847 +kept", out)
    assert re.search(rf"{TODAY} +SEK +0.0880320437 +differs +0.0883000000 is kept and stays", out)
    assert "in use, but not published: NGN" in out
    assert f"would be: kept 1, differs 1, closed 0, unpublished 1; newest of {TODAY}" in " ".join(
        out.split()
    )
    assert "done: kept 1" in saldo("run", "fx").out
    early = saldo("run", "fx", "--as-of", str(TODAY - timedelta(days=9)))
    assert "none published" in early.out


def test_a_failed_reading_exits_1_and_is_on_record_with_its_words(
    peer: Peer, saldo: Saldo, office: Office
) -> None:
    peer.status = 500
    done = saldo("run", "fx", "--json")
    assert (done.code, done.json["code"]) == (1, "rates_unavailable")
    peer.status, peer.documents[DAILY] = 200, b"<html>Maintenance</html>"
    done = saldo("run", "fx", "--json")
    assert (done.code, done.json["code"]) == (1, "rates_refused")
    unavailable, refused = runs(office, "fx")
    assert unavailable.problem == f"{peer.url}/{DAILY} answered HTTP 500"
    assert refused.problem == done.json["error"] == done.err.strip()


def test_a_day_to_come_is_refused(peer: Peer, saldo: Saldo) -> None:
    tomorrow = TODAY + timedelta(days=4)
    done = saldo("run", "fx", "--as-of", str(tomorrow), "--json")
    assert (done.code, done.json["code"], peer.asked) == (1, "bad_input", [])


def test_switched_off_it_says_so_and_is_well(saldo: Saldo, tmp_path: Path) -> None:
    done = saldo("run", "fx", "--json")
    assert (done.code, done.json["counts"]) == (0, {})
    assert done.json["off"].startswith("SALDO_FX_URL is empty")
    assert saldo("run", "fx").out == done.json["off"] + "\n"


def test_in_a_demo_the_command_says_why_it_rests(
    peer: Peer, saldo: Saldo, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("update simulator.control set in_service = true")
    assert "simulated, and so are its rates" in saldo("run", "fx").out
    assert "real ones are not fetched" in saldo("run", "fx", "--json").json["off"]
    assert peer.asked == []
