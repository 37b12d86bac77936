"""The simulator as a WSGI application: one request, one transaction, one answer."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, SystemClock
from core.gateways.simulator import faults
from core.gateways.simulator.control import opened
from core.gateways.simulator.faults import ConnectionLost, Fault
from core.gateways.simulator.pages import Pages, is_page
from core.gateways.simulator.parameters import checked
from core.gateways.simulator.routes import Route, route_of
from core.gateways.simulator.settling import settle
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Answer, Fields, Problem, Request, body_of, lines, read

KEY_KEPT = 24 * 3_600
"""Seconds after which an idempotency key is forgotten."""
LONGEST_KEY = 255
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Simulator:
    """Answers as the gateway would; all it remembers is in the database of its engine."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine, self._clock = engine, clock or SystemClock()
        self._pages = Pages(engine, self._clock)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333). Raises ConnectionLost when a fault says so."""
        if is_page(environ):
            return self._pages(environ, start_response)
        request_id = f"req_{secrets.token_hex(7)}"
        try:
            answer = self._answer(read(environ), request_id)
        except Problem as problem:
            answer = Answer.of(problem.body, problem.status)
        except SQLAlchemyError:
            answer = faults.server_error()
        start_response(answer.line, lines(answer, request_id))
        return body_of(answer)

    def _answer(self, request: Request, request_id: str) -> Answer:
        _admit(request)
        with self._engine.begin() as connection:
            store = opened(connection, self._clock, request_id, request.key)
            settle(store)
            fault = faults.take(connection, request.method, request.path)
        if fault and fault.kind == "lost_before":
            raise ConnectionLost
        if fault and fault.kind == "error_before":
            return faults.server_error()
        if fault and fault.kind == "too_many":
            return faults.too_many(fault)
        route, given = route_of(request.method, request.path)
        asked = checked(request.fields, route.known, route.required)
        with self._engine.begin() as connection:
            store = opened(connection, self._clock, request_id, request.key)
            answer = _once(store, request, fault, lambda: _carry_out(store, route, given, asked))
        if fault and fault.kind == "lost_after":
            raise ConnectionLost
        return answer


def _admit(request: Request) -> None:
    if not request.bearer:
        raise Problem(401, "You did not provide an API key.")
    if not request.bearer.startswith(("sk_test_", "rk_test_")):
        shown = "*" * 8 + request.bearer[-4:]
        raise Problem(401, f"Invalid API Key provided: {shown}")
    if request.key is not None and not 0 < len(request.key) <= LONGEST_KEY:
        raise Problem(
            400,
            f"Idempotency keys are 1 to {LONGEST_KEY} characters long.",
            type="idempotency_error",
        )


def _carry_out(store: Store, route: Route, given: str, asked: Fields) -> Answer:
    paths = asked.pop("expand", [])
    point = store.connection.begin_nested()
    try:
        answer = Answer.of(store.expanded(route.answer(store, given, asked), paths))
    except Problem as problem:
        if problem.keeps:
            point.commit()
        else:
            point.rollback()
        return Answer.of(problem.body, problem.status)
    point.commit()
    return answer


def _once(store: Store, request: Request, fault: Fault | None, act: Callable[[], Answer]) -> Answer:
    """Act, or give the first answer again when the key was used for the same request before."""
    if request.key is None:
        return _delayed(fault, act)
    if not store.connection.scalar(
        text("select pg_try_advisory_xact_lock(hashtextextended('simulator:' || :key, 0))"),
        {"key": request.key},
    ):
        raise Problem(
            409,
            "There is another request in progress with this idempotency key.",
            code="idempotency_key_in_use",
        )
    first = _first(store, request)
    return first or _keep(store, request, _delayed(fault, act))


def _delayed(fault: Fault | None, act: Callable[[], Answer]) -> Answer:
    answer = act()
    if fault:
        fault.wait()
    return faults.server_error() if fault and fault.kind == "error_after" else answer


def _first(store: Store, request: Request) -> Answer | None:
    store.connection.execute(
        text("delete from simulator.idempotency where key = :key and created <= :before"),
        {"key": request.key, "before": store.now - KEY_KEPT},
    )
    found = store.connection.execute(
        text("select * from simulator.idempotency where key = :key"), {"key": request.key}
    ).one_or_none()
    if found is None:
        return None
    if found.request != request.identity:
        raise Problem(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{request.key}'.",
            type="idempotency_error",
        )
    headers = (("Idempotent-Replayed", "true"), ("Original-Request", found.request_id))
    return Answer(found.status, found.body, headers)


def _keep(store: Store, request: Request, answer: Answer) -> Answer:
    store.connection.execute(
        text(
            "insert into simulator.idempotency (key, request, request_id, status, body, created) "
            "values (:key, :request, :request_id, :status, :body, :created)"
        ),
        {
            "key": request.key,
            "request": request.identity,
            "request_id": store.request_id,
            "status": answer.status,
            "body": answer.body,
            "created": store.now,
        },
    )
    return answer
