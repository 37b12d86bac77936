"""Every address of the API, asked in every way: no fault of ours, and what its description says."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from starlette.testclient import TestClient

from api.app import api, create
from core.access.authority import system
from core.access.sessions import open_session
from core.office import office as the_office
from core.work import Office
from tests.api.test_contract import PUBLIC
from tests.builders import a_user
from tests.fuzz.asking import Asked, requests
from tests.fuzz.depth import FACTOR, tried
from tests.fuzz.world import opened

load_all_checks()
AGREES = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
NO_KEYS = GenerationConfig(with_security_parameters=False)
SCHEMA = schemathesis.openapi.from_dict(
    api.openapi(),
    config=SchemathesisConfig(
        projects=ProjectsConfig(default=ProjectConfig(generation=NO_KEYS)),
    ),
)
OPERATIONS = {
    f"{found.method.upper()} {found.path}": found
    for found in (result.ok() for result in SCHEMA.get_all_operations())
}
LAST = ("/payment-config", "/roles/", "/users/", "/close/")
"""After what is changed here less can be done, so that it comes last."""


def _is_second(name: str) -> bool:
    """True for the second address of a function, which only a long run asks."""
    first = (name.replace(" /admin/billing/", place) for place in (" /sys/", " /sys/billing/"))
    return any(each != name and each in OPERATIONS for each in first)


def _is_late(name: str) -> bool:
    return any(part in name for part in LAST)


ASKED = sorted((name for name in OPERATIONS if FACTOR or not _is_second(name)), key=_is_late)
Door = tuple[Office, TestClient]


@pytest.fixture(scope="module")
def door(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The API of a small company."""
    with opened(server, template, tmp_path_factory.mktemp("fuzz")) as office:
        app = create()
        app.dependency_overrides[the_office] = lambda: office
        with TestClient(app, raise_server_exceptions=False) as client:
            yield office, client


@pytest.fixture(autouse=True)
def _no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: Any, *_more: Any, **_named: Any) -> Any:
        raise socket.gaierror(f"{host} is not asked in a test")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


def signed_in(office: Office, name: str) -> str:
    """The cookie of somebody who may do all there is at an address, freshly signed in."""
    own = "/my-billing/" in name
    user = a_user(office, "org_admin" if own else "super_admin", tenant_id=1 if own else None)
    with office.work(system("test")) as work:
        return f"saldo={open_session(work, user.id, fresh=True)}"


@pytest.mark.parametrize("name", ASKED)
def test_an_address_answers_as_described_whatever_it_is_sent(door: Door, name: str) -> None:
    office, client = door
    cookie = signed_in(office, name)

    @tried(2)
    @given(requests(OPERATIONS[name]), st.sampled_from((cookie,) * 7 + (None,)))
    def check(asked: Asked, who: str | None) -> None:
        headers = {"x-saldo-request": "1", "content-type": asked.kind}
        answer = client.request(
            asked.method,
            f"{asked.path}?{asked.query}",
            content=asked.content,
            headers=headers | ({"cookie": who} if who else {}),
        )
        judge(name, asked, who is not None, answer)

    check()


def judge(name: str, asked: Asked, known: bool, answer: Response) -> None:
    """Fail on a fault of ours, and on what the description does not say."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    assert "Traceback" not in answer.text
    told = answer.json() if answer.status_code >= 400 else {}
    assert told.get("code") != "database_unavailable"
    if told.get("code") in ("not_found", "method_not_allowed") and "address" in told["error"]:
        return  # an odd part of a path leads elsewhere
    if not known and name.split(" ")[1] not in PUBLIC:
        assert answer.status_code == 401 or "body cannot be read" in told["error"]
    asked.case.validate_response(answer, checks=AGREES)
