"""Payment config: whose keys each gateway is asked with, set, tried, removed (PAY.7)."""

from html import escape

import streamlit as st

from core.errors import NotAllowed, NotFound, SaldoError
from core.gateways.configuring import GatewayConfig, gateway_configs, try_connection
from core.office import office
from core.subscriptions.detail import tenant_names
from pages.admin import payment_edits, receipts
from pages.admin.gateway_words import FIELDS, MODES, SOURCES
from pages.admin.payment_edits import COMPANY
from pages.parts import confirm, head, states, url, viewer

TRIED = "gateway-tried"
TONES = {"none": "bad", "simulator": "flat"}


def main() -> None:
    """Whose keys are looked at, and a panel for each gateway."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Payment config", "keys of the gateways, and the addresses to give to them")
        confirm.door(payment_edits.RESEAL, "all", "Seal secrets anew…")
    receipts.show()
    chosen = _owner()
    try:
        with office().work(viewer.current_actor()) as work:
            found = gateway_configs(office(), work, chosen)
    except NotFound as problem:
        states.empty("There is no such tenant", str(problem))
        return
    if chosen:
        st.html(
            "<p class=\"muted\">A tenant's own keys go before the company's: its recharges and "
            "charges then run over its own account at the gateway.</p>"
        )
    for config in found:
        _panel(config)
    confirm.draw(*payment_edits.STEPS)


def _owner() -> int | None:
    """The tenant of the address, None for the company."""
    given = url.read("tenant", url.positive, COMPANY)
    try:
        with office().work(viewer.current_actor()) as work:
            names = tenant_names(work)
    except NotAllowed:
        return given or None
    names.setdefault(given, f"Tenant {given}")
    names[COMPANY] = "The company"
    moved = url.follow("tenant", url.one_of(tuple(names)), COMPANY)
    with st.container(horizontal=True, key="filters"):
        chosen = st.selectbox(
            "Keys of",
            (COMPANY, *(number for number in names if number != COMPANY)),
            key="tenant",
            on_change=moved,
            format_func=names.__getitem__,
            width=320,
            help="Type a part of a tenant's name",
        )
    return chosen or None


def _panel(config: GatewayConfig) -> None:
    subject = payment_edits.subject(config.provider, config.tenant_id)
    with st.container(border=True, key=f"panel-{config.provider}"):
        head.section(config.title)
        st.html(_facts(config))
        webhook, callback = st.columns(2)
        with webhook:
            st.caption("Webhook address, to be given to the gateway")
            st.code(config.webhook_url, language=None)
        with callback:
            st.caption("Where people come back to; the reference follows")
            st.code(config.callback_url, language=None)
        with st.container(horizontal=True):
            stored = payment_edits.stored_here(config)
            confirm.door(payment_edits.SET, subject, "Rotate keys…" if stored else "Set keys…")
            if st.button("Test the connection", key=f"try-{subject}"):
                _try(config, subject)
            if stored:
                confirm.door(payment_edits.REMOVE, subject, "Remove keys…")
        told = st.session_state.get(TRIED, {}).get((subject, config.version))
        if told:
            states.notice(*told)


def _facts(config: GatewayConfig) -> str:
    """Where the keys come from, and what may be shown of them."""
    tone = TONES.get(config.source, "good")
    terms = {"Keys": f'<span class="{tone}">{escape(SOURCES[config.source])}</span>'}
    if config.mode:
        terms["Mode"] = MODES[config.mode]
    for name, text in config.shown.items():
        terms[FIELDS[name]] = escape(text)
    cells = "".join(
        f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>' for title, text in terms.items()
    )
    return f'<dl class="identity sums">{cells}</dl>'


def _try(config: GatewayConfig, subject: str) -> None:
    """Ask the gateway whether the keys are good; no money moves."""
    try:
        with st.spinner(f"Asking {config.title} …"):
            told = (
                "good",
                try_connection(
                    office(), viewer.current_actor(), config.provider, tenant_id=config.tenant_id
                ),
            )
    except SaldoError as problem:
        told = "bad", str(problem)
    tried = st.session_state.setdefault(TRIED, {})
    tried[subject, config.version] = told


main()
