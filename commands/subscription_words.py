"""How `saldo subscription …` answers: rows, one subscription, previews, for programs and people."""

from dataclasses import asdict
from typing import Any

from commands.output import console, table
from core.access.authority import system
from core.errors import NotFound
from core.money import units_text
from core.office import office
from core.subscriptions.detail import detail
from core.subscriptions.listing import SubscriptionRow
from core.subscriptions.models import Subscription, SubscriptionItem
from core.work import Work


def row_json(row: SubscriptionRow) -> dict[str, Any]:
    """A subscription as plain values."""
    return {**asdict(row), "mrr_minor": row.mrr_minor}


def after(done: Subscription | SubscriptionItem) -> dict[str, Any]:
    """The subscription as it stands after a write."""
    is_item = isinstance(done, SubscriptionItem)
    number = done.subscription_id if isinstance(done, SubscriptionItem) else done.id
    with office().work(system("saldo subscription")) as work:
        found = detail(work, number)
    item = {"item_id": done.id} if is_item else {}
    return {**row_json(found.row), **asdict(found.state), **item}


def check_item(work: Work, subscription_id: int, item_id: int) -> None:
    """Raise NotFound unless the item is one of the subscription."""
    item = work.session.get(SubscriptionItem, item_id)
    if item is None or item.subscription_id != subscription_id:
        raise NotFound(f"Subscription {subscription_id} has no item {item_id}")


def show_after(result: dict[str, Any]) -> None:
    """One line on how it stands."""
    console.print(
        f"Subscription {result['id']} of {result['tenant_name']}: {result['plan_name']}, "
        f"{_amount(result, 'total_minor')} {result['cycle']}, {result['status']}, "
        f"version {result['version']}",
    )


def show_rows(rows: list[dict[str, Any]]) -> None:
    """The list as a table."""
    titles = ["No.", "Tenant", "Plan", "Status", "Cycle", "Currency"]
    table(
        [*titles, "A cycle", "MRR", "Renews", "Open"],
        [
            [
                str(row["id"]),
                row["tenant_name"],
                row["plan"],
                row["status"],
                row["cycle"],
                row["currency"],
                *(units_text(row[name], row["currency"]) for name in ("total_minor", "mrr_minor")),
                str(row["renews_on"] or ""),
                units_text(row["open_minor"], row["currency"]),
            ]
            for row in rows
        ],
        right=(0, 6, 7, 9),
    )


def show_renewals(result: dict[str, Any]) -> None:
    """The totals of the window and its renewals."""
    table(
        ["Currency", "Renewals", "Expected", "Short of money", "Not coming"],
        [
            [
                total["currency"],
                str(total["renewals"]),
                units_text(total["coming_minor"], total["currency"]),
                str(total["short"]),
                units_text(total["short_minor"], total["currency"]),
            ]
            for total in result["totals"]
        ],
        right=(1, 2, 3, 4),
    )
    table(
        ["No.", "Tenant", "Plan", "Cycle", "Renews", "Expected", "Currency", "What will happen"],
        [
            [
                str(row["subscription_id"]),
                row["tenant_name"],
                row["plan_name"],
                row["cycle"],
                str(row["renews_on"]),
                units_text(row["expected_minor"], row["currency"]),
                row["currency"],
                row["words"],
            ]
            for row in result["renewals"]
        ],
        right=(0, 5),
    )


def show_detail(result: dict[str, Any]) -> None:
    """One subscription with what was done to it and its documents."""
    show_after(result)
    table(
        ["When", "Who", "What", "Plan", "A cycle", "Status", "Reason"],
        [
            [
                f"{row['created_at']:%Y-%m-%d %H:%M}",
                row["actor_name"] or row["actor_type"],
                row["kind"],
                row["plan_name"],
                units_text(row["amount_minor"], row["currency"]),
                row["status"],
                row["reason"],
            ]
            for row in result["history"]
        ],
        right=(4,),
    )
    table(
        ["Number", "Type", "Issued", "Status", "Total", "Open"],
        [
            [
                row["number"] or "draft",
                row["type"],
                str(row["issued_on"] or ""),
                row["status"],
                units_text(row["total_minor"], row["currency"]),
                units_text(row["open_minor"], row["currency"]),
            ]
            for row in result["documents"]
        ],
        right=(4, 5),
    )


def show_preview(result: dict[str, Any]) -> None:
    """What changes, the lines of the documents, and the postings."""
    before, now = result["before"] or {}, result["after"] or {}
    changed = [
        [name, str(before.get(name, "")), str(value)]
        for name, value in now.items()
        if before.get(name) != value
    ]
    table(["Subscription", "Before", "After"], changed)
    for document in [*result["invoices"], *result["credit_notes"]]:
        _show_document(document)
    rows = [
        [posting["event"], f"{entry['account']} {entry['name']}"]
        + [_side(entry, side) for side in ("debit_minor", "credit_minor")]
        for posting in result["postings"]
        for entry in posting["entries"]
    ]
    table(["Posting", "Account", "Debit", "Credit"], rows, right=(2, 3))


def _show_document(document: dict[str, Any]) -> None:
    amounts = ("net_minor", "tax_minor", "total_minor")
    currency = document["currency"]
    lines = [
        [line["description"], *(units_text(line[name], currency) for name in amounts)]
        for line in document["lines"]
    ]
    total = ["Total", *(units_text(document[name], currency) for name in amounts)]
    table([f"{document['type']}, {currency}", "Net", "Tax", "Total"], [*lines, total], (1, 2, 3))


def _side(entry: dict[str, Any], side: str) -> str:
    return f"{units_text(entry[side], entry['currency'])}" if entry[side] else ""


def _amount(result: dict[str, Any], name: str) -> str:
    return f"{units_text(result[name], result['currency'])} {result['currency']}"
