"""The hosted pages as HTML: plain forms, no script, every word escaped."""

import base64
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from html import escape

from core.gateways.simulator.cards import card_of
from core.gateways.simulator.wire import Fields
from core.gateways.stripe_wire import from_stripe
from core.money import exponent

_TO_PAY = (
    ("pm_card_visa", "pays"),
    ("pm_card_mastercard", "pays"),
    ("pm_card_chargeDeclined", "is declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "has too little on it"),
    ("pm_card_chargeDeclinedExpiredCard", "has expired"),
    ("pm_card_authenticationRequired", "asks its bank first"),
    ("pm_card_createDispute", "pays, and its holder disputes it afterwards"),
)
_TO_KEEP = (
    ("pm_card_visa", "works"),
    ("pm_card_mastercard", "works"),
    ("pm_card_chargeCustomerFail", "is kept, but declines when it is charged"),
    ("pm_card_chargeDeclined", "is declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "is declined for too little on it"),
    ("pm_card_chargeDeclinedExpiredCard", "has expired"),
    ("pm_card_authenticationRequired", "asks its bank first, also when it is charged later"),
)
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6876; --line: #d5dbe3;
  --paper: #ffffff; --ground: #f2f4f7; --main: #2450a8; --on: #ffffff; --bad: #a3201b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #a4aebb; --line: #3a4452;
  --paper: #1b212b; --ground: #11151c; --main: #8fb2f5; --on: #10151d; --bad: #ff9c95; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 6vh auto; padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 12px; }
h1 { font-size: 1.1rem; font-weight: 600; margin: 0 0 .25rem; }
.note { color: var(--soft); font-size: .875rem; margin: 0 0 1.25rem; }
.sum { font-size: 2rem; font-weight: 600; font-variant-numeric: tabular-nums; margin: 0 0 1rem; }
.bad { color: var(--bad); border-left: 3px solid var(--bad); padding-left: .75rem; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1.25rem; }
td { padding: .4rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
td:last-child { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 1.25rem; padding: 0; }
legend { margin-left: .75rem; padding: 0 .35rem; color: var(--soft); font-size: .875rem; }
label { display: flex; gap: .65rem; padding: .6rem 1rem; align-items: baseline; cursor: pointer; }
label b { font-weight: inherit; white-space: nowrap; }
label span { color: var(--soft); }
input { accent-color: var(--main); }
button { font: inherit; padding: .55rem 1.1rem; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--ink); }
button.main { background: var(--main); border-color: var(--main); color: var(--on);
  font-weight: 600; }
button.small { padding: .2rem .6rem; font-size: .875rem; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; }
td form { display: inline; }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""What a content security policy allows the style by."""
NOTE = "A test page: no money moves and no card number is asked for."


def tokens(*, keep: bool) -> frozenset[str]:
    """The cards that a page offers."""
    return frozenset(token for token, _what in (_TO_KEEP if keep else _TO_PAY))


def checkout(session: Fields, lines: list[Fields], problem: str | None) -> str:
    """The page of an open session: what it costs, which card, and two buttons."""
    keep = session["mode"] == "setup"
    currency = session["currency"] or ""
    sold = "".join(
        f"<tr><td>{_sold(line)}</td><td>{_money(line['amount'], currency)}</td></tr>"
        for line in lines
    )
    total = "" if keep else f'<p class="sum">{_money(session["amount_total"], currency)}</p>'
    body = (
        f"{total}<table>{sold}</table>{_problem(problem)}"
        f'<form method="post">{_choices(keep=keep)}<div class="row">'
        f"{_button('pay', 'Keep this card' if keep else 'Pay', 'main')}"
        f"{_button('back', 'Back')}</div></form>"
    )
    return _page("Leave a card" if keep else "Pay by card", body)


def challenge(session: Fields) -> str:
    """The page on which the card's bank asks its holder."""
    what = "Shall this card be kept and charged later?"
    if session["mode"] == "payment":
        what = f"Is this payment of {_money(session['amount_total'], session['currency'])} yours?"
    body = (
        f"<p>{what}</p>"
        f'<form method="post"><div class="row">{_button("approve", "Yes", "main")}'
        f"{_button('refuse', 'No')}</div></form>"
    )
    return _page("Your bank asks", body)


def portal(cards: list[Fields], usual: str | None, problem: str | None) -> str:
    """The page of a customer's cards."""
    rows = "".join(_kept(card, usual) for card in cards)
    body = (
        f"<table>{rows or '<tr><td>No card is kept.</td></tr>'}</table>{_problem(problem)}"
        f'<form method="post">{_choices(keep=True)}<div class="row">'
        f"{_button('add', 'Add this card', 'main')}{_button('back', 'Back')}"
        "</div></form>"
    )
    return _page("Your cards", body)


def message(title: str, words: str) -> str:
    """A page that only says something."""
    return _page(title, f"<p>{escape(words)}</p>")


def choosing(title: str, amount: str, words: str, choices: Mapping[str, str]) -> str:
    """A page with a button for each choice, by the value that it sends as `choice`."""
    buttons = "".join(
        f'<button name="choice" value="{escape(value)}">{escape(label)}</button>'
        for value, label in choices.items()
    )
    body = (
        f'<p class="sum">{escape(amount)}</p><p>{escape(words)}</p>'
        f'<form method="post"><div class="row">{buttons}</div></form>'
    )
    return _page(title, body)


def _sold(line: Fields) -> str:
    times = f" × {line['quantity']}" if line["quantity"] > 1 else ""
    return f"{escape(line['name'])}{times}"


def _kept(card: Fields, usual: str | None) -> str:
    shown, number = card["card"], escape(card["id"], quote=True)
    name = f"{escape(shown['brand'].title())} •••• {escape(shown['last4'])}"
    until = f"{shown['exp_month']:02d}/{shown['exp_year']}"
    hidden = f'<form method="post"><input type="hidden" name="card" value="{number}">'
    state = "usual card" if card["id"] == usual else _button("usual", "Make usual", "small")
    return (
        f"<tr><td>{name}, {until}</td><td>{hidden}{state} "
        f"{_button('remove', 'Remove', 'small')}</form></td></tr>"
    )


def _choices(*, keep: bool) -> str:
    offered = []
    for place, (token, what) in enumerate(_TO_KEEP if keep else _TO_PAY):
        card = card_of(token)
        assert card is not None
        checked = " checked" if place == 0 else ""
        offered.append(
            f'<label><input type="radio" name="card" value="{token}"{checked}>'
            f"<b>{card.brand.title()} •••• {card.last4}</b> <span>{what}</span></label>"
        )
    return f"<fieldset><legend>Test card</legend>{''.join(offered)}</fieldset>"


def _button(action: str, words: str, look: str = "") -> str:
    shown = f' class="{look}"' if look else ""
    return f'<button name="action" value="{action}"{shown}>{words}</button>'


def _problem(words: str | None) -> str:
    return f'<p class="bad" role="alert">{escape(words)}</p>' if words else ""


def _money(amount: int, currency: str) -> str:
    code = currency.upper()
    decimals = exponent(code)
    whole = Decimal(from_stripe(amount, code)).scaleb(-decimals)
    return f"{whole:,.{decimals}f} {escape(code)}"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body><main><h1>{escape(title)}</h1><p class="note">{NOTE}</p>{body}</main></body></html>'
    )
