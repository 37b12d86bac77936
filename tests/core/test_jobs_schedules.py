"""When jobs run: cron text on the local calendar, also where the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.schema import SchemaManager

from core.errors import BadInput, NotFound
from core.jobs.catalogue import JOBS, the_job
from core.jobs.cron import in_words, last_until, next_after, parse

NEWEST_OF_THE_QUEUE = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""What the schema that migration 0013 creates holds already."""
STOCKHOLM = "Europe/Stockholm"
ZONES = (STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
INSTANTS = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
TEXTS = st.sampled_from([job.cron for job in JOBS.values()] + ["30 2 * * *", "10,40 1-3 * * 0,6"])


def slots(text: str, first: datetime, last: datetime, zone: str = STOCKHOLM) -> list[datetime]:
    cron, found, at = parse(text), [], first
    while (at := next_after(cron, at, zone)) <= last:
        found.append(at)
    return found


def day_of(day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(STOCKHOLM)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    tomorrow = day + timedelta(days=1)
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)
    second = timedelta(seconds=1)
    return midnight - second, end - second


@pytest.mark.parametrize(
    ("day", "hour"),
    [(SPRING, 1), (AUTUMN, 0), (date(2026, 6, 1), 0), (date(2026, 1, 10), 1)],
    ids=["clocks go forward", "clocks go back", "summer", "winter"],
)
def test_a_job_of_half_past_two_runs_once_a_day(day: date, hour: int) -> None:
    assert slots("30 2 * * *", *day_of(day)) == [
        datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)
    ]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)])
def test_what_runs_in_every_hour_follows_real_time(day: date, hours: int) -> None:
    found = slots("15 * * * *", *day_of(day))
    assert len(found) == hours
    assert {after - before for before, after in pairwise(found)} == {timedelta(hours=1)}
    assert len(slots("*/5 * * * *", *day_of(day))) == hours * 12


@given(TEXTS, INSTANTS, st.sampled_from(ZONES))
def test_the_next_time_is_the_last_one_when_it_has_come(text: str, at: datetime, zone: str) -> None:
    cron = parse(text)
    coming = next_after(cron, at, zone)
    assert coming > at
    assert last_until(cron, at, coming, zone) == coming
    assert last_until(cron, at, coming - timedelta(seconds=1), zone) is None


@given(INSTANTS, st.integers(1, 40), st.sampled_from(ZONES))
def test_of_many_missed_times_the_last_is_found(at: datetime, days: int, zone: str) -> None:
    cron, until = parse("0 1 * * *"), at + timedelta(days=days)
    every = slots("0 1 * * *", at, until, zone)
    assert last_until(cron, at, until, zone) == (every[-1] if every else None)


@given(st.integers(0, 23), st.integers(0, 59), st.dates(date(2026, 1, 1), date(2027, 12, 30)))
def test_a_daily_job_runs_once_on_every_local_day(hour: int, minute: int, day: date) -> None:
    assert len(slots(f"{minute} {hour} * * *", *day_of(day))) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 1 * * *", "daily at 01:00"),
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("15 * * * *", "every hour at :15"),
        ("0 4 1 * *", "monthly on the 1st at 04:00"),
        ("0 7,19 * * 1,5", "on Mondays and Fridays at 07:00 and 19:00"),
        ("0 7 * * 7", "on Sundays at 07:00"),
        ("30 16 * * 1-5", "on weekdays at 16:30"),
        ("0 7 * * 0,6", "on Saturdays and Sundays at 07:00"),
        ("0 7 * * 1,2,3,4", "on Mondays, Tuesdays, Wednesdays and Thursdays at 07:00"),
        ("0 9 2 1,7 *", "on the 2nd of January and July at 09:00"),
        ("*/20 8-9 * * *", "cron */20 8-9 * * *"),
        ("0 5 13 * 5", "cron 0 5 13 * 5"),
    ],
)
def test_a_schedule_in_words(text: str, words: str) -> None:
    assert in_words(parse(text)) == words


def test_day_and_weekday_together_mean_either_as_in_cron() -> None:
    found = slots("0 5 13 * 5", datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC))
    assert [at.day for at in found] == [6, 13, 20, 27]
    leap = next_after(parse("0 0 29 2 *"), datetime(2028, 3, 1, tzinfo=UTC), "UTC")
    assert leap == datetime(2032, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 1 * *", "is not a schedule of minute"),
        ("60 1 * * *", "The minute is a number from 0 to 59, not '60'"),
        ("0 24 * * *", "The hour is a number"),
        ("0 1 0 * *", "The day is a number"),
        ("0 1 * jan *", "The month is a number"),
        ("0 1 * * 8", "The weekday is a number"),
        ("0 5-3 * * *", "The hour '5-3' runs backwards"),
        ("*/0 * * * *", "The minute is a number from 1"),
        ("٣ 1 * * *", "The minute is a number"),
        ("0 1 30 2 *", "a day that never comes"),
        ("1" * 200, "is not a schedule"),
        ("", "is not a schedule"),
    ],
)
def test_text_that_is_no_schedule_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words.replace("*", r"\*")):
        parse(text)


def test_every_job_has_words_and_a_schedule_and_an_unknown_one_is_named() -> None:
    assert all(job.does and in_words(parse(job.cron)) for job in JOBS.values())
    with pytest.raises(NotFound, match=r"no job 'liefcycle'; there are lifecycle, usage-invoices"):
        the_job("liefcycle")


def test_the_queue_is_the_one_the_migration_made() -> None:
    found = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert found[-1] == NEWEST_OF_THE_QUEUE, "its new migrations need one of ours"
