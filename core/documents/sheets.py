"""What a sheet shows, as texts ready to be set: an invoice or a credit note (INV.4, REF.3)."""

from dataclasses import dataclass

from core.documents.qr import compact, payment_code
from core.documents.records import INVOICE, Buyer, Line, Record, Seller, tax_rates
from core.documents.wording import Wording

_NOTED = ("reverse_charge", "outside", "exempt")
"""Tax categories whose reason the law wants on the document."""
_FITS = ((9, 60), (7, 80), (5, 1_000))
"""Sizes of type for lines, and how many characters of figures each has room for."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Party:
    """A name and what stands below it."""

    title: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A line: what it is for, smaller details below that, and its figures."""

    text: str
    details: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A document; every figure is a text already, `qr` an SVG or empty, `mark` crosses the page."""

    language: str
    title: str
    author: str
    heading: str
    number: str
    mark: str
    logo_alt: str
    seller: Party
    buyer: Party
    facts: tuple[Pair, ...]
    headings: tuple[str, ...]
    line_points: int
    rows: tuple[Row, ...]
    tax_headings: tuple[str, ...]
    taxes: tuple[tuple[str, ...], ...]
    totals: tuple[Pair, ...]
    total: Pair
    notes: tuple[str, ...]
    payment_title: str
    payment: tuple[Pair, ...]
    payment_note: str
    qr: str
    qr_title: str
    qr_alt: str
    footer: tuple[tuple[str, ...], ...]
    page: str


def sheet(record: Record) -> Sheet:
    """The sheet of a record in the buyer's language; pure."""
    say = Wording(record.buyer.language)
    kind = f"draft_{record.kind}" if record.is_draft else record.kind
    number = record.number or ""
    rows = _rows(say, record)
    code = payment_code(record)
    return Sheet(
        language=say.language,
        title=" ".join(filter(None, (say(kind), number))),
        author=record.seller.name,
        heading=say(kind),
        number=number,
        mark=say("draft") if record.is_draft else "",
        logo_alt=say("logo", name=record.seller.name),
        seller=_seller(say, record.seller),
        buyer=_buyer(say, record.buyer),
        facts=_facts(say, record),
        headings=_headings(say, record),
        line_points=_points(rows),
        rows=rows,
        tax_headings=(say("rate"), say("taxable"), say("tax")),
        taxes=_taxes(say, record),
        totals=_totals(say, record),
        total=(_total_word(say, record), say.money(record.total_minor, record.currency)),
        notes=_notes(say, record),
        payment_title=say("payment") if record.kind == INVOICE else "",
        payment=_payment(say, record),
        payment_note=_payment_note(say, record),
        qr=code,
        qr_title=say("scan") if code else "",
        qr_alt=say("qr"),
        footer=_footer(say, record.seller),
        page=say("page"),
    )


def _seller(say: Wording, seller: Seller) -> Party:
    lines = (*_split(seller.address), *_numbers(say, seller), seller.email, seller.website)
    return Party(say("from"), seller.name, tuple(filter(None, lines)))


def _buyer(say: Wording, buyer: Buyer) -> Party:
    country = say.country(buyer.country) if buyer.country else ""
    address = _split(buyer.address)
    stated = country and any(country.lower() == line.lower() for line in address)
    lines = (*address, "" if stated else country, _label(say("tax_id"), buyer.tax_id))
    return Party(say("to"), buyer.name, tuple(filter(None, lines)))


def _facts(say: Wording, record: Record) -> tuple[Pair, ...]:
    issued = say("issued_on" if record.kind == INVOICE else "credited_on")
    period = ""
    if record.period_start and record.period_end:
        period = say.span(record.period_start, record.period_end)
    facts = (
        (issued, say.day(record.issued_on) if record.issued_on else ""),
        (say("due_on"), say.day(record.due_on) if record.due_on else ""),
        (say("credited"), record.credited_number or ""),
        (say("customer"), record.buyer.number),
        (say("reference"), record.reference),
        (say("period"), period),
    )
    return tuple(fact for fact in facts if fact[1])


def _headings(say: Wording, record: Record) -> tuple[str, ...]:
    names = ["description"]
    if _counted(record):
        names += ["quantity", "unit_price"]
    if _discounted(record):
        names.append("discount")
    return (*map(say, [*names, "percent"]), f"{say('net')} ({record.currency})")


def _rows(say: Wording, record: Record) -> tuple[Row, ...]:
    counted, discounted = _counted(record), _discounted(record)
    return tuple(_row(say, record.currency, line, counted, discounted) for line in record.lines)


def _row(say: Wording, currency: str, line: Line, counted: bool, discounted: bool) -> Row:
    figures = []
    if counted:
        quantity, unit = line.quantity, line.unit_minor
        figures += [
            "" if quantity is None else say.quantity(quantity),
            "" if unit is None else say.amount(unit, currency),
        ]
    if discounted:
        figures.append(say.amount(-line.discount_minor, currency) if line.discount_minor else "–")
    figures += [say.percent(line.tax_percent), say.amount(line.net_minor, currency)]
    details = []
    if line.service_start and line.service_end:
        details.append(say.span(line.service_start, line.service_end))
    if line.tax_inclusive:
        details.append(say("inclusive"))
    return Row(line.description, tuple(details), tuple(figures))


def _points(rows: tuple[Row, ...]) -> int:
    """The size of type that leaves the description room beside the widest figures."""
    columns = zip(*(row.figures for row in rows), strict=True)
    wide = sum(max(map(len, column)) for column in columns)
    return next(points for points, most in _FITS if wide <= most)


def _taxes(say: Wording, record: Record) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            f"{say(rate.category)} {say.percent(rate.percent)}",
            say.amount(rate.net_minor, record.currency),
            say.amount(rate.tax_minor, record.currency),
        )
        for rate in tax_rates(record.lines)
    )


def _totals(say: Wording, record: Record) -> tuple[Pair, ...]:
    home = record.home
    totals = (
        (say("net"), say.money(record.net_minor, record.currency)),
        (say("tax"), say.money(record.tax_minor, record.currency)),
    )
    if home is None:
        return totals
    return (
        *totals,
        (say("home_tax", currency=home.currency), say.amount(home.tax_minor, home.currency)),
    )


def _total_word(say: Wording, record: Record) -> str:
    """An invoice that was paid on its day asks for no amount."""
    return say("total" if record.settled_minor else f"total_{record.kind}")


def _notes(say: Wording, record: Record) -> tuple[str, ...]:
    found = {line.tax_category for line in record.lines}
    notes = [say(f"{category}_note") for category in _NOTED if category in found]
    if record.discount_minor:
        amount = say.money(record.discount_minor, record.currency)
        notes.append(say("whole_discount", amount=amount))
    if record.settles == "invoice" and record.credited_number:
        notes.append(say("settles_invoice", number=record.credited_number))
    elif record.settles in ("balance", "refund"):
        notes.append(say(f"settles_{record.settles}"))
    if record.home is not None:
        rate = say.quantity(record.home.rate)
        unit, day = record.currency, say.day(record.home.rated_on)
        notes.append(say("home_rate", unit=unit, rate=rate, currency=record.home.currency, day=day))
    return (*notes, *_split(record.note))


def _payment(say: Wording, record: Record) -> tuple[Pair, ...]:
    if record.kind != INVOICE or record.is_draft or not record.total_minor:
        return ()
    paid = (say("paid"), say.money(record.settled_minor, record.currency))
    before = (paid,) if record.settled_minor else ()
    if not record.to_transfer:
        return before
    seller = record.seller
    accounts = (
        (say("bankgiro"), seller.bankgiro if record.currency == "SEK" else ""),
        (say("iban"), _grouped(seller.iban)),
        (say("bic"), compact(seller.bic)),
    )
    facts = (
        *before,
        (say("pay"), say.money(record.owed_minor, record.currency)),
        (say("due_on"), say.day(record.due_on) if record.due_on else ""),
        (say("reference"), record.reference or record.number or ""),
        *accounts,
        (say("receiver"), seller.name if any(account for _, account in accounts) else ""),
    )
    return tuple(fact for fact in facts if fact[1])


def _payment_note(say: Wording, record: Record) -> str:
    if record.kind != INVOICE or record.is_draft:
        return ""
    if record.owed_minor <= 0:
        return say("nothing")
    return say("charged" if record.by_card else "quote")


def _footer(say: Wording, seller: Seller) -> tuple[tuple[str, ...], ...]:
    lines = (
        (seller.name, *_split(seller.address)),
        (seller.website, seller.email, *_numbers(say, seller)),
    )
    found = (tuple(filter(None, line)) for line in lines)
    return tuple(line for line in found if line)


def _numbers(say: Wording, seller: Seller) -> tuple[str, ...]:
    return (
        _label(say("registration"), seller.registration),
        _label(say("tax_id"), seller.tax_id),
    )


def _counted(record: Record) -> bool:
    return record.kind == INVOICE


def _discounted(record: Record) -> bool:
    """A column of dashes would say nothing."""
    return any(line.discount_minor for line in record.lines)


def _label(name: str, value: str) -> str:
    return f"{name} {value}" if value else ""


def _split(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _grouped(account: str) -> str:
    """An IBAN in groups of four, as it is printed."""
    whole = compact(account)
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
