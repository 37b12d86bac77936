"""Wallets recharged, credited and debited, also when many come at once."""

import pytest

from core.audit.queries import search
from core.clock import SetClock
from core.errors import (
    BadInput,
    BadMoney,
    FreshAuthNeeded,
    InsufficientBalance,
    KeyReused,
    NotAllowed,
    NotFound,
    ReasonNeeded,
)
from core.gateways.actions import announce_payout
from core.wallets.actions import credit_wallet, debit_wallet, recharge_wallet
from core.wallets.queries import history
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice, pass_days, wrong_books
from tests.builders import a_user, acting
from tests.wallets import (
    a_promotion,
    a_recharge,
    an_admin,
    at_once,
    booked,
    holds,
    paid_from_wallet,
)


def test_a_recharge_is_owed_to_the_tenant_and_is_no_revenue(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    with office.work(JOB) as work:
        moved = recharge_wallet(
            work, tenant.id, 10_000, "EUR", "R-1", gateway="stripe", fee_minor=175
        )
    assert (moved.amount_minor, moved.balance_after_minor) == (10_000, 10_000)
    assert booked(office, "wallet", "clearing_stripe", "gateway_fees", "revenue") == {
        "wallet": -10_000,
        "clearing_stripe": 9_825,
        "gateway_fees": 175,
        "revenue": 0,
    }
    assert wrong_books(office) == []
    pass_days(clock, 3)
    with office.work(JOB) as work:
        assert announce_payout(work, "stripe", "po_1", "EUR", work.today).amount_minor == 9_825


def test_a_recharge_reported_twice_is_credited_once(office: Office) -> None:
    tenant = a_tenant(office)
    assert a_recharge(office, tenant, 5_000) == a_recharge(office, tenant, 5_000)
    assert holds(office, tenant) == (5_000, 0)
    assert wrong_books(office) == []


@pytest.mark.parametrize(
    ("amount", "currency", "gateway"),
    [(5_001, "EUR", "stripe"), (5_000, "SEK", "stripe"), (5_000, "EUR", "paypal")],
    ids=["another amount", "another currency", "another gateway"],
)
def test_a_reference_does_not_serve_two_recharges(
    office: Office, amount: int, currency: str, gateway: str
) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 5_000)
    with pytest.raises(KeyReused), office.work(JOB) as work:
        recharge_wallet(work, tenant.id, amount, currency, "R-1", gateway=gateway)
    assert holds(office, tenant) == (5_000, 0)


def test_a_person_records_bank_recharges_only(office: Office) -> None:
    tenant, admin = a_tenant(office), an_admin(office)
    with pytest.raises(NotAllowed), office.work(admin) as work:
        recharge_wallet(work, tenant.id, 500, "EUR", "R-1", gateway="stripe", reason=WHY)
    with office.work(admin) as work:
        recharge_wallet(work, tenant.id, 500, "EUR", "R-1", reason=WHY)
    assert booked(office, "bank", "wallet") == {"bank": 500, "wallet": -500}


@pytest.mark.parametrize(
    ("amount", "reference", "gateway", "fee"),
    [
        (0, "R", "stripe", 0),
        (-5, "R", "stripe", 0),
        (5, " ", "stripe", 0),
        (5, "R", "cash", 0),
        (5, "R", "stripe", 6),
        (5, "R", "manual", 1),
    ],
)
def test_a_recharge_that_cannot_be_is_refused(
    office: Office, amount: int, reference: str, gateway: str, fee: int
) -> None:
    tenant = a_tenant(office)
    with pytest.raises(BadInput), office.work(JOB) as work:
        recharge_wallet(work, tenant.id, amount, "EUR", reference, gateway=gateway, fee_minor=fee)


def test_no_wallet_without_tenant_or_currency(office: Office) -> None:
    with pytest.raises(NotFound), office.work(JOB) as work:
        recharge_wallet(work, 99, 500, "EUR", "R-1", gateway="stripe")
    with pytest.raises(BadMoney), office.work(JOB) as work:
        recharge_wallet(work, a_tenant(office).id, 500, "euro", "R-1", gateway="stripe")


def test_credits_are_goodwill_and_promotional_ones_stay_apart(office: Office) -> None:
    tenant, admin = a_tenant(office), an_admin(office)
    with office.work(admin) as work:
        credit_wallet(work, tenant.id, 700, "EUR", reason=WHY)
    with office.work(admin) as work:
        moved = credit_wallet(work, tenant.id, 300, "EUR", promotional=True, reason=WHY)
    assert (moved.balance_after_minor, moved.promotional_after_minor) == (1_000, 300)
    assert holds(office, tenant) == (700, 300)
    assert booked(office, "goodwill", "wallet", "promotional_credit") == {
        "goodwill": 1_000,
        "wallet": -700,
        "promotional_credit": -300,
    }
    assert wrong_books(office) == []


def test_a_credit_is_told_to_the_audit_log_with_reason_and_new_balance(office: Office) -> None:
    tenant = a_tenant(office)
    with office.work(an_admin(office)) as work:
        credit_wallet(work, tenant.id, 700, "EUR", reason="courtesy for downtime")
    with office.work(JOB) as work:
        (row,) = search(work, event_type="saas.wallet.credited")
    assert row.organization_id == tenant.id
    assert (row.payload["amount_minor"], row.payload["new_balance_minor"]) == (700, 700)
    assert row.payload["reason"] == "courtesy for downtime"


def test_the_same_key_credits_once(office: Office) -> None:
    tenant, admin = a_tenant(office), an_admin(office)
    for _ in range(2):
        with office.work(admin) as work:
            moved = credit_wallet(work, tenant.id, 700, "EUR", reason=WHY, key="dialog-0001")
    assert moved.reference_id.endswith("dialog-0001")
    assert holds(office, tenant) == (700, 0)


def test_the_same_key_of_two_people_is_two_credits(office: Office) -> None:
    tenant = a_tenant(office)
    for admin in (an_admin(office), an_admin(office)):
        with office.work(admin) as work:
            credit_wallet(work, tenant.id, 700, "EUR", reason=WHY, key="dialog-0001")
    assert holds(office, tenant) == (1_400, 0)


def test_a_debit_takes_prepaid_money_and_never_promotional_credit(office: Office) -> None:
    tenant, admin = a_tenant(office), an_admin(office)
    a_recharge(office, tenant, 500)
    a_promotion(office, tenant, 400)
    with office.work(admin) as work:
        debit_wallet(work, tenant.id, 500, "EUR", reason=WHY)
    with pytest.raises(InsufficientBalance), office.work(admin) as work:
        debit_wallet(work, tenant.id, 1, "EUR", reason=WHY)
    assert holds(office, tenant) == (0, 400)
    assert wrong_books(office) == []


def test_an_overdrawn_wallet_pays_nothing_although_credit_would_do(office: Office) -> None:
    tenant = a_tenant(office)
    with office.work(an_admin(office)) as work:
        debit_wallet(work, tenant.id, 50, "EUR", overdraw=True, reason=WHY)
    a_promotion(office, tenant, 20_000)
    with pytest.raises(InsufficientBalance):
        paid_from_wallet(office, an_invoice(office, tenant))
    assert holds(office, tenant) == (-50, 20_000)
    assert wrong_books(office) == []


@pytest.mark.parametrize("role", ["billing", "sys_finance", "cfo"])
def test_other_roles_do_not_touch_wallets(office: Office, role: str) -> None:
    tenant, actor = a_tenant(office), acting(office, a_user(office, role))
    with pytest.raises(NotAllowed), office.work(actor) as work:
        credit_wallet(work, tenant.id, 700, "EUR", reason=WHY)


def test_an_adjustment_wants_a_fresh_sign_in_a_reason_and_a_person(office: Office) -> None:
    tenant = a_tenant(office)
    stale = acting(office, a_user(office, "admin"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        debit_wallet(work, tenant.id, 7, "EUR", overdraw=True, reason=WHY)
    with pytest.raises(ReasonNeeded), office.work(an_admin(office)) as work:
        credit_wallet(work, tenant.id, 7, "EUR", reason="short")
    with pytest.raises(NotAllowed), office.work(JOB) as work:
        credit_wallet(work, tenant.id, 7, "EUR", reason=WHY)


def test_fifty_debits_at_once_take_what_there_is_and_no_more(office: Office) -> None:
    tenant, admin = a_tenant(office), an_admin(office)
    a_recharge(office, tenant, 30)

    def debit() -> None:
        with office.work(admin) as work:
            debit_wallet(work, tenant.id, 1, "EUR", reason=WHY)

    refusals = at_once(*[debit] * 50)
    assert [type(refused) for refused in refusals] == [InsufficientBalance] * 20
    assert holds(office, tenant) == (0, 0)
    with office.work(JOB) as work:
        page = history(work, tenant.id, "EUR", limit=50)
    assert [row.balance_after_minor for row in page.rows] == list(range(31))
    assert wrong_books(office) == []


def test_callback_and_webhook_at_once_recharge_once(office: Office) -> None:
    tenant = a_tenant(office)
    assert at_once(*[lambda: a_recharge(office, tenant, 5_000)] * 8) == []
    assert holds(office, tenant) == (5_000, 0)
    assert wrong_books(office) == []
