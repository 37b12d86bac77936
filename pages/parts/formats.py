"""Amounts, rates, counts and dates as people read them; display only, nothing is computed with.

They follow the reader's browser where its language is one of `LOCALES`. Words, names of months
among them, stay English: a Swedish reader sees `1 234,50`, `3,1 %` and `2026-11-20`.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import streamlit as st
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.money import Money, exponent, units_text

ENGLISH, SWEDISH = "en", "en_SE"
LOCALES = {"en": ENGLISH, "sv": SWEDISH}
DAY = {ENGLISH: "d MMM y", SWEDISH: "y-MM-dd"}
PERCENT = {ENGLISH: "%", SWEDISH: "\u00a0%"}
PLOTTED_DAY = {ENGLISH: "%-d %b %Y", SWEDISH: "%Y-%m-%d"}
MARKS = {ENGLISH: ".,", SWEDISH: ",\u00a0"}
"""The decimal mark and that of thousands, and a day, as charts want to be told."""
UNDEFINED = "n/a"
MINUS = "\u2212"
STEPS = (
    (Decimal(10) ** 9, "bn", "#,##0.00"),
    (Decimal(10) ** 6, "m", "#,##0.00"),
    (Decimal(10) ** 3, "k", "#,##0.0"),
)
ROUNDS_UP = Decimal("0.99995")
"""From this share of a step on, the step below would show a thousand of its own."""
SHORT_FROM = Decimal(10_000)
WHOLE_FROM = Decimal(1_000)
"""From here on cards leave out the cents, and further up the last three digits."""
LONG_SECONDS, LONG_MINUTES = 120, 120
"""From here on minutes are told, and hours."""
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_AMOUNT = re.compile(r"(?<![\d.,])(-?\d{1,18}(?:\.\d{1,10})?) ([A-Z]{3})\b")


def reader() -> str:
    """The locale of who is looking: the browser's language, English where it is another."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    language = (st.context.locale or "").replace("_", "-").split("-")[0].lower()
    return LOCALES.get(language, ENGLISH)


def units(minor: int, currency: str) -> Decimal:
    """The amount in units, for axes and number columns."""
    return Decimal(units_text(minor, currency))


def money(amount: Money | None, *, code: bool = True, locale: str | None = None) -> str:
    """In full: ``EUR 1,234.50``; without the code where a header names it."""
    if amount is None:
        return UNDEFINED
    places = exponent(amount.currency)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    digits = format_decimal(
        units(amount.minor, amount.currency), pattern, locale=locale or reader()
    )
    return _signed(f"{amount.currency} {digits}" if code else digits)


def money_short(
    amount: Money | None, *, code: bool = True, sign: bool = False, locale: str | None = None
) -> str:
    """For cards: ``EUR 482.1k``, ``EUR 1.25m``, ``EUR 1,850``; small amounts in full."""
    if amount is None:
        return UNDEFINED
    size = units(amount.minor, amount.currency)
    cents = size % 1 and abs(size) < WHOLE_FROM
    step, suffix, pattern = Decimal(1), "", "#,##0.00" if cents else "#,##0"
    if abs(size) >= SHORT_FROM:
        step, suffix, pattern = next(each for each in STEPS if abs(size) >= each[0] * ROUNDS_UP)
    text = format_decimal(size / step, pattern, locale=locale or reader()) + suffix
    plus = "+" if sign and size > 0 else ""
    return _signed(plus + (f"{amount.currency} {text}" if code else text))


def percent(
    rate: Decimal | str | None, places: int = 1, *, sign: bool = False, locale: str | None = None
) -> str:
    """A rate as percent, with one decimal: ``3.1%``."""
    if rate is None:
        return UNDEFINED
    spoken = locale or reader()
    pattern = "0" + ("." + "0" * places if places else "")
    text = format_decimal(Decimal(rate) * 100, pattern, locale=spoken) + PERCENT[spoken]
    return _signed("+" + text if sign and Decimal(rate) > 0 else text)


def points(difference: Decimal, locale: str | None = None) -> str:
    """A difference of two percentages: ``+0.4 pt``."""
    text = format_decimal(difference * 100, "0.0", locale=locale or reader()) + " pt"
    return _signed("+" + text if difference > 0 else text)


def number(
    value: Decimal | str | int | None,
    places: int = 0,
    *,
    sign: bool = False,
    locale: str | None = None,
) -> str:
    """A count or a plain ratio."""
    if value is None:
        return UNDEFINED
    pattern = "#,##0" + ("." + "0" * places if places else "")
    text = format_decimal(Decimal(value), pattern, locale=locale or reader())
    return _signed("+" + text if sign and Decimal(value) > 0 else text)


def quantity(value: Decimal, locale: str | None = None) -> str:
    """A count with the decimals it has: ``30,000``, ``2.5``."""
    return _signed(format_decimal(value, "#,##0.######", locale=locale or reader()))


def marked(text: str, locale: str | None = None) -> str:
    """A number with English marks, such as ``1,234.5``, with the reader's."""
    return text.translate(str.maketrans(MARKS[ENGLISH], MARKS[locale or reader()]))


def told(text: str, locale: str | None = None) -> str:
    """Words of core with their days and amounts, such as ``2026-11-20`` and ``1062.34 SEK``, as the
    reader writes them: ``20 Nov 2026``, ``SEK 1,062.34``.
    """
    spoken = locale or reader()
    known = Locale(ENGLISH).currencies

    def amount(found: re.Match[str]) -> str:
        digits, code = found.groups()
        if code not in known:
            return found[0]
        places = len(digits.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return _signed(f"{code} {format_decimal(Decimal(digits), pattern, locale=spoken)}")

    def written_day(found: re.Match[str]) -> str:
        try:
            return day(date.fromisoformat(found[0]), spoken)
        except ValueError:
            return found[0]

    return _AMOUNT.sub(amount, _DAY.sub(written_day, text))


def country(code: str, locale: str | None = None) -> str:
    """``Sweden``; the code itself where no name is known."""
    return str(Locale(locale or reader()).territories.get(code, code))


def day(value: date | None, locale: str | None = None) -> str:
    """``20 Nov 2026``."""
    spoken = locale or reader()
    return format_date(value, DAY[spoken], locale=spoken) if value else UNDEFINED


def days(first: date, last: date, locale: str | None = None) -> str:
    """A span of days, what both share told once: ``24–30 Nov 2026``, ``24 Nov – 1 Dec 2026``."""
    spoken = locale or reader()
    if first == last:
        return day(first, spoken)
    if spoken == SWEDISH or first.year != last.year:
        return f"{day(first, spoken)} – {day(last, spoken)}"
    if first.month != last.month:
        return f"{day_short(first, spoken)} – {day(last, spoken)}"
    return f"{first.day}–{day(last, spoken)}"


def day_short(value: date, locale: str | None = None) -> str:
    """``20 Nov``, for axes."""
    return format_date(value, "d MMM", locale=locale or reader())


def instant(
    value: datetime, timezone: str, *, seconds: bool = False, locale: str | None = None
) -> str:
    """``20 Nov 2026 14:05`` in a named time zone."""
    spoken = locale or reader()
    pattern = DAY[spoken] + (" HH:mm:ss" if seconds else " HH:mm")
    return format_datetime(value, pattern, tzinfo=ZoneInfo(timezone), locale=spoken)


def month(value: str, pattern: str = "MMMM y", locale: str | None = None) -> str:
    """``2026-10`` as ``October 2026``."""
    return format_date(date.fromisoformat(f"{value}-01"), pattern, locale=locale or reader())


def month_short(value: str, locale: str | None = None) -> str:
    """``2026-10`` as ``Oct 26``, for axes and comparisons."""
    return month(value, "MMM yy", locale)


def lasted(seconds: float, locale: str | None = None) -> str:
    """A length of time as people say it: ``under 1 s``, ``8 s``, ``12 min``, ``3.5 h``."""
    if seconds < 1:
        return "under 1\u00a0s"
    if seconds < LONG_SECONDS:
        return number(round(seconds), locale=locale) + "\u00a0s"
    if seconds < LONG_MINUTES * 60:
        return number(round(seconds / 60), locale=locale) + "\u00a0min"
    return number(Decimal(round(seconds / 360)) / 10, 1, locale=locale) + "\u00a0h"


def _signed(text: str) -> str:
    """The typographic minus in front of everything, the currency code included."""
    if "-" not in text and MINUS not in text:
        return text
    return MINUS + text.replace("-", "").replace(MINUS, "")
