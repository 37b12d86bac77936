"""The journal as a SIE file of type 4, in code page 437, as accountants' programs read it (LED.2).

A window from the first of January holds the whole: opening and closing balances, result and
verifications (4E). Any other window holds verifications alone, to be added to books kept
elsewhere (4I).
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from core.errors import BadInput
from core.ledger.exporting import Books, JournalRow
from core.money import exponent
from core.settings import Settings

ENCODING = "cp437"
SERIES = "A"
EARLIER_RESULT = ("2098", "Result of earlier years")
"""Where the result of years before is shown; the ledger itself closes no years."""
_KIND = {"asset": "T", "liability": "S", "equity": "S", "expense": "K", "income": "I"}
_RESULT = ("income", "expense")


def sie_file(settings: Settings, books: Books, made_on: date) -> bytes:
    """A window of the books as a file. Raises BadInput for a currency with three decimals."""
    if exponent(books.currency) > 2:
        raise BadInput(f"SIE has two decimals and {books.currency} has more; take the CSV")
    lines = [*_heading(settings, books, made_on), *_accounts(books)]
    if _is_whole(books):
        lines += _balances(books)
    lines += _verifications(books)
    return "".join(f"{line}\r\n" for line in lines).encode(ENCODING, errors="replace")


def file_name(books: Books) -> str:
    """What the file is called."""
    return f"journal-{books.since}-{books.until}-{books.currency}.se"


def _is_whole(books: Books) -> bool:
    return (books.since.month, books.since.day) == (1, 1)


def _heading(settings: Settings, books: Books, made_on: date) -> Iterator[str]:
    yield "#FLAGGA 0"
    yield f"#PROGRAM {_text('Saldo')} {_text('1')}"
    yield "#FORMAT PC8"
    yield f"#GEN {made_on:%Y%m%d}"
    yield "#SIETYP 4"
    if settings.company_registration:
        yield f"#ORGNR {_text(settings.company_registration)}"
    yield f"#FNAMN {_text(settings.company_name)}"
    yield f"#RAR 0 {books.year}0101 {books.year}1231"
    if _is_whole(books) and (books.until.month, books.until.day) != (12, 31):
        yield f"#OMFATTN {books.until:%Y%m%d}"
    yield f"#VALUTA {books.currency}"


def _accounts(books: Books) -> Iterator[str]:
    used = {row.account: (row.account_name, row.account_kind) for row in books.rows}
    if _is_whole(books):
        used |= {
            row["code"]: (row["name"], row["kind"]) for row in (*books.opening, *books.closing)
        }
        if _earlier_result(books):
            used[EARLIER_RESULT[0]] = (EARLIER_RESULT[1], "equity")
    for code, (name, kind) in sorted(used.items()):
        yield f"#KONTO {code} {_text(name)}"
        yield f"#KTYP {code} {_KIND[kind]}"


def _balances(books: Books) -> Iterator[str]:
    """What balance accounts held at the start and at the end, what the year brought the others."""
    earlier = _earlier_result(books)
    for mark, rows in (("IB", books.opening), ("UB", books.closing)):
        held = {row["code"]: row["amount_minor"] for row in rows if row["kind"] not in _RESULT}
        if earlier:
            held[EARLIER_RESULT[0]] = earlier
        for code, minor in sorted(held.items()):
            yield f"#{mark} 0 {code} {_amount(minor, books.currency)}"
    before = {row["code"]: row["amount_minor"] for row in books.opening}
    for row in books.closing:
        if row["kind"] in _RESULT:
            minor = row["amount_minor"] - before.get(row["code"], 0)
            yield f"#RES 0 {row['code']} {_amount(minor, books.currency)}"


def _earlier_result(books: Books) -> int:
    return sum(row["amount_minor"] for row in books.opening if row["kind"] in _RESULT)


def _verifications(books: Books) -> Iterator[str]:
    for number, entries in groupby(books.rows, key=lambda row: row.number):
        rows = list(entries)
        first = rows[0]
        yield (
            f"#VER {SERIES} {number} {first.booked_on:%Y%m%d} {_text(_told(first))} "
            f"{first.written_on:%Y%m%d}"
        )
        yield "{"
        for row in rows:
            yield f"   #TRANS {row.account} {{}} {_amount(row.amount_minor, books.currency)}"
        yield "}"


def _told(row: JournalRow) -> str:
    words = f"{row.event.replace('_', ' ')} {row.source_type} {row.source_id}"
    return f"{words} {row.memo}" if row.memo else words


def _amount(minor: int, currency: str) -> str:
    """An amount with two decimals and a dot."""
    hundredths = abs(minor) * 10 ** (2 - exponent(currency))
    return f"{'-' if minor < 0 else ''}{hundredths // 100}.{hundredths % 100:02d}"


def _text(words: Any) -> str:
    """A text in quotes; control characters and backslashes would end or change it."""
    safe = "".join(c if c.isprintable() else " " for c in str(words)).replace("\\", "/")
    return '"' + safe.replace('"', '\\"') + '"'
