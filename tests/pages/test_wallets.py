"""Wallets as pages: the list, one history, credit and debit, and what a tenant's user sees."""

import pytest

from core.access.authority import system
from core.access.sessions import open_session, viewer
from core.settings import Settings
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.models import Tenant
from core.wallets.actions import credit_wallet, debit_wallet
from core.wallets.queries import WalletRow, tenant_wallets
from core.work import Office
from etl.export import csv_text
from pages.parts import menu, wallet_history
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user
from tests.pages.administering import Visit, confirm, events, press, visitor, words
from tests.wallets import a_promotion, a_recharge, an_admin, holds


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/wallets.py")


@pytest.fixture
def visit_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/wallet.py")


def named(office: Office, name: str, currency: str = "EUR") -> Tenant:
    with office.work(JOB) as work:
        return create_tenant(work, NewTenant(name, "SE", currency))


def overdrawn(office: Office, tenant: Tenant, amount: int) -> None:
    with office.work(an_admin(office)) as work:
        debit_wallet(work, tenant.id, amount, tenant.currency, overdraw=True, reason=WHY)


def the_wallet(office: Office, tenant: Tenant) -> WalletRow:
    with office.work(JOB) as work:
        return tenant_wallets(work, tenant.id)[0]


def address(tenant: Tenant) -> str:
    return f"{tenant.id}-{tenant.currency}"


def test_list_shows_balances_and_marks_what_is_below_zero(office: Office, visit: Visit) -> None:
    rich, poor = named(office, "Fjord AB"), named(office, "Åsen AB", "SEK")
    a_recharge(office, rich, 250_000)
    a_promotion(office, rich, 20_000)
    overdrawn(office, poor, 50_100)
    shown = words(visit("admin"))
    for part in ("2,500.00", "200.00", "2,700.00", '<span class="bad">−501.00</span>'):
        assert part in shown
    assert "2 wallets" in shown


@pytest.mark.parametrize(
    "wanted", [{"text": "fjord"}, {"currency": "EUR"}, {"text": "Fj", "sort": "lowest"}]
)
def test_address_filters_the_list(office: Office, visit: Visit, wanted: dict[str, str]) -> None:
    for number, tenant in enumerate((named(office, "Fjord AB"), named(office, "Åsen AB", "SEK"))):
        a_recharge(office, tenant, 5_000, f"R-{number}")
    shown = words(visit("admin", **wanted))
    assert "Fjord AB" in shown
    assert "Åsen AB" not in shown


def test_list_is_paged_and_the_address_holds_the_page(
    office: Office, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Settings(_env_file=None, SALDO_TABLE_PAGE_ROWS=10)
    for module in ("core.settings", "pages.parts.tables"):
        monkeypatch.setattr(f"{module}.settings", lambda: few)
    for number in range(11):
        a_recharge(office, named(office, f"Tenant {number:02d}"), 5_000, f"R-{number}")
    first, second = words(visit("admin")), words(visit("admin", page="2"))
    assert "Tenant 09" in first
    assert "Tenant 10" not in first
    assert "Tenant 10" in second
    assert "Tenant 09" not in second
    beyond = visit("admin", page="7")
    assert "Tenant 10" in words(beyond)
    assert beyond.query_params["page"] == "2"


def test_no_wallet_yet_and_no_wallet_that_fits_say_so(office: Office, visit: Visit) -> None:
    assert "No tenant has a wallet yet" in words(visit("admin"))
    a_recharge(office, a_tenant(office), 5_000)
    assert "No wallet fits" in words(visit("admin", text="nobody at all"))


def test_history_runs_to_the_balance(office: Office, visit: Visit) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 250_000, "BG-7")
    overdrawn(office, tenant, 300_100)
    shown = words(visit("admin", wallet=address(tenant)))
    for part in ("+2,500.00", "2,500.00", "−3,001.00", "−501.00", "BG-7", "A user"):
        assert part in shown
    assert "manual-debit-" not in shown


def test_tenant_without_a_wallet_can_be_opened_and_credited(office: Office, visit: Visit) -> None:
    tenant = a_tenant(office)
    test = visit("admin")
    test.selectbox(key="wallet-opened").set_value(address(tenant)).run()
    assert "Nothing has moved it yet" in words(test)
    press(test, f"credit-{address(tenant)}")
    test.text_input(key="wallet-amount").set_value("50").run()
    assert "Balance afterwards <b>EUR 50.00</b>" in words(test)
    confirm(test)
    assert not test.exception
    assert holds(office, tenant) == (5_000, 0)


def test_credit_is_given_once_with_receipt_and_new_balance(office: Office, visit: Visit) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 1_000)
    test = visit("super_admin", wallet=address(tenant), do=f"credit:{address(tenant)}")
    test.text_input(key="wallet-amount").set_value("50.39")
    test.toggle(key="wallet-promotional").set_value(True).run()
    assert "It counts as promotional credit" in words(test)
    confirm(test)
    assert holds(office, tenant) == (1_000, 5_039)
    (event,) = events(office, "saas.wallet.credited")
    assert (event["reason"], event["new_balance_minor"]) == (WHY, 6_039)
    assert "got EUR 50.39 of promotional credit; the balance is EUR 60.39" in words(test)
    assert "Audit event" in words(test)


def test_debit_below_zero_needs_the_switch_that_says_what_follows(
    office: Office, visit: Visit
) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 1_000)
    test = visit("admin", wallet=address(tenant), do=f"debit:{address(tenant)}")
    test.text_input(key="wallet-amount").set_value("15")
    confirm(test)
    assert "The wallet holds 10.00 EUR of prepaid money" in words(test)
    assert holds(office, tenant) == (1_000, 0)
    test.toggle(key="wallet-overdraw").set_value(True).run()
    assert "do not renew from it" in words(test)
    press(test, "confirm-do")
    assert holds(office, tenant) == (-500, 0)


def test_balance_that_moved_meanwhile_is_shown_before_anything_is_written(
    office: Office, visit: Visit
) -> None:
    tenant = a_tenant(office)
    test = visit("admin", wallet=address(tenant), do=f"credit:{address(tenant)}")
    test.text_input(key="wallet-amount").set_value("50").run()
    with office.work(an_admin(office)) as work:
        credit_wallet(work, tenant.id, 700, tenant.currency, reason=WHY)
    confirm(test)
    assert "look again" in words(test)
    assert "Balance afterwards <b>EUR 57.00</b>" in words(test)
    assert holds(office, tenant) == (700, 0)
    confirm(test)
    assert holds(office, tenant) == (5_700, 0)


@pytest.mark.parametrize("amount", ["", "0", "-5", "abc", "1.005", "1e30", "NaN"])
def test_amount_that_is_none_is_refused_in_words(office: Office, visit: Visit, amount: str) -> None:
    tenant = a_tenant(office)
    test = visit("admin", wallet=address(tenant), do=f"credit:{address(tenant)}")
    test.text_input(key="wallet-amount").set_value(amount)
    confirm(test)
    assert not test.exception
    assert 'class="notice' in words(test)
    assert events(office, "saas.wallet.credited") == []


def test_stale_sign_in_sees_no_form_and_is_led_to_confirm(office: Office, visit: Visit) -> None:
    tenant = a_tenant(office)
    here = {"wallet": address(tenant), "do": f"debit:{address(tenant)}"}
    test = visit("admin", fresh=False, **here)
    assert not test.text_area
    assert not test.text_input
    assert "This needs your password again" in words(test)


@pytest.mark.parametrize("wallet", ["x", "0-EUR", "1-eur", "-", "1-EURO", f"{10**30}-EUR"])
def test_made_up_wallet_shows_the_list(office: Office, visit: Visit, wallet: str) -> None:
    a_recharge(office, a_tenant(office), 5_000)
    test = visit("admin", wallet=wallet)
    assert not test.exception
    assert "1 wallet<" in words(test)


def test_files_hold_every_row_and_no_formula(office: Office) -> None:
    tenant = named(office, "=cmd()")
    a_recharge(office, tenant, 250_000, "+BG-7")
    overdrawn(office, tenant, 300_100)
    frame = wallet_history.frame(system("test"), the_wallet(office, tenant))
    assert frame["amount_minor"].to_list() == [-300_100, 250_000]
    assert frame["balance_after_minor"].to_list() == [-50_100, 250_000]
    assert "'+BG-7" in csv_text(frame)


def test_tenants_user_sees_the_own_wallet_and_nobody_who_moved_it(
    office: Office, visit_own: Visit
) -> None:
    own, other = named(office, "Fjord AB"), named(office, "Åsen AB")
    a_recharge(office, own, 250_000, "BG-7")
    a_recharge(office, other, 99_900, "BG-8")
    a_promotion(office, own, 20_000)
    for role in ("org_admin", "org_user"):
        test = visit_own(role, tenant_id=own.id)
        shown = words(test)
        assert not test.exception
        assert "EUR 2,700.00" in shown
        assert "BG-7" in shown
        assert "BG-8" not in shown
        assert "A user" not in shown
        assert "bank account" in shown
        recharges = {button.key for button in test.button}
        assert recharges == ({"recharge-EUR"} if role == "org_admin" else set())


def test_tenant_without_a_wallet_is_told_how_to_open_one(office: Office, visit_own: Visit) -> None:
    test = visit_own("org_admin", tenant_id=a_tenant(office).id)
    assert "Your wallet is empty" in words(test)


def test_several_wallets_are_chosen_by_currency(office: Office, visit_own: Visit) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 1_000)
    with office.work(an_admin(office)) as work:
        credit_wallet(work, tenant.id, 2_000, "SEK", reason=WHY)
    assert "SEK 20.00" in words(visit_own("org_user", tenant_id=tenant.id, currency="SEK"))
    assert "EUR 10.00" in words(visit_own("org_user", tenant_id=tenant.id))


def test_platform_staff_has_no_own_wallet(visit_own: Visit) -> None:
    assert visit_own("super_admin").exception


def test_cfo_is_refused_by_core_behind_the_page(office: Office, visit: Visit) -> None:
    tenant = named(office, "Fjord AB")
    a_recharge(office, tenant, 5_000)
    for here in ({}, {"wallet": address(tenant)}):
        test = visit("cfo", **here)
        assert test.exception
        assert "Fjord AB" not in words(test)


OWN = ["my-plan", "my-invoices", "my-wallet", "my-payment-method", "my-history"]
"""The pages of a tenant's people that belong to a feature."""


@pytest.mark.parametrize(
    ("feature", "gone"),
    [
        ("SAAS_WALLET", {"wallets", "my-wallet"}),
        ("SAAS_BILLING", {"plans", "meters", *(set(OWN) - {"my-wallet"})}),
    ],
)
def test_feature_that_is_off_takes_its_pages_away(feature: str, gone: set[str]) -> None:
    every = set(menu.addresses(Settings(_env_file=None)))
    assert every - set(menu.addresses(Settings(_env_file=None, **{feature: False}))) == gone


@pytest.mark.parametrize("role", ["org_user", "org_admin"])
def test_own_wallet_is_in_the_menu_of_tenants_users_alone(office: Office, role: str) -> None:
    own, nobody = a_user(office, role, tenant_id=a_tenant(office).id), a_user(office, role)
    shown = []
    for user in (own, nobody):
        with office.work(JOB) as work:
            token = open_session(work, user.id)
        seen = viewer(office, token)
        assert seen is not None
        shown.append([e.address for e in menu.entries(seen) if e.visibility == "visible"])
    channels = ["my-channels"] if role == "org_admin" else []
    assert shown == [[*OWN, "inbox", *channels], []]
