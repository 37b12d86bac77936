"""Every parser given anything, and real input bent: a result, or the error it says it raises."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.requests import local_path, session_token
from commands.invoice_files import read, read_fees
from commands.plans import _limits, _price
from core.access.oidc import _email, _groups, _instant
from core.audit import anchors
from core.bank.readers import is_csv, read_bank_file
from core.bank.readers.csv_mapping import from_json
from core.clock import day_of
from core.dunning.rules import stage_of
from core.errors import SaldoError
from core.gateways.http import instant, told
from core.imports.kinds import KINDS
from core.imports.mapping import propose, sheet_of
from core.imports.reading import Reading, read_rows
from core.invoices.written import total_json, total_of
from core.jobs.cron import in_words, next_after, parse
from core.listing import record_id
from core.matching.batch import suggest_all
from core.matching.book import Book
from core.matching.files import history_of, invoices_of, transfers_of
from core.money import minor_from_units
from core.notifications.addresses import target_of
from core.planning.ecb import days_of
from core.secrets import keys
from core.settings import Settings
from core.typed import typed_minor, typed_number
from core.usage.reading import events_of, pricing_of
from etl.sandbox.gate import Refused, gate
from pages.parts import url
from tests.commands.test_match import (
    ACME,
    BERG,
    HISTORY,
    INVOICES,
    NAMED,
    PAID,
    PAST,
    STRANGE,
    TRANSFERS,
)
from tests.core.bank.making import Made, bgmax, camt, mt940
from tests.fuzz import odd
from tests.fuzz.depth import tried

MADE = Made(12_500, "123456789"), Made(-99, "R2", booked_on=day_of("2026-11-19"))
BANK_CSV = b"date;amount;text\n2026-11-20;12,50;Invoice 7\n2026-11-21;-1 000,00;Rent\n"
CELLS = {
    "country": "SE", "email": "a@b.example", "slug": "pro", "plan": "pro", "cycle": "monthly",
    "currency": "SEK", "status": "", "disputed": "no", "method": "card", "month": "2026-10",
    "rate_to_eur": "0.0875", "on": "2026-11-20",
}  # fmt: skip
"""What stands in a cell of an imported file, by its column."""
EVENTS = (
    b'{"event_id": "e1", "meter": "max_users", "occurred_at": "2026-11-20T12:00:00Z"}\n',
    b"event_id,meter,quantity,occurred_at\ne1,max_users,2,2026-11-20T12:00:00+01:00\n",
)
PRICING = b'{"model": "graduated", "currency": "EUR", "tiers": [{"unit_minor": "0.5"}]}'
RATES = (
    b'<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    b'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube><Cube time="2026-11-20">'
    b'<Cube currency="SEK" rate="11.0345"/></Cube></Cube></gesmes:Envelope>'
)
QUERIES = (
    b"select country, count(*) as tenants from tenant group by all order by 2 desc limit 5",
    b"with a as (select * from tenant) select a.name, [1, 2][1], {'x': 1}.x from a where id in (1)",
)
SETTINGS = (
    b"SALDO_BILLING_TIMEZONE=Europe/Stockholm", b"SALDO_REQUESTS_PER_MINUTE=60",
    b"SALDO_ALLOWED_HOSTS=a.example,[::1]", b"SALDO_SMTP_URL=smtp://user:word@mail.example:587",
    b"SALDO_OIDC_ISSUER=https://id.example", b"SALDO_REPORTING_CURRENCY=SEK",
    b"SALDO_SECRET_KEYS=k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    b'SALDO_OIDC_ROLES={"finance": "sys_finance"}', b"BILLING_UNIT_COST=0.5",
)  # fmt: skip
LARGE = 1_000
ANCHORS = b'{"seq": 7, "hash": "00ff", "anchored_at": "2026-11-20T01:00:00Z"}\n'
FEES = b'{"fees": [{"tenant_id": 1, "sales_minor": 100000, "fee_minor": 900}]}'
INVOICE = (
    b'{"currency": "EUR", "discount_percent": "5", "lines": [{"description": "Seats", '
    b'"quantity": "2.5", "unit_minor": 1000, "tax_percent": "25", "discount_minor": 7}, '
    b'{"quantity": 1, "unit_minor": 99, "tax_percent": 12.5, "tax_inclusive": true}]}'
)
MATCHED = (TRANSFERS + PAID + NAMED + STRANGE + "=====\n" + INVOICES + ACME + BERG + "=====\n"
           + HISTORY + PAST).encode()  # fmt: skip


@dataclass(frozen=True)
class Parser:
    """What is called with bytes, the errors it may raise, and input that it understands."""

    read: Callable[[bytes], Any]
    real: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (SaldoError,)


def text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """The same for a parser of texts."""
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def file_of(kind: str) -> bytes:
    """A file of a kind with every column and two rows."""
    names = [each.name for each in KINDS[kind]]
    days = [name for name in names if name.endswith("_on")]
    amounts = [name for name in names if name.endswith("_minor")]
    cells = dict.fromkeys(days, "2026-11-20") | dict.fromkeys(amounts, "4900") | CELLS
    rows = [",".join(cells.get(name, f"{name}-{n}") for name in names) for n in (1, 2)]
    return "\n".join([",".join(names), *rows, ""]).encode()


def imported(kind: str) -> Callable[[bytes], Any]:
    """A reader of the CSV files of a kind, its amounts in units where the first byte is odd."""

    def read(data: bytes) -> None:
        units = bool(data) and data[0] % 2 == 1
        read_rows(data, KINDS[kind], Reading(units=units), LARGE)
        propose(kind, sheet_of(data, 20).headings)

    return read


def sandboxed(data: bytes) -> None:
    with duckdb.connect() as connection:
        gate(connection, data.decode("utf-8", "replace"), frozenset({"tenant"}))


def scheduled(given: str) -> None:
    cron = parse(given)
    in_words(cron)
    next_after(cron, datetime(2026, 11, 20, tzinfo=UTC), "Europe/Stockholm")


def claimed(data: bytes) -> None:
    for value in told(data).values():
        _email({"email": value, "email_verified": True})
        _groups(value)
        _instant(value)


def configured(data: bytes) -> None:
    """One setting, and the keys that it may hold."""
    name, _, value = data.decode("utf-8", "replace").partition("=")
    with TemporaryDirectory() as home:
        chosen = Settings(_env_file=None, **{name: value, "SALDO_HOME": home})
        keys(chosen)


def matched(data: bytes) -> None:
    """The three files of a match in one, and the suggestions for what they hold."""
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{place}.csv" for place in range(3)]
        for file, part in zip_longest(files, data.split(b"=====\n")[:3], fillvalue=b""):
            file.write_bytes(part)
        received, known, past = transfers_of(files[0]), invoices_of(files[1]), history_of(files[2])
        suggest_all(Book.of(known, past), received)


def in_file(read_one: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    """The same for a parser of files."""

    def read_bytes(data: bytes) -> Any:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "given"
            file.write_bytes(data)
            return read_one(file)

    return read_bytes


def cookie_of(data: bytes) -> str | None:
    """The session's token in a browser's cookies."""
    return session_token({"type": "http", "headers": [(b"cookie", data)]})


def totalled(data: bytes) -> None:
    """The file of an invoice, and what it adds up to."""
    written = in_file(read)(data)
    json.dumps(total_json(written, total_of(written)), default=str)


PARSERS = {
    "bank file": Parser(
        lambda data: (is_csv(data), read_bank_file(data)),
        (camt(*MADE), camt(*MADE, kind="054"), mt940(*MADE), bgmax(MADE[0]), BANK_CSV),
    ),
    "bank mapping": Parser(text(from_json), (b'{"date": "Day", "amount": "Sum"}',)),
    **{f"CSV of {kind}": Parser(imported(kind), (file_of(kind),)) for kind in KINDS},
    "files of a match": Parser(matched, (MATCHED,)),
    "invoice to add up": Parser(totalled, (INVOICE,)),
    "fees of a month": Parser(in_file(read_fees), (FEES,)),
    "anchors of the log": Parser(in_file(anchors.read), (ANCHORS,)),
    "stage of a ladder": Parser(text(stage_of), (b"21:remind", b"30:suspend:last chance")),
    "price of a plan": Parser(text(_price), (b"monthly:EUR:4900",)),
    "limits of a plan": Parser(text(lambda t: _limits([t])), (b"max_users=10", b"storage_gb=-1")),
    "cookies": Parser(cookie_of, (b'saldo=token; other="a b"',)),
    "way on after a sign-in": Parser(text(local_path), (b"/ageing?as_of=2026-11-20",)),
    "usage as CSV": Parser(lambda data: events_of(data, 1, is_csv=True, most=LARGE), EVENTS),
    "usage as JSON": Parser(lambda data: events_of(data, 1, is_csv=False, most=LARGE), EVENTS),
    "usage price": Parser(text(pricing_of), (PRICING,)),
    "rates": Parser(lambda data: days_of(data, day_of("2026-11-22")), (RATES,)),
    "query": Parser(sandboxed, QUERIES, (Refused,)),
    "number": Parser(text(typed_number), (b"1 234,50", b"-1.5", b"1,234.5")),
    "amount typed": Parser(text(lambda t: typed_minor(t, "SEK")), (b"1 234,50", b"99")),
    "amount in units": Parser(text(lambda t: minor_from_units(t, "EUR")), (b"50.39", b"1e3")),
    "day": Parser(text(day_of), (b"2026-11-20",), (ValueError,)),
    "id in a text": Parser(text(record_id), (b"17", b"#42", b"SAAS-INV-2026-00042")),
    "id in an address": Parser(text(url.positive), (b"17",), (ValueError,)),
    "schedule": Parser(text(scheduled), (b"30 1 * * 1-5", b"*/5 0-6 1,15 * *")),
    "endpoint": Parser(
        text(lambda t: target_of(t, ("localhost",))),
        (b"https://hooks.example.com/saldo?a=1", b"http://localhost:8080/", b"https://[::1]/"),
    ),
    "body of a webhook": Parser(told, (b'{"id": "evt_1"}',), (ValueError, RecursionError)),
    "claims of a sign-in": Parser(
        claimed, (b'{"email": "a@b.example", "groups": ["a"], "iat": 1}',), (ValueError,)
    ),
    "settings": Parser(configured, SETTINGS, (ValidationError, SaldoError)),
    "instant of a gateway": Parser(text(instant), (b"2026-11-20T12:00:00Z",), (ValueError,)),
}


@st.composite
def bent(draw: Callable[..., Any], real: tuple[bytes, ...]) -> bytes:
    """Bytes of any kind, or real ones of which some places were changed."""
    if draw(st.integers(0, 4)) == 4:
        return draw(st.binary(max_size=200) | odd.texts.map(_as_bytes))
    data = draw(st.sampled_from(real))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(at + draw(st.integers(0, 12)), len(data))
        put = draw(
            st.binary(max_size=6)
            | odd.texts.map(_as_bytes)
            | st.sampled_from((data[at:end] * 2, data[end : end + 40], b"", b"\n", b"9" * 30))
        )
        data = data[:at] + put + data[end:]
    return data


def _as_bytes(given: str) -> bytes:
    return given.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
def test_a_parser_reads_or_refuses(parser: Parser) -> None:
    @tried(25)
    @given(bent(parser.real))
    def check(data: bytes) -> None:
        try:
            parser.read(data)
        except parser.errors:
            return

    check()
