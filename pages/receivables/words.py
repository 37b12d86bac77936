"""Invoices, payments, refunds and credit notes in words: statuses with their tone, ways, causes."""

from datetime import date, timedelta
from decimal import Decimal

from core.credit_notes.actions import CAUSES
from core.money import Money
from pages.billing.words import DOCUMENT_STATUSES
from pages.parts import formats
from pages.parts.tables import Cell

STATUSES = {"overdue": "Overdue", **DOCUMENT_STATUSES}
TYPES = {
    "subscription": "Subscription",
    "usage": "Usage",
    "recharge": "Recharge",
    "adjustment": "Adjustment",
    "refund": "Refund",
}
ISSUERS = {"tenant": "Tenant", "platform": "Platform"}
PAYMENT_STATUSES = {
    "created": "Started",
    "pending": "Pending",
    "captured": "Received",
    "partially_refunded": "Partly refunded",
    "refunded": "Refunded",
    "failed": "Failed",
    "disputed": "Disputed",
    "charged_back": "Charged back",
    "reversed": "Reversed",
}
PROVIDERS = {
    "stripe": "Stripe",
    "paystack": "Paystack",
    "paypal": "PayPal",
    "bankgirot": "Bankgirot",
    "bank": "Bank",
    "manual": "By hand",
    "wallet": "Wallet",
    "credit": "Credit note",
    "import": "Import",
}
METHODS = {
    "card": "Card",
    "bank_transfer": "Bank transfer",
    "direct_debit": "Direct debit",
    "wallet": "Wallet",
    "credit_note": "Credit note",
    "cash": "Cash",
    "other": "Other",
    "settled_before_import": "Settled before the import",
}
USUAL = {
    "stripe": "card",
    "paystack": "card",
    "paypal": "card",
    "bankgirot": "bank_transfer",
    "bank": "bank_transfer",
}
"""The method that a provider's name says."""
NOTE_STATUSES = {"draft": "Waiting for approval", "issued": "Issued", "declined": "Declined"}
SETTLES = {
    "balance": "Credit for later invoices",
    "invoice": "Its invoice",
    "refund": "A refund",
}
TREATMENTS = {
    "credit_note": "With a credit note",
    "reopen": "The invoice is owed again",
    "credit": "Unused credit",
    "note": "An earlier credit note",
}
REFUND_STATUSES = {
    "pending": "On its way",
    "succeeded": "Paid back",
    "failed": "Refused",
    "cancelled": "Cancelled",
}
DISPUTES = {
    "needs_response": "Needs an answer",
    "under_review": "Under review",
    "won": "Won",
    "lost": "Lost",
}
TAXES = {
    "standard": "",
    "reduced": "reduced",
    "zero": "zero rate",
    "reverse_charge": "reverse charge",
    "exempt": "exempt",
    "outside": "outside the scope",
}
_TONES = {
    "overdue": "bad",
    "failed": "bad",
    "disputed": "bad",
    "charged_back": "bad",
    "written_off": "bad",
    "paid": "good",
    "captured": "good",
    "succeeded": "good",
    "draft": "flat",
    "cancelled": "flat",
    "declined": "flat",
    "reversed": "flat",
    "created": "flat",
    "pending": "flat",
}


def plain(code: str) -> str:
    """A code without words of its own, such as a gateway's: ``Insufficient funds``."""
    return code.replace("_", " ").strip().capitalize()


def short_way(provider: str, method: str) -> str:
    """How money came, in a word where the provider says it: ``Stripe``, ``Bankgirot``."""
    return PROVIDERS[provider] if method == USUAL.get(provider) else way(provider, method)


def status(name: str, words: dict[str, str]) -> Cell:
    """A status as a cell."""
    return Cell(words.get(name) or plain(name), tone=_TONES.get(name, ""))


def cause(code: str) -> str:
    """Why a credit note was written."""
    return CAUSES.get(code) or plain(code)


def tax(percent: Decimal, category: str) -> str:
    """A rate with its category: ``25%``, ``0%, reverse charge``."""
    rate = f"{percent.normalize():f}%"
    told = TAXES.get(category, plain(category))
    return f"{rate}, {told}" if told else rate


def way(provider: str, method: str) -> str:
    """How money came: ``Card, Stripe``; where both say the same, once."""
    names = (METHODS.get(method) or plain(method), PROVIDERS.get(provider) or plain(provider))
    return names[0] if provider == "manual" else ", ".join(dict.fromkeys(names))


def period(description: str, start: date | None, end: date | None) -> str:
    """The days a line pays for, unless its description says them; `end` is the day after."""
    if start is None or end is None or str(start) in description:
        return ""
    return f", {formats.day(start)} – {formats.day(end - timedelta(days=1))}"


def beginning(text: str) -> str:
    """Words in the middle of a sentence; names after the first word stay."""
    return text[:1].lower() + text[1:]


def money(minor: int, currency: str, *, code: bool = True) -> str:
    """An amount in full."""
    return formats.money(Money(minor, currency), code=code)


def amount(minor: int, currency: str, tone: str = "", *, code: bool = False) -> Cell:
    """An amount as a cell; a dash where there is none."""
    return Cell(money(minor, currency, code=code), tone=tone) if minor else Cell("–", tone="flat")


def days(count: int) -> str:
    """``1 day``, ``12 days``."""
    return "1 day" if count == 1 else f"{formats.number(count)} days"
