"""`saldo invoice pdf` and `saldo credit-note pdf`: a kept document as a file (INV.4, REF.3)."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console
from core.access.authority import Actor, system
from core.documents.models import Document
from core.documents.records import CREDIT_NOTE, INVOICE
from core.documents.sources import source_named
from core.documents.storing import document_of
from core.errors import BadInput
from core.office import office

Which = Annotated[str, typer.Argument(metavar="ID|NUMBER", help="Its id or its number.")]
Out = Annotated[Path, typer.Option(metavar="FILE", help="Where the PDF is written.")]
User = Annotated[
    str | None, typer.Option("--as", metavar="EMAIL", help="The user whose rights decide.")
]


@command
def invoice_pdf(which: Which, out: Out, user: User = None, as_json: AsJson = False) -> None:
    """Write an invoice as PDF; the same bytes every time."""
    _write(INVOICE, which, out, user, as_json)


@command
def credit_note_pdf(which: Which, out: Out, user: User = None, as_json: AsJson = False) -> None:
    """Write a credit note as PDF; the same bytes every time."""
    _write(CREDIT_NOTE, which, out, user, as_json)


def _write(kind: str, which: str, out: Path, user: str | None, as_json: bool) -> None:
    if user is None:
        document = _document(system("command line"), kind, which)
    else:
        with acting_as(office(), user) as actor:
            document = _document(actor, kind, which)
    try:
        out.write_bytes(document.body)
    except OSError as problem:
        raise BadInput(f"{out} cannot be written: {problem.strerror}") from problem
    result = {
        "number": document.number,
        "sha256": document.sha256,
        "bytes": len(document.body),
        "standard": document.standard,
        "path": out,
        "warnings": document.warnings,
    }
    answer(result, as_json, _show)


def _document(actor: Actor, kind: str, which: str) -> Document:
    with office().work(actor) as work:
        return document_of(work, kind, source_named(work, kind, which))


def _show(result: dict[str, Any]) -> None:
    console.print(f"{result['number']}: {result['bytes']} bytes in {result['path']}")
    for warning in result["warnings"]:
        console.print(warning)
