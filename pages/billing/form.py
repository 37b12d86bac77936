"""The fields of a dialog, whose values survive the way through the confirmation of a sign-in."""

from collections.abc import Callable, Sequence
from datetime import date
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from core.clock import day_of
from core.errors import BadInput
from core.typed import typed_minor
from pages.parts import url

KEPT = "form"
LONGEST_AMOUNT = 20
LONGEST_WORDS = 120
MOST = 1_000_000


class Form:
    """The fields of one kind of dialog; the address keeps what was chosen, when asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        told, _, values = st.query_params.get(KEPT, "").partition("?")
        self._given = dict(parse_qsl(values)) if told == name else {}
        self._chosen: dict[str, str] = {}

    def choice(
        self,
        field: str,
        title: str,
        options: Sequence[str],
        words: Callable[[str], str],
        default: str | None = None,
        help_text: str | None = None,
    ) -> str:
        """One of several, as a list."""
        given = self._given.get(field, default)
        index = list(options).index(given) if given is not None and given in options else 0
        found = st.selectbox(
            title, options, index, key=self._key(field), format_func=words, help=help_text
        )
        return self._took(field, found)

    def radio(
        self, field: str, title: str, options: dict[str, str], default: str | None = None
    ) -> str:
        """One of few, side by side."""
        given = self._given.get(field, default)
        index = list(options).index(given) if given in options else 0
        found = st.radio(
            title,
            list(options),
            index,
            key=self._key(field),
            format_func=options.__getitem__,
            horizontal=True,
        )
        return self._took(field, found)

    def amount(self, field: str, title: str, currency: str, help_text: str = "") -> int | None:
        """Minor units of an amount that may be left empty. Raises BadMoney, BadInput."""
        given = st.text_input(
            f"{title} ({currency})",
            self._given.get(field, ""),
            key=self._key(field),
            max_chars=LONGEST_AMOUNT,
            help=help_text or None,
        )
        text = self._took(field, (given or "").strip())
        if not text:
            return None
        minor = typed_minor(text, currency)
        if minor < 0:
            raise BadInput("An amount is not below zero")
        return minor

    def words(self, field: str, title: str, placeholder: str = "") -> str:
        """A short text."""
        given = st.text_input(
            title,
            self._given.get(field, ""),
            key=self._key(field),
            max_chars=LONGEST_WORDS,
            placeholder=placeholder,
        )
        return self._took(field, (given or "").strip())

    def number(self, field: str, title: str, default: int, least: int = 1) -> int:
        """A whole number."""
        given = self._given.get(field, "")
        known = url.whole(given)
        start = known if given.isdecimal() and least <= known <= MOST else default
        found = st.number_input(title, least, MOST, start, step=1, key=self._key(field))
        return int(self._took(field, str(int(found))))

    def day(self, field: str, title: str, default: date, first: date) -> date:
        """A calendar day."""
        try:
            start = max(day_of(self._given.get(field, "")), first)
        except ValueError:
            start = default
        found = st.date_input(
            title, start, min_value=first, key=self._key(field), format="YYYY-MM-DD"
        )
        return date.fromisoformat(self._took(field, str(found)))

    def yes(self, field: str, title: str, help_text: str | None = None) -> bool:
        """A switch, off at first."""
        found = st.toggle(
            title, self._given.get(field) == "yes", key=self._key(field), help=help_text
        )
        self._took(field, "yes" if found else "")
        return found

    def keep(self) -> None:
        """Put the values into the address, before the way leads through another page."""
        chosen = {field: value for field, value in self._chosen.items() if value}
        st.query_params[KEPT] = f"{self.name}?{urlencode(chosen)}"

    def _key(self, field: str) -> str:
        return f"{self.name}-{field}"

    def _took(self, field: str, value: str) -> str:
        self._chosen[field] = value
        return value


def forget() -> None:
    """Clear the address once no dialog is open."""
    if "do" not in st.query_params:
        st.query_params.pop(KEPT, None)
