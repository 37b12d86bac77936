"""Bank files as a bank writes them, made of a day's lines: camt.053 of accounts, BgMax (UNM.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from xml.sax.saxutils import escape

from core.bank.rules import TransferLine
from core.money import exponent

VERSION = "camt.053.001.08"
WIDTH = 80
TEXT_WIDTH, NAME_WIDTH = 50, 35
"""Columns of BgMax for a line of information, and for a payer's name."""
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True)
class AccountDay:
    """A day of an account: its balance in the morning and what was booked, in minor units.

    `account` is an IBAN, or the bank's own number where there are none.
    """

    account: str
    currency: str
    opening_minor: int
    lines: tuple[TransferLine, ...]

    @property
    def closing_minor(self) -> int:
        """The balance in the evening."""
        return self.opening_minor + sum(line.amount_minor for line in self.lines)


def camt053(on: date, accounts: Sequence[AccountDay]) -> bytes:
    """A message with one statement an account, in UTF-8; every line is booked that day."""
    stamp = f"{on}T18:00:00"
    statements = "".join(_statement(on, stamp, each) for each in accounts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{VERSION}"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>{on:%Y%m%d}</MsgId><CreDtTm>{stamp}</CreDtTm></GrpHdr>\n"
        f"{statements}</BkToCstmrStmt></Document>\n"
    ).encode()


def bgmax(on: date, giro: str, currency: str, lines: Sequence[TransferLine]) -> bytes:
    """A file with one deposit on a bankgiro number, in Latin-1: records of 80 columns that foot.

    A line's `bank_ref` is Bankgirot's serial number of the day, its account the payer's bankgiro
    number or nothing; its amount is above zero.
    """
    total = sum(line.amount_minor for line in lines)
    records = [
        f"01{'BGMAX':<20}01{on:%Y%m%d}173000000000P",
        f"05{int(_digits(giro)):010d}{'':10}{currency}",
        *(record for line in lines for record in _payment(line)),
        f"15{'0' * 35}{on:%Y%m%d}{1:05d}{total:018d}{currency}{len(lines):08d}",
        f"70{len(lines):08d}{0:08d}{0:08d}{1:08d}",
    ]
    return "".join(f"{record:<{WIDTH}}\r\n" for record in records).encode("latin-1", "replace")


def _payment(line: TransferLine) -> list[str]:
    """The records of one payment: amount, what it is for, who pays."""
    assert line.amount_minor > 0, "a deposit without deductions"
    payer = int(_digits(line.counterparty_account) or 0)
    coded = 2 if line.reference else 0
    return [
        f"20{payer:010d}{line.reference:<25}{line.amount_minor:018d}{coded}1{line.bank_ref:0>12}0",
        *(f"25{part:<{TEXT_WIDTH}}" for part in wrap(line.text, TEXT_WIDTH)),
        *([f"26{line.counterparty_name[:NAME_WIDTH]}"] if line.counterparty_name else []),
    ]


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def _statement(on: date, stamp: str, day: AccountDay) -> str:
    return (
        f"<Stmt><Id>{on:%Y%m%d}</Id><CreDtTm>{stamp}</CreDtTm>"
        f"<Acct>{_account(day.account)}<Ccy>{day.currency}</Ccy></Acct>\n"
        f"{_balance('OPBD', on, day.opening_minor, day.currency)}"
        f"{_balance('CLBD', on, day.closing_minor, day.currency)}"
        f"{''.join(_entry(on, line, day.currency) for line in day.lines)}</Stmt>\n"
    )


def _account(number: str) -> str:
    if _IBAN.fullmatch(number):
        return f"<Id><IBAN>{number}</IBAN></Id>"
    return f"<Id><Othr><Id>{escape(number)}</Id></Othr></Id>"


def _balance(kind: str, on: date, minor: int, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f"{_amount(minor, currency)}<Dt><Dt>{on}</Dt></Dt></Bal>\n"
    )


def _amount(minor: int, currency: str) -> str:
    """An amount without a sign, and the side it stands on."""
    places = exponent(currency)
    whole, fraction = divmod(abs(minor), 10**places)
    written = f"{whole}.{fraction:0{places}d}" if places else str(whole)
    side = "CRDT" if minor >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{written}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _entry(on: date, line: TransferLine, currency: str) -> str:
    return (
        f"<Ntry>{_amount(line.amount_minor, currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.bank_ref}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls>{_party(line)}{_remittance(line)}</TxDtls></NtryDtls></Ntry>\n"
    )


def _party(line: TransferLine) -> str:
    """Who paid, or was paid."""
    side = "Dbtr" if line.amount_minor > 0 else "Cdtr"
    name, account = line.counterparty_name, line.counterparty_account
    named = f"<{side}><Pty><Nm>{escape(name)}</Nm></Pty></{side}>" if name else ""
    placed = f"<{side}Acct>{_account(account)}</{side}Acct>" if account else ""
    return f"<RltdPties>{named}{placed}</RltdPties>" if named or placed else ""


def _remittance(line: TransferLine) -> str:
    """What it is for: the payer's words, and a structured reference."""
    words = f"<Ustrd>{escape(line.text)}</Ustrd>" if line.text else ""
    reference = (
        f"<Strd><CdtrRefInf><Ref>{escape(line.reference)}</Ref></CdtrRefInf></Strd>"
        if line.reference
        else ""
    )
    return f"<RmtInf>{words}{reference}</RmtInf>" if words or reference else ""
