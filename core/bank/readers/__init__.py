"""Readers of bank files: bytes in, statements out, no database."""

from dataclasses import replace

from core.bank.readers.bgmax import looks_like_bgmax, read_bgmax
from core.bank.readers.camt import read_camt
from core.bank.readers.csv_file import read_csv
from core.bank.readers.csv_mapping import CsvMapping
from core.bank.readers.csv_sniffing import propose
from core.bank.readers.identity import with_ids
from core.bank.readers.model import BankFile
from core.bank.readers.mt940 import read_mt940
from core.bank.readers.mt940_tags import looks_like_mt940
from core.bank.readers.values import decoded
from core.errors import BadInput

MOST_MIB = 30
"""Size one bank file may have; a year of a busy account is a tenth of it."""
_MIB = 1024 * 1024


def read_bank_file(data: bytes, mapping: CsvMapping | None = None) -> BankFile:
    """Read a file of any known format; a mapping says that it is a CSV file.

    Without one the columns of a CSV file are guessed. Raises BadInput naming line and reason.
    """
    if len(data) > MOST_MIB * _MIB:
        raise BadInput(f"The file is larger than {MOST_MIB} MiB")
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise BadInput("The file is empty")
    file = read_csv(data, mapping) if mapping is not None else _recognised(data)
    return replace(file, statements=with_ids(file.statements))


def is_csv(data: bytes) -> bool:
    """True when a file is none of the formats that say themselves what they are."""
    text = "" if _is_xml(data) else decoded(data)
    return bool(text) and not looks_like_bgmax(text) and not looks_like_mt940(text)


def _recognised(data: bytes) -> BankFile:
    if _is_xml(data):
        return read_camt(data)
    text = decoded(data)
    if looks_like_bgmax(text):
        return read_bgmax(text)
    if looks_like_mt940(text):
        return read_mt940(text)
    return read_csv(data, propose(data))


def _is_xml(data: bytes) -> bool:
    head = data[:200].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"<")
