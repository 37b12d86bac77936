"""The page of imports: a file is mapped, checked and loaded; Stripe is begun and looked at."""

import pytest
from streamlit.testing.v1 import AppTest

from bench._stripe_company import a_company, put
from core.backfill.run import carry_out
from core.imports.mapping import remembered
from core.work import Office
from tests.builders import a_user, acting
from tests.core.backfill.bringing import history_at, seen
from tests.core.backfill.conftest import TODAY
from tests.pages.administering import Visit, confirm, events, press, visitor, words

TENANTS = b"Customer ID,Company,Country\nt1,Bjork AB,SE\nt2,Rhein GmbH,DE\n"
BROKEN = b"Customer ID,Company,Country\nt1,Bjork AB,Sweden\n,Rhein GmbH,DE\n"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page as a new person."""
    return visitor(office, monkeypatch, "admin/imports.py")


def upload(test: AppTest, data: bytes, name: str = "customers.csv") -> AppTest:
    return test.file_uploader(key="import-upload").set_value((name, data, "text/csv")).run()


def load_door(test: AppTest) -> str:
    return next(b.key for b in test.button if str(b.key).startswith("import-load-"))


def test_a_file_is_mapped_checked_loaded_and_its_mapping_remembered(
    visit: Visit, office: Office
) -> None:
    test = upload(visit("billing"), TENANTS)
    assert not test.exception
    told = words(test)
    assert "Tenant id" in told
    assert "Rhein GmbH" in told
    assert "2 rows of customers: 2 would be added" in told
    press(test, load_door(test))
    press(test, "confirm-do")
    assert "2 rows of customers: 2 added" in words(test)
    assert events(office, "import.csv")[0]["added"] == 2
    with office.work(acting(office, a_user(office, "billing"))) as work:
        kept = remembered(work, "tenants", ("Customer ID", "Company", "Country"))
    assert kept is not None
    assert kept.columns == {"tenant_id": "Customer ID", "name": "Company", "country": "Country"}
    again = upload(visit("billing"), TENANTS)
    assert "Read as the last file with these headings was" in words(again)
    assert "2 known already" in words(again)


def test_a_broken_file_shows_row_column_and_reason_and_does_not_load(visit: Visit) -> None:
    test = upload(visit("billing"), BROKEN)
    told = words(test)
    assert "2 problems; nothing loads before" in told
    assert "not an ISO 3166 country code" in told
    assert "this is empty" in told
    assert not [b for b in test.button if str(b.key).startswith("import-load-")]


def test_a_column_chosen_by_hand_is_read(visit: Visit) -> None:
    test = upload(visit("billing"), b"No,Land\nt9,SE\n")
    assert "No column chosen for: Tenant id" in words(test)
    chosen = next(box for box in test.selectbox if box.label == "Tenant id *")
    chosen.set_value("No").run()
    assert "1 rows of customers: 1 would be added" in words(test)


def test_a_file_that_is_no_text_is_refused(visit: Visit) -> None:
    assert "not UTF-8" in words(upload(visit("billing"), b"\xff\xfe\x00"))


def test_who_may_not_set_keys_sees_no_stripe(visit: Visit) -> None:
    assert "From Stripe" not in words(visit("billing"))


def test_the_import_from_stripe_is_begun_with_a_reason_and_shown(
    visit: Visit, office: Office
) -> None:
    test = visit("super_admin")
    assert not test.exception
    assert "Nothing came from Stripe yet" in words(test)
    press(test, "import-stripe-account")
    confirm(test)
    assert not test.exception
    (begun,) = events(office, "import.stripe.started")
    assert len(str(begun["reason"])) >= 10
    with office.engine.begin() as connection:
        put(connection, a_company(3, 2, TODAY))
    carry_out(office, seen(office).id, history_at(office.engine))
    told = words(visit("super_admin"))
    assert "objects of acct_simulator read" in told
    assert "Stripe says" in told


def test_a_stopped_import_says_why_and_goes_on(visit: Visit, office: Office) -> None:
    test = visit("super_admin")
    press(test, "import-stripe-account")
    confirm(test)
    with pytest.raises(Exception, match="Stripe is not connected"):
        carry_out(office, seen(office).id)
    test = visit("super_admin")
    assert "It stopped: Stripe is not connected" in words(test)
    assert next(b for b in test.button if b.key == "import-stripe-account").label == "Go on…"
