"""The web process keeps the embedded database up."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

import serve
from core import embedded
from core.settings import Settings
from tests.core.test_embedded import killed, pgdata

__all__ = ["pgdata"]
MOST_SECONDS = 60


def test_an_embedded_database_that_died_answers_again(
    pgdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LOOK_SECONDS", 0.05)
    uri = embedded.start(pgdata)
    killed(pgdata)

    async def until_it_answers() -> None:
        keeping = asyncio.create_task(
            serve.keep_database(Settings(_env_file=None, SALDO_HOME=pgdata.parent))
        )
        while not await asyncio.to_thread(_answers, uri):
            await asyncio.sleep(0.05)
        keeping.cancel()
        # Who starts it holds a lock until it stands; one that is let go half-way would come back.
        await asyncio.to_thread(embedded.start, pgdata)

    # In a thread of its own: the browser of other tests leaves a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(until_it_answers(), MOST_SECONDS)).result()


def test_the_keeper_outlives_whatever_keeps_the_database_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LOOK_SECONDS", 0.01)
    looks: list[Path] = []

    def broken(pgdata: Path) -> bool:
        looks.append(pgdata)
        raise RuntimeError("the package is half installed")

    monkeypatch.setattr(embedded, "revive", broken)

    async def until_it_looked_twice() -> None:
        chosen = Settings(_env_file=None, SALDO_HOME=tmp_path, SALDO_DATABASE_URL=None)
        keeping = asyncio.create_task(serve.keep_database(chosen))
        while len(looks) < 2 and not keeping.done():
            await asyncio.sleep(0.01)
        assert not keeping.done()
        keeping.cancel()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(until_it_looked_twice(), MOST_SECONDS)).result()


def _answers(uri: str) -> bool:
    try:
        with psycopg.connect(uri, connect_timeout=2) as db:
            return db.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
