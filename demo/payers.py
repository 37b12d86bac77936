"""How payers fill a transfer in: mostly right, and in a dozen ways not; who is no customer."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from stdnum import luhn

from core.bank.rules import TransferLine
from core.invoices.rules import valid_ocr
from demo.market import pick
from demo.subscribing import bank_account
from demo.world import Bill, Customer, World

KINDS = {
    "good": 700,
    "no_reference": 34,
    "words": 24,
    "free_text": 30,
    "mistyped": 40,
    "transposed": 24,
    "together": 32,
    "partial": 22,
    "over": 18,
    "bank_fee": 20,
    "other_payer": 24,
    "alike": 12,
    "swapped": 12,
    "twins": 8,
}
"""Manners of paying a bill, in thousandths; all but the first need a person."""
AGAIN, STRAY = "again", "stray"
"""A bill paid once more, and money of somebody who is no customer."""
EXCHANGED, GROUP = "exchanged", "group"
"""Sent in another currency and changed by a bank; one transfer for bills of several customers."""
STRANGE = (EXCHANGED, GROUP, *list(KINDS)[1:], AGAIN, STRAY)
PAID_ELSEWHERE = 16
"""Of so many customers one is always paid for by its parent company or its owner."""
STRAYS = (
    ("SKATTEVERKET", "Återbetalning skattekonto", "SEK"),
    ("MYNT FÖRSÄKRING AB", "Skadeersättning 88213", "SEK"),
    ("FINANZAMT MITTE", "Erstattung USt", "EUR"),
    ("HOTEL SKEPPSBRON", "Retur depositum", "SEK"),
    ("KONTORSHUSET I STADEN AB", "Kreditfaktura hyra", "SEK"),
    ("NORDLICHT VERSICHERUNG AG", "Beitragsrückzahlung", "EUR"),
    ("BOLAGSVERKET", "Återbetalning avgift", "SEK"),
)
_MONTHS = {
    "SE": "januari februari mars april maj juni juli augusti september oktober november december",
    "NO": "januar februar mars april mai juni juli august september oktober november desember",
    "DE": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_INVOICE = {"SE": "Faktura", "NO": "Faktura", "DE": "Rechnung"}
_FREE = {
    "SE": "Betalning av faktura {number}, tack",
    "NO": "Betaling faktura {number}",
    "DE": "Ihre Rechnung Nr. {number} vom letzten Monat",
}
_OWNERS = {
    "SE": ("KARIN LINDGREN", "MIKAEL EKSTRÖM", "ANNA SJÖBERG", "PER WALLIN", "EVA NORDIN"),
    "NO": ("INGRID DAHL", "OLE HAUGEN", "MARTE LIE"),
    "DE": ("THOMAS WEBER", "PETRA VOGEL", "JÜRGEN KRANZ"),
}
_PARENTS = {
    "SE": ("KINNARED INVEST AB", "STRÖMVALLA HOLDING AB", "TRE KULLAR FÖRVALTNING AB"),
    "NO": ("HAMARØY HOLDING AS", "NORDRE INVEST AS"),
    "DE": ("OBERLAND BETEILIGUNGS GMBH", "TEICHMANN HOLDING GMBH"),
}


@dataclass
class Draft:
    """A transfer as its payer fills it in, and the invoices it is for; minor units."""

    customer: Customer
    bill: Bill
    amount_minor: int
    reference: str
    name: str
    account: str
    text: str = ""
    others: tuple[Bill, ...] = ()

    @property
    def invoice_ids(self) -> tuple[int, ...]:
        """The invoices meant, the bill's own first."""
        return (self.bill.invoice_id, *(each.invoice_id for each in self.others))

    def line(self, bank_ref: str, *, giro: bool) -> TransferLine:
        """The bank's line; Bankgirot names payers by their bankgiro number."""
        account = giro_number(self.account) if giro and self.account else self.account
        return TransferLine(
            bank_ref, self.amount_minor, self.reference, self.text, self.name, account
        )


def manner(world: World, customer: Customer) -> str:
    """How a customer pays a bill this time."""
    if is_paid_elsewhere(customer) and world.chance(350):
        return "other_payer"
    return pick(world.rng, KINDS)


def fill_in(world: World, customer: Customer, bill: Bill, kind: str, owed_minor: int) -> Draft:
    """What a payer sends for a bill of which so much is owed."""
    name, account = customer.name.upper(), customer.bank_account
    if is_paid_elsewhere(customer):
        name, account = _other_payer(customer)
    draft = Draft(customer, bill, owed_minor, bill.ocr, name, account)
    if kind in _FILL:
        _FILL[kind](world, draft)
    return draft


def is_paid_elsewhere(customer: Customer) -> bool:
    """True when somebody else always pays for a customer."""
    return customer.tenant_id % PAID_ELSEWHERE == 0


def namesakes(world: World, customer: Customer) -> bool:
    """True when another customer's name begins with the same words."""
    first = _short(customer)
    return any(each is not customer and _short(each) == first for each in world.customers.values())


def also_open(world: World, bill: Bill) -> tuple[Bill, ...]:
    """Up to two other bills that can be paid together with one."""
    others = [
        each
        for each in world.open_bills(bill.tenant_id)
        if each.currency == bill.currency and each.invoice_id != bill.invoice_id
    ]
    return tuple(others[:2])


def pay_for_others(world: World, draft: Draft, bills: tuple[Bill, ...]) -> None:
    """A parent company pays bills of several customers with one transfer, by their numbers."""
    draft.others = bills
    draft.amount_minor += sum(world.open_minor[each.invoice_id] for each in bills)
    draft.name, draft.account = _other_payer(draft.customer)
    draft.reference = ""
    draft.text = " ".join([draft.bill.number, *(each.number for each in bills)])


def giro_number(account: str) -> str:
    """An invented bankgiro number with its check digit, always the same for an account."""
    body = f"5{account[-6:]}"
    return body + str(luhn.calc_check_digit(body))


def _no_reference(world: World, draft: Draft) -> None:
    draft.reference, draft.text = "", world.rng.choice(("", draft.customer.name))


def _words(world: World, draft: Draft) -> None:
    country = draft.customer.profile.country
    month = _MONTHS[country].split()[draft.bill.due_on.month - 1]
    word = _INVOICE[country]
    draft.reference, draft.text = "", world.rng.choice((word, month, f"{word} {month}"))


def _free_text(_world: World, draft: Draft) -> None:
    words = _FREE[draft.customer.profile.country]
    draft.reference, draft.text = "", words.format(number=draft.bill.number)


def _mistyped(world: World, draft: Draft) -> None:
    """One wrong digit, which the check digit shows."""
    ocr = draft.bill.ocr
    while valid_ocr(draft.reference):
        place = world.rng.randrange(len(ocr))
        draft.reference = ocr[:place] + str(world.rng.randrange(10)) + ocr[place + 1 :]


def _transposed(world: World, draft: Draft) -> None:
    """Two neighbouring digits the other way round; a wrong one where that would be right too."""
    ocr = draft.bill.ocr
    found = [text for text in _swaps(ocr) if not valid_ocr(text)]
    if found:
        draft.reference = world.rng.choice(found)
    else:
        _mistyped(world, draft)


def _together(world: World, draft: Draft) -> None:
    draft.others = also_open(world, draft.bill)
    if draft.others:
        draft.amount_minor += sum(world.open_minor[each.invoice_id] for each in draft.others)
        draft.reference = ""
        draft.text = " ".join([draft.bill.number, *(each.number for each in draft.others)])


def _partial(world: World, draft: Draft) -> None:
    draft.amount_minor = draft.amount_minor * world.rng.choice((40, 50, 60)) // 100 or 1


def _over(world: World, draft: Draft) -> None:
    draft.amount_minor += world.rng.choice((1_000, 5_000, draft.amount_minor // 10 or 1))


def _bank_fee(world: World, draft: Draft) -> None:
    """A bank on the way kept its fee of 15 to 45 units."""
    fee = world.rng.randint(15, 45) * 100
    draft.amount_minor -= min(fee, draft.amount_minor // 4)


def _exchanged(world: World, draft: Draft) -> None:
    """Sent in dollars; what a bank made of them is up to three per cent less."""
    dollars = draft.amount_minor * world.rng.randint(90, 110) // 100
    draft.amount_minor -= draft.amount_minor * world.rng.randint(5, 30) // 1000 or 1
    draft.reference, draft.text = (
        "",
        f"{draft.bill.number} USD {dollars // 100}.{dollars % 100:02d}",
    )


def _paid_by_another(world: World, draft: Draft) -> None:
    draft.name, draft.account = _other_payer(draft.customer)
    word = _INVOICE[draft.customer.profile.country]
    draft.reference, draft.text = "", world.rng.choice(("", draft.customer.name, word))


def _alike(world: World, draft: Draft) -> None:
    """A name that fits two customers, and nothing else to tell them apart."""
    if not namesakes(world, draft.customer):
        _no_reference(world, draft)
        return
    draft.reference, draft.name, draft.account = "", _short(draft.customer).upper(), ""


def _swapped(world: World, draft: Draft) -> None:
    """The amount with two neighbouring digits the other way round."""
    found = [text for text in _swaps(str(draft.amount_minor)) if text[0] != "0"]
    draft.amount_minor = int(world.rng.choice(found)) if found else draft.amount_minor + 900


def _other_payer(customer: Customer) -> tuple[str, str]:
    """Name and account of the parent company or the owner, always the same ones."""
    own, country = Random(customer.tenant_id), customer.profile.country
    return own.choice(_PARENTS[country] + _OWNERS[country]), bank_account(own, country)


def _short(customer: Customer) -> str:
    return " ".join(customer.name.split()[:2])


def _swaps(digits: str) -> list[str]:
    """Every text with two different neighbours the other way round."""
    return [
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(len(digits) - 1)
        if digits[place] != digits[place + 1]
    ]


_FILL: dict[str, Callable[[World, Draft], None]] = {
    "no_reference": _no_reference,
    "words": _words,
    "free_text": _free_text,
    "mistyped": _mistyped,
    "transposed": _transposed,
    "together": _together,
    "partial": _partial,
    "over": _over,
    "bank_fee": _bank_fee,
    "other_payer": _paid_by_another,
    "alike": _alike,
    "swapped": _swapped,
    "twins": _no_reference,
    EXCHANGED: _exchanged,
}
