"""The gate every write goes through, and the registry that doors and tests read."""

import dataclasses
import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from core.access.permissions import PERMISSIONS, SIGNED_IN
from core.base import Base
from core.errors import FreshAuthNeeded, KeyReused, NotAllowed, ReasonNeeded
from core.idempotency import IdempotencyKey
from core.work import Work

SHORTEST_REASON = 10
LONGEST_REASON = 2_000
NOT_HASHED = ("work", "key", "reason", "password", "secret", "code", "copied")
"""Arguments that say nothing of what is asked, or whose hash would give a secret to guess."""
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class ActionSpec:
    """What an action demands before it runs."""

    event_type: str
    needs: str | None
    fresh: bool
    reason: bool
    system: bool
    function: Callable[..., Any]


REGISTRY: dict[str, ActionSpec] = {}


def action(
    event_type: str,
    *,
    needs: str | None,
    fresh: bool = False,
    reason: bool | None = None,
    system: bool = False,
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Work, P], R]]:
    """Declare a write: the permission it needs, fresh sign-in, a reason, whether jobs may run it.

    The function may take keyword arguments `reason` (kept in the audit row) and `key` (an
    idempotency key of 8 to 200 characters: a repeated request returns the first answer). It
    calls `work.tell(...)` with what the audit row shall say. One unit of work runs one action.
    `needs=None` is for jobs alone, `needs=SIGNED_IN` for whoever is signed in.
    """
    wants_reason = fresh if reason is None else reason

    def declare(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Work, P], R]:
        signature = inspect.signature(function)
        known = needs in (None, SIGNED_IN, *PERMISSIONS)
        assert known, f"{event_type} needs an unknown permission"
        assert needs is not None or system, f"{event_type} could be run by nobody"
        assert not wants_reason or "reason" in signature.parameters, f"{event_type} takes no reason"
        assert event_type not in REGISTRY, f"{event_type} is declared twice"
        spec = ActionSpec(event_type, needs, fresh, wants_reason, system, function)

        @functools.wraps(function)
        def gated(work: Work, *args: P.args, **kwargs: P.kwargs) -> R:
            assert work.rehearsal or work.event_type is None, "one unit of work runs one action"
            given = signature.bind(work, *args, **kwargs).arguments
            _admit(work, spec, str(given.get("reason") or ""))
            return _once(work, spec, given, lambda: function(work, *args, **kwargs))

        REGISTRY[event_type] = spec
        return cast("Callable[Concatenate[Work, P], R]", gated)

    return declare


def _admit(work: Work, spec: ActionSpec, reason: str) -> None:
    if work.actor.kind == "system":
        if not spec.system:
            raise NotAllowed(f"{spec.event_type} is done by a person, not by {work.actor.name}")
        return
    if spec.needs is None:
        raise NotAllowed(f"{spec.event_type} is run by the system alone")
    work.require(spec.needs)
    if work.rehearsal:
        return
    if spec.fresh and work.actor.kind == "api_key":
        raise FreshAuthNeeded(f"{spec.event_type} is done by a person who has just signed in")
    if spec.fresh and (work.standing.fresh_until is None or work.standing.fresh_until <= work.now):
        raise FreshAuthNeeded
    if spec.reason and not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise ReasonNeeded


def _once(work: Work, spec: ActionSpec, given: dict[str, Any], run: Callable[[], R]) -> R:
    key = given.get("key")
    if key is None:
        return _audited(work, spec, given, run)
    if not 8 <= len(key) <= 200:
        raise KeyReused("An idempotency key has 8 to 200 characters")
    scope = f"{spec.event_type}|{work.actor.user_id or work.actor.name}"
    asked = {name: value for name, value in given.items() if name not in NOT_HASHED}
    digest = hashlib.sha256(json.dumps(_plain(asked), sort_keys=True).encode()).digest()
    # A second request with the same key waits here until the first has committed.
    claimed = work.session.scalar(
        insert(IdempotencyKey)
        .values(scope=scope, key=key, request_hash=digest, response={}, created_at=work.now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if claimed is None:
        first = work.session.get_one(IdempotencyKey, (scope, key))
        if first.request_hash != digest:
            raise KeyReused
        return cast("R", _revived(work, first.response))
    result = _audited(work, spec, given, run)
    work.session.flush()
    work.session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .values(response=_kept(result))
    )
    return result


def _audited(work: Work, spec: ActionSpec, given: dict[str, Any], run: Callable[[], R]) -> R:
    work.event_type = spec.event_type
    result = run()
    assert work.told, f"{spec.event_type} told the audit log nothing"
    if reason := str(given.get("reason") or "").strip():
        work.told["reason"] = reason
    return result


def _plain(value: Any) -> Any:
    """A value as JSON with one spelling, so that equal requests have equal hashes."""
    if isinstance(value, Base):
        return [type(value).__name__, _identity(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (date, Decimal)):
        return str(value)
    assert value is None or isinstance(value, (str, int, bool)), f"no spelling for {type(value)}"
    return value


def _identity(record: Base) -> list[Any]:
    return [getattr(record, str(column.key)) for column in record.__mapper__.primary_key]


def _kept(result: object) -> dict[str, Any]:
    if isinstance(result, Base):
        return {"table": result.__tablename__, "identity": _identity(result)}
    return {"value": _plain(result)}


def _revived(work: Work, kept: dict[str, Any]) -> object:
    if "table" in kept:
        mapped = {m.class_.__tablename__: m.class_ for m in Base.registry.mappers}
        return work.session.get_one(mapped[kept["table"]], tuple(kept["identity"]))
    return kept["value"]
