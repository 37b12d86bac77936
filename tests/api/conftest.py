"""The API on the test's database, and callers: programs with keys, people with sessions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import api as application
from core.access.authority import Actor, system
from core.access.keys import NewKey, create_key
from core.access.sessions import open_session
from core.office import office as the_office
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting

Headers = dict[str, str]
Keys = Callable[..., Headers]
People = Callable[..., Headers]


@contextmanager
def answering(instead: dict[Callable[..., Any], Callable[..., Any]]) -> Iterator[FastAPI]:
    """The one API of the process, with other things in place of some until the block ends.

    A new one would put all its routes together again when it is first asked, for a second or two.
    """
    before = application.dependency_overrides
    application.dependency_overrides = {**before, **instead}
    try:
        yield application
    finally:
        application.dependency_overrides = before


@pytest.fixture
def api(office: Office) -> Iterator[TestClient]:
    """The API in process."""
    with (
        answering({the_office: lambda: office}) as app,
        TestClient(app, raise_server_exceptions=False) as client,
    ):
        yield client


@pytest.fixture
def boss(office: Office) -> Actor:
    """A super admin, freshly signed in."""
    return acting(office, a_user(office, "super_admin"))


def a_key(office: Office, boss: Actor, *permissions: str, tenant_id: int | None = None) -> NewKey:
    """A key with permissions, a tenant's own if one is named."""
    with office.work(boss) as work:
        return create_key(work, "A program", permissions, tenant_id=tenant_id, reason=WHY)


@pytest.fixture
def program(office: Office, boss: Actor) -> Keys:
    """Makes the headers of a program with a key."""

    def make(*permissions: str, tenant_id: int | None = None) -> Headers:
        made = a_key(office, boss, *permissions, tenant_id=tenant_id)
        return {"authorization": f"Bearer {made.token}"}

    return make


@pytest.fixture
def person(office: Office) -> People:
    """Makes the headers of a person with a session, freshly signed in unless told."""

    def make(*roles: str, fresh: bool = True, tenant_id: int | None = None) -> Headers:
        user = a_user(office, *roles, tenant_id=tenant_id)
        with office.work(system("test")) as work:
            token = open_session(work, user.id, fresh=fresh)
        return {"cookie": f"saldo={token}"}

    return make
