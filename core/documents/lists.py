"""A list as a PDF: up to a limit of rows, and it says so when there are more (INV.4, PAY.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.documents.rendering import broken, render
from core.documents.wording import Wording
from core.errors import BadInput
from core.settings import Settings

MOST_ROWS = 2_000
_WIDEST_SHARE, _AROUND = 14, 2
"""Letters beyond which a column breaks its texts into lines; room around them."""
_WIDEST_FIXED = 10
"""Letters of a column of words that is as wide as its texts, such as days."""
_LONG = re.compile(r"[^\s-]{12,}")
_PIECE = 6
_UPRIGHT_COLUMNS = 6
"""With more columns the page lies on its side."""


@dataclass(frozen=True)
class Column:
    """A column; figures are on the right, `share` gives a text that part of the free width."""

    title: str
    right: bool = False
    share: int = 0


def fitted(titles: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Columns, each a title and whether it holds figures, as wide as the rows need.

    Short figures and words take what they need, the others share the rest; where all are short
    they share the whole.
    """
    columns, widths = [], []
    for place, (title, right) in enumerate(titles):
        longest = max(len(text) for text in (title, *(row[place] for row in rows)))
        fixed = longest <= (_WIDEST_SHARE if right else _WIDEST_FIXED)
        widths.append(min(longest, _WIDEST_SHARE) + _AROUND)
        columns.append(Column(title, right, 0 if fixed else widths[-1]))
    if any(column.share for column in columns):
        return columns
    return [replace(column, share=width) for column, width in zip(columns, widths, strict=True)]


def list_pdf(
    settings: Settings,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    as_of: date,
    filters: str = "",
    *,
    count: int | None = None,
    language: str = "en",
) -> bytes:
    """The rows as they are to be read, MOST_ROWS at most; `count` is how many there are in all.

    The same rows on the same day give the same bytes. Raises BadInput when a row does not fit
    the columns.
    """
    if not columns or any(len(row) != len(columns) for row in rows):
        raise BadInput(f"Each row of {title!r} has a text for each of its {len(columns)} columns")
    say = Wording(language)
    there, shown = max(count or 0, len(rows)), rows[:MOST_ROWS]
    whole = say.whole(there)
    about = (f"{say('as_of')} {say.day(as_of)}", filters, say("rows", count=whole))
    free = any(column.share for column in columns)
    data = {
        "language": say.language,
        "title": title,
        "author": settings.company_name,
        "mark": "",
        "logo_alt": say("logo", name=settings.company_name),
        "about": "  ·  ".join(filter(None, about)),
        "cut": say("cut", shown=say.whole(len(shown)), count=whole) if there > len(shown) else "",
        "wide": len(columns) > _UPRIGHT_COLUMNS,
        "headings": [column.title for column in columns],
        "right": [column.right for column in columns],
        "widths": [column.share if free else int(not column.right) for column in columns],
        "rows": [[broken(_LONG, text, _PIECE) for text in row] for row in shown],
        "footer": [[settings.company_name, title]],
        "page": say("page"),
    }
    # Tags would make a file of two thousand rows ten times as large.
    return render("list.typ", data, as_of, settings, tagged=False).pdf
