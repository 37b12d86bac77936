"""A picture of every page as each role sees it, light and dark; any fault on the way fails it.

Give the address and the sign-ins of a running Saldo as JSON on stdin (what `saldo demo --json`
prints) with `--stdin`, or as arguments; without either the demo company is built and served.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from bench._chromium import CHROMIUM
from bench._served import free_port, served
from tests.journeys.browser import Watched, chromium, watched
from tests.journeys.published import publish

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = {"revenue": (1440, 1024, 390)}
"""Pages that are also pictured on smaller screens; all others at 1440 px."""
WIDE = (1440,)
LINKS = """links => links.map(link => new URL(link.href).pathname)"""


@dataclass(frozen=True)
class Person:
    """A sign-in and the roles it has."""

    email: str
    password: str
    roles: tuple[str, ...]

    @property
    def folder(self) -> str:
        """A name for the pictures of this person."""
        return "-".join(self.roles) or self.email.split("@")[0]


def main() -> int:
    """Take all pictures; 1 when anything was wrong."""
    if not CHROMIUM.exists():
        sys.stderr.write(f"There is no browser at {CHROMIUM}; the gallery needs one\n")
        return 1
    asked = _arguments()
    with _site(asked) as (base_url, people), chromium() as browser:
        faults = _public_pages(browser, base_url, asked.out)
        for person in people:
            faults += pictures_of(browser, base_url, person, asked.out)
    for fault in faults:
        sys.stderr.write(f"FAULT {fault}\n")
    if asked.publish:
        publish(asked.out, asked.publish)
    taken = len(list(asked.out.rglob("*.png")))
    sys.stdout.write(f"{taken} pictures in {asked.out}, {len(faults)} faults\n")
    return 1 if faults else 0


def pictures_of(browser: Browser, base_url: str, person: Person, out: Path) -> list[str]:
    """Every page of one person in both themes; what went wrong."""
    faults: list[str] = []
    for scheme in SCHEMES:
        seen = watched(browser, base_url, scheme)
        try:
            seen.sign_in(person.email, person.password)
            for path in pages_of(seen):
                _picture(seen, path, out / person.folder, scheme)
        except BrowserError as problem:
            seen.faults.append(f"{seen.page.url}: {problem.message.splitlines()[0]}")
        faults += [f"{person.folder} {scheme}: {fault}" for fault in seen.faults]
        seen.page.context.close()
    return faults


def pages_of(seen: Watched) -> list[str]:
    """The pages in the menu, those behind the first doors of the dashboard, one's own sign-in."""
    menu = seen.page.locator('[data-testid="stSidebarNav"] a')
    paths = list(dict.fromkeys(menu.evaluate_all(LINKS))) or ["/"]
    if "/revenue" in paths:
        paths += ["/rows?figure=mrr", "/rows?figure=nrr", "/revenue?view=Movements&by=tenant"]
    return [*paths, "/my-sign-in"]


def _picture(seen: Watched, path: str, folder: Path, scheme: str) -> None:
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "start"
    before = len(seen.faults)
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS.get(name, WIDE):
        seen.page.set_viewport_size({"width": width, "height": 900})
        seen.open(path)
        seen.check(f"{path} at {width} px")
        seen.shoot(folder / f"{name}-{scheme}-{width}.png", width)
    seen.faults[before:] = [f"{path}: {fault}" for fault in seen.faults[before:]]


def _public_pages(browser: Browser, base_url: str, out: Path) -> list[str]:
    faults: list[str] = []
    for scheme in SCHEMES:
        seen = watched(browser, base_url, scheme)
        for path in ("/login", "/pricing"):
            _picture(seen, path, out / "signed-out", scheme)
        faults += [f"signed out {scheme}: {fault}" for fault in seen.faults]
        seen.page.context.close()
    return faults


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", help="address of a running Saldo")
    parser.add_argument(
        "--user", action="append", default=[], metavar="EMAIL:PASSWORD[:ROLE,…]",
        help="a sign-in; may be given several times",
    )  # fmt: skip
    parser.add_argument("--stdin", action="store_true", help="read address and sign-ins as JSON")
    parser.add_argument("--out", type=Path, default=Path("build/gallery"))
    parser.add_argument(
        "--publish", type=Path, metavar="FOLDER", help="put a small picture of each page there"
    )
    return parser.parse_args()


@contextmanager
def _site(asked: argparse.Namespace) -> Iterator[tuple[str, list[Person]]]:
    """The Saldo to picture: the one named, or the demo, built and served for this."""
    if asked.url:
        yield asked.url, [_person(given) for given in asked.user]
        return
    if asked.stdin:
        told = json.loads(sys.stdin.readline())
        yield told["url"], _people(told)
        return
    told = _built_demo()
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port)]
    with served(command, port, heard=True) as base_url:
        yield base_url, _people(told)


def _person(given: str) -> Person:
    email, _, rest = given.partition(":")
    password, _, roles = rest.partition(":")
    return Person(email, password, tuple(filter(None, roles.split(","))))


def _people(told: dict[str, Any]) -> list[Person]:
    return [Person(user["email"], user["password"], tuple(user["roles"])) for user in told["users"]]


def _built_demo() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--no-serve", "--json"],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
