"""Which parameters an endpoint takes and of what type; whatever else comes is refused."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from core.gateways.simulator.wire import Fields, Problem, missing

Reader = Callable[[Any, str], Any]
MOST_TEXT = 5_000
MOST_METADATA = 50
MOST_ON_A_PAGE = 100
LARGEST = 99_999_999
MOST_ITEMS = 100
_URL = re.compile(r"https?://[!-~]+")


def checked(fields: Fields, known: Mapping[str, Reader], required: tuple[str, ...] = ()) -> Fields:
    """The parameters with their values read. Raises Problem for the first that is wrong."""
    for name in fields:
        if name not in known:
            raise Problem(
                400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name
            )
    for name in required:
        if fields.get(name) in (None, ""):
            raise missing(name)
    return {name: known[name](value, name) for name, value in fields.items()}


def text(value: Any, param: str) -> str:
    """A text."""
    if not isinstance(value, str) or len(value) > MOST_TEXT or "\0" in value:
        raise Problem(400, f"Invalid string: {value}", param=param)
    return value


def whole(value: Any, param: str) -> int:
    """A whole number."""
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Problem(
            400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=param
        )
    return int(value)


def amount(value: Any, param: str) -> int:
    """An amount above nothing, in the smallest unit the gateway has for its currency."""
    number = whole(value, param)
    if number < 1:
        raise Problem(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param=param,
        )
    if number > LARGEST:
        raise Problem(
            400,
            f"The amount must be no more than {LARGEST}.",
            code="amount_too_large",
            param=param,
        )
    return number


def flag(value: Any, param: str) -> bool:
    """True or false."""
    if value not in ("true", "false"):
        raise Problem(400, f"Invalid boolean: {value}", param=param)
    return bool(value == "true")


def currency(value: Any, param: str) -> str:
    """A currency's code in small letters, as the wire has it."""
    code = text(value, param).lower()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise Problem(400, f"Invalid currency: {value}", param=param)
    return code


def one_of(*words: str) -> Reader:
    """One of the listed words."""

    def read(value: Any, param: str) -> str:
        if value not in words:
            listed = ", ".join(words)
            raise Problem(400, f"Invalid {param}: must be one of {listed}", param=param)
        return str(value)

    return read


def texts(value: Any, param: str) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list):
        raise Problem(400, "Invalid array", param=param)
    return [text(item, param) for item in value]


def several(of: Reader) -> Reader:
    """A list of things of one kind."""

    def read(value: Any, param: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise Problem(400, "Invalid array", param=param)
        return [of(item, f"{param}[{place}]") for place, item in enumerate(value)]

    return read


def url(value: Any, param: str) -> str:
    """An address to send a browser to."""
    if not _URL.fullmatch(text(value, param)):
        raise Problem(
            400, "Invalid URL: An explicit scheme (such as https) must be provided.", param=param
        )
    return str(value)


def metadata(value: Any, param: str) -> dict[str, str]:
    """Our own facts about an object; an empty text clears them."""
    if value == "":
        return {}
    if isinstance(value, list):  # names that happen to count from 0
        value = {str(place): inner for place, inner in enumerate(value)}
    if not isinstance(value, dict) or len(value) > MOST_METADATA:
        raise Problem(400, "Invalid object", param=param)
    return {name: text(inner, f"{param}[{name}]") for name, inner in value.items()}


def group(**known: Reader) -> Reader:
    """A nested object."""

    def read(value: Any, param: str) -> Fields:
        if not isinstance(value, dict):
            raise Problem(400, "Invalid object", param=param)
        for name in value:
            if name not in known:
                full = f"{param}[{name}]"
                raise Problem(
                    400, f"Received unknown parameter: {full}", code="parameter_unknown", param=full
                )
        return {name: known[name](inner, f"{param}[{name}]") for name, inner in value.items()}

    return read


def page_size(value: Any, param: str) -> int:
    """How many objects of a list."""
    number = whole(value, param)
    if not 1 <= number <= MOST_ON_A_PAGE:
        raise Problem(400, f"limit must be between 1 and {MOST_ON_A_PAGE}", param=param)
    return number


def created(value: Any, param: str) -> Fields:
    """A moment, or the limits of a span, in seconds of Unix time."""
    if isinstance(value, str):
        return {"gte": whole(value, param), "lte": whole(value, param)}
    return dict(group(gt=whole, gte=whole, lt=whole, lte=whole)(value, param))


LISTED: Mapping[str, Reader] = {
    "limit": page_size,
    "starting_after": text,
    "ending_before": text,
    "expand": texts,
    "created": created,
}
"""What every list takes."""
