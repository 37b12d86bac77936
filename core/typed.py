"""Numbers and amounts as people type them, with a decimal point or a decimal comma; pure."""

import re
from decimal import Decimal

from core.errors import BadInput, BadMoney
from core.money import minor_from_units

_SPACES = re.compile(r"[\s'’]")
_SPACED = re.compile(r"-?\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d*)?")
_PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
_GROUPED = re.compile(r"-?[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*")
_EITHER_WAY = re.compile(r"-?[1-9]\d{0,2},\d{3}")


def typed_number(text: str) -> Decimal:
    """`1234.5`, `1 234,5`, `1,234.5` and `1.234,5` are one number; a lone point is a decimal one.

    Raises BadInput on what is no number, and on what can be read in two ways, such as `1,234`.
    """
    typed = text.strip().replace("−", "-")
    if _EITHER_WAY.fullmatch(typed):
        ways = f"{typed.replace(',', '')} or {typed.replace(',', '.')}"
        raise BadInput(f"{text!r} can be read in two ways; write {ways}")
    if _SPACED.fullmatch(typed):
        typed = _SPACES.sub("", typed)
    if not _PLAIN.fullmatch(plain := _plain(typed)):
        raise BadInput(f"{text!r} is not a number")
    return Decimal(plain)


def typed_minor(text: str, currency: str) -> int:
    """Minor units of an amount as typed. Raises BadMoney, also on too many decimals."""
    try:
        units = typed_number(text)
    except BadInput as problem:
        told = str(problem).replace("is not a number", "is not an amount")
        raise BadMoney(told) from problem
    return minor_from_units(f"{units:f}", currency)


def _plain(typed: str) -> str:
    """The same with a decimal point and no mark at thousands, where it is well formed."""
    last = max(typed.rfind(","), typed.rfind("."))
    if last < 0:
        return typed
    mark, whole, decimals = typed[last], typed[:last], typed[last + 1 :]
    if typed.count(mark) > 1 and _GROUPED.fullmatch(typed):
        return re.sub("[.,]", "", typed)
    if mark not in whole and _GROUPED.fullmatch(whole):
        whole = re.sub("[.,]", "", whole)
    return f"{whole}.{decimals}"
