"""`saldo usage create-meter` and `set-price`: written as a user, refused in words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.work import Office
from tests.billing import the_plans
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
ADMIN = ("--as", "admin@example.com", "--json")
ONBOARDING = ("--as", "onboarding@example.com", "--json")
PRICE = {
    "model": "graduated",
    "currency": "EUR",
    "tiers": [{"up_to": 1000, "unit_minor": 0.5, "flat_minor": 100}, {"unit_minor": "0.25"}],
}


@pytest.fixture(autouse=True)
def people(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An admin, somebody of onboarding, the catalogue; one clock for all."""
    monkeypatch.setattr("core.office.SystemClock", lambda: office.clock)
    a_user(office, "admin", email="admin@example.com")
    a_user(office, "onboarding", email="onboarding@example.com")
    the_plans(office)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A graduated price in EUR."""
    return written(tmp_path, PRICE)


def written(folder: Path, price: object) -> str:
    path = folder / "price.json"
    path.write_text(json.dumps(price))
    return str(path)


def test_a_meter_is_created_and_priced(saldo: Saldo, file: str) -> None:
    meter = ("usage", "create-meter", "labels", "--aggregation", "sum")
    made = [saldo(*meter, "--key", "meter-0001", *ADMIN) for _ in range(2)]
    assert made[0].code == 0, made[0].err
    assert made[0].json == made[1].json
    assert set(made[0].json) == documented("saldo usage create-meter")
    assert (made[0].json["name"], made[0].json["resets"]) == ("labels", "period")
    priced = saldo("usage", "set-price", "pro", "labels", "--file", file, *ADMIN)
    assert priced.code == 0, priced.err
    assert set(priced.json) == documented("saldo usage set-price") - {
        "up_to",
        "unit_minor",
        "flat_minor",
    }
    assert priced.json["tiers"] == [
        {"up_to": "1000", "unit_minor": "0.5", "flat_minor": 100},
        {"up_to": None, "unit_minor": "0.25", "flat_minor": 0},
    ]
    more = ("--currency", "SEK", "--from", "2027-01-01")
    later = saldo("usage", "set-price", "pro", "labels", "--file", file, *more, *ADMIN).json
    assert (later["currency"], later["version"], later["valid_from"]) == ("SEK", 1, "2027-01-01")
    words = saldo("usage", "create-meter", "seats", "--aggregation", "max", *ADMIN[:2]).out
    assert "seats" in words
    listed = saldo("usage", "prices", "pro", "--json").json
    assert listed["prices"] == [priced.json, later]
    assert set(listed) | set(priced.json) <= documented("saldo usage prices")
    assert "graduated" in saldo("usage", "prices", "pro").out
    meters = saldo("usage", "meters", "--json").json
    assert made[0].json in meters["meters"]
    assert set(meters) | set(made[0].json) == documented("saldo usage meters")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("create-meter", "Labels", "--aggregation", "sum"), "bad_input", "lowercase letters"),
        (("create-meter", "labels", "--aggregation", "median"), "bad_input", "no meter that is"),
        (("create-meter", "max_users", "--aggregation", "max"), "bad_input", "already a meter"),
        (("prices", "gold"), "not_found", "There is no plan gold"),
        (("set-price", "gold", "max_shipments"), "not_found", "There is no plan gold"),
        (("set-price", "pro", "no_such"), "not_found", "There is no meter 'no_such'"),
        (("set-price", "pro", "max_users"), "bad_input", "max_users is a level"),
        (("set-price", "pro", "max_shipments", "--from", "2026-01-01"), "bad_input", "the past"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    saldo: Saldo, file: str, arguments: tuple[str, ...], code: str, words: str
) -> None:
    more = {"set-price": ("--file", file, *ADMIN[:2]), "prices": ()}
    refused = saldo("usage", *arguments, *more.get(arguments[0], ADMIN[:2]), "--json")
    assert (refused.code, refused.json["code"]) == (1, code)
    assert words in refused.err


def test_a_price_names_its_currency(saldo: Saldo, tmp_path: Path) -> None:
    bare = written(tmp_path, {"tiers": [{"unit_minor": 5}]})
    refused = saldo("usage", "set-price", "pro", "max_shipments", "--file", bare, *ADMIN)
    assert (refused.code, refused.json["code"]) == (1, "bad_input")
    assert "Name the currency" in refused.err


def test_meters_and_prices_are_for_who_manages_plans(saldo: Saldo, file: str) -> None:
    for arguments in (
        ("create-meter", "labels", "--aggregation", "sum"),
        ("set-price", "pro", "max_shipments", "--file", file),
    ):
        refused = saldo("usage", *arguments, *ONBOARDING)
        assert (refused.code, refused.json["code"]) == (1, "not_allowed")
        assert "saas.plans.manage" in refused.err
