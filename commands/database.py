"""`saldo db …`: migrate, stop, back up and restore the operational database."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import AsJson, answer, command, console
from core import backup, embedded, schema
from core.db import database_url
from core.settings import settings

app = typer.Typer(help="The operational database.", no_args_is_help=True)
BackupFile = Annotated[Path, typer.Argument(dir_okay=False, help="The backup file.")]


@app.command()
@command
def upgrade(as_json: AsJson = False) -> None:
    """Create or bring the database to the newest schema."""
    revision = schema.upgrade(database_url(settings(), owner=True))
    answer({"revision": revision}, as_json, lambda r: console.print(f"Schema at {r['revision']}"))


@app.command()
@command
def stop(as_json: AsJson = False) -> None:
    """Stop the embedded server; a real server is left alone."""
    stopped = not settings().database_url and embedded.stop(settings().home / "pg")
    answer(
        {"stopped": stopped},
        as_json,
        lambda r: console.print("Stopped" if r["stopped"] else "Nothing was running"),
    )


@app.command()
@command
def url(as_json: AsJson = False) -> None:
    """Print the address of the database."""
    answer({"url": database_url(settings())}, as_json, lambda r: typer.echo(r["url"]))


@app.command("backup")
@command
def back_up(file: BackupFile, as_json: AsJson = False) -> None:
    """Write the whole database to a file, complete or not at all."""
    size = backup.back_up(database_url(settings(), owner=True), file)
    answer(
        {"file": str(file), "bytes": size},
        as_json,
        lambda r: console.print(f"{r['bytes']:,} bytes in {r['file']}"),
    )


@app.command()
@command
def restore(file: BackupFile, as_json: AsJson = False) -> None:
    """Replace the database's content by a backup, wholly or not at all."""
    backup.restore(database_url(settings(), owner=True), file)
    answer({"file": str(file)}, as_json, lambda r: console.print(f"Restored from {r['file']}"))
