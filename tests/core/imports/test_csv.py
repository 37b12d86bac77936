"""CSV files load whole or not at all, and twice adds nothing."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.access.authority import system
from core.imports.actions import Loaded, import_csv
from core.imports.reading import FileRefused, Reading
from core.invoices.models import Invoice
from core.ledger.checks import check_books
from core.payments.models import Payment
from core.plans.models import Plan
from core.refunds.actions import Ask
from core.refunds.run import execute
from core.subscriptions.models import PlanHistory, Subscription, SubscriptionCancellation
from core.tenants.models import Tenant
from core.work import Office
from tests.builders import a_user, acting

TENANTS = "tenant_id,name,country,signed_up_on,email\nt1,Björk AB,SE,2025-01-02,a@example.com\n"
SUBSCRIPTIONS = (
    "subscription_id,tenant_id,plan,started_on,ended_on,cycle,amount_minor,currency,trial_ends_on,status\n"
    "s1,t1,pro,2025-01-10,2025-06-10,monthly,10000,EUR,2025-01-24,cancelled\n"
    "s2,t1,pro,2025-06-10,,annual,240000,EUR,,active\n"
)
INVOICES = (
    "invoice_id,tenant_id,number,issued_on,due_on,amount_minor,tax_minor,currency,status,disputed\n"
    "i1,t1,A-1,2025-02-01,2025-03-01,12500,2500,EUR,open,no\n"
    "i2,t1,A-2,2025-02-02,2025-03-02,5000,0,EUR,paid,yes\n"
)


def load(office: Office, kind: str, text: str, **reading: object) -> Loaded:
    return import_csv(office, system("test"), kind, text.encode(), Reading(**reading))


def count(office: Office, table: type) -> int:
    with office.work(system("test")) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def one(office: Office, table: type, external_id: str) -> object:
    with office.work(system("test")) as work:
        return work.session.scalars(select(table).where(table.external_id == external_id)).one()


def books_hold(office: Office) -> bool:
    with office.work(system("test")) as work:
        return all(check.passed for check in check_books(work))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("tenants", TENANTS),
        ("plans", "slug,name,cycle,currency,price_minor\npro,Pro,monthly,EUR,9900\n"),
        ("costs", "month,category,amount_minor,currency\n2025-01,rent,5,EUR\n2025-01,rent,5,EUR\n"),
        ("cash", "on,account,balance_minor,currency\n2025-01-31,main,-500,SEK\n"),
        ("fx", "on,currency,rate_to_eur\n2025-01-31,SEK,0.0872\n"),
    ],
)
def test_the_same_file_twice_adds_nothing(office: Office, kind: str, text: str) -> None:
    first, second = load(office, kind, text), load(office, kind, text)
    assert (first.added, second.added) == (first.rows, 0)
    assert second.unchanged == second.rows


def test_subscription_row_becomes_trial_paid_and_ended(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", SUBSCRIPTIONS)
    assert load(office, "subscriptions", SUBSCRIPTIONS).added == 0
    with office.work(system("test")) as work:
        rows = work.session.execute(
            select(Subscription.external_id, PlanHistory.effective_on, PlanHistory.status)
            .join(Subscription, Subscription.id == PlanHistory.subscription_id)
            .order_by(PlanHistory.id)
        ).all()
    assert [(r[0], r[1].isoformat(), r[2]) for r in rows] == [
        ("s1", "2025-01-10", "trial"),
        ("s1", "2025-01-24", "active"),
        ("s1", "2025-06-10", "cancelled"),
        ("s2", "2025-06-10", "active"),
    ]
    assert count(office, Plan) == 1


def test_a_coming_subscription_that_ends_as_it_starts_is_over(office: Office) -> None:
    rows = SUBSCRIPTIONS + "s3,t1,pro,2030-01-10,2030-01-10,monthly,10000,EUR,,active\n"
    load(office, "tenants", TENANTS)
    assert load(office, "subscriptions", rows).added == 3
    assert load(office, "subscriptions", rows).unchanged == 3
    assert one(office, Subscription, "s3").status == "cancelled"


def test_a_running_subscription_may_end_in_a_later_file(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", SUBSCRIPTIONS)
    ended = SUBSCRIPTIONS.replace("2025-06-10,,annual", "2025-06-10,2026-01-05,annual")
    result = load(office, "subscriptions", ended.replace(",active", ",cancelled"))
    assert (result.added, result.updated) == (0, 1)
    assert str(one(office, Subscription, "s2").ended_on) == "2026-01-05"


def test_a_changed_price_of_a_known_subscription_is_refused(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", SUBSCRIPTIONS)
    with pytest.raises(FileRefused, match=r"row 3, column amount_minor: 's2' is known with 240000"):
        load(office, "subscriptions", SUBSCRIPTIONS.replace("240000", "250000"))


def test_cancellation_locks_its_impact_in_eur_cents(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "fx", "on,currency,rate_to_eur\n2025-05-30,SEK,0.0875\n")
    load(office, "subscriptions", SUBSCRIPTIONS.replace("EUR", "SEK"))
    text = "subscription_id,tenant_id,cancelled_on,reason\ns1,t1,2025-06-01,Too expensive\n"
    load(office, "cancellations", text)
    assert load(office, "cancellations", text).added == 0
    with office.work(system("test")) as work:
        kept = work.session.scalars(select(SubscriptionCancellation)).one()
    assert (kept.mrr_minor, kept.amount_eur_cents) == (10_000, 875)
    assert (kept.reason_code, kept.mode, str(kept.service_ends_on)) == (
        "too_expensive",
        "period_end",
        "2025-06-10",
    )


def test_the_impact_of_a_currency_without_decimals_is_in_eur_cents_too(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "fx", "on,currency,rate_to_eur\n2025-05-30,JPY,0.0062\n")
    load(office, "subscriptions", SUBSCRIPTIONS.replace("EUR", "JPY"))
    load(office, "cancellations", "subscription_id,cancelled_on\ns1,2025-06-01\n")
    with office.work(system("test")) as work:
        kept = work.session.scalars(select(SubscriptionCancellation)).one()
    assert (kept.mrr_minor, kept.amount_eur_cents) == (10_000, 6_200)


def test_cancellation_without_a_rate_is_refused(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "subscriptions", SUBSCRIPTIONS.replace("EUR", "SEK"))
    with pytest.raises(FileRefused, match="no SEK rate on or before 2025-06-01"):
        load(office, "cancellations", "subscription_id,cancelled_on\ns1,2025-06-01\n")


def test_paid_invoices_owe_nothing_and_real_payments_replace_the_placeholder(
    office: Office,
) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    assert one(office, Invoice, "i2").status == "paid"
    payments = (
        "payment_id,invoice_id,paid_on,amount_minor\n"
        "p1,i2,2025-02-20,3000\np2,i1,2025-04-01,13000\n"
    )
    load(office, "payments", payments)
    assert load(office, "payments", payments).added == 0
    first, second = one(office, Invoice, "i1"), one(office, Invoice, "i2")
    assert (first.status, first.paid_minor) == ("paid", 12_500)
    assert (second.status, second.paid_minor) == ("paid", 5_000)
    overpaid = one(office, Payment, "p2")
    assert overpaid.amount_minor - overpaid.allocated_minor == 500
    assert books_hold(office)


def test_money_said_to_come_from_a_wallet_came_from_elsewhere(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    load(
        office,
        "payments",
        "payment_id,invoice_id,paid_on,amount_minor,method\n"
        "p1,i1,2025-02-20,100,Wallet\np2,i1,2025-02-21,100,credit note\n",
    )
    assert {one(office, Payment, name).method for name in ("p1", "p2")} == {"other"}
    assert books_hold(office)


def test_an_imported_payment_is_refunded_by_hand(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    load(office, "payments", "payment_id,invoice_id,paid_on,amount_minor\np1,i1,2025-02-20,12500\n")
    payment = one(office, Payment, "p1")
    finance = acting(office, a_user(office, "sys_finance"))
    refund = execute(office, finance, Ask(payment.id, 12_500), reason="the customer paid twice")
    assert (refund.status, refund.tax_minor) == ("succeeded", 2_500)
    assert one(office, Invoice, "i1").status == "refunded"
    assert books_hold(office)


def test_a_known_tenant_keeps_what_a_later_file_does_not_say(office: Office) -> None:
    load(office, "tenants", "tenant_id,name,country,currency\nt1,Björk AB,SE,SEK\n")
    assert load(office, "tenants", "tenant_id,email\nt1,b@example.com\n").updated == 1
    kept = one(office, Tenant, "t1")
    assert (kept.name, kept.country, kept.currency) == ("Björk AB", "SE", "SEK")
    assert kept.billing_email == "b@example.com"


def test_an_open_invoice_that_a_later_file_calls_paid_is_settled(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    load(office, "payments", "payment_id,invoice_id,paid_on,amount_minor\np1,i1,2025-02-20,500\n")
    paid = INVOICES.replace(",open,", ",paid,")
    assert load(office, "invoices", paid).updated == 1
    assert load(office, "invoices", paid).unchanged == 2
    kept = one(office, Invoice, "i1")
    assert (kept.status, kept.paid_minor) == ("paid", 12_500)
    assert load(office, "invoices", INVOICES).unchanged == 2
    assert one(office, Invoice, "i1").status == "paid"
    assert books_hold(office)


def test_an_invoice_that_is_owed_again_after_a_refund_stays_owed(office: Office) -> None:
    load(office, "tenants", TENANTS)
    paid = INVOICES.replace(",open,", ",paid,")
    load(office, "invoices", paid)
    load(office, "payments", "payment_id,invoice_id,paid_on,amount_minor\np1,i1,2025-02-20,12500\n")
    finance = acting(office, a_user(office, "sys_finance"))
    ask = Ask(one(office, Payment, "p1").id, 12_500, treatment="reopen")
    execute(office, finance, ask, reason="the wrong account paid")
    assert load(office, "invoices", paid).unchanged == 2
    assert one(office, Invoice, "i1").status == "issued"


@pytest.mark.parametrize("state", ["void", "written_off"])
def test_a_file_does_not_end_an_open_invoice(office: Office, state: str) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES)
    with pytest.raises(FileRefused, match="row 2, column status: invoice 'i1' is open here"):
        load(office, "invoices", INVOICES.replace(",open,", f",{state},"))


def test_a_file_does_not_issue_a_draft(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(office, "invoices", INVOICES.replace(",open,", ",draft,"))
    with pytest.raises(FileRefused, match="row 2, column status: invoice 'i1' is a draft here"):
        load(office, "invoices", INVOICES)


def test_written_off_and_void_invoices_leave_nothing_owed(office: Office) -> None:
    load(office, "tenants", TENANTS)
    load(
        office, "invoices", INVOICES.replace(",open,", ",void,").replace(",paid,", ",written_off,")
    )
    assert {one(office, Invoice, i).status for i in ("i1", "i2")} == {"cancelled", "written_off"}
    assert books_hold(office)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (
            "tenants",
            "tenant_id,name\nt1,A\nt1,B\n",
            "row 3, column tenant_id: 't1' stands in row 2",
        ),
        ("tenants", "name\nA\n", "row 1, column tenant_id: this column is missing"),
        ("tenants", "tenant_id,country\nt1,ZZ\n", "row 2, column country"),
        ("tenants", "tenant_id,name\nt1,A,extra\n", "row 2: 3 cells where the header has 2"),
        ("tenants", 'tenant_id,name\nt1,"open\n', "broken CSV"),
        ("tenants", "tenant_id,name\n", "the file holds no rows"),
        ("tenants", "", "the file is empty"),
        ("invoices", INVOICES.replace("12500", "125.00"), "row 2, column amount_minor"),
        ("invoices", INVOICES.replace("2025-02-02", "2025-02-30"), "row 3, column issued_on"),
        ("invoices", INVOICES.replace("EUR,paid", "EURO,paid"), "row 3, column currency"),
        (
            "invoices",
            INVOICES.replace("t1,A-2", "t9,A-2"),
            "row 3, column tenant_id: no tenant 't9'",
        ),
        ("invoices", INVOICES.replace("12500,2500", "12500,13000"), "row 2, column tax_minor"),
        ("invoices", INVOICES.replace("A-2", "A-1"), "row 3, column number: row 2 has the same"),
        ("invoices", INVOICES.replace("2025-03-01", "2025-01-01"), "row 2, column due_on"),
        (
            "payments",
            "payment_id,invoice_id,paid_on,amount_minor\np,x,2025-01-01,1\n",
            "no invoice 'x'",
        ),
        ("costs", "month,category,amount_minor\n2025-13,rent,5\n", "row 2, column month"),
        ("fx", "on,currency,rate_to_eur\n2025-01-01,SEK,-1\n", "row 2, column rate_to_eur"),
        ("fx", "on,currency,rate_to_eur\n2025-01-01,EUR,2\n", "one EUR is one EUR"),
    ],
)
def test_a_broken_row_refuses_the_whole_file(
    office: Office, kind: str, text: str, reason: str
) -> None:
    load(office, "tenants", TENANTS)
    with pytest.raises(FileRefused) as refused:
        load(office, kind, text)
    assert reason in str(refused.value)
    assert (count(office, Tenant), count(office, Invoice)) == (1, 0)


def test_latin_1_bytes_are_refused_with_their_row(office: Office) -> None:
    with pytest.raises(FileRefused, match="row 2: not UTF-8 text"):
        import_csv(
            office,
            system("t"),
            "tenants",
            "tenant_id,name\nt1,Bj\xf6rk\n".encode("latin-1"),
            Reading(),
        )


def test_dry_run_counts_and_writes_nothing(office: Office) -> None:
    result = import_csv(office, system("t"), "tenants", TENANTS.encode(), Reading(), dry_run=True)
    assert (result.added, result.dry_run) == (1, True)
    assert count(office, Tenant) == 0


def test_entered_costs_cannot_be_contradicted(office: Office) -> None:
    load(office, "costs", "month,category,amount_minor,currency\n2025-01,rent,500,EUR\n")
    with pytest.raises(FileRefused, match="already entered as"):
        load(office, "costs", "month,category,amount_minor,currency\n2025-01,rent,600,EUR\n")


def test_semicolons_mapping_units_and_date_format(office: Office, tmp_path: Path) -> None:
    load(office, "tenants", "Kund;Namn\nk1;Ett AB\n", columns={"tenant_id": "Kund", "name": "Namn"})
    text = "Nr;Kund;Datum;Belopp\n7;k1;31/01/2025;50.39\n"
    columns = {
        "invoice_id": "Nr",
        "tenant_id": "Kund",
        "issued_on": "Datum",
        "amount_minor": "Belopp",
    }
    load(office, "invoices", text, columns=columns, units=True, date_format="dd/mm/yyyy")
    kept = one(office, Invoice, "7")
    assert (kept.total_minor, str(kept.issued_on), kept.currency) == (5_039, "2025-01-31", "EUR")
