"""What the small simulators of Paystack and PayPal share: a WSGI application, a store, events."""

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, SystemClock
from core.gateways.simulator import faults
from core.gateways.simulator import html as pages
from core.gateways.simulator.faults import ConnectionLost

MOST_BYTES = 1 << 20
MOST_DUE = 100
Fields = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_REASONS = {
    200: "OK",
    201: "Created",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Entity",
    500: "Internal Server Error",
}
_DUE = """
with due as (
  select provider, kind, id
  from simulator.sibling_objects
  where provider = :provider and kind = 'event'
  order by seq
  limit :most
  for update skip locked
)
delete from simulator.sibling_objects o
using due
where o.provider = due.provider and o.kind = due.kind and o.id = due.id
returning o.seq, o.body
"""


class No(Exception):
    """A refusal: the status and the body that go back; nothing of the request stays."""

    def __init__(self, status: int, body: Fields) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Asked:
    """A request; `fields` are those of its JSON or form."""

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes
    headers: Mapping[str, str]
    home: str
    """Where the application is reached."""

    @property
    def fields(self) -> Fields:
        """The fields of the body. Raises ValueError when there is no object in it."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))
        found = json.loads(self.raw or b"{}")
        if not isinstance(found, dict):
            raise ValueError("the body is no object")
        return found


@dataclass(frozen=True)
class Reply:
    """What goes back: an object as JSON, or a page."""

    body: Fields | str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    def lines(self) -> list[tuple[str, str]]:
        """The headers, with the type and length of the body."""
        kind = "text/html; charset=utf-8" if isinstance(self.body, str) else "application/json"
        return [("Content-Type", kind), ("Content-Length", str(len(self.raw()))), *self.headers]

    def raw(self) -> bytes:
        """The body as it travels."""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass
class Store:
    """The objects of one provider as one request sees and changes them; `now` is Unix time."""

    connection: Connection
    provider: str
    now: int
    seed: int = 1

    def serial(self) -> int:
        """A number that was never given before."""
        found = self.connection.scalar(text("select nextval('simulator.serial')"))
        assert isinstance(found, int)
        return found

    def new_id(self, length: int = 17) -> str:
        """Capitals and digits, never given before; the same for a seed and a course of requests."""
        return hashlib.sha256(f"{self.seed}:{self.serial()}".encode()).hexdigest()[:length].upper()

    def at(self) -> str:
        """The time as both providers write it."""
        return iso(self.now)

    def add(self, kind: str, given: str, body: Fields) -> bool:
        """Keep a new object; False when there is one of this id."""
        added = self.connection.execute(
            text(
                "insert into simulator.sibling_objects (provider, kind, id, created, body) "
                "values (:provider, :kind, :id, :created, cast(:body as jsonb)) "
                "on conflict do nothing"
            ),
            self._named(kind, given) | {"created": self.now, "body": json.dumps(body)},
        )
        return added.rowcount == 1

    def find(self, kind: str, given: str, *, lock: bool = False) -> Fields | None:
        """An object, locked until the request ends if so asked."""
        body: Fields | None = self.connection.scalar(
            text(
                "select body from simulator.sibling_objects "
                "where provider = :provider and kind = :kind and id = :id"
                + (" for update" if lock else "")
            ),
            self._named(kind, given),
        )
        return body

    def change(self, kind: str, given: str, **facts: Any) -> Fields:
        """Write facts into an object; returns it whole."""
        body: Fields | None = self.connection.scalar(
            text(
                "update simulator.sibling_objects set body = body || cast(:facts as jsonb) "
                "where provider = :provider and kind = :kind and id = :id returning body"
            ),
            self._named(kind, given) | {"facts": json.dumps(facts)},
        )
        assert body is not None
        return body

    def having(self, kind: str, **facts: str) -> list[Fields]:
        """The objects of these facts, newest first."""
        return self.page(kind, 1, MOST_BYTES, facts=facts)[0]

    def page(
        self,
        kind: str,
        page: int,
        size: int,
        *,
        since: int | None = None,
        until: int | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> tuple[list[Fields], int]:
        """A page of a list, newest first, and how many there are; both times included."""
        where = ["provider = :provider", "kind = :kind"]
        values: Fields = {"provider": self.provider, "kind": kind}
        for name, sign, moment in (("since", ">=", since), ("until", "<=", until)):
            if moment is not None:
                where.append(f"created {sign} :{name}")
                values[name] = moment
        for name, value in (facts or {}).items():
            where.append(f"body ->> '{name}' = :{name}")
            values[name] = value
        rows = self.connection.execute(
            text(
                "select body, count(*) over () as total from simulator.sibling_objects "
                f"where {' and '.join(where)} order by created desc, seq desc "
                "limit :size offset :skipped"
            ),
            values | {"size": size, "skipped": (page - 1) * size},
        ).all()
        return [row.body for row in rows], rows[0].total if rows else 0

    def tell(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Keep an event to be sent."""
        body = {"headers": dict(headers), "raw": raw.decode()}
        self.add("event", f"{self.serial()}", body)

    def _named(self, kind: str, given: str) -> Fields:
        return {"provider": self.provider, "kind": kind, "id": given}


Handler = Callable[[Store, Asked, str], Reply]


@dataclass(frozen=True)
class Route:
    """An endpoint; `answer` gets what stands in the path's place of `{}`."""

    method: str
    path: str
    answer: Handler
    open: bool = False
    """Whether it needs no credentials of a caller."""
    page: bool = False
    """Whether it is for people."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        escaped = re.escape(self.path).replace(r"\{\}", "([^/]{1,255})")
        object.__setattr__(self, "pattern", re.compile(escaped))


class Sibling(ABC):
    """A simulator as a WSGI application; all it remembers is in the database of its engine.

    `pages_at` is where people reach its pages; without it they are where the call came in. One
    of `pages_only` serves nothing but them, and may be put where everybody can reach it.
    """

    provider: ClassVar[str]
    routes: ClassVar[tuple[Route, ...]]

    def __init__(
        self,
        engine: Engine,
        clock: Clock | None = None,
        *,
        pages_at: str | None = None,
        pages_only: bool = False,
    ) -> None:
        self._engine, self._clock = engine, clock or SystemClock()
        self._pages_at = pages_at
        self._served = [route for route in self.routes if route.page or not pages_only]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333). Raises ConnectionLost when a fault says so."""
        try:
            reply = self._reply(self._asked(environ))
        except No as no:
            reply = Reply(no.body, no.status)
        except SQLAlchemyError:
            reply = Reply({"message": "An unknown error occurred"}, 500)
        start_response(f"{reply.status} {_REASONS.get(reply.status, 'Unknown')}", reply.lines())
        return [reply.raw()]

    @abstractmethod
    def admit(self, asked: Asked) -> None:
        """Refuse who brings no credentials. Raises No."""

    @abstractmethod
    def wrong(self, message: str) -> No:
        """A request that cannot be read, in the provider's words."""

    @abstractmethod
    def unknown(self, message: str) -> No:
        """Something that does not exist, in the provider's words."""

    def act(self, route: Route, given: str, store: Store, asked: Asked) -> Reply:
        """Carry a request out; a sibling that keeps keys of requests does it once."""
        return route.answer(store, asked, given)

    def _reply(self, asked: Asked) -> Reply:
        with self._engine.begin() as connection:
            fault = faults.take(connection, asked.method, asked.path)
        if fault and fault.kind == "lost_before":
            raise ConnectionLost
        if fault and fault.kind == "error_before":
            return Reply({"message": "An unknown error occurred"}, 500)
        reply = self._carried_out(asked)
        if fault:
            fault.wait()
        if fault and fault.kind == "lost_after":
            raise ConnectionLost
        if fault and fault.kind == "error_after":
            return Reply({"message": "An unknown error occurred"}, 500)
        return reply

    def _carried_out(self, asked: Asked) -> Reply:
        for route in self._served:
            found = route.pattern.fullmatch(asked.path) if route.method == asked.method else None
            if found:
                given = found[1] if found.groups() else ""
                with self._engine.begin() as connection:
                    store = store_of(connection, self.provider, self._clock)
                    if not (route.open or route.page):
                        self.admit(asked)
                    try:
                        return self.act(route, given, store, asked)
                    except (AttributeError, LookupError, TypeError, ValueError) as odd:
                        raise self.wrong(f"{type(odd).__name__}: {odd}") from odd
        raise self.unknown(f"There is nothing at {asked.method} {asked.path}")

    def _asked(self, environ: Mapping[str, Any]) -> Asked:
        said = str(environ.get("CONTENT_LENGTH") or 0)
        length = int(said) if said.isascii() and said.isdigit() else MOST_BYTES + 1
        if length > MOST_BYTES:
            raise No(413, {"message": "The request is too large"})
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        home = f"{environ.get('wsgi.url_scheme', 'http')}://{host}{environ.get('SCRIPT_NAME', '')}"
        return Asked(
            str(environ["REQUEST_METHOD"]),
            str(environ["PATH_INFO"]),
            dict(parse_qsl(str(environ.get("QUERY_STRING", "")))),
            environ["wsgi.input"].read(length) if length else b"",
            headers,
            (self._pages_at or home).rstrip("/"),
        )


def store_of(connection: Connection, provider: str, clock: Clock | None = None) -> Store:
    """The objects of a provider at the simulator's clock, else at the one given."""
    control = connection.execute(text("select seed, clock from simulator.control")).one()
    now = control.clock
    if now is None:
        now = int((clock or SystemClock()).now().timestamp())
    return Store(connection, provider, now, control.seed)


def iso(moment: int) -> str:
    """A Unix time as both providers write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def due(connection: Connection, provider: str) -> list[tuple[dict[str, str], bytes]]:
    """The signed events to be sent to us, oldest first; given once when the caller commits."""
    rows = connection.execute(text(_DUE), {"provider": provider, "most": MOST_DUE}).all()
    return [
        (row.body["headers"], row.body["raw"].encode()) for row in sorted(rows, key=lambda r: r.seq)
    ]


def page(title: str, sum_text: str, description: str, choices: Mapping[str, str]) -> Reply:
    """A page with a button for each choice, by the value that it sends as `choice`."""
    policy = f"default-src 'none'; style-src 'sha256-{pages.STYLE_HASH}'; base-uri 'none'"
    body = pages.choosing(title, sum_text, description, choices)
    return Reply(body, headers=(("Content-Security-Policy", policy),))


def sent_on(address: str, **more: str) -> Reply:
    """Send a person to an address, with more parameters."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in more.items())
    joined = "&" if "?" in address else "?"
    return Reply("", 303, (("Location", f"{address}{joined}{query}" if query else address),))
