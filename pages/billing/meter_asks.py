"""The writes on meters and usage prices: a new meter, a new version of a price."""

from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import streamlit as st

from core.errors import BadInput, NotFound, SaldoError
from core.office import office
from core.plans.queries import PlanRow, plan_rows
from core.settings import settings
from core.usage import actions
from core.usage.catalogue import meters
from core.usage.models import AGGREGATIONS, RESETS
from core.usage.pricing import Pricing
from core.usage.sheets import (
    PriceRow,
    TypedTier,
    examples,
    price_rows,
    pricing_words,
    typed_pricing,
)
from core.usage.wording import meter_words
from pages.admin import receipts
from pages.billing import meter_words as words
from pages.parts import formats, states, tables, viewer
from pages.parts.confirm import Step
from pages.parts.tables import Cell, Column

NAME, COUNTS, STARTS = "meter-name", "meter-counts", "meter-starts"
LONGEST_NAME, LONGEST_NUMBER = 60, 20
MOST_TIERS = 10
"""Tiers the form has room for; more come by the API or the command line."""


@dataclass(frozen=True)
class Sheet:
    """The plan a price is for, what it charges now, and the meters that can be charged for."""

    plan: PlanRow
    rows: list[PriceRow]
    meters: list[str]
    today: date

    def key(self, field: str) -> str:
        """The key of a field; Streamlit forgets its value when the dialog closes."""
        return f"usage-price-{self.plan.id}-{field}"

    def given(self, field: str) -> Any:
        """The value of a field, empty before it was drawn."""
        return st.session_state.get(self.key(field)) or ""


def _show_meter(_subject: str) -> None:
    st.text_input(
        "Name for software", key=NAME, max_chars=LONGEST_NAME, placeholder="labels_printed",
        help="Lowercase letters, digits and underscores; events name it, and it never changes",
    )  # fmt: skip
    counts = st.selectbox(
        "Counts", AGGREGATIONS, key=COUNTS, format_func=words.AGGREGATIONS.__getitem__
    )
    starts = [name for name in RESETS if (name == "never") == (counts == "latest")]
    st.selectbox("Starts again", starts, key=STARTS, format_func=words.RESETS.__getitem__)
    if name := str(st.session_state.get(NAME) or ""):
        st.html(f"<p>Invoices and pages call it <b>{escape(meter_words(name))}</b>.</p>")


def _create(_subject: str, _reason: str, key: str) -> str:
    given = st.session_state
    with office().work(viewer.current_actor()) as work:
        made = actions.create_meter(
            work, str(given.get(NAME) or "").strip(), str(given.get(COUNTS)),
            resets=str(given.get(STARTS)), key=key,
        )  # fmt: skip
        told = f"{meter_words(made.name)} is measured"
    return receipts.keep(told, "saas.meter.created")


def _plan(subject: str) -> Sheet:
    with office().work(viewer.current_actor()) as work:
        found = [row for row in plan_rows(work, active_only=False) if str(row.id) == subject]
        if not found:
            raise NotFound("There is no such plan")
        names = [row.name for row in meters(work) if row.aggregation != "latest"]
        if not names:
            raise NotFound("Nothing is measured yet; add a meter first")
        return Sheet(found[0], price_rows(work, found[0].id), names, work.today)


def _show_price(sheet: Sheet) -> None:
    with st.container(horizontal=True):
        meter = st.selectbox("Meter", sheet.meters, key=sheet.key("meter"), format_func=meter_words)
        currency = st.selectbox(
            "Currency", sheet.plan.currencies or [settings().reporting_currency],
            key=sheet.key("currency"),
        )  # fmt: skip
        st.date_input(
            "From", sheet.today, sheet.today, key=sheet.key("from"), format="YYYY-MM-DD", width=152
        )
    model = st.radio(
        "Model", list(words.MODELS), key=sheet.key("model"), horizontal=True,
        format_func=words.MODELS.__getitem__,
    )  # fmt: skip
    st.html(f'<p class="muted">{words.MEANINGS[model]}</p>')
    _tiers(sheet, model)
    with st.container(horizontal=True):
        if model == "package":
            _number(sheet, "size", "Units in a package")
        _number(sheet, "included", "Units included")
        _number(sheet, "minimum", "Minimum of a period")
    _before_and_after(sheet, meter, currency)


def _tiers(sheet: Sheet, model: str) -> None:
    many = 1
    if model in ("graduated", "volume"):
        many = int(st.number_input("Tiers", 1, MOST_TIERS, 2, key=sheet.key("tiers")))
    for place in range(1, many + 1):
        with st.container(horizontal=True):
            if many > 1:
                if place < many:
                    _number(sheet, f"end-{place}", f"Tier {place}, up to and with")
                else:
                    st.text_input(f"Tier {place}", "all further units", disabled=True)
            of = "Price of a package" if model == "package" else "Price of a unit"
            _number(sheet, f"unit-{place}", of)
            _number(sheet, f"flat-{place}", "Flat fee")


def _number(sheet: Sheet, field: str, title: str) -> None:
    st.text_input(title, key=sheet.key(field), max_chars=LONGEST_NUMBER)


def _asked(sheet: Sheet) -> Pricing:
    """The pricing as the fields have it. Raises BadInput, BadMoney."""
    model = str(sheet.given("model") or "per_unit")
    many = int(sheet.given("tiers") or 2) if model in ("graduated", "volume") else 1
    tiers = [
        TypedTier(
            str(sheet.given(f"end-{place}")) if place < many else "",
            str(sheet.given(f"unit-{place}")),
            str(sheet.given(f"flat-{place}")),
        )
        for place in range(1, many + 1)
    ]
    return typed_pricing(
        model,
        str(sheet.given("currency")),
        tiers,
        included=str(sheet.given("included")),
        package_size=str(sheet.given("size")) if model == "package" else "",
        minimum=str(sheet.given("minimum")),
    )


def _before_and_after(sheet: Sheet, meter: str, currency: str) -> None:
    """What holds, what will, and what some quantities then cost."""
    held = [row for row in sheet.rows if (row.meter, row.currency) == (meter, currency)]
    newest = held[0] if held else None
    if newest:
        told = escape(pricing_words(newest.pricing, currency))
        since = formats.day(newest.valid_from)
        st.html(f"<p>The newest version: {told} {currency}, from {since}.</p>")
    if not sheet.given("unit-1"):
        st.html('<p class="muted">Give a price to see what it means.</p>')
        return
    try:
        asked = _asked(sheet)
        costs = examples(asked)
        before = dict(examples(newest.pricing)) if newest else {}
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    st.html(f"<p>New: <b>{escape(pricing_words(asked, currency))}</b> {currency}</p>")
    columns = [Column("Units in a period"), Column("Now"), Column(f"New ({currency})")]
    body = [
        [
            Cell(formats.quantity(units)),
            Cell(words.amount(before[units], currency) if before else "–", tone="muted"),
            Cell(words.amount(minor, currency), tone="strong"),
        ]
        for units, minor in costs
    ]
    tables.html(columns, body, label="What some quantities cost")


def _set(sheet: Sheet, _reason: str, key: str) -> str:
    meter, currency = str(sheet.given("meter")), str(sheet.given("currency"))
    starts = sheet.given("from") or None
    if not sheet.given("unit-1"):
        raise BadInput("Give the price of a unit")
    with office().work(viewer.current_actor()) as work:
        made = actions.set_usage_price(
            work, sheet.plan.id, meter, currency, _asked(sheet), valid_from=starts, key=key
        )
        day = formats.day(made.valid_from)
    told = f"{meter_words(meter)} has a new price in {sheet.plan.facts.name} from {day}"
    return receipts.keep(told, "saas.plan.usage_priced")


METER = Step("meter", "New meter", "Add it", str, _show_meter, _create, fresh=False, reason=False)
PRICE = Step(
    "usage-price", "Set a usage price", "Set the price", _plan, _show_price, _set,
    fresh=False, reason=False,
)  # fmt: skip
