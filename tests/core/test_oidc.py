"""The protocol with a sign-in provider: what is asked, and every answer that is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr, ValidationError

from core.access import oidc
from core.access.oidc import AnswerRefused, Identity, ProviderUnavailable
from core.clock import SetClock
from core.errors import NotFound
from core.settings import Settings
from tests.oidc import (
    CLIENT,
    EC,
    OTHER_RSA,
    RSA,
    FakeProvider,
    asked_for,
    fake_provider,
    half_hash,
    seconds,
)

NONCE = "the nonce of this visit"
SHARED = OctKey.import_key("a secret that both sides could know", {"kid": "first"})


@pytest.fixture
def fake(clock: SetClock) -> Iterator[FakeProvider]:
    with fake_provider(clock) as answering:
        answering.nonce = NONCE
        yield answering


def who(fake: FakeProvider, settings: Settings, **more: Any) -> Identity:
    chosen = fake.settings(settings, **more)
    now = fake.clock.now()
    found = oidc.provider(chosen, now)
    return oidc.identity(found, chosen, "a code", NONCE, "a verifier of some length", now)


def test_the_address_asks_for_a_code_with_proof_key_state_and_nonce(
    fake: FakeProvider, settings: Settings, clock: SetClock
) -> None:
    chosen = fake.settings(settings, public_url="https://saldo.example/")
    found, made = oidc.provider(chosen, clock.now()), oidc.challenge()
    asked = asked_for(oidc.address(found, chosen, made, again=False))
    assert asked["tenant"] == "1"
    assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
    assert asked["redirect_uri"] == "https://saldo.example/oidc/callback"
    assert asked["scope"] == "openid email profile"
    assert (asked["state"], asked["nonce"]) == (made.state, made.nonce)
    assert asked["code_challenge_method"] == "S256"
    assert made.verifier not in oidc.address(found, chosen, made, again=False)
    assert "prompt" not in asked
    assert "max_age" not in asked


def test_a_step_up_asks_the_provider_to_sign_in_anew(
    fake: FakeProvider, settings: Settings, clock: SetClock
) -> None:
    chosen = fake.settings(settings)
    found = oidc.provider(chosen, clock.now())
    asked = asked_for(oidc.address(found, chosen, oidc.challenge(), again=True))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")


def test_the_code_is_exchanged_with_its_verifier_and_the_client_named(
    fake: FakeProvider, settings: Settings
) -> None:
    who(fake, settings)
    who(fake, settings, oidc_client_secret=SecretStr("hush"))
    public, confidential = [form for path, form in fake.asked if path == "/token"]
    assert public["grant_type"] == "authorization_code"
    assert (public["code"], public["client_id"]) == ("a code", CLIENT)
    assert public["code_verifier"] == "a verifier of some length"
    assert public["redirect_uri"].endswith("/oidc/callback")
    assert "authorization" not in public
    assert confidential["authorization"].startswith("Basic ")


def test_the_secret_goes_into_the_body_where_the_provider_wants_it_there(
    fake: FakeProvider, settings: Settings
) -> None:
    fake.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    who(fake, settings, oidc_client_secret=SecretStr("hush"))
    (form,) = [form for path, form in fake.asked if path == "/token"]
    assert form["client_secret"] == "hush"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS256", RSA), ("PS256", RSA), ("ES256", EC)],
    ids=("RS256", "PS256", "ES256"),
)
def test_a_token_signed_by_the_provider_tells_who_signed_in(
    fake: FakeProvider, settings: Settings, clock: SetClock, algorithm: str, key: Any
) -> None:
    fake.algorithm, fake.signer, fake.published = algorithm, key, [RSA, EC]
    fake.claims = {"groups": ["finance", 7, "all"], "auth_time": seconds(clock, -60)}
    fake.claims["at_hash"] = half_hash("an access token")
    assert who(fake, settings) == Identity(
        issuer=fake.issuer,
        subject="person-1",
        email="ana@example.com",
        name="Ana Holm",
        groups=frozenset({"finance", "all"}),
        signed_in_at=clock.now() - timedelta(seconds=60),
    )


FORGED: dict[str, dict[str, Any]] = {
    "no signature": {"unsigned": True},
    "another key under the same id": {"signer": OTHER_RSA},
    "a shared secret": {"signer": SHARED, "algorithm": "HS256"},
    "a shared secret that is published": {
        "signer": SHARED, "algorithm": "HS256", "published": [SHARED],
    },
    "a longer hash than is allowed": {"algorithm": "RS512"},
    "a key that is not published": {"published": [EC]},
    "no ID token": {"token": {"id_token": None}},
    "an ID token of no shape": {"token": {"id_token": "a.b"}},
    "a refusal": {"token": {"error": "invalid_grant", "error_description": "é"}},
}  # fmt: skip


@pytest.mark.parametrize("bent", FORGED.values(), ids=FORGED)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_token_that_the_provider_did_not_sign_is_refused(
    fake: FakeProvider, settings: Settings, bent: dict[str, Any]
) -> None:
    for name, value in bent.items():
        setattr(fake, name, value)
    with pytest.raises(AnswerRefused):
        who(fake, settings)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"}, {"iss": None},
        {"aud": "another program"}, {"aud": None}, {"aud": []},
        {"aud": [CLIENT, "another"]}, {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256},
        {"nonce": "of another visit"}, {"nonce": None},
        {"exp": None}, {"exp": "soon"}, {"iat": None},
        {"at_hash": half_hash("another access token")}, {"at_hash": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_claim_is_refused(
    fake: FakeProvider, settings: Settings, claims: dict[str, Any]
) -> None:
    fake.claims = claims
    with pytest.raises(AnswerRefused):
        who(fake, settings)


@pytest.mark.parametrize(("claim", "right", "wrong"), [("exp", -29, -30), ("iat", 30, 31)])
def test_times_are_allowed_half_a_minute_of_skew(
    fake: FakeProvider, settings: Settings, clock: SetClock, claim: str, right: int, wrong: int
) -> None:
    fake.claims = {claim: seconds(clock, right)}
    assert who(fake, settings).subject == "person-1"
    fake.claims = {claim: seconds(clock, wrong)}
    with pytest.raises(AnswerRefused):
        who(fake, settings)


def test_several_audiences_are_fine_when_we_are_the_one_addressed(
    fake: FakeProvider, settings: Settings
) -> None:
    fake.claims = {"aud": ["another", CLIENT], "azp": CLIENT}
    assert who(fake, settings).subject == "person-1"


def test_a_new_key_is_fetched_once_when_a_token_names_it(
    fake: FakeProvider, settings: Settings
) -> None:
    who(fake, settings)
    fake.signer = RSAKey.generate_key(2048, {"kid": "second"}, auto_kid=False)
    fake.published = [RSA, fake.signer]
    assert who(fake, settings).subject == "person-1"
    who(fake, settings)
    assert [path for path, _ in fake.asked].count("/keys") == 2


def test_discovery_is_asked_once_an_hour(
    fake: FakeProvider, settings: Settings, clock: SetClock
) -> None:
    chosen = fake.settings(settings)
    for minutes in (1, 58, 1):
        oidc.provider(chosen, clock.now())
        clock.advance(timedelta(minutes=minutes))
    assert len(fake.asked) == 1
    oidc.provider(chosen, clock.now())
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "ftp://127.0.0.1/"},
    ],
    ids=str,
)
def test_a_provider_that_names_itself_wrongly_or_speaks_openly_is_refused(
    fake: FakeProvider, settings: Settings, document: dict[str, Any]
) -> None:
    fake.document = document
    with pytest.raises(AnswerRefused):
        who(fake, settings)


def test_a_provider_that_does_not_answer_is_unavailable_and_asked_again(
    fake: FakeProvider, settings: Settings
) -> None:
    fake.down = True
    with pytest.raises(ProviderUnavailable):
        who(fake, settings)
    fake.down = False
    assert who(fake, settings).subject == "person-1"
    gone = fake.settings(settings, oidc_issuer="http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable):
        oidc.provider(gone, fake.clock.now())


def test_without_a_provider_there_is_none(settings: Settings, clock: SetClock) -> None:
    with pytest.raises(NotFound):
        oidc.provider(settings, clock.now())


def test_what_the_id_token_lacks_is_read_from_the_userinfo_of_the_same_person(
    fake: FakeProvider, settings: Settings
) -> None:
    fake.claims = {"email": None, "email_verified": None}
    fake.userinfo = {"sub": "person-1", "email": "Ana@Example.com", "email_verified": True}
    fake.userinfo |= {"groups": "finance", "iss": "https://other.example"}
    told = who(fake, settings)
    assert (told.email, told.groups) == ("ana@example.com", {"finance"})
    assert told.issuer == fake.issuer
    fake.userinfo["sub"] = "person-2"
    with pytest.raises(AnswerRefused):
        who(fake, settings)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False}, {"email_verified": None}, {"email_verified": "true"},
        {"email_verified": 1}, {"email": "no address"}, {"email": ["ana@example.com"]},
        {"email": "\u212aate@example.com"},
    ],
    ids=str,
)  # fmt: skip
def test_an_address_that_is_not_verified_and_plain_is_none(
    fake: FakeProvider, settings: Settings, claims: dict[str, Any]
) -> None:
    fake.claims = claims
    assert who(fake, settings).email is None


@pytest.mark.parametrize("given", [True, "1763640000", 1763640000.5, 10**30, None], ids=str)
def test_a_time_of_sign_in_of_another_shape_is_none(
    fake: FakeProvider, settings: Settings, given: object
) -> None:
    fake.claims = {"auth_time": given}
    assert who(fake, settings).signed_in_at is None
    fake.claims = {"auth_time": 1763640000}
    assert who(fake, settings).signed_in_at == datetime(2025, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        {"SALDO_OIDC_ISSUER": "http://id.example", "SALDO_OIDC_CLIENT_ID": "x"},
        {"SALDO_OIDC_ISSUER": "https://id.example?x=1", "SALDO_OIDC_CLIENT_ID": "x"},
        {"SALDO_OIDC_ISSUER": "https://id.example"},
        {"SALDO_OIDC_GROUPS": {"all": "org_admin"}},
        {
            "SALDO_OIDC_ISSUER": "https://id.example",
            "SALDO_OIDC_CLIENT_ID": "x",
            "SALDO_OIDC_SCOPE": "email",
        },
    ],
    ids=str,
)
def test_settings_that_cannot_be_right_stop_the_start(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **given)


def test_groups_are_read_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALDO_OIDC_GROUPS", '{"finance": "sys_finance"}')
    assert Settings(_env_file=None).oidc_groups == {"finance": "sys_finance"}
