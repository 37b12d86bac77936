"""What a page is made of, as text: its elements, headings, columns and buttons, without figures."""

import re
from html.parser import HTMLParser
from itertools import groupby

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element

FIGURE = re.compile(r"[-−+]?\d[\d.,:\u00a0\u202f/-]*%?")
HEADINGS = ("h1", "h2", "h3", "h4")
TOLD = (*HEADINGS, "dt", "th", "a", "button", "label")
BOXES = ("state", "notice", "identity", "figure")
SEEN_BLOCKS = ("dialog", "expander", "popover", "tab", "form", "column")


class Parts(HTMLParser):
    """The parts of a piece of HTML: headings, columns, terms, doors and boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, list[str]]] = []
        self._columns: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if "table" in classes:
            self.found.append(f'table "{given.get("aria-label")}"')
        if box := next((name for name in BOXES if name in classes), None):
            self.found.append(" ".join([box, *sorted({"failed", "warn", "bad"} & set(classes))]))
        if tag == "img":
            self.found.append(f'img "{given.get("alt")}"')
        if tag in TOLD:
            self._open.append((tag, []))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            if tag == "thead":
                self.found.append("  columns " + " | ".join(self._columns))
                self._columns = []
            return
        _, texts = self._open.pop()
        text = masked(" ".join("".join(texts).split()))
        if tag == "th":
            self._columns.append(text or "–")
        elif tag == "a":
            self.found.append("link" if text in ("#", "") else f"link {text}")
        else:
            self.found.append(f"{tag} {text}")


def masked(text: str) -> str:
    """The text with every number, amount and day as one sign."""
    return re.sub(r"#( [A-Z][a-z]{2} #)?( #)?", "#", FIGURE.sub("#", text))


def structure(test: AppTest) -> str:
    """The page as an outline, one element a line; what repeats is told once."""
    lines: list[str] = []
    for block in (test.main, test.sidebar):
        _walk(block, 0, lines)
    return "\n".join(line for line, _ in groupby(_shortened(lines))) + "\n"


def _walk(block: Block, depth: int, lines: list[str]) -> None:
    for node in block.children.values():
        if isinstance(node, Block):
            seen = node.type in SEEN_BLOCKS
            if seen:
                lines.append("  " * depth + f"{node.type} {masked(_title(node))}".rstrip())
            _walk(node, depth + seen, lines)
        else:
            lines += ["  " * depth + part for part in _told(node)]


def _title(block: Block) -> str:
    proto = block.proto
    return str(getattr(proto, "label", "") or getattr(proto, "title", "") or "")


def _told(element: Element) -> list[str]:
    if element.type == "html":
        parts = Parts()
        parts.feed(str(element.proto.body))
        return parts.found
    if element.type == "empty":
        return []
    proto = element.proto
    label = masked(str(getattr(proto, "label", "") or getattr(proto, "alt", "") or ""))
    off = " (disabled)" if getattr(proto, "disabled", False) else ""
    return [f"{element.type} {label}".rstrip() + off]


def _shortened(lines: list[str]) -> list[str]:
    """A group of lines that follows itself is left out: rows of a list, however many."""
    kept: list[str] = []
    for line in lines:
        kept.append(line)
        for size in range(1, min(12, len(kept) // 2) + 1):
            if kept[-size:] == kept[-2 * size : -size]:
                del kept[-size:]
                break
    return kept
