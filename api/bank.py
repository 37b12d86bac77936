"""`POST /sys/bank/files`: a bank's file as it is, read and imported (UNM.1)."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import NO_NUL, Answer
from core.bank.files import import_file

router = APIRouter(tags=["Bank"])
FilesBody = Annotated[
    bytes,
    Body(media_type="application/octet-stream", description="The file: camt, MT940, BgMax or CSV."),
]


class AsideAnswer(Answer):
    """A statement that does not foot; the difference is in minor units, null when unknown."""

    account: str
    statement_ref: str
    difference_minor: int | None
    problem: str


class FileAnswer(Answer):
    """Transfers new and known before, payments, rows for the inbox, statements set aside."""

    imported: int
    already_known: int
    matched: int
    unmatched: int
    quarantined: int
    set_aside: list[AsideAnswer]


@router.post("/sys/bank/files", response_model=FileAnswer, responses=refusals(400, 413))
def import_bank_file(
    at: TheOffice,
    actor: Caller,
    data: FilesBody,
    name: Annotated[str, Query(max_length=200, pattern=NO_NUL, description="Its name.")] = "",
) -> dict[str, Any]:
    """Import what is new in a file of up to 30 MiB; the same file again adds nothing."""
    return asdict(import_file(at, actor, data, name=name))
