"""HTTP with a provider: one call, and what its failure means in the port's words (PAY.3)."""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

import httpx

from core.errors import BadMoney
from core.gateways.port import CredentialsMissing, GatewayRefused, GatewayUnsure

ANSWERS_WITHIN_SECONDS = 30
CONNECTS_WITHIN_SECONDS = 10
LONGEST_WORDS = 300
LONGEST_NAME = 255
MOST_PAGES = 400
"""Pages of one list; what is longer is unsure, never cut off."""
NOT_NOW = (408, 409, 425, 429)
"""Refusals of the moment: whether an earlier request is still at work is not known."""
Fields = dict[str, Any]
Words = Callable[[Fields], tuple[str, str]]
"""Reads the message and the code of a refusal out of its body; empty when there is none."""


class Refusal(GatewayRefused):
    """The gateway refused; no money moved."""

    def __init__(self, message: str, status: int, issue: str) -> None:
        super().__init__(message)
        self.status, self.issue = status, issue


class Rejected(CredentialsMissing):
    """The gateway does not accept the credentials; no money moved."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Wire:
    """The connection to one provider; it speaks JSON and never repeats a secret."""

    def __init__(
        self,
        title: str,
        address: str,
        words: Words,
        secrets: tuple[str, ...],
        transport: httpx.BaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if not all(secret.isascii() and secret.isprintable() for secret in secrets):
            raise CredentialsMissing(f"The credentials of {title} hold characters that none have")
        if not all(secret and " " not in secret for secret in secrets):
            raise CredentialsMissing(f"The credentials of {title} are empty or hold a blank")
        self.title = title
        self._words, self._secrets = words, secrets
        timeout = httpx.Timeout(ANSWERS_WITHIN_SECONDS, connect=CONNECTS_WITHIN_SECONDS)
        self._client = httpx.Client(
            base_url=address.rstrip("/"), timeout=timeout, transport=transport, headers=headers
        )

    def hide(self, secret: str) -> None:
        """Never repeat this either."""
        self._secrets = (*self._secrets, secret)

    def call(self, method: str, path: str, **request: Any) -> Fields:
        """The JSON object of an answer; `request` is what httpx takes.

        Raises Rejected for 401 and 403, Refusal for a clear no, GatewayUnsure for all else.
        """
        try:
            answer = self._client.request(method, path, **request)
        except (httpx.HTTPError, OSError) as problem:
            raise GatewayUnsure(
                f"The connection to {self.title} was lost: {type(problem).__name__}"
            ) from problem
        body, status = _object_in(answer), answer.status_code
        if answer.is_success and body is not None:
            return body
        said, issue = self._words(body or {})
        words = self._harmless(said or f"HTTP {status}")
        if status in (401, 403):
            raise Rejected(f"{self.title} does not accept the credentials: {words}", status)
        if answer.is_client_error and body is not None and status not in NOT_NOW:
            raise Refusal(f"{self.title} refused: {words}", status, issue)
        raise GatewayUnsure(f"{self.title} did not answer clearly: {words}")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Take an answer apart; one of another shape than expected says nothing."""
        try:
            yield
        except (AttributeError, BadMoney, IndexError, LookupError, TypeError, ValueError) as odd:
            words = self._harmless(f"{type(odd).__name__} {odd}")
            raise GatewayUnsure(f"{self.title} answered in an unexpected shape: {words}") from odd

    def _harmless(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return words[:LONGEST_WORDS]


Page = tuple[dict[Hashable, Fields], int]
"""The rows of a page by what tells them apart, and how many the whole list has."""


def every_row(what: str, read: Callable[[int], Page]) -> Iterator[Fields]:
    """Every row of a list, once; `read` gives a page by its number, from 1 on.

    The largest total counts, as some lists say on later pages how many are left.

    Raises GatewayUnsure when the list ends before its total, as it does when a row goes while
    others are read and the next page begins one too far, or does not end.
    """
    seen: set[Hashable] = set()
    total = 0
    for page in range(1, MOST_PAGES + 1):
        rows, whole = read(page)
        total = max(total, whole)
        fresh = [row for given, row in rows.items() if given not in seen]
        seen.update(rows)
        yield from fresh
        if len(seen) >= total:
            return
        if not fresh:
            raise GatewayUnsure(f"{what} shows {len(seen)} of {total} rows")
    raise GatewayUnsure(f"{what} has more than {MOST_PAGES} pages")


def told(raw: bytes) -> Fields:
    """The object in a webhook's body, if it can be kept. Raises ValueError, RecursionError."""
    body = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    if b"\\u0000" in raw or not isinstance(body, dict):
        raise ValueError("this is no event")
    return body


def name_of(value: object) -> str:
    """What an event or its kind is called. Raises ValueError."""
    if len(name := text(value)) > LONGEST_NAME:
        raise ValueError("the name is too long")
    return name


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _object_in(answer: httpx.Response) -> Fields | None:
    try:
        body = json.loads(answer.content)
    except (RecursionError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def whole(value: object) -> int:
    """A whole number, also one written as text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def text(value: object) -> str:
    """A text that says something. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no text")
    return value


def number(value: object) -> str:
    """The number of an object, which providers write as a text or as an integer."""
    return str(whole(value)) if isinstance(value, int) else text(value)


def instant(value: object) -> datetime:
    """A moment that names its offset from UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone")
    return moment


def objects(value: object) -> list[Fields]:
    """A list of objects. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("a list of objects was expected")
    return value
