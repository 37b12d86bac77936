"""Bank transfers: who pays when, and the files in which the bank tells of it."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select

from core.access.authority import system
from core.bank.files import import_file
from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.bank.rules import TransferLine
from core.gateways.actions import Payout
from core.work import Work
from demo.bank_files import AccountDay, bgmax, camt053
from demo.calendar import DAY, banking_day, is_banking_day
from demo.inbox import Inbox, Truth
from demo.market import HABITS
from demo.payers import (
    AGAIN,
    GROUP,
    STRAY,
    STRAYS,
    also_open,
    fill_in,
    manner,
    namesakes,
    pay_for_others,
)
from demo.world import Bill, Customer, World

BANKGIRO = "54029681"
ACCOUNTS = {
    "SEK": "SE4550000000058398257466",
    "EUR": "DE89370400440532013000",
    "USD": "US-0042-118820",
    "NGN": "NG-0110-774210",
}
PAYERS = {
    "bankgirot": ("BANKGIROT", "BANKGIRO 5402-9681"),
    "stripe": ("STRIPE PAYMENTS EUROPE LTD", "STRIPE PAYOUT {payout_id}"),
    "paypal": ("PAYPAL EUROPE SARL", "PAYPAL TRANSFER {payout_id}"),
    "paystack": ("PAYSTACK PAYMENTS LTD", "PAYSTACK SETTLEMENT {payout_id}"),
}
"""Name and words of the bank's line of a payout."""
STRAY_PER_MILLE, AGAIN_PER_MILLE = 60, 12
REMEMBERED = 40
"""Paid bills of which one may be paid again."""
BANK = system("bank")


@dataclass(frozen=True)
class Arrival:
    """A transfer on its way; `amount_minor` of a bill that is paid again.

    `others` are bills of other customers that it pays as well.
    """

    bill: Bill
    kind: str
    amount_minor: int = 0
    others: tuple[Bill, ...] = ()


class Bank:
    """The accounts on which transfers arrive; what nobody can match goes to the inbox."""

    def __init__(self, world: World, tenants: int) -> None:
        self.world, self.inbox = world, Inbox(world, tenants)
        self.balance: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        self.sent: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        """What leaves the accounts with the next statement."""
        self._arriving: list[Arrival] = []
        self._paid: deque[Arrival] = deque(maxlen=REMEMBERED)
        self._truth: dict[str, Truth] = {}
        self._lines: dict[str, list[TransferLine]] = defaultdict(list)
        """Lines of today by account: Bankgirot's file, or the account of a currency."""
        self._last_unmatched = 0

    def expect(self, bill: Bill, customer: Customer) -> None:
        """Plan when and how a customer pays a bill by transfer."""
        rng, world = self.world.rng, self.world
        _, soonest, latest = HABITS[customer.profile.habit]
        if customer.profile.habit == "erratic" and world.chance(60):
            return
        on = bill.due_on + timedelta(days=rng.randint(soonest, latest))
        on = banking_day(max(on, world.today + DAY))
        self._plan(on, Arrival(bill, manner(world, customer)))

    def day(self) -> None:
        """Import the files of a banking day; nothing else happens on other days."""
        if not is_banking_day(self.world.today):
            return
        self._fill_in()
        if self.world.chance(STRAY_PER_MILLE):
            self._add_stray()
        for _ in range(self.inbox.missing_today()):
            self._add_strange()
        for kind in self.inbox.absent():
            self._add_of(kind)
        if giro := self._lines.pop("bankgirot", []):
            self._import_giro(giro)
        self._add_payouts()
        self._import_accounts()

    def _plan(self, on: date, arrival: Arrival) -> None:
        self.world.later(on, lambda: self._arriving.append(arrival))

    def _fill_in(self) -> None:
        """The lines of the transfers that arrive today."""
        taken: set[int] = set()
        for arrival in self._arriving:
            owed = arrival.amount_minor or self.inbox.owed_minor(arrival.bill.invoice_id)
            if owed > 0 and arrival.bill.invoice_id not in taken:
                taken.update(self._send(arrival, owed))
        self._arriving.clear()

    def _send(self, arrival: Arrival, owed_minor: int) -> tuple[int, ...]:
        """Put a transfer on its account; returns the invoices it is for."""
        world, bill = self.world, arrival.bill
        customer = world.customers[bill.tenant_id]
        draft = fill_in(world, customer, bill, arrival.kind, owed_minor)
        if arrival.others:
            pay_for_others(world, draft, arrival.others)
        giro = customer.profile.provider == "bankgirot"
        truth = Truth(arrival.kind, customer.tenant_id, draft.invoice_ids, draft.amount_minor)
        for _ in range(2 if arrival.kind == "twins" else 1):
            line = draft.line(self._number(giro=giro), giro=giro)
            self._add(line, truth, "bankgirot" if giro else bill.currency)
        if draft.amount_minor < owed_minor:
            rest_on = world.today + timedelta(days=world.rng.randint(8, 20))
            self._plan(banking_day(rest_on), Arrival(bill, "good"))
        elif arrival.kind == "good":
            self._remember(arrival, owed_minor)
        return draft.invoice_ids

    def _remember(self, arrival: Arrival, paid_minor: int) -> None:
        """A bill that was paid may be paid once more by mistake."""
        again = replace(arrival, kind=AGAIN, amount_minor=paid_minor)
        self._paid.append(again)
        if self.world.chance(AGAIN_PER_MILLE):
            on = banking_day(self.world.today + timedelta(days=self.world.rng.randint(2, 12)))
            self._plan(on, again)

    def _number(self, *, giro: bool) -> str:
        """What the bank, or Bankgirot, numbers a transfer by."""
        return self.world.serial("0000" if giro else "BK")

    def _add(self, line: TransferLine, truth: Truth, account: str) -> None:
        self._truth[line.bank_ref] = truth
        self._lines[account].append(line)

    def _add_stray(self) -> None:
        """Money of somebody who is no customer."""
        name, text, currency = self.world.rng.choice(STRAYS)
        amount = self.world.rng.randint(900, 9_000) * 100
        line = TransferLine(self._number(giro=False), amount, "", text, name, "")
        self._add(line, Truth(STRAY, None, (), amount), currency)

    def _add_strange(self) -> None:
        """A transfer of a kind that is rare in the inbox, of a bill that fits it."""
        if not any(self._add_of(kind) for kind in self.inbox.rarest()):
            self._add_stray()

    def _add_of(self, kind: str) -> bool:
        """Send a transfer of a kind; False when no bill fits it."""
        if kind == STRAY:
            self._add_stray()
            return True
        if kind == AGAIN and self._paid:
            again = self.world.rng.choice(list(self._paid))
            self._send(again, again.amount_minor)
            return True
        bills = self._payable()
        fitting = [bill for bill in bills if self._fits(bill, kind, bills)]
        if not fitting:
            return False
        bill = self.world.rng.choice(fitting)
        others = self._of_others(bill, bills) if kind == GROUP else ()
        self._send(Arrival(bill, kind, others=others), self.inbox.owed_minor(bill.invoice_id))
        return True

    def _payable(self) -> list[Bill]:
        """Open bills that are paid by transfer and for which nothing came yet, nor comes today."""
        on_its_way = {number for truth in self._truth.values() for number in truth.invoice_ids}
        return [
            bill
            for bill in self.world.bills.values()
            if self.world.customers[bill.tenant_id].profile.collection == "send_invoice"
            and bill.invoice_id not in on_its_way
            and self.inbox.owed_minor(bill.invoice_id) == bill.total_minor
        ]

    def _of_others(self, bill: Bill, bills: Sequence[Bill]) -> tuple[Bill, ...]:
        """Up to two bills of other customers in the same currency."""
        found = {
            each.tenant_id: each
            for each in bills
            if each.tenant_id != bill.tenant_id and each.currency == bill.currency
        }
        return tuple(found.values())[:2]

    def _fits(self, bill: Bill, kind: str, bills: Sequence[Bill]) -> bool:
        if kind == GROUP:
            return bool(self._of_others(bill, bills))
        if kind == "together":
            return bool(also_open(self.world, bill))
        if kind == "alike":
            return namesakes(self.world, self.world.customers[bill.tenant_id])
        return kind != AGAIN

    def _import_giro(self, lines: list[TransferLine]) -> None:
        """Bankgirot's file of the day; its deposit reaches the account the same day."""
        today = self.world.today
        self._import(f"bgmax-{today}.txt", bgmax(today, BANKGIRO, "SEK", lines), lines)
        total = sum(line.amount_minor for line in lines)
        self.world.payouts_due[today].append(Payout("bankgirot", "", "SEK", total))

    def _add_payouts(self) -> None:
        for payout in self.world.payouts_due.pop(self.world.today, []):
            name, words = PAYERS[payout.provider]
            text = words.format(payout_id=payout.payout_id.upper())
            number = self._number(giro=False)
            line = TransferLine(number, payout.amount_minor, "", text, name)
            self._lines[payout.currency].append(line)

    def _import_accounts(self) -> None:
        """One file of the bank with a statement for each account on which something moved."""
        days = []
        for currency, account in ACCOUNTS.items():
            lines = self._lines.pop(currency, [])
            if sent := self.sent[currency]:
                number = self._number(giro=False)
                lines.append(TransferLine(number, -sent, "", "To operating account"))
                self.sent[currency] = 0
            if lines:
                day = AccountDay(account, currency, self.balance[currency], tuple(lines))
                self.balance[currency] = day.closing_minor
                days.append(day)
        if days:
            today = self.world.today
            lines = [line for day in days for line in day.lines]
            self._import(f"camt053-{today}.xml", camt053(today, days), lines)

    def _import(self, name: str, data: bytes, lines: Sequence[TransferLine]) -> None:
        world = self.world
        done = import_file(world.desk.office, BANK, data, name=name)
        assert not done.set_aside, f"{name} does not foot: {done.set_aside}"
        assert not done.already_known, f"{name} tells again what came before"
        strange = self._new_unmatched() if done.unmatched else {}
        for line in lines:
            truth = self._truth.pop(line.bank_ref, None)
            if truth is not None and line.bank_ref in strange:
                self.inbox.take(strange.pop(line.bank_ref), truth)
            elif truth is not None:
                world.settle(truth.invoice_ids[0], truth.amount_minor)
        assert not strange, f"{name} holds payouts that were not recognised: {strange}"

    def _new_unmatched(self) -> dict[str, int]:
        """The newest rows of the inbox by the bank's own number."""

        def read(work: Work) -> dict[str, int]:
            rows = work.session.execute(
                select(UnmatchedBankTransfer.id, BankTransfer.bank_ref)
                .join(BankTransfer, BankTransfer.id == UnmatchedBankTransfer.bank_transfer_id)
                .where(UnmatchedBankTransfer.id > self._last_unmatched)
                .order_by(UnmatchedBankTransfer.id)
            ).all()
            # Bankgirot's numbers are kept with their day before them.
            return {bank_ref.rpartition("/")[2]: number for number, bank_ref in rows}

        found = self.world.desk.job("bank", read)
        self._last_unmatched = max(found.values(), default=self._last_unmatched)
        return found
