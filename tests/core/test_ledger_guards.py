"""What the database refuses by itself: unbalanced, changed, late or repeated postings."""

from datetime import date

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from core.access.authority import system
from core.errors import ChangedMeanwhile
from core.ledger.journal import post, reverse
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.ledger.postings import POSTINGS, Leg
from core.work import Office

DAY = date(2026, 11, 2)
LEGS = [Leg("bank", 500), Leg("receivable", -500)]


def posted(office: Office, source_id: int = 1) -> int:
    with office.work(system("test")) as work:
        number = post(work, "payment_captured", ("payment", source_id), LEGS, "EUR", DAY)
        assert number is not None
    return number


@pytest.mark.parametrize(
    ("currency", "minor"), [("EUR", -499), ("SEK", -500)], ids=["one short", "two currencies"]
)
def test_an_unbalanced_transaction_does_not_commit(
    office: Office, currency: str, minor: int
) -> None:
    with pytest.raises(DBAPIError, match="does not balance"), office.work(system("test")) as work:
        transaction = LedgerTransaction(
            kind="payment_captured",
            source_type="payment",
            source_id=1,
            booked_on=DAY,
            memo="",
            created_at=work.now,
        )
        transaction.entries = [
            AccountingEntry(account_code="1930", currency="EUR", amount_minor=500),
            AccountingEntry(account_code="1510", currency=currency, amount_minor=minor),
        ]
        work.session.add(transaction)


def test_a_transaction_without_entries_does_not_commit(office: Office) -> None:
    with pytest.raises(DBAPIError, match="fewer than two"), office.work(system("test")) as work:
        work.session.add(
            LedgerTransaction(
                kind="payment_captured",
                source_type="payment",
                source_id=1,
                booked_on=DAY,
                memo="",
                created_at=work.now,
            )
        )


def test_entries_cannot_be_added_later(office: Office) -> None:
    number = posted(office)
    with pytest.raises(DBAPIError, match="is closed"), office.work(system("test")) as work:
        work.session.add_all(
            AccountingEntry(
                ledger_transaction_id=number, account_code=code, currency="EUR", amount_minor=minor
            )
            for code, minor in (("1930", 5), ("1510", -5))
        )


@pytest.mark.parametrize("table", ["ledger_transaction", "accounting_entry"])
@pytest.mark.parametrize("verb", ["delete from {}", "truncate {} cascade", "update {} set id = id"])
def test_postings_cannot_be_changed(
    office: Office, database_url: str, table: str, verb: str
) -> None:
    posted(office)
    with psycopg.connect(database_url) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(verb.format(table))


def test_an_event_is_posted_once(office: Office) -> None:
    posted(office)
    with pytest.raises(ChangedMeanwhile):
        posted(office)


def test_reversal_mirrors_what_was_posted(office: Office) -> None:
    original = posted(office)
    with office.work(system("test")) as work:
        number = reverse(work, ("payment", 1), "payment_captured", DAY)
        mirror = work.session.get_one(LedgerTransaction, number)
        assert mirror.reverses_id == original
        assert [(e.account_code, e.amount_minor) for e in mirror.entries] == [
            ("1930", -500),
            ("1510", 500),
        ]


@pytest.mark.parametrize("name", sorted(POSTINGS))
def test_every_posting_balances(name: str) -> None:
    given: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {
        "invoice_issued": ((700, 100, 200), {}),
        "payment_captured": (("stripe", "card", 700, 300), {}),
        "gateway_fee": (("stripe", 29), {}),
        "difference_booked": (("stripe", 29), {}),
        "currency_exchanged": (("stripe", 29), {}),
        "transfer_collected": (("bankgirot", 100), {}),
        "payout": (("paystack", 971), {}),
        "paid_out_before_import": (("stripe", 971), {}),
        "credit_note_issued": ((80, 0, 20), {}),
        "credit_refunded": (("stripe", "card", 100), {}),
        "payment_reversed": (("stripe", "card", 80, 20), {}),
        "refund_returned": (("stripe", "card", 100), {}),
        "refund_settled": (("paypal", "card", 80, 20), {}),
        "dispute_opened": (("stripe", 100, 15), {}),
        "dispute_won": (("stripe", 100), {}),
        "wallet_recharged": (("stripe", 100), {}),
        "wallet_refunded": ((80, 20, 30), {}),
        "reversed_posting": ((LEGS,), {}),
    }
    pairs = {
        "transfer_assigned",
        "transfer_unassigned",
        "dispute_lost",
        "written_off",
        "write_off_recovered",
        "wallet_paid",
    }
    args, named = given.get(name, ((80, 20) if name in pairs else (100,), {}))
    legs = POSTINGS[name](*args, **named)
    assert len(legs) >= 2
    assert sum(leg.amount_minor for leg in legs) == 0
