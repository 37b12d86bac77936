"""`saldo unmatched …` keeps its contract."""

from collections.abc import Callable

from core.inbox.deciding import auto_assign_transfer
from core.office import office
from tests.billing import JOB, WHY, an_invoice
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.inbox import named_tenant, waiting

Saldo = Callable[..., Answer]


def test_transfers_are_listed_assigned_undone_and_parked(saldo: Saldo) -> None:
    at = office()
    a_user(at, "sys_finance", email="finance@example.com")
    tenant = named_tenant(at, "Nordwind Logistik GmbH")
    one, two = (an_invoice(at, tenant, 10_000) for _ in range(2))
    number = waiting(at, 15_000, "NORDWIND LOGISTIK", text=f"{one.number}")
    who = ("--reason", WHY, "--as", "finance@example.com", "--json")
    listed = saldo("unmatched", "list", "--json").json
    assert set(listed) == documented("saldo unmatched list")
    assert (listed["count"], listed["transfers"][0]["id"]) == (1, number)
    shown = saldo("unmatched", "suggest", str(number), "--json").json
    assert set(shown) <= documented("saldo unmatched suggest")
    assert shown["proposals"][0]["invoices"][0]["number"] == one.number
    words = saldo("unmatched", "suggest", str(number)).out
    assert f"1. Nordwind Logistik GmbH {one.number}" in words
    assigned = saldo(
        "unmatched", "assign", str(number),
        "--invoice", f"{one.number}", "--invoice", f"{two.id}:2000", *who,
    ).json  # fmt: skip
    assert assigned["invoice_numbers"] == [one.number, two.number]
    again = saldo("unmatched", "ignore", str(number), *who)
    assert again.code == 1
    assert "already decided" in again.err
    undone = saldo("unmatched", "undo", str(number), *who).json
    assert (undone["status"], undone["invoice_numbers"]) == ("open", [])
    declined = saldo(
        "unmatched", "not-theirs", str(number), "--tenant", str(tenant.id),
        "--as", "finance@example.com", "--json",
    ).json  # fmt: skip
    assert declined["status"] == "open"
    parked = saldo("unmatched", "ignore", str(number), *who).json
    assert (parked["status"], parked["reason"]) == ("ignored", WHY)
    assert saldo("unmatched", "list", "--status", "all").out.count("NORDWIND") == 1
    for wrong in ("N-1", f"{one.id}:x"):
        refused = saldo("unmatched", "assign", str(number), "--invoice", wrong, *who)
        assert refused.code in (1, 2)
    assert saldo("ledger", "check").code == 0


def test_what_was_posted_without_a_person_is_listed_and_undone_together(saldo: Saldo) -> None:
    at = office()
    a_user(at, "sys_finance", email="finance@example.com")
    numbers = []
    for n in range(2):
        invoice = an_invoice(at, named_tenant(at, f"Tenant {n} GmbH"), 10_000)
        numbers.append(waiting(at, 10_000, bank_ref=f"W{n}"))
        with at.work(JOB) as work:
            auto_assign_transfer(work, numbers[n], (invoice.id,))
    listed = saldo("unmatched", "list", "--automatic", "--json").json
    assert sorted(row["id"] for row in listed["transfers"]) == numbers
    assert "posted automatically" in saldo("unmatched", "list", "--automatic").out
    who = ("--reason", WHY, "--as", "finance@example.com")
    several = saldo("unmatched", "undo", *map(str, numbers), "99", *who, "--json").json
    assert several["done"] == numbers
    assert "no unmatched transfer 99" in several["left"]["99"]
    assert saldo("unmatched", "list", "--automatic", "--json").json["count"] == 0
    again = saldo("unmatched", "undo", *map(str, numbers), *who).out
    assert f"Transfer {numbers[0]} was left: The transfer is open already" in again


def test_posting_without_a_person_is_tried_and_refused_without_a_past(saldo: Saldo) -> None:
    a_user(office(), "sys_finance", email="finance@example.com")
    user = ("--as", "finance@example.com")
    tried = saldo("unmatched", "auto", "try", "--months", "3", *user, "--json").json
    assert set(tried) == documented("saldo unmatched auto try")
    assert (tried["decided"], tried["precision"]) == (0, None)
    trial = str(tried["trial_id"])
    refused = saldo("unmatched", "auto", "on", "--trial", trial, "--reason", WHY, *user)
    assert refused.code == 1
    assert "20 are needed" in refused.err
    off = saldo("unmatched", "auto", "off", "--reason", WHY, *user, "--json").json
    assert set(off) == documented("saldo unmatched auto show") - {
        "id", "ran_at", "decided", "proposed", "agreed", "lower_bound", "refusal",
    }  # fmt: skip
    assert off["enabled"] is False
    assert saldo("unmatched", "auto", "show").out.startswith("Off since")
    for least in ("x", "nan"):
        refused = saldo("unmatched", "auto", "try", "--least", least, *user)
        assert (refused.code, refused.err) == (1, f"'{least}' is not a probability\n")
    ran = saldo("run", "auto-assign", "--json").json
    assert ran == {"counts": {}}
