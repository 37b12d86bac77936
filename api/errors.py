"""Every refusal as one shape, `{"error": words, "code": code}`, and each error's HTTP status."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core import errors
from core.errors import SaldoError
from core.gateways.port import CredentialsMissing, GatewayRefused, GatewayUnsure
from core.reconciliation.standing import NotPulled
from core.usage.ingesting import EventsRefused

STATUS: dict[type[SaldoError], int] = {
    SaldoError: 400,
    errors.SignInNeeded: 401,
    errors.NotAllowed: 403,
    errors.FreshAuthNeeded: 403,
    errors.NotFound: 404,
    errors.NotNow: 409,
    errors.ChangedMeanwhile: 409,
    errors.KeyReused: 409,
    errors.InsufficientBalance: 409,
    errors.DatabaseUnavailable: 503,
    errors.SchemaBehind: 503,
    CredentialsMissing: 503,
    NotPulled: 503,
    GatewayUnsure: 503,
    GatewayRefused: 409,
}
"""Status of an error and of those below it; what is not listed is a 400."""
SIGN_IN = {"www-authenticate": "Bearer"}
RETRY = {"retry-after": "5"}
MOST_PROBLEMS = 20
WORDS = {
    404: ("There is nothing at this address", "not_found"),
    405: ("This address does not take this method", "method_not_allowed"),
    413: ("The body is too large", "too_large"),
    429: ("This caller asks too often; wait as Retry-After says", "too_many_requests"),
    500: ("Something went wrong here; it was written to the log", "internal_error"),
}
MEANINGS = {
    400: "The request was understood and refused",
    401: "No live session and no live API key",
    403: "The permission, or a fresh sign-in, is missing",
    404: "There is no such record",
    409: "The record's state, version or balance does not allow it, or the key was used before",
    413: WORDS[413][0],
    422: "The request does not have the shape described here",
    429: "The caller asks too often",
    503: "The database or the gateway does not answer, or has no keys",
}


class Problem(BaseModel):
    """One place of a request that is wrong."""

    field: str = Field(examples=["body.amount_minor"])
    reason: str = Field(examples=["Input should be greater than 0"])
    index: int | None = Field(default=None, description="Place in a batch, from 0.")


class Refusal(BaseModel):
    """Why nothing was done; the words are for people, the code for programs."""

    error: str = Field(examples=["There is no subscription 12"])
    code: str = Field(examples=["not_found"])
    problems: list[Problem] | None = None


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for its description; every route has those of the door itself."""
    every = sorted({*statuses, 401, 403, 422, 429, 503})
    return {status: {"model": Refusal, "description": MEANINGS[status]} for status in every}


def refused(status: int, words: str, code: str, problems: Sequence[Any] = ()) -> JSONResponse:
    """The answer of a refusal."""
    body: dict[str, Any] = {"error": words, "code": code}
    if problems:
        body["problems"] = list(problems)
    headers = {401: SIGN_IN, 503: RETRY}.get(status)
    return JSONResponse(body, status, headers)


def known_refusal(status: int) -> JSONResponse:
    """The answer of the door itself, in the words of WORDS."""
    words, code = WORDS.get(status, ("The request was refused", "refused"))
    return refused(status, words, code)


def too_often(wait: int) -> JSONResponse:
    """The answer to a caller that asks too often; `wait` is in seconds."""
    answer = known_refusal(429)
    answer.headers["retry-after"] = str(wait)
    return answer


def status_of(problem: SaldoError) -> int:
    """The HTTP status of an error of core."""
    return next(STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS)


def install(app: FastAPI) -> None:
    """Let an application answer every error in this shape."""
    app.exception_handler(SaldoError)(_of_core)
    app.exception_handler(RequestValidationError)(_of_shape)
    app.exception_handler(HTTPException)(_of_door)


async def _of_core(_request: Request, problem: SaldoError) -> JSONResponse:
    places = [asdict(p) for p in problem.problems] if isinstance(problem, EventsRefused) else []
    return refused(status_of(problem), str(problem), problem.code, places)


async def _of_shape(_request: Request, problem: RequestValidationError) -> JSONResponse:
    found = problem.errors()[:MOST_PROBLEMS]
    places = [
        {"field": ".".join(str(part) for part in each["loc"]), "reason": each["msg"]}
        for each in found
    ]
    words = "; ".join(f"{place['field']}: {place['reason']}" for place in places)
    return refused(422, f"The request was refused: {words}", "bad_request", places)


async def _of_door(_request: Request, problem: HTTPException) -> JSONResponse:
    if problem.status_code == 400:
        return refused(422, "The request was refused: its body cannot be read", "bad_request")
    answer = known_refusal(problem.status_code)
    answer.headers.update(problem.headers or {})
    return answer
