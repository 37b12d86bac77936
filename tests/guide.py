"""The pages of the guide as tests read them: what they name, and the steps of the walk."""

import re

from core.settings import ROOT

GUIDE = ROOT / "docs/guide"
PAGES = {path.name: path.read_text() for path in sorted(GUIDE.glob("*.md"))}
_STEP = re.compile(r"^## (\d+)\. (.+?)\n(.*?)(?=^## |\Z)", re.M | re.S)


def marked(text: str) -> set[str]:
    """What a text says stands on the screen: its words in bold."""
    return {" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", text, re.S)}


def steps(page: str) -> dict[str, set[str]]:
    """The numbered steps of a page in their order, each with what it names on the screen."""
    found = _STEP.findall(PAGES[page])
    assert [int(number) for number, _, _ in found] == list(range(1, len(found) + 1))
    return {title: marked(text) for _, title, text in found}
