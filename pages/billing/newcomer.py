"""The dialog that adds an organisation; a plan is assigned on its page."""

from datetime import date

import streamlit as st

from core.office import office
from core.settings import settings
from core.tenants.actions import NewTenant, create_tenant
from pages.admin import receipts
from pages.parts import viewer
from pages.parts.confirm import Step
from pages.receivables.lists import CURRENCIES

NAME, COUNTRY, CURRENCY, LANGUAGE, EMAIL, TAX_ID, ELSEWHERE, SINCE = (
    f"new-tenant-{field}"
    for field in ("name", "country", "currency", "language", "email", "tax", "elsewhere", "since")
)
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""
LANGUAGES = {"en": "English", "sv": "Swedish"}
LONGEST = 200


def _preview(_subject: str) -> date:
    with office().work(viewer.current_actor()) as work:
        return work.today


def _show(today: date) -> None:
    st.text_input("Name", key=NAME, max_chars=LONGEST)
    with st.container(horizontal=True):
        st.text_input("Country", key=COUNTRY, max_chars=2, placeholder="SE", help="ISO 3166 code")
        codes = dict.fromkeys([settings().reporting_currency, *CURRENCIES])
        st.selectbox(
            "Billed in", list(codes), key=CURRENCY, accept_new_options=True,
            help="It cannot be changed later",
        )  # fmt: skip
        st.selectbox("Language", list(LANGUAGES), key=LANGUAGE, format_func=LANGUAGES.__getitem__)
    st.text_input("Invoices to", key=EMAIL, max_chars=LONGEST, placeholder="E-mail address")
    with st.container(horizontal=True):
        st.text_input("VAT number", key=TAX_ID, max_chars=LONGEST)
        st.text_input("Its number elsewhere", key=ELSEWHERE, max_chars=LONGEST)
    st.date_input("Signed up on", today, max_value=today, key=SINCE, format="YYYY-MM-DD")
    st.html('<p class="muted">It has no subscription before a plan is assigned.</p>')


def _create(today: date, _reason: str, key: str) -> str:
    new = NewTenant(
        name=_given(NAME),
        country=_given(COUNTRY).upper() or None,
        currency=_given(CURRENCY).upper(),
        language=_given(LANGUAGE) or "en",
        billing_email=_given(EMAIL) or None,
        tax_id=_given(TAX_ID) or None,
        external_id=_given(ELSEWHERE) or None,
    )
    signed_up_on = st.session_state.get(SINCE) or today
    with office().work(viewer.current_actor()) as work:
        made = create_tenant(work, new, signed_up_on=signed_up_on, key=key)
        told = f"{made.name} is tenant {made.id}"
    return receipts.keep(told, "tenant.created")


def _given(field: str) -> str:
    return str(st.session_state.get(field) or "").strip()


NEW_TENANT = Step(
    "new-tenant",
    "New tenant",
    "Add it",
    _preview,
    _show,
    _create,
    fresh=False,
    reason=False,
    needs="saas.subscriptions.manage",
)
