"""The HTML around every page asks for what pages need, once, and for nothing else."""

import re
import tomllib
from collections import Counter

from api.headers import INDEX
from api.shell import PARTS, STYLE, index_html
from core.settings import ROOT

HTML = index_html()


def test_modules_are_asked_for_ahead_once_and_are_there() -> None:
    asked = re.findall(r'rel="modulepreload" crossorigin href="/static/js/([^"]+)"', HTML)
    assert {name for name, times in Counter(asked).items() if times > 1} == set()
    there = {path.name for path in (INDEX.parent / "static" / "js").iterdir()}
    assert set(asked) <= there
    assert set(PARTS) <= {name.partition(".")[0] for name in asked}


def test_the_style_is_a_file_that_changes_its_address_with_its_text() -> None:
    [(name, version)] = re.findall(r'href="/brand/(app\.css)\?v=(\w+)"', HTML)
    assert (ROOT / "static" / name).samefile(STYLE)
    assert len(version) == 12
    assert HTML.index(version) < HTML.index('<div id="root">')
    assert HTML.index("</head>") < HTML.index(version), "rules of the head would come after it"


def test_one_font_is_loaded_before_it_is_needed() -> None:
    assert re.findall(r'href="([^"]+)" as="font"', " ".join(HTML.split())) == [
        "/brand/saldo-sans.woff2"
    ]


def test_before_the_menu_stands_there_a_bar_as_wide_and_in_its_colours() -> None:
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
