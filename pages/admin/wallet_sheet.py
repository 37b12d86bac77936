"""One wallet: what it holds, how it came to that, and the doors to credit and debit it."""

import streamlit as st

from core.office import office
from pages.admin import wallet_edits
from pages.parts import confirm, tables, viewer, wallet_history
from pages.parts.head import section


def draw(tenant_id: int, currency: str) -> None:
    """One wallet with its history."""
    actor = viewer.current_actor()
    with office().work(actor) as work:
        wallet = wallet_edits.the_wallet(work, tenant_id, currency)
    st.button("All wallets", icon=":material/arrow_back:", on_click=_leave)
    with st.container(border=True, key="panel-wallet"):
        section(wallet.tenant_name, f"wallet in {currency}")
        st.html(wallet_history.terms(wallet))
        with st.container(horizontal=True):
            subject = wallet_edits.subject(wallet)
            confirm.door(wallet_edits.CREDIT, subject, "Credit…")
            confirm.door(wallet_edits.DEBIT, subject, "Debit…")
    with st.container(border=True, key="panel-history"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            section("History", f"newest first; amounts in {currency}")
            if wallet.moved_at:
                name = f"wallet-{subject.lower()}.csv"
                tables.csv_button(lambda: wallet_history.frame(actor, wallet), name, "csv-history")
        wallet_history.draw(actor, wallet, staff=True)


def _leave() -> None:
    for name in ("wallet", "page"):
        st.query_params.pop(name, None)
