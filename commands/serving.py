"""`saldo demo` and `serve`: they come up quickly, so what one of them needs is imported in it."""

import os
import sys
import time
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, console, progress, table
from core.office import office
from core.settings import settings

Port = Annotated[int, typer.Option(min=1, max=65_535)]


@command
def serve(
    port: Port = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run the web process: pages and HTTP API."""
    _serve(host, port)


def _serve(host: str, port: int) -> None:
    # What leads back here, from messages and from gateways' pages, names the port that is served.
    if "public_url" not in settings().model_fields_set:
        os.environ["SALDO_PUBLIC_URL"] = f"http://localhost:{port}"
        settings.cache_clear()
        office.cache_clear()
    from serve import run  # noqa: PLC0415 (Streamlit is slow to import and only this needs it)

    run(host=host, port=port)


@command
def demo(
    tenants: Annotated[int, typer.Option(min=5, max=5_000)] = 300,
    months: Annotated[int, typer.Option(min=2, max=60)] = 24,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Build the company anew.")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Build and stop.")] = False,
    port: Port = 8501,
    as_json: AsJson = False,
) -> None:
    """Build the simulated company, sync, and serve it."""
    from demo import setting_up  # noqa: PLC0415 (only this command needs the simulation)

    started = time.monotonic()
    built = setting_up.prepare(settings(), tenants, months, seed, fresh=fresh, say=progress)
    result = {
        "url": f"http://localhost:{port}",
        "users": built.users,
        "tenants": built.tenants,
        "months": built.months,
        "seconds": round(time.monotonic() - started, 1),
    }
    answer(result, as_json, _show_demo)
    sys.stdout.flush()
    if not no_serve:
        _serve("127.0.0.1", port)


def _show_demo(result: dict[str, Any]) -> None:
    console.print(
        f"\n{result['tenants']} tenants, {result['months']} months, "
        f"ready after {result['seconds']} s\n"
    )
    rows = [[u["email"], u["password"], ", ".join(u["roles"])] for u in result["users"]]
    table(["Sign in as", "Password", "Roles"], rows)
    console.print(f"\n{result['url']}\n", style="bold")
