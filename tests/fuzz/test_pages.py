"""Every page at every odd address, and every dialog with odd subjects: drawn, or told in words."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as hs
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from core.work import Office
from pages.parts import confirm
from pages.parts.entries import MENU
from pages.parts.entry import Entry
from tests.fuzz import odd
from tests.fuzz.depth import tried
from tests.fuzz.world import opened
from tests.pages.drawing import page, seen_by, signed_in

Address = dict[str, str]
TYPED = odd.texts.map(lambda text: text.encode("utf-8", "replace").decode())
"""What a browser can send: an address and a field hold no half of a character."""


@pytest.fixture(scope="module")
def company(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """The office of a small company."""
    with opened(server, template, tmp_path_factory.mktemp("fuzz")) as office:
        yield office


class Pages:
    """Draws a page, and remembers which parts of an address and which dialogs it knows."""

    def __init__(self, office: Office, entry: Entry, patch: pytest.MonkeyPatch) -> None:
        role = "org_admin" if entry.own else "super_admin"
        seen = signed_in(office, role, 1 if entry.own else None)
        self.entry = entry
        self.names: set[str] = set()
        self.steps: set[str] = set()
        read, draw = QueryParamsProxy.get, confirm.draw

        def reading(params: QueryParamsProxy, name: str, *more: Any) -> Any:
            self.names.add(name)
            return read(params, name, *more)

        def drawing(*steps: confirm.Step) -> None:
            self.steps |= {step.name for step in steps}
            draw(*steps)

        patch.setattr(QueryParamsProxy, "get", reading)
        patch.setattr(confirm, "draw", drawing)
        seen_by(office, seen, patch)

    def at(self, address: Address) -> AppTest:
        """The page as it is drawn at an address."""
        return page(self.entry.address, address)

    def known(self) -> tuple[set[str], set[str]]:
        """The parts of its address and its dialogs, as far as it has asked for them."""
        return self.names - {confirm.DO}, set(self.steps)


@hs.composite
def addresses(draw: Callable[..., Any], names: set[str], steps: set[str]) -> Address:
    """Some known parts of a page's address with odd values, and perhaps a dialog."""
    parts = hs.lists(hs.sampled_from(sorted(names)), max_size=4, unique=True)
    chosen = draw(parts) if names else []
    found = {name: draw(hs.sampled_from(("1", "2")) | TYPED) for name in chosen}
    if steps and draw(hs.booleans()):
        step = draw(hs.sampled_from(sorted(steps)))
        found[confirm.DO] = f"{step}:{draw(hs.sampled_from(SUBJECTS) | TYPED)}"
    return found


SUBJECTS = ("1", "2", "3", "1|1", "1:EUR", "2026-10", "stripe|0", "new")


def fill(draw: Callable[[hs.SearchStrategy[Any]], Any], drawn: AppTest) -> list[Any]:
    """Type odd texts into fields of a page and press one of its buttons."""
    done: list[Any] = []
    for field in (*drawn.text_input, *drawn.text_area):
        if draw(hs.booleans()):
            text = draw(TYPED)[: field.max_chars or None]
            done.append((field.label, text[:99]))
            field.set_value(text)
    for field in drawn.number_input:
        if draw(hs.booleans()):
            number = draw(hs.sampled_from((field.min, field.max, 0, 1, -1, 2**53)))
            if number is not None and (field.min or 0) <= number <= (field.max or 2**53):
                done.append((field.label, number))
                field.set_value(type(field.step)(number) if field.step else number)
    for field in drawn.selectbox:
        if draw(hs.integers(0, 3)) == 3 and field.options:
            field.select_index(draw(hs.integers(0, len(field.options) - 1)))
            done.append((field.label, "chosen"))
    pressed = [button for button in drawn.button if not button.disabled]
    if pressed and draw(hs.booleans()):
        chosen = draw(hs.integers(0, len(pressed) - 1))
        done.append(pressed[chosen].label)
        pressed[chosen].click()
    return done


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.address)
def test_a_page_is_drawn_whatever_its_address_and_fields_hold(
    company: Office, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    pages = Pages(company, entry, monkeypatch)
    judge(entry, {}, pages.at({}))
    names, steps = pages.known()
    ask(pages, names, steps)
    if pages.known() != (names, steps):
        ask(pages, *pages.known())


def ask(pages: Pages, names: set[str], steps: set[str]) -> None:
    """Draw a page at odd addresses made of what is known of it; what it learns is for later."""

    @tried(1)
    @given(hs.data())
    def check(data: hs.DataObject) -> None:
        address = data.draw(addresses(names, steps))
        drawn = pages.at(address)
        judge(pages.entry, address, drawn)
        if data.draw(hs.booleans()) and not drawn.exception:
            done = fill(data.draw, drawn)
            judge(pages.entry, (address, done), drawn.run())

    check()


def judge(entry: Entry, address: object, drawn: AppTest) -> None:
    """Fail on a page that broke; what it refused in words is no fault."""
    assert not drawn.exception, (entry.address, address, drawn.exception)
