"""Backup and restore by PostgreSQL's own tools (OPS)."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import make_url, text

from core import embedded, schema
from core.db import owner_connection
from core.errors import BadInput, CheckFailed, NotFound

_MARK_ALL_AS_REPLACED = """
insert into sync_tombstone (table_name, row_key)
select cast(tgrelid as regclass), '*' from pg_trigger
where tgfoid = cast('sync_bury' as regproc)
"""
_SIGHT = """
select rolsuper or rolbypassrls, current_setting('app.scope', true) is not distinct from 'platform'
from pg_roles where rolname = current_user
"""
_PLATFORM = "-c app.scope=platform"


def back_up(url: str, file: Path) -> int:
    """Write a backup beside its final name, then move it there; returns its size in bytes.

    Raises CheckFailed with the tool's words when it did not work.
    """
    if not file.parent.is_dir():
        raise BadInput(f"There is no folder {file.parent}")
    unfinished = file.with_name(file.name + ".unfinished")
    _run([_tool("pg_dump", url), "--format=custom", f"--file={unfinished}", *_sight(url)], url)
    unfinished.replace(file)
    return file.stat().st_size


def restore(url: str, file: Path) -> None:
    """Put a backup in place of the content, in one transaction; the next sync is a full one.

    Raises NotFound without the file, CheckFailed with the tool's words when it did not work.
    """
    if not file.is_file():
        raise NotFound(f"There is no backup {file}")
    schema.ensure_roles(url)
    tool = _tool("pg_restore", url)
    _run([tool, "--list", str(file)])
    whole = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error"]
    _run([tool, *whole, str(file)], url, by_option=True)
    with owner_connection(url) as connection:
        connection.execute(text(_MARK_ALL_AS_REPLACED))
    schema.upgrade(url)


def _sight(url: str) -> list[str]:
    """What lets pg_dump see every tenant's rows: nothing for who is above row-level security.

    Raises CheckFailed rather than leave out what cannot be seen.
    """
    with psycopg.connect(_platform_address(url)) as db:
        bypasses, platform = db.execute(_SIGHT).fetchone() or (False, False)
    if not bypasses and not platform:
        raise CheckFailed(
            "The server or what stands before it does not take options, so a backup would lack rows"
        )
    return [] if bypasses else ["--enable-row-security"]


def _platform_address(url: str, *, password: bool = True) -> str:
    """The address, so that what connects there is in the platform's scope; libpq's spelling."""
    address = make_url(url)
    options = f"{address.query.get('options', '')} {_PLATFORM}".strip()
    scoped = address.update_query_dict({"options": options})
    if not password:
        scoped = scoped._replace(password=None)
    place, _, query = scoped.render_as_string(hide_password=False).partition("?")
    return f"{place}?{query.replace('+', '%20')}"


def _tool(name: str, url: str) -> str:
    """A tool of the server's own major version: the system's if there is one, else the packaged."""
    with psycopg.connect(url) as db:
        major = db.info.server_version // 10_000
    system = shutil.which(name)
    if system:
        said = subprocess.run([system, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        if int(said.stdout.split()[2].split(".")[0]) == major:
            return system
    return str(embedded.binary(name, major))


def _run(command: list[str], url: str | None = None, *, by_option: bool = False) -> None:
    """Run a tool on a database; the password travels in the environment, not in the arguments."""
    environment = dict(os.environ)
    if url:
        address = make_url(url)
        if address.password:
            environment["PGPASSWORD"] = str(address.password)
        command = [*command, "--dbname=" * by_option + _platform_address(url, password=False)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-3:]
        raise CheckFailed(f"{Path(command[0]).name} failed: {' '.join(last)}")
