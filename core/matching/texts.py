"""Reading texts of banks: reference tokens, payers' names and account numbers (UNM.2)."""

import re
import unicodedata

from rapidfuzz import fuzz
from stdnum import iso11649

FEWEST_DIGITS = 4
"""A token with fewer digits names no invoice."""
MOST_RUNS = 24
MOST_JOINED = 7
LONGEST = 35
"""Runs read of one field, runs joined to one token, characters of a joined token."""

LONGEST_PREFIX = 8

WHOLE, FIXED, JOINED, PIECE = 0, 1, 2, 3
"""How a token stands in its text: alone, letters read as digits, over separators, inside more."""

_SPLIT = re.compile(r"([0-9A-Z]+)")
_RUN = re.compile(r"[0-9A-Z]+")
_DIGITS = re.compile(r"[0-9]+")
_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_SPECIAL = {"ẞ": "SS", "Ø": "O", "Æ": "AE", "Œ": "OE", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH"}
_LAST_LATIN = 0x24F
_MISREAD = str.maketrans("OQDILSBZ", "00011582")
_MAY_BE_MISREAD = frozenset("OQDILSBZ")
_PREFIX_WORDS = (
    "INV INVOICE INVOICENO FAKTURA FAKT FAKTURANR FAKTNR FNR FA F FV FR FACT FACTURE FACTUUR RE RG"
    " RECHNUNG RECHNR RNR OCR REF REFERENS REFERENCE NR NO NUM N LASKU VIITE RF BET BETALNING"
    " PAYMENT PAY SAASINV SAASFEE KID MEDDELANDE MESSAGE MSG REMI EREF SVWZ"
)
_PREFIXES = frozenset(_PREFIX_WORDS.split())
_FORM_WORDS = (
    "AB AKTIEBOLAG PUBL HB KB AS ASA APS IVS OY OYJ AB OU GMBH MBH AG KG UG SE CO KGAA EK OHG GBR"
    " LTD LIMITED PLC LLP LLC INC INCORPORATED CORP CORPORATION COMPANY BV NV VOF SARL SAS SASU SA"
    " SRL SPA SL SLU SNC LDA SP ZOO SPZOO DOO KFT SRO PTY PTE EHF EIRL LTDA BVBA SPRL CV THE AND"
    " UND OCH OG ET DE"
)
_FORMS = frozenset(_FORM_WORDS.split())
_DOTTED = re.compile(r"\b([A-Z])[./]\s?(?=[A-Z]\b)")


def fold(text: str) -> str:
    """Capitals without accents: `Åkeri & Söner` → `AKERI & SONER`."""
    if text.isascii():
        return text.upper()
    plain = text.translate(_LATIN)
    return plain if plain.isascii() else _stripped(plain)


def _stripped(text: str) -> str:
    capitals = "".join(_SPECIAL.get(each, each) for each in text.upper())
    split = unicodedata.normalize("NFKD", capitals)
    return "".join(each for each in split if not unicodedata.combining(each)).upper()


_LATIN = {code: _stripped(chr(code)) for code in range(_LAST_LATIN + 1)}


def key_of(text: str) -> str:
    """A reference as it is indexed: folded letters and digits alone."""
    return text if text.isascii() and text.isdigit() else _NOT_ALNUM.sub("", fold(text))


def digits_of(text: str) -> str:
    """All digits of a number, in order."""
    return "".join(_DIGITS.findall(text))


def last_digits(text: str) -> str:
    """The last group of digits of a number."""
    found = _DIGITS.findall(text)
    return found[-1] if found else ""


def few_digits(text: str) -> set[str]:
    """Runs of one to three digits that stand alone in a folded text, without leading zeros."""
    return {run.lstrip("0") for run in _RUN.findall(text) if len(run) < 4 and run.isdigit()}


def account_of(text: str) -> str:
    """An account number without blanks, in capitals."""
    capitals = text.upper()
    if capitals.isascii() and capitals.isalnum():
        return capitals
    return _NOT_ALNUM.sub("", capitals)


def name_of(text: str) -> str:
    """A company's name without accents, punctuation and legal form; `` when nothing is left."""
    folded = fold(text)
    if "." in folded or "/" in folded:
        folded = _DOTTED.sub(r"\1", folded)
    words = _RUN.findall(folded.replace("'", "").replace("’", ""))
    core = [word for word in words if word not in _FORMS]
    return " ".join(core or words)


def words_of(text: str) -> list[str]:
    """The words of a folded text with three letters or more and no digit."""
    return [word for word in _RUN.findall(text) if len(word) > 2 and word.isalpha()]


def written(field: str) -> dict[str, int]:
    """Reference tokens of a field and how each stands in it; never a part of a longer run.

    Whole runs of letters and digits, the digits of a run with letters, and neighbours joined over
    their separators, each with at least four digits.
    """
    if field.isascii() and field.isdigit():
        return _of_digits(field)
    parts = _SPLIT.split(fold(field))[: 2 * MOST_RUNS + 1]
    runs, seps = parts[1::2], parts[::2]
    found: dict[str, int] = {}
    for place, run in enumerate(runs):
        if run.isdigit():
            if len(run) >= FEWEST_DIGITS:
                flanked = len(run) < 8 and _flanked(runs, seps, place)
                _add(found, run, PIECE if flanked else WHOLE)
        elif len(run) > FEWEST_DIGITS and not run.isalpha():
            _mixed(found, run)
    if len(runs) > 1:
        _join(found, runs, seps)
    return found


def _of_digits(run: str) -> dict[str, int]:
    """The tokens of a field that is one run of digits, as references mostly are."""
    found: dict[str, int] = {}
    if len(run) >= FEWEST_DIGITS:
        _add(found, run, WHOLE)
    return found


def _mixed(found: dict[str, int], run: str) -> None:
    """Tokens of a run that has both letters and digits."""
    _add(found, run, WHOLE)
    for match in _DIGITS.finditer(run):
        inside = match.group()
        if len(inside) >= FEWEST_DIGITS:
            alone = len(inside) >= 8 or run[: match.start()] in _PREFIXES
            _add(found, inside, WHOLE if alone and match.end() == len(run) else PIECE)
    if len(run) >= 6:
        letters = {c for c in run if c.isalpha()}
        if letters <= _MAY_BE_MISREAD and 2 * sum(map(run.count, letters)) < len(run):
            _add(found, run.translate(_MISREAD), FIXED)
    if run.startswith("RF") and run[2:].isdigit() and len(run) > 8:
        _add(found, run[4:], WHOLE if _creditors(run) else PIECE)


def _join(found: dict[str, int], runs: list[str], seps: list[str]) -> None:
    """Tokens of neighbours; one that goes on in the same way is only a piece of a longer one."""
    digit = [not run.isalpha() for run in runs]
    count = len(runs)
    for start in range(count - 1):
        token = runs[start]
        if not digit[start] and not _prefix(runs, digit, start):
            continue
        first = seps[start + 1]
        before = start > 0 and digit[start] and digit[start - 1]
        for end in range(start + 1, min(start + MOST_JOINED, count)):
            last = seps[end]
            if len(last) > 3:
                break
            token += runs[end]
            if digit[end] and FEWEST_DIGITS < len(token) <= LONGEST:
                after = end + 1 < count and digit[end + 1] and seps[end + 1] in {first, last}
                longer = after or (before and seps[start] in {first, last})
                _add(found, token, PIECE if longer else JOINED)
                if not longer and _creditors(token):
                    _add(found, token[4:], JOINED)


def _creditors(token: str) -> bool:
    """True for a creditor's reference by ISO 11649 with its right check digits."""
    return token.startswith("RF") and len(token) > 8 and bool(iso11649.is_valid(token))


def _prefix(runs: list[str], digit: list[bool], start: int) -> bool:
    """True for letters that may begin a number such as `SAAS-INV-2026-00042`."""
    if len(runs[start]) > LONGEST_PREFIX:
        return False
    if digit[start + 1]:
        return True
    return len(runs[start + 1]) <= LONGEST_PREFIX and start + 2 < len(runs) and digit[start + 2]


def _add(found: dict[str, int], token: str, how: int) -> None:
    if found.get(token, 9) > how:
        found[token] = how
    if token[0] == "0":
        bare = token.lstrip("0")
        if len(bare) >= FEWEST_DIGITS and found.get(bare, 9) > how:
            found[bare] = how


def _flanked(runs: list[str], seps: list[str], place: int) -> bool:
    """True when a short run of digits is one group of a number such as `77-2026-1001`."""
    left = place > 0 and seps[place] in {"-", "/", ".", "_"} and not runs[place - 1].isalpha()
    right = (
        place + 1 < len(runs)
        and seps[place + 1] in {"-", "/", ".", "_"}
        and not runs[place + 1].isalpha()
    )
    return left or right


def alike(one: str, other: str) -> float:
    """How alike two names are, 0 to 1, both as `name_of` gives them; cut ends count little."""
    if one == other:
        return 1.0 if one else 0.0
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if not short:
        return 0.0
    if len(short) >= 8 and long.startswith(short):
        return 0.97 if len(short) >= 14 or long[len(short)] != " " else 0.93
    best = fuzz.ratio(one, other)
    if best > 98:
        return best / 100
    if " " in one or " " in other:
        if one.replace(" ", "") == other.replace(" ", ""):
            return 0.98
        best = max(best, fuzz.token_sort_ratio(one, other))
        if len(short) >= 5 and set(short.split()) <= set(long.split()):
            best = max(best, 84 if " " in short or len(short) >= 9 else 78)
    if len(short) >= 8 and len(long) > len(short) + 2:
        best = max(best, 0.95 * fuzz.ratio(short, long[: len(short)]))
    return best / 100
