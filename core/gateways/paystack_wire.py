"""Paystack's wire: references, amounts and objects in the port's words (PAY.3)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote_to_bytes

from core.gateways.http import (
    Fields,
    Page,
    Refusal,
    Wire,
    every_row,
    instant,
    number,
    objects,
    text,
    whole,
)
from core.gateways.port import (
    Card,
    ChargeAnswer,
    CheckoutOutcome,
    CheckoutStatus,
    DisputeSeen,
    DisputeStatus,
    GatewayRefused,
    LedgerLine,
    News,
    PayoutSeen,
    RefundAnswer,
    Status,
)
from core.money import exponent, round_half_up

CURRENCIES = ("GHS", "KES", "NGN", "USD", "ZAR")
"""What Paystack's own document takes; all of them have hundredths, as Paystack's unit has."""
ON_A_PAGE = 100
OUR_PAGE = "saldo_page"
"""Stands in the metadata of what is paid on a page, so that its event tells it from a charge."""
PAID = ("success", "reversed")
"""Transactions that brought money; a reversed one was paid back afterwards."""
DECLINES = (
    ("insufficient", "insufficient_funds", False),
    ("expired", "expired_card", True),
    ("authenticat", "authentication_required", True),
    ("stolen", "stolen_card", True),
    ("lost card", "lost_card", True),
    ("restricted", "restricted_card", True),
    ("invalid card", "incorrect_number", True),
    ("not permitted", "transaction_not_allowed", True),
)
"""What the bank's sentence holds, our code for it, and whether no repetition will change it."""
_OURS = re.compile(rb"[^A-Za-z0-9_-]")
_OTHER = re.compile(r"[^a-z0-9]+")
_CHECKOUT: dict[str, CheckoutStatus] = {
    "success": "paid",
    "failed": "failed",
    "reversed": "failed",
}
_REFUND: dict[str, Status] = {"processed": "succeeded", "failed": "failed"}
_PAYOUT: dict[str, Literal["paid", "failed", "pending"]] = {
    "success": "paid",
    "failed": "failed",
    "pending": "pending",
}
_LOST = ("merchant-accepted", "auto-accepted")


def reference_of(key: str) -> str:
    """Our key in the characters of a reference: `_` is `.`, others are `=` and their bytes."""
    escaped = _OURS.sub(lambda found: b"=%02X" % ord(found[0]), key.encode())
    return escaped.decode().replace("_", ".")


def key_of(reference: str) -> str:
    """Our key in a reference; what is not ours comes back as it is."""
    escaped = reference.replace("%", "=25").replace(".", "_").replace("=", "%")
    try:
        key = unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        return reference
    return key if reference_of(key) == reference else reference


def to_paystack(amount_minor: int, currency: str) -> int:
    """Paystack's unit for our minor units. Raises GatewayRefused for other currencies."""
    if currency not in CURRENCIES:
        raise GatewayRefused(f"Paystack takes {', '.join(CURRENCIES)}, not {currency}")
    return amount_minor


def from_paystack(amount: object, currency: str) -> int:
    """Our minor units; Paystack counts hundredths where a currency has none, too."""
    return round_half_up(whole(amount) * 10 ** exponent(currency), 100)


def pages(wire: Wire, path: str, size: str | None, **asked: str | int) -> Iterator[Fields]:
    """Every row of a list; `size` names the parameter for the size of a page, if there is one."""

    def read(page: int) -> Page:
        turn = {size: ON_A_PAGE, "page": page} if size else {"page": page} if page > 1 else {}
        body = wire.call("GET", path, params=asked | turn)
        with wire.reading():
            rows = objects(body["data"])
            return {number(row["id"]): row for row in rows}, whole(body["meta"]["total"])

    return every_row(f"Paystack's list {path}", read)


def charge_answer(found: Fields) -> ChargeAnswer:
    """What became of a transaction."""
    status, given = text(found["status"]), text(found["reference"])
    if status == "success":
        return ChargeAnswer("succeeded", given, fee_of(found))
    if status in ("failed", "abandoned", "reversed"):
        code, hard = decline_of(found, status)
        return ChargeAnswer("failed", given, 0, code, hard)
    return ChargeAnswer("pending", given)


def fee_of(found: Fields) -> int:
    """What Paystack kept of a transaction, in minor units."""
    return from_paystack(found.get("fees") or 0, text(found["currency"]))


def decline_of(found: Fields, status: str) -> tuple[str, bool]:
    """The code of a decline, and whether it is hard, from the bank's sentence."""
    if status == "reversed":
        return status, False
    said = str(found.get("gateway_response") or status).lower()
    for phrase, code, hard in DECLINES:
        if phrase in said:
            return code, hard
    return _OTHER.sub("_", said).strip("_")[:60] or status, False


def outcome(found: Fields) -> CheckoutOutcome:
    """What became of a page; one that was left (`abandoned`) can still be paid on."""
    status = _CHECKOUT.get(text(found["status"]), "open")
    given, currency = text(found["reference"]), text(found["currency"])
    paid = status == "paid"
    return CheckoutOutcome(
        status,
        given,
        key_of(given),
        from_paystack(found["amount"], currency),
        currency,
        given if paid else None,
        fee_of(found) if paid else 0,
        _card(found) if paid else None,
    )


def _card(found: Fields) -> Card | None:
    kept = found.get("authorization") or {}
    if kept.get("channel") != "card" or not kept.get("reusable"):
        return None
    return Card(
        text(kept["authorization_code"]),
        text(found["customer"]["customer_code"]),
        str(kept.get("brand") or kept.get("card_type") or "card").strip(),
        str(kept.get("last4") or ""),
        whole(kept["exp_month"]) if kept.get("exp_month") else None,
        whole(kept["exp_year"]) if kept.get("exp_year") else None,
    )


def refund_answer(found: Fields) -> RefundAnswer:
    """What became of a refund."""
    status = _REFUND.get(text(found["status"]), "pending")
    failure = str(found.get("reason") or "failed") if status == "failed" else None
    return RefundAnswer(status, number(found["id"]), failure)


def charge_line(found: Fields, payout_id: str | None = None) -> LedgerLine:
    """The line of a paid transaction."""
    currency, given = text(found["currency"]), text(found["reference"])
    return LedgerLine(
        number(found["id"]),
        "charge",
        currency,
        from_paystack(found["amount"], currency),
        fee_of(found),
        instant(found["paid_at"]),
        source_id=given,
        payout_id=payout_id,
    )


def _refund_line(found: Fields) -> LedgerLine:
    """The line of a refund; one that a dispute forced is the dispute's."""
    currency, given = text(found["currency"]), number(found["id"])
    forced = found.get("dispute")
    return LedgerLine(
        f"refund-{given}",
        "dispute" if forced else "refund",
        currency,
        -from_paystack(found["amount"], currency),
        0,
        created(found),
        source_id=number(forced) if forced else given,
    )


def refund_lines(found: Fields) -> list[LedgerLine]:
    """The lines of a refund; one that failed was deducted and credited again."""
    seen = _refund_line(found)
    if found.get("status") != "failed":
        return [seen]
    changed = found.get("updatedAt") or found.get("updated_at")
    back = replace(
        seen,
        external_id=f"{seen.external_id}-returned",
        amount_minor=-seen.amount_minor,
        occurred_at=instant(changed) if changed else seen.occurred_at,
    )
    return [seen, back]


def payout_line(found: Fields) -> LedgerLine:
    """The line of money that a settlement sent to the bank."""
    seen = payout(found)
    return LedgerLine(
        f"settlement-{seen.payout_id}",
        "payout",
        seen.currency,
        -seen.amount_minor,
        0,
        instant(found["settlement_date"]),
        seen.arrives_on,
        source_id=seen.payout_id,
        payout_id=seen.payout_id,
    )


def payout(found: Fields) -> PayoutSeen:
    """A settlement. Its fields are from Paystack's samples; its document names none."""
    currency = text(found["currency"])
    return PayoutSeen(
        number(found["id"]),
        _PAYOUT.get(text(found["status"]), "in_transit"),
        currency,
        from_paystack(found["effective_amount"], currency),
        instant(found["settlement_date"]).astimezone(UTC).date(),
        itemised=True,
    )


def dispute(found: Fields) -> DisputeSeen:
    """A dispute; without an amount of its own it is about the whole transaction."""
    about = found["transaction"]
    currency = text(found.get("currency") or about["currency"])
    amount = found.get("refund_amount")
    due = found.get("dueAt")
    return DisputeSeen(
        number(found["id"]),
        text(about["reference"]),
        _dispute_status(text(found["status"]), str(found.get("resolution") or "")),
        str(found.get("category") or ""),
        currency,
        from_paystack(about["amount"] if amount is None else amount, currency),
        0,
        instant(due).astimezone(UTC).date() if due else None,
    )


def _dispute_status(status: str, resolution: str) -> DisputeStatus:
    if status == "awaiting-merchant-feedback":
        return "needs_response"
    if resolution in _LOST:
        return "lost"
    if resolution == "declined" or status == "archived":
        return "won"
    if status == "resolved":
        raise ValueError(f"a dispute resolved as {resolution!r}")
    return "under_review"


def created(found: Fields) -> datetime:
    """When an object was made; Paystack writes the name in two ways."""
    return instant(found.get("createdAt") or found["created_at"])


def stamp(moment: datetime) -> str:
    """A moment as Paystack's filters take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def after(paid: Fields) -> dict[str, str]:
    """The filter for what came after a transaction; none when its day cannot be read."""
    try:
        return {"from": stamp(created(paid))}
    except (LookupError, ValueError):
        return {}


def charge_news(about: Fields) -> News:
    """What an event about a transaction is about: a page of ours, else a charge."""
    given, ours = text(about["reference"]), about.get("metadata")
    on_page = isinstance(ours, dict) and ours.get(OUR_PAGE)
    return News("checkout" if on_page else "charge", given, key_of(given), given)


def refund_news(about: Fields) -> News:
    """What an event about a refund is about; not every one of them names the refund.

    Its number is what our rows carry; the bank's `refund_reference` is not.
    """
    paid, given = text(about["transaction_reference"]), about.get("id")
    note = about.get("merchant_note")
    return News("refund", number(given or paid), text(note) if note else None, paid)


def dispute_news(about: Fields) -> News:
    """What an event about a dispute is about."""
    paid = text(about["transaction"]["reference"])
    return News("dispute", number(about["id"]), key_of(paid), paid)


def words(body: Fields) -> tuple[str, str]:
    """The message and the code of a refusal."""
    return str(body.get("message") or ""), str(body.get("code") or "")


def is_duplicate(no: Refusal) -> bool:
    """The reference was used before."""
    return no.issue == "duplicate_reference" or "duplicate" in str(no).lower()


def is_unknown(no: Refusal) -> bool:
    """There is no such transaction."""
    return no.issue == "transaction_not_found" or "not found" in str(no).lower()
