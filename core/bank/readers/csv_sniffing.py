"""A proposal how a bank's CSV file reads: delimiter, marks, and the headings of many banks."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from core.bank.readers.csv_file import day
from core.bank.readers.csv_mapping import CsvMapping, from_values
from core.errors import BadInput

_SAMPLE_LINES = 60
_DELIMITERS = ";,\t|"
HEADINGS: dict[str, str] = {
    "booked_on": r"booked_on|book(ed|ing)?[ _]?(date|day|on)?|buchungs(tag|datum)|"
    r"bokf[öo]rings(dag|datum)|bokf[öo]rd|boekdatum|datum|date|transaction[ _]date|"
    r"posting[ _]date|transaktionsdag|"
    r"bogf[øo]rt|bogf[øo]ringsdato|dato|data ksi[ęe]gowania|data operacji|fecha|date op[ée]ration|"
    r"kirjausp[äa]iv[äa]|rentedatum|completed date",
    "value_on": r"value_?[ ]?(date|on)|valutadatum|wertstellung|valutadag|valutadato|valuta|"
    r"rentedatum|data waluty|fecha valor|date valeur",
    "amount": r"amount|betrag|belopp|bedrag|bel[øo]b|kwota( operacji)?|importe|montant|"
    r"bedrag \(eur\)|amount \(\w{3}\)|umsatz|m[äa][äa]r[äa]|value|sum",
    "amount_in": r"credit( amount)?|in|paid in|money in|haben|ins[äa]ttning(ar)?|bij|gutschrift|"
    r"amount_in|cr[ée]dit|received|deposits?|inbetalning",
    "amount_out": r"debit( amount)?|out|paid out|money out|soll|uttag|af|lastschrift|amount_out|"
    r"d[ée]bit|withdrawals?|utbetalning",
    "direction": r"d/?c|c/?d|cdtdbtind|soll/haben|af bij|direction|credit/debit|debit/credit|"
    r"debet/credit|credit_debit|sign|dr/cr",
    "currency_column": r"currency|w[äa]hrung|valuta|munt|valutakod|waluta|devise|ccy|moneda|"
    r"valutta",
    "account_column": r"account|iban/bban|auftragskonto|konto|kontonummer|rekening|own account|"
    r"iban|account[ _]number|rachunek",
    "reference": r"reference|referens|referenz|ocr|kenmerk|betalingskenmerk|payment reference|"
    r"referens/ocr|viite|kundenreferenz|referencia|bank reference|transaction reference",
    "counterparty_name": r"(counterparty|payer|payee|beneficiary|sender)([ _/]*name)?|name|"
    r"auftraggeber.*|beg[üu]nstigter.*|naam( tegenpartij| / omschrijving)?|mottagare|avs[äa]ndare|"
    r"nadawca.*|zahlungspflichtig.*|beguenstigter.*|naam tegenrekening|afsender",
    "counterparty_account": r"counterparty[ _](account|iban)|tegenrekening(.*)|"
    r"kontonummer/iban|account number of counterparty|gegenkonto|payer account|iban zahlungs.*|"
    r"tegenrekening iban/bban|motkonto|counterparty_account|kontonr\.?/iban",
    "end_to_end_id": r"end[ -_]?to[ -_]?end.*|eref|kundenreferenz \(end-to-end\)",
    "bank_id": r"(bank|transaction|entry)[ _]?(id|ref|reference|number|no)|id|transaktions?-?id|"
    r"volgnr|verifikationsnummer|bankreferenz|acctsvcrref",
    "balance": r"balance|saldo( .*)?|kontostand|running balance|booked balance|saldo na trn|solde",
}
_TEXTS = (
    r"text|description|verwendungszweck|buchungstext|omschrijving(-\d)?|mededelingen|meddelande|"
    r"details|memo|message|narrative|tekst|opis( operacji)?|remittance.*|tytu[łl]|beskrivning|"
    r"transaktionstext|particulars|concept|concepto|libell[ée]|omschrijving-[123]"
)
FORMATS = (
    *("yyyy-mm-dd", "dd.mm.yyyy", "dd-mm-yyyy", "dd/mm/yyyy", "yyyymmdd", "yyyy/mm/dd"),
    *("yyyy.mm.dd", "dd.mm.yy", "dd/mm/yy", "mm/dd/yyyy", "dd-mm-yy"),
)
_COUNTRY = re.compile(r"\b[A-Z]{3}\b")


@dataclass(frozen=True)
class _Table:
    encoding: str
    delimiter: str
    skip_rows: int
    header: list[str]
    rows: list[list[str]]


def propose(data: bytes) -> CsvMapping:
    """A mapping for a file nobody described. Raises BadInput saying what could not be found."""
    table = _table(data)
    columns = _columns(table.header)
    if "booked_on" not in columns:
        raise BadInput(
            "No known format, and as a CSV file no column holds a booking date; say with a mapping "
            "how it reads"
        )
    if "amount" in columns:
        columns.pop("amount_in", None)
        columns.pop("amount_out", None)
    elif not {"amount_in", "amount_out"} & set(columns):
        raise BadInput("No column of the CSV file holds an amount; say with a mapping how it reads")
    if "amount" not in columns:
        columns.pop("direction", None)
    texts = tuple(
        name
        for name in table.header
        if re.fullmatch(_TEXTS, name.strip().lower()) and name not in columns.values()
    )
    amounts = [columns[name] for name in ("amount", "amount_in", "amount_out") if name in columns]
    return from_values(
        {
            "delimiter": table.delimiter,
            "encoding": table.encoding,
            "skip_rows": table.skip_rows,
            "date_format": _date_format(_values(table, columns["booked_on"])),
            "decimal_mark": _decimal_mark([v for name in amounts for v in _values(table, name)]),
            "currency": "" if "currency_column" in columns else _currency(table, amounts),
            "texts": texts,
            **columns,
        }
    )


def _table(data: bytes) -> _Table:
    encoding = _encoding(data)
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = text.splitlines()[:_SAMPLE_LINES]
    best: tuple[int, int, str] | None = None
    for delimiter in _DELIMITERS:
        for place, line in enumerate(lines):
            names = _cells(line, delimiter)
            score = len(_columns(names)) if len(names) > 1 else 0
            if best is None or score > best[0]:
                best = (score, place, delimiter)
    if best is None or best[0] < 2:
        raise BadInput(
            "Line 1: neither camt, MT940 nor BgMax, and no row with the headings of a bank's CSV "
            "file; say with a mapping how it reads"
        )
    _, place, delimiter = best
    rows = [_cells(line, delimiter) for line in lines[place + 1 :] if line.strip()]
    return _Table(encoding, delimiter, place, _cells(lines[place], delimiter), rows)


def _encoding(data: bytes) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if not set(data) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1"
    return "utf-8"


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        found = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip().strip('"') for cell in found]


def _columns(header: list[str]) -> dict[str, str]:
    """Which heading means which field; each heading once, the first fitting one."""
    found: dict[str, str] = {}
    for field, pattern in HEADINGS.items():
        for name in header:
            free = name not in found.values()
            if free and name.strip() and re.fullmatch(pattern, name.strip().lower()):
                found[field] = name
                break
    return found


def _values(table: _Table, name: str) -> list[str]:
    at = table.header.index(name)
    return [row[at] for row in table.rows if len(row) > at and row[at]]


def _date_format(values: list[str]) -> str:
    for date_format in FORMATS:
        try:
            for value in values:
                day(value, date_format, "")
        except BadInput:
            continue
        return date_format
    raise BadInput(f"The days, such as {values[0] if values else ''!r}, are written unusually")


def _decimal_mark(values: list[str]) -> str:
    """The mark that stands last with one or two digits behind it."""
    marks: Counter[str] = Counter()
    for value in values:
        found = re.search(r"([.,])\d{1,2}$", value.strip().rstrip("-+").strip())
        if found:
            marks[found[1]] += 1
    return marks.most_common(1)[0][0] if marks else "."


def _currency(table: _Table, amounts: list[str]) -> str:
    """The currency a heading of an amount names."""
    for name in amounts:
        found = _COUNTRY.search(name)
        if found:
            return found[0]
    return ""
