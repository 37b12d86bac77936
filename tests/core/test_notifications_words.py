"""Every message in both languages: complete, escaped, and unable to forge a header."""

import importlib
import pkgutil
import re
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import pytest

import core
from core.actions import REGISTRY
from core.notifications.events import ACTIONS, EVENTS, actions_of, event_of, facts_of
from core.notifications.mail import compose
from core.notifications.phones import LONGEST_TEXT, short_text
from core.notifications.rendering import LANGUAGES, one_line, render
from core.settings import ROOT, Settings
from tests.notifications import FACTS, told

BARE = {
    "subscription_id": 7,
    "trial_ends_on": "2026-11-23",
    "amount_minor": 5_000,
    "currency": "EUR",
    "new_balance_minor": 5_000,
    "subscription": FACTS["subscription"],
    "invoice": FACTS["invoice"],
}
"""The least that an event's own action tells."""
UNTOLD = ("payment.reminder", "payment.failed", "credit_note.issued", "webhook.disabled")
UNTOLD_TOO = ("tenant.throttled", "tenant.suspended", "tenant.reactivated", "notification.test")
"""Events that must have words for facts that tell nothing."""
WHO = {"admins": "the organisation's admins", "everyone": "everybody of the organisation"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("facts", [FACTS, BARE], ids=["all facts", "few facts"])
def test_every_event_has_words_without_a_gap(
    event: str, language: str, facts: dict[str, object], settings: Settings
) -> None:
    words = render(told(event, facts, language=language), settings)
    for text in (words.subject, words.body, words.text, words.html, short_text(words)):
        assert text.strip()
        assert not re.search(r"\{\{|\}\}|\{%|%\}|\bNone\b|Undefined|\b–\b", text), text
    assert words.link in words.text
    assert words.link in words.html
    assert words.link.startswith("http://localhost:8501/")
    assert "Fjord AB" in words.text
    assert "\n" not in words.subject
    assert len(short_text(words)) <= LONGEST_TEXT


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", [*UNTOLD, *UNTOLD_TOO])
def test_an_event_without_facts_still_has_words(
    event: str, language: str, settings: Settings
) -> None:
    words = render(told(event, {}, language=language), settings)
    assert not re.search(r"\bNone\b|\{|\}", words.subject + words.body)


def test_details_without_a_value_are_left_out(settings: Settings) -> None:
    assert render(told("tenant.suspended", {}), settings).details == []


def test_languages_have_the_same_messages() -> None:
    for language in LANGUAGES.values():
        assert set(language.messages) == set(EVENTS)


def test_sources_words_are_kept(settings: Settings) -> None:
    def subject(event: str) -> str:
        return render(told(event), settings).subject.replace("\u00a0", " ")

    assert subject("subscription.renewed") == (
        "Subscription renewed: Growth – next renewal on 20 December 2026"
    )
    assert subject("wallet.recharged") == (
        "Wallet recharged: 50.00 EUR added. New balance: 123.45 EUR"
    )
    assert subject("subscription.assigned") == (
        "New subscription: Growth (monthly) activated until 20 December 2026"
    )
    short = render(told("subscription.insufficient_balance"), settings).body
    assert "within 7 days" in short


def test_swedish_amounts_and_days_are_swedish(settings: Settings) -> None:
    facts = {**FACTS, "amount_minor": 123_456_789, "new_balance_minor": 123_456_789}
    words = render(told("wallet.recharged", facts, language="sv"), settings)
    assert "1 234 567,89 EUR" in words.subject.replace("\u00a0", " ")
    assert "20 december 2026" in words.text


@pytest.mark.parametrize(("language", "label"), [("en", "Payment reference"), ("sv", "OCR-nummer")])
def test_what_is_to_be_paid_states_its_payment_reference(
    language: str, label: str, settings: Settings
) -> None:
    known = {**FACTS, "invoice": {**FACTS["invoice"], "ocr": "1260004212"}}
    words = render(told("invoice.issued", known, language=language), settings)
    assert "1260004212" in words.body
    assert (label, "1260004212") in words.details
    earlier = render(told("invoice.issued", FACTS, language=language), settings)
    assert (label, FACTS["invoice"]["number"]) in earlier.details
    paid = {**FACTS, "invoice": {**known["invoice"], "status": "paid", "due_minor": 0}}
    assert (
        "1260004212" not in render(told("invoice.issued", paid, language=language), settings).text
    )


@pytest.mark.parametrize(
    ("language", "kept", "said"),
    [
        (
            "en",
            ("restricts_on", "suspends_on"),
            (
                "From 1 December 2026 the account of Fjord AB is restricted. "
                "From 12 December 2026 the account is suspended.\n"
            ),
        ),
        ("en", ("restricts_on",), "From 1 December 2026 the account of Fjord AB is restricted.\n"),
        ("en", ("suspends_on",), "From 12 December 2026 the account of Fjord AB is suspended.\n"),
        (
            "sv",
            ("restricts_on", "suspends_on"),
            (
                "Från 1 december 2026 begränsas kontot för Fjord AB. "
                "Från 12 december 2026 stängs kontot av.\n"
            ),
        ),
        ("sv", ("suspends_on",), "Från 12 december 2026 stängs kontot för Fjord AB av.\n"),
    ],
)
def test_a_reminder_names_what_is_restricted_and_suspended(
    language: str, kept: tuple[str, ...], said: str, settings: Settings
) -> None:
    facts = {name: FACTS[name] for name in ("invoice", *kept)}
    body = render(told("payment.reminder", facts, language=language), settings).body
    assert said in body.replace("\u00a0", " ")


def test_an_unknown_language_is_answered_in_english(settings: Settings) -> None:
    assert "renewed" in render(told("subscription.renewed", language="fi"), settings).subject


def test_currency_without_decimals_shows_none(settings: Settings) -> None:
    facts = {"amount_minor": 1_500, "currency": "JPY", "new_balance_minor": 1_500}
    subject = render(told("wallet.recharged", facts), settings).subject.replace("\u00a0", " ")
    assert "1,500 JPY added" in subject


@pytest.mark.parametrize("event", EVENTS)
def test_a_name_is_escaped_in_html(event: str, settings: Settings) -> None:
    facts = {
        **FACTS,
        "subscription": {**FACTS["subscription"], "plan": "<img src=x onerror=alert(1)>"},
        "invoice": {**FACTS["invoice"], "number": '"><svg onload=alert(1)>'},
    }
    html = render(told(event, facts, name="<script>alert(1)</script>"), settings).html
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "<svg" not in html


@pytest.mark.parametrize("event", ["tenant.suspended", "subscription.renewed"])
def test_a_line_break_in_a_name_forges_no_header(event: str, settings: Settings) -> None:
    name = "Fjord\r\nBcc: everybody@example.com\r\n\r\n<b>"
    facts = {**FACTS, "subscription": {**FACTS["subscription"], "plan": "Gro\nX-Evil: 1\x00wth"}}
    one = told(event, facts, name=name)
    mail = compose(one, render(one, settings), "a@example.com", uuid4(), settings)
    read = message_from_bytes(mail.as_bytes(), policy=default)
    assert read["Bcc"] is None
    assert read["X-Evil"] is None
    assert "\n" not in read["Subject"]


def test_an_e_mail_has_text_html_and_the_logo_inside(settings: Settings) -> None:
    one = told("subscription.renewed", name="Åsen & Söner AB")
    reference = uuid4()
    mail = compose(one, render(one, settings), "a@example.com", reference, settings)
    read = message_from_bytes(mail.as_bytes(), policy=default)
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    html = next(p for p in read.walk() if p.get_content_type() == "text/html").get_content()
    image = next(p for p in read.walk() if p.get_content_type() == "image/png")
    assert f"cid:{image['Content-ID'].strip('<>')}" in html
    assert "Åsen &amp; Söner AB" in html
    assert read["Message-ID"] == f"<{reference.hex}@localhost>"
    assert read["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "address", ["", "no", "a@b\r\nRCPT TO:<c@d>", "å@example.com", "a b@example.com", "a@", "@b"]
)
def test_no_e_mail_goes_to_what_is_no_address(address: str, settings: Settings) -> None:
    one = told("tenant.suspended")
    with pytest.raises(ValueError, match="address"):
        compose(one, render(one, settings), address, uuid4(), settings)


def test_control_characters_become_spaces() -> None:
    assert one_line(" a\r\nb\x00c\u2028d ") == "a b c d"


def test_only_figures_days_and_known_words_are_facts() -> None:
    given = {
        "amount_minor": 5,
        "promised": True,
        "reason": "The customer rang and was angry",
        "why": "because",
        "currency": "EUR",
        "plan": "x" * 500,
        "stage": "a\nb",
        "charges": [[1, 2]],
        "until": None,
        "due_on": "None",
    }
    assert facts_of(given) == {"amount_minor": 5, "promised": True, "currency": "EUR"}


@pytest.mark.parametrize(
    ("action", "facts", "event"),
    [
        ("saas.subscription.renewed", {"renewed": True}, "subscription.renewed"),
        ("saas.subscription.renewed", {"renewed": False}, None),
        (
            "saas.subscription.grace_period",
            {"why": "the wallet is short"},
            "subscription.insufficient_balance",
        ),
        ("saas.subscription.grace_period", {"why": "unpaid"}, "subscription.expired"),
        ("saas.subscription.status_changed", {"after": "suspended"}, "tenant.suspended"),
        (
            "saas.subscription.status_changed",
            {"before": "suspended", "after": "active"},
            "tenant.reactivated",
        ),
        ("saas.subscription.status_changed", {"before": "trial", "after": "active"}, None),
        ("saas.wallet.recharged", {"repeated": True}, None),
        ("refund.settled", {"notify": False}, None),
        ("refund.settled", {}, "refund.made"),
        ("saas.plan.created", {}, None),
        ("an.action.to.come", {}, None),
    ],
)
def test_what_was_done_decides_who_hears(
    action: str, facts: dict[str, object], event: str | None
) -> None:
    assert event_of(action, facts) == event


def test_the_documentation_lists_every_event(settings: Settings) -> None:
    page = (ROOT / "docs" / "notifications.md").read_text()
    rows = []
    for event in EVENTS.values():
        who = WHO[event.audience] + (", our operations" if event.operations else "")
        subject = render(told(event.name), settings).subject.replace("\u00a0", " ")
        rows.append(f"| `{event.name}` | {event.when} | {who} | {subject} |")
    events, _, actions = page.partition("## From an action")
    assert [line for line in events.splitlines() if line.startswith("| `")] == rows
    for event in EVENTS:
        for action in actions_of(event):
            assert f"| `{action}` | `{event}`" in actions


def test_events_name_actions_that_exist() -> None:
    for module in pkgutil.walk_packages(core.__path__, "core."):
        importlib.import_module(module.name)
    to_come = {"dunning.reminded", "dunning.restricted", "tenant.suspended", "tenant.reactivated"}
    assert ACTIONS - to_come <= set(REGISTRY)
