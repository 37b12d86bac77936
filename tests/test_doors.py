"""Every write a person or a program may do is reached from the API and from the command line.

A door reaches an action when its source refers to the action, or to a function of Saldo that
carries the action out (`THROUGH`). What is not reached stands in a list with its reason.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from core.actions import REGISTRY
from core.settings import ROOT

for _module in pkgutil.walk_packages(core.__path__, "core."):
    importlib.import_module(_module.name)

Name = tuple[str, str]
"""A module of core and a name in it."""
THROUGH: dict[str, Name] = {
    "refund.requested": ("core.refunds.run", "execute"),
    "saas.wallet.refunded": ("core.refunds.run", "execute"),
    "import.csv": ("core.imports.actions", "import_csv"),
    "import.stripe.started": ("core.backfill.run", "import_stripe"),
    "bank.statement.imported": ("core.bank.files", "import_file"),
    "bank.statement.quarantined": ("core.bank.files", "import_file"),
    **dict.fromkeys(
        (
            "reconciliation.fee.posted",
            "reconciliation.difference.booked",
            "reconciliation.difference.ignored",
        ),
        ("core.reconciliation.actions", "decide_each"),
    ),
    "planning.rates.recorded": ("core.planning.run", "run_fx"),
    "recharge.opened": ("core.charging.checkout", "recharge"),
    "card.page_opened": ("core.charging.checkout", "leave_card"),
    "charge.attempt.started": ("core.charging.run", "charge_now"),
    "analytics.query.asked": ("etl.sandbox.asking", "ask"),
    "charge.own_attempt.started": ("core.charging.run", "charge_now"),
}
"""Actions that another function carries out for the doors."""
CARRIERS = ("core", "etl")
"""Packages whose functions doors use."""
NIGHTLY = "a step of a daily run, which is asked for as a job or with `saldo run`"
FILES = "costs and cash come in as files, with `saldo import csv`"
OWN = "a tenant's person has the pages and the API, but no command line"
SELF = "people do it themselves, on the page or with their session; the command line has none"
NEITHER = {
    "saas.subscription.renewed": NIGHTLY,
    "saas.subscription.trial_ended": NIGHTLY,
    "saas.subscription.ended": NIGHTLY,
    "saas.subscription.lapsed": NIGHTLY,
    "saas.subscription.resumed": NIGHTLY,
    "saas.usage.invoiced": NIGHTLY,
    "planning.costs.recorded": FILES,
    "planning.cash.recorded": FILES,
    "import.mapping.kept": "a page's wizard keeps it; a program names its columns with each file",
    "bank.mapping.saved": "a page's wizard keeps it; a program names its mapping with each file",
}
LACKING = {
    "api": {
        **NEITHER,
        "planning.rates.recorded": NIGHTLY,
    },
    "commands": {
        **NEITHER,
        "job.run_asked": "`saldo run` carries a job out at once",
        "books.refresh_asked": "`saldo run` and `saldo sync` do it at once",
        "access.totp.enrolled": SELF,
        "access.totp.removed": SELF,
        "access.password.changed": SELF,
        "access.sessions.ended": SELF,
        "notification.own_channel.set": OWN,
        "notification.own_test_asked": OWN,
        "notification.own_endpoint.added": OWN,
        "notification.own_endpoint.rotated": OWN,
        "notification.own_endpoint.removed": OWN,
        "notification.read": OWN,
        "recharge.opened": OWN,
        "card.page_opened": OWN,
        "card.chosen": OWN,
        "card.removed": OWN,
        "saas.subscription.own_renewal_set": OWN,
    },
}


def referred(source: str, module: str = "") -> Iterator[Name]:
    """The names of core and etl that a source uses, and its own if it is a module of them."""
    tree = ast.parse(source)
    brought = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.split(".")[0] in CARRIERS
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield brought.get(node.id, (module, node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            package, name = brought.get(node.value.id, ("", ""))
            yield f"{package}.{name}", node.attr


def used_by(door: str) -> set[Name]:
    """The names of core that the modules of a door use."""
    files: list[Path] = sorted((ROOT / door).rglob("*.py"))
    return {name for file in files for name in referred(file.read_text())}


def actions() -> dict[str, Name]:
    """The actions that are not the system's alone, by event."""
    return {
        event: (spec.function.__module__, spec.function.__name__)
        for event, spec in REGISTRY.items()
        if spec.needs is not None and spec.function.__module__.startswith("core.")
    }


@pytest.mark.parametrize("door", LACKING)
def test_every_write_is_reached_or_its_absence_has_a_reason(door: str) -> None:
    used = used_by(door)
    unreached = {
        event
        for event, name in actions().items()
        if name not in used and THROUGH.get(event) not in used
    }
    assert unreached == set(LACKING[door])
    assert all(LACKING[door].values())


@pytest.mark.parametrize("event", THROUGH)
def test_what_carries_an_action_out_refers_to_it(event: str) -> None:
    module, function = THROUGH[event]
    file = ROOT / (module.replace(".", "/") + ".py")
    tree = ast.parse(file.read_text())
    assert any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)
    assert actions()[event] in set(referred(file.read_text(), module))


def test_an_import_alone_is_no_door() -> None:
    brought = "from core.plans import actions as acts\nfrom core.tenants.actions import NewTenant\n"
    assert list(referred(brought)) == []
    used = set(referred(brought + "acts.create_plan(NewTenant)"))
    assert ("core.plans.actions", "create_plan") in used
    assert ("core.tenants.actions", "NewTenant") in used
