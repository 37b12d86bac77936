"""Keeps and finds the simulator's objects, on the connection of one request."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, text

from core.gateways.simulator.deliveries import queue
from core.gateways.simulator.shapes import (
    BALANCE_TRANSACTION,
    BY_PREFIX,
    CHARGE,
    EVENT,
    EXPANDABLE,
    Kind,
)
from core.gateways.simulator.wire import Fields, Problem, unknown_id

MOST_EXPANDED = 4
USUAL_PAGE = 10
MOST_DUE = 100
"""Objects of a kind whose time has come that one request sees to."""


@dataclass
class Store:
    """The objects as one request sees and changes them; `now` is Unix time."""

    connection: Connection
    now: int
    seed: int
    request_id: str = ""
    key: str | None = None
    pages_at: str = ""

    def new_id(self, prefix: str) -> str:
        """An id that was never given before, the same for a seed and a course of requests."""
        serial = self.connection.scalar(text("select nextval('simulator.serial')"))
        digest = hashlib.sha256(f"{self.seed}:{serial}".encode()).hexdigest()
        return f"{prefix}_{digest[:24]}"

    def add(self, kind: Kind, facts: Fields, **columns: Any) -> Fields:
        """Keep a new object; returns it whole."""
        made = {
            "id": facts.get("id") or self.new_id(kind.prefix),
            "object": kind.name,
            "created": self.now,
            **facts,
        }
        names = "".join(f", {name}" for name in columns)
        values = "".join(f", :{name}" for name in columns)
        self.connection.execute(
            text(
                f"insert into simulator.{kind.table} (id, created, body{names}) "
                f"values (:id, :created, cast(:body as jsonb){values})"
            ),
            {"id": made["id"], "created": self.now, "body": json.dumps(made), **columns},
        )
        return kind.whole(made)

    def find(self, kind: Kind, given: str, param: str = "id", *, lock: bool = False) -> Fields:
        """An object, locked until the request ends if so asked. Raises Problem, 404."""
        body = self.connection.scalar(
            text(
                f"select body from simulator.{kind.table} where id = :id"
                + (" for update" if lock else "")
            ),
            {"id": given},
        )
        if body is None:
            raise unknown_id(kind.name, given, param)
        return self._seen(kind, body)

    def change(self, kind: Kind, given: str, **facts: Any) -> Fields:
        """Write facts into an object; returns it whole."""
        body = self.connection.scalar(
            text(
                f"update simulator.{kind.table} set body = body || cast(:facts as jsonb) "
                "where id = :id returning body"
            ),
            {"id": given, "facts": json.dumps(facts)},
        )
        return kind.whole(cast("Fields", body))

    def tell(self, what: str, about: Fields, before: Fields | None = None) -> None:
        """Keep an event with the object as it is now, and the fields as they were before."""
        data = {"object": about} | ({"previous_attributes": before} if before else {})
        request = {"id": self.request_id or None, "idempotency_key": self.key}
        number = self.new_id(EVENT.prefix)
        waiting = queue(self.connection, number, self.now, self.seed)
        facts = {"type": what, "data": data, "request": request, "pending_webhooks": waiting}
        self.add(EVENT, {"id": number, **facts})

    def due(self, kind: Kind) -> list[Fields]:
        """The objects of a kind whose time has come, the longest waiting first, locked."""
        rows = self.connection.scalars(
            text(
                f"select body from simulator.{kind.table} where due_at <= :now "
                "order by due_at, seq limit :most for update"
            ),
            {"now": self.now, "most": MOST_DUE},
        )
        return [kind.whole(body) for body in rows]

    def schedule(self, kind: Kind, given: str, at: int | None) -> None:
        """Have an object be due at a time; None for never."""
        self.connection.execute(
            text(f"update simulator.{kind.table} set due_at = :at where id = :id"),
            {"id": given, "at": at},
        )

    def page(self, kind: Kind, url: str, asked: Fields, filters: Fields) -> Fields:
        """A list, newest first, from a cursor on."""
        backwards = "ending_before" in asked
        where, values = self._limits(kind, asked, filters)
        limit = asked.get("limit", USUAL_PAGE)
        order = "created, seq" if backwards else "created desc, seq desc"
        rows = self.connection.scalars(
            text(
                f"select body from simulator.{kind.table} where {' and '.join(where)} "
                f"order by {order} limit :limit"
            ),
            {**values, "limit": limit + 1},
        ).all()
        kept = [self._seen(kind, body) for body in rows[:limit]]
        return {
            "object": "list",
            "data": kept[::-1] if backwards else kept,
            "has_more": len(rows) > limit,
            "url": url,
        }

    def _limits(self, kind: Kind, asked: Fields, filters: Fields) -> tuple[list[str], Fields]:
        where, values = ["true"], {}
        for sign, comparison in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
            if sign in asked.get("created", {}):
                where.append(f"created {comparison} :{sign}")
                values[sign] = asked["created"][sign]
        for name, value in filters.items():
            column = name if name in kind.columns else f"body ->> '{name}'"
            where.append(f"{column} = any(:{name})")
            values[name] = value if isinstance(value, list) else [value]
        for cursor, comparison in (("starting_after", "<"), ("ending_before", ">")):
            if cursor in asked:
                self.find(kind, asked[cursor], cursor)
                where.append(
                    f"(created, seq) {comparison} "
                    f"(select created, seq from simulator.{kind.table} where id = :{cursor})"
                )
                values[cursor] = asked[cursor]
        return where, values

    def _seen(self, kind: Kind, body: Fields) -> Fields:
        if kind is BALANCE_TRANSACTION and body["available_on"] <= self.now:
            return kind.whole(body | {"status": "available"})
        return kind.whole(body)

    def expanded(self, answer: Fields, paths: list[str]) -> Fields:
        """The answer with the fields of these paths as whole objects. Raises Problem."""
        for path in paths:
            steps = path.split(".")
            if len(steps) > MOST_EXPANDED + (steps[0] == "data"):
                raise Problem(400, f"You cannot expand more than {MOST_EXPANDED} levels: {path}")
            if steps[0] == "data" and answer.get("object") == "list":
                for item in answer["data"]:
                    self._expand(item, steps[1:], path)
            else:
                self._expand(answer, steps, path)
        return answer

    def _expand(self, item: Fields, steps: list[str], path: str) -> None:
        if not steps:
            return
        name = steps[0]
        if name not in EXPANDABLE or name not in item:
            raise Problem(400, f"This property cannot be expanded: {path}", param="expand")
        if isinstance(item[name], str):
            # A charge that was adopted may carry a number of ours.
            kind = BY_PREFIX.get(item[name].partition("_")[0], CHARGE)
            item[name] = self.find(kind, item[name])
        for inner in item[name] if isinstance(item[name], list) else [item[name]]:
            if isinstance(inner, dict):
                self._expand(inner, steps[1:], path)
