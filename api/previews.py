"""`…/preview`: the invoices and postings of a change, exact to the cent, and nothing written."""

from typing import Annotated

from fastapi import APIRouter

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import RecordId, omittable
from api.subscription_changes import CHANGES, Change
from api.subscription_shapes import AssignBody, Changing, PreviewAnswer, RemoveItemBody
from core.rehearsal import rehearse

NEEDS = "Needs `sys_finance`; neither a fresh sign-in nor a reason."

router = APIRouter(responses=refusals(400, 404, 409))


@router.post("/preview", summary="Preview an assignment")
def preview_assign(at: TheOffice, actor: Caller, body: AssignBody) -> PreviewAnswer:
    """Needs `saas.subscriptions.manage`."""
    return PreviewAnswer.model_validate(rehearse(at, actor, lambda work: body.do(work, None)))


@router.post("/items/{item_id}/remove/preview", summary="Preview a removed item")
def preview_remove_item(
    at: TheOffice,
    actor: Caller,
    item_id: RecordId,
    body: Annotated[RemoveItemBody, omittable(RemoveItemBody)],
) -> PreviewAnswer:
    """Needs `sys_finance`; neither a fresh sign-in nor a reason."""
    return PreviewAnswer.model_validate(
        rehearse(at, actor, lambda work: body.do(work, item_id, None))
    )


def _offer(change: Change) -> None:
    def preview(
        at: TheOffice, actor: Caller, subscription_id: RecordId, body: Changing
    ) -> PreviewAnswer:
        seen = rehearse(
            at,
            actor,
            lambda work: body.do(work, subscription_id, None),
            subscription_id=subscription_id,
        )
        return PreviewAnswer.model_validate(seen)

    preview.__annotations__["body"] = change.taken
    router.add_api_route(
        f"/{{subscription_id}}/{change.path}/preview",
        preview,
        methods=["POST"],
        name=f"preview_{change.name}",
        summary=change.preview,
        description=NEEDS,
    )


for each in CHANGES:
    if each.preview:
        _offer(each)
