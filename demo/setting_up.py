"""Puts the simulated company in place: migrate, live it once, sync; later runs reuse it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, make_url, text

from core import embedded, schema
from core.access.authority import system
from core.clock import SystemClock, local_date
from core.db import app_engine, database_url, owner_connection
from core.errors import NotNow
from core.jobs.actions import rest, undecided
from core.settings import Settings
from core.work import Office
from demo import people
from etl import pipeline
from etl.sandbox.copies import keep_ready

MARK = "demo.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class World:
    """What stands after `prepare`."""

    tenants: int
    months: int
    seed: int
    until: str
    users: list[dict[str, Any]]


def prepare(
    settings: Settings, tenants: int, months: int, seed: int, *, fresh: bool, say: Say
) -> World:
    """The company of these numbers, built when it is not there yet, and its published copy.

    Raises NotNow when the database holds something the demo did not make.
    """
    mark = settings.home / MARK
    found = json.loads(mark.read_text()) if mark.exists() else None
    if fresh:
        _clear(settings, say)
        found = None
    if found is None:
        _clear_unfinished(settings, say)
        world = _build(settings, tenants, months, seed, say)
        _keep(settings, world)
    else:
        world = World(**found)
        say(f"Reusing the company of {world.tenants} tenants (--fresh builds it anew)")
        schema.upgrade(database_url(settings, owner=True))
    _rest(settings)
    say("Syncing the analytics copy")
    pipeline.sync(settings, database_url(settings), now=datetime.now(UTC), full=found is None)
    keep_ready(settings)
    return world


def _build(settings: Settings, tenants: int, months: int, seed: int, say: Say) -> World:
    from demo import company  # noqa: PLC0415 (a company that stands needs none of the simulation)

    say("Starting the database")
    owner = database_url(settings, owner=True)
    schema.upgrade(owner)
    _refuse_foreign(owner)
    until = local_date(datetime.now(UTC), settings.billing_timezone) - timedelta(days=1)
    engine = app_engine(database_url(settings))
    office = Office(engine, SystemClock(), settings)
    (settings.home / (MARK + ".building")).touch()
    say(f"Living {months} months of a company with {tenants} tenants")
    company.build(
        office,
        tenants=tenants,
        months=months,
        seed=seed,
        until=until,
        progress=_every_month(say),
        beside=not settings.database_url,
    )
    engine.dispose()
    return World(tenants, months, seed, until.isoformat(), _sign_ins())


def _rest(settings: Settings) -> None:
    """Let the jobs that live the company on rest, unless somebody decided about them."""
    engine = app_engine(database_url(settings))
    with Office(engine, SystemClock(), settings).work(system("demo")) as work:
        if names := undecided(work):
            rest(work, names)
    engine.dispose()


def _every_month(say: Say) -> Callable[[int, int], None]:
    def tell(lived: int, whole: int) -> None:
        if lived % 60 == 0 or lived == whole:
            say(f"  day {lived} of {whole}")

    return tell


def _sign_ins() -> list[dict[str, Any]]:
    return [
        {"email": person.email, "password": people.PASSWORD, "roles": list(person.roles)}
        for person in people.PEOPLE
    ]


def _keep(settings: Settings, world: World) -> None:
    mark = settings.home / MARK
    unfinished = mark.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(world)))
    unfinished.replace(mark)
    (settings.home / (MARK + ".building")).unlink(missing_ok=True)


def _clear_unfinished(settings: Settings, say: Say) -> None:
    if (settings.home / (MARK + ".building")).exists():
        say("An earlier build was interrupted; starting over")
        _clear(settings, say)


def _clear(settings: Settings, say: Say) -> None:
    """Throw the demo's own data away; a real server's database is emptied, never dropped."""
    mine = (settings.home / MARK).exists() or (settings.home / (MARK + ".building")).exists()
    if settings.database_url:
        if mine:
            _empty(database_url(settings, owner=True))
    elif mine or not (settings.home / "pg").exists():
        embedded.stop(settings.home / "pg")
        shutil.rmtree(settings.home / "pg", ignore_errors=True)
    shutil.rmtree(settings.copy_path.parent, ignore_errors=True)
    for name in (MARK, MARK + ".building", "anchors.jsonl"):
        (settings.home / name).unlink(missing_ok=True)
    say("Cleared the earlier company")


def _empty(url: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("drop owned by saldo_owner cascade"))
    engine.dispose()


def _refuse_foreign(url: str) -> None:
    with owner_connection(url) as connection:
        held = connection.scalar(text("select count(*) from tenant")) or 0
    if held:
        raise NotNow(
            f"The database already holds {held} tenants that the demo did not make; "
            "choose another SALDO_HOME or database for the demo"
        )
