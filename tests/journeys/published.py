"""The pictures of a gallery that the documents show: each page once, light and dark, small."""

import re
from pathlib import Path

from PIL import Image

from pages.parts.entries import MENU

WIDTH, TALLEST = 1_000, 900
QUALITY = 62
NAMED = re.compile(r"(?P<page>.+)-(?P<scheme>light|dark)-1440")
TITLES = {
    **{e.address: f"{e.group}: {e.title.lower()}" if e.own else e.title for e in MENU},
    "login": "Sign-in",
    "rows-figure-mrr": "Rows behind MRR",
    "rows-figure-nrr": "Rows behind net revenue retention",
    "revenue-view-movements-by-tenant": "Dashboard: movements by tenant",
}
"""What the pages are called in the menu."""
INTRO = """# Every page

Pictures of the simulated company, light and dark, made by `make gallery`; the same command pictures
every page as each role in `build/gallery/` and fails on a traceback, an error of the browser or a
request to another host.
"""


def publish(taken: Path, into: Path) -> int:
    """Put a small copy of each page into a folder with a page that shows them; how many pages.

    A page is shown as the person sees it who has the most pages.
    """
    into.mkdir(parents=True, exist_ok=True)
    people = sorted(taken.iterdir(), key=lambda folder: (-len(list(folder.iterdir())), folder.name))
    chosen: dict[tuple[str, str], Path] = {}
    for folder in people:
        for picture in sorted(folder.glob("*-1440.png")):
            if named := NAMED.fullmatch(picture.stem):
                chosen.setdefault((named["page"], named["scheme"]), picture)
    for old in into.glob("*.webp"):
        old.unlink()
    for (page, scheme), picture in chosen.items():
        _small(picture, into / f"{page}-{scheme}.webp")
    pages = sorted({page for page, _ in chosen})
    (into / "README.md").write_text(INTRO + "".join(map(_shown, pages)))
    return len(pages)


def _small(picture: Path, to: Path) -> None:
    with Image.open(picture) as whole:
        height = min(round(whole.height * WIDTH / whole.width), TALLEST)
        seen = whole.convert("RGB").crop((0, 0, whole.width, height * whole.width // WIDTH))
        seen.resize((WIDTH, height)).save(to, quality=QUALITY, method=6)


def _shown(page: str) -> str:
    title = TITLES.get(page) or page.replace("-", " ").capitalize()
    both = " ".join(f"![{title}, {scheme}]({page}-{scheme}.webp)" for scheme in ("light", "dark"))
    return f"\n## {title}\n\n{both}\n"
