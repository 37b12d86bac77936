"""A notification in words: subject, text and HTML in the tenant's language (NTF)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.clock import local_date
from core.invoices.models import OPEN
from core.money import exponent, units_text
from core.notifications.events import EVENTS
from core.notifications.words.en import ENGLISH
from core.notifications.words.message import Language
from core.notifications.words.sv import SWEDISH
from core.settings import Settings

TEMPLATES = Path(__file__).with_name("templates")
LANGUAGES = {"en": ENGLISH, "sv": SWEDISH}
LOGO_ID = "logo@saldo"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LONGEST_SUBJECT = 200
_NOWHERE = "–"
"""Stands where a message needs a word that its facts do not have."""

Facts = dict[str, Any]
Context = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A notification with what its words need of the tenant."""

    id: int
    event: str
    facts: Facts
    created_at: datetime
    tenant_id: int
    tenant_name: str
    language: str


@dataclass(frozen=True)
class Rendered:
    """The words of a notification; `subject` is one line, `body` paragraphs, `link` absolute."""

    subject: str
    body: str
    details: list[tuple[str, str]]
    button: str
    link: str
    text: str
    html: str


def render(told: Told, settings: Settings) -> Rendered:
    """The words of a notification, in English when its tenant's language has none."""
    code = told.language if told.language in LANGUAGES else "en"
    language = LANGUAGES[code]
    message = language.messages[told.event]
    context = _context(told, language, settings)
    subject = one_line(_words(message.subject, context))[:_LONGEST_SUBJECT]
    body = _words(message.body, context)
    details = [
        (label, context[name])
        for name, label in language.labels.items()
        if context[name] not in (None, _NOWHERE)
    ]
    around = {
        "language": code,
        "subject": subject,
        "body": body,
        "paragraphs": body.split("\n\n"),
        "details": details,
        "button": message.button,
        "link": link(told, settings),
        "greeting": language.greeting,
        "footer": _words(language.footer, context),
        "company": context["company"],
        "logo": LOGO_ID,
    }
    return Rendered(
        subject,
        body,
        details,
        message.button,
        around["link"],
        _environment().get_template("message.txt").render(around),
        _environment().get_template("message.html").render(around),
    )


def link(told: Told, settings: Settings) -> str:
    """The page of Saldo that a message leads to."""
    page = EVENTS[told.event].page
    address = f"{settings.public_url.rstrip('/')}/{page}"
    return f"{address}?message={told.id}" if page == "inbox" else address


def one_line(words: str) -> str:
    """Words without line breaks and control characters, so that they forge no header."""
    return _CONTROL.sub(" ", words).strip()


@lru_cache
def logo(path: Path | None) -> tuple[bytes, str]:
    """The organisation's logo and its image type; ours where mail programs cannot show it."""
    chosen = path if path and path.suffix.lower() != ".svg" else TEMPLATES / "logo.png"
    kind = "png" if chosen.suffix.lower() == ".png" else "jpeg"
    return chosen.read_bytes(), kind


@lru_cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=512)
def _template(source: str) -> Any:
    return _environment().from_string(source)


def _words(source: str, context: Context) -> str:
    return str(_template(source).render(context))


def _context(told: Told, language: Language, settings: Settings) -> Context:
    facts = told.facts
    subscription: Facts = facts.get("subscription", {})
    invoice: Facts = facts.get("invoice", {})
    note: Facts = facts.get("credit_note", {})
    cycle, _, noun = language.cycles.get(str(subscription.get("cycle")), "|").partition("|")
    today = local_date(told.created_at, settings.billing_timezone)
    grace = _on(subscription.get("grace_ends_on") or facts.get("grace_ends_on"))

    def day(value: object) -> str | None:
        on = _on(value)
        return format_date(on, "long", locale=language.locale) if on else None

    def money(minor: object, currency: object) -> str | None:
        return _money(minor, currency, language.locale)

    found = {
        "company": settings.company_name,
        "tenant": told.tenant_name,
        "plan": subscription.get("plan", _NOWHERE),
        "next_plan": subscription.get("next_plan"),
        "cycle": cycle or _NOWHERE,
        "cycle_noun": noun or _NOWHERE,
        "price": money(subscription.get("amount_minor"), subscription.get("currency")),
        "renews_on": day(subscription.get("period_end")),
        "runs_out_on": day(subscription.get("period_end"))
        if subscription.get("cancel_at_period_end")
        else None,
        "trial_ends_on": day(facts.get("trial_ends_on") or _trial_end(subscription)),
        "grace_ends_on": day(grace),
        "grace_days": str(max(0, (grace - today).days)) if grace else _NOWHERE,
        "paused_until": day(facts.get("until") or subscription.get("paused_until")),
        "at_renewal": facts.get("at_renewal") is True,
        "invoice": invoice.get("number"),
        "total": money(invoice.get("total_minor"), invoice.get("currency")),
        "due": money(invoice.get("due_minor"), invoice.get("currency")) if _owed(invoice) else None,
        "due_on": day(invoice.get("due_on")) if _owed(invoice) else None,
        "reference": _reference(invoice) if _owed(invoice) else None,
        "amount": money(*_amount(facts)),
        "balance": money(facts.get("new_balance_minor"), facts.get("currency")),
        "failure": str(_failure(facts) or "").replace("_", " ") or None,
        "restricts_on": day(facts.get("restricts_on")),
        "suspends_on": day(facts.get("suspends_on")),
        "credit_note": note.get("number"),
        "credit_total": money(note.get("total_minor"), note.get("currency")),
        "url_host": facts.get("url_host"),
    }
    return {name: one_line(v) if isinstance(v, str) else v for name, v in found.items()}


def _trial_end(subscription: Facts) -> object:
    return subscription.get("trial_ends_on") if subscription.get("status") == "trial" else None


def _owed(invoice: Facts) -> bool:
    return invoice.get("status") in OPEN and int(invoice.get("due_minor", 0)) > 0


def _reference(invoice: Facts) -> object:
    """What a bank transfer states, so that it finds its invoice."""
    return invoice.get("ocr") or invoice.get("number")


def _amount(facts: Facts) -> tuple[object, object]:
    """The sum a message is about: of its refund, else its payment, else its own."""
    source: Facts = facts.get("refund") or facts.get("payment") or facts
    return source.get("amount_minor"), source.get("currency")


def _failure(facts: Facts) -> object:
    payment: Facts = facts.get("payment", {})
    return facts.get("failure_code") or payment.get("failure_code")


def _on(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _money(minor: object, currency: object, locale: str) -> str | None:
    """An amount with its code, `1,234.50 EUR`; None without one."""
    if not isinstance(minor, int) or not isinstance(currency, str):
        return None
    places = "0" * exponent(currency)
    pattern = f"#,##0.{places}" if places else "#,##0"
    number = format_decimal(Decimal(units_text(minor, currency)), pattern, locale=locale)
    return f"{number}\u00a0{currency}"
