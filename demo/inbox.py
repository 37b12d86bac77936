"""What finance does with transfers nobody could match: decided days later, the last ones open."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core.inbox.deciding import Share, assign_transfer, ignore_transfer
from core.payments.actions import apply_credit
from core.payments.models import Payment
from core.payments.rules import Part
from core.work import Work
from demo.calendar import banking_day, days, is_banking_day
from demo.market import STANDARD_TENANTS
from demo.payers import STRANGE
from demo.staff import BILLING, FINANCE
from demo.world import Bill, World

LEFT_OPEN, FEWEST_OPEN = 30, 14
"""Transfers that stay open at the end, of three hundred tenants and of any number."""
LAST_DAYS, VERY_LAST_DAYS = 24, 6
"""Days before the end in which what shall stay open arrives and stays, and the last of them, in
which every kind that is still absent is sent.
"""
_REASONS = {
    "no_reference": "Payer and amount agree with this invoice",
    "words": "Only one open invoice of this customer has the amount",
    "free_text": "The payer's words name this invoice",
    "mistyped": "One digit of the reference is wrong; payer and amount agree",
    "transposed": "Two digits of the reference are swapped; payer and amount agree",
    "together": "The payment advice by mail names these invoices",
    "partial": "Part payment as agreed by phone; the rest follows",
    "over": "Paid too much; the customer wants the rest as credit",
    "bank_fee": "A bank on the way kept its fee; the rest was asked for",
    "other_payer": "The parent company or owner pays for this customer, confirmed by mail",
    "alike": "The customer confirmed by mail that the payment is theirs",
    "swapped": "The customer confirmed that the digits of the amount were swapped",
    "twins": "Sent twice by mistake; the first one pays the invoice",
    "exchanged": "A bank changed it from dollars; the rest was asked for",
    "group": "The parent company pays for these customers together, as its text says",
}
_ADVISED = "Remittance advice received by mail names this invoice"
_NOT_OURS = (
    "No customer: refund of a supplier or authority",
    "Not a customer's money; booked by accounting by hand",
)
_TWICE = "Paid twice; the customer was asked where to send it"


@dataclass(frozen=True)
class Truth:
    """What a transfer really is for: a customer's invoices, in order; none for a stray."""

    kind: str
    tenant_id: int | None
    invoice_ids: tuple[int, ...]
    amount_minor: int


class Inbox:
    """The transfers that wait for a person, and what each is for; `left_open` of them stay."""

    def __init__(self, world: World, tenants: int) -> None:
        self.world = world
        self.left_open = max(FEWEST_OPEN, LEFT_OPEN * tenants // STANDARD_TENANTS)
        self._open: dict[int, Truth] = {}
        self._waiting: dict[int, list[Part]] = {}
        """What each is for, by invoice, as far as that was owed when it came."""
        self._waiting_minor: dict[int, int] = defaultdict(int)

    def take(self, unmatched_id: int, truth: Truth) -> None:
        """A transfer came that nothing matched; finance looks at it some days later."""
        self._open[unmatched_id] = truth
        self._waiting[unmatched_id] = self._parts(truth, self.owed_minor)
        for part in self._waiting[unmatched_id]:
            self._waiting_minor[part.invoice_id] += part.amount_minor
        on = banking_day(self.world.today + timedelta(days=self.world.rng.randint(1, 9)))
        self.world.errand(on, lambda: self._look(unmatched_id))

    def owed_minor(self, invoice_id: int) -> int:
        """What an invoice's payer still owes, as what waits here was sent already."""
        return self.world.open_minor.get(invoice_id, 0) - self._waiting_minor[invoice_id]

    def missing_today(self) -> int:
        """How many more must arrive today so that enough stay open at the end."""
        world = self.world
        if not self._is_near_end():
            return 0
        left = sum(is_banking_day(day) for day in days(world.today, world.until))
        return -(-(self.left_open - len(self._open)) // max(left, 1))

    def rarest(self) -> list[str]:
        """The kinds of transfers, those first that fewest of wait here."""
        counted = self.kinds()
        return sorted(STRANGE, key=lambda kind: counted[kind])

    def absent(self) -> list[str]:
        """The kinds of which none waits although the end is near."""
        if not self._is_ending():
            return []
        waiting = self.kinds()
        return [kind for kind in STRANGE if not waiting[kind]]

    def kinds(self) -> Counter[str]:
        """How many of each kind wait here."""
        return Counter(truth.kind for truth in self._open.values())

    def _is_ending(self) -> bool:
        return (self.world.until - self.world.today).days < VERY_LAST_DAYS

    def _is_near_end(self) -> bool:
        return (self.world.until - self.world.today).days < LAST_DAYS

    def _look(self, unmatched_id: int) -> None:
        """Finance decides a transfer, or leaves it while the end is near."""
        truth = self._open[unmatched_id]
        alike = sum(each.kind == truth.kind for each in self._open.values())
        if self._is_near_end() and (len(self._open) <= self.left_open or alike == 1):
            return
        del self._open[unmatched_id]
        for part in self._waiting.pop(unmatched_id):
            self._waiting_minor[part.invoice_id] -= part.amount_minor
        parts = self._parts(truth, lambda number: self.world.open_minor.get(number, 0))
        if parts:
            self._assign(unmatched_id, truth, parts)
        else:
            why = _TWICE if truth.invoice_ids else self.world.rng.choice(_NOT_OURS)
            self.world.desk.person(
                FINANCE, lambda work: ignore_transfer(work, unmatched_id, reason=why)
            )

    def _parts(self, truth: Truth, owed: Callable[[int], int]) -> list[Part]:
        """A transfer's money on its invoices, as far as it and what is owed go."""
        left, parts = truth.amount_minor, []
        for invoice_id in truth.invoice_ids:
            amount = min(owed(invoice_id), left)
            if amount > 0:
                parts.append(Part(invoice_id, amount))
                left -= amount
        return parts

    def _assign(self, unmatched_id: int, truth: Truth, parts: list[Part]) -> None:
        world = self.world
        why = _REASONS.get(truth.kind, _ADVISED)
        shares = tuple(Share(part.invoice_id, part.amount_minor) for part in parts)
        payment = world.desk.person(
            FINANCE, lambda work: assign_transfer(work, unmatched_id, shares, reason=why)
        )
        for part in parts:
            world.settle(part.invoice_id, part.amount_minor)
        left = truth.amount_minor - sum(part.amount_minor for part in parts)
        if left:
            world.customers[payment.tenant_id].credits.append((payment.id, left))


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
