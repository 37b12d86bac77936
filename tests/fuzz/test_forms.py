"""The forms of sign-in and step-up given anything: a page, a way on, or a refusal."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api import requests, sign_in
from core.access.models import LoginAttempt
from core.work import Office
from tests.billing import JOB
from tests.builders import PASSWORD, a_user
from tests.fuzz import odd
from tests.fuzz.depth import tried

ROUTES = [
    Route("/login", sign_in.login, methods=["GET", "POST"]),
    Route("/confirm", sign_in.confirm, methods=["GET", "POST"]),
]
EMAIL = "ana@example.com"
NAMES = st.sampled_from(("email", "password", "code", "next", "extra", "")) | odd.texts
FIELDS = st.lists(st.tuples(NAMES, odd.texts), max_size=12)
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
    "application/json", "text/plain", "", "application/x-www-form-urlencoded; charset=utf-99",
)  # fmt: skip
BODIES = (
    b"email=%00&password=%ff%fe&code=%", b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="email"; filename="a"\r\n\r\n1\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na', b"&" * 8_000, b"=" * 8_192,
    b"x" * 8_193, b"email=" + b"a" * 8_000, b"\xff\xfe\x00", b"{}", b"",
)  # fmt: skip


@pytest.fixture
def site(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The two forms, and a browser that is signed in."""
    a_user(office, "cfo", email=EMAIL)
    monkeypatch.setattr("api.sign_in.office", lambda: office)
    for module in (sign_in, requests):
        monkeypatch.setattr(module, "settings", lambda: office.settings)
    with TestClient(Starlette(routes=ROUTES), follow_redirects=False) as client:
        assert client.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 303
        yield client


def answered(office: Office, site: TestClient, path: str, body: bytes, kind: str) -> None:
    """A form was taken for a page, a way on within the site, or a refusal, and let nobody in."""
    with office.work(JOB) as work:
        work.session.execute(delete(LoginAttempt))
    answer = site.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 401, 413)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/confirm"])
def test_odd_fields_of_a_form_let_nobody_in(office: Office, site: TestClient, path: str) -> None:
    @tried(15)
    @given(FIELDS, st.sampled_from(KINDS))
    def check(fields: list[tuple[str, str]], kind: str) -> None:
        body = urlencode(fields, errors="surrogatepass").encode()
        answered(office, site, path, body, kind)

    check()


@pytest.mark.parametrize("path", ["/login", "/confirm"])
def test_a_body_that_is_no_form_lets_nobody_in(office: Office, site: TestClient, path: str) -> None:
    @tried(15)
    @given(st.sampled_from(BODIES) | st.binary(max_size=300), st.sampled_from(KINDS))
    def check(body: bytes, kind: str) -> None:
        answered(office, site, path, body, kind)

    check()


@pytest.mark.parametrize("length", ["", "-1", "1e3", "\u00b2", "9" * 400, "8193", "0x10"])
def test_a_body_of_an_odd_length_is_refused_unread(site: TestClient, length: str) -> None:
    headers = {"content-length": length.encode("latin-1")}
    assert site.post("/login", content=b"email=a", headers=headers).status_code == 413
