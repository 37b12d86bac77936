"""`saldo usage …`: files of events, limits, pages and the pure price."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core import settings as settings_module
from core.work import Office
from tests.billing import a_subscription, a_tenant, the_plans
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
NOW = "2026-11-20T12:00:00+01:00"
TIERS = {
    "model": "graduated",
    "currency": "EUR",
    "tiers": [{"up_to": 1000, "unit_minor": 0.5, "flat_minor": 100}, {"unit_minor": "0.25"}],
}


@pytest.fixture
def tenant(office: Office, monkeypatch: pytest.MonkeyPatch) -> int:
    """A tenant on starter; the commands' clock stands where the office's does."""
    monkeypatch.setattr("core.office.SystemClock", lambda: office.clock)
    found = a_tenant(office)
    a_subscription(office, found, the_plans(office)["starter"])
    return found.id


def lines_file(folder: Path, *rows: dict[str, object]) -> str:
    file = folder / "events.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return str(file)


def an_event(event_id: str, **more: object) -> dict[str, object]:
    return {"event_id": event_id, "meter": "max_shipments", "occurred_at": NOW, **more}


def priced(saldo: Saldo, folder: Path, pricing: object, quantity: str) -> Answer:
    file = folder / "tiers.json"
    file.write_text(pricing if isinstance(pricing, str) else json.dumps(pricing))
    return saldo("usage", "price", "--file", str(file), "--quantity", quantity, "--json")


def test_a_file_is_taken_once(saldo: Saldo, tenant: int, tmp_path: Path) -> None:
    events = [an_event(f"e{n}", quantity="2") for n in range(1_500)]
    file = lines_file(tmp_path, *events)
    first = saldo("usage", "ingest", file, "--tenant", str(tenant), "--json")
    assert first.json == {"events": 1_500, "accepted": 1_500, "duplicates": 0, "conflicts": []}
    file = lines_file(tmp_path, *events[:3], an_event("e3", quantity="5"), an_event("new"))
    again = saldo("usage", "ingest", file, "--tenant", str(tenant), "--json")
    assert again.json == {"events": 5, "accepted": 1, "duplicates": 3, "conflicts": ["e3"]}
    found = saldo("usage", "check", str(tenant), "max_shipments", "--json")
    assert found.json == {"allowed": False, "current": 3_001, "limit": 500, "remaining": 0}


def test_a_csv_file_with_empty_cells(saldo: Saldo, tenant: int, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "event_id,meter,quantity,subject,occurred_at\n"
        f"a,storage_gb,1.25,,{NOW}\nb,max_shipments,,x,{NOW}\n"
    )
    assert saldo("usage", "ingest", str(file), "--tenant", str(tenant), "--json").code == 0
    found = saldo("usage", "check", str(tenant), "storage_gb", "--json").json
    assert found == {"allowed": True, "current": "1.25", "limit": 5, "remaining": "3.75"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"event_id": "b"}', "line 2: meter is missing"),
        ("[1]", "line 2: is not an object"),
        ("{", "line 2 is not JSON"),
        (json.dumps(an_event("b", colour=1)), "line 2: unknown field 'colour'"),
        (json.dumps(an_event("b", occurred_at="soon")), "line 2: occurred_at"),
        (json.dumps(an_event("b", occurred_at="2026-11-20T12:00")), "event 1, occurred_at: has no"),
        (json.dumps(an_event("b", quantity="many")), "line 2: quantity is not a number"),
        (json.dumps(an_event("b", quantity=-1)), "event 1, quantity"),
        (json.dumps(an_event("b", meter="steps")), "event 1, meter"),
    ],
)
def test_a_broken_event_refuses_the_whole_file(
    saldo: Saldo, tenant: int, tmp_path: Path, row: str, words: str
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(an_event("a")) + "\n" + row + "\n")
    refused = saldo("usage", "ingest", str(file), "--tenant", str(tenant), "--json")
    assert refused.code == 1
    assert words in refused.json["error"]
    assert saldo("usage", "check", str(tenant), "max_shipments", "--json").json["current"] == 0


def test_a_row_of_another_width_is_refused(saldo: Saldo, tenant: int, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(f"event_id,meter,occurred_at\na,max_shipments,{NOW},3\n")
    refused = saldo("usage", "ingest", str(file), "--tenant", str(tenant))
    assert (refused.code, "line 2" in refused.err) == (1, True)


def test_the_page_prints_for_people_and_programs(saldo: Saldo, tenant: int, tmp_path: Path) -> None:
    file = lines_file(tmp_path, an_event("a", quantity=7))
    assert "1 accepted" in saldo("usage", "ingest", file, "--tenant", str(tenant)).out
    shown = saldo("usage", "show", str(tenant))
    assert "Starter, usage from 2026-11-20 to 2026-12-20" in shown.out
    page = saldo("usage", "show", str(tenant), "--json").json
    keys = documented("saldo usage show")
    assert set(page) | set(page["limits"][0]) | set(page["periods"][0]) <= keys
    assert page["periods"][0]["used"] == {"max_shipments": 7}
    assert "7 of 500 used, 493 left" in saldo("usage", "check", str(tenant), "max_shipments").out


def test_unknown_tenants_and_limits_are_refused(saldo: Saldo, tenant: int) -> None:
    assert saldo("usage", "check", str(tenant), "luck", "--json").json["code"] == "not_found"
    assert saldo("usage", "show", "999999", "--json").json["code"] == "not_found"


def test_a_price_needs_no_database(saldo: Saldo, tmp_path: Path) -> None:
    # 1,000 × 0.5 + 100 + 501 × 0.25 = 500 + 100 + 125.25
    answer = priced(saldo, tmp_path, TIERS, "1501").json
    assert answer["amount_minor"] == 725
    assert set(answer) | set(answer["lines"][0]) <= documented("saldo usage price")
    assert [(line["kind"], line["amount_minor"]) for line in answer["lines"]] == [
        ("units", 500),
        ("flat_fee", 100),
        ("units", 125),
    ]
    assert answer["lines"][2]["description"] == "Usage: 501 units above 1,000 at 0.0025 EUR"


def test_a_unit_cost_in_the_settings_stands_in(
    saldo: Saldo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert priced(saldo, tmp_path, {"model": "per_unit"}, "3").code == 1
    monkeypatch.setenv("BILLING_UNIT_COST", "2.5")
    settings_module.settings.cache_clear()
    answer = priced(saldo, tmp_path, {"model": "per_unit"}, "3").json
    assert (answer["amount_minor"], answer["lines"][0]["unit_minor"]) == (8, "2.5")


@pytest.mark.parametrize(
    ("pricing", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not an object"),
        ({"model": "magic", "tiers": [{"unit_minor": 1}]}, "No price model 'magic'"),
        ({"model": "graduated", "tiers": []}, "1 to 100 tiers"),
        ({"tiers": [{"up_to": 5, "unit_minor": 1}]}, "Tier 1 is the last and has no end"),
        ({"model": "volume", "tiers": [{"unit_minor": 1}, {"unit_minor": 2}]}, "Tier 1 ends above"),
        ({"tiers": [{"unit_minor": "-1"}]}, "not negative"),
        ({"tiers": [{"unit_minor": "NaN"}]}, "not negative"),
        ({"tiers": [{"unit_minor": "0.00000000001"}]}, "at most 10 decimals"),
        ({"tiers": [{"unit_minor": 1, "flat_minor": 0.5}]}, "whole number"),
        ({"tiers": [{"unit_minor": True}]}, "is not a number"),
        ({"tiers": [{"unit_minor": 1}], "package_size": 10}, "package size"),
        ({"model": "package", "tiers": [{"unit_minor": 1}], "package_size": 0}, "above zero"),
        ({"tiers": [{"unit_minor": 1}], "currency": "eur"}, "ISO 4217"),
        ({"tiers": [{"price": 1}]}, "unknown field 'price'"),
        ({"tiers": [{"unit_minor": 9_999_999_999}]}, "beyond what Saldo keeps"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(
    saldo: Saldo, tmp_path: Path, pricing: object, words: str
) -> None:
    refused = priced(saldo, tmp_path, pricing, "999999999")
    assert refused.code == 1
    assert words in refused.json["error"]


@pytest.mark.parametrize(("quantity", "code"), [("-1", 1), ("inf", 1), ("x", 2)])
def test_a_quantity_is_a_number_that_is_not_negative(
    saldo: Saldo, tmp_path: Path, quantity: str, code: int
) -> None:
    assert priced(saldo, tmp_path, TIERS, quantity).code == code
