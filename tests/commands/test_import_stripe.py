"""`saldo import stripe` brings a company over, and shows how it stands; the keys are a contract."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bench._stripe_company import a_company, put
from core.work import Office
from tests.builders import a_user
from tests.commands.conftest import Answer

Saldo = Callable[..., Answer]


@pytest.fixture
def account(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A company at the simulator, which stands in for Stripe."""
    monkeypatch.setenv("SALDO_GATEWAY_SIMULATOR", "true")
    with office.engine.begin() as connection:
        put(connection, a_company(3, 3, datetime.now(UTC).date()))


@pytest.mark.usefixtures("account")
def test_a_company_comes_over_and_is_shown(saldo: Saldo) -> None:
    assert saldo("import", "stripe", "--show").code == 1
    done = saldo("import", "stripe", "--json")
    assert done.code == 0, done.err
    told = done.json
    assert set(told) == {
        *("id", "account", "mode", "state", "since", "place", "read", "problem", "started_at"),
        *("changed_at", "finished_at", "counts", "sums", "refused", "left_out"),
    }
    assert (told["state"], told["account"], told["refused"]) == ("done", "acct_simulator", [])
    assert {each["difference_minor"] for each in told["sums"]} == {0}
    shown = saldo("import", "stripe", "--show")
    assert "acct_simulator: done" in shown.out
    assert saldo("ledger", "check").code == 0


@pytest.mark.usefixtures("account")
def test_a_person_gives_a_reason_and_may_be_refused(saldo: Saldo, office: Office) -> None:
    admin, other = a_user(office, "super_admin").email, a_user(office, "billing").email
    assert "reason" in saldo("import", "stripe", "--as", admin).err
    asked = ("import", "stripe", "--reason", "Our own company, at last", "--json", "--as")
    assert saldo(*asked, other).code == 1
    assert saldo(*asked, admin).json["state"] == "done"


def test_without_keys_it_says_where_they_are_set(saldo: Saldo) -> None:
    done = saldo("import", "stripe")
    assert done.code == 1
    assert "Payment config" in done.err
