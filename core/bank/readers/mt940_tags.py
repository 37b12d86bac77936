"""MT940 and MT942 as tags with their lines: where each message begins and ends.

Lines that only look like a tag, such as a time wrapped into `:26:37`, stay text of the tag before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.errors import BadInput

_TAG = re.compile(r"\s*:(\d{2}[A-Z]?|NS):(.*)", re.DOTALL)
_IN_HEADER = frozenset({"21", "25", "25P", "28", "28C", "13", "13C", "13D", "12"})
_BALANCES = frozenset({"60F", "60M", "62F", "62M", "64", "65", "34F", "90C", "90D"})
_KNOWN = _IN_HEADER | _BALANCES | {"20", "61", "86", "NS"}
_SHAPES = {
    "61": re.compile(r"\s*\d{6}"),
    "60F": re.compile(r"\s*[CDcd]"),
    "60M": re.compile(r"\s*[CDcd]"),
    "62F": re.compile(r"\s*[CDcd]"),
    "62M": re.compile(r"\s*[CDcd]"),
    "64": re.compile(r"\s*[CDcd]"),
    "65": re.compile(r"\s*[CDcd]"),
    "90C": re.compile(r"\s*\d"),
    "90D": re.compile(r"\s*\d"),
    "34F": re.compile(r"\s*[A-Z]{3}"),
}
_END = re.compile(r"\s*-(?:\}.*|X*|\s.*\}|[^\w\s].*)?\s*")
_BLOCK = re.compile(r"\s*(?:\{\d:|[^\w\s]4:\s*$)")
MOST_LINES = 500_000
_LINE_LIMIT = 10_000
_LOOK_AHEAD = 8


@dataclass
class Tag:
    """A tag: its first line's number in the file, and its lines without the tag."""

    name: str
    number: int
    lines: list[str]


@dataclass
class Message:
    """The tags of one statement or report."""

    number: int
    tags: list[Tag] = field(default_factory=list)

    def first(self, *names: str) -> Tag | None:
        """The first tag with one of the names."""
        return next((tag for tag in self.tags if tag.name in names), None)

    def last(self, *names: str) -> Tag | None:
        """The last tag with one of the names."""
        return next((tag for tag in reversed(self.tags) if tag.name in names), None)


def looks_like_mt940(text: str) -> bool:
    """True when a tag of a statement begins a line."""
    return re.search(r"(?m)^\s*:(?:20|25P?|28C?|60[FM]|61|62[FM]):", text) is not None


def raw_count(text: str) -> int:
    """How many lines begin a transaction, by the text alone."""
    return len(re.findall(r"(?m)^\s*:61:\s*\d{6}", text))


def messages(text: str) -> Iterator[Message]:
    """The messages of a file, in order. Raises BadInput for a line too long to be one."""
    lines = re.split(r"\r\n|\n|\r", text.replace("\x00", ""))
    if len(lines) > MOST_LINES:
        raise BadInput(f"The file holds more than {MOST_LINES:,} lines")
    current: Message | None = None
    tag: Tag | None = None
    for number, line in enumerate(lines, start=1):
        if len(line) > _LINE_LIMIT:
            raise BadInput(f"Line {number}: longer than {_LINE_LIMIT} characters")
        found = _tag_of(line, tag, lines, number)
        if found is not None:
            if current is None or _begins(found[0], current):
                if current is not None:
                    yield current
                current = Message(number)
            tag = Tag(found[0], number, [found[1]])
            current.tags.append(tag)
        elif tag is not None and _ends(line, tag, lines, number):
            tag = None
        elif tag is not None:
            tag.lines.append(line)
    if current is not None:
        yield current


def _tag_of(line: str, before: Tag | None, lines: list[str], at: int) -> tuple[str, str] | None:
    found = _TAG.fullmatch(line)
    if not found or found[1] not in _KNOWN:
        return None
    name, rest = found[1], found[2]
    shape = _SHAPES.get(name)
    if shape is not None and not shape.match(rest):
        return None
    if before is not None and before.name in {"61", "86", "NS"} and not _plausible(name, lines, at):
        return None
    return name, rest


def _plausible(name: str, lines: list[str], at: int) -> bool:
    """Whether a tag of the header may stand after a transaction: a header must follow it."""
    if name != "20" and name not in _IN_HEADER:
        return True
    if name != "20":
        return False
    for line in lines[at : at + _LOOK_AHEAD]:
        found = _TAG.fullmatch(line)
        if found:
            return found[1] in _IN_HEADER or found[1] in {"60F", "60M", "34F", "NS"}
    return False


def _begins(name: str, current: Message) -> bool:
    """A new message: another 20, or a second account or opening balance without one."""
    if name == "20":
        return True
    if name in {"25", "25P"}:
        return current.first("25", "25P") is not None
    if name in {"60F", "60M"}:
        return current.first("60F", "60M") is not None
    return False


def _ends(line: str, tag: Tag, lines: list[str], at: int) -> bool:
    """A line that closes a message; a lone dash within a text does not."""
    if _BLOCK.match(line):
        return True
    if not _END.fullmatch(line):
        return False
    following = next((each for each in lines[at : at + _LOOK_AHEAD] if each.strip()), "")
    found = _TAG.fullmatch(following)
    inside = found is not None and found[1] in {"61", "86", "62F", "62M", "64", "65"}
    return tag.name not in {"61", "86"} or not inside
