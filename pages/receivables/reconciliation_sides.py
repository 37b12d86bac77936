"""Payouts three ways, the clearing accounts explained, and the drift day by day (REC.3)."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.money import Money
from core.reconciliation.history import ClearingAccount, DayRow
from core.reconciliation.three_way import PayoutRow
from core.reconciliation.viewing import Reconciliation
from pages.parts import charts, formats, head, tables, url
from pages.parts.tables import Cell, Column
from pages.receivables.reconciliation_words import PAYOUTS, STANDINGS, TITLES, amount, marked

PAYOUT_COLUMNS = (
    Column("Provider", words=True),
    Column("Payout", words=True),
    Column("Expected", words=True, spare=2),
    Column("Gateway pays"),
    Column("Its lines", spare=2),
    Column("Bank", words=True),
    Column("Posted"),
    Column("Currency", words=True),
    Column("State", words=True),
)
CALM = ("agrees", "deducted", "on_its_way")
"""States of a payout that nobody has to look at."""
CLEARING_COLUMNS = (
    Column("Provider", words=True),
    Column("Currency", words=True),
    Column("Clearing account"),
    Column("Before it was read", spare=3),
    Column("Gateway since then", spare=3),
    Column("On its way to the bank or the books"),
    Column("Differences"),
    Column("Unexplained"),
    Column("Standing", words=True),
)


def payouts(found: Reconciliation) -> None:
    """Each payout: what the gateway pays, its lines, the bank's line, our posting."""
    if not found.payouts:
        return
    with st.container(border=True, key="panel-payouts"):
        odd = sum(payout.state not in CALM for payout in found.payouts)
        told = f"{odd} to look at" if odd else "gateway, bank and books agree"
        head.section("Payouts three ways", told)
        ordered = sorted(found.payouts, key=lambda p: p.state in CALM)
        shown = ordered[tables.page_of(len(ordered), "page-payouts")]
        tables.html(PAYOUT_COLUMNS, [_payout(each) for each in shown], label="Payouts", folds=True)


def _payout(each: PayoutRow) -> list[Cell]:
    lines = "not itemised" if each.lines_minor is None else ""
    return [
        Cell(TITLES[each.provider]),
        Cell(each.payout_id),
        Cell(formats.day(each.arrives_on)),
        amount(each.amount_minor, each.currency),
        Cell(lines, tone="muted") if lines else amount(each.lines_minor, each.currency),
        Cell(formats.day(each.bank_on) if each.bank_on else "–"),
        amount(each.ledger_minor, each.currency),
        Cell(each.currency),
        marked(PAYOUTS[each.state]),
    ]


def clearing(found: Reconciliation) -> None:
    """Why each clearing account is not zero, to the cent."""
    if not found.clearing:
        return
    with st.container(border=True, key="panel-clearing"):
        end = min(found.until, found.as_of)
        head.section(
            "Clearing accounts",
            f"as the ledger has them at the end of {formats.day(end)}: what they held before the "
            "gateway was read and what it told since, less what is on its way and what differs",
        )
        rows = [_account(total) for total in found.clearing]
        tables.html(CLEARING_COLUMNS, rows, label="Clearing accounts")


def _account(total: ClearingAccount) -> list[Cell]:
    currency = total.currency
    tone = "bad" if total.unexplained_minor else "good"
    return [
        Cell(TITLES[total.provider]),
        Cell(currency),
        amount(total.balance_minor, currency, "strong"),
        amount(total.before_minor, currency, "muted"),
        amount(total.provider_minor, currency),
        amount(-total.in_transit_minor, currency, "muted"),
        amount(-total.listed_minor, currency),
        amount(total.unexplained_minor, currency, tone),
        marked(STANDINGS[total.standing]),
    ]


def history(found: Reconciliation) -> None:
    """The drift of one provider and currency at the end of each day."""
    names = list(dict.fromkeys(f"{TITLES[day.provider]} {day.currency}" for day in found.history))
    if not names:
        return
    with st.container(border=True, key="panel-history"):
        head.section("Drift day by day", "of everything since the gateway was first read")
        usual = _widest(found.history)
        moved = url.follow("series", url.one_of(names), usual)
        chosen = st.segmented_control(
            "Account", names, key="series", on_change=moved, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        days = [
            day
            for day in found.history
            if f"{TITLES[day.provider]} {day.currency}" == (chosen or usual)
        ]
        charts.show(_chart(days, found.tolerance_minor), _said(days), "drift", 260)


def _widest(days: Sequence[DayRow]) -> str:
    """The account that drifted most."""
    day = max(days, key=lambda each: abs(each.drift_minor))
    return f"{TITLES[day.provider]} {day.currency}"


def _chart(days: Sequence[DayRow], tolerance_minor: int) -> go.Figure:
    colours, currency = charts.palette(), days[0].currency
    band = float(formats.units(tolerance_minor, currency))
    figure = go.Figure(
        go.Scatter(
            x=[day.day for day in days],
            y=[float(formats.units(day.drift_minor, currency)) for day in days],
            customdata=[formats.money(Money(day.drift_minor, currency)) for day in days],
            mode="lines",
            line={"color": colours.accent, "width": 2.5, "shape": "hv"},
            name="Drift",
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.add_hrect(y0=-band, y1=band, fillcolor=colours.accent_soft, line_width=0)
    figure.update_layout(
        xaxis=charts.day_ticks([day.day for day in days]),
        yaxis={"title": currency},
        showlegend=False,
    )
    return figure


def _said(days: Sequence[DayRow]) -> str:
    last = days[-1]
    drift = formats.money(Money(last.drift_minor, last.currency))
    return f"Drift of {TITLES[last.provider]} by day; {drift} on {formats.day(last.day)}"
