"""Public files of many banks, where they lie beside the repository: counted in a second way."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest

from core.bank.readers import read_bank_file
from core.bank.readers.values import decoded
from core.errors import BadInput
from core.money import exponent
from core.settings import ROOT

SAMPLES = ROOT.parent / "shared/samples/bank"
REFUSED = {"sample_JPchar.txt": "2034-54-54 is not a day", "garbled_amount.xml": "not an amount"}
"""How names of files end that no reader can read, and why."""
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"there are no samples at {SAMPLES}")


def files(kind: str) -> list[Path]:
    return sorted((SAMPLES / kind).glob("*")) if SAMPLES.is_dir() else []


def refused(path: Path) -> bool:
    """Whether the file is one of those that are refused; then it is."""
    reason = next((why for end, why in REFUSED.items() if path.name.endswith(end)), None)
    if reason is not None:
        with pytest.raises(BadInput, match=reason):
            read_bank_file(path.read_bytes())
    return reason is not None


@pytest.mark.parametrize("path", files("mt940"), ids=lambda path: path.name)
def test_an_mt940_file_has_the_sums_its_lines_have(path: Path) -> None:
    if refused(path):
        return
    raw = re.findall(
        r"(?mi)^\s*:61:\d{6}(?:\d{4})?\s*(R?)([CD])[A-Z]?\s*([\d.]+,\d*|\d+\.\d+)",
        decoded(path.read_bytes()),
    )
    signed = [
        int(Decimal(amount.replace(".", "").replace(",", ".").rstrip(".")) * 100)
        * (1 if (mark.upper() == "C") != bool(reversal) else -1)
        for reversal, mark, amount in raw
    ]
    read = [t for s in read_bank_file(path.read_bytes()).statements for t in s.transactions]
    assert [each.signed_minor for each in read] == signed
    statements = read_bank_file(path.read_bytes()).statements
    ids = {(s.account, t.bank_id) for s in statements for t in s.transactions}
    assert len(ids) == len(read)


@pytest.mark.parametrize("path", files("camt"), ids=lambda path: path.name)
def test_a_camt_file_has_the_sum_its_entries_have(path: Path) -> None:
    if refused(path):
        return
    total = entries = 0
    for element in ET.parse(path).iter():  # noqa: S314
        if element.tag.rpartition("}")[2] != "Ntry":
            continue
        inner = {child.tag.rpartition("}")[2]: child for child in reversed(element)}
        amount = Decimal(inner["Amt"].text or "").scaleb(exponent(inner["Amt"].attrib["Ccy"]))
        total += int(amount) if inner["CdtDbtInd"].text == "CRDT" else -int(amount)
        entries += 1
    read = [t for s in read_bank_file(path.read_bytes()).statements for t in s.transactions]
    assert sum(each.signed_minor for each in read) == total
    assert len(read) >= entries


@pytest.mark.parametrize("path", files("bgmax"), ids=lambda path: path.name)
def test_a_bgmax_file_has_its_payments(path: Path) -> None:
    lines = [line.expandtabs(8).ljust(80) for line in decoded(path.read_bytes()).splitlines()]
    signed = [
        int(line[37:55]) * (1 if line[:2] == "20" else -1)
        for line in lines
        if line[:2] in {"20", "21"}
    ]
    statements = read_bank_file(path.read_bytes()).statements
    assert [t.signed_minor for s in statements for t in s.transactions] == signed
    assert all(each.foots for each in statements) == ("broken" not in path.name)
