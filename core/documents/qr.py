"""The QR code a bank's app reads: EPC for euro to an IBAN, UsingQR for kronor to a bankgiro."""

import json
from decimal import Decimal

import segno
from segno.helpers import make_epc_qr

from core.documents.records import Record, tax_rates
from core.money import units_text

_LONGEST_NAME = 70
_RATES = {25: "vh", 12: "vm", 6: "vl"}
"""Swedish rates in percent, and what UsingQR calls their tax."""


def payment_code(record: Record) -> str:
    """The code as SVG; empty where neither standard applies or nothing is to be paid."""
    code = _code(record)
    return "" if code is None else code.svg_inline(border=2, omitsize=True)


def epc(record: Record) -> segno.QRCode | None:
    """The code of the European Payments Council; None for an amount or account it refuses."""
    seller = record.seller
    try:
        return make_epc_qr(
            name=seller.name[:_LONGEST_NAME],
            iban=compact(seller.iban),
            bic=compact(seller.bic) or None,
            amount=Decimal(units_text(record.owed_minor, record.currency)),
            text=record.reference or record.number,
        )
    except ValueError:
        return None


def using_qr(record: Record) -> str:
    """The text of UsingQR, revision 2: an invoice as JSON, its amounts plain decimals."""
    assert record.issued_on is not None
    assert record.due_on is not None
    texts = {
        "nme": record.seller.name,
        "cc": "SE",
        "cid": record.seller.registration,
        "iref": record.reference or record.number or "",
        "idt": f"{record.issued_on:%Y%m%d}",
        "ddt": f"{record.due_on:%Y%m%d}",
        "cur": record.currency,
        "pt": "BG",
        "acc": record.seller.bankgiro,
    }
    taxes = dict.fromkeys(_RATES.values(), 0)
    for rate in tax_rates(record.lines):
        if name := _RATES.get(int(rate.percent)):
            taxes[name] += rate.tax_minor
    amounts = {"due": record.owed_minor, **taxes}
    parts = ['"uqr":1', '"tp":1']
    parts += [f'"{name}":{json.dumps(text, ensure_ascii=False)}' for name, text in texts.items()]
    parts += [f'"{name}":{units_text(minor, record.currency)}' for name, minor in amounts.items()]
    return "{" + ",".join(parts) + "}"


def compact(account: str) -> str:
    """An account number without its spaces."""
    return "".join(account.split())


def _code(record: Record) -> segno.QRCode | None:
    if not record.to_transfer:
        return None
    if record.currency == "EUR" and record.seller.iban:
        return epc(record)
    if record.currency == "SEK" and record.seller.bankgiro:
        return segno.make_qr(using_qr(record), error="m")
    return None
