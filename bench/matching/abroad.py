"""Companies of seven countries, each with its own payment reference and its own accidents.

Written apart from the other two generators and used for no fitting: names, numbers, texts and
mistakes are made in other ways, so that the scores say what the matching is worth abroad.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from stdnum import luhn
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

from bench.matching.world import Case
from core.matching.records import Assignment, Invoice, Transfer

TODAY = date(2027, 3, 8)
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiouyäöåøü"
_CRAFTS = (
    "Rakennus,Kirjanpito,Snekkerverksted,Rørleggerbedrift,Treuhand,Spenglerei,Bouwbedrijf,Drukkerij,"
    "Boulangerie,Menuiserie,Tandläkarmottagning,Måleri,Hovslageri,Zahnarztpraxis,Käserei,Visserij"
)
CRAFTS = _CRAFTS.split(",")
FORMS = ("Oy", "AS", "AG", "NV", "SA", "HB", "GmbH", "BV", "Sàrl", "ANS", "Ky", "KB")
SPELT_OUT = {"ä": "ae", "ö": "oe", "å": "aa", "ø": "oe", "ü": "ue", "é": "e", "à": "a"}
CURRENCIES = {"kid10": "NOK", "kid11": "NOK", "qr": "CHF", "swedish": "SEK"}
"""Currencies of the forms of reference outside the euro."""
GROUPS = {"rf": 4, "qr": 5, "finnish": 5, "kid10": 4, "kid11": 4, "swedish": 4, "belgian": 3}
NUMBERS = ("{year}-{seq:06d}", "{seq}", "F-{year}/{seq:05d}", "{year}{seq:06d}", "LASKU{seq:07d}")
NOISE = (
    "{} tel 0{phone}",
    "kundnr {small} fakt {}",
    "{day} {} merci",
    "Rechnung {} vom {day}, Kd-Nr. {small}",
    "fact. {} {day} gsm 04{phone}",
    "betaling {}, medlem {small}",
    "viite {} / {small}",
)
MIX = {
    "reference": 34,
    "reference grouped": 10,
    "number in noise": 11,
    "several numbers": 5,
    "spelt out": 6,
    "swapped words": 4,
    "cut text": 3,
    "wrong digit": 5,
    "charges": 4,
    "exchange": 2,
    "instalment": 2,
    "two together": 4,
    "tie": 2,
    "paid already": 2,
    "cancelled": 1,
    "somebody else's number": 2,
    "longer number": 1,
    "phone or date": 2,
    "unknown payer": 3,
}
SINGLE = tuple(MIX)[:11]
"""The kinds in which one open invoice is right."""


def finnish(body: str) -> str:
    """A Finnish reference: weights 7, 3, 1 from the right, up to the next ten."""
    total = sum(int(each) * (7, 3, 1)[at % 3] for at, each in enumerate(reversed(body)))
    return body + str(-total % 10)


def kid_eleven(body: str) -> str:
    """A Norwegian KID with a check digit modulo 11, where ten is written as a hyphen."""
    total = sum(int(each) * (2 + at % 6) for at, each in enumerate(reversed(body)))
    return body + "0123456789-"[-total % 11]


def reference_of(scheme: str, customer: int, sequence: int) -> str:
    """The payment reference of an invoice in one country's form."""
    body = f"{customer:05d}{sequence:06d}"
    if scheme == "rf":
        bare = str(sequence)
        return f"RF{mod_97_10.calc_check_digits(bare + 'RF')}{bare}"
    if scheme == "qr":
        padded = f"{customer:010d}{sequence:016d}"
        return padded + esr.calc_check_digit(padded)
    if scheme == "swedish":
        long = f"{sequence}"
        long += str((len(long) + 2) % 10)
        return long + luhn.calc_check_digit(long)
    if scheme == "belgian":
        return f"{sequence:010d}{sequence % 97 or 97:02d}"
    if scheme == "kid11":
        return kid_eleven(body)
    return finnish(f"{sequence}0") if scheme == "finnish" else body + luhn.calc_check_digit(body)


@dataclass(slots=True)
class Company:
    """A book of one country, what was decided before, and what its customers send."""

    chance: random.Random
    scheme: str
    invoices: list[Invoice]
    history: list[Assignment]
    accounts: dict[str, str]
    owed: dict[str, list[Invoice]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.invoices:
            if each.status == "issued":
                self.owed.setdefault(each.tenant_id, []).append(each)


def company(seed: int, scheme: str, tenants: int) -> Company:
    """A company whose customers are billed from one to eight times."""
    chance = random.Random(f"abroad {scheme} {seed}")
    currency, style = CURRENCIES.get(scheme, "EUR"), chance.choice(NUMBERS)
    sequence = chance.choice((1_200, 30_117, 412_006, 7_000_221))
    invoices: list[Invoice] = []
    history: list[Assignment] = []
    accounts = {f"c{place}": f"FI{chance.randrange(10**15, 10**16)}" for place in range(tenants)}
    for place, key in enumerate(accounts):
        name, price = _called(chance), chance.choice((1_290, 4_500, 4_500, 12_000, 64_900))
        for month in range(chance.randrange(1, 9)):
            sequence += chance.choice((1, 1, 1, 2, 7))
            issued = TODAY - timedelta(days=30 * month + chance.randrange(1, 26))
            usage = chance.randrange(1, 9_999) if chance.random() < 0.6 else 0
            paid = chance.random() < min(0.2 + 0.3 * month, 0.95)
            status = "cancelled" if chance.random() < 0.03 else "paid" if paid else "issued"
            number = style.format(year=issued.year % 100, seq=sequence)
            reference = reference_of(scheme, 10_000 + place, sequence)
            due_on = issued + timedelta(days=21)
            amount = price + usage
            kept = (number, reference, key, name, amount, currency, issued, due_on, status)
            invoices.append(Invoice(f"v{sequence}", *kept))
            if paid and place % 2:
                history.append(Assignment(name, accounts[key], key, due_on))
    return Company(chance, scheme, invoices, history, accounts)


def abroad_cases(made: Company, count: int) -> list[Case]:
    """So many transfers of one company; no two of them truly pay the same invoice.

    There must be some more open invoices than that.
    """
    chance, found, paid = made.chance, list[Case](), set[str]()
    keys = list(made.owed)
    while len(found) < count:
        kind = chance.choices(tuple(MIX), tuple(MIX.values()))[0]
        invoice = chance.choice(made.owed[chance.choice(keys)])
        plain = Transfer(
            f"a{len(found)}",
            (invoice.due_on or TODAY) + timedelta(days=chance.choice((-7, -2, -1, 0, 0, 1, 2, 9))),
            invoice.due_minor,
            invoice.currency,
            invoice.ocr,
            "",
            _as_banks_write(chance, invoice.tenant_name),
            made.accounts[invoice.tenant_id] if chance.random() < 0.6 else "",
        )
        sent = KINDS[kind](made, plain, invoice)
        if sent is not None and paid.isdisjoint(sent[1]):
            paid.update(sent[1])
            found.append(Case(kind, *sent))
    return found


def _called(chance: random.Random) -> str:
    word = "".join(
        chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(chance.choice((2, 3, 3)))
    )
    word += chance.choice(("", "n", "s", "ski", "nen", "mann", "ers"))
    parts = [word.capitalize(), chance.choice(CRAFTS), chance.choice(FORMS)]
    if chance.random() < 0.3:
        parts.insert(1, chance.choice(("&", "et", "ja", "og")) + " " + chance.choice(CRAFTS))
    return " ".join(parts)


def _as_banks_write(chance: random.Random, name: str) -> str:
    if chance.random() < 0.4:
        name = name.upper()
    return name[:35] if chance.random() < 0.5 else name


Sent = tuple[Transfer, tuple[str, ...]] | None


def _say(made: Company, transfer: Transfer, what: str) -> Transfer:
    """The transfer with a text that holds a day, a telephone and a customer's number too."""
    chance = made.chance
    day = TODAY - timedelta(days=chance.randrange(90))
    said = chance.choice(NOISE).replace("{day}", day.strftime("%d.%m.%Y"))
    said = said.replace("{phone}", str(chance.randrange(10**7, 10**8)))
    said = said.replace("{small}", str(chance.randrange(100, 9_999))).replace("{}", what)
    return replace(transfer, reference="", text=said)


def _reference(_: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    return transfer, (invoice.invoice_id,)


def _reference_grouped(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    said, size = invoice.ocr, GROUPS[made.scheme]
    if made.scheme == "belgian":
        shown = f"+++{said[:3]}/{said[3:7]}/{said[7:]}+++"
    else:
        first = len(said) % size if made.scheme in {"finnish", "qr"} else 0
        parts = [said[:first], *(said[at : at + size] for at in range(first, len(said), size))]
        shown = " ".join(part for part in parts if part)
    if made.chance.random() < 0.5:
        return replace(transfer, reference=shown), (invoice.invoice_id,)
    return replace(transfer, reference="", text=shown), (invoice.invoice_id,)


def _number_in_noise(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    return _say(made, transfer, invoice.number), (invoice.invoice_id,)


def _several_numbers(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    others = [str(made.chance.randrange(10**4, 10**9)) for _ in range(2)]
    said = made.chance.choice((" ", ", ", "; ")).join(
        made.chance.sample([*others, made.chance.choice((invoice.ocr, invoice.number))], 3)
    )
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _alone(made: Company, invoice: Invoice) -> bool:
    owed = made.owed[invoice.tenant_id]
    return sum(each.due_minor == invoice.due_minor for each in owed) == 1


def _spelt_out(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    name = "".join(SPELT_OUT.get(each, each) for each in invoice.tenant_name.lower()).upper()
    sent = replace(transfer, reference="", text="", counterparty_name=name)
    return (sent, (invoice.invoice_id,)) if _alone(made, invoice) else None


def _swapped_words(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    words = invoice.tenant_name.split()
    name = " ".join([*words[1:], words[0]])
    sent = replace(transfer, reference="", text="invoice", counterparty_name=name)
    return (sent, (invoice.invoice_id,)) if _alone(made, invoice) else None


def _cut_text(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    """The bank cut the text within the number; payer and amount are left."""
    said = f"Zahlung zu Ihrer Rechnung {invoice.ocr}"[: -made.chance.choice((2, 3, 4))]
    sent = replace(transfer, reference="", text=said)
    return (sent, (invoice.invoice_id,)) if _alone(made, invoice) else None


def _wrong_digit(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    said, chance = list(invoice.ocr), made.chance
    at = chance.randrange(2, len(said))
    if chance.random() < 0.5 and said[at] != said[at - 1]:
        said[at - 1], said[at] = said[at], said[at - 1]
    else:
        said[at] = str((ord(said[at]) + chance.randrange(1, 10)) % 10)
    return replace(transfer, reference="".join(said)), (invoice.invoice_id,)


def _charges(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    left = invoice.due_minor - made.chance.choice((250, 700, 1_000, 1_500))
    said = made.chance.choice((invoice.ocr, invoice.ocr, ""))
    if left * 3 < invoice.due_minor * 2 or not (said or _alone(made, invoice)):
        return None
    return replace(transfer, amount_minor=left, reference=said), (invoice.invoice_id,)


def _exchange(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    off = invoice.due_minor * made.chance.randrange(-30, 31) // 1_000
    sent = _say(made, transfer, invoice.number)
    return replace(sent, amount_minor=invoice.due_minor + off), (invoice.invoice_id,)


def _instalment(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    part = invoice.due_minor * made.chance.choice((25, 40, 50, 60)) // 100
    return replace(transfer, amount_minor=part), (invoice.invoice_id,)


def _two_together(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    owed = sorted(made.owed[invoice.tenant_id], key=lambda each: each.due_on or TODAY)
    if len(owed) < 2:
        return None
    two = owed[:2]
    said = " + ".join(each.number for each in two) if made.chance.random() < 0.6 else "invoices"
    total = sum(each.due_minor for each in two)
    sent = replace(transfer, amount_minor=total, reference="", text=said)
    return sent, tuple(each.invoice_id for each in two)


def _tie(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    """Two equal invoices and no word which: the one picked is right by chance alone."""
    sent = replace(transfer, reference="", text="", booked_on=TODAY)
    return None if _alone(made, invoice) else (sent, (invoice.invoice_id,))


def _closed(made: Company, transfer: Transfer, status: str) -> Sent:
    closed = made.chance.choice([each for each in made.invoices if each.status == status])
    name = _as_banks_write(made.chance, closed.tenant_name)
    day = (closed.due_on or TODAY) + timedelta(days=made.chance.randrange(20))
    sent = replace(transfer, amount_minor=closed.due_minor, counterparty_name=name, booked_on=day)
    sent = replace(sent, counterparty_iban=made.accounts[closed.tenant_id])
    said = made.chance.choice((closed.ocr, closed.ocr, closed.number))
    return replace(sent, reference=said), (closed.invoice_id,)


def _paid_already(made: Company, transfer: Transfer, _: Invoice) -> Sent:
    return _closed(made, transfer, "paid")


def _cancelled(made: Company, transfer: Transfer, _: Invoice) -> Sent:
    return _closed(made, transfer, "cancelled")


def _somebody_else_s(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    other = made.chance.choice(made.invoices)
    if other.tenant_id == invoice.tenant_id or other.due_minor == invoice.due_minor:
        return None
    said = made.chance.choice((other.ocr, other.number))
    sent = replace(transfer, reference=said)
    return (sent, (invoice.invoice_id,)) if _alone(made, invoice) else None


def _longer_number(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    """A contract's number that begins or ends like an invoice's, from somebody unknown."""
    more = str(made.chance.randrange(10, 999))
    said = made.chance.choice((invoice.ocr + more, more + invoice.ocr))
    name = _called(made.chance)
    return replace(transfer, reference=said, counterparty_name=name, counterparty_iban=""), ()


def _phone_or_date(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    """A telephone number or day that is another invoice's number; payer and amount are right."""
    other = made.chance.choice(made.invoices)
    digits = "".join(each for each in other.number if each.isdigit())
    said = made.chance.choice((f"tel {digits}", f"+46 {digits}", f"mob. {digits} mvh"))
    if other.tenant_id == invoice.tenant_id or not _alone(made, invoice):
        return None
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _unknown_payer(made: Company, transfer: Transfer, invoice: Invoice) -> Sent:
    chance = made.chance
    said = chance.choice(("", "salary", "refund 4471 23", str(chance.randrange(10**6, 10**10))))
    amount = chance.choice((invoice.due_minor, chance.randrange(100, 10**6), 50_000))
    return (
        replace(
            transfer,
            amount_minor=amount,
            reference="",
            text=said,
            counterparty_name=_called(chance),
            counterparty_iban="",
        ),
        (),
    )


KINDS: dict[str, Callable[[Company, Transfer, Invoice], Sent]] = {
    "reference": _reference,
    "reference grouped": _reference_grouped,
    "number in noise": _number_in_noise,
    "several numbers": _several_numbers,
    "spelt out": _spelt_out,
    "swapped words": _swapped_words,
    "cut text": _cut_text,
    "wrong digit": _wrong_digit,
    "charges": _charges,
    "exchange": _exchange,
    "instalment": _instalment,
    "two together": _two_together,
    "tie": _tie,
    "paid already": _paid_already,
    "cancelled": _cancelled,
    "somebody else's number": _somebody_else_s,
    "longer number": _longer_number,
    "phone or date": _phone_or_date,
    "unknown payer": _unknown_payer,
}
