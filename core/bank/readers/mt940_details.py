"""What `:86:` says in the dialects of several countries: name, account, remittance, references.

Germany numbers its parts (`?20`–`?29` text, `?32` name), the Netherlands name them (`/REMI/`),
older statements of several banks write words with a colon. The raw text is kept beside it.
"""

import re
from dataclasses import dataclass

from core.bank.readers.mt940_tags import Tag
from core.bank.readers.values import iban_of

_WIDTH = 64
"""A line at least this long was wrapped by the bank, within a word if need be."""
_PIECE = 26
"""So long a part was cut by the bank too: they hold 27 columns."""
_NUMBERED = re.compile(r"\s*\d{3}([^\w\s])(?=\d\d)")
_SEPA = "EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP|RREF|SQTP|ORCR|TAN"
_LABEL = re.compile(rf"(?:^|(?<=[\s\x01]))({_SEPA})[+:]\s?")
_SLASHED_KEYS = (
    "TRTP|IBAN|BBAN|BIC|NAME|REMI|EREF|ORDP|BENM|CNTP|CSID|MARF|PREF|NRTX|ADDR|ISDT|ACCW|RTRN|"
    "ULTD|ULTB|ULTC|PURP|TRCD|OCMT|CHGS|EXCH|SUM|IREF|CDTRREFTP|CDTRREF|SVCL|RREF|KREF|TXT|ID|"
    "ACC|OGB|VA|OP|OI|EDI|REF|BENEF|BO|ORD"
)
_SLASHED = re.compile(rf"/({_SLASHED_KEYS})/")
_BEGINS_SLASHED = re.compile(rf"\s*/({_SLASHED_KEYS})/")
_WORDED = re.compile(
    r"(?:^|(?<=\s)|(?<=/))(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|REK"
    r"|BETALINGSKENM\.|ID DEBITEUR|Z RACH\.|OD|TYT\.|TNR|NA RACH\.|DLA):\s*"
)
_NONE = {"NOTPROVIDED", "NOT PROVIDED", "NONREF", ""}


@dataclass(frozen=True)
class Details:
    """What was understood; `text` is all of it in one line for people."""

    name: str = ""
    account: str = ""
    structured: str = ""
    remittance: str = ""
    end_to_end: str = ""
    text: str = ""


def details(tags: list[Tag], supplement: str = "") -> Details:
    """Read the information that follows a transaction."""
    told = [tag for tag in tags if tag.name == "86"]
    named = [tag for tag in tags if tag.name == "NS"]
    lines = [line for tag in told for line in tag.lines]
    whole = _unwrapped(lines)
    numbered = _NUMBERED.match(whole)
    if numbered:
        return _numbered(whole, numbered[1])
    if _BEGINS_SLASHED.match(whole):
        return _slashed(whole)
    if named and not whole.strip():
        return _two_digit(named)
    if _BEGINS_SLASHED.match(supplement) and not whole.strip():
        return _slashed(supplement)
    if len(_WORDED.findall(whole)) >= 1:
        return _worded(whole)
    return _plain(whole, supplement)


def _unwrapped(lines: list[str]) -> str:
    """One line; a full line goes on in the next without a blank."""
    text = ""
    for place, line in enumerate(lines):
        text += line
        following = lines[place + 1] if place < len(lines) - 1 else None
        if following is not None and (len(line) < _WIDTH or _WORDED.match(following)):
            text += " "
    return text


def _squeezed(text: str) -> str:
    return " ".join(text.replace("\x01", " ").split())


def _numbered(whole: str, mark: str) -> Details:
    parts = re.split(rf"{re.escape(mark)}(\d\d)", whole)
    fields: dict[str, list[str]] = {}
    pieces: list[str] = []
    for number, value in zip(parts[1::2], parts[2::2], strict=True):
        fields.setdefault(number, []).append(value)
        if "20" <= number <= "29" or "60" <= number <= "63":
            pieces.append(value)
    remittance = _glued(pieces)
    labels = _labelled(remittance)
    name = _squeezed("".join(fields.get("32", []) + fields.get("33", [])))
    account = "".join(fields.get("38", []) or fields.get("31", [])).strip()
    bank = "".join(fields.get("30", [])).strip()
    plain = _squeezed(_LABEL.sub(" ", remittance)) if labels else _squeezed(remittance)
    said = _squeezed(labels.get("SVWZ", "") if labels else plain)
    if account and bank.isdigit() and not iban_of(account):
        account = f"{bank}/{account}"
    if mark == ">" and not account.strip("0") and not name:
        account = ""
    return _triodos(fields, mark) or Details(
        name=name or _squeezed(labels.get("ABWA", "")),
        account=iban_of(account) or iban_of(labels.get("IBAN", "")) or account,
        remittance=said,
        end_to_end=_real(labels.get("EREF", "")),
        text=_squeezed(" ".join([*fields.get("00", []), remittance.replace("\x01", " ")])),
    )


def _glued(pieces: list[str]) -> str:
    """A full piece goes on in the next; a shorter one ends a word, a label begins a new part."""
    text = ""
    for place, piece in enumerate(pieces):
        if place and re.match(rf"(?:{_SEPA})[+:]", piece):
            text += "\x01"
        elif place and len(pieces[place - 1]) < _PIECE:
            text += " "
        text += piece
    return text


def _labelled(text: str) -> dict[str, str]:
    parts = _LABEL.split(text)
    labels: dict[str, str] = {}
    for label, value in zip(parts[1::2], parts[2::2], strict=True):
        labels.setdefault(label, _squeezed(value))
    return labels


def _triodos(fields: dict[str, list[str]], mark: str) -> Details | None:
    """Triodos writes BIC and IBAN into the first two parts, name and text into the others."""
    if mark != ">":
        return None
    first = "".join(fields.get("20", [])).strip()
    second = "".join(fields.get("21", [])).strip()
    if not iban_of(second) or not re.fullmatch(r"[A-Z0-9]{8,11}", first):
        text = _squeezed("".join("".join(fields.get(str(n), [])) for n in range(20, 30)))
        return Details(remittance=text, text=text)
    text = _squeezed("".join("".join(fields.get(str(n), [])) for n in range(22, 30)))
    return Details(account=iban_of(second), remittance=text, text=text)


def _slashed(whole: str) -> Details:
    parts = _SLASHED.split(whole)
    values: dict[str, str] = {}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        if _squeezed(value.strip("/ ")):
            values.setdefault(key, value)
    party = values.get("CNTP", "").split("/")
    direct = values.get("IBAN", "") or values.get("BBAN", "")
    for key in ("ORDP", "BENM"):
        direct = direct or (
            values.get(key, "") if re.match(r"[A-Z0-9]+", values.get(key, "")) else ""
        )
    name = _squeezed(values.get("NAME", "").strip("/ "))
    if party != [""]:
        direct = direct or party[0]
        name = name or (_squeezed(party[2]) if len(party) > 2 else "")
    remittance, structured = _remitted(values)
    account = re.split(r"[/\s]", direct.strip("/ "))[0] if direct else ""
    return Details(
        name=name,
        account=iban_of(account) or account,
        structured=structured,
        remittance=remittance,
        end_to_end=_real(_squeezed(values.get("EREF", "").strip("/ "))),
        text=_squeezed(whole),
    )


def _remitted(values: dict[str, str]) -> tuple[str, str]:
    said = values.get("REMI", "")
    structured = _squeezed(values.get("CDTRREF", "").strip("/ "))
    said = said.lstrip("/").removeprefix("USTD//")
    found = re.match(r"STRD/(?:[A-Z]+/)?([^/]+)", said)
    if found:
        structured, said = structured or _squeezed(found[1]), ""
    return _squeezed(said.strip("/ ")), structured


def _worded(whole: str) -> Details:
    parts = _WORDED.split(whole)
    values: dict[str, str] = {}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        values.setdefault(key, _squeezed(value.strip(" ;,")))
    name = values.get("NAAM", "") or re.split(r"\s{2,}|;", _raw_after(parts, "OD"))[0].strip()
    account = values.get("IBAN") or values.get("REK") or values.get("Z RACH.") or ""
    account = account.strip("/;, ")
    structured = values.get("BETALINGSKENM.", "").split(" ")[0]
    return Details(
        name=name,
        account=iban_of(account) or account,
        structured=structured if structured.isdigit() else "",
        remittance=values.get("OMSCHRIJVING") or values.get("TYT.") or "",
        end_to_end=_real(values.get("KENMERK", "")),
        text=_squeezed(whole),
    )


def _raw_after(parts: list[str], key: str) -> str:
    for found, value in zip(parts[1::2], parts[2::2], strict=True):
        if found == key:
            return value
    return ""


def _two_digit(tags: list[Tag]) -> Details:
    """`:NS:` of savings banks: 01–14 text, 15 and 16 name, 33 bank and 34 account."""
    fields = [(line[:2], line[2:]) for tag in tags for line in tag.lines]
    text = _squeezed(" ".join(value for number, value in fields if "01" <= number <= "14"))
    name = _squeezed(" ".join(value for number, value in fields if number in {"15", "16"}))
    account = "/".join(value.strip() for number, value in fields if number in {"33", "34"})
    return Details(name=name, account=account, remittance=text, text=text)


def _plain(whole: str, supplement: str) -> Details:
    """Free text; an account in front of it is the other side's (ING of old)."""
    text = _squeezed(whole)
    first, _, after = text.partition(" ")
    if supplement and iban_of(first) and after.startswith(supplement):
        return Details(
            name=supplement, account=iban_of(first), text=after[len(supplement) :].strip()
        )
    found = re.match(r"(\d{9,10})\s", text)
    given = found[1] if found and found[1].strip("0") else ""
    inside = next((iban_of(word) for word in text.split() if iban_of(word)), "")
    return Details(account=inside or given, text=text)


def _real(text: str) -> str:
    return "" if text.upper() in _NONE else text
