"""Amounts, days and references as banks write them, always with the line they stand on."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from stdnum import iso11649, luhn

from core.errors import BadInput
from core.invoices.rules import valid_ocr
from core.money import LARGEST_MINOR, exponent

_AMOUNT = re.compile(r"[+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d*)?")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{9,30}")
_CODE = re.compile(r"[A-Z]{3}")
_QR_LENGTH = 27
_FIRST_YEAR = 80
"""Two digits from here on mean the last century."""


def minor(text: str, currency: str, where: str, decimal_mark: str | None = None) -> int:
    """Minor units of an amount; comma or point as decimal mark, groups of three apart.

    Raises BadInput naming `where` on what is no amount or finer than the currency's minor unit.
    """
    written = text.strip().replace("\u2212", "-")
    if written[-1:] in {"-", "+"}:
        written = written[-1] + written[:-1].strip()
    digits = _plain(written, decimal_mark)
    if digits is None:
        raise BadInput(f"{where}: {text.strip()!r} is not an amount")
    sign = -1 if digits.startswith("-") else 1
    whole, _, fraction = digits.lstrip("+-").partition(".")
    places = exponent(currency)
    if fraction[places:].strip("0"):
        raise BadInput(f"{where}: {text.strip()!r} has more decimals than {currency} has")
    value = int((whole or "0") + fraction[:places].ljust(places, "0"))
    if value > LARGEST_MINOR:
        raise BadInput(f"{where}: {text.strip()!r} is beyond what Saldo keeps")
    return sign * value


def _plain(written: str, decimal_mark: str | None) -> str | None:
    """Digits with a point as decimal mark, None when this is no amount."""
    if decimal_mark is not None:
        group = r"[.' \u00a0\u202f]" if decimal_mark == "," else r"[,' \u00a0\u202f]"
        ungrouped = re.sub(rf"(?<=\d){group}(?=\d{{3}}(?!\d))", "", written)
        whole = ungrouped.replace(decimal_mark, ".") if decimal_mark != "." else ungrouped
        return whole if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)", whole) else None
    if _AMOUNT.fullmatch(written):
        return written.replace(",", ".")
    if not _GROUPED.fullmatch(written):
        return None
    last = max(written.rfind("."), written.rfind(","))
    mark = written[last] if last >= 0 else ""
    if mark and written.count(mark) == 1:
        whole, fraction = written[:last], written[last + 1 :]
        return re.sub(r"[^\d+-]", "", whole) + "." + fraction
    return re.sub(r"[^\d+-]", "", written)


def currency_code(text: str, where: str) -> str:
    """An ISO 4217 code; raises BadInput."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise BadInput(f"{where}: {text.strip()!r} is not a currency")
    return code


def day_of(year: int, month: int, number: int, where: str) -> date:
    """A day; the 29th to 31st of a shorter month is its last, as banks count interest so."""
    if not (1 <= month <= 12 and 1 <= number <= 31 and 1 <= year <= 9998):
        raise BadInput(f"{where}: {year:04d}-{month:02d}-{number:02d} is not a day")
    try:
        return date(year, month, number)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def short_day(text: str, where: str) -> date:
    """A day written YYMMDD."""
    year = int(text[:2])
    century = 1900 if year >= _FIRST_YEAR else 2000
    return day_of(century + year, int(text[2:4]), int(text[4:6]), where)


def nearest_day(month_and_day: str, beside: date, where: str) -> date:
    """The day MMDD of the year that brings it closest to another day, over New Year too."""
    month, number = int(month_and_day[:2]), int(month_and_day[2:])
    days = [day_of(beside.year + shift, month, number, where) for shift in (0, -1, 1)]
    return min(days, key=lambda each: abs(each - beside))


def iban_of(text: str) -> str:
    """The text without blanks when it has the form of an IBAN, else an empty one."""
    written = re.sub(r"[\s-]", "", text).upper()
    return written if _IBAN.fullmatch(written) else ""


def ocr_in(given: str, *texts: str) -> str | None:
    """The payment reference with right check digits: of its own field, else whole in a text.

    In its own field the length digit may be missing, as an agreement with the bank allows.
    """
    written = re.sub(r"\s", "", given).upper()
    if written.startswith("RF") and iso11649.is_valid(written):
        return written
    if len(written) == _QR_LENGTH and written.isascii() and written.isdigit():
        return written if _recursive(written[:-1]) == int(written[-1]) else None
    for token in re.split(r"[\s,;]+", given):
        if token.isascii() and token.isdigit() and 2 <= len(token) <= 25 and luhn.is_valid(token):
            return token
    for text in (given, *texts):
        for token in re.findall(r"(?<![\w.,-])\d{4,25}(?![\w-])", text):
            if valid_ocr(token):
                return str(token)
        for token in re.findall(r"\bRF\d{2}[A-Z0-9]{1,21}\b", text.upper()):
            if iso11649.is_valid(token):
                return str(token)
    return None


def _recursive(digits: str) -> int:
    """The check digit of a Swiss QR reference, modulo ten carried along."""
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def joined(parts: Iterable[str], between: str = " ") -> str:
    """The parts that say something new, each once, blanks squeezed."""
    kept: list[str] = []
    for part in parts:
        words = " ".join(part.split())
        if words and words not in kept:
            kept.append(words)
    return between.join(kept)


def decoded(data: bytes) -> str:
    """Text of a file: UTF-8 with or without mark, UTF-16 with one, else Latin-1."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
