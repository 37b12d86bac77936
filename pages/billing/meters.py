"""What is measured, and what each plan charges for it: meters and usage prices (USE.1, USE.3)."""

from datetime import date

import streamlit as st

from core.office import office
from core.plans.queries import PlanRow, plan_rows
from core.settings import settings
from core.usage.catalogue import meters
from core.usage.sheets import PriceRow, price_rows, pricing_words
from core.usage.wording import meter_words
from pages.admin import receipts
from pages.billing import meter_asks
from pages.billing.meter_words import AGGREGATIONS, MODELS, RESETS, amount
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column

METERS = (
    Column("Meter", words=True),
    Column("Name for software", words=True),
    Column("Counts", words=True),
    Column("Starts again", words=True),
    Column("Since", words=True, spare=3),
)
PRICES = (
    Column("Meter", words=True),
    Column("Currency", words=True),
    Column("Model", words=True),
    Column("Price of a unit", words=True),
    Column("Included"),
    Column("Minimum"),
    Column("From", words=True),
    Column("State", words=True),
)


def main() -> None:
    """The heading, the meters, and the usage prices of one plan."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Meters and usage prices", "what is measured, and what plans charge for it")
        confirm.door(meter_asks.METER, "new", "New meter…")
    receipts.show()
    with office().work(viewer.current_actor()) as work:
        plans = plan_rows(work, active_only=False)
        measured = [
            [
                Cell(meter_words(row.name)),
                Cell(row.name, tone="muted"),
                Cell(AGGREGATIONS[row.aggregation]),
                Cell(RESETS[row.resets]),
                Cell(formats.instant(row.created_at, settings().billing_timezone)),
            ]
            for row in meters(work)
        ]
    if measured:
        with st.container(border=True, key="panel-meters"):
            head.section("Meters", "a plan's limit of the same name is a limit on it")
            tables.html(METERS, measured, label="Meters")
    else:
        states.empty("Nothing is measured yet", "Add the first meter with “New meter”.")
    _prices(plans)
    confirm.draw(meter_asks.METER, meter_asks.PRICE)


def _prices(plans: list[PlanRow]) -> None:
    """What the plan the address names charges for usage."""
    if not plans:
        return
    names = {plan.id: plan.facts.name for plan in plans}
    moved = url.follow("plan", url.one_of(tuple(names)), plans[0].id)
    with st.container(horizontal=True, key="filters"):
        chosen = st.selectbox(
            "Plan", list(names), key="plan", on_change=moved, format_func=names.__getitem__,
            width=240,
        )  # fmt: skip
    with office().work(viewer.current_actor()) as work:
        rows, today = price_rows(work, chosen), work.today
    with st.container(border=True, key="panel-usage-prices"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section(
                f"Usage prices of {names[chosen]}", "without tax; running periods keep theirs"
            )
            confirm.door(meter_asks.PRICE, str(chosen), "Set a price…")
        if rows:
            body = [_price(row, today) for row in rows]
            tables.html(PRICES, body, label="Usage prices")
        else:
            st.html('<p class="muted">Usage costs nothing in this plan.</p>')


def _price(row: PriceRow, today: date) -> list[Cell]:
    included = row.pricing.included
    return [
        Cell(meter_words(row.meter)),
        Cell(row.currency),
        Cell(MODELS[row.pricing.model]),
        Cell(pricing_words(row.pricing, row.currency), tone="strong"),
        Cell(formats.quantity(included) if included else "–"),
        Cell(amount(row.pricing.minimum_minor, row.currency) if row.pricing.minimum_minor else "–"),
        Cell(formats.day(row.valid_from)),
        _state(row, today),
    ]


def _state(row: PriceRow, today: date) -> Cell:
    if row.valid_from > today:
        return Cell("to come", tone="warn")
    if row.valid_until is not None and row.valid_until <= today:
        return Cell(f"until {formats.day(row.valid_until)}", tone="muted")
    return Cell("in force", tone="good")


main()
