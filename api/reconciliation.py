"""`/sys/billing/reconciliation`: gateways against the books, and decisions about it (REC)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.invoices import ReasonBody
from api.reports import CSV, From, To, csv_lines
from api.shapes import A_REASON, Answer, Body, Name, Reason, RecordId, SomeId, example
from core.money import LARGEST_MINOR
from core.reconciliation.actions import (
    MOST_AT_ONCE,
    Outcome,
    Sight,
    decide_each,
    heed_difference,
)
from core.reconciliation.viewing import (
    FILE_COLUMNS,
    Reconciliation,
    as_lines,
    reconciliation,
)

Source = Literal["stripe", "paystack", "paypal", "bankgirot"]
Provider = Annotated[Source | None, Query(description="One provider; all when left out.")]

router = APIRouter()


class SightBody(Body):
    """A difference as it was seen: what tells it, and what the gateway had more."""

    provider: Source
    tenant_id: SomeId | None = None
    kind: Name
    reference: Name
    difference_minor: Annotated[int, Field(strict=True, ge=-LARGEST_MINOR, le=LARGEST_MINOR)]


class DecideBody(Body):
    """What is decided about some differences, and why."""

    model_config = example(
        {
            "decision": "fee_posted",
            "differences": [
                {
                    "provider": "stripe",
                    "kind": "charge",
                    "reference": "ch_1",
                    "difference_minor": -25,
                }
            ],
            "reason": A_REASON,
        }
    ) | {"extra": "forbid"}

    decision: Literal["fee_posted", "difference_booked", "ignored"]
    differences: Annotated[list[SightBody], Field(min_length=1, max_length=MOST_AT_ONCE)]
    reason: Reason


class DecisionAnswer(Answer):
    """A decision as it is kept."""

    id: int
    provider: str
    tenant_id: int | None
    kind: str
    reference: str
    difference: str
    currency: str
    amount_minor: int
    decision: str
    reason: str
    decided_at: datetime
    undone_at: datetime | None


@router.get("/reconciliation", summary="Gateways against the books", responses=refusals(400))
def read_reconciliation(
    at: TheOffice, actor: Caller, since: From, until: To, provider: Provider = None
) -> Reconciliation:
    """Totals by provider and currency, each difference, payouts three ways, and the history.

    What a gateway without credentials has is left out and its state says so; asking for that
    gateway alone is answered with 503. Needs `analytics.read`.
    """
    return reconciliation(at, actor, since, until, provider)


@router.get("/reconciliation.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def reconciliation_csv(
    at: TheOffice, actor: Caller, since: From, until: To, provider: Provider = None
) -> Response:
    """Providers, totals, differences, payouts, clearing accounts, then days.
    Needs `analytics.read`.
    """
    lines = as_lines(reconciliation(at, actor, since, until, provider))
    return csv_lines("reconciliation", lines, FILE_COLUMNS)


@router.post(
    "/reconciliation/decisions", summary="Decide differences", responses=refusals(400, 409)
)
def decide(at: TheOffice, actor: Caller, body: DecideBody) -> list[Outcome]:
    """Post the fee, book the difference, or leave it; each for itself, a refused one says why.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    sights = [Sight(**each.model_dump()) for each in body.differences]
    return decide_each(at, actor, body.decision, sights, reason=body.reason)


@router.post(
    "/reconciliation/decisions/{decision_id}/undo",
    summary="Take an ignored one up again",
    responses=refusals(400, 404, 409),
)
def undo_ignored(
    at: TheOffice, actor: Caller, decision_id: RecordId, body: ReasonBody, key: Key = None
) -> DecisionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        return DecisionAnswer.model_validate(
            heed_difference(work, decision_id, reason=body.reason, key=key)
        )
