"""`/v1/me/…`: one's own sign-in, for whoever has a session (ACC.2)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, SecretStr

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, RecordId, example
from core.access import own
from core.access.proof import LONGEST_PASSWORD

router = APIRouter(prefix="/v1/me", tags=["Own sign-in"])


class OwnSessionAnswer(Answer):
    """An open session; `here` is true of the one that asks."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip_address: str | None
    here: bool


class OwnSignInAnswer(Answer):
    """How the caller signs in; `password` is false for one whom the provider lets in."""

    name: str
    email: str
    password: bool
    totp: bool
    sessions: list[OwnSessionAnswer]


class OfferAnswer(Answer):
    """A secret to show once, as text and as the address in a QR code; the ticket turns it on."""

    secret: str
    address: str
    ticket: str
    expires_at: datetime


class EnrolBody(Body):
    """The ticket of an offer, and the code the app shows for its secret."""

    model_config = example({"ticket": "k1.bm9uY2U=.c2VhbGVk", "code": "123456"})

    ticket: Annotated[str, Field(min_length=1, max_length=500)]
    code: Annotated[str, Field(min_length=1, max_length=10)]


class PasswordBody(Body):
    """The new password."""

    model_config = example({"password": "a long new password"})

    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD)]


@router.get("", summary="The own sign-in", responses=refusals())
def own_sign_in(at: TheOffice, actor: Caller) -> OwnSignInAnswer:
    """With the open sessions, the last used first. For a person; a key has no sign-in."""
    with at.work(actor) as work:
        return OwnSignInAnswer.model_validate(own.own_sign_in(work))


@router.post("/totp/offer", summary="A secret for one-time codes", responses=refusals(409))
def offer_totp(at: TheOffice, actor: Caller) -> OfferAnswer:
    """It counts for nothing before a first right code. For a person."""
    with at.work(actor) as work:
        return OfferAnswer.model_validate(own.offer_totp(work))


@router.post("/totp", summary="Turn one-time codes on", responses=refusals(400, 409))
def enrol_totp(at: TheOffice, actor: Caller, body: EnrolBody) -> OwnSignInAnswer:
    """The code is used up with it. For a person freshly signed in."""
    with at.work(actor) as work:
        return OwnSignInAnswer.model_validate(own.enrol_totp(work, body.ticket, body.code))


@router.post("/totp/remove", summary="Turn one-time codes off", responses=refusals(409))
def remove_totp(at: TheOffice, actor: Caller) -> OwnSignInAnswer:
    """For a person freshly signed in."""
    with at.work(actor) as work:
        return OwnSignInAnswer.model_validate(own.remove_totp(work))


@router.post("/password", summary="Change the own password", responses=refusals(400, 409))
def change_password(at: TheOffice, actor: Caller, body: PasswordBody) -> OwnSignInAnswer:
    """Every other session of the person ends. For a person freshly signed in."""
    with at.work(actor) as work:
        done = own.change_password(work, body.password.get_secret_value())
        return OwnSignInAnswer.model_validate(done)


@router.post("/sessions/end", summary="End all other sessions", responses=refusals())
def end_others(at: TheOffice, actor: Caller) -> OwnSignInAnswer:
    """For a person freshly signed in."""
    with at.work(actor) as work:
        return OwnSignInAnswer.model_validate(own.end_sessions(work))


@router.post(
    "/sessions/{session_id}/end", summary="End one other session", responses=refusals(404, 409)
)
def end_session(at: TheOffice, actor: Caller, session_id: RecordId) -> OwnSignInAnswer:
    """For a person freshly signed in."""
    with at.work(actor) as work:
        return OwnSignInAnswer.model_validate(own.end_sessions(work, session_id))
