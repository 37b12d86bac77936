"""How amounts, rates, changes and files look."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from core.money import Money
from etl.export import csv_text
from pages.parts import catalogue, formats, tables
from pages.parts.catalogue import FIGURES
from pages.parts.comparisons import change


@pytest.mark.parametrize(
    ("written", "english", "swedish"),
    [
        ("short by 1062.34 SEK", "short by SEK 1,062.34", "short by SEK 1 062,34"),
        ("2: 12.59 EUR; 3: 5 JPY", "2: EUR 12.59; 3: JPY 5", "2: EUR 12,59; 3: JPY 5"),
        ("Paused until 2027-01-02", "Paused until 2 Jan 2027", "Paused until 2027-01-02"),
        ("Change to Pro 20 XXL", "Change to Pro 20 XXL", "Change to Pro 20 XXL"),
        ("Order 2026-13-01", "Order 2026-13-01", "Order 2026-13-01"),
        ("1" * 40 + " SEK", "1" * 40 + " SEK", "1" * 40 + " SEK"),
    ],
)  # fmt: skip
def test_words_of_core_are_told_as_the_reader_writes(
    written: str, english: str, swedish: str
) -> None:
    assert formats.told(written, "en") == english
    assert formats.told(written, "en_SE").replace("\u00a0", " ") == swedish


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "under 1 s"),
        (0.9, "under 1 s"),
        (1.2, "1 s"),
        (119, "119 s"),
        (130, "2 min"),
        (7_100, "118 min"),
        (12_600, "3.5 h"),
    ],
)
def test_a_length_of_time_is_told_as_people_say_it(seconds: float, told: str) -> None:
    assert formats.lasted(seconds, "en").replace("\u00a0", " ") == told


@pytest.mark.parametrize(
    ("first", "last", "english", "swedish"),
    [
        ((2026, 11, 24), (2026, 11, 30), "24–30 Nov 2026", "2026-11-24 – 2026-11-30"),
        ((2026, 11, 29), (2026, 12, 5), "29 Nov – 5 Dec 2026", "2026-11-29 – 2026-12-05"),
        ((2026, 12, 29), (2027, 1, 4), "29 Dec 2026 – 4 Jan 2027", "2026-12-29 – 2027-01-04"),
        ((2026, 11, 24), (2026, 11, 24), "24 Nov 2026", "2026-11-24"),
    ],
)
def test_a_span_of_days_tells_once_what_both_share(
    first: tuple[int, int, int], last: tuple[int, int, int], english: str, swedish: str
) -> None:
    assert formats.days(date(*first), date(*last), "en") == english
    assert formats.days(date(*first), date(*last), "en_SE") == swedish


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Ends 20 Nov 2026, later", ["20 Nov 2026"]),
        ("Short by SEK 1,062.34 on 2026-11-20 14:05", ["SEK 1,062.34", "2026-11-20 14:05"]),
        ("20 Nov 2026 14:05:09", []),
        ("SAAS-INV-2026-00115 of Fjord 12", []),
    ],
)
def test_no_line_of_a_table_ends_within_a_day_or_an_amount(
    text: str, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(tables.st, "html", drawn.append)
    tables.html([tables.Column("What", words=True)], [[tables.Cell(text)]], label="Table")
    assert re.findall(r'<span class="whole">([^<]*)</span>', drawn[0]) == whole
    assert ('class="words long"' in drawn[0]) == (text != "20 Nov 2026 14:05:09")


@pytest.mark.parametrize(
    ("minor", "currency", "full", "short"),
    [
        (48_210_000, "EUR", "EUR 482,100.00", "EUR 482.1k"),
        (124_999_900, "EUR", "EUR 1,249,999.00", "EUR 1.25m"),
        (-185_030, "EUR", "−EUR 1,850.30", "−EUR 1,850"),
        (99_994_999, "EUR", "EUR 999,949.99", "EUR 999.9k"),
        (99_999_900, "EUR", "EUR 999,999.00", "EUR 1.00m"),
        (-99_999_999_900, "EUR", "−EUR 999,999,999.00", "−EUR 1.00bn"),
        (67_137, "SEK", "SEK 671.37", "SEK 671.37"),
        (0, "EUR", "EUR 0.00", "EUR 0"),
        (1_250, "JPY", "JPY 1,250", "JPY 1,250"),
        (1_250_000, "KWD", "KWD 1,250.000", "KWD 1,250"),
    ],
)
def test_money_is_full_in_tables_and_short_on_cards(
    minor: int, currency: str, full: str, short: str
) -> None:
    assert formats.money(Money(minor, currency)) == full
    assert formats.money_short(Money(minor, currency)) == short


def test_formats_follow_the_locale() -> None:
    minus = Money(-123_450, "SEK")
    written = {
        formats.money(minus, locale="en_SE"): "−SEK 1 234,50",
        formats.money_short(Money(48_210_000, "SEK"), locale="en_SE"): "SEK 482,1k",
        formats.percent("0.0313", locale="en_SE"): "3,1 %",
        formats.number(1_234, locale="en_SE"): "1 234",
        formats.quantity(Decimal("2.5"), locale="en_SE"): "2,5",
        formats.marked("1,234.5", "en_SE"): "1 234,5",
        formats.day(date(2026, 3, 2), "en_SE"): "2026-03-02",
        formats.month_short("2026-10", "en_SE"): "Oct 26",
    }
    assert {text.replace("\u00a0", " "): like for text, like in written.items()} == {
        like: like for like in written.values()
    }


@pytest.mark.parametrize(
    ("browser", "locale"),
    [
        ("sv-SE", "en_SE"),
        ("sv", "en_SE"),
        ("en-GB", "en"),
        ("de-DE", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_locale_is_the_browsers_where_it_is_known(
    browser: str | None, locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "get_script_run_ctx", lambda **_: object())
    monkeypatch.setattr(formats.st, "context", SimpleNamespace(locale=browser))
    assert formats.reader() == locale


def test_what_is_undefined_is_said_so() -> None:
    for text in (formats.money(None), formats.percent(None), formats.number(None)):
        assert text == "n/a"


def test_rates_have_one_decimal_and_their_differences_are_points() -> None:
    assert formats.percent("0.0313") == "3.1%"
    assert formats.points(Decimal("-0.004")) == "−0.4 pt"


def test_instants_are_shown_in_the_billing_time_zone() -> None:
    at = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    assert formats.instant(at, "Europe/Stockholm") == "20 Nov 2026 14:05"


def eur(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "EUR"}


@pytest.mark.parametrize(
    ("key", "now", "before", "text", "tone"),
    [
        ("mrr", eur(104_000), eur(100_000), "+4.0%", "good"),
        ("mrr", eur(96_000), eur(100_000), "−4.0%", "bad"),
        ("mrr", eur(1_420_000), eur(100_000), "14.2×", "good"),
        ("at_risk", eur(96_000), eur(100_000), "−4.0%", "good"),
        ("net_new_mrr", eur(-50_000), eur(20_000), "−700", "bad"),
        ("mrr", eur(50_000), eur(0), "+500", "good"),
        ("logo_churn", "0.0200", "0.0310", "−1.1 pt", "good"),
        ("nrr", "1.0100", "1.0300", "−2.0 pt", "bad"),
        ("customers", 12, 15, "−3", "bad"),
        ("customers", 15, 15, "0", "flat"),
        ("mrr", eur(1_000_001), eur(1_000_000), "0.0%", "flat"),
        ("quick_ratio", "3.5", None, "n/a", "flat"),
    ],
)
def test_change_is_named_and_coloured_by_what_it_means(
    key: str, now: Any, before: Any, text: str, tone: str
) -> None:
    found = change(FIGURES[key], now, before)
    assert (found.text, found.tone) == (text, tone)


def test_every_headline_and_calm_figure_exists() -> None:
    shown = {*catalogue.HEADLINE, *catalogue.BESIDE.values(), *catalogue.CALM}
    assert shown == set(FIGURES)
    assert len(catalogue.HEADLINE) <= 6


def test_file_runs_no_formula_and_keeps_negative_numbers() -> None:
    frame = pl.DataFrame({"name": ["=1+1", "@x", "  -2", "Ek AB"], "value": [-5, 1, 2, 3]})
    lines = csv_text(frame).splitlines()
    assert lines == ["name,value", "'=1+1,-5", "'@x,1", "'  -2,2", "Ek AB,3"]


def test_table_escapes_what_tenants_are_called() -> None:
    assert "<script>" not in tables._cell(tables.Cell("<script>alert(1)</script>"))
