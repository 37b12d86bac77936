"""The kinds of files and their fields, as `docs/commands.md` lists them."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import Locale

from core.clock import within_reach
from core.imports.reading import Field, Reading, Row
from core.money import LARGEST_MINOR, minor_from_units
from core.payments.models import METHODS
from core.plans.facts import NO_PLAN
from core.plans.models import CYCLES
from core.subscriptions.models import STATUSES

_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_COUNTRIES = {str(code) for code in Locale("en").territories} - _NO_COUNTRY
_CYCLES = {cycle: cycle for cycle in CYCLES} | {
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "half-yearly": "semiannual",
    "biannual": "semiannual",
    "semi-annual": "semiannual",
    "year": "annual",
    "yearly": "annual",
}
_STATUSES = {status: status for status in STATUSES} | {
    "trialing": "trial",
    "trialling": "trial",
    "grace": "grace_period",
    "canceled": "cancelled",
    "ended": "cancelled",
    "expired": "cancelled",
}
_OPEN_WORDS = ("issued", "open", "sent", "due", "overdue", "unpaid", "partially_paid", "partial")
_INVOICE_STATUSES = dict.fromkeys(_OPEN_WORDS, "issued") | {
    "paid": "paid",
    "settled": "paid",
    "closed": "paid",
    "draft": "draft",
    "void": "cancelled",
    "voided": "cancelled",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "written_off": "written_off",
    "uncollectible": "written_off",
}
_OWN = ("settled_before_import", "wallet", "credit_note")
"""Methods Saldo writes itself; money a file says came by one of them came from elsewhere."""
_METHODS = {method: method for method in METHODS if method not in _OWN} | {
    "bank": "bank_transfer",
    "transfer": "bank_transfer",
    "wire": "bank_transfer",
    "credit_card": "card",
    "debit_card": "card",
}
_PATTERN = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"}


def text(value: str, _reading: Reading) -> str:
    """A text of at most 500 characters."""
    if len(value) > 500:
        raise ValueError("longer than 500 characters")
    return value


def day(value: str, reading: Reading) -> date:
    """A calendar date in the given format, ISO by default."""
    given = reading.date_format
    try:
        if given is None:
            found = date.fromisoformat(value)
        else:
            found = datetime.strptime(value, _strptime(given)).date()  # noqa: DTZ007
    except ValueError as problem:
        raise ValueError(
            f"{value!r} is not a date in the format {given or 'YYYY-MM-DD'}"
        ) from problem
    return within_reach(found)


def first_of_month(value: str, reading: Reading) -> date:
    """A month as YYYY-MM, or any date in it."""
    if re.fullmatch(r"\d{4}-\d{2}", value):
        return within_reach(date.fromisoformat(value + "-01"))
    return day(value, reading).replace(day=1)


def currency(value: str, _reading: Reading) -> str:
    """An ISO 4217 code."""
    if not re.fullmatch("[A-Za-z]{3}", value) or value.upper() not in Locale("en").currencies:
        raise ValueError(f"{value!r} is not an ISO 4217 currency code")
    return value.upper()


def country(value: str, _reading: Reading) -> str:
    """An ISO 3166 alpha-2 code."""
    if not re.fullmatch("[A-Za-z]{2}", value) or value.upper() not in _COUNTRIES:
        raise ValueError(f"{value!r} is not an ISO 3166 country code of two letters")
    return value.upper()


def slug(value: str, _reading: Reading) -> str:
    """A plan's slug; names are turned into one, which never is that of no plan."""
    made = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    if not made:
        raise ValueError(f"{value!r} gives no slug of letters and digits")
    return f"{made}-plan" if made == NO_PLAN else made


def yes_or_no(value: str, _reading: Reading) -> bool:
    """Yes/no, true/false, 1/0."""
    word = value.lower()
    if word in ("yes", "y", "true", "t", "1"):
        return True
    if word in ("no", "n", "false", "f", "0"):
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def rate(value: str, _reading: Reading) -> Decimal:
    """EUR for one unit: a positive decimal of at most ten places."""
    try:
        number = Decimal(value)
    except InvalidOperation as problem:
        raise ValueError(f"{value!r} is not a rate") from problem
    if not number.is_finite() or not 0 < number < 10**10:
        raise ValueError(f"{value!r} is not a positive rate")
    kept = number.quantize(Decimal("1e-10"))
    if kept == 0:
        raise ValueError(f"{value!r} is too small a rate")
    return kept


def amount(value: str, _reading: Reading) -> str:
    """Left as text until the row's currency is known; see `settle_amounts`."""
    return value


def _word(table: dict[str, str], what: str) -> Any:
    def parse(value: str, _reading: Reading) -> str:
        word = re.sub(r"[\s]+", "_", value.strip().lower())
        if word not in table:
            raise ValueError(f"{value!r} is not a {what}; known are {', '.join(table)}")
        return table[word]

    return parse


def any_method(value: str, _reading: Reading) -> str:
    """A known way of paying, or `other`."""
    return _METHODS.get(re.sub(r"[\s-]+", "_", value.lower()), "other")


def optional(name: str, parse: Any, default: Any = None) -> Field:
    """A field that may be empty or missing."""
    return Field(name, parse, required=False, default=default)


CYCLE = _word(_CYCLES, "billing cycle")
KINDS: dict[str, tuple[Field, ...]] = {
    "tenants": (
        Field("tenant_id", text),
        optional("name", text),
        optional("country", country),
        optional("signed_up_on", day),
        optional("email", text),
        optional("currency", currency),
    ),
    "plans": (
        Field("slug", slug),
        optional("name", text),
        optional("cycle", CYCLE, "monthly"),
        optional("currency", currency),
        Field("price_minor", amount),
    ),
    "subscriptions": (
        Field("subscription_id", text),
        Field("tenant_id", text),
        Field("plan", text),
        Field("started_on", day),
        optional("ended_on", day),
        optional("cycle", CYCLE, "monthly"),
        Field("amount_minor", amount),
        optional("currency", currency),
        optional("trial_ends_on", day),
        optional("status", _word(_STATUSES, "subscription status")),
    ),
    "cancellations": (
        Field("subscription_id", text),
        optional("tenant_id", text),
        Field("cancelled_on", day),
        optional("reason", text, ""),
    ),
    "invoices": (
        Field("invoice_id", text),
        Field("tenant_id", text),
        optional("number", text),
        Field("issued_on", day),
        optional("due_on", day),
        Field("amount_minor", amount),
        optional("tax_minor", amount, "0"),
        optional("currency", currency),
        optional("status", _word(_INVOICE_STATUSES, "invoice status"), "issued"),
        optional("disputed", yes_or_no),
    ),
    "payments": (
        Field("payment_id", text),
        Field("invoice_id", text),
        Field("paid_on", day),
        Field("amount_minor", amount),
        optional("currency", currency),
        optional("method", any_method, "other"),
        optional("reference", text),
    ),
    "costs": (
        Field("month", first_of_month),
        Field("category", text),
        Field("amount_minor", amount),
        optional("currency", currency),
    ),
    "cash": (
        Field("on", day),
        Field("account", text),
        Field("balance_minor", amount),
        optional("currency", currency),
    ),
    "fx": (Field("on", day), Field("currency", currency), Field("rate_to_eur", rate)),
}
AMOUNTS = ("price_minor", "amount_minor", "tax_minor", "balance_minor")


def in_minor(row: Row, name: str, code: str, *, units: bool) -> int:
    """The amount of a cell in minor units of a currency; raises ValueError or BadMoney."""
    value = row[name]
    if units:
        return minor_from_units(value, code)
    if not re.fullmatch(r"[+-]?\d+", value):
        raise ValueError(f"{value!r} is not a whole number of minor units; --units reads 50.39")
    if abs(int(value)) > LARGEST_MINOR:
        raise ValueError(f"{value!r} is beyond what Saldo keeps")
    return int(value)


def _strptime(given: str) -> str:
    if "%" in given:
        return given
    pattern = given.lower()
    for name, code in _PATTERN.items():
        pattern = pattern.replace(name, code)
    return pattern
