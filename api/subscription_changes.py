"""The changes of one subscription, as the API offers them: one table for routes and previews."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel

from api.shapes import Answer, omittable
from api.subscription_shapes import (
    AddItemBody,
    AutoRenewBody,
    CancelBody,
    ChangePlanBody,
    Changing,
    CollectionBody,
    ExtendTrialBody,
    ItemAnswer,
    PauseBody,
    ResumeBody,
    StatusBody,
    SubscriptionAnswer,
)

FRESH = "Needs `sys_finance`, a fresh sign-in and a reason."


@dataclass(frozen=True)
class Change:
    """A change: the end of its address, what carries it out, what it is called and needs.

    One without a name for its `preview` has none.
    """

    path: str
    body: type[Changing]
    name: str
    summary: str
    preview: str | None = None
    needs: str = FRESH
    answer: type[Answer] = SubscriptionAnswer
    status: int = 200

    @property
    def taken(self) -> Any:
        """The body as a route takes it: it may be left out when none of its fields is required."""
        shape = cast("type[BaseModel]", self.body)
        if any(field.is_required() for field in shape.model_fields.values()):
            return shape
        return Annotated[shape, omittable(shape)]


CHANGES = (
    Change(
        "change-plan", ChangePlanBody, "change_plan", "Change the plan", "Preview a change of plan"
    ),
    Change("pause", PauseBody, "pause", "Pause", "Preview a pause"),
    Change("resume", ResumeBody, "resume", "Resume today", "Preview the end of a pause"),
    Change("cancel", CancelBody, "cancel", "Cancel", "Preview a cancellation"),
    Change(
        "extend-trial",
        ExtendTrialBody,
        "extend_trial",
        "Extend a trial",
        "Preview a longer trial",
        needs=f"By 30 days at most in total. {FRESH}",
    ),
    Change(
        "auto-renew",
        AutoRenewBody,
        "auto_renew",
        "Switch renewing by itself",
        "Preview renewing by itself",
    ),
    Change(
        "collection",
        CollectionBody,
        "collection",
        "Choose how it is collected",
        needs="From the next invoice on. Needs `saas.subscriptions.manage`.",
    ),
    Change(
        "items",
        AddItemBody,
        "add_item",
        "Add an item",
        "Preview an added item",
        needs=f"Prorated for the rest of the period. {FRESH}",
        answer=ItemAnswer,
        status=201,
    ),
)
SET_STATUS = Change(
    "status",
    StatusBody,
    "set_status",
    "Set the status",
    needs="Needs `saas.subscriptions.manage`; `cancelled` what a cancellation needs.",
)
