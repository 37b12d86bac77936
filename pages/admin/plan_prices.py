"""The write of a new price version: what it costs now, what it will cost, and from when."""

from datetime import date, timedelta
from html import escape
from typing import Any

import streamlit as st

from core.errors import BadInput, ChangedMeanwhile, SaldoError
from core.money import Money
from core.office import office
from core.plans import actions
from core.plans.actions import NewPrice
from core.plans.queries import PlanRow, PriceRow
from core.settings import settings
from core.typed import typed_minor
from pages.admin import plan_edits, receipts
from pages.admin.plan_edits import LONGEST_AMOUNT, Sheet
from pages.parts import formats, plan_words, states, viewer
from pages.parts.confirm import Step


def _today() -> date:
    with office().work(viewer.current_actor()) as work:
        return work.today


def _key(sheet: Sheet, field: str) -> str:
    return f"{sheet.form}-price-{field}"


def _show(sheet: Sheet) -> None:
    plan, today = sheet.plan, _today()
    st.html(f"<p><b>{escape(plan.facts.name)}</b></p>")
    with st.container(horizontal=True):
        cycle = st.selectbox(
            "Cycle",
            list(plan_words.CYCLES),
            index=1,
            key=_key(sheet, "cycle"),
            format_func=plan_words.CYCLES.__getitem__,
        )
        currency = st.selectbox(
            "Currency",
            plan.currencies or [settings().reporting_currency],
            key=_key(sheet, "currency"),
            accept_new_options=True,
        )
    last = plan.last_price(cycle, _code(currency))
    first = max(today, last.valid_from + timedelta(days=1)) if last else today
    with st.container(horizontal=True):
        amount = st.text_input(
            "Price before tax",
            key=_key(sheet, "amount"),
            max_chars=LONGEST_AMOUNT,
            placeholder="79.00",
        )
        st.date_input(
            "Valid from", first, first, key=_key(sheet, f"from-{first}"), format="YYYY-MM-DD"
        )
    _before_and_after(sheet, plan, today, _code(currency), cycle, amount)


def _before_and_after(
    sheet: Sheet, plan: PlanRow, today: date, currency: str, cycle: str, amount: Any
) -> None:
    current, last = plan.price(cycle, currency, today), plan.last_price(cycle, currency)
    lines = [f"In force: {_told(current, 'since')}" if current else "No price is in force."]
    if last and last != current and last.valid_from > today:
        lines.append(f"To come: {_told(last, 'from')}")
    try:
        asked = _asked(sheet) if amount else None
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    if asked:
        price, starts = asked
        shown = formats.money(Money(price.amount_minor, price.currency))
        lines.append(f"New: <b>{shown}</b> from <b>{formats.day(starts)}</b>")
    st.html("".join(f"<p>{line}</p>" for line in lines))
    st.html('<p class="muted">Periods that run keep their price; renewals take the new one.</p>')


def _told(price: PriceRow, word: str) -> str:
    shown = formats.money(Money(price.amount_minor, price.currency))
    return f"{shown} {word} {formats.day(price.valid_from)}"


def _asked(sheet: Sheet) -> tuple[NewPrice, date]:
    """The price and its first day as the fields have them. Raises BadInput, BadMoney."""
    given = st.session_state
    cycle = str(given.get(_key(sheet, "cycle")))
    currency = _code(given.get(_key(sheet, "currency")))
    amount = str(given.get(_key(sheet, "amount")) or "").strip()
    if not amount:
        raise BadInput("Give the price")
    price = NewPrice(cycle, currency, typed_minor(amount, currency))
    last = sheet.plan.last_price(cycle, currency)
    today = _today()
    first = max(today, last.valid_from + timedelta(days=1)) if last else today
    return price, given.get(_key(sheet, f"from-{first}")) or first


def _set(sheet: Sheet, _reason: str, key: str) -> str:
    price, starts = _asked(sheet)
    last = sheet.plan.last_price(price.cycle, price.currency)
    with office().work(viewer.current_actor()) as work:
        made = actions.set_price(work, sheet.plan.id, price, valid_from=starts, key=key)
        if made.version != (last.version + 1 if last else 1):
            raise ChangedMeanwhile
    shown = formats.money(Money(price.amount_minor, price.currency))
    cycle = plan_words.CYCLES[price.cycle].lower()
    words = f"{sheet.plan.facts.name} costs {shown} {cycle} from {formats.day(starts)}"
    return receipts.keep(words, "saas.plan.priced")


def _code(currency: object) -> str:
    return str(currency or "").strip().upper()


PRICE = Step(
    "price", "New price", "Set the price", plan_edits.preview, _show, _set,
    fresh=False, reason=False,
)  # fmt: skip
