"""The public pricing page: active plans, a switch of cycles with savings, limits, features (PLN.3).

Plain HTML; the switch is a group of radio buttons that the style sheet reads, so that it needs no
script and no reload.
"""

from html import escape
from pathlib import Path
from string import Template

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from api.unavailable import unavailable
from core.access.authority import system
from core.errors import DatabaseUnavailable
from core.money import Money
from core.office import office
from core.plans import offers
from core.plans.facts import FLAGS
from core.plans.offers import MONTHS, Offer, Pricing, Quote
from core.settings import settings
from pages.parts import plan_words

PAGE = Template(Path(__file__).with_name("pricing.html").read_text(encoding="utf-8"))
USUAL_CYCLE = "monthly"
NOTHING = '<p class="lead">No plan can be subscribed to at the moment.</p>'


async def pricing(request: Request) -> Response:
    """The page in the cycle and currency of the query; 404 while `SAAS_BILLING` is off."""
    if not settings().saas_billing:
        return PlainTextResponse("There is no pricing page here.", 404)
    asked = request.query_params.get("cycle", "")
    currency = request.query_params.get("currency")
    try:
        found = await run_in_threadpool(_read, currency)
    except DatabaseUnavailable as problem:
        return unavailable(request.scope, problem)
    html = PAGE.substitute(company=escape(settings().company_name), content=_content(found, asked))
    return HTMLResponse(html, headers={"cache-control": "no-cache"})


def _read(currency: str | None) -> Pricing:
    with office().work(system("pricing")) as work:
        return offers.pricing(work, currency)


def _content(found: Pricing, asked: str) -> str:
    """The switch and the plans; only cycles in which something is sold can be chosen."""
    if not found.offers:
        return NOTHING
    cycles = [cycle for cycle in MONTHS if any(cycle in offer.quotes for offer in found.offers)]
    chosen = next((cycle for cycle in (asked, USUAL_CYCLE, *cycles) if cycle in cycles), "")
    names = plan_words.limit_names(*(offer.facts.limits for offer in found.offers))
    cards = "".join(_card(offer, found.currency, cycles, names) for offer in found.offers)
    rows = 3 + len(names) + len(FLAGS)
    return (
        f'<form method="get" action="/pricing">{_default(found)}'
        f"{_cycles(found.offers, cycles, chosen)}{_currencies(found)}</form>"
        f'<div class="plans" style="--rows: {rows}">{cards}</div>'
    )


def _cycles(shown: list[Offer], cycles: list[str], chosen: str) -> str:
    """The switch; each cycle says what it saves at most, when it saves something."""
    options = "".join(
        f'<label><input type="radio" name="cycle" value="{cycle}"'
        f"{' checked' if cycle == chosen else ''}><span>{plan_words.CYCLES[cycle]}"
        f"{_saving(shown, cycle)}</span></label>"
        for cycle in cycles
    )
    if not options:
        return ""
    return f'<fieldset class="switch"><legend>Pay</legend><div>{options}</div></fieldset>'


def _saving(shown: list[Offer], cycle: str) -> str:
    saved = {
        offer.quotes[cycle].saved_percent
        for offer in shown
        if cycle in offer.quotes and offer.quotes[cycle].amount_minor
    }
    if not saved or max(saved) <= 0:
        return ""
    return f"<small>save {'up to ' if len(saved) > 1 else ''}{max(saved)}%</small>"


def _currencies(found: Pricing) -> str:
    """Buttons, so that a change of currency keeps the cycle that was chosen without a reload."""
    if len(found.currencies) < 2:
        return ""
    buttons = "".join(
        f'<button name="currency" value="{code}" aria-pressed='
        f'"{str(code == found.currency).lower()}">{code}</button>'
        for code in found.currencies
    )
    return (
        '<div class="currencies" role="group" aria-label="Currency">'
        f"<span>Currency</span>{buttons}</div>"
    )


def _default(found: Pricing) -> str:
    """What the Enter key presses in a form: the button that changes no currency."""
    return f'<button name="currency" value="{found.currency}" hidden></button>'


def _card(offer: Offer, currency: str, cycles: list[str], names: list[str]) -> str:
    facts = offer.facts
    mark = '<p class="mark">Recommended</p>' if facts.is_recommended else ""
    prices = "".join(_price(offer.quotes.get(cycle), cycle, currency) for cycle in cycles)
    limits = "".join(
        _line(plan_words.limit_title(name), escape(plan_words.quantity(facts.limits.get(name))))
        for name in names
    )
    flags = "".join(_line(plan_words.FLAGS[flag], _flag(flag in facts.flags)) for flag in FLAGS)
    kind = "plan recommended" if facts.is_recommended else "plan"
    return (
        f'<article class="{kind}" aria-labelledby="plan-{offer.slug}">'
        f'<div class="name">{mark}<h2 id="plan-{offer.slug}">{escape(facts.name)}</h2></div>'
        f'<p class="words">{escape(facts.description)}</p>'
        f'<div class="prices">{prices or _on_request("")}</div>'
        f"<dl>{limits}{flags}</dl></article>"
    )


def _price(quote: Quote | None, cycle: str, currency: str) -> str:
    """One of the prices that lie on each other; the style sheet shows the chosen cycle's."""
    if quote is None:
        return _on_request(cycle)
    amount = plan_words.price(Money(quote.amount_minor, currency))
    saved = (
        f" <b>save {quote.saved_percent}%</b>" if quote.amount_minor * quote.saved_percent else ""
    )
    monthly = ""
    if quote.amount_minor and MONTHS[cycle] > 1:
        monthly = f"{currency} {plan_words.price(Money(quote.monthly_minor, currency))} a month"
    return (
        f'<div class="price" data-cycle="{cycle}"><p>{currency} <b>{amount}</b></p>'
        f"<p>{plan_words.SPANS[cycle]}{saved}</p><p>{monthly}</p></div>"
    )


def _on_request(cycle: str) -> str:
    return (
        f'<div class="price" data-cycle="{cycle}"><p><b>On request</b></p>'
        "<p>No list price in this currency</p></div>"
    )


def _line(title: str, value: str) -> str:
    return f"<div><dt>{escape(title)}</dt><dd>{value}</dd></div>"


def _flag(held: bool) -> str:
    return '<span class="yes">Included</span>' if held else '<span class="no">–</span>'
