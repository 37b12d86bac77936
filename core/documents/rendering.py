"""Setting a document with typst: same data and day, same bytes; PDF/A-3b where it can be."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import typst

from core.errors import CheckFailed
from core.settings import Settings

HERE = Path(__file__).parent
TEMPLATES, FONTS = HERE / "templates", HERE / "fonts"
STANDARD: Literal["a-3b"] = "a-3b"
LARGEST_LOGO = 1_000_000
"""Bytes."""
_PICTURES = ("qr",)
"""Fields that hold no words."""
_LATIN, _ARABIC, _CJK = "Inter", "Noto Sans Arabic", "Droid Sans Fallback"
_NO_GLYPH = re.compile(r"the text `\"(.+?)\"` could not be displayed")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Control characters, and marks that would show a text in another order than it is kept in."""
_LONG = re.compile(r"\S{28,}")
_PIECE = 8
_LINE_END = "\u200b"
"""A space without width: where a long word may be broken."""


@dataclass(frozen=True)
class Rendered:
    """A PDF, the standard it meets (None when a glyph was missing), and what was wrong."""

    pdf: bytes
    standard: str | None
    warnings: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the bytes, in hex."""
        return sha256(self.pdf).hexdigest()


def render(
    template: str, data: Mapping[str, Any], on: date, settings: Settings, *, tagged: bool = True
) -> Rendered:
    """Set `data` with a template of this folder, dated `on`; `tagged` for screen readers.

    A character that no font has is left blank, the PDF is then of no standard and a warning names
    the character. Any other error of the template is raised.
    """
    given = _given(data, settings)
    try:
        return Rendered(_compiled(template, given, on, settings, [STANDARD], tagged), STANDARD)
    except typst.TypstError as problem:
        missing = _missing(problem)
        if missing is None:
            raise
    words = f"No font has {', '.join(missing)}; the document is a plain PDF, not PDF/A"
    return Rendered(_compiled(template, given, on, settings, [], tagged), None, (words,))


def _compiled(
    template: str,
    given: str,
    on: date,
    settings: Settings,
    standards: list[Literal["a-3b"]],
    tagged: bool,
) -> bytes:
    """The bytes of one run; raises typst.TypstError."""
    made = typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=_fonts(settings.fonts_path),
        ignore_system_fonts=True,
        sys_inputs={"sheet": given},
        pdf_standards=[*standards],
        pdf_tags=tagged,
        timestamp=datetime.combine(on, time(), UTC),
    )
    assert isinstance(made, bytes)
    return made


def _given(data: Mapping[str, Any], settings: Settings) -> str:
    """What the template reads, as JSON."""
    texts = {name: value if name in _PICTURES else printable(value) for name, value in data.items()}
    families, logo = _families(settings.fonts_path), _logo(settings.logo_path)
    return json.dumps({**texts, "fonts": families, "logo": logo}, ensure_ascii=False)


def printable(value: Any) -> Any:
    """Texts as they can be set: without control characters, with breaks in very long words."""
    if isinstance(value, str):
        return broken(_LONG, _UNSEEN.sub("", value), _PIECE)
    if isinstance(value, dict):
        return {name: printable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(inner) for inner in value]
    return value


def broken(long: re.Pattern[str], text: str, piece: int) -> str:
    """The text with places in its long words where a line may end, every `piece` characters."""

    def pieces(word: re.Match[str]) -> str:
        return _LINE_END.join(word[0][at : at + piece] for at in range(0, len(word[0]), piece))

    return long.sub(pieces, text)


def _missing(problem: typst.TypstError) -> list[str] | None:
    """The characters without a glyph; None when something else is wrong as well."""
    errors = [line for line in problem.diagnostic.splitlines() if line.startswith("error:")]
    found = [_NO_GLYPH.search(line) for line in errors]
    if not errors or not all(found):
        return None
    return sorted({match[1] for match in found if match})


@lru_cache(maxsize=4)
def _fonts(extra: Path | None) -> typst.Fonts:
    folders = [FONTS] if extra is None else [FONTS, extra]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _families(extra: Path | None) -> list[str]:
    """Families in the order they are asked for a glyph; added ones come before the last resort."""
    own = [_LATIN, _ARABIC, _CJK]
    added = [name for name in sorted(_fonts(extra).families()) if name not in own]
    return [_LATIN, _ARABIC, *added, _CJK]


def _logo(path: Path | None) -> dict[str, Any]:
    """The logo's format and content: a text for SVG, numbers for pictures."""
    chosen = path or TEMPLATES / "logo.svg"
    try:
        content = chosen.read_bytes()
    except OSError as problem:
        raise CheckFailed(f"The logo {chosen} cannot be read: {problem.strerror}") from problem
    if len(content) > LARGEST_LOGO:
        raise CheckFailed(f"The logo {chosen} is larger than {LARGEST_LOGO} bytes")
    kind = chosen.suffix.lower().removeprefix(".").replace("jpeg", "jpg")
    return {"format": kind, "data": content.decode() if kind == "svg" else list(content)}
