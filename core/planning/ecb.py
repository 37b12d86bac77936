"""The European Central Bank's reference rates: its documents, read whole or not at all (CFO.4).

It publishes them on its working days, about 16:00 Central European Time, as units of a currency
for one euro.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from time import monotonic
from typing import Any

import httpx

from core.bank.readers.xml import tree_of
from core.errors import BadInput, SaldoError
from core.money import rounded

DAILY = "eurofxref-daily.xml"
"""The newest day alone."""
HISTORY = "eurofxref-hist-90d.xml"
"""The days of the last three months."""
CONNECTS_WITHIN_SECONDS = 10
ANSWERS_WITHIN_SECONDS = 30
READ_WITHIN_SECONDS = 60
MOST_BYTES = 1 << 20
"""A document may have; three months take about a tenth of it."""
LONGEST_WORDS = 40
PLACES = 10
"""Decimals that a kept rate has."""
_CODE = re.compile(r"[A-Z]{3}")
_UNITS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEADERS = {"accept-encoding": "identity", "user-agent": "Saldo"}


class RatesUnavailable(SaldoError):
    """The European Central Bank does not answer; no rate was kept."""

    code = "rates_unavailable"


class RatesRefused(SaldoError):
    """The published document is not as it should be; no rate was kept."""

    code = "rates_refused"


@dataclass(frozen=True)
class Published:
    """A day's rates: EUR for one unit of each currency, with ten places."""

    on: date
    rates: Mapping[str, Decimal]


def read(folder: str, name: str, today: date) -> tuple[Published, ...]:
    """The days of a document, the oldest first. Raises RatesUnavailable, RatesRefused."""
    address = f"{folder.rstrip('/')}/{name}"
    try:
        return days_of(_fetched(address), today)
    except BadInput as problem:
        raise RatesRefused(f"{address}: {problem}") from problem


def days_of(document: bytes, today: date) -> tuple[Published, ...]:
    """The days that a document holds, the oldest first, at least one.

    Raises BadInput with the line where it is broken, of another kind, names a day or a currency
    twice or a day to come, or a rate is no number above zero.
    """
    root = tree_of(document)
    if root.tag != "Envelope":
        raise BadInput(f"It begins with {_short(root.tag)}, not with Envelope")
    days: dict[date, Published] = {}
    for element in root.iterfind("Cube/Cube"):
        found = _day(element, today)
        if found.on in days:
            raise BadInput(f"{_line(element)}: {found.on} comes twice")
        days[found.on] = found
    if not days:
        raise BadInput("It holds no day")
    return tuple(days[on] for on in sorted(days))


def inverse(units: Decimal) -> Decimal:
    """EUR for one unit, of units for one EUR: ten places, half away from zero."""
    return Decimal(rounded(10**PLACES / Fraction(units))).scaleb(-PLACES)


def _fetched(address: str) -> bytes:
    """The body of a document, as long as it comes whole, in time and within the limit."""
    timeout = httpx.Timeout(ANSWERS_WITHIN_SECONDS, connect=CONNECTS_WITHIN_SECONDS)
    until = monotonic() + READ_WITHIN_SECONDS
    body = bytearray()
    try:
        with httpx.stream("GET", address, headers=_HEADERS, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK:
                raise RatesUnavailable(f"{address} answered HTTP {answer.status_code}")
            for piece in answer.iter_raw():
                body += piece
                if len(body) > MOST_BYTES:
                    raise RatesRefused(f"{address} holds more than {MOST_BYTES:,} bytes")
                if monotonic() > until:
                    raise httpx.ReadTimeout("the whole takes too long")
    except httpx.TimeoutException as problem:
        raise RatesUnavailable(f"{address} did not answer in time") from problem
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        kind = type(problem).__name__
        raise RatesUnavailable(f"The connection to {address} was lost: {kind}") from problem
    return bytes(body)


def _day(element: Any, today: date) -> Published:
    where, written = _line(element), element.get("time", "")
    try:
        on = date.fromisoformat(written if _DAY.fullmatch(written) else "")
    except ValueError as problem:
        raise BadInput(f"{where}: {_short(written)} is not a day") from problem
    if on > today:
        raise BadInput(f"{where}: {on} has not come")
    rates: dict[str, Decimal] = {}
    for cube in element.iterfind("Cube"):
        code, units = cube.get("currency", ""), cube.get("rate", "")
        if not _CODE.fullmatch(code):
            raise BadInput(f"{_line(cube)}: {_short(code)} is not a currency")
        if code in rates:
            raise BadInput(f"{_line(cube)}: {code} comes twice on {on}")
        if not _UNITS.fullmatch(units) or not Decimal(units):
            raise BadInput(f"{_line(cube)}: {_short(units)} is not a rate of {code}")
        rates[code] = inverse(Decimal(units))
    if not rates:
        raise BadInput(f"{where}: {on} has no rates")
    return Published(on, rates)


def _line(element: Any) -> str:
    return f"Line {element.sourceline}"


def _short(text: str) -> str:
    return repr(text[:LONGEST_WORDS])
