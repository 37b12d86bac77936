"""What each figure means, read from docs/definitions.md."""

import re
from dataclasses import dataclass
from functools import lru_cache

from core.settings import ROOT

PATH = ROOT / "docs" / "definitions.md"
_SECTION = re.compile(r"^## (?P<title>.+)\n`(?P<slug>\w+)`\n\n(?P<text>(?:.+\n?)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure's name on a page, its key, and what it means in one paragraph."""

    slug: str
    title: str
    text: str


@lru_cache
def definitions() -> tuple[Definition, ...]:
    """All definitions, in the order of the document."""
    found = _SECTION.finditer(PATH.read_text())
    return tuple(
        Definition(match["slug"], match["title"], " ".join(match["text"].split()))
        for match in found
    )


def definition(slug: str) -> Definition:
    """The definition of one figure. Raises KeyError for an unknown one."""
    return {one.slug: one for one in definitions()}[slug]
