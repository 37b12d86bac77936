"""What the simulation remembers between days: customers, open bills, and what is to come."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sqlalchemy import select

from core.gateways.actions import Payout
from core.gateways.entries import AVAILABLE_AFTER_DAYS
from core.invoices.models import OPEN, Invoice
from core.payments.actions import Charge
from core.plans.models import Plan
from core.work import Work
from demo.market import Profile
from demo.rates import Rates
from demo.staff import Desk


@dataclass
class Customer:
    """A tenant as its behaviour is simulated; `state` is trial, paying, free, paused, behind,
    ending or gone."""

    tenant_id: int
    name: str
    profile: Profile
    subscription_id: int
    plan: str
    state: str
    bank_account: str
    trial_ends_on: date | None
    left_on: date | None = None
    changed_on: date | None = None
    credits: list[tuple[int, int]] = field(default_factory=list)
    """Payments with an unapplied rest: id and minor units."""


@dataclass(frozen=True)
class Bill:
    """An issued invoice as its payer sees it."""

    invoice_id: int
    tenant_id: int
    subscription_id: int | None
    number: str
    ocr: str
    currency: str
    total_minor: int
    due_on: date


Task = Callable[[], None]


class World:
    """The company's customers and its agenda; the clock and the random numbers of one run."""

    def __init__(self, desk: Desk, rng: Random, start: date, until: date) -> None:
        self.desk, self.rng, self.start, self.until = desk, rng, start, until
        self.today = start
        self.rates = Rates(Random(rng.random()))
        self.plans: dict[str, Plan] = {}
        self.customers: dict[int, Customer] = {}
        self.by_subscription: dict[int, Customer] = {}
        self.shown: Customer | None = None
        """The customer whose own pages the demo shows; it stays, and pays in time."""
        self.open_minor: dict[int, int] = {}
        """What is owed on each invoice, by id."""
        self.bills: dict[int, Bill] = {}
        self.charges: list[Charge] = []
        """What the gateways answered today and is not recorded yet."""
        self.to_pay_out: dict[tuple[str, str], date] = {}
        """Gateways and currencies with money to pay out, and the day on which all is available."""
        self.payouts_due: dict[date, list[Payout]] = defaultdict(list)
        """Payouts by the day on which the bank shows them."""
        self._jobs: dict[date, list[Task]] = defaultdict(list)
        self._errands: dict[date, list[Task]] = defaultdict(list)
        self.invoiced = True
        """Whether anything may have been invoiced since bills were last looked up."""
        self.measures_usage = False
        """Whether meters and their prices are set up."""
        self._last_invoice = 0
        self._serial = 0

    @property
    def month(self) -> int:
        """Months since the company began, counted from 0."""
        first = self.start
        return (self.today.year - first.year) * 12 + self.today.month - first.month

    def chance(self, per_mille: int) -> bool:
        """True so often in a thousand times."""
        return self.rng.randrange(1000) < per_mille

    def serial(self, prefix: str) -> str:
        """An id as a gateway or bank gives it, never given twice."""
        self._serial += 1
        return f"{prefix}{self._serial:08d}"

    def later(self, day: date, job: Task) -> None:
        """Have the system do something on a day to come."""
        self._jobs[day].append(job)

    def errand(self, day: date, task: Task) -> None:
        """Have a person do something in the office hours of a day to come."""
        self._errands[day].append(task)

    def jobs_today(self) -> list[Task]:
        """The system's tasks of today, once."""
        return self._jobs.pop(self.today, [])

    def errands_today(self) -> list[Task]:
        """The people's tasks of today, once."""
        return self._errands.pop(self.today, [])

    def will_pay_out(self, provider: str, currency: str) -> None:
        """A gateway took money today and pays it out once it is available."""
        days = timedelta(days=AVAILABLE_AFTER_DAYS[provider])
        self.to_pay_out[provider, currency] = self.today + days

    def settle(self, invoice_id: int, amount_minor: int) -> None:
        """Remember that an invoice is owed less; nothing owed forgets it."""
        left = self.open_minor.get(invoice_id, 0) - amount_minor
        if left > 0:
            self.open_minor[invoice_id] = left
            return
        self.open_minor.pop(invoice_id, None)
        self.bills.pop(invoice_id, None)

    def open_bills(self, tenant_id: int) -> list[Bill]:
        """What a tenant owes, oldest first."""
        return [bill for bill in self.bills.values() if bill.tenant_id == tenant_id]

    def new_bills(self, work: Work) -> list[Bill]:
        """The invoices issued since the last time."""
        self.invoiced = False
        rows = work.session.execute(
            select(
                Invoice.id,
                Invoice.tenant_id,
                Invoice.subscription_id,
                Invoice.number,
                Invoice.ocr,
                Invoice.currency,
                (Invoice.total_minor - Invoice.paid_minor).label("due_minor"),
                Invoice.due_on,
            )
            .where(Invoice.id > self._last_invoice, Invoice.status.in_(OPEN))
            .order_by(Invoice.id)
        )
        fresh = [
            Bill(
                row.id,
                row.tenant_id,
                row.subscription_id,
                row.number or "",
                row.ocr or "",
                row.currency,
                row.due_minor,
                row.due_on or self.today,
            )
            for row in rows
        ]
        for bill in fresh:
            self._last_invoice = bill.invoice_id
            self.bills[bill.invoice_id] = bill
            self.open_minor[bill.invoice_id] = bill.total_minor
        return fresh
