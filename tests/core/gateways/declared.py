"""Compares an answer with what the stripe library declares of its kind, field by field."""

import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union

import stripe
from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject


def undeclared(answer: dict[str, Any]) -> list[str]:
    """Where an answer, whatever it is about, is not as the library declares it."""
    if "error" in answer:
        return list(departures(answer["error"], stripe.ErrorObject, "error"))
    name = answer["object"]
    if name == "list" and str(answer.get("url")).startswith("/v1/invoices/"):
        # Two kinds of objects call themselves `line_item`.
        found = (departures(item, stripe.InvoiceLineItem, "line") for item in answer["data"])
        return [wrong for each in found for wrong in each]
    if name == "list":
        return [wrong for item in answer["data"] for wrong in undeclared(item)]
    kind: Any = stripe
    for step in name.split("."):
        kind = getattr(kind, step if step in ("checkout", "billing_portal") else _class(step))
    found = list(departures(answer, kind, name))
    return found + (undeclared(answer["data"]["object"]) if name == "event" else [])


def _class(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def departures(value: Any, hint: Any, where: str) -> Iterator[str]:
    """Where a value is not of its declared type."""
    if isinstance(hint, str):
        hint = ForwardRef(hint)
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        tried = [list(departures(value, inner, where)) for inner in typing.get_args(hint)]
        if all(tried):
            yield from min(tried, key=len)
    elif origin is Literal:
        if value not in typing.get_args(hint):
            yield f"{where}: {value!r} is not one of the words"
    elif origin is list:
        yield from _of_list(value, typing.get_args(hint)[0], where)
    elif origin is ListObject:
        yield from _of_list(value["data"], typing.get_args(hint)[0], where)
    elif origin is UntypedStripeObject:
        yield from _of_map(value, typing.get_args(hint)[0], where)
    elif isinstance(hint, ForwardRef):
        found = getattr(stripe, hint.__forward_arg__, None)
        yield from _of_class(value, found, where) if found else (f"{where}: {hint} is unknown",)
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from _of_class(value, hint, where)
    elif hint is Decimal:  # the wire has a text
        if not (isinstance(value, str) and Decimal(value).is_finite()):
            yield f"{where}: {value!r} is no decimal in a text"
    elif hint is not Any and type(value) is not hint:
        yield f"{where}: {value!r} is no {hint}"


def _of_class(value: Any, declared: type[Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {declared.__name__}"
        return
    hints = {name: hint for name, hint in declared.__annotations__.items() if name != "OBJECT_NAME"}
    for name in value.keys() - hints.keys():
        yield f"{where}.{name}: not declared"
    for name, hint in hints.items():
        if name in value:
            yield from departures(value[name], hint, f"{where}.{name}")
        elif type(None) not in typing.get_args(hint):
            yield f"{where}.{name}: left out"


def _of_list(value: Any, inner: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, item in enumerate(value):
        yield from departures(item, inner, f"{where}[{place}]")


def _of_map(value: Any, inner: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    for name, item in value.items():
        yield from departures(item, inner, f"{where}.{name}")
