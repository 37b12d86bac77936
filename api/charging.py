"""Cards charged by the run or at once; the own organisation's recharges and cards (PAY.3, 5, 6)."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from pydantic import Field, StringConstraints

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import NO_NUL, Answer, Body, Currency, RecordId, example
from core.charging import cards, checkout, queries, run
from core.money import LARGEST_MINOR
from core.notifications.own import own_tenant

Provider = Literal["stripe", "paystack", "paypal"]
Reference = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
AFTER = {"recharge": "/my-wallet", "card": "/my-payment-method"}
"""The page on which a person goes on after a gateway's page."""

router = APIRouter(tags=["Charging"])
invoice_router = APIRouter()
own_router = APIRouter(prefix="/my-billing", tags=["My billing"])


class ChargeRunBody(Body):
    """Whether to say only what would be charged."""

    model_config = example({"dry_run": True})

    dry_run: bool = False


class ChangeAnswer(Answer):
    """An invoice of the run: charged, declined, pending, left, or charge in a dry run."""

    invoice_id: int
    number: str
    tenant_id: int
    currency: str
    amount_minor: int
    outcome: str
    words: str


class ChargeRunAnswer(Answer):
    """Counts by outcome, and an entry for every due invoice."""

    as_of: date
    dry_run: bool
    counts: dict[str, int]
    changes: list[ChangeAnswer]


class AttemptAnswer(Answer):
    """An attempt to charge a card: pending, succeeded, failed or cancelled."""

    id: int
    invoice_id: int
    nth: int
    status: str
    currency: str
    amount_minor: int
    scheduled: bool
    failure_code: str | None
    hard: bool
    payment_id: int | None
    started_at: datetime
    settled_at: datetime | None


class CardAnswer(Answer):
    """A card kept at a gateway, as much of it as may be shown."""

    id: int
    provider: str
    brand: str
    last4: str
    expires_month: int | None
    expires_year: int | None
    is_default: bool


class OwnRechargeBody(Body):
    """How much to put into the wallet, and by which gateway."""

    model_config = example({"provider": "stripe", "amount_minor": 50_000, "currency": "EUR"})

    provider: Provider
    amount_minor: int = Field(strict=True, gt=0, le=LARGEST_MINOR, description="Minor units.")
    currency: Currency


class CardBody(Body):
    """The gateway at which a card is left."""

    provider: Literal["stripe"] = "stripe"


class PageAnswer(Answer):
    """A gateway's page: send the person to `url`; `status` is open, done, failed or expired."""

    reference: str
    purpose: str
    provider: str
    status: str
    currency: str
    amount_minor: int
    url: str | None
    problem: str | None


class PortalAnswer(Answer):
    """Where the person goes to keep cards."""

    url: str


@router.post(
    "/billing/auto-charge/run", summary="Run the auto-charge", responses=refusals(400, 409)
)
def auto_charge(at: TheOffice, actor: Caller, body: ChargeRunBody) -> ChargeRunAnswer:
    """Attempt every due invoice whose turn it is. Needs `billing.write`."""
    done = run.run_auto_charge(at, dry_run=body.dry_run, actor=actor)
    return ChargeRunAnswer.model_validate(done.as_json())


@invoice_router.post("/{invoice_id}/charge", summary="Charge now", responses=refusals(404, 409))
def charge(at: TheOffice, actor: Caller, invoice_id: RecordId, key: Key = None) -> AttemptAnswer:
    """Charge what is owed to the tenant's card, outside the schedule. Needs `billing.write`."""
    return AttemptAnswer.model_validate(run.charge_now(at, actor, invoice_id, key=key))


@invoice_router.get("/{invoice_id}/attempts", summary="Attempts to charge", responses=refusals(404))
def attempts(at: TheOffice, actor: Caller, invoice_id: RecordId) -> list[AttemptAnswer]:
    """The newest first. Needs `billing.read`, or `org.billing.read` of the own tenant."""
    with at.work(actor) as work:
        return [AttemptAnswer.model_validate(row) for row in queries.attempts_of(work, invoice_id)]


@own_router.post(
    "/recharge", status_code=201, summary="Recharge the wallet", responses=refusals(400, 409)
)
def recharge(at: TheOffice, actor: Caller, body: OwnRechargeBody, key: Key = None) -> PageAnswer:
    """Open the gateway's page to pay on. Needs `org.billing.manage`."""
    page = checkout.recharge(at, actor, body.provider, body.amount_minor, body.currency, key=key)
    return PageAnswer.model_validate(page)


@own_router.get("/recharge/{reference}", summary="A recharge", responses=refusals(404))
def one_recharge(at: TheOffice, actor: Caller, reference: Reference) -> PageAnswer:
    """What became of it by now; the gateway is asked. Needs `org.billing.read`."""
    return PageAnswer.model_validate(checkout.come_back(at, actor, reference))


@own_router.get("/callback/{reference}", summary="Back from a gateway's page", responses=refusals())
def callback(at: TheOffice, reference: Reference) -> RedirectResponse:
    """Take over what was done, then on to the page with the outcome; no sign-in, as none of it
    is shown here and a browser that comes from another site may not send its session.
    """
    purpose = checkout.came_back(at, reference) or "recharge"
    return RedirectResponse(f"{AFTER[purpose]}?came={reference}", 303)


@own_router.post("/card", status_code=201, summary="Leave a card", responses=refusals(400, 409))
def leave_card(at: TheOffice, actor: Caller, body: CardBody, key: Key = None) -> PageAnswer:
    """Open the gateway's page to leave a card on. Needs `org.billing.manage`."""
    return PageAnswer.model_validate(checkout.leave_card(at, actor, body.provider, key=key))


@own_router.post("/portal", summary="The gateway's page of cards", responses=refusals(409))
def portal(at: TheOffice, actor: Caller) -> PortalAnswer:
    """Needs `org.billing.manage`."""
    return PortalAnswer(url=checkout.card_portal(at, actor))


@own_router.get("/cards", summary="The own cards", responses=refusals())
def own_cards(at: TheOffice, actor: Caller) -> list[CardAnswer]:
    """The one that is charged first. Needs `org.billing.read`."""
    with at.work(actor) as work:
        return [CardAnswer.model_validate(row) for row in cards.cards_of(work, own_tenant(work))]


@own_router.post("/cards/{card_id}/choose", summary="Charge this card", responses=refusals(404))
def choose(at: TheOffice, actor: Caller, card_id: RecordId, key: Key = None) -> CardAnswer:
    """Needs `org.billing.manage`."""
    with at.work(actor) as work:
        return CardAnswer.model_validate(cards.choose_card(work, card_id, key=key))


@own_router.delete("/cards/{card_id}", summary="Charge a card no more", responses=refusals(404))
def remove(at: TheOffice, actor: Caller, card_id: RecordId, key: Key = None) -> CardAnswer:
    """Needs `org.billing.manage`."""
    with at.work(actor) as work:
        return CardAnswer.model_validate(cards.remove_card(work, card_id, key=key))


@own_router.post(
    "/invoices/{invoice_id}/pay", summary="Pay an own invoice now", responses=refusals(404, 409)
)
def pay(at: TheOffice, actor: Caller, invoice_id: RecordId, key: Key = None) -> AttemptAnswer:
    """By the own card. Needs `org.billing.manage`."""
    done = run.charge_now(at, actor, invoice_id, own=True, key=key)
    return AttemptAnswer.model_validate(done)
