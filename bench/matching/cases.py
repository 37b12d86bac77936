"""Transfers of every kind that reaches a bank account, with the truth about each."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import timedelta

from stdnum.iso7064 import mod_97_10

from bench.matching.world import TODAY, Case, Tenant, World, iban
from core.matching.records import OPEN, SETTLED, Invoice, Transfer

WEIGHTS = {
    "clean": 30,
    "reference in text": 8,
    "number written": 10,
    "separated reference": 4,
    "padded or prefixed": 3,
    "several numbers": 3,
    "wrong digit": 5,
    "name and amount": 9,
    "account and amount": 3,
    "other payer, reference": 4,
    "other payer, known": 2,
    "another's reference": 2,
    "fee": 4,
    "exchange": 2,
    "rounded": 1,
    "partial": 3,
    "overpaid": 2,
    "two invoices": 4,
    "many invoices": 2,
    "paid twice": 2,
    "void": 1,
    "none": 5,
    "longer number": 1.5,
}
"""How often each kind of case is met, of 109.5."""
SINGLE = tuple(
    kind
    for kind in WEIGHTS
    if kind not in {"two invoices", "many invoices", "paid twice", "void", "none", "longer number"}
)
"""The kinds in which one open invoice is right."""
_BEFORE = (
    "Faktura {},Invoice {},Inv. {},OCR {},Ref: {},Betalning {},Payment of invoice no {},"
    "Rechnung {},RG-NR {},Facture {},{},{},fakt.nr {},Lasku {},Betaling faktura {} tack,"
    "RE {} vom {day},Your invoice {} dated {day},/REMI/{}/,Invoice {} customer {few},SEPA CREDIT {}"
)
BEFORE = _BEFORE.split(",")
_NOTHING = (
    "Lön oktober,Insurance refund {many},Överföring,Skatteåterbäring {many},Loan 2026-{few},"
    "Miete {day},Stripe payout po_{many},Interest,Deposit {many},Internal transfer,Zinsen {few},"
    "Friskvård,Bidrag {many},VAT refund {day},Gift,Order {many},Kreditering {few}"
)
NOTHING = _NOTHING.split(",")
LONGEST_NAMES = (18, 18, 27, 35, 70)


def cases(world: World, count: int, weights: Mapping[str, float] | None = None) -> list[Case]:
    """So many transfers of one company, each open invoice paid at most once or twice."""
    chance = world.chance
    kinds, shares = zip(*(weights or WEIGHTS).items(), strict=True)
    maker = Maker(world)
    made: list[Case] = []
    while len(made) < count:
        kind = chance.choices(kinds, shares)[0]
        case = maker.made(kind, f"x{len(made)}")
        if case is not None:
            made.append(case)
    return made


def _creditors(ocr: str) -> str:
    """A creditor's reference by ISO 11649 around an OCR."""
    return f"RF{mod_97_10.calc_check_digits(ocr + 'RF')}{ocr}"


class Maker:
    """Makes one case after the other."""

    def __init__(self, world: World) -> None:
        self.world, self.chance = world, world.chance
        self.open = [each for each in world.invoices if each.status in OPEN]
        self.settled = [each for each in world.invoices if each.status in SETTLED]
        self.void = [each for each in world.invoices if each.status in {"cancelled", "written_off"}]
        self.by_tenant: dict[str, list[Invoice]] = {}
        for each in self.open:
            self.by_tenant.setdefault(each.tenant_id, []).append(each)
        self.known = {past.tenant_id for past in world.history}
        self.chance.shuffle(self.open)
        self.place = 0

    def made(self, kind: str, key: str) -> Case | None:
        """A case of a kind, or None when this company has nothing for it."""
        if kind in {"two invoices", "many invoices"}:
            return self._several(kind, key)
        if kind in {"none", "longer number"}:
            return self._nothing(kind, key)
        if kind in {"paid twice", "void"}:
            pool = self.settled if kind == "paid twice" else self.void
            if not pool:
                return None
            invoice = self.chance.choice(pool)
        else:
            self.place = (self.place + 1) % len(self.open)
            invoice = self.open[self.place]
        said = _Said(self, invoice, kind)
        if not said.made:
            return None
        return Case(kind, said.transfer(key), (invoice.invoice_id,))

    def _several(self, kind: str, key: str) -> Case | None:
        owing = self.by_tenant[self.chance.choice(self.open).tenant_id]
        size = 2 if kind == "two invoices" else self.chance.choice((3, 3, 4, 5))
        same = [each for each in owing if each.currency == owing[0].currency]
        if len(same) < size:
            return None
        same.sort(key=lambda each: each.due_on or TODAY)
        chosen = same[:size] if self.chance.random() < 0.6 else self.chance.sample(same, size)
        said = _Said(self, chosen[0], "several")
        said.amount = sum(each.due_minor for each in chosen)
        said.day = max(each.due_on or TODAY for each in chosen)
        named = self.chance.random()
        if named < 0.6:
            parts = [each.ocr if self.chance.random() < 0.5 else each.number for each in chosen]
            said.text = self.chance.choice((" ", ", ", " + ", "/", " och ", ";")).join(parts)
            said.reference = ""
        elif named < 0.75:
            said.reference, said.text = chosen[0].ocr, ""
        else:
            said.reference, said.text = "", self.noise("Betalning fakturor")
        return Case(kind, said.transfer(key), tuple(each.invoice_id for each in chosen))

    def _nothing(self, kind: str, key: str) -> Case:
        chance = self.chance
        invoice = chance.choice(self.open)
        tenant = self.world.tenants[invoice.tenant_id]
        stranger = chance.random() < 0.7
        name = (
            (tenant.parent if chance.random() < 0.5 else "Skatteverket")
            if stranger
            else (self.called(tenant.name))
        )
        reference, amount = "", chance.randrange(1_000, 3_000_000)
        text = self.noise(chance.choice(NOTHING))
        luck = chance.random()
        if luck < 0.3 and stranger:
            amount = invoice.due_minor
        elif luck < 0.5:
            amount = round(amount, -4) + 10_000
        if kind == "longer number":
            inside = chance.choice((invoice.ocr, re.sub(r"\D", "", invoice.number)))
            extra = str(chance.randrange(10, 9_999))
            reference = inside + extra if chance.random() < 0.5 else extra + inside
            amount = invoice.due_minor if chance.random() < 0.2 else amount
            name = "Okänd Betalare" if chance.random() < 0.5 else name
        elif chance.random() < 0.3:
            reference = str(chance.randrange(10**6, 10**11))
        account = tenant.iban if not stranger else iban(chance)
        day = TODAY - timedelta(days=chance.randrange(30))
        return Case(
            kind,
            Transfer(key, day, amount, invoice.currency, reference, text, name, account),
            (),
        )

    def noise(self, template: str) -> str:
        """A text with numbers that mean nothing."""
        chance = self.chance
        day = TODAY - timedelta(days=chance.randrange(60))
        shown = day.strftime(chance.choice(("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d/%m")))
        return template.replace("{day}", shown).format(
            few=chance.randrange(10, 9_999), many=chance.randrange(10**4, 10**10)
        )

    def called(self, name: str) -> str:
        """A name as a bank shows it."""
        chance, shown = self.chance, name
        if chance.random() < 0.35:
            shown = shown.rsplit(" ", 1)[0]
        if chance.random() < 0.08:
            shown += chance.choice((" Stockholm", ", Oslo", " (publ)", " Sverige", " Filial"))
        if chance.random() < 0.15 and len(shown) > 6:
            at = chance.randrange(1, len(shown) - 2)
            shown = chance.choice(
                (
                    shown[:at] + shown[at + 1 :],
                    shown[:at] + shown[at + 1] + shown[at] + shown[at + 2 :],
                    shown[:at] + chance.choice("aeiounrst") + shown[at + 1 :],
                )
            )
        if chance.random() < 0.4:
            plain = unicodedata.normalize("NFKD", shown)
            shown = "".join(c for c in plain if not unicodedata.combining(c))
        if chance.random() < 0.5:
            shown = shown.upper()
        return shown[: chance.choice(LONGEST_NAMES)] if chance.random() < 0.5 else shown


class _Said:
    """What the payer of one invoice writes."""

    def __init__(self, maker: Maker, invoice: Invoice, kind: str) -> None:
        self.maker, self.chance, self.invoice = maker, maker.chance, invoice
        chance, tenant = maker.chance, maker.world.tenants[invoice.tenant_id]
        self.tenant: Tenant = tenant
        self.amount = invoice.due_minor
        self.name = maker.called(tenant.name) if chance.random() < 0.93 else ""
        self.account = tenant.iban if chance.random() < 0.7 else ""
        if chance.random() < 0.04:
            self.account = iban(chance)
        self.reference, self.text = invoice.ocr, ""
        self.day = invoice.due_on or TODAY
        self.made = True
        how = "_" + re.sub(r"\W+", "_", kind)
        act: Callable[[], None] | None = getattr(self, how, None)
        if act is not None:
            act()

    def transfer(self, key: str) -> Transfer:
        """The transfer, paid about when it was due."""
        chance = self.chance
        late = int(chance.gauss(0, 4)) if chance.random() < 0.75 else chance.randrange(-20, 60)
        day = min(self.day + timedelta(days=late), TODAY + timedelta(days=40))
        if self.invoice.issued_on and day < self.invoice.issued_on:
            day = self.invoice.issued_on
        return Transfer(
            key,
            day,
            self.amount,
            self.invoice.currency,
            self.reference,
            self.text,
            self.name,
            self.account,
        )

    def _evidence(self) -> None:
        """Any of the usual ways to say what is paid."""
        self.chance.choice(
            (
                lambda: None,
                self._reference_in_text,
                self._number_written,
                self._name_and_amount,
                self._wrong_digit,
            )
        )()

    def _reference_in_text(self) -> None:
        self.text = self.maker.noise(self.chance.choice(BEFORE).replace("{}", self.invoice.ocr))
        self.reference = ""

    def _number_written(self) -> None:
        number = self.invoice.number
        digits = re.findall(r"\d+", number)
        forms = [
            number,
            number,
            number.lower(),
            number.replace("-", " "),
            re.sub(r"\W", "", number),
        ]
        forms += ["".join(digits)] if len("".join(digits)) > 3 else []
        forms += [digits[-1]] if len(digits[-1]) > 3 else []
        shown = self.chance.choice(forms)
        if self.chance.random() < 0.3:
            self.reference = shown
        else:
            self.reference = ""
            self.text = self.maker.noise(self.chance.choice(BEFORE).replace("{}", shown))

    def _separated_reference(self) -> None:
        ocr, sep = self.invoice.ocr, self.chance.choice(" -./ ")
        size = self.chance.choice((3, 4, 5))
        shown = sep.join(ocr[at : at + size] for at in range(0, len(ocr), size))
        if self.chance.random() < 0.5:
            self.reference = shown
        else:
            self.reference = ""
            self.text = self.maker.noise(self.chance.choice(BEFORE).replace("{}", shown))

    def _padded_or_prefixed(self) -> None:
        ocr = self.invoice.ocr
        self.reference = self.chance.choice(
            (ocr.zfill(25), ocr.zfill(16), f"OCR{ocr}", f"REF{ocr}", f"INV{ocr}", _creditors(ocr))
        )

    def _several_numbers(self) -> None:
        many = [
            str(self.chance.randrange(10**3, 10**9)) for _ in range(self.chance.choice((1, 2, 3)))
        ]
        many.insert(self.chance.randrange(len(many) + 1), self.invoice.ocr)
        self.reference, self.text = "", self.chance.choice((" ", ", ", " / ")).join(many)

    def _wrong_digit(self) -> None:
        """One or two wrong, missing, swapped or too many digits."""
        shown = list(self.invoice.ocr)
        for _ in range(1 if self.chance.random() < 0.75 else 2):
            at = self.chance.randrange(len(shown) - 1)
            how = self.chance.randrange(5)
            if how == 0:
                shown[at] = str(self.chance.randrange(10))
            elif how == 1:
                shown[at], shown[at + 1] = shown[at + 1], shown[at]
            elif how == 2:
                del shown[at]
            elif how == 3:
                shown.insert(at, str(self.chance.randrange(10)))
            else:
                shown[at] = {"0": "O", "1": "l", "5": "S", "8": "B"}.get(shown[at], shown[at])
        self.reference = "".join(shown)
        if self.chance.random() < 0.3:
            self.text, self.reference = f"Faktura {self.reference}", ""

    def _name_and_amount(self) -> None:
        self.reference = ""
        self.name = self.name or self.maker.called(self.tenant.name)
        month = (self.invoice.issued_on or TODAY).strftime("%B")
        self.text = self.chance.choice(
            (
                "",
                "",
                "Betalning",
                "Payment",
                "Tack!",
                f"{month}",
                f"Abonnemang {month}",
                "Subscription",
            )
        )

    def _account_and_amount(self) -> None:
        self.made = self.invoice.tenant_id in self.maker.known
        self.reference, self.text, self.account = "", "", self.tenant.iban
        self.name = "" if self.chance.random() < 0.7 else "Kundtjänst"

    def _other_payer_reference(self) -> None:
        self.name, self.account = self.tenant.parent, self.tenant.parent_iban
        self.chance.choice((lambda: None, self._reference_in_text, self._number_written))()
        if self.chance.random() < 0.3:
            self.text += f" {self.tenant.name}"

    def _other_payer_known(self) -> None:
        past = [p for p in self.maker.world.history if p.tenant_id == self.tenant.tenant_id]
        self.made = bool(past) and past[0].counterparty_name != self.tenant.name
        self.name, self.account = self.tenant.parent, self.tenant.parent_iban
        self.reference = ""

    def _another_s_reference(self) -> None:
        settled = self.maker.settled if self.chance.random() < 0.3 else None
        other = self.chance.choice(settled or self.maker.open)
        mine = self.maker.by_tenant[self.tenant.tenant_id]
        if self.chance.random() < 0.3:
            other = self.chance.choice(mine)
        self.made = other.invoice_id != self.invoice.invoice_id and other.ocr != self.invoice.ocr
        if other.tenant_id == self.tenant.tenant_id and other.due_minor == self.invoice.due_minor:
            self.made = False
        self.reference = other.ocr
        self.name = self.name or self.tenant.name

    def _fee(self) -> None:
        self._evidence()
        unit = 100 if self.invoice.currency != "SEK" else 1_000
        if self.chance.random() < 0.5:
            self.amount -= round(self.amount * self.chance.uniform(0.002, 0.036))
        else:
            self.amount -= self.chance.choice((5, 10, 15, 20, 25, 30)) * unit
        self.made = self.amount > self.invoice.due_minor // 2

    def _exchange(self) -> None:
        self._evidence()
        self.amount += round(self.amount * self.chance.uniform(-0.03, 0.03))

    def _rounded(self) -> None:
        self._evidence()
        self.amount = round(self.amount, -2)

    def _partial(self) -> None:
        self._evidence()
        share = self.chance.choice((0.5, 0.5, 0.25, 0.75, 1 / 3, self.chance.uniform(0.1, 0.9)))
        self.amount = max(round(self.amount * share), 1)

    def _overpaid(self) -> None:
        self._evidence()
        more = self.chance.choice(
            (100, 1_000, 10_000, self.amount, self.chance.randrange(1, 90_000))
        )
        self.amount += more

    def _paid_twice(self) -> None:
        self.chance.choice((lambda: None, self._number_written, self._name_and_amount))()
        self.day += timedelta(days=self.chance.randrange(40))
