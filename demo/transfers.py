"""Bank transfers: who pays when and with which reference, the statements, the inbox."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.gateways.actions import announce_payout
from core.inbox.deciding import Share, assign_transfer, ignore_transfer
from core.invoices.rules import valid_ocr
from core.payments.actions import apply_credit
from core.payments.models import Payment
from core.payments.rules import Part
from core.work import Work
from demo.calendar import DAY, banking_day, is_banking_day
from demo.market import HABITS
from demo.staff import BILLING, FINANCE
from demo.world import Bill, Customer, World

BANKGIRO = "5402-9681"
ACCOUNTS = {
    "SEK": "SE4550000000058398257466",
    "EUR": "DE89370400440532013000",
    "USD": "US-0042-118820",
    "NGN": "NG-0110-774210",
}
BATCH_DAYS = 40
LEFT_OPEN = 10
"""Unmatched transfers that stay in the inbox at the end."""
STRAYS = (
    ("Skatteverket", "Återbetalning skattekonto"),
    ("Mynt Försäkring AB", "Skadeersättning 88213"),
    ("Finanzamt Mitte", "Erstattung USt"),
    ("Hotel Skeppsbron", "Retur depositum"),
)
ASSIGN_REASONS = (
    "Amount and payer fit this invoice, confirmed by mail",
    "The payer mistyped the reference; name and amount agree",
    "Remittance advice received by mail names this invoice",
    "Known payer of this customer, same account as last month",
)


@dataclass(frozen=True)
class Arrival:
    """A transfer on its way: how its payer fills it in, and what it really pays."""

    bill: Bill
    manner: str


@dataclass(frozen=True)
class Truth:
    """What an unmatched transfer is for: its customer's invoices, in order; none for a stray."""

    tenant_id: int | None
    invoice_ids: tuple[int, ...]
    amount_minor: int


class Bank:
    """The accounts on which transfers arrive, and what finance still has to look at."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.balance: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        self.sent: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        """What leaves the accounts with the next statement."""
        self._arriving: list[Arrival] = []
        self._truth: dict[str, Truth] = {}
        self._last_unmatched = 0
        self.inbox: dict[int, Truth] = {}

    def expect(self, bill: Bill, customer: Customer) -> None:
        """Plan when and how a customer pays a bill by transfer."""
        rng, world = self.world.rng, self.world
        _, soonest, latest = HABITS[customer.profile.habit]
        if customer.profile.habit == "erratic" and world.chance(60):
            return
        on = bill.due_on + timedelta(days=rng.randint(soonest, latest))
        on = banking_day(max(on, world.today + DAY))
        manner = rng.choices(
            ("good", "no_reference", "mistyped", "partial", "over", "together"),
            (885, 38, 30, 18, 12, 17),
        )[0]
        world.later(on, lambda: self._arriving.append(Arrival(bill, manner)))

    def day(self) -> None:
        """Import the statements of a banking day; nothing else happens on other days."""
        if not is_banking_day(self.world.today):
            return
        by_account = self._fill_in()
        if self.world.chance(45):
            self._add_stray(by_account)
        giro = by_account.pop("bankgirot", [])
        if giro:
            self._import(
                Statement(BANKGIRO, self._ref(), "bgmax", "SEK", tuple(giro), provider="bankgirot")
            )
            number = self.world.serial("bgdep_")
            self.world.payouts_due[self.world.today].append(
                self.world.desk.job(
                    "bank",
                    lambda work: announce_payout(work, "bankgirot", number, "SEK", work.today),
                )
            )
        for payout in self.world.payouts_due.pop(self.world.today, []):
            by_account[payout.currency].append(
                TransferLine(
                    self.world.serial("BK"),
                    payout.amount_minor,
                    text=f"Payout {payout.provider}",
                    counterparty_name=payout.provider.capitalize(),
                    payout_id=payout.payout_id,
                )
            )
        for currency in ACCOUNTS:
            self._account_day(currency, by_account.get(currency, []))

    def _account_day(self, currency: str, lines: list[TransferLine]) -> None:
        if self.sent[currency]:
            lines.append(
                TransferLine(
                    self.world.serial("BK"), -self.sent[currency], text="To operating account"
                )
            )
            self.sent[currency] = 0
        if lines:
            before = self.balance[currency]
            self.balance[currency] = before + sum(line.amount_minor for line in lines)
            self._import(
                Statement(
                    ACCOUNTS[currency],
                    self._ref(),
                    "camt.053",
                    currency,
                    tuple(lines),
                    before,
                    self.balance[currency],
                )
            )

    def _ref(self) -> str:
        return f"{self.world.today:%Y%m%d}"

    def _fill_in(self) -> dict[str, list[TransferLine]]:
        """The lines of today, by account: Bankgirot's file, or the account of a currency."""
        lines: dict[str, list[TransferLine]] = defaultdict(list)
        taken: set[int] = set()
        for arrival in self._arriving:
            owed = self.world.open_minor.get(arrival.bill.invoice_id, 0)
            if not owed or arrival.bill.invoice_id in taken:
                continue
            customer = self.world.customers[arrival.bill.tenant_id]
            giro = customer.profile.provider == "bankgirot"
            line, truth = self._line(customer, arrival, owed)
            taken.update(truth.invoice_ids)
            self._truth[line.bank_ref] = truth
            lines["bankgirot" if giro else arrival.bill.currency].append(line)
        self._arriving.clear()
        return lines

    def _line(self, customer: Customer, arrival: Arrival, owed: int) -> tuple[TransferLine, Truth]:
        bill, rng = arrival.bill, self.world.rng
        amount = owed
        invoices: tuple[int, ...] = (bill.invoice_id,)
        reference, text = bill.ocr, ""
        if arrival.manner == "no_reference":
            reference, text = "", rng.choice((bill.number, customer.name, "Faktura", "Invoice"))
        elif arrival.manner == "mistyped":
            reference = _mistyped(self.world, bill.ocr)
        elif arrival.manner == "partial":
            amount = owed * rng.choice((40, 50, 60)) // 100 or owed
            self.world.later(
                banking_day(self.world.today + timedelta(days=rng.randint(6, 15))),
                lambda: self._arriving.append(Arrival(bill, "good")),
            )
        elif arrival.manner == "over":
            amount = owed + rng.choice((1_000, 5_000, owed // 10))
        elif arrival.manner == "together":
            others = [
                each
                for each in self.world.open_bills(customer.tenant_id)
                if each.currency == bill.currency and each.invoice_id != bill.invoice_id
            ][:2]
            amount += sum(self.world.open_minor[each.invoice_id] for each in others)
            invoices += tuple(each.invoice_id for each in others)
            text = " ".join([bill.number, *(each.number for each in others)])
            reference = bill.ocr if not others else ""
        line = TransferLine(
            self.world.serial("BK"),
            amount,
            reference,
            text,
            customer.name.upper(),
            customer.bank_account,
        )
        return line, Truth(customer.tenant_id, invoices, amount)

    def _add_stray(self, lines: dict[str, list[TransferLine]]) -> None:
        name, text = self.world.rng.choice(STRAYS)
        amount = self.world.rng.randint(900, 9_000) * 100
        line = TransferLine(self.world.serial("BK"), amount, "", text, name, "")
        self._truth[line.bank_ref] = Truth(None, (), amount)
        lines["EUR" if name.startswith("Finanzamt") else "SEK"].append(line)

    def _import(self, statement: Statement) -> None:
        world = self.world
        done = world.desk.job("bank", lambda work: import_statement(work, statement))
        strange = self._new_unmatched() if done.unmatched else {}
        for line in statement.lines:
            truth = self._truth.pop(line.bank_ref, None)
            if truth is None:
                continue
            if line.bank_ref in strange:
                self.inbox[strange[line.bank_ref]] = truth
                self._plan_look(strange[line.bank_ref], truth)
            else:
                world.settle(truth.invoice_ids[0], truth.amount_minor)

    def _new_unmatched(self) -> dict[str, int]:
        def read(work: Work) -> dict[str, int]:
            rows = work.session.execute(
                select(UnmatchedBankTransfer.id, BankTransfer.bank_ref)
                .join(BankTransfer, BankTransfer.id == UnmatchedBankTransfer.bank_transfer_id)
                .where(UnmatchedBankTransfer.id > self._last_unmatched)
                .order_by(UnmatchedBankTransfer.id)
            ).all()
            return {bank_ref: number for number, bank_ref in rows}

        found = self.world.desk.job("bank", read)
        self._last_unmatched = max(found.values(), default=self._last_unmatched)
        return found

    def _plan_look(self, unmatched_id: int, truth: Truth) -> None:
        on = banking_day(self.world.today + timedelta(days=self.world.rng.randint(1, 9)))
        self.world.errand(on, lambda: self._look(unmatched_id, truth))

    def _look(self, unmatched_id: int, truth: Truth) -> None:
        """Finance decides an unmatched transfer, or leaves it while the end is near."""
        world = self.world
        near_end = (world.until - world.today).days < BATCH_DAYS
        if near_end and len(self.inbox) <= LEFT_OPEN:
            return
        del self.inbox[unmatched_id]
        if truth.tenant_id is None:
            world.desk.person(
                FINANCE,
                lambda work: ignore_transfer(
                    work, unmatched_id, reason="No customer: refund of a supplier or authority"
                ),
            )
            return
        self._assign(unmatched_id, truth)

    def _assign(self, unmatched_id: int, truth: Truth) -> None:
        world, left = self.world, truth.amount_minor
        parts: list[Part] = []
        for invoice_id in truth.invoice_ids:
            amount = min(world.open_minor.get(invoice_id, 0), left)
            if amount:
                parts.append(Part(invoice_id, amount))
                left -= amount
        if not parts:
            world.desk.person(
                FINANCE,
                lambda work: ignore_transfer(
                    work, unmatched_id, reason="Paid twice; the customer was asked where to send it"
                ),
            )
            return
        why = world.rng.choice(ASSIGN_REASONS)
        shares = tuple(Share(part.invoice_id, part.amount_minor) for part in parts)
        payment = world.desk.person(
            FINANCE, lambda work: assign_transfer(work, unmatched_id, shares, reason=why)
        )
        for part in parts:
            world.settle(part.invoice_id, part.amount_minor)
        if left and truth.tenant_id is not None:
            world.customers[truth.tenant_id].credits.append((payment.id, left))


def use_credit(world: World, bill: Bill) -> None:
    """Billing puts a customer's credit on its next bill."""
    customer = world.customers[bill.tenant_id]
    owed = world.open_minor.get(bill.invoice_id, 0)
    if not owed or not customer.credits:
        return
    payment_id, rest = customer.credits.pop(0)
    part = Part(bill.invoice_id, min(owed, rest))

    def act(work: Work) -> Payment:
        return apply_credit(work, payment_id, (part,))

    world.desk.person(BILLING, act)
    world.settle(bill.invoice_id, part.amount_minor)
    if rest > part.amount_minor:
        customer.credits.append((payment_id, rest - part.amount_minor))


def _mistyped(world: World, ocr: str) -> str:
    """The reference with one wrong digit, which its check digit shows."""
    while True:
        place = world.rng.randrange(len(ocr))
        wrong = ocr[:place] + str(world.rng.randrange(10)) + ocr[place + 1 :]
        if not valid_ocr(wrong):
            return wrong
