"""Who gets which pages, and what a page says when there is nothing to show."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.access.permissions import ROLES
from core.access.sessions import Viewer
from pages.parts import menu

Run = Callable[..., AppTest]
Person = Callable[..., Viewer]
REVENUE = ["revenue", "cohorts", "churn", "deferred", "platform-fees", "close"]
RECEIVABLES = [
    "ageing",
    "cash-forecast",
    "dunning",
    "invoices",
    "payments",
    "unmatched",
    "reconciliation",
    "disputes",
    "credit-notes",
]
WITH_FILES = [
    "ageing",
    "cash-forecast",
    "dunning",
    "invoices",
    "payments",
    "bank-files",
    "unmatched",
    "disputes",
    "credit-notes",
]
FINANCE = [
    *WITH_FILES[:3],
    "ladder",
    *WITH_FILES[3:7],
    "reconciliation",
    *WITH_FILES[7:],
]
SUBSCRIPTIONS = ("subscriptions", "renewals", "tenants", "tenant", "usage")


def words(test: AppTest) -> str:
    """All HTML of the page in one text."""
    return " ".join(str(block.proto.body) for block in test.get("html"))


@pytest.mark.parametrize(
    ("role", "addresses"),
    [
        ("cfo", [*REVENUE, *RECEIVABLES, *SUBSCRIPTIONS]),
        ("analyst", [*REVENUE, "sql", "reconciliation"]),
        ("billing", [*WITH_FILES, *SUBSCRIPTIONS, "import"]),
        (
            "super_admin",
            [
                *REVENUE,
                "sql",
                *FINANCE,
                *SUBSCRIPTIONS,
                "meters",
                "plans",
                "wallets",
                "channels",
                "users",
                "api-keys",
                "payment-config",
                "import",
                "gateway-events",
                "jobs",
                "audit",
            ],
        ),
        ("sys_finance", [*REVENUE, *FINANCE, *SUBSCRIPTIONS]),
        ("operator", []),
        ("org_admin", []),
    ],
)
def test_menu_follows_the_permissions(person: Person, role: str, addresses: list[str]) -> None:
    seen = person(role)
    shown = [entry for entry in menu.entries(seen) if entry.visibility == "visible"]
    assert [entry.address for entry in shown] == addresses


@pytest.mark.parametrize("role", ROLES)
def test_everybody_lands_on_a_page_they_may_open(person: Person, role: str) -> None:
    seen = person(role)
    allowed = [each.address for each in menu.entries(seen) if each.visibility == "visible"]
    assert (menu.landing(seen) in allowed) == bool(allowed)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reaches_their_own_sign_in(app: Run, person: Person, role: str) -> None:
    seen = person(role)
    assert "my-sign-in" in [entry.address for entry in menu.entries(seen)]


def test_cfo_lands_on_the_dashboard(app: Run, person: Person) -> None:
    test = app(person("cfo"))
    assert not test.exception
    assert "<h1>Revenue</h1>" in words(test)
    assert "Adds up to the cent" in words(test)
    assert "<span>CFO</span>" in words(test)
    assert "Figures as of" in words(test)


def test_ended_session_shows_the_way_back(app: Run) -> None:
    test = app(None)
    assert "Your session has ended" in words(test)
    assert 'href="/login?ended=1"' in words(test)


def test_person_without_pages_is_welcomed(app: Run, person: Person) -> None:
    shown = words(app(person("operator")))
    assert "none of its roles opens a page" in shown
    assert 'href="/my-sign-in"' in shown


def test_no_copy_yet_is_a_state_of_its_own(app: Run, person: Person) -> None:
    test = app(person("cfo"), copy=False)
    assert not test.exception
    assert "There are no figures yet" in words(test)
