"""`/sys/import`: a company's own data, from its Stripe account or from CSV files (IMP)."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi import Body as InBody

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import A_REASON, NO_NUL, Answer, Body, Day, Reason, example
from core.backfill import viewing
from core.backfill.actions import start_import
from core.errors import BadInput, NotFound
from core.imports.actions import import_csv
from core.imports.reading import Reading

router = APIRouter(prefix="/sys/import", tags=["Import"])
CsvBody = Annotated[
    bytes, InBody(media_type="text/csv", description="The file: UTF-8 with one header row.")
]
Kind = Annotated[str, Path(max_length=20, pattern=NO_NUL, description="tenants, invoices, …")]


class StartBody(Body):
    """Why, and the day before which dated objects are left out."""

    model_config = example({"reason": A_REASON, "since": None})

    reason: Reason
    since: Day | None = None


class CountedAnswer(Answer):
    """What became of the objects of a kind."""

    kind: str
    told: int
    loaded: int
    left_out: int
    refused: int
    waiting: int


class ComparedAnswer(Answer):
    """Stripe's sum of a kind and currency against that of our books."""

    kind: str
    currency: str
    told: int
    told_minor: int
    booked: int
    booked_minor: int
    difference_minor: int


class RefusedAnswer(Answer):
    """An object that is not in our books, and why."""

    kind: str
    external_id: str
    reason: str


class LeftOutAnswer(Answer):
    """How many objects our books do not need, by reason."""

    kind: str
    reason: str
    objects: int


class ImportAnswer(Answer):
    """An import: `state` is reading, loading or done; `problem` says what stopped it."""

    id: int
    account: str
    mode: str
    state: str
    since: date | None
    place: str
    read: int
    problem: str
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    counts: list[CountedAnswer]
    sums: list[ComparedAnswer]
    refused: list[RefusedAnswer]
    left_out: list[LeftOutAnswer]


class LoadedAnswer(Answer):
    """What a file brought, or would bring."""

    kind: str
    rows: int
    added: int
    updated: int
    unchanged: int
    dry_run: bool


@router.get("/stripe", summary="How the last import from Stripe stands", responses=refusals(404))
def stripe_import(at: TheOffice, actor: Caller) -> ImportAnswer:
    """Needs `payment_config.manage`."""
    with at.work(actor) as work:
        return ImportAnswer.model_validate(_found(viewing.latest_import(work)))


@router.post(
    "/stripe",
    status_code=202,
    summary="Import a company's past from Stripe",
    responses=refusals(400),
)
def start_stripe_import(
    at: TheOffice, actor: Caller, body: StartBody, key: Key = None
) -> ImportAnswer:
    """A worker carries it out, or goes on with the one that stopped.

    Needs `payment_config.manage`, a fresh sign-in and a reason.
    """
    with at.work(actor) as work:
        start_import(work, body.since, reason=body.reason, key=key)
    with at.work(actor) as work:
        return ImportAnswer.model_validate(_found(viewing.latest_import(work)))


@router.post("/csv/{kind}", summary="Import a CSV file", responses=refusals(400, 413))
def import_csv_file(
    at: TheOffice,
    actor: Caller,
    kind: Kind,
    data: CsvBody,
    dry_run: Annotated[bool, Query(description="Check only; nothing is written.")] = False,
    units: Annotated[bool, Query(description="Amounts are in units: 50.39.")] = False,
    date_format: Annotated[str | None, Query(max_length=20, pattern=NO_NUL)] = None,
    columns: Annotated[
        list[str] | None, Query(max_length=40, alias="map", description="field=Column")
    ] = None,
) -> LoadedAnswer:
    """Load a file wholly, or refuse it with every broken row. Needs `billing.write`."""
    reading = Reading(columns=_mapping(columns or []), date_format=date_format, units=units)
    loaded = import_csv(at, actor, kind, data, reading, dry_run=dry_run)
    return LoadedAnswer.model_validate(asdict(loaded))


def _found(state: viewing.ImportState | None) -> dict[str, Any]:
    if state is None:
        raise NotFound("Nothing was imported from Stripe yet")
    return viewing.as_plain(state)


def _mapping(pairs: list[str]) -> dict[str, str]:
    columns = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(columns) < len(pairs):
        raise BadInput("A mapping is field=Column, each field once")
    return columns
