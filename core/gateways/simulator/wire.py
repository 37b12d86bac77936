"""The wire: requests with bracketed form fields in, JSON and Stripe's error bodies out."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

MOST_BYTES = 1 << 20
MOST_FIELDS = 1_000
MOST_DEPTH = 6
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INNER = re.compile(r"\[([^\[\]]*)\]")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
Fields = dict[str, Any]


class Problem(Exception):
    """A refusal as the wire has it: an HTTP status and the facts of the error body."""

    keeps = False
    """Whether what was written before it stays: a decline leaves its failed charge."""

    def __init__(self, status: int, message: str, **facts: Any) -> None:
        super().__init__(message)
        kind = facts.pop("type", "invalid_request_error")
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **facts}}


class Declined(Problem):
    """The card's issuer refused."""

    keeps = True

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(402, message, type="card_error", **facts)


def missing(param: str) -> Problem:
    """A parameter that has to be there is not."""
    return Problem(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_id(kind: str, given: str, param: str = "id") -> Problem:
    """There is no such object."""
    return Problem(404, f"No such {kind}: '{given}'", code="resource_missing", param=param)


@dataclass(frozen=True)
class Answer:
    """What goes back: a status, a JSON body, further headers."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any], status: int = 200) -> Self:
        """An answer with an object as its body."""
        return cls(status, json.dumps(body, indent=2))

    @property
    def line(self) -> str:
        """The status with its words."""
        return f"{self.status} {_REASONS.get(self.status, 'Unknown')}"


@dataclass(frozen=True)
class Request:
    """What came in; `fields` are the decoded parameters of query or form."""

    method: str
    path: str
    key: str | None
    bearer: str
    fields: Fields = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What must be the same when an idempotency key is used again."""
        return json.dumps([self.method, self.path, self.fields], sort_keys=True)


def read(environ: Mapping[str, Any]) -> Request:
    """The request of a WSGI environment. Raises Problem when it cannot be read."""
    method = str(environ["REQUEST_METHOD"])
    if method not in ("GET", "POST"):
        raise Problem(400, f"Unrecognized request method {method}")
    text = str(environ.get("QUERY_STRING", "")) if method == "GET" else _form(environ)
    bearer = str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ").strip()
    key = environ.get("HTTP_IDEMPOTENCY_KEY") if method == "POST" else None
    return Request(method, str(environ["PATH_INFO"]), key, bearer, decode(text))


def decode(text: str) -> Fields:
    """Nested fields of a form: `a[b]=1&c[]=2&d[0]=3` is `{a: {b: 1}, c: [2], d: [3]}`."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as problem:
        raise Problem(400, f"The parameters cannot be read: {problem}") from problem
    found: Fields = {}
    for name, value in pairs:
        _put(found, name, value)
    return {name: _with_lists(value) for name, value in found.items()}


def _form(environ: Mapping[str, Any]) -> str:
    said = str(environ.get("CONTENT_LENGTH") or 0)
    length = int(said) if said.isascii() and said.isdigit() else MOST_BYTES + 1
    if length > MOST_BYTES:
        raise Problem(400, "The request is too large")
    raw: bytes = environ["wsgi.input"].read(length)
    kind = str(environ.get("CONTENT_TYPE", ""))
    if raw and not kind.startswith("application/x-www-form-urlencoded"):
        raise Problem(400, f"Bodies are forms, not {kind or 'untyped'}")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as problem:
        raise Problem(400, "The form is not encoded") from problem


def _put(found: Fields, name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    steps = [match[1], *_INNER.findall(match[2])] if match else []
    if not 0 < len(steps) <= MOST_DEPTH:
        raise Problem(400, f"Invalid parameter name: {name}", param=name)
    here = found
    for step in steps[:-1]:
        here = here.setdefault(step or str(len(here)), {})
        if not isinstance(here, dict):
            raise Problem(400, f"Invalid parameter: {name}", param=name)
    last = steps[-1] or str(len(here))
    if last in here:
        raise Problem(400, f"The parameter {name} is given twice", param=name)
    here[last] = value


def _with_lists(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    inner = {name: _with_lists(value) for name, value in found.items()}
    if set(inner) == {str(place) for place in range(len(inner))}:
        return [inner[str(place)] for place in range(len(inner))]
    return inner


def lines(answer: Answer, request_id: str) -> list[tuple[str, str]]:
    """The headers of an answer."""
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(answer.body.encode()))),
        ("Request-Id", request_id),
        *answer.headers,
    ]


def body_of(answer: Answer) -> Iterable[bytes]:
    """The body as WSGI wants it."""
    return [answer.body.encode()]
