"""Wallets: what the database refuses by itself, and what may be read by whom."""

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from core.errors import BadInput, NotAllowed, NotFound
from core.wallets.models import Wallet, WalletTransaction
from core.wallets.queries import history, tenant_wallets, wallets
from core.work import Office
from tests.billing import JOB, a_tenant
from tests.builders import a_user, acting
from tests.wallets import a_recharge, an_admin

ADDED = """
insert into wallet_transaction (wallet_id, tenant_id, currency, type, amount_minor,
  balance_after_minor, promotional_after_minor, reference_id, gateway, moved_on,
  created_at)
select id, tenant_id, currency, 'recharge', 5, {after}, 0, 'X', 'manual', current_date, now()
from {wallet}
"""
MOVED = "with w as (update wallet set balance_minor = 505 returning id, tenant_id, currency)"


@pytest.mark.parametrize(
    "statement",
    [
        "update wallet set balance_minor = balance_minor + 1",
        "update wallet set balance_minor = balance_minor - 1, promotional_minor = 1",
        ADDED.format(after=505, wallet="wallet"),
        MOVED + ADDED.format(after=506, wallet="w"),
    ],
    ids=["balance alone", "promotional alone", "transaction alone", "wrong balance named"],
)
def test_a_wallet_that_differs_from_its_transactions_does_not_commit(
    office: Office, database_url: str, statement: str
) -> None:
    a_recharge(office, a_tenant(office), 500)
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=r"differs|wrong balance"),
        psycopg.connect(database_url) as db,
    ):
        db.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from wallet",
        "truncate wallet cascade",
        "update wallet_transaction set amount_minor = 1",
        "delete from wallet_transaction",
        "truncate wallet_transaction cascade",
    ],
)
def test_wallets_and_their_transactions_stay(
    office: Office, database_url: str, statement: str
) -> None:
    a_recharge(office, a_tenant(office), 500)
    with psycopg.connect(database_url) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(statement)


def test_a_transaction_has_the_currency_of_its_wallet(office: Office) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 500)
    with pytest.raises(DBAPIError, match="foreign key"), office.work(JOB) as work:
        wallet = work.session.scalars(select(Wallet)).one()
        work.session.add(
            WalletTransaction(
                wallet_id=wallet.id,
                tenant_id=tenant.id,
                currency="SEK",
                type="recharge",
                amount_minor=5,
                promotional_minor=0,
                balance_after_minor=505,
                promotional_after_minor=0,
                reference_id="R-9",
                gateway="manual",
                moved_on=work.today,
                created_at=work.now,
            )
        )


def test_wallets_are_listed_searched_sorted_and_paged(office: Office) -> None:
    tenants = [a_tenant(office) for _ in range(3)]
    for tenant, amount in zip(tenants, (300, 100, 200), strict=True):
        a_recharge(office, tenant, amount, f"R-{tenant.id}")
    with office.work(an_admin(office)) as work:
        lowest = wallets(work, sort="lowest", limit=2)
        assert [row.total_minor for row in lowest.rows] == [100, 200]
        assert lowest.count == 3
        assert [row.total_minor for row in wallets(work, sort="lowest", offset=2).rows] == [300]
        assert wallets(work, "rheinfeld", "EUR").count == 3
        assert (wallets(work, "100%").count, wallets(work, None, "SEK").rows) == (0, [])
        with pytest.raises(BadInput):
            wallets(work, sort="colour")


def test_history_is_paged_newest_first_with_the_running_balance(office: Office) -> None:
    tenant = a_tenant(office)
    for n, amount in enumerate((300, 100, 200)):
        a_recharge(office, tenant, amount, f"R-{n}")
    with office.work(an_admin(office)) as work:
        first, second = (history(work, tenant.id, "EUR", limit=2, offset=at) for at in (0, 2))
    assert [row.balance_after_minor for row in first.rows + second.rows] == [600, 400, 300]
    assert first.count == 3


def test_a_tenants_user_sees_the_own_wallet_and_no_other(office: Office) -> None:
    own, other = a_tenant(office), a_tenant(office)
    a_recharge(office, own, 500)
    theirs = acting(office, a_user(office, "org_user", tenant_id=own.id))
    with office.work(theirs) as work:
        assert [row.balance_minor for row in tenant_wallets(work, own.id)] == [500]
        with pytest.raises(NotAllowed):
            wallets(work)
        for read in (
            lambda: tenant_wallets(work, other.id),
            lambda: history(work, other.id, "EUR"),
        ):
            with pytest.raises(NotFound):
                read()
    with pytest.raises(NotAllowed), office.work(acting(office, a_user(office, "cfo"))) as work:
        tenant_wallets(work, own.id)
