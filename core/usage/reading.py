"""Usage prices and events as files hold them: JSON, JSON lines, CSV."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from core.errors import BadInput
from core.usage.counting import UsageEvent
from core.usage.pricing import Pricing, Tier

PRICING_FIELDS = ("model", "tiers", "included", "package_size", "minimum_minor", "currency")
TIER_FIELDS = ("up_to", "unit_minor", "flat_minor")
EVENT_FIELDS = ("event_id", "meter", "quantity", "subject", "occurred_at")


def pricing_of(text: str) -> tuple[Pricing, str | None]:
    """A pricing and its currency, if named, from JSON; numbers keep their digits.

    `{"model", "tiers": [{"up_to", "unit_minor", "flat_minor"}], "included", "package_size",
    "minimum_minor", "currency"}`; what may be missing has its default. Raises BadInput saying
    what is wrong and where.
    """
    data = _object("The price", _json("The price", text), PRICING_FIELDS)
    tiers = data.get("tiers", [])
    if not isinstance(tiers, list):
        raise BadInput("tiers is a list")
    currency = data.get("currency")
    if currency is not None and not re.fullmatch(r"[A-Z]{3}", str(currency)):
        raise BadInput(f"{currency!r} is not an ISO 4217 currency")
    pricing = Pricing(
        str(data.get("model", "per_unit")),
        tuple(_tier(f"tier {place}", tier) for place, tier in enumerate(tiers, start=1)),
        _number("included", data.get("included", 0)),
        _optional("package_size", data.get("package_size")),
        _whole("minimum_minor", data.get("minimum_minor", 0)),
    )
    return pricing, currency


def events_of(data: bytes, tenant_id: int, *, is_csv: bool, most: int) -> list[UsageEvent]:
    """A tenant's events from a CSV file with a header, or from one JSON object a line.

    Raises BadInput naming the line, also when there are more than `most`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadInput("The file is not UTF-8 text") from problem
    events: list[UsageEvent] = []
    for place, row in _csv_rows(text) if is_csv else _json_rows(text):
        if len(events) == most:
            raise BadInput(f"The file has more than {most} events")
        events.append(_event(place, row, tenant_id))
    return events


def _event(place: str, row: dict[str, Any], tenant_id: int) -> UsageEvent:
    for field in ("event_id", "meter", "occurred_at"):
        if not isinstance(row.get(field), str) or not row[field]:
            raise BadInput(f"{place}: {field} is missing or not a text")
    try:
        occurred_at = datetime.fromisoformat(row["occurred_at"])
    except ValueError as problem:
        raise BadInput(f"{place}: occurred_at is not an ISO 8601 instant") from problem
    quantity, subject = row.get("quantity"), row.get("subject")
    return UsageEvent(
        tenant_id,
        row["event_id"],
        row["meter"],
        occurred_at,
        Decimal(1) if quantity in (None, "") else _number(f"{place}: quantity", quantity),
        None if subject in (None, "") else str(subject),
    )


def _csv_rows(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            place = f"line {reader.line_num}"
            if None in row or None in row.values():
                raise BadInput(f"{place}: has another number of columns than the header")
            yield place, _object(place, row, EVENT_FIELDS)
    except csv.Error as problem:
        raise BadInput(f"line {reader.line_num}: {problem}") from problem


def _json_rows(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"line {number}"
            yield place, _object(place, _json(place, line), EVENT_FIELDS)


def _json(place: str, text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{place} is not JSON: {problem}") from problem


def _object(place: str, data: object, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadInput(f"{place}: is not an object with {', '.join(fields)}")
    if unknown := [name for name in data if name not in fields]:
        raise BadInput(f"{place}: unknown field {unknown[0]!r}; there are {', '.join(fields)}")
    return data


def _tier(place: str, data: object) -> Tier:
    row = _object(place, data, TIER_FIELDS)
    if "unit_minor" not in row:
        raise BadInput(f"{place}: unit_minor is missing")
    return Tier(
        _optional(f"{place}: up_to", row.get("up_to")),
        _number(f"{place}: unit_minor", row["unit_minor"]),
        _whole(f"{place}: flat_minor", row.get("flat_minor", 0)),
    )


def _optional(place: str, value: object) -> Decimal | None:
    return None if value is None else _number(place, value)


def _number(place: str, value: object) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise InvalidOperation
        return Decimal(value)
    except InvalidOperation as problem:
        raise BadInput(f"{place} is not a number") from problem


def _whole(place: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"{place} is not a whole number of minor units")
    return value
