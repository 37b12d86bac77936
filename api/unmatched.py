"""`/sys/payments/unmatched`: stray bank transfers, what each may pay, and decisions (UNM.2–4)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.invoices import ReasonBody
from api.payments import Amount
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Currency,
    Day,
    Limit,
    Offset,
    Reason,
    RecordId,
    SomeId,
    Text,
    example,
)
from core.access.authority import Actor
from core.inbox import choosing, deciding, undoing
from core.inbox.learning import Learning, learning, recalibrate
from core.inbox.listing import (
    UnmatchedFilters,
    UnmatchedPage,
    UnmatchedRow,
    certain,
    found_unmatched,
    one_unmatched,
    unmatched,
)
from core.inbox.running import run_auto_assign
from core.inbox.several import MOST_AT_ONCE, Several, undo_several
from core.inbox.trial import LEAST, Trial, replay, try_auto_assign
from core.work import Office

UnmatchedStatus = Literal["open", "assigned", "ignored"]
Sort = Literal["certain", "age", "amount", "payer", "decided"]
Months = Annotated[int, Query(ge=1, le=24, description="How far back the past is played again.")]
Probability = Annotated[Decimal, Query(ge=LEAST, le=1, description="Below it nothing is posted.")]
MOST_SHARES = 500

router = APIRouter(prefix="/unmatched")


class ShareBody(Body):
    """An invoice, and how much of the transfer goes on it; all it is owed when left out."""

    invoice_id: SomeId
    amount_minor: Amount | None = None


class AssignTransferBody(Body):
    """The invoices that a transfer pays, of one tenant or several."""

    model_config = example({"invoices": [{"invoice_id": 7}], "reason": A_REASON}) | {
        "extra": "forbid"
    }

    invoices: Annotated[list[ShareBody], Field(min_length=1, max_length=MOST_SHARES)]
    reason: Reason


class UndoSeveralBody(Body):
    """Transfers whose decisions are taken back, each by itself."""

    model_config = example({"transfers": [3, 4], "reason": A_REASON}) | {"extra": "forbid"}

    transfers: Annotated[list[SomeId], Field(min_length=1, max_length=MOST_AT_ONCE)]
    reason: Reason


class NotTheirsBody(Body):
    """The tenant a transfer is not from."""

    model_config = example({"tenant_id": 42}) | {"extra": "forbid"}

    tenant_id: SomeId


class SwitchOnBody(Body):
    """The trial that was looked at, and why."""

    model_config = example({"trial_id": 1, "reason": A_REASON}) | {"extra": "forbid"}

    trial_id: SomeId
    reason: Reason


class TrialAnswer(Answer):
    """A trial as it is kept; `refusal` says why it does not allow switching on."""

    id: int
    ran_at: datetime
    least_probability: Decimal
    decided: int
    proposed: int
    agreed: int
    lower_bound: Decimal | None
    refusal: str


class AutoAssignAnswer(Answer):
    """Whether certain transfers are posted without a person, since when, and the last trial."""

    enabled: bool
    least_probability: Decimal
    changed_at: datetime | None
    changed_by: str | None
    trial: TrialAnswer | None


class CalibrationAnswer(Answer):
    """Pairs of score and share right, fitted on so many decisions."""

    id: int
    fitted_at: datetime
    decisions: int
    steps: list[list[float]]


class RunAnswer(Answer):
    """Payments by transfer, and how many transfers were left to a person."""

    enabled: bool
    assigned: dict[int, int]
    left: int


@router.get("", summary="List unmatched transfers", responses=refusals(400))
def list_unmatched(
    at: TheOffice,
    actor: Caller,
    search: Annotated[Text | None, Query(description="Payer, account, reference or text.")] = None,
    status: UnmatchedStatus | None = "open",
    currency: Annotated[Currency | None, Query()] = None,
    booked_from: Day | None = None,
    booked_until: Day | None = None,
    automatic: Annotated[
        bool | None, Query(description="True: of any status, posted without a person.")
    ] = None,
    sort: Sort = "certain",
    descending: bool = True,
    limit: Limit = 100,
    offset: Offset = 0,
) -> UnmatchedPage:
    """Each with up to five suggestions, their probability and reasons. Needs `billing.read`."""
    wanted = UnmatchedFilters(
        status=None if automatic else status,
        automatic=automatic,
        text=search,
        currency=currency,
        booked_from=booked_from,
        booked_until=booked_until,
    )
    with at.work(actor) as work:
        return unmatched(work, wanted, sort=sort, descending=descending, limit=limit, offset=offset)


@router.get("/certain", summary="Transfers that are certain", responses=refusals())
def list_certain(at: TheOffice, actor: Caller) -> list[UnmatchedRow]:
    """Open ones whose first suggestion may be posted without a person. Needs `billing.read`."""
    with at.work(actor) as work:
        return certain(work)


@router.get("/auto-assign", summary="Posting without a person", responses=refusals())
def auto_assign(at: TheOffice, actor: Caller) -> AutoAssignAnswer:
    """What holds now, and the newest trial. Needs `billing.read`."""
    with at.work(actor) as work:
        return AutoAssignAnswer.model_validate(choosing.standing(work))


@router.get("/auto-assign/replay", summary="Play the past again", responses=refusals(400))
def replay_auto_assign(
    at: TheOffice, actor: Caller, months: Months = 6, least_probability: Probability = LEAST
) -> Trial:
    """What would have been posted, against what people decided. Needs `billing.read`."""
    with at.work(actor) as work:
        return replay(work, months, least_probability)


@router.post("/auto-assign/trial", summary="Try it on the past", responses=refusals(400))
def try_it(
    at: TheOffice, actor: Caller, months: Months = 6, least_probability: Probability = LEAST
) -> AutoAssignAnswer:
    """Play the past again and keep the outcome. Needs `bank.import`."""
    with at.work(actor) as work:
        try_auto_assign(work, months, least_probability)
    return _standing(at, actor)


@router.post("/auto-assign/on", summary="Switch it on", responses=refusals(400, 404, 409))
def switch_on(at: TheOffice, actor: Caller, body: SwitchOnBody) -> AutoAssignAnswer:
    """After a good trial. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        choosing.switch_on(work, body.trial_id, reason=body.reason)
    return _standing(at, actor)


@router.post("/auto-assign/off", summary="Switch it off", responses=refusals(400))
def switch_off(at: TheOffice, actor: Caller, body: ReasonBody) -> AutoAssignAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        choosing.switch_off(work, reason=body.reason)
    return _standing(at, actor)


@router.post("/auto-assign/run", summary="Post the certain ones now", responses=refusals(400))
def run_now(at: TheOffice, actor: Caller) -> RunAnswer:
    """What the job does every few minutes; nothing while switched off. Needs `sys_finance`."""
    with at.work(actor) as work:
        work.require("sys_finance")
    return RunAnswer.model_validate(run_auto_assign(at))


@router.get(
    "/recalibrate", summary="What learning from past decisions would do", responses=refusals()
)
def what_would_be_learnt(at: TheOffice, actor: Caller) -> Learning:
    """How many decisions there are, and how far probabilities are off. Needs `billing.read`."""
    with at.work(actor) as work:
        return learning(work)


@router.post("/recalibrate", summary="Learn from past decisions", responses=refusals(400, 409))
def recalibrate_matching(at: TheOffice, actor: Caller, body: ReasonBody) -> CalibrationAnswer:
    """How often a score was right in the company's own decisions.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    with at.work(actor) as work:
        return CalibrationAnswer.model_validate(recalibrate(work, reason=body.reason))


@router.post("/undo", summary="Undo several", responses=refusals(400))
def undo_some(at: TheOffice, actor: Caller, body: UndoSeveralBody, key: Key = None) -> Several:
    """Take decisions back, each in a transaction of its own; says which were left and why.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    return undo_several(at, actor, body.transfers, reason=body.reason, key=key)


@router.get("/{unmatched_id}", summary="One transfer", responses=refusals(404))
def show_transfer(at: TheOffice, actor: Caller, unmatched_id: RecordId) -> UnmatchedRow:
    """With up to five suggestions while it is open. Needs `billing.read`."""
    with at.work(actor) as work:
        return one_unmatched(work, unmatched_id)


@router.post("/{unmatched_id}/assign", summary="Assign it", responses=refusals(400, 404, 409))
def assign(
    at: TheOffice, actor: Caller, unmatched_id: RecordId, body: AssignTransferBody, key: Key = None
) -> UnmatchedRow:
    """Post its payments on invoices, one for each tenant; the first one gets the rest as credit.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    shares = tuple(deciding.Share(each.invoice_id, each.amount_minor) for each in body.invoices)
    with at.work(actor) as work:
        deciding.assign_transfer(work, unmatched_id, shares, reason=body.reason, key=key)
    return _after(at, actor, unmatched_id)


@router.post("/{unmatched_id}/ignore", summary="Ignore it", responses=refusals(400, 404, 409))
def ignore(
    at: TheOffice, actor: Caller, unmatched_id: RecordId, body: ReasonBody, key: Key = None
) -> UnmatchedRow:
    """Park it; its money stays unapplied. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        deciding.ignore_transfer(work, unmatched_id, reason=body.reason, key=key)
    return _after(at, actor, unmatched_id)


@router.post("/{unmatched_id}/undo", summary="Undo it", responses=refusals(400, 404, 409))
def undo(
    at: TheOffice, actor: Caller, unmatched_id: RecordId, body: ReasonBody, key: Key = None
) -> UnmatchedRow:
    """Take a decision back: its invoices are owed again and it is open.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    with at.work(actor) as work:
        undoing.undo_decision(work, unmatched_id, reason=body.reason, key=key)
    return _after(at, actor, unmatched_id)


@router.post("/{unmatched_id}/not-theirs", summary="Decline a tenant", responses=refusals(404, 409))
def not_theirs(
    at: TheOffice, actor: Caller, unmatched_id: RecordId, body: NotTheirsBody
) -> UnmatchedRow:
    """The transfer is not this tenant's; it is suggested less. Needs `bank.import`."""
    with at.work(actor) as work:
        deciding.decline_suggestion(work, unmatched_id, body.tenant_id)
    return _after(at, actor, unmatched_id)


def _after(at: Office, actor: Actor, unmatched_id: int) -> UnmatchedRow:
    """The transfer after a decision; read in a work of its own, as the book wants."""
    with at.work(actor) as work:
        return found_unmatched(work, unmatched_id)


def _standing(at: Office, actor: Actor) -> AutoAssignAnswer:
    with at.work(actor) as work:
        return AutoAssignAnswer.model_validate(choosing.found_standing(work))
