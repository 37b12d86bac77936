"""Bank files made of transfers, so that what is read back is known."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

IBAN, OTHER_IBAN = "DE89370400440532013000", "NL91ABNA0417164300"
DAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Made:
    """A transfer of a test's file; money to us positive."""

    amount_minor: int
    reference: str = ""
    bank_id: str = ""
    booked_on: date = DAY
    name: str = "Rheinfeld GmbH"
    iban: str = OTHER_IBAN


def units(minor: int, mark: str = ".") -> str:
    return f"{Decimal(abs(minor)).scaleb(-2):.2f}".replace(".", mark)


def camt(
    *transfers: Made,
    opening_minor: int = 0,
    closing_minor: int | None = None,
    number: str = "S1",
    kind: str = "053",
    version: str = "08",
    account: str = IBAN,
) -> bytes:
    """A camt.053, or .054 without balances, whose balances foot unless told otherwise."""
    root, part = {
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "053": ("BkToCstmrStmt", "Stmt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[kind]
    moved = sum(each.amount_minor for each in transfers)
    closing = opening_minor + moved if closing_minor is None else closing_minor
    balances = _balance("OPBD", opening_minor) + _balance("CLBD", closing)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}">'
        f"<{root}><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T18:00:00</CreDtTm></GrpHdr>"
        f"<{part}><Id>{number}</Id><CreDtTm>2026-11-20T18:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances if kind != '054' else ''}"
        f"{''.join(entry(each) for each in transfers)}</{part}></{root}></Document>"
    ).encode()


def _balance(kind: str, minor: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{units(minor)}</Amt>{mark(minor)}'
        f"<Dt><Dt>2026-11-20</Dt></Dt></Bal>"
    )


def mark(minor: int) -> str:
    return f"<CdtDbtInd>{'CRDT' if minor >= 0 else 'DBIT'}</CdtDbtInd>"


def entry(made: Made, details: str | None = None, more: str = "") -> str:
    """An entry; `details` stand for its one transaction, `more` after its status."""
    side = "Dbtr" if made.amount_minor > 0 else "Cdtr"
    own = f"<AcctSvcrRef>{made.bank_id}</AcctSvcrRef>" if made.bank_id else ""
    remitted = f"<RmtInf><Ustrd>{made.reference}</Ustrd></RmtInf>" if made.reference else ""
    told = (
        details
        if details is not None
        else (
            f"<TxDtls><RltdPties><{side}><Pty><Nm>{made.name}</Nm></Pty></{side}>"
            f"<{side}Acct><Id><IBAN>{made.iban}</IBAN></Id></{side}Acct></RltdPties>{remitted}</TxDtls>"
        )
    )
    return (
        f'<Ntry><Amt Ccy="EUR">{units(made.amount_minor)}</Amt>{mark(made.amount_minor)}'
        f"<Sts><Cd>BOOK</Cd></Sts>{more}<BookgDt><Dt>{made.booked_on}</Dt></BookgDt>"
        f"<ValDt><Dt>{made.booked_on}</Dt></ValDt>{own}<NtryDtls>{told}</NtryDtls></Ntry>"
    )


def mt940(*transfers: Made, opening_minor: int = 0, closing_minor: int | None = None) -> bytes:
    """An MT940 statement with German numbered details, lines cut at 65 columns."""
    moved = sum(each.amount_minor for each in transfers)
    closing = opening_minor + moved if closing_minor is None else closing_minor
    lines = [":20:STARTUMS", f":25:{IBAN}", ":28C:17/1", f":60F:{_mt_balance(opening_minor)}"]
    for each in transfers:
        sign = "C" if each.amount_minor >= 0 else "D"
        own = f"//{each.bank_id}" if each.bank_id else ""
        lines.append(
            f":61:{each.booked_on:%y%m%d%m%d}{sign}R{units(each.amount_minor, ',')}NTRFNONREF{own}"
        )
        told = f"166?00GUTSCHRIFT?20SVWZ+{each.reference}?31{each.iban}?32{each.name}"
        lines += [
            (":86:" if place == 0 else "") + told[place : place + 65]
            for place in range(0, len(told), 65)
        ]
    lines += [f":62F:{_mt_balance(closing)}", "-"]
    return "\r\n".join(lines).encode()


def _mt_balance(minor: int) -> str:
    return f"{'C' if minor >= 0 else 'D'}261120EUR{units(minor, ',')}"


def bgmax(*transfers: Made, deposit_minor: int | None = None, currency: str = "SEK") -> bytes:
    """A BgMax file with one deposit; negative amounts are deductions."""
    records = [
        "01BGMAX               0120261120173035010331P",
        f"05{5_402_9681:010d}{'':10}{currency}",
    ]
    for place, each in enumerate(transfers, start=1):
        kind = "20" if each.amount_minor >= 0 else "21"
        records.append(
            f"{kind}{991_2346:010d}{each.reference:>25}{abs(each.amount_minor):018d}21{place:012d}0"
        )
        records.append(f"26{each.name:<35}")
    total = sum(each.amount_minor for each in transfers)
    records.append(
        f"15{'0' * 35}{transfers[0].booked_on:%Y%m%d}00001"
        f"{total if deposit_minor is None else deposit_minor:018d}{currency}{len(transfers):08d}"
    )
    paid = sum(each.amount_minor >= 0 for each in transfers)
    records.append(f"70{paid:08d}{len(transfers) - paid:08d}{0:08d}{1:08d}")
    return "\r\n".join(records).encode("latin-1")
