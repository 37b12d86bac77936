"""How a CSV file's columns read: proposed, corrected by a person, kept by a name (UNM.1)."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.access.authority import Actor
from core.bank.mappings import mapping_names, save_mapping, saved_mapping
from core.bank.readers import is_csv
from core.bank.readers.csv_file import headings
from core.bank.readers.csv_mapping import CsvMapping
from core.bank.readers.csv_sniffing import FORMATS, propose
from core.errors import SaldoError
from core.office import office
from pages.parts import states, viewer

FIELDS = {
    "booked_on": "Booking day",
    "value_on": "Value day",
    "amount": "Amount with sign",
    "direction": "In or out",
    "amount_in": "Money in",
    "amount_out": "Money out",
    "reference": "Reference",
    "counterparty_name": "Counterparty",
    "counterparty_account": "Its account",
    "bank_id": "The bank's own number",
    "balance": "Balance",
    "currency_column": "Currency",
    "account_column": "Own account",
}
NONE = "–"


def mapping_for(actor: Actor, data: bytes) -> CsvMapping | None:
    """The mapping a person chose or corrected; None for a file that needs none."""
    if not is_csv(data):
        return None
    start = _start(actor, data)
    with st.expander("How the columns read", expanded=not start.account):
        chosen = _corrected(start, data)
        _save(chosen)
    return chosen


def _start(actor: Actor, data: bytes) -> CsvMapping:
    """A saved mapping, or a proposal from the headings."""
    with office().work(actor) as work:
        names = [name for name, _ in mapping_names(work)]
    name = st.selectbox("Saved mapping", [NONE, *names], key="mapping-saved") if names else NONE
    if name == NONE:
        return propose(data)
    with office().work(actor) as work:
        return saved_mapping(work, name)


def _corrected(start: CsvMapping, data: bytes) -> CsvMapping:
    names = headings(data, start)
    options = [NONE, *names]
    with st.container(horizontal=True):
        account = st.text_input("Own account", start.account, key="mapping-account")
        currency = st.text_input("Currency", start.currency, max_chars=3, key="mapping-currency")
        dates = list(dict.fromkeys([start.date_format, *FORMATS]))
        date_format = st.selectbox("Days are written", dates, key="mapping-date_format")
        marks = [start.decimal_mark, *({".", ","} - {start.decimal_mark})]
        mark = st.selectbox("Decimal mark", marks, key="mapping-decimal_mark")
    columns: dict[str, Any] = {}
    with st.container(horizontal=True):
        for field, words in FIELDS.items():
            now = getattr(start, field)
            place = options.index(now) if now in options else 0
            said = st.selectbox(words, options, place, key=f"mapping-{field}", width=190)
            columns[field] = "" if said == NONE else said
    texts = st.multiselect(
        "Text",
        names,
        [each for each in start.texts if each in names],
        key="mapping-texts",
    )
    return replace(
        start,
        account=account.strip(),
        currency=currency.strip().upper(),
        date_format=date_format,
        decimal_mark=mark,
        texts=tuple(texts),
        **columns,
    )


def _save(mapping: CsvMapping) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of this mapping", key="mapping-name", max_chars=80)
        wanted = st.button("Save mapping", key="mapping-save", disabled=not name.strip())
    if not wanted:
        return
    try:
        with office().work(viewer.current_actor()) as work:
            save_mapping(work, name, mapping)
    except SaldoError as problem:
        states.failed(problem)
    else:
        states.notice("good", f"The mapping “{name.strip()}” is kept")
