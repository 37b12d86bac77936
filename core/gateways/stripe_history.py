"""Everything a Stripe account keeps of its past, list by list, page by page (IMP).

Stripe is asked patiently: when it says that there are too many requests, or does not answer, the
same page is asked for again after the time it names, or after one that doubles.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import stripe

from core.gateways.port import GatewayUnsure
from core.gateways.stripe_objects import TOLD, Facts, LeftOut, Unmappable
from core.gateways.stripe_wire import (
    ON_A_PAGE,
    StripeAccount,
    every,
    instant,
    second_from,
    translated,
)
from core.money import LARGEST_MINOR

MOST_TRIES = 8
LONGEST_WAIT = 120.0
"""Seconds; what Stripe asks for beyond that is not waited for in one go."""
UNDATED = ("customers", "products", "prices", "subscriptions")
"""Kinds that are always read whole: what is old may still be in use."""
LONGEST_WORDS = 500
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What taking an object apart raises that is not of the shape Stripe documents."""
_EXPANDED = {
    "subscriptions": {"status": "all", "expand": ["data.discounts.source.coupon"]},
    "disputes": {},
}


@dataclass(frozen=True)
class Seen:
    """An object of a list: its facts, or why there are none and whether that is a fault."""

    external_id: str
    happened_at: datetime
    facts: Facts = field(default_factory=dict)
    parent: str | None = None
    left_out: str = ""
    refused: str = ""


@dataclass(frozen=True)
class HistoryPage:
    """Objects of a kind, newest first, and the last one's id where more follow."""

    objects: list[Seen]
    after: str | None


class StripeHistory(StripeAccount):
    """The lists of an account, read with patience."""

    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def whoami(self) -> tuple[str, str]:
        """The account's id and its mode, test or live."""
        account = self._patiently(self._client.v1.accounts.retrieve_current)
        return str(account.id), "test" if self._test_mode else "live"

    def page(
        self, kind: str, after: str | None, since: datetime | None, until: datetime
    ) -> HistoryPage:
        """A page of a kind after an object, made before `until` and, where dated, since a moment.

        Raises GatewayUnsure when Stripe does not answer for long, or its list goes in a circle.
        """
        params: dict[str, Any] = {
            "limit": ON_A_PAGE,
            "created": {"lt": second_from(until)},
            **_EXPANDED.get(kind, {}),
        }
        if since and kind not in UNDATED:
            params["created"]["gte"] = second_from(since)
        if after:
            params["starting_after"] = after
        ask = getattr(self._client.v1, kind).list
        found = self._patiently(lambda: ask(params))
        with translated():
            objects = [self._seen(kind, each.to_dict()) for each in found.data]
        if not found.has_more:
            return HistoryPage(objects, None)
        if not objects or objects[-1].external_id == after:
            raise GatewayUnsure("Stripe's list breaks off although it says that there is more")
        return HistoryPage(objects, objects[-1].external_id)

    def _seen(self, kind: str, of: dict[str, Any]) -> Seen:
        number, at = str(of["id"]), instant(of["created"])
        try:
            if kind == "invoices" and of["lines"]["has_more"]:
                of["lines"]["data"] = self._all_lines(number)
            told = TOLD[kind](of)
            _keepable([told.facts, told.parent])
        except LeftOut as reason:
            return Seen(number, at, left_out=str(reason))
        except Unmappable as reason:
            return Seen(number, at, refused=str(reason))
        except UNREADABLE as problem:
            return Seen(number, at, refused=plain(f"it cannot be read: {problem!r}"))
        return Seen(number, at, told.facts, told.parent)

    def _all_lines(self, invoice: str) -> list[dict[str, Any]]:
        ask = self._client.v1.invoices.line_items.list
        whole = every(lambda params: self._patiently(lambda: ask(invoice, params)), {})
        return [each.to_dict() for each in whole]

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        for attempt in range(MOST_TRIES):
            try:
                return ask()
            except (stripe.RateLimitError, stripe.APIConnectionError, stripe.APIError) as problem:
                last = problem
                if attempt < MOST_TRIES - 1:
                    self.sleep(_wait(problem, attempt))
            except stripe.StripeError as problem:
                with translated():
                    raise problem
        raise GatewayUnsure(
            f"Stripe did not answer after {MOST_TRIES} tries: {type(last).__name__}; "
            "what was read is kept, go on later"
        ) from last


def _keepable(facts: Any) -> None:
    """Raises ValueError for what the database or our books cannot keep."""
    written = json.dumps(facts, ensure_ascii=False, allow_nan=False)
    written.encode()
    if "\\u0000" in written:
        raise ValueError("it holds a NUL character")
    _within_bounds(facts)


def _within_bounds(facts: Any) -> None:
    for name, value in facts.items() if isinstance(facts, dict) else enumerate(facts):
        if isinstance(value, dict | list):
            _within_bounds(value)
        elif str(name).endswith("_minor") and value is not None and abs(value) > LARGEST_MINOR:
            raise ValueError(f"{value} is beyond what can be booked")


def plain(words: str) -> str:
    """Words that can be kept and shown, cut short."""
    return words.encode(errors="replace").decode().replace("\0", "")[:LONGEST_WORDS]


def _wait(problem: stripe.StripeError, attempt: int) -> float:
    """Seconds: what Stripe asks for, else one that doubles; never all at the same moment."""
    said = str((problem.headers or {}).get("Retry-After", ""))
    wait = float(said) if said.isascii() and said.isdigit() else 2.0**attempt / 2
    return min(wait, LONGEST_WAIT) + random.uniform(0, 0.25)  # noqa: S311 (spreads, hides nothing)
