"""Files made to hurt: nothing is resolved, expanded or fetched, and limits hold."""

from pathlib import Path

import pytest

from core.bank.readers import MOST_MIB, read_bank_file
from core.bank.readers.csv_file import MOST_ROWS
from core.bank.readers.xml import MOST_ELEMENTS
from core.errors import BadInput
from tests.core.bank.making import Made, camt

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "boom">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><Document>&a11;</Document>"
)


def outside(path: Path) -> str:
    return (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "{path.as_uri()}">]>'
        "<Document><BkToCstmrStmt><Stmt><Id>&x;</Id></Stmt></BkToCstmrStmt></Document>"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_document_type_is_refused_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sesame")
    for text in (BOMB, outside(secret)):
        with pytest.raises(BadInput, match=r"document type|entity") as refused:
            read_bank_file(text.encode(encoding))
        assert "sesame" not in str(refused.value)


def test_a_document_type_of_another_server_is_refused() -> None:
    data = camt(Made(5)).replace(
        b"<Document", b'<!DOCTYPE Document SYSTEM "http://192.0.2.1/x.dtd"><Document', 1
    )
    with pytest.raises(BadInput, match="document type"):
        read_bank_file(data)


def test_an_unknown_entity_is_refused() -> None:
    with pytest.raises(BadInput, match="the XML is broken"):
        read_bank_file(camt(Made(5)).replace(b"<Id>S1</Id>", b"<Id>&x;</Id>"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<Document>" + b"x" * (MOST_MIB * 1024 * 1024), f"larger than {MOST_MIB} MiB"),
        (b"<Document>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</Document>", "the XML is broken"),
        (b"<Document>" + b"<a/>" * (2 * MOST_ELEMENTS) + b"</Document>", "elements"),
        (b"<Document><a>" + b"x" * 11_000_000 + b"</a></Document>", "the XML is broken"),
        (b":20:A\n:25:X\n:61:" + b"9" * 1_000_000, "longer than"),
        (b'date;amount\n2026-01-01;1;"' + b"x" * 1_000_000, "broken CSV"),
        (b"date;amount\n" + b"2026-01-01;1\n" * MOST_ROWS, f"more than {MOST_ROWS:,} rows"),
        (b"", "empty"),
        (b"\x00" * 100, "empty"),
    ],
    ids=[
        "large",
        "deep",
        "wide",
        "long text",
        "long line",
        "open quote",
        "many rows",
        "nothing",
        "NULs",
    ],
)
def test_what_is_too_much_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_bank_file(data)


def test_an_include_of_another_file_is_not_followed() -> None:
    data = camt(Made(5)).replace(
        b"<Id>S1</Id>",
        b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" '
        b'parse="text"/>',
    )
    (statement,) = read_bank_file(data).statements
    assert statement.statement_ref == "2026-11-20T18:00:00"
