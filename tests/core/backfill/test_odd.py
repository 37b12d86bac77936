"""What is odd comes over as it is, or is refused by itself with its id and a reason."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bench._stripe_company import Company, a_company, pay, put
from bench._stripe_objects import DAY, a_line, a_movement, an_invoice
from core.bank.files import import_file
from core.clock import SetClock
from core.gateways.models import GatewayLedgerEntry
from core.invoices.models import Invoice, InvoiceLine
from core.ledger.checks import trial_balance
from core.payments.models import Dispute, Payment
from core.reconciliation import sides
from core.reconciliation.sides import Window
from core.refunds.models import Refund
from core.tenants.models import Tenant
from core.work import Office
from tests.core.backfill.bringing import ROBOT, Account, brought, differing, history_at
from tests.core.backfill.conftest import TODAY
from tests.core.bank.making import Made, camt

AT = 1_780_000_000
"""28 May 2026."""


@pytest.fixture
def odd() -> Company:
    """Two customers, whose past each test adds something to."""
    return a_company(2, 4, TODAY)


def invoiced(company: Company, total: int, **facts: Any) -> str:
    number = company.number("in")
    customer = facts.pop("customer", "cus_00000000")
    line = a_line(f"il_{number}", number, total, AT, AT + 30 * DAY)
    facts = {"lines": [line], "number": f"ODD-{number}", **facts}
    company.add("invoices", **an_invoice(number, customer, AT, total=total, **facts))
    return number


def ours(office: Office, table: type, **wanted: Any) -> Any:
    with office.work(ROBOT) as work:
        return work.session.scalars(select(table).filter_by(**wanted)).one()


def reasons(office: Office, account: Account, company: Company) -> dict[str, str]:
    state = brought(office, account(company))
    assert state.state == "done"
    assert differing(office) == {}
    return {each.external_id: each.reason for each in state.refused}


@pytest.mark.parametrize(
    ("code", "stripe", "minor"),
    [("jpy", 5_000, 5_000), ("kwd", 5_120, 5_120), ("isk", 50_000, 500)],
)
def test_currencies_with_other_decimals_come_over_in_our_units(
    office: Office, account: Account, odd: Company, code: str, stripe: int, minor: int
) -> None:
    number = invoiced(odd, stripe, currency=code)
    charge = pay(odd, number, "cus_00000000", stripe, AT, code)
    assert reasons(office, account, odd) == {}
    invoice, payment = (
        ours(office, Invoice, external_id=number),
        ours(office, Payment, external_id=charge),
    )
    assert (invoice.currency, invoice.total_minor, invoice.status) == (code.upper(), minor, "paid")
    assert payment.allocated_minor == minor


def test_what_is_settled_in_another_currency_is_exchanged_at_once(
    office: Office, account: Account, odd: Company
) -> None:
    number = invoiced(odd, 10_000, currency="usd")
    charge = pay(odd, number, "cus_00000000", 10_000, AT, "usd")
    line = odd.objects["balance_transactions"][-1]
    line |= {"currency": "eur", "amount": 9_200, "fee": 300, "net": 8_900, "exchange_rate": 0.92}
    assert reasons(office, account, odd) == {}
    with office.work(ROBOT) as work:
        held = {(row["slug"], row["currency"]): row["amount_minor"] for row in trial_balance(work)}
    assert held["currency_position", "USD"] == 10_000
    assert held["currency_position", "EUR"] == -9_200
    assert held.get(("clearing_stripe", "USD"), 0) == 0
    expected = ours(office, GatewayLedgerEntry, external_id=charge)
    assert (expected.currency, expected.amount_minor, expected.fee_minor) == ("EUR", 9_200, 300)
    assert ours(office, Payment, external_id=charge).fee_minor == 326


def refunded(company: Company, charge: str, amount: int, **facts: Any) -> str:
    number, line = company.number("re"), company.number("txn")
    company.add(
        "refunds",
        id=number,
        object="refund",
        created=AT + 5 * DAY,
        amount=amount,
        charge=charge,
        currency="eur",
        balance_transaction=line,
        status="succeeded",
        **facts,
    )
    company.add(
        "balance_transactions", **a_movement(line, "refund", number, -amount, AT + 5 * DAY, "eur")
    )
    return number


def test_refunds_give_revenue_back_and_never_more_than_was_paid(
    office: Office, account: Account, odd: Company
) -> None:
    paid = invoiced(odd, 10_000)
    charge = pay(odd, paid, "cus_00000000", 10_000, AT)
    part, same = refunded(odd, charge, 3_000), refunded(odd, charge, 3_000)
    beyond, failed = refunded(odd, charge, 9_000), refunded(odd, charge, 50)
    odd.objects["refunds"][-1]["status"] = "failed"
    refusals = reasons(office, account, odd)
    assert refusals == {beyond: "9000 is more than the payment of 10000 holds"}
    assert failed not in refusals
    assert ours(office, Invoice, external_id=paid).status == "partially_refunded"
    assert [ours(office, Refund, provider_refund_id=each).nth for each in (part, same)] == [1, 2]


def disputed(company: Company, charge: str, amount: int, status: str) -> str:
    number = company.number("dp")
    lost = a_movement(company.number("txn"), "dispute", number, -amount, AT + DAY, "eur", 1_500)
    moves = [lost]
    if status == "won":
        back = company.number("txn")
        moves.append(a_movement(back, "dispute_reversal", number, amount, AT + 9 * DAY, "eur"))
    for each in moves:
        company.add("balance_transactions", **each)
    company.add(
        "disputes",
        id=number,
        object="dispute",
        created=AT + DAY,
        amount=amount,
        charge=charge,
        currency="eur",
        reason="fraudulent",
        status=status,
        balance_transactions=[
            each | {"balance_type": "payments", "description": None, "exchange_rate": None}
            for each in moves
        ],
        evidence_details={
            "due_by": AT + 8 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
    )
    return number


@pytest.mark.parametrize(
    ("status", "payment", "closed_on"),
    [
        ("won", "captured", date(2026, 6, 6)),
        ("lost", "charged_back", date(2026, 6, 5)),
        ("needs_response", "disputed", None),
    ],
)
def test_disputes_come_over_as_they_stand(
    office: Office,
    account: Account,
    odd: Company,
    status: str,
    payment: str,
    closed_on: date | None,
) -> None:
    charge = pay(odd, invoiced(odd, 8_000), "cus_00000000", 8_000, AT)
    number = disputed(odd, charge, 8_000, status)
    assert reasons(office, account, odd) == {}
    dispute = ours(office, Dispute, provider_dispute_id=number)
    assert (dispute.status, dispute.closed_on, dispute.fee_minor) == (status, closed_on, 1_500)
    assert ours(office, Payment, external_id=charge).status == payment


def test_an_invoice_without_a_payment_is_where_stripe_has_it(
    office: Office, account: Account, odd: Company
) -> None:
    elsewhere = invoiced(odd, 700)
    void = invoiced(odd, 800, status="void")
    given_up = invoiced(odd, 900, status="uncollectible")
    waiting = invoiced(odd, 1_000, status="open")
    draft = invoiced(odd, 1_100, status="draft")
    state = brought(office, account(odd))
    assert differing(office) == {}
    found = {
        number: ours(office, Invoice, external_id=number).status
        for number in (elsewhere, void, given_up, waiting)
    }
    assert found == {
        elsewhere: "paid",
        void: "cancelled",
        given_up: "written_off",
        waiting: "issued",
    }
    assert {(each.kind, each.objects) for each in state.left_out} >= {("invoices", 1)}
    assert draft not in {each.external_id for each in state.refused}


def test_an_open_invoice_that_stripe_closes_later_follows(
    office: Office, simulator: Engine, account: Account, odd: Company, clock: SetClock
) -> None:
    first, second = invoiced(odd, 700, status="open"), invoiced(odd, 900, status="open")
    brought(office, account(odd))
    clock.advance(timedelta(days=1))
    changed = Company()
    for number, status in ((first, "void"), (second, "paid")):
        facts = next(each for each in odd.objects["invoices"] if each["id"] == number)
        made = an_invoice(number, "cus_00000000", AT, total=facts["total"], status=status)
        changed.add("invoices", **{**facts, **made, "lines": facts["lines"]})
    with simulator.begin() as connection:
        connection.exec_driver_sql(
            f"delete from simulator.invoices where id in ('{first}', '{second}')"
        )
        put(connection, changed)
    assert brought(office, history_at(simulator)).refused == []
    assert differing(office) == {}
    assert ours(office, Invoice, external_id=first).status == "cancelled"
    assert ours(office, Invoice, external_id=second).status == "paid"


def test_what_cannot_be_told_in_the_books_is_refused_alone(
    office: Office, account: Account, odd: Company
) -> None:
    credit = invoiced(odd, -500)
    nobody = pay(odd, None, None, 900, AT)
    tiered = odd.objects["subscriptions"][0]
    price = tiered["items"]["data"][0]["price"]
    price |= {"billing_scheme": "tiered", "unit_amount": None, "unit_amount_decimal": None}
    refusals = reasons(office, account, odd)
    assert set(refusals) == {credit, nobody, tiered["id"]}
    assert "its total is -500" in refusals[credit]
    assert "names no customer" in refusals[nobody]
    assert "in tiers" in refusals[tiered["id"]]


def test_a_payment_without_an_invoice_is_the_customers_credit(
    office: Office, account: Account, odd: Company
) -> None:
    charge = pay(odd, None, "cus_00000000", 900, AT)
    back = refunded(odd, charge, 400)
    assert reasons(office, account, odd) == {}
    payment = ours(office, Payment, external_id=charge)
    assert (payment.allocated_minor, payment.credit_minor) == (0, 500)
    assert ours(office, Refund, provider_refund_id=back).treatment == "credit"


def test_a_customer_deleted_at_stripe_comes_from_the_invoice(
    office: Office, account: Account, odd: Company
) -> None:
    number = invoiced(odd, 700, customer="cus_gone")
    assert reasons(office, account, odd) == {}
    assert ours(office, Tenant, external_id="cus_gone").name == "Name of cus_gone"
    assert ours(office, Invoice, external_id=number).status == "paid"


def test_an_invoice_of_many_lines_comes_over_whole_with_its_periods(
    office: Office, account: Account, odd: Company
) -> None:
    number = odd.number("in")
    lines = [a_line(f"il_{n}", number, 100, AT, AT + 30 * DAY) for n in range(23)]
    total = invoiced(odd, 2_300, lines=lines)
    assert reasons(office, account, odd) == {}
    invoice = ours(office, Invoice, external_id=total)
    with office.work(ROBOT) as work:
        found = work.session.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
        ).all()
    assert [each.net_minor for each in found] == [100] * 23
    assert {(each.service_start, each.service_end) for each in found} == {
        (date(2026, 5, 28), date(2026, 6, 27))
    }


def test_a_bank_file_that_shows_an_imported_payout_moves_it_to_the_bank(
    office: Office, account: Account, odd: Company
) -> None:
    brought(office, account(odd))
    paid = odd.objects["payouts"][0]
    arrives = datetime.fromtimestamp(paid["arrival_date"], UTC).date()
    data = camt(Made(paid["amount"], f"STRIPE {paid['id']}", "B1", arrives))
    import_file(office, ROBOT, data, name="june.xml")
    with office.work(ROBOT) as work:
        held = {row["slug"]: row["amount_minor"] for row in trial_balance(work)}
    others = sum(each["amount"] for each in odd.objects["payouts"][1:])
    assert held["bank"] == paid["amount"]
    assert held.get("opening_balance", 0) == others
    assert differing(office) == {}


def test_a_won_dispute_comes_back_in_the_currency_of_settlement_with_its_fee(
    office: Office, account: Account, odd: Company
) -> None:
    charge = pay(odd, invoiced(odd, 10_000, currency="usd"), "cus_00000000", 10_000, AT, "usd")
    odd.objects["balance_transactions"][-1] |= {"currency": "eur", "amount": 9_200, "fee": 0}
    number = disputed(odd, charge, 10_000, "won")
    odd.objects["disputes"][-1]["currency"] = "usd"
    told = odd.objects["disputes"][-1]["balance_transactions"]
    for each, facts in zip(told, ((-9_300, 1_500), (9_250, -1_500)), strict=True):
        line = next(x for x in odd.objects["balance_transactions"] if x["id"] == each["id"])
        for kept in (each, line):
            kept |= {"amount": facts[0], "fee": facts[1], "net": facts[0] - facts[1]}
    assert reasons(office, account, odd) == {}
    expected = ours(office, GatewayLedgerEntry, external_id=f"{number}-won")
    assert (expected.currency, expected.amount_minor, expected.fee_minor) == ("EUR", 9_250, -1_500)
    with office.work(ROBOT) as work:
        held = {(row["slug"], row["currency"]): row["amount_minor"] for row in trial_balance(work)}
        window = Window(date(2026, 5, 1), TODAY, TODAY, "stripe", number)
        assert sides.differing(work, window) == []
    assert held.get(("clearing_stripe", "USD"), 0) == 0
    assert held["currency_position", "EUR"] == -9_200 + 9_300 - 9_250
    fees = sum(each["fee"] for each in odd.objects["balance_transactions"])
    assert held["gateway_fees", "EUR"] == fees
