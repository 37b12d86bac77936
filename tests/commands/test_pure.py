"""`saldo proration` and `saldo periods` answer without a database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from core import settings as settings_module
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
PRICES = ("--old-minor", "10000", "--new-minor", "20000", "--currency", "SEK")
MAY = (*PRICES, "--start", "2023-05-15", "--end", "2023-06-15")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Saldo]:
    """The command line where no database answers."""
    monkeypatch.setenv("SALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SALDO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("SALDO_BILLING_TIMEZONE", "Europe/Stockholm")
    settings_module.settings.cache_clear()

    def run(*arguments: str) -> Answer:
        done = CliRunner().invoke(cli.app, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    yield run
    settings_module.settings.cache_clear()
    assert not (tmp_path / "home").exists()


def legs(answer: Answer) -> list[int]:
    assert answer.code == 0, answer.err
    return [answer.json[f"{leg}_minor"] for leg in ("credit", "debit", "net")]


@pytest.mark.parametrize(
    ("policy", "expected", "basis"),
    [
        ("actual_days", [7_419, 14_839, 7_420], "23 of 31 days"),
        ("elapsed_time", [7_419, 14_839, 7_420], "1987200 of 2678400 seconds"),
        ("fixed_30", [7_333, 14_667, 7_334], "22 of 30 days, each month as 30"),
        ("none", [0, 0, 0], "no proration"),
    ],
)
def test_proration_by_every_policy(
    bare: Saldo, policy: str, expected: list[int], basis: str
) -> None:
    answer = bare("proration", *MAY, "--at", "2023-05-23", "--policy", policy, "--json")
    assert legs(answer) == expected
    assert (answer.json["policy"], answer.json["currency"]) == (policy, "SEK")
    assert answer.json["basis"] == basis


@pytest.mark.parametrize(
    ("at", "zone", "basis"),
    [
        ("2023-05-22T23:30:00", None, "24 of 31 days"),
        ("2023-05-22T23:30:00Z", None, "23 of 31 days"),
        ("2023-05-22T23:30:00Z", "UTC", "24 of 31 days"),
        ("2023-05-22T23:30:00-05:00", "UTC", "23 of 31 days"),
        ("2023-06-14T23:59:59", "America/Sao_Paulo", "1 of 31 days"),
    ],
)
def test_the_day_of_a_change_is_the_day_of_the_zone(
    bare: Saldo, at: str, zone: str | None, basis: str
) -> None:
    tz = ("--tz", zone) if zone else ()
    answer = bare("proration", *MAY, "--at", at, *tz, "--json")
    assert answer.json["basis"] == basis


def test_a_credit_is_at_most_what_is_creditable(bare: Saldo) -> None:
    answer = bare("proration", *MAY, "--at", "2023-05-23", "--creditable-minor", "5000", "--json")
    assert legs(answer) == [5_000, 14_839, 9_839]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*MAY, "--at", "2023-06-15"), "is not within the period"),
        ((*MAY, "--at", "2023-05-20", "--policy", "by_mood"), "no proration policy 'by_mood'"),
        ((*MAY, "--at", "2023-05-20", "--old-minor", "-1"), "not negative"),
        ((*MAY, "--at", "2023-05-20", "--currency", "kr"), "ISO 4217"),
    ],
)
def test_a_proration_is_refused_with_words(
    bare: Saldo, arguments: tuple[str, ...], words: str
) -> None:
    answer = bare("proration", *arguments, "--json")
    assert answer.code == 1
    assert words in answer.err
    assert words in answer.json["error"]


def test_periods_of_a_month_end_come_back_to_the_31st(bare: Saldo) -> None:
    asked = ("--start", "2024-01-31", "--cycle", "monthly", "--count", "3")
    answer = bare("periods", *asked, "--json").json
    assert (answer["cycle"], answer["timezone"]) == ("monthly", "Europe/Stockholm")
    assert answer["anchor_day"] == 31
    assert answer["periods"][1] == {
        "n": 2,
        "start": "2024-02-28T23:00:00+00:00",
        "end": "2024-03-30T23:00:00+00:00",
        "start_on": "2024-02-29",
        "end_on": "2024-03-31",
        "last_day": "2024-03-30",
        "days": 31,
    }
    assert [row["days"] for row in answer["periods"]] == [29, 31, 30]


def test_a_start_with_an_offset_is_turned_to_the_zone(bare: Saldo) -> None:
    asked = ("--cycle", "annual", "--count", "5", "--tz", "America/Sao_Paulo", "--json")
    answer = bare("periods", "--start", "2024-03-01T01:00:00Z", *asked).json
    assert answer["anchor_day"] == 29
    assert [row["start_on"] for row in answer["periods"]] == [
        "2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29",
    ]  # fmt: skip
    assert answer["periods"][0]["start"] == "2024-03-01T01:00:00+00:00"


@pytest.mark.parametrize(
    ("cycle", "days"),
    [("weekly", 7), ("monthly", 30), ("quarterly", 90), ("semiannual", 180), ("annual", 365)],
)
def test_fixed_days_make_every_period_as_long(bare: Saldo, cycle: str, days: int) -> None:
    asked = ("--start", "2024-01-31", "--cycle", cycle, "--count", "6", "--fixed-days", "--json")
    assert {row["days"] for row in bare("periods", *asked).json["periods"]} == {days}


@pytest.mark.parametrize("option", [("--tz", "Europe"), ("--tz", "Mars/Base"), ("--start", "soon")])
def test_a_zone_or_time_that_cannot_be_read_is_wrong_usage(
    bare: Saldo, option: tuple[str, str]
) -> None:
    asked = ("--start", "2024-01-31", "--cycle", "monthly", "--count", "1")
    assert bare("periods", *asked, *option).code == 2


@pytest.mark.parametrize(
    ("cycle", "count"), [("monthly", "0"), ("monthly", "1201"), ("daily", "1")]
)
def test_periods_that_do_not_exist_are_refused(bare: Saldo, cycle: str, count: str) -> None:
    asked = ("--start", "2024-01-31", "--cycle", cycle, "--count", count, "--json")
    assert bare("periods", *asked).code == 1


def test_the_longest_answer_stays_within_the_calendar(bare: Saldo) -> None:
    asked = ("--start", "2999-12-31", "--cycle", "annual", "--count", "1200", "--json")
    assert bare("periods", *asked).json["periods"][-1]["end_on"] == "4199-12-31"


def test_the_json_keys_are_the_documented_ones(bare: Saldo) -> None:
    proration = bare("proration", *MAY, "--at", "2023-05-23", "--json").json
    assert set(proration) == documented("saldo proration")
    asked = ("--start", "2024-01-31", "--cycle", "weekly", "--count", "1", "--json")
    periods = bare("periods", *asked).json
    assert set(periods) | set(periods["periods"][0]) == documented("saldo periods")


def test_words_for_a_person(bare: Saldo) -> None:
    proration = bare("proration", *MAY, "--at", "2023-05-23").out
    assert "74.19" in proration
    assert "actual_days: 23 of 31 days" in proration
    periods = bare("periods", "--start", "2024-01-31", "--cycle", "monthly", "--count", "1").out
    assert "2024-02-28" in periods
