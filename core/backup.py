"""Backup and restore by PostgreSQL's own tools (OPS)."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from core import embedded, schema
from core.db import owner_connection
from core.errors import BadInput, CheckFailed, NotFound
from core.settings import settings


def back_up(url: str, file: Path) -> int:
    """Write a backup beside its final name, then move it there; returns its size in bytes.

    Raises CheckFailed with the tool's words when it did not work.
    """
    if not file.parent.is_dir():
        raise BadInput(f"There is no folder {file.parent}")
    unfinished = file.with_name(file.name + ".unfinished")
    _run([_tool("pg_dump", url), "--format=custom", f"--file={unfinished}"], url)
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
        connection.exec_driver_sql(
            "insert into sync_tombstone (table_name, row_key) "
            "select distinct event_object_table, '*' from information_schema.triggers "
            "where trigger_name like '%_bury'"
        )
    schema.upgrade(url)


def _tool(name: str, url: str) -> str:
    """The system's tool for a real server when it is new enough, else the embedded one."""
    system = shutil.which(name) if settings().database_url else None
    if system:
        with psycopg.connect(url) as db:
            server_major = db.info.server_version // 10_000
        said = subprocess.run([system, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        if int(said.stdout.split()[2].split(".")[0]) == server_major:
            return system
    return str(embedded.binary(name))


def _run(command: list[str], url: str | None = None, *, by_option: bool = False) -> None:
    """Run a tool on a database; the password travels in the environment, not in the arguments."""
    environment = dict(os.environ)
    if url:
        address = make_url(url)
        if address.password:
            environment["PGPASSWORD"] = str(address.password)
        open_address = address._replace(password=None).render_as_string()
        command = [*command, "--dbname=" * by_option + open_address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-3:]
        raise CheckFailed(f"{Path(command[0]).name} failed: {' '.join(last)}")
