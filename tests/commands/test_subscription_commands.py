"""`saldo subscription …` and `saldo plan list`: previews, writes, refusals, documented keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import SetClock
from core.plans.models import Plan
from core.work import Office
from tests.billing import WHY, a_charge, a_subscription, a_tenant, the_invoices, the_plans
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
FINANCE, ONBOARDING = "finance@example.com", "onboarding@example.com"
PREVIEW = ("--as", FINANCE, "--json")
WRITE = ("--reason", WHY, *PREVIEW)


@pytest.fixture
def plans(office: Office) -> dict[str, Plan]:
    """The default catalogue, with somebody of finance and of onboarding."""
    a_user(office, "sys_finance", email=FINANCE)
    a_user(office, "onboarding", email=ONBOARDING)
    return the_plans(office)


@pytest.fixture
def number(office: Office, plans: dict[str, Plan]) -> str:
    """A subscription to Starter of today."""
    return str(a_subscription(office, a_tenant(office, "SE", "SEK"), plans["starter"]).id)


def keys_of(value: object) -> set[str]:
    """All keys within a document, but those of limits and statuses."""
    if isinstance(value, list):
        return {key for inner in value for key in keys_of(inner)}
    if isinstance(value, dict):
        inner = [part for name, part in value.items() if name not in ("limits", "by_status")]
        return set(value) | {key for part in inner for key in keys_of(part)}
    return set()


def test_plans_and_subscriptions_are_listed_and_shown(saldo: Saldo, number: str) -> None:
    plans = saldo("plan", "list", "--active", "--json").json
    assert [plan["slug"] for plan in plans["plans"]][:2] == ["free", "starter"]
    starter = plans["plans"][1]
    price = next(p for p in starter["prices"] if (p["cycle"], p["currency"]) == ("monthly", "SEK"))
    assert (price["amount_minor"], starter["subscribers"]) == (31_900, 1)
    assert keys_of(plans) <= documented("saldo plan list")
    listed = saldo("subscription", "list", "--plan", "starter", "--sort", "mrr", "--json").json
    assert (listed["count"], listed["by_status"]) == (1, {"active": 1})
    assert keys_of(listed) <= documented("saldo subscription list")
    for country, count in (("SE", 1), ("DE", 0)):
        found = saldo("subscription", "list", "--country", country, "--json").json
        assert (found["count"], len(found["subscriptions"])) == (count, count)
    shown = saldo("subscription", "show", number, "--json").json
    assert (shown["mrr_minor"], shown["open_minor"]) == (31_900, 39_875)
    assert keys_of(shown) <= documented("saldo subscription show")
    assert "Rheinfeld" in saldo("subscription", "list").out
    assert "SAAS-INV-2026-00001" in saldo("subscription", "show", number).out
    assert "Starter" in saldo("plan", "list").out


def test_a_change_by_seconds_costs_what_its_preview_said(
    saldo: Saldo, office: Office, clock: SetClock, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.subscription_acts.office", lambda: office)
    a_charge(office, the_invoices(office)[0])
    clock.advance(timedelta(days=7, seconds=11))
    options = ("change-plan", number, "--plan", "pro", "--policy", "elapsed_time")
    preview = saldo("subscription", "preview", *options, *PREVIEW).json
    clock.advance(timedelta(minutes=59))
    at = ("--at", preview["at"])
    saldo("subscription", *options, *at, *WRITE)
    assert the_invoices(office)[1].total_minor == preview["invoices"][0]["total_minor"]
    clock.advance(timedelta(minutes=2))
    late = saldo("subscription", "preview", *options, *at, *PREVIEW)
    assert (late.code, late.json["code"]) == (1, "bad_input")
    assert saldo("subscription", *options, "--at", "2026-11-20T10:00", *WRITE).code == 2


def test_preview_writes_nothing_and_shows_what_the_write_does(saldo: Saldo, number: str) -> None:
    options = ("change-plan", number, "--plan", "pro")
    preview = saldo("subscription", "preview", *options, *PREVIEW)
    assert preview.code == 0, preview.err
    (invoice,) = preview.json["invoices"]
    assert invoice["total_minor"] == invoice["net_minor"] * 5 // 4
    debit = [e["debit_minor"] for p in preview.json["postings"] for e in p["entries"]]
    assert sum(debit) == invoice["total_minor"]
    assert keys_of(preview.json) <= documented("saldo subscription preview assign")
    assert set(preview.json) == documented("saldo subscription preview change-plan")
    words = saldo("subscription", "preview", *options, "--as", FINANCE).out
    assert "Accounts receivable" in words
    shown = saldo("subscription", "show", number, "--json").json
    assert (shown["plan"], len(shown["documents"])) == ("starter", 1)
    written = saldo("subscription", *options, *WRITE).json
    assert written["plan"] == "pro"
    shown = saldo("subscription", "show", number, "--json").json
    assert shown["documents"][0]["total_minor"] == invoice["total_minor"]
    assert set(written) == documented("saldo subscription change-plan")


def test_every_write_has_its_preview_and_the_documented_keys(
    saldo: Saldo, number: str, office: Office, plans: dict[str, Plan]
) -> None:
    trial = str(a_subscription(office, a_tenant(office), plans["pro"], trial_days=14).id)
    for name, options, kind in (
        ("add-item", (number, "--name", "Seats", "--unit-minor", "500", "--quantity", "3"), None),
        ("remove-item", (number, "--item", "{item}"), None),
        ("pause", (number, "--until", "2099-12-01"), "paused"),
        ("resume", (number,), "active"),
        ("extend-trial", (trial, "--days", "5"), "trial"),
        ("auto-renew", (number, "--off"), "active"),
        ("cancel", (number, "--code", "other", "--mode", "now", "--credit-unused"), "cancelled"),
    ):
        shown = saldo("subscription", "show", number, "--json").json
        items = [str(item["id"]) for item in shown["items"]]
        given = [part.format(item=items[0] if items else "") for part in options]
        preview = saldo("subscription", "preview", name, *given, *PREVIEW)
        assert preview.code == 0, preview.err
        assert set(preview.json) == documented(f"saldo subscription preview {name}")
        done = saldo("subscription", name, *given, *WRITE)
        assert done.code == 0, done.err
        assert set(done.json) <= documented(f"saldo subscription {name}")
        assert kind in (None, done.json["status"])
    assert saldo("ledger", "check").code == 0


def test_a_status_moves_along_the_table_of_allowed_moves(saldo: Saldo, number: str) -> None:
    options, who = ("set-status", number, "suspended"), ("--as", ONBOARDING, "--json")
    preview = saldo("subscription", "preview", *options, *who)
    assert preview.code == 0, preview.err
    assert preview.json["after"]["status"] == "suspended"
    assert set(preview.json) == documented("saldo subscription preview set-status")
    assert saldo("subscription", "show", number, "--json").json["status"] == "active"
    done = saldo("subscription", *options, "--reason", WHY, *who)
    assert done.code == 0, done.err
    assert set(done.json) <= documented("saldo subscription set-status")
    shown = saldo("subscription", "show", number, "--json").json
    assert (shown["status"], shown["history"][0]["reason"]) == ("suspended", WHY)
    for status, code, words in (
        ("asleep", "bad_input", "There is no status 'asleep'"),
        ("cancelled", "not_now", "Becoming cancelled is an action of its own"),
    ):
        refused = saldo("subscription", "set-status", number, status, "--reason", WHY, *who)
        assert (refused.code, refused.json["code"]) == (1, code)
        assert words in refused.err
    for given, code in (
        (("--reason", "short", *who), "reason_needed"),
        (WRITE, "not_allowed"),
        (("--version", "1", "--reason", WHY, *who), "changed_meanwhile"),
    ):
        refused = saldo("subscription", "set-status", number, "active", *given)
        assert (refused.code, refused.json["code"]) == (1, code)


def test_the_collection_needs_no_reason_but_keeps_one(saldo: Saldo, number: str) -> None:
    who = ("--as", ONBOARDING, "--json")
    options = ("set-collection", number, "wallet")
    preview = saldo("subscription", "preview", *options, *who)
    assert preview.code == 0, preview.err
    assert preview.json["after"]["collection"] == "wallet"
    assert set(preview.json) == documented("saldo subscription preview set-collection")
    done = saldo("subscription", *options, *who)
    assert (done.code, done.json["collection"]) == (0, "wallet"), done.err
    assert set(done.json) <= documented("saldo subscription set-collection")
    again = saldo("subscription", "set-collection", number, "send_invoice", "--reason", WHY, *who)
    assert again.json["collection"] == "send_invoice"
    wrong = saldo("subscription", "set-collection", number, "cash", *who)
    assert (wrong.code, wrong.json["code"]) == (1, "bad_input")
    refused = saldo("subscription", *options, *PREVIEW)
    assert (refused.code, refused.json["code"]) == (1, "not_allowed")
    gone = saldo("subscription", "set-collection", "999", "wallet", *who)
    assert (gone.code, gone.json["code"]) == (1, "not_found")


def test_renewals_are_listed_with_their_totals(
    saldo: Saldo,
    number: str,
    office: Office,
    plans: dict[str, Plan],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.office.SystemClock", lambda: office.clock)
    tenant = a_tenant(office)
    short = a_subscription(office, tenant, plans["growth"], trial_days=9, collection="wallet")
    found = saldo("subscription", "renewals", "--days", "400", "--json")
    assert found.code == 0, found.err
    assert keys_of(found.json) <= documented("saldo subscription renewals")
    outcomes = {row["subscription_id"]: row["outcome"] for row in found.json["renewals"]}
    assert outcomes == {int(number): "renews", short.id: "short"}
    totals = {total["currency"]: total for total in found.json["totals"]}
    # 319.00 SEK and a quarter of it as tax come; 79.00 EUR lack in the wallet.
    assert (totals["SEK"]["coming_minor"], totals["EUR"]["short_minor"]) == (39_875, 7_900)
    coming = saldo("subscription", "renewals", "--days", "400", "--outcome", "coming", "--json")
    assert (coming.json["count"], coming.json["totals"]) == (1, found.json["totals"])
    own = ("--days", "400", "--tenant", str(short.tenant_id))
    assert saldo("subscription", "renewals", *own, "--json").json["count"] == 1
    words = saldo("subscription", "renewals", "--days", "400").out
    assert "Wallet short by 79.00 EUR" in words
    wrong = saldo("subscription", "renewals", "--outcome", "perhaps", "--json")
    assert (wrong.code, wrong.json["code"]) == (1, "bad_input")
    assert saldo("subscription", "renewals", "--days", "401").code == 2


def test_onboarding_assigns_once_for_a_key(
    saldo: Saldo, office: Office, plans: dict[str, Plan]
) -> None:
    tenant = str(a_tenant(office).id)
    options = ("assign", tenant, "--plan", "growth", "--trial-days", "14")
    who = ("--as", ONBOARDING, "--json")
    assert saldo("subscription", "preview", *options, *who).json["after"]["status"] == "trial"
    ids = {
        saldo("subscription", *options, "--key", "assign-0001", *who).json["id"] for _ in range(2)
    }
    assert len(ids) == 1
    refused = saldo("subscription", *options, *who)
    assert (refused.code, refused.json["code"]) == (1, "not_now")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--version", "99", *WRITE), "changed_meanwhile"),
        (("--reason", "short", *PREVIEW), "reason_needed"),
        (("--reason", WHY, "--as", ONBOARDING, "--json"), "not_allowed"),
        (("--reason", WHY, "--as", "nobody@example.com", "--json"), "not_found"),
    ],
)
def test_refusals_are_said_in_words(
    saldo: Saldo, number: str, more: tuple[str, ...], code: str
) -> None:
    answer = saldo("subscription", "auto-renew", number, "--off", *more)
    assert (answer.code, answer.json["code"]) == (1, code)
    assert answer.json["error"]


def test_records_that_are_not_there_and_wrong_usage(saldo: Saldo, number: str) -> None:
    for arguments in (
        ("show", "999"),
        ("preview", "change-plan", number, "--plan", "gold", "--as", FINANCE),
        ("preview", "remove-item", number, "--item", "99", "--as", FINANCE),
    ):
        answer = saldo("subscription", *arguments, "--json")
        assert (answer.code, answer.json["code"]) == (1, "not_found")
    assert saldo("subscription", "list", "--sort", "colour", "--json").json["code"] == "bad_input"
    assert saldo("subscription", "pause", number, "--as", FINANCE).code == 2
    assert saldo("subscription", "pause", number, "--until", "x", *WRITE).code == 2


def test_tenants_are_listed_with_their_plans(saldo: Saldo, office: Office) -> None:
    tenant = a_tenant(office)
    found = saldo("tenant", "list", "--search", tenant.name, "--json").json
    assert set(found) | set(found["tenants"][0]) == documented("saldo tenant list")
    assert [row["id"] for row in found["tenants"]] == [tenant.id]
    assert tenant.name in saldo("tenant", "list").out
    assert saldo("tenant", "list", "--state", "lost").code == 1
