"""`saldo match`: the suggestions for bank transfers over files, without a database."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, table
from core.matching.batch import suggest_all
from core.matching.book import Book
from core.matching.files import history_of, invoices_of, transfers_of


@command
def match(
    transfers: Annotated[Path, typer.Option(dir_okay=False, help="Transfers that arrived.")],
    invoices: Annotated[Path, typer.Option(dir_okay=False, help="Invoices, open and closed.")],
    history: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Past assignments to learn from.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Which invoices bank transfers pay: up to five suggestions each, with reasons."""
    received = transfers_of(transfers)
    past = history_of(history) if history else []
    book = Book.of(invoices_of(invoices), past)
    found = suggest_all(book, received)
    results = [
        {
            "transfer_id": transfer.transfer_id,
            "suggestions": [
                {
                    "invoice_ids": list(each.invoice_ids),
                    "probability": str(each.probability),
                    "reasons": list(each.reasons),
                    "auto": each.auto,
                }
                for each in suggestions
            ],
        }
        for transfer, suggestions in zip(received, found, strict=True)
    ]
    answer({"results": results}, as_json, _show)


def _show(result: dict[str, Any]) -> None:
    rows = []
    for transfer in result["results"]:
        name = transfer["transfer_id"]
        for each in transfer["suggestions"]:
            auto = "auto" if each["auto"] else ""
            ids = ", ".join(each["invoice_ids"])
            rows.append([name, ids, each["probability"], auto, "; ".join(each["reasons"])])
            name = ""
        if not transfer["suggestions"]:
            rows.append([name, "none", "", "", ""])
    table(["transfer", "invoices", "probability", "", "why"], rows, right=(2,))
