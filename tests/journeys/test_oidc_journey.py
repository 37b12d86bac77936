"""Sign-in and step-up against a real, certified provider, as a browser walks through both."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest

from bench._served import free_port, served
from core.access.sessions import Viewer, viewer
from core.clock import SystemClock
from core.db import app_engine
from core.settings import ROOT, Settings
from core.work import Office
from tests.builders import a_user
from tests.databases import copy_of
from tests.journeys.conftest import START

PACKAGE = "oidc-provider@9.13.3"
INSTALL_SECONDS = 180
MOST_STEPS = 12
DEEP = "/ageing?as_of=2026-09-30"
CACHE = Path(os.environ.get("SALDO_TEST_CACHE", tempfile.gettempdir() + "/saldo-test-cache"))


@dataclass(frozen=True)
class Two:
    """Saldo, its office, and the provider that signs people in to it."""

    base_url: str
    provider_url: str
    office: Office


@pytest.fixture(scope="module")
def package() -> Path:
    """The folder in which the provider's package is installed; skips where it cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node here to run a sign-in provider")
    folder = CACHE / PACKAGE
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund"]
        command += ["--ignore-scripts", "--fetch-retries=0", PACKAGE]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, timeout=INSTALL_SECONDS
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install {PACKAGE} within {INSTALL_SECONDS} s")
        if done.returncode:
            pytest.skip(f"npm cannot install {PACKAGE} here")
        (folder / "installed").touch()
    return folder


@pytest.fixture(scope="module")
def two(
    package: Path, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Two]:
    port, provider_port = free_port(), free_port()
    base_url, provider_url = (f"http://127.0.0.1:{each}" for each in (port, provider_port))
    chosen = {
        "SALDO_HOME": str(tmp_path_factory.mktemp("oidc")),
        "SALDO_PUBLIC_URL": base_url,
        "SALDO_OIDC_ISSUER": provider_url,
        "SALDO_OIDC_CLIENT_ID": "saldo",
        "SALDO_OIDC_CLIENT_SECRET": "a secret for tests",
        "SALDO_OIDC_GROUPS": '{"finance": "sys_finance", "board": "cfo"}',
        "SALDO_WORKER_IN_SERVE": "false",
        "PYTHONPATH": str(ROOT),
    }
    script = Path(__file__).with_name("oidc_provider.mjs")
    node = ["node", str(script), str(package), str(provider_port), f"{base_url}/oidc/callback"]
    with copy_of(server, template) as url, served(node, provider_port, heard=True):
        chosen["SALDO_DATABASE_URL"] = url
        engine = app_engine(url)
        settings = Settings(_env_file=None, SALDO_HOME=Path(chosen["SALDO_HOME"]))
        office = Office(engine, SystemClock(), settings)
        command = [sys.executable, "-c", START, str(port)]
        with served(command, port, env=chosen, heard=True) as at:
            yield Two(at, provider_url, office)
        engine.dispose()


@pytest.fixture
def browser(two: Two) -> Iterator[httpx.Client]:
    """A browser without cookies; the provider has its usual clock and groups."""
    control(two, behind_seconds=0, groups=["finance", "choir"])
    with httpx.Client(timeout=30) as client:
        yield client


def control(two: Two, **chosen: object) -> None:
    httpx.post(f"{two.provider_url}/control", json=chosen).raise_for_status()


def go(browser: httpx.Client, two: Two, path: str) -> str:
    """Leave Saldo; the address at the provider."""
    answer = browser.get(two.base_url + path, params={"next": DEEP})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(two.provider_url)
    return str(answer.headers["location"])


def walk(browser: httpx.Client, two: Two, url: str, login: str) -> tuple[str, list[str]]:
    """Through the provider's own pages; the way back, and which forms it showed."""
    shown: list[str] = []
    for _ in range(MOST_STEPS):
        if url.startswith(two.base_url):
            return url, shown
        answer = browser.get(url)
        if not answer.is_redirect:
            (action,) = re.findall('action="([^"]+)"', answer.text)
            form = dict(re.findall('type="hidden" name="([^"]+)" value="([^"]+)"', answer.text))
            shown += [form["prompt"]] if "prompt" in form else []
            form |= {"login": login, "password": "any"}
            answer = browser.post(urljoin(url, action), data=form)
        url = urljoin(url, answer.headers["location"])
    raise AssertionError(f"the provider leads nowhere: {url}")


def signed_in(browser: httpx.Client, two: Two, login: str) -> Viewer:
    """The person whom a sign-in at the provider lets in."""
    url, _ = walk(browser, two, go(browser, two, "/oidc/start"), login)
    answer = browser.get(url)
    assert (answer.status_code, answer.headers["location"]) == (303, DEEP)
    return person(browser, two)


def person(browser: httpx.Client, two: Two) -> Viewer:
    seen = viewer(two.office, browser.cookies.get("saldo"))
    assert seen is not None
    return seen


def with_wishes(url: str, **wishes: str) -> str:
    """The address at the provider with other wishes about signing in anew."""
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    kept = {name: value for name, value in asked.items() if name not in ("prompt", "max_age")}
    return parts._replace(query=urlencode({**kept, **wishes})).geturl()


def test_verified_address_signs_in_with_the_roles_of_the_groups_and_the_deep_link_survives(
    browser: httpx.Client, two: Two
) -> None:
    user = a_user(two.office, "analyst", email="ana@example.com")
    answer = browser.get(two.base_url + DEEP)
    page = browser.get(two.base_url + answer.headers["location"]).text
    (door,) = re.findall(r'href="(/oidc/start[^"]+)"', page)
    leaving = browser.get(two.base_url + door).headers["location"]
    url, shown = walk(browser, two, leaving, "ana")
    assert shown == ["login", "consent"]
    arrived = browser.get(url)
    assert arrived.headers["location"] == DEEP
    assert browser.get(two.base_url + DEEP).status_code == 200
    seen = person(browser, two)
    assert (seen.user_id, seen.roles) == (user.id, ("sys_finance",))
    assert browser.get(url).status_code == 401


def test_groups_that_changed_there_change_the_roles_at_the_next_sign_in(
    browser: httpx.Client, two: Two
) -> None:
    assert signed_in(browser, two, "newcomer").roles == ("sys_finance",)
    control(two, groups=["board"])
    assert signed_in(browser, two, "newcomer").roles == ("cfo",)
    control(two, groups=[])
    assert signed_in(browser, two, "newcomer").roles == ()


def test_address_that_the_provider_did_not_verify_opens_nothing(
    browser: httpx.Client, two: Two
) -> None:
    a_user(two.office, "super_admin", email="mallory@example.com")
    url, _ = walk(browser, two, go(browser, two, "/oidc/start"), "mallory")
    answer = browser.get(url)
    assert answer.status_code == 401
    assert "no verified e-mail address" in answer.text
    assert browser.cookies.get("saldo") is None


def test_step_up_asks_again_moves_the_time_of_sign_in_and_replaces_the_session(
    browser: httpx.Client, two: Two
) -> None:
    control(two, behind_seconds=600)
    seen = signed_in(browser, two, "cecilia")
    assert seen.fresh_until is None
    before = browser.cookies["saldo"]
    control(two, behind_seconds=0)
    url, shown = walk(browser, two, go(browser, two, "/oidc/confirm"), "cecilia")
    assert shown == ["login"]
    assert browser.get(url).headers["location"] == DEEP
    assert viewer(two.office, before) is None
    after = person(browser, two)
    assert after.user_id == seen.user_id
    assert after.fresh_until is not None


@pytest.mark.parametrize("wishes", [{}, {"max_age": "3600"}], ids=["no time", "an old time"])
def test_a_step_up_that_the_provider_answers_without_asking_is_refused(
    browser: httpx.Client, two: Two, wishes: dict[str, str]
) -> None:
    control(two, behind_seconds=600)
    signed_in(browser, two, "doris")
    control(two, behind_seconds=0)
    leaving = with_wishes(go(browser, two, "/oidc/confirm"), **wishes)
    url, shown = walk(browser, two, leaving, "doris")
    assert shown == []
    answer = browser.get(url)
    assert answer.status_code == 401
    assert "did not ask who you are" in answer.text
    assert person(browser, two).fresh_until is None


def test_step_up_as_somebody_else_is_refused(browser: httpx.Client, two: Two) -> None:
    signed_in(browser, two, "eva")
    url, _ = walk(browser, two, go(browser, two, "/oidc/confirm"), "frida")
    answer = browser.get(url)
    assert answer.status_code == 401
    assert "as somebody else" in answer.text
    seen = person(browser, two)
    assert (seen.email, seen.fresh_until) == ("eva@example.com", None)


def test_callback_in_another_browser_signs_nobody_in(browser: httpx.Client, two: Two) -> None:
    url, _ = walk(browser, two, go(browser, two, "/oidc/start"), "gerda")
    with httpx.Client() as other:
        assert other.get(url).status_code == 401
        assert other.cookies.get("saldo") is None
    assert browser.get(url).status_code == 303


def test_person_who_turns_back_at_the_provider_is_told_so(browser: httpx.Client, two: Two) -> None:
    page = browser.get(go(browser, two, "/oidc/start"))
    form = browser.get(urljoin(str(page.url), page.headers["location"]))
    answer = browser.get(f"{form.url}/abort")
    url, _ = walk(browser, two, urljoin(str(form.url), answer.headers["location"]), "hanna")
    refused = browser.get(url)
    assert refused.status_code == 401
    assert "did not let you in" in refused.text
