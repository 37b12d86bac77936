"""Requests to an operation of the API's description: what fits it, what it knows, what is odd."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from hypothesis import strategies as st
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, Case

from tests.api.test_contract import body_of
from tests.fuzz import odd

KNOWN_IDS = 4
"""Numbers up to this one are those of records."""
KNOWN = {
    "channel": ("email", "webhook"),
    "provider": ("stripe", "paystack", "paypal", "bank"),
    "limit": ("max_users", "max_shipments"),
    "meter": ("max_users", "max_shipments"),
    "name": ("lifecycle", "dunning"),
    "kind": ("tenants", "fx"),
    "month": ("2026-10", "2026-12-01"),
    "reason": ("a reason long enough",),
}
"""What there is by the names of places."""
FORMS = (
    "text/plain", "application/xml", "application/x-www-form-urlencoded", "text/html; charset=x",
    "multipart/form-data; boundary=x", "application/json; charset=utf-16", "nonsense", "",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request as it is sent, without who sends it."""

    method: str
    path: str
    query: str
    content: bytes | None
    kind: str
    case: Case

    def __repr__(self) -> str:
        told = (self.content or b"")[:2_000]
        return f"{self.method} {self.path}?{self.query[:2_000]} {self.kind!r} {told!r}"


@st.composite
def requests(draw: Callable[..., Any], operation: APIOperation) -> Asked:
    """One request: half of the bodies are known to do something, with up to two odd places."""
    mode = draw(st.sampled_from((GenerationMode.POSITIVE,) * 5 + (GenerationMode.NEGATIVE,)))
    case = draw(operation.as_strategy(_possible(operation, mode)))
    path = {name: draw(_near(name, value)) for name, value in (case.path_parameters or {}).items()}
    query = [
        (name, draw(_near(name, each)))
        for name, value in (case.query or {}).items()
        for each in (value if isinstance(value, list) else [value])
    ]
    if query and draw(st.integers(0, 9)) == 9:
        query.append((draw(st.sampled_from(query))[0], draw(odd.values)))
    kind = case.media_type or ""
    if draw(st.integers(0, 19)) == 19:
        kind = draw(st.sampled_from(FORMS))
    return Asked(
        operation.method.upper(),
        _address(operation.path, path),
        urlencode([(name, _written(value)) for name, value in query]),
        _content(draw(_bodies(operation, case.body))),
        kind,
        case,
    )


def _possible(operation: APIOperation, mode: GenerationMode) -> GenerationMode:
    """Without parameters and body there is nothing to get wrong."""
    asks = operation.path_parameters or operation.query or operation.body
    return mode if asks else GenerationMode.POSITIVE


@st.composite
def _bodies(draw: Callable[..., Any], operation: APIOperation, given: Any) -> Any:
    known = body_of(operation.path) if operation.body else None
    chosen = known if known and not draw(st.booleans()) else given
    if not isinstance(chosen, dict):
        return chosen
    body = deepcopy(chosen)
    places = list(_places(body))
    for holder, name in places:
        holder[name] = draw(_near(str(name), holder[name], oddly=False))
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2)))):
        if places:
            holder, name = draw(st.sampled_from(places))
            holder[name] = draw(odd.values)
    return body


def _places(body: Any) -> list[tuple[Any, Any]]:
    """Every place of a body that holds a plain value, by what holds it and its name there."""
    found: list[tuple[Any, Any]] = []
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in items:
        found += _places(value) if isinstance(value, dict | list) and value else [(body, name)]
    return found


@st.composite
def _near(draw: Callable[..., Any], name: str, value: Any, *, oddly: bool = True) -> Any:
    """A value beside the generated one: an odd one, one that is known, or a day far off."""
    luck = draw(st.integers(0, 9))
    if oddly and luck == 9:
        return draw(odd.values)
    if luck < 8 and (name == "id" or name.endswith("_id")):
        return draw(st.integers(1, KNOWN_IDS))
    if luck < 6 and name in KNOWN and isinstance(value, str):
        return draw(st.sampled_from(KNOWN[name]))
    if luck > 6 and (name in ("from", "to", "month") or name.endswith(("_on", "_from", "_until"))):
        return draw(st.sampled_from(odd.DAYS))
    return value


def _address(template: str, given: dict[str, Any]) -> str:
    for name, value in given.items():
        text = unquote(_written(value).decode(errors="replace"))
        template = template.replace(f"{{{name}}}", quote(text, safe="") or "%20")
    return template


def _written(value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


def _content(body: Any) -> bytes | None:
    if body is NOT_SET:
        return None
    return body if isinstance(body, bytes) else json.dumps(getattr(body, "value", body)).encode()
