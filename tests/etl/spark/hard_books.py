"""Books that hold what engines read differently, and a few hundred tenants drawn by lot."""

import random
from datetime import date, timedelta
from typing import Any

from tests.etl.books import NOW, Books, day

CURRENCIES = ("EUR", "SEK", "USD", "JPY")
PLANS = ("basic", "Pro", "pro", "ärlig", "team")
"""Sorted by their bytes, and by no language's rules."""
CYCLES = ("monthly", "weekly", "quarterly", "semiannual", "annual")
STATUSES = ("active", "past_due", "paused", "cancelled", "trial", "grace_period", "active")
LARGE = 8_999_999_999_999_999
TENANTS = 150


def hard_books() -> Books:
    """Everything below in one company."""
    made, chance = Books(), random.Random(2026)  # noqa: S311
    _rates(made)
    for plan in PLANS:
        made.plan(plan)
    _hard_states(made)
    _hard_documents(made)
    _costs_and_cash(made)
    for number in range(TENANTS):
        _by_lot(made, number, chance)
    return made


def _rates(made: Books) -> None:
    """Rates that end in odd halves, of a currency without decimals, and one that begins late."""
    for on, sek, jpy in (
        ("2023-12-31", "0.0912345675", "0.0061250000"),
        ("2024-02-29", "0.0875000000", "0.0062500000"),
        ("2025-03-30", "0.0912500000", "0.0059999995"),
        ("2026-10-25", "0.0887654321", "0.0058765432"),
    ):
        made.rate(on, "SEK", sek)
        made.rate(on, "JPY", jpy)
    made.rate("2024-01-31", "USD", "0.9250000005")


def _hard_states(made: Books) -> None:
    leap = made.tenant("1", None, "SEK")  # reads like the number of the first tenant: itself
    made.subscription(
        leap,
        ("2024-01-31", "trial", 0),
        ("2024-02-29", "active", 12_345),
        ("2024-02-29", "active", 12_347, "Pro"),  # the last of one day holds
        ("2025-02-28", "paused", 12_347, "Pro"),
        ("2025-03-30", "active", 12_347, "Pro"),  # the day of a clock change
        ("2025-10-26", "past_due", 9_999, "ärlig"),
        ("2026-11-19", "cancelled", 9_999, "ärlig"),
        currency="SEK",
    )
    twin = made.tenant("Ünïcødé 日本語 😀", "Ö", "EUR")
    made.rows["tenant"][-1]["name"] = 'Åsa\'s \\ "Möbler" \n AB'
    made.rows["tenant"][-1]["external_id"] = "3"  # reads like the number of the next tenant
    for cycle, amount in zip(CYCLES, (1, 7, 11, 13, 25), strict=True):
        made.subscription(
            twin,
            ("2024-12-31", "active", amount),
            ("2026-01-31", "active", amount * 3, "team"),
            cycle=cycle,
            plan="pro",
        )
    nameless = made.tenant("x", None, "USD")
    made.rows["tenant"][-1]["external_id"] = None
    made.subscription(nameless, ("2025-05-31", "active", 5), cycle="weekly", currency="USD")
    made.subscription(nameless, ("2025-05-31", "active", 5), currency="SEK", plan="basic")
    made.subscription(nameless, ("2025-06-30", "active", 15), currency="JPY", plan="basic")
    rich = made.tenant("rich", "SE", "EUR")
    made.subscription(rich, ("2025-01-01", "active", LARGE // 4), ("2025-01-31", "cancelled", 0))


def _hard_documents(made: Books) -> None:
    dear = made.invoice(4, "2026-02-28", ("pro", LARGE))
    made.payment(4, "2026-03-29", LARGE, dear, fee_minor=1)
    made.invoice(2, "2026-02-28", (None, -105), ("Pro", 205), ("pro", 205), tax_minor=75)
    made.invoice(1, "2024-02-29", ("basic", 5), (None, 5), ("team", -15), currency="SEK")
    made.invoice(1, "1026-11-20", ("basic", 100), currency="SEK")  # a typing error
    made.invoice(3, "2026-11-20", currency="USD")
    for status, closed in (("cancelled", None), ("written_off", "2026-05-31"), ("draft", None)):
        made.invoice(
            3,
            "2026-04-30",
            ("team", 1_005),
            currency="USD",
            status=status,
            closed_on=day(closed) if closed else None,
        )
    recharge = made.invoice(2, "2026-06-30", (None, 9_000), type="recharge", status="paid")
    paid = made.payment(2, "2026-06-30", 9_000, recharge, provider_payment_id="py_ö")
    made.refund(paid, "2026-07-31", 4_505, 0)
    made.rows["refund"][-1]["treatment"] = "credit_note"
    owed = made.invoice(3, "2026-07-31", ("pro", 335), ("basic", 335), currency="USD")
    part = made.payment(3, "2026-08-31", 335, owed, currency="USD", fee_minor=3)
    loose = made.payment(3, "2026-08-31", 15, currency="USD", status="disputed")
    for payment, treatment in ((part, "credit_note"), (part, "reopen"), (loose, "credit_note")):
        made.refund(payment, "2026-09-30", 15, 5)
        made.rows["refund"][-1] |= {"treatment": treatment, "currency": "USD"}
    made.rows["refund"][-1]["returned_on"] = day("2026-10-25")
    for payment, status in ((part, "lost"), (loose, "lost"), (paid, "won")):
        made.add(
            "dispute",
            payment_id=payment,
            tenant_id=3,
            status=status,
            currency="USD",
            amount_minor=105,
            tax_minor=20,
            fee_minor=15,
            opened_on=day("2026-09-30"),
            closed_on=day("2026-10-25"),
            provider_dispute_id=None,
        )
    note = made.add(
        "credit_note",
        tenant_id=3,
        invoice_id=owed,
        number="C-1",
        status="issued",
        settles="invoice",
        currency="USD",
        net_minor=25,
        tax_minor=0,
        total_minor=25,
        issued_on=day("2026-10-31"),
        created_at=NOW,
    )
    for position, (plan, net) in enumerate((("pro", 15), (None, 10)), 1):
        made.add(
            "credit_note_line",
            credit_note_id=note,
            tenant_id=3,
            plan_id=made.plan(plan) if plan else None,
            position=position,
            net_minor=net,
        )
    for kind, amount in (("recharge", 10_005), ("manual_debit", -15_000), ("refund", 5)):
        made.add(
            "wallet_transaction",
            tenant_id=1,
            currency="SEK",
            type=kind,
            amount_minor=amount,
            fee_minor=5 if kind == "recharge" else 0,
            moved_on=day("2026-03-31"),
            created_at=NOW,
        )


def _costs_and_cash(made: Books) -> None:
    for month in ("2026-01-01", "2026-02-01", "2026-10-01"):
        made.cost(month, "sales_marketing", 10_005, "SEK")
        made.cost(month, "cost_of_revenue", 905)
        made.cost(month, "rent", -5, "JPY")
    for on, balance in (("2026-01-31", 5), ("2026-02-28", -105), ("2026-02-28", 10_005)):
        made.cash(on, "Kassa – Å", balance, "SEK")
        made.cash(on, "main", balance * 3)


def _by_lot(made: Books, number: int, chance: random.Random) -> None:
    currency = CURRENCIES[number % len(CURRENCIES)]
    tenant = made.tenant(f"t{number}", ("SE", "NO", "ÅL", None)[number % 4], currency)
    for _ in range(1 + chance.randrange(8) // 6):
        first = date(2024, 3, 1) + timedelta(days=chance.randrange(900))
        changes: list[tuple[Any, ...]] = [
            (str(first), "active", chance.randrange(30_000), chance.choice(PLANS))
        ]
        for _ in range(chance.randrange(5)):
            first += timedelta(days=chance.choice((0, 0, 1, 14, 31, 90, 200)))
            changes.append(
                (
                    str(first),
                    chance.choice(STATUSES),
                    chance.randrange(30_000),
                    chance.choice(PLANS),
                )
            )
        made.subscription(
            tenant,
            *changes,
            cycle=chance.choice(CYCLES),
            currency=chance.choice((currency, currency, "EUR")),
        )
    for _ in range(chance.randrange(4)):
        issued = date(2024, 6, 1) + timedelta(days=chance.randrange(880))
        lines = [
            (chance.choice((*PLANS, None)), chance.randrange(-500, 9_000))
            for _ in range(chance.randint(1, 3))
        ]
        invoice = made.invoice(tenant, str(issued), *lines, currency=currency)
        paid = str(issued + timedelta(days=chance.randrange(90)))
        if chance.random() < 0.7:
            payment = made.payment(
                tenant, paid, chance.randrange(1, 9_000), invoice, currency=currency, fee_minor=7
            )
            if chance.random() < 0.3:
                made.refund(payment, str(NOW.date()), chance.randrange(1, 700), 5)
                made.rows["refund"][-1] |= {"treatment": "credit_note", "currency": currency}
