"""A sign-in provider that answers anything: somebody is signed in, or it is refused in words."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import oidc
from core.access.models import User
from core.access.oidc import AnswerRefused, ProviderUnavailable
from core.clock import SetClock
from core.errors import BadSignIn, NotFound, NotNow
from core.work import Office
from tests.billing import JOB
from tests.builders import a_user
from tests.fuzz import odd
from tests.fuzz.depth import tried
from tests.oidc import FakeProvider, fake_provider, visit

REFUSALS = (AnswerRefused, BadSignIn, NotFound, NotNow, ProviderUnavailable)
NAMES = {
    "document": (
        "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
        "token_endpoint_auth_methods_supported",
    ),
    "token": ("id_token", "access_token", "token_type", "expires_in", "expires_at", "error"),
    "claims": (
        "iss", "aud", "azp", "sub", "iat", "exp", "nbf", "nonce", "email", "email_verified", "name",
        "auth_time", "groups", "at_hash",
    ),
    "userinfo": ("sub", "email", "email_verified", "groups", "name"),
}  # fmt: skip
"""What a provider says where; in each place some of it is odd."""


def some(where: str) -> st.SearchStrategy[dict[str, Any]]:
    """A few odd values of a place."""
    return st.dictionaries(st.sampled_from(NAMES[where]), odd.values, min_size=1, max_size=2)


@pytest.fixture
def fake(office: Office, clock: SetClock) -> Iterator[FakeProvider]:
    with fake_provider(clock) as answering:
        office.settings = answering.settings(office.settings)
        yield answering


@pytest.mark.parametrize("where", NAMES)
def test_an_odd_answer_signs_in_or_is_refused(
    office: Office, fake: FakeProvider, where: str
) -> None:
    a_user(office, "analyst", email="ana@example.com")

    @tried(40)
    @given(some(where))
    def check(said: dict[str, Any]) -> None:
        oidc._discovered.cache_clear()
        oidc._keys.cache_clear()
        fake.document, fake.token, fake.claims, fake.userinfo = {}, {}, {}, None
        if where == "userinfo":
            fake.claims = {"email": None}
            said = {"sub": "person-1", **said}
        setattr(fake, where, said)
        with suppress(*REFUSALS):
            visit(office, fake)
        with office.work(JOB) as work:
            assert work.session.query(User).count() == 1

    check()


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_broken_answer_is_refused(
    office: Office, fake: FakeProvider, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_user(office, "analyst", email="ana@example.com")
    whole = FakeProvider.answer

    @tried(25)
    @given(odd.values, st.sampled_from((200, 200, 200, 201, 301, 404, 500)))
    def check(value: Any, status: int) -> None:
        oidc._discovered.cache_clear()
        oidc._keys.cache_clear()

        def answer(at: FakeProvider, asked: str, form: dict[str, str]) -> tuple[int, Any]:
            return (status, value) if asked == path else whole(at, asked, form)

        monkeypatch.setattr(FakeProvider, "answer", answer)
        with pytest.raises(REFUSALS):
            visit(office, fake)

    check()
