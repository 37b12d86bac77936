"""What exists is documented, and what is documented exists."""

import importlib
import pkgutil
import re

import pytest
import typer

import cli
import core
from core.access.permissions import PERMISSIONS, ROLES
from core.actions import REGISTRY
from core.imports.kinds import KINDS
from core.ledger.chart import CHART
from core.ledger.postings import POSTINGS
from core.settings import ROOT, Settings

DOCS = ROOT / "docs"
for _module in pkgutil.walk_packages(core.__path__, "core."):
    importlib.import_module(_module.name)


def page(name: str) -> str:
    return (DOCS / name).read_text()


def commands() -> set[str]:
    def walk(group: object, path: str) -> set[str]:
        found = set()
        for name, command in group.commands.items():
            inner = f"{path} {name}"
            found |= walk(command, inner) if hasattr(command, "commands") else {inner}
        return found

    return walk(typer.main.get_command(cli.app), "saldo")


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert set(re.findall(r"^### (saldo .+)$", page("commands.md"), re.M)) == commands()


def test_every_setting_stands_in_the_settings_with_its_words() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .+? \| (.+) \|$", page("settings.md"), re.M))
    assert rows == {field.alias: field.description for field in Settings.model_fields.values()}


def test_the_permission_table_in_the_docs_is_what_a_new_database_starts_with() -> None:
    text = page("permissions.md")
    rows = {
        role: re.findall(r"`([\w.]+)`", granted)
        for role, granted in re.findall(r"^\| `(\w+)` \| (none|`.+`) \|$", text, re.M)
    }
    assert {role: rows.get(role) for role in ROLES} == {
        role: list(granted) for role, (_, granted) in ROLES.items()
    }
    for name, words in PERMISSIONS.items():
        assert f"| `{name}` | {words} |" in text


def test_every_action_stands_in_the_docs_with_what_it_needs() -> None:
    def yes(value: bool) -> str:
        return "yes" if value else "no"

    expected = {
        f"| `{name}` | {f'`{spec.needs}`' if spec.needs else '–'} | {yes(spec.fresh)} "
        f"| {yes(spec.reason)} | {yes(spec.system)} |"
        for name, spec in REGISTRY.items()
        if spec.function.__module__.startswith("core.")
    }
    listed = {line for line in page("permissions.md").splitlines() if line.count("|") == 6}
    assert {line for line in listed if line.startswith("| `")} == expected


def test_the_posting_table_lists_every_event_and_names_its_accounts() -> None:
    text = page("decisions/0007-posting-table.md")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.M)) == set(POSTINGS)


def test_the_posting_table_names_the_accounts_that_the_code_uses() -> None:
    text = page("decisions/0007-posting-table.md").lower()
    names = {
        "receivable": "receivable",
        "customer_credit": "customer credit",
        "bank": "bank",
        "unapplied_receipts": "unapplied receipts",
        "deferred_revenue": "deferred revenue",
        "tax_payable": "output tax",
        "bad_debt": "bad debts",
        "gateway_fees": "gateway fees",
        "disputes_receivable": "disputed payments",
        "dispute_fees": "dispute fees",
        "opening_balance": "opening balance",
        "refunds_given": "refunds and credit notes",
    }
    assert set(names) <= {place.slug for place in CHART}
    for words in names.values():
        assert words in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_kind_of_file_is_documented(kind: str) -> None:
    (row,) = re.findall(rf"^\| {kind} \| (.+) \|$", page("commands.md"), re.M)
    required, _, optional = row.partition("(")
    assert set(re.findall(r"`(\w+)`", required)) == {f.name for f in KINDS[kind] if f.required}
    assert set(re.findall(r"`(\w+)`", optional)) == {f.name for f in KINDS[kind] if not f.required}


def test_every_decision_record_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
