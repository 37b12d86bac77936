"""`…/preview`: the invoices and postings of a change, exact to the cent, and nothing written."""

from fastapi import APIRouter

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import RecordId
from api.subscription_shapes import (
    AddItemBody,
    AssignBody,
    AutoRenewBody,
    CancelBody,
    ChangePlanBody,
    ExtendTrialBody,
    PauseBody,
    PreviewAnswer,
    Previewed,
    RemoveItemBody,
    ResumeBody,
)
from core.access.authority import Actor
from core.rehearsal import rehearse
from core.work import Office

router = APIRouter(responses=refusals(400, 404, 409))


@router.post("/preview", summary="Preview an assignment")
def preview_assign(at: TheOffice, actor: Caller, body: AssignBody) -> PreviewAnswer:
    """Needs `saas.subscriptions.manage`."""
    return PreviewAnswer.model_validate(rehearse(at, actor, lambda work: body.do(work, None)))


@router.post("/{subscription_id}/change-plan/preview", summary="Preview a change of plan")
def preview_change_plan(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: ChangePlanBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/pause/preview", summary="Preview a pause")
def preview_pause(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: PauseBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/resume/preview", summary="Preview the end of a pause")
def preview_resume(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: ResumeBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/cancel/preview", summary="Preview a cancellation")
def preview_cancel(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: CancelBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/extend-trial/preview", summary="Preview a longer trial")
def preview_extend_trial(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: ExtendTrialBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/auto-renew/preview", summary="Preview renewing by itself")
def preview_auto_renew(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: AutoRenewBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/{subscription_id}/items/preview", summary="Preview an added item")
def preview_add_item(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: AddItemBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return _preview(at, actor, subscription_id, body)


@router.post("/items/{item_id}/remove/preview", summary="Preview a removed item")
def preview_remove_item(
    at: TheOffice, actor: Caller, item_id: RecordId, body: RemoveItemBody
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return PreviewAnswer.model_validate(
        rehearse(at, actor, lambda work: body.do(work, item_id, None))
    )


def _preview(at: Office, actor: Actor, subscription_id: int, body: Previewed) -> PreviewAnswer:
    seen = rehearse(
        at,
        actor,
        lambda work: body.do(work, subscription_id, None),
        subscription_id=subscription_id,
    )
    return PreviewAnswer.model_validate(seen)
