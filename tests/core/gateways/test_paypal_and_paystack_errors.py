"""What a failed call means, the same for every provider that is spoken to over HTTP (PAY.3)."""

from collections.abc import Callable

import httpx
import pytest

from core.gateways.paypal import PayPalGateway
from core.gateways.paystack import PaystackGateway
from core.gateways.port import CredentialsMissing, Gateway, GatewayRefused, GatewayUnsure
from core.gateways.simulator.faults import ConnectionLost

KEY = "a-secret-of-the-company"
Handler = Callable[[httpx.Request], httpx.Response]
Make = Callable[[Handler], Gateway]


def paystack(handler: Handler) -> Gateway:
    return PaystackGateway(KEY, transport=httpx.MockTransport(handler))


def paypal(handler: Handler) -> Gateway:
    return PayPalGateway("client", KEY, transport=httpx.MockTransport(handler))


def always(status: int, **body: object) -> Handler:
    return lambda request: httpx.Response(status, request=request, **body)  # type: ignore[arg-type]


both = pytest.mark.parametrize("make", [paystack, paypal])


@both
@pytest.mark.parametrize(
    "problem",
    [
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("down"),
        httpx.RemoteProtocolError("cut"),
        ConnectionLost(),
    ],
)
def test_a_lost_connection_is_unsure(make: Make, problem: Exception) -> None:
    def lose(_request: httpx.Request) -> httpx.Response:
        raise problem

    with pytest.raises(GatewayUnsure, match="lost"):
        make(lose).probe()


@both
@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 302])
def test_no_clear_answer_is_unsure(make: Make, status: int) -> None:
    with pytest.raises(GatewayUnsure, match="clearly"):
        make(always(status, json={"message": "Busy"})).probe()


@both
@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize("raw", [b"<html>", b"", b"\xff\xfe", b"[1]", b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_unsure(make: Make, status: int, raw: bytes) -> None:
    with pytest.raises(GatewayUnsure):
        make(always(status, content=raw)).probe()


@both
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("raw", [b'{"message": "Invalid key"}', b"Forbidden"])
def test_refused_credentials_are_missing_ones(make: Make, status: int, raw: bytes) -> None:
    with pytest.raises(CredentialsMissing, match="does not accept"):
        make(always(status, content=raw)).probe()


@both
@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_clear_no_is_a_refusal_in_the_words_of_the_provider(make: Make, status: int) -> None:
    with pytest.raises(GatewayRefused, match="Not like this"):
        make(always(status, json={"message": "Not like this"})).probe()


@both
@pytest.mark.parametrize("status", [200, 401, 422, 500])
def test_a_secret_that_is_sent_back_is_not_repeated(make: Make, status: int) -> None:
    words = {"message": f"{KEY} is wrong" + "!" * 1_000, "status": KEY, "access_token": KEY}
    with pytest.raises((CredentialsMissing, GatewayRefused, GatewayUnsure)) as said:
        make(always(status, json=words)).probe()
    assert KEY not in str(said.value)
    assert len(str(said.value)) < 400


@both
@pytest.mark.parametrize(
    "body",
    [
        {"status": True, "data": [{"currency": 7}], "access_token": 7, "expires_in": 1},
        {"status": True, "data": "none", "access_token": "A21", "expires_in": "soon"},
        {"status": True, "data": {}, "access_token": "A21", "expires_in": True},
        {"status": True},
    ],
)
def test_an_answer_of_another_shape_is_unsure(make: Make, body: dict[str, object]) -> None:
    with pytest.raises(GatewayUnsure, match="unexpected shape"):
        make(always(200, json=body)).probe()


@both
def test_every_call_has_an_end(make: Make) -> None:
    asked: list[httpx.Request] = []

    def remember(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    with pytest.raises(GatewayUnsure):
        make(remember).probe()
    assert all(value and value <= 30 for value in asked[0].extensions["timeout"].values())


@both
def test_a_redirect_is_not_followed(make: Make) -> None:
    asked: list[str] = []

    def turn(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.example/"})

    with pytest.raises(GatewayUnsure):
        make(turn).probe()
    assert "elsewhere.example" not in asked
