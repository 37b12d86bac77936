"""A card a provider, and the totals of both sides by currency (REC.1)."""

from html import escape

import streamlit as st

from core.money import Money
from core.reconciliation.report import Total
from core.reconciliation.standing import ProviderState
from core.reconciliation.viewing import Reconciliation
from core.settings import settings
from pages.parts import formats, head, states, tables
from pages.parts.tables import Cell, Column
from pages.receivables.reconciliation_words import (
    STANDINGS,
    STATES,
    STYLE,
    TITLES,
    amount,
    badge,
    marked,
)

WORST = ("drift", "open", "explained", "agrees")
COLUMNS = (
    Column("Provider", words=True),
    Column("Currency", words=True),
    Column("Books"),
    Column("Gateway"),
    Column("In transit"),
    Column("Drift"),
    Column("Tolerance", spare=3),
    Column("To look at"),
    Column("Standing", words=True),
)


def draw(found: Reconciliation) -> None:
    """The cards beside each other; a state that needs words has them below."""
    st.html(STYLE)
    with st.container(key="rec-cards"):
        places = st.columns(len(found.providers))
    for place, state in zip(places, found.providers, strict=True):
        with place, st.container(border=True, key=f"card-{state.provider}", height="stretch"):
            own = [total for total in found.totals if total.provider == state.provider]
            st.html(_card(found, state, own))
    for state in found.providers:
        if state.state in ("failed", "stale", "partly_read"):
            tone = "bad" if state.state == "failed" else "warn"
            states.notice(tone, f"{TITLES[state.provider]}: {formats.told(state.words)}")


def totals(found: Reconciliation) -> None:
    """Books, gateway and drift by provider and currency; a name narrows to it."""
    if not found.totals:
        return
    with st.container(border=True, key="panel-totals"):
        head.section(
            "Totals",
            f"{formats.day(found.since)} to {formats.day(found.until)}; what the gateway has more "
            "than the books is in transit or drift",
        )
        tables.html(COLUMNS, [_row(found, total) for total in found.totals], label="Totals")


def _card(found: Reconciliation, state: ProviderState, own: list[Total]) -> str:
    title = escape(TITLES[state.provider])
    if not state.able:
        mark = badge(*STATES[state.state])
        told = escape(formats.told(state.words))
        return f'<div class="rec-card"><h2>{title} {mark}</h2><p>{told}</p></div>'
    standing = next((s for s in WORST if any(t.standing == s for t in own)), None)
    mark = badge(*STANDINGS[standing]) if standing else badge("flat", "No movement")
    if state.state != "ready" and standing not in ("drift", "open"):
        mark = badge(*STATES[state.state])
    drifts = "".join(f"<dt>Drift {total.currency}</dt><dd>{_drift(total)}</dd>" for total in own)
    return (
        f'<div class="rec-card"><h2>{title} {mark}</h2><dl>{drifts}</dl>'
        f"<p>{escape(_told(own, state))}</p></div>"
    )


def _drift(total: Total) -> str:
    tone = "" if total.within else ' class="bad"'
    shown = formats.money(Money(total.drift_minor, total.currency), code=False)
    return f"<span{tone}>{escape(shown)}</span>"


def _told(own: list[Total], state: ProviderState) -> str:
    count = sum(total.open_rows for total in own)
    looked = f"{count} to look at" if count else "Nothing to look at"
    if state.reached_at is None:
        return looked
    read = formats.instant(state.reached_at, settings().billing_timezone)
    return f"{looked} · read until {read}"


def _row(found: Reconciliation, total: Total) -> list[Cell]:
    door = tables.link(
        "reconciliation",
        {"from": str(found.since), "until": str(found.until), "provider": total.provider},
    )
    drift = "" if total.within else "bad"
    return [
        Cell(TITLES[total.provider], opens=door),
        Cell(total.currency),
        amount(total.ledger_minor, total.currency),
        amount(total.provider_minor, total.currency),
        amount(total.in_transit_minor, total.currency, "muted"),
        amount(total.drift_minor, total.currency, drift or "strong"),
        amount(total.tolerance_minor, total.currency, "muted"),
        Cell(formats.number(total.open_rows)),
        marked(STANDINGS[total.standing]),
    ]
