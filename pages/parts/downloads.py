"""Documents to take away; each is made when its button is clicked."""

from collections.abc import Callable

import streamlit as st

from core.access.authority import Actor
from core.documents.listings import Listing
from core.documents.storing import document_of, file_name, preview_of
from core.office import office
from core.settings import settings


def pdf_button(
    actor: Actor, kind: str, source_id: int, number: str | None, key: str, label: str = "PDF"
) -> None:
    """The kept document of an issued invoice or credit note; without a number its preview."""

    def issued() -> bytes:
        with office().work(actor) as work:
            return document_of(work, kind, source_id).body

    def draft() -> bytes:
        with office().work(actor) as work:
            return preview_of(work, kind, source_id).pdf

    if number:
        _button(label, issued, file_name(number), key, "The document as it was issued")
    else:
        name = file_name(f"draft-{kind}-{source_id}")
        _button(label, draft, name, key, "How the draft would look; it is not kept")


def list_button(make: Callable[[], bytes], name: str, key: str, label: str = "PDF") -> None:
    """A list as PDF; `make` reads the rows and renders them."""
    _button(label, make, name, key, "The rows as a document; CSV holds all of them")


def paper_button(paper: Callable[[], Listing], name: str, key: str) -> None:
    """A report as PDF; `paper` makes its rows."""
    list_button(lambda: paper().pdf(settings()), name, key)


def _button(label: str, make: Callable[[], bytes], name: str, key: str, tip: str) -> None:
    st.download_button(
        label,
        make,
        file_name=name,
        mime="application/pdf",
        key=key,
        on_click="ignore",
        icon=":material/picture_as_pdf:",
        help=tip,
    )
