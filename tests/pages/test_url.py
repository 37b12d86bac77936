"""Widgets and the address agree, also when clicks overtake each other."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import url


def page() -> None:
    import streamlit as st  # noqa: PLC0415 (AppTest runs this function as a script)

    from pages.parts import url  # noqa: PLC0415

    for name, options in (("view", ("MRR", "Movements")), ("by", ("plan", "country"))):
        moved = url.follow(name, url.one_of(options), options[0])
        st.segmented_control(name, options, key=name, on_change=moved, required=True)
    url.settled()


def shown(test: AppTest) -> list[str]:
    return [str(test.session_state[name]) for name in ("view", "by")]


def test_widget_follows_the_address() -> None:
    test = AppTest.from_function(page)
    test.query_params["by"] = "country"
    assert shown(test.run()) == ["MRR", "country"]


def test_unknown_value_is_the_default() -> None:
    test = AppTest.from_function(page)
    test.query_params["by"] = "colour"
    assert shown(test.run()) == ["MRR", "plan"]


def test_used_widget_is_written_to_the_address_and_the_default_is_not() -> None:
    test = AppTest.from_function(page).run()
    test.button_group(key="by").set_value("country").run()
    assert test.query_params["by"] == "country"
    test.button_group(key="by").set_value("plan").run()
    assert "by" not in test.query_params


def test_click_with_an_outdated_address_loses_nothing() -> None:
    test = AppTest.from_function(page).run()
    test.button_group(key="view").set_value("Movements").run()
    test.query_params.clear()
    test.button_group(key="by").set_value("country").run()
    assert shown(test) == ["Movements", "country"]
    assert test.query_params == {"view": "Movements", "by": "country"}


def test_going_back_in_the_browser_moves_the_widgets() -> None:
    test = AppTest.from_function(page).run()
    test.button_group(key="view").set_value("Movements").run()
    test.query_params.clear()
    assert shown(test.run()) == ["MRR", "plan"]


@pytest.mark.parametrize(
    ("given", "number"),
    [("7", 7), ("0", 0), ("", 0), ("-7", 0), ("7.0", 0), ("9" * 18, 10**18 - 1), ("9" * 5_000, 0)],
)
def test_a_number_of_an_address_is_one_or_none(given: str, number: int) -> None:
    assert url.whole(given) == number
