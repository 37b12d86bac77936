"""The HTML around every page: what stands there before any script is what will stand there."""

import re
import tomllib

from api.shell import index_html
from core.settings import ROOT


def test_the_bar_is_painted_where_react_will_draw_and_takes_it_away() -> None:
    assert '<div id="root"><div class="frame" aria-hidden="true"></div></div>' in index_html()


def test_the_bar_is_as_wide_as_the_menu_and_in_the_colours_of_the_theme() -> None:
    first = (ROOT / "static" / "start.css").read_text()
    wide = re.search(r"SIDEBAR_PX = (\d+)", (ROOT / "app.py").read_text())
    assert wide is not None
    assert f"width: {wide[1]}px" in first
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    light, dark = first.split("prefers-color-scheme: dark")
    for mode, rules in (("light", light), ("dark", dark)):
        assert theme[mode]["backgroundColor"] in rules
        assert theme[mode]["sidebar"]["backgroundColor"] in rules
        assert f"/brand/logo-{mode}.svg" in rules
        assert (ROOT / "static" / f"logo-{mode}.svg").exists()
