"""Another company altogether: monthly subscriptions, other numbers, names and ways of paying.

Nothing here was used for fitting; it shows what the matching is worth where it was not at home.
"""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from stdnum import luhn

from bench.matching.world import Case
from core.matching.records import Assignment, Invoice, Transfer

TODAY = date(2026, 9, 20)
_SYLLABLES = "ka lo mi ra ten vor gal bri sto nex tra pol fen dor qui zan hel mar ux ber ly on"
SYLLABLES = _SYLLABLES.split()
_TRADES = "Soft,Logistics,Trade,Hosting,Clinic,Auto,Bakery,Print,Garden,Legal,Tours,Energy"
TRADES = _TRADES.split(",")
_ENDINGS = "GmbH,GmbH & Co. KG,AG,Ltd,LLC,S.A.,S.r.l.,Oy,AB,ASA,Sp. z o.o.,B.V.,s.r.o."
ENDINGS = _ENDINGS.split(",")
PLANS = (4_900, 9_900, 9_900, 19_900, 29_900, 29_900, 49_900, 99_900)
KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz", strict=True))
MIXTURE = {
    "plain": 42,
    "in text": 14,
    "number only": 10,
    "grouped": 4,
    "mistyped": 6,
    "nothing but name": 6,
    "third party": 4,
    "bank fee": 4,
    "instalment": 2,
    "too much": 1.5,
    "wrong invoice named": 1.5,
    "two at once": 2.5,
    "quarter at once": 1.5,
    "again": 2,
    "stranger": 4,
}
SINGLE = tuple(MIXTURE)[:11]
SAYINGS = (
    "Payment {}",
    "Zahlung Rechnung {} Danke",
    "EREF+NOTPROVIDED SVWZ+{}",
    "ocr nr {}",
    "{} 17.08.2026",
    "Subscription {} / client 4471",
)
SOON = (-9, -4, -2, -1, 0, 0, 1, 3, 12)
"""Days from the due date to the payment."""


def other_world(seed: int, tenants: int) -> tuple[list[Invoice], list[Assignment], random.Random]:
    """Invoices of a year of monthly billing, and what was assigned before."""
    chance = random.Random(f"other {seed}")
    names = {f"T-{place:05d}": _name(chance) for place in range(tenants)}
    invoices: list[Invoice] = []
    history: list[Assignment] = []
    scheme, number = (
        chance.choice(("luhn", "same", "luhn")),
        chance.choice((26_000_001, 701, 50_400)),
    )
    for place, (tenant_id, name) in enumerate(names.items()):
        base, months = chance.choice(PLANS), chance.randrange(1, 13)
        unpaid = chance.choice((0, 1, 1, 1, 2, 2, 3))
        for back in range(months, 0, -1):
            issued = date(2026, 9, 1) - timedelta(days=30 * (back - 1))
            usage = chance.randrange(0, 20_000) if chance.random() < 0.5 else 0
            number += 1
            text = str(number)
            due = (base + usage) * chance.choice((100, 125, 119)) // 100
            status = "issued" if back <= unpaid else "paid"
            status = "cancelled" if chance.random() < 0.02 else status
            ocr = text if scheme == "same" else "7" + text + luhn.calc_check_digit("7" + text)
            invoices.append(
                Invoice(
                    f"inv_{number:x}",
                    f"R{text}",
                    ocr,
                    tenant_id,
                    name,
                    due,
                    "EUR",
                    issued,
                    issued + timedelta(days=14),
                    status,
                )
            )
        if place % 3 == 0:
            account = f"NL{place:02d}BANK{place:010d}"
            history += [
                Assignment(shown(chance, name), account, tenant_id, date(2026, month, 17))
                for month in range(2, chance.randrange(3, 9))
            ]
    return invoices, history, chance


def _name(chance: random.Random) -> str:
    word = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 3)))).capitalize()
    if chance.random() < 0.3:
        word = word.replace("o", "ö").replace("e", "é", 1)
    trade = chance.choice(TRADES) if chance.random() < 0.7 else ""
    place = chance.choice(("", "", "Deutschland", "North", "Iberia"))
    return " ".join(part for part in (word, trade, place, chance.choice(ENDINGS)) if part)


def shown(chance: random.Random, name: str) -> str:
    """A name with the accidents of forms and banks."""
    found = name
    if chance.random() < 0.2:
        at = chance.randrange(len(found))
        found = found[:at] + KEYS.get(found[at], found[at]) + found[at + 1 :]
    if chance.random() < 0.1:
        found = found.replace(" ", "", 1)
    if chance.random() < 0.2:
        found = " ".join(found.split()[:2])
    if chance.random() < 0.3:
        plain = unicodedata.normalize("NFD", found)
        found = plain.encode("ascii", "ignore").decode()
    if chance.random() < 0.1:
        found = found + " " + chance.choice(("Berlin", "Utrecht", "c/o Treuhand AG"))
    return chance.choice((found, found.upper(), found.upper()[:27], found[:35], found.lower()))


def other_cases(
    seed: int, tenants: int, count: int
) -> tuple[list[Invoice], list[Assignment], list[Case]]:
    """The company's book, its past and so many transfers."""
    invoices, history, chance = other_world(seed, tenants)
    maker = _Maker(invoices, history, chance)
    made: list[Case] = []
    while len(made) < count:
        case = maker.made(f"p{len(made)}")
        if case is not None:
            made.append(case)
    return invoices, history, made


class _Maker:
    """Makes transfers of one company; each kind changes the plain payment of an open invoice."""

    def __init__(
        self, invoices: list[Invoice], history: list[Assignment], chance: random.Random
    ) -> None:
        self.chance = chance
        self.by_tenant: dict[str, list[Invoice]] = {}
        for each in invoices:
            self.by_tenant.setdefault(each.tenant_id, []).append(each)
        self.owing = [each for each in invoices if each.status == "issued"]
        chance.shuffle(self.owing)
        self.accounts = {past.tenant_id: past.counterparty_iban for past in history}
        self.place = 0

    def made(self, key: str) -> Case | None:
        """The next transfer, or None when its kind does not fit the invoice."""
        self.place = (self.place + 1) % len(self.owing)
        invoice, chance = self.owing[self.place], self.chance
        kind = chance.choices(tuple(MIXTURE), tuple(MIXTURE.values()))[0]
        day = (invoice.due_on or TODAY) + timedelta(days=chance.choice(SOON))
        plain = Transfer(
            key,
            day,
            invoice.due_minor,
            "EUR",
            invoice.ocr,
            "",
            shown(chance, invoice.tenant_name),
            self.accounts.get(invoice.tenant_id, ""),
        )
        changed = KINDS[kind](self, plain, invoice)
        if changed is None:
            return None
        transfer, truth = changed
        return Case(kind, transfer, truth)

    def said(self, what: str) -> str:
        """A text with a number in it."""
        return self.chance.choice(SAYINGS).format(what)

    def open_of(self, invoice: Invoice) -> list[Invoice]:
        """What the invoice's tenant owes, the oldest first."""
        return [each for each in self.by_tenant[invoice.tenant_id] if each.status == "issued"]


Changed = tuple[Transfer, tuple[str, ...]] | None


def _plain(_: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    return transfer, (invoice.invoice_id,)


def _in_text(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    said = maker.said(invoice.ocr)
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _number_only(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    said = maker.said(maker.chance.choice((invoice.number, invoice.number[1:])))
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _grouped(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    ocr = invoice.ocr
    said = maker.said(f"{ocr[:3]} {ocr[3:6]} {ocr[6:]}".strip())
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _mistyped(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    ref, chance = invoice.ocr, maker.chance
    at = chance.randrange(len(ref) - 1)
    typed = chance.choice(
        (
            ref[:at] + ref[at + 1 :],
            ref[:at] + ref[at + 1] + ref[at] + ref[at + 2 :],
            ref[:at] + str((int(ref[at]) + chance.randrange(1, 10)) % 10) + ref[at + 1 :],
        )
    )
    return replace(transfer, reference=typed), (invoice.invoice_id,)


def _nothing_but_name(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    if sum(each.due_minor == invoice.due_minor for each in maker.open_of(invoice)) > 1:
        return None
    said = maker.chance.choice(("", "invoice", "abo", "thanks"))
    return replace(transfer, reference="", text=said), (invoice.invoice_id,)


def _third_party(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    by = f"Steuerbüro {_name(maker.chance)}"
    paid = replace(transfer, counterparty_name=by, counterparty_iban="LU280019400644750000")
    if maker.chance.random() < 0.5:
        paid = replace(paid, reference="", text=maker.said(invoice.number))
    return paid, (invoice.invoice_id,)


def _bank_fee(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    due = invoice.due_minor
    left = due - maker.chance.choice((500, 1_000, 1_500, due * 15 // 1000, due * 29 // 1000))
    paid = replace(transfer, amount_minor=left)
    return (paid, (invoice.invoice_id,)) if left > due // 2 else None


def _instalment(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    due = invoice.due_minor
    part = maker.chance.choice((due // 2, due // 3, due * 7 // 10))
    return replace(transfer, amount_minor=part), (invoice.invoice_id,)


def _too_much(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    due = invoice.due_minor
    more = due + maker.chance.choice((100, 1_000, due))
    return replace(transfer, amount_minor=more), (invoice.invoice_id,)


def _wrong_invoice_named(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    wrong = maker.chance.choice(maker.owing)
    if wrong.tenant_id == invoice.tenant_id or wrong.due_minor == invoice.due_minor:
        return None
    return replace(transfer, reference=wrong.ocr), (invoice.invoice_id,)


def _several(maker: _Maker, transfer: Transfer, invoice: Invoice, size: int) -> Changed:
    chosen = maker.open_of(invoice)[:size]
    if len(chosen) < size:
        return None
    numbers = [each.number for each in chosen]
    said = maker.chance.choice((" + ".join(numbers), ",".join(numbers), "all open", ""))
    total = sum(each.due_minor for each in chosen)
    paid = replace(transfer, amount_minor=total, reference="", text=said)
    return paid, tuple(each.invoice_id for each in chosen)


def _two_at_once(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    return _several(maker, transfer, invoice, 2)


def _quarter_at_once(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    return _several(maker, transfer, invoice, 3)


def _again(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    """The last settled invoice once more; nothing distinguishes it from an open equal one."""
    chance = maker.chance
    paid = [each for each in maker.by_tenant[invoice.tenant_id] if each.status == "paid"]
    if not paid:
        return None
    last, reference = paid[-1], chance.choice((paid[-1].ocr, paid[-1].ocr, ""))
    if not reference and any(e.due_minor == last.due_minor for e in maker.open_of(invoice)):
        return None
    day = (last.due_on or TODAY) + timedelta(days=chance.randrange(3, 30))
    again = replace(transfer, amount_minor=last.due_minor, reference=reference, booked_on=day)
    return again, (last.invoice_id,)


def _stranger(maker: _Maker, transfer: Transfer, invoice: Invoice) -> Changed:
    chance = maker.chance
    amounts = (invoice.due_minor, chance.randrange(500, 200_000), 10_000 * chance.randrange(1, 9))
    said = chance.choice(("", str(chance.randrange(10**7, 10**9)), "SALARY"))
    strange = replace(
        transfer,
        amount_minor=chance.choice(amounts),
        reference=said,
        counterparty_name=_name(chance),
        counterparty_iban="",
    )
    return strange, ()


KINDS: dict[str, Callable[[_Maker, Transfer, Invoice], Changed]] = {
    "plain": _plain,
    "in text": _in_text,
    "number only": _number_only,
    "grouped": _grouped,
    "mistyped": _mistyped,
    "nothing but name": _nothing_but_name,
    "third party": _third_party,
    "bank fee": _bank_fee,
    "instalment": _instalment,
    "too much": _too_much,
    "wrong invoice named": _wrong_invoice_named,
    "two at once": _two_at_once,
    "quarter at once": _quarter_at_once,
    "again": _again,
    "stranger": _stranger,
}
