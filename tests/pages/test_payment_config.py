"""Payment config as a page: whose keys, set and removed in dialogs, tried, never shown (PAY.7)."""

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.gateways.models import GatewayCredentials
from core.work import Office
from tests.billing import JOB, a_tenant
from tests.pages.administering import Visit, confirm, events, press, visitor, words

SECRET = "sk_test_51Hnotarealkey4242"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/payment_config.py")


def stored(office: Office) -> list[tuple[str, int | None, str]]:
    with office.work(JOB) as work:
        rows = work.session.scalars(select(GatewayCredentials).order_by(GatewayCredentials.id))
        return [(row.provider, row.tenant_id, row.mode) for row in rows]


def given(test: AppTest, secret: str = SECRET, subject: str = "stripe-0") -> None:
    """Open the dialog of Stripe's keys and give the secret key."""
    press(test, f"set-keys-{subject}")
    test.text_input(key="keys-stripe-secret_key").set_value(secret).run()
    confirm(test)


def test_each_gateway_says_where_its_keys_come_from(office: Office, visit: Visit) -> None:
    shown = words(visit("super_admin"))
    assert shown.count("No keys: not connected") == 3
    for title in ("Stripe", "Paystack", "PayPal"):
        assert f"<h2>{title}</h2>" in shown


def test_addresses_to_give_to_the_gateway_can_be_copied(office: Office, visit: Visit) -> None:
    copied = [block.value for block in visit("super_admin").code]
    assert f"{office.settings.public_url.rstrip('/')}/my-billing/webhook/paystack" in copied


def test_keys_are_set_once_masked_and_audited_without_them(office: Office, visit: Visit) -> None:
    test = visit("super_admin")
    given(test)
    assert stored(office) == [("stripe", None, "test")]
    shown = words(test)
    assert "••••4242" in shown
    assert "The keys of Stripe for the company are kept" in shown
    assert SECRET not in str(test.session_state) + shown
    [told] = events(office, "gateway.keys.set")
    assert told["fields"] == ["secret_key"]
    assert SECRET not in str(told)


def test_fields_of_secrets_hide_what_is_typed(visit: Visit) -> None:
    test = visit("super_admin", do="set-keys:paypal-0")
    hidden = {field.label: field.proto.type for field in test.text_input}
    assert hidden["Secret"] == 1
    assert hidden["Client id"] == 0


def test_a_key_in_the_wrong_field_is_refused_and_the_dialog_stays(
    office: Office, visit: Visit
) -> None:
    test = visit("super_admin")
    given(test, "pk_test_publishable")
    assert "secret_key begins with sk_ or rk_" in words(test)
    assert "pk_test_publishable" not in words(test)
    assert stored(office) == []


def test_a_tenants_own_keys_stand_beside_the_companys(office: Office, visit: Visit) -> None:
    tenant = a_tenant(office)
    given(visit("super_admin"))
    own = visit("super_admin", tenant=str(tenant.id))
    assert "The company&#x27;s keys, kept here" in words(own)
    given(own, f"{SECRET}77", f"stripe-{tenant.id}")
    assert stored(office) == [("stripe", None, "test"), ("stripe", tenant.id, "test")]
    assert "The tenant&#x27;s own keys" in words(own)
    copied = [block.value for block in own.code]
    assert any(text.endswith(f"/my-billing/webhook/stripe/{tenant.id}") for text in copied)


def test_keys_are_removed_and_those_below_are_used_again(office: Office, visit: Visit) -> None:
    test = visit("super_admin")
    given(test)
    press(test, "remove-keys-stripe-0")
    confirm(test)
    assert stored(office) == []
    assert words(test).count("No keys: not connected") == 3


def test_keys_that_are_not_stored_here_have_no_button_to_remove_them(
    office: Office, visit: Visit
) -> None:
    given(visit("super_admin"))
    own = visit("super_admin", tenant=str(a_tenant(office).id))
    assert "remove-keys-stripe-0" not in [button.key for button in own.button]
    assert not [button for button in own.button if str(button.key).startswith("remove-keys")]


def test_the_connection_is_tried_and_the_refusal_shown(visit: Visit) -> None:
    test = visit("super_admin")
    press(test, "try-stripe-0")
    assert "Stripe is not connected" in words(test)


def test_a_good_connection_says_so(
    office: Office, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probed(*_given: object, **_more: object) -> str:
        return "Paystack answers in test mode"

    monkeypatch.setattr("core.gateways.configuring.try_connection", probed)
    test = visit("super_admin")
    press(test, "try-paystack-0")
    assert "Paystack answers in test mode" in words(test)


def test_secrets_are_sealed_anew(office: Office, visit: Visit) -> None:
    test = visit("super_admin")
    given(test)
    press(test, "reseal-all")
    confirm(test)
    assert "1 secret is sealed anew" in words(test)


def test_a_stale_sign_in_is_confirmed_before_anything_can_be_typed(visit: Visit) -> None:
    test = visit("super_admin", fresh=False, do="set-keys:stripe-0")
    assert "Confirm it is you" in words(test)
    assert not test.text_input


@pytest.mark.parametrize("role", ["admin", "sys_finance", "cfo"])
def test_others_are_refused_by_core_behind_the_page(visit: Visit, role: str) -> None:
    assert visit(role).exception


@pytest.mark.parametrize("subject", ["stripe", "stripe-x", "visa-0", f"stripe-{10**30}"])
def test_an_address_that_names_no_gateway_is_told_so(visit: Visit, subject: str) -> None:
    assert "There is no such gateway" in words(visit("super_admin", do=f"set-keys:{subject}"))


def test_an_unknown_tenant_is_told_so(visit: Visit) -> None:
    assert "There is no such tenant" in words(visit("super_admin", tenant="999"))
