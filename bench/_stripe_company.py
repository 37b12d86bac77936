"""A company as Stripe would keep it, put into the simulator's tables, and what it really earned.

Every fact is made here once and told twice: as Stripe's objects, and as plain contracts from which
the recurring revenue of any day follows by adding up.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from bench._stripe_objects import (
    DAY,
    Fields,
    a_line,
    a_movement,
    a_plan,
    a_price,
    an_invoice,
    noon_of,
    of_item,
    of_subscription,
)

COUNTRIES = ("SE", "DE", "FR", "NO", "NL")
LIST = {("starter", "month"): 2_900, ("pro", "month"): 9_900, ("pro", "year"): 99_000}


@dataclass
class Contract:
    """What a customer paid a month and when, in minor units: (from day, until day, amount)."""

    currency: str
    spans: list[tuple[date, date | None, int]] = field(default_factory=list)

    def monthly_on(self, day: date) -> int:
        """Recurring revenue of a day."""
        return sum(
            amount
            for begins, ends, amount in self.spans
            if begins <= day and (ends is None or day < ends)
        )


@dataclass
class Company:
    """The objects by table, and the contracts they tell of."""

    objects: dict[str, list[Fields]] = field(default_factory=dict)
    contracts: list[Contract] = field(default_factory=list)
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Minor units by kind and currency."""
    numbers: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """How many objects there are."""
        return sum(len(each) for each in self.objects.values())

    def add(self, table: str, **facts: Any) -> Fields:
        """Keep an object."""
        self.objects.setdefault(table, []).append(facts)
        return facts

    def number(self, prefix: str) -> str:
        """An id that was not given before."""
        self.numbers[prefix] += 1
        return f"{prefix}_{self.numbers[prefix]:08d}"


def a_company(customers: int, months: int, today: date) -> Company:
    """Customers with a subscription each, billed month by month up to a day."""
    made = Company()
    begins = _back(today, months)
    for name in ("starter", "pro"):
        product = f"prod_{name}"
        made.add(
            "products",
            id=product,
            object="product",
            created=noon_of(begins),
            name=name.title(),
            updated=noon_of(begins),
        )
    for (name, interval), amount in LIST.items():
        made.add("prices", **a_price(f"price_{name}_{interval}", name, interval, amount, begins))
    for place in range(customers):
        _customer(made, place, begins, months, today)
    _payouts(made, begins, today)
    return made


def put(connection: Connection, company: Company) -> None:
    """Write the objects into the simulator's tables, oldest first."""
    for table, found in company.objects.items():
        connection.execute(
            text(
                f"insert into simulator.{table} (id, created, body) "
                "values (:id, :created, cast(:body as jsonb)) on conflict (id) do nothing"
            ),
            [
                {"id": each["id"], "created": each["created"], "body": json.dumps(each)}
                for each in sorted(found, key=lambda each: each["created"])
            ],
        )


def _customer(made: Company, place: int, begins: date, months: int, today: date) -> None:
    number = f"cus_{place:08d}"
    start = _forward(begins, place % max(months - 1, 1)) + timedelta(days=place % 27)
    if start > today:
        start = begins
    made.add(
        "customers",
        id=number,
        object="customer",
        created=noon_of(start),
        name=f"Company {place}",
        email=f"billing@company{place}.example",
        address={
            "city": None,
            "country": COUNTRIES[place % len(COUNTRIES)],
            "line1": None,
            "line2": None,
            "postal_code": None,
            "state": None,
        },
        currency="eur",
        invoice_prefix=f"C{place:05d}",
    )
    life = list(_life(place, start, today))
    _subscription(made, place, number, start, life, today)


def _life(place: int, start: date, today: date) -> Iterator[tuple[date, date, str, int]]:
    """The billed months: begin, end, price, units; some upgrade, some leave, some have seats."""
    name = "starter" if place % 3 else "pro"
    units = 1 + place % 4
    moves_at = 5 if place % 5 == 0 else None
    leaves_after = 7 + place % 5 if place % 4 == 1 else None
    nth = 0
    while (day := _forward(start, nth)) <= today and nth != leaves_after:
        if nth == moves_at:
            name, units = "pro", units + 1
        yield day, _forward(start, nth + 1), f"price_{name}_month", units
        nth += 1


def _subscription(
    made: Company,
    place: int,
    customer: str,
    start: date,
    life: list[tuple[date, date, str, int]],
    today: date,
) -> None:
    number, item = f"sub_{place:08d}", f"si_{place:08d}"
    contract = Contract("EUR")
    made.contracts.append(contract)
    for day, until, price, units in life:
        amount = _amount(price) * units
        _extend(contract, day, amount)
        _invoice(made, place, customer, (number, item), (day, until), (price, units))
    last_day, last_until, price, units = life[-1]
    over = last_until <= today
    if over:
        begun, _, amount = contract.spans[-1]
        contract.spans[-1] = (begun, last_until, amount)
    name, interval = price.split("_")[1:]
    made.add(
        "subscriptions",
        id=number,
        object="subscription",
        created=noon_of(start),
        start_date=noon_of(start),
        billing_cycle_anchor=noon_of(start),
        customer=customer,
        currency="eur",
        status="canceled" if over else "active",
        canceled_at=noon_of(last_until) if over else None,
        ended_at=noon_of(last_until) if over else None,
        cancellation_details={
            "comment": None,
            "feedback": "too_expensive" if over else None,
            "reason": "cancellation_requested" if over else None,
        },
        items={
            "object": "list",
            "data": [
                {
                    "id": item,
                    "object": "subscription_item",
                    "created": noon_of(start),
                    "current_period_start": noon_of(last_day),
                    "current_period_end": noon_of(last_until),
                    "discounts": [],
                    "metadata": {},
                    "plan": a_plan(price, name, interval, start),
                    "price": a_price(price, name, interval, _amount(price), start),
                    "quantity": units,
                    "subscription": number,
                }
            ],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={number}",
        },
    )


def _extend(contract: Contract, day: date, amount: int) -> None:
    if contract.spans and contract.spans[-1][2] == amount:
        return
    if contract.spans:
        begun, _, before = contract.spans[-1]
        contract.spans[-1] = (begun, day, before)
    contract.spans.append((day, None, amount))


def _invoice(
    made: Company,
    place: int,
    customer: str,
    of: tuple[str, str],
    period: tuple[date, date],
    sold: tuple[str, int],
) -> None:
    number = made.number("in")
    price, units = sold
    net = _amount(price) * units
    tax = net // 4
    total, at = net + tax, noon_of(period[0])
    taxes = [
        {
            "amount": tax,
            "tax_behavior": "exclusive",
            "tax_rate_details": None,
            "taxability_reason": "standard_rated",
            "taxable_amount": net,
            "type": "tax_rate_details",
        }
    ]
    made.sums["invoices", "EUR"] += total
    made.add(
        "invoices",
        **an_invoice(
            number,
            customer,
            at,
            total=total,
            subtotal=net,
            total_taxes=taxes,
            number=f"C{place:05d}-{made.numbers['in']:06d}",
            parent=of_subscription(of[0]),
            lines=[
                {
                    **a_line(f"il_{number}", number, net, at, noon_of(period[1])),
                    "description": f"{units} × {price}",
                    "parent": of_item(*of),
                    "pricing": {
                        "price_details": {"price": price, "product": f"prod_{price.split('_')[1]}"},
                        "type": "price_details",
                        "unit_amount_decimal": str(_amount(price)),
                    },
                    "quantity": units,
                    "taxes": taxes,
                }
            ],
        ),
    )
    pay(made, number, customer, total, at + 3_600)


def pay(
    made: Company, invoice: str | None, customer: str | None, total: int, at: int, code: str = "eur"
) -> str:
    """A charge of an invoice with its line in the ledger; the charge's id."""
    charge, intent, line = made.number("ch"), made.number("pi"), made.number("txn")
    made.sums["charges", code.upper()] += total
    made.add(
        "charges",
        id=charge,
        object="charge",
        created=at,
        amount=total,
        amount_captured=total,
        currency=code,
        customer=customer,
        payment_intent=intent,
        balance_transaction=line,
        payment_method_details={"type": "card"},
    )
    made.add("balance_transactions", **a_movement(line, "charge", charge, total, at, code))
    if invoice:
        made.add(
            "invoice_payments",
            id=made.number("inpay"),
            object="invoice_payment",
            created=at,
            amount_paid=total,
            amount_requested=total,
            currency=code,
            invoice=invoice,
            payment={"payment_intent": intent, "type": "payment_intent"},
            status_transitions={"canceled_at": None, "paid_at": at},
        )
    return charge


def _payouts(made: Company, begins: date, today: date) -> None:
    """A payout each month of what the lines before it left."""
    lines = sorted(made.objects.get("balance_transactions", []), key=lambda each: each["created"])
    day, place = _forward(begins, 1), 0
    while day < today - timedelta(days=7):
        paid = 0
        while place < len(lines) and lines[place]["available_on"] < noon_of(day):
            paid += lines[place]["net"]
            place += 1
        if paid > 0:
            number, line = made.number("po"), made.number("txn")
            made.sums["payouts", "EUR"] += paid
            made.add(
                "payouts",
                id=number,
                object="payout",
                created=noon_of(day),
                amount=paid,
                arrival_date=noon_of(day) + 2 * DAY,
                automatic=True,
                balance_transaction=line,
                currency="eur",
                reconciliation_status="completed",
                status="paid",
            )
            made.add(
                "balance_transactions",
                **a_movement(line, "payout", number, -paid, noon_of(day), "eur"),
            )
        day = _forward(day, 1)


def _amount(price: str) -> int:
    _, name, interval = price.split("_")
    return LIST[name, interval]


def _forward(day: date, months: int) -> date:
    whole = day.year * 12 + day.month - 1 + months
    return date(whole // 12, whole % 12 + 1, min(day.day, 28))


def _back(day: date, months: int) -> date:
    return _forward(day.replace(day=1), -months)
