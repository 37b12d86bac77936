"""One entry of a camt file: its transactions, their parties, references and ids."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.bank.readers.model import BOOKED, INFORMATION, PENDING, Transaction
from core.bank.readers.values import currency_code, iban_of, joined, minor, ocr_in
from core.bank.readers.xml import text_at, texts_at
from core.errors import BadInput

EMPTY = {"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"}
STATUS = {"BOOK": BOOKED, "PDNG": PENDING, "INFO": INFORMATION, "FUTR": PENDING}
AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/AnncdPstngAmt/Amt", "AmtDtls/InstdAmt/Amt")
"""Where a transaction's amount may stand, best first; a set counts only if it adds up."""


@dataclass(frozen=True)
class Booking:
    """An entry with what its transactions share; `signed_minor` as it was booked."""

    element: Any
    account: str
    currency: str
    signed_minor: int
    credit: bool
    booked_on: date
    value_on: date


def entry_transactions(booking: Booking, notes: list[str]) -> list[Transaction]:
    """The transactions of an entry; they add up to it. What was not split is noted."""
    entry = booking.element
    details = list(entry.iterfind("NtryDtls/TxDtls"))
    entry_id = _entry_id(entry)
    if len(details) <= 1:
        detail = details[0] if details else None
        return [_single(booking, detail, entry_id)]
    amounts = _amounts(booking, details)
    if amounts is None:
        notes.append(
            f"Line {entry.sourceline}, Ntry: its {len(details)} transactions do not add up to "
            "the entry, which is kept as one"
        )
        return [_single(booking, None, entry_id)]
    own = [_own_id(detail) for detail in details]
    usable = all(own) and len(set(own)) == len(own)
    parts = []
    for place, (detail, amount) in enumerate(zip(details, amounts.parts, strict=True), start=1):
        bank_id = own[place - 1] if usable else (entry_id and f"{entry_id}/{place}")
        part = _transaction(booking, detail, amount, amount > 0 if amount else booking.credit)
        parts.append(
            replace(part, bank_id=bank_id, own_id=_is_own(entry, usable), entry_id=entry_id)
        )
    if amounts.fee_minor:
        fee = _transaction(booking, None, -amounts.fee_minor, amounts.fee_minor < 0)
        parts.append(
            replace(
                fee,
                text="Charges of the bank",
                reference="",
                bank_id=entry_id and f"{entry_id}/fee",
                own_id=_is_own(entry, usable),
                entry_id=entry_id,
            )
        )
    return parts


def _single(booking: Booking, detail: Any, entry_id: str) -> Transaction:
    made = _transaction(booking, detail, booking.signed_minor, _comes_in(booking))
    strong = text_at(booking.element, "AcctSvcrRef") or (
        text_at(detail, "Refs/AcctSvcrRef") if detail is not None else ""
    )
    given = strong if strong.upper() not in EMPTY else ""
    return replace(made, bank_id=given or entry_id, own_id=bool(given), entry_id=given or entry_id)


def _comes_in(booking: Booking) -> bool:
    """The indicator is final, unless the amount itself is negative."""
    return booking.signed_minor > 0 if booking.signed_minor else booking.credit


@dataclass(frozen=True)
class _Amounts:
    parts: list[int]
    fee_minor: int


def _amounts(booking: Booking, details: list[Any]) -> _Amounts | None:
    """Signed amounts of the transactions that give the entry, with the entry's charges if need be.

    Each place is tried for all transactions, then for each its first; None when nothing adds up.
    """
    sets = [[_amount(booking, each, (place,)) for each in details] for place in AMOUNTS]
    sets.append([_amount(booking, each, AMOUNTS[:3]) for each in details])
    charges = _charges(booking)
    for fee in dict.fromkeys((0, charges, -charges)):
        for amounts in sets:
            known = [amount for amount in amounts if amount is not None]
            if len(known) == len(details) and sum(known) - fee == booking.signed_minor:
                return _Amounts(known, fee)
    return None


def _amount(booking: Booking, detail: Any, places: tuple[str, ...]) -> int | None:
    for place in places:
        amount = detail.find(place)
        if amount is None or not (amount.text or "").strip():
            continue
        where = f"Line {amount.sourceline}, TxDtls/{place}"
        if currency_code(amount.get("Ccy") or booking.currency, where) != booking.currency:
            continue
        value = minor(amount.text, booking.currency, where)
        mark = text_at(detail, "CdtDbtInd")
        credit = booking.credit if mark not in {"CRDT", "DBIT"} else mark == "CRDT"
        return value if credit else -value
    return None


def _charges(booking: Booking) -> int:
    entry = booking.element
    total = entry.find("Chrgs/TtlChrgsAndTaxAmt")
    found = [total] if total is not None else list(entry.iterfind("Chrgs/Rcrd/Amt"))
    found = found or list(entry.iterfind("Chrgs/Amt"))
    try:
        return sum(
            minor(each.text or "", booking.currency, f"Line {each.sourceline}, Chrgs")
            for each in found
            if each.get("Ccy", booking.currency) == booking.currency
        )
    except BadInput:
        return 0


def _transaction(booking: Booking, detail: Any, signed_minor: int, credit: bool) -> Transaction:
    entry = booking.element
    said = detail if detail is not None else entry.find("NtryDtls")
    structured, plain, end_to_end = _remittance(detail)
    additional = text_at(detail, "AddtlTxInf") if detail is not None else ""
    general = text_at(entry, "AddtlNtryInf")
    name, account = _party(booking, detail, credit)
    free = " ".join(plain)
    status = text_at(entry, "Sts/Cd", "Sts/Prtry", "Sts") or "BOOK"
    return Transaction(
        booked_on=booking.booked_on,
        value_on=booking.value_on,
        amount_minor=abs(signed_minor),
        currency=booking.currency,
        credit=credit,
        reference=" ".join(structured) or free or end_to_end or additional or general,
        ocr=ocr_in(structured[0] if structured else "", *structured[1:], free, additional),
        counterparty_name=name,
        counterparty_iban=iban_of(account),
        counterparty_account=account,
        text=joined([*plain, *_also(said), additional, general]),
        end_to_end_id=end_to_end,
        status=STATUS.get(status.upper(), PENDING),
        line=int(entry.sourceline or 0),
    )


def _remittance(detail: Any) -> tuple[list[str], list[str], str]:
    """Structured references, unstructured lines, and the payer's end-to-end id."""
    if detail is None:
        return [], [], ""
    structured = texts_at(detail, "RmtInf/Strd/CdtrRefInf/Ref")
    structured += texts_at(detail, "RmtInf/Strd/CdtrRefInf/CdtrRef")
    end_to_end = text_at(detail, "Refs/EndToEndId")
    if end_to_end.upper() in EMPTY:
        end_to_end = ""
    return structured, texts_at(detail, "RmtInf/Ustrd"), end_to_end


def _also(detail: Any) -> list[str]:
    """Further words about what is paid: the payer's own remarks and document numbers."""
    if detail is None:
        return []
    return [
        *texts_at(detail, "RmtInf/Strd/AddtlRmtInf"),
        *texts_at(detail, "RmtInf/Strd/RfrdDocInf/Nb"),
    ]


def _party(booking: Booking, detail: Any, credit: bool) -> tuple[str, str]:
    """Who is on the other side: the debtor of a credit, the creditor of a debit.

    A reversal names the parties of what it takes back, so that they stand the other way round.
    """
    if detail is None:
        return "", ""
    reversal = text_at(booking.element, "RvslInd").lower() in {"true", "1"}
    sides = ("Dbtr", "Cdtr") if credit != reversal else ("Cdtr", "Dbtr")
    first, second = (_side(detail, side) for side in sides)
    if first[1] and iban_of(first[1]) == booking.account and any(second):
        return second
    if not any(first) and second[1] and iban_of(second[1]) != booking.account:
        return second
    return first


def _side(detail: Any, side: str) -> tuple[str, str]:
    near = f"RltdPties/{side}"
    far = f"RltdPties/Ultmt{side}"
    name = text_at(
        detail,
        f"{near}/Nm",
        f"{near}/Pty/Nm",
        f"{near}/Agt/FinInstnId/Nm",
        f"{far}/Nm",
        f"{far}/Pty/Nm",
    )
    place = f"RltdPties/{side}Acct/Id"
    account = text_at(
        detail, f"{place}/IBAN", f"{place}/Othr/Id", f"{place}/PrtryAcct/Id", f"{place}/BBAN"
    )
    return name, iban_of(account) or account


def _entry_id(entry: Any) -> str:
    for found in texts_at(entry, "AcctSvcrRef") + texts_at(entry, "NtryRef"):
        if found.upper() not in EMPTY:
            return found
    return ""


def _own_id(detail: Any) -> str:
    found = text_at(detail, "Refs/AcctSvcrRef", "Refs/TxId", "Refs/Prtry/Ref")
    return "" if found.upper() in EMPTY else found


def _is_own(entry: Any, usable: bool) -> bool:
    return usable or text_at(entry, "AcctSvcrRef").upper() not in {"", *EMPTY}
