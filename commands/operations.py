"""`saldo demo`, `serve`, `doctor`, `bench` and `user …`: running the house."""

import importlib
import os
import pkgutil
import secrets
import sys
import time
from typing import Annotated, Any

import typer

import bench as benchmarks
from commands import health
from commands.output import AsJson, answer, command, console, failed, table
from core import schema
from core.access.actions import create_user
from core.access.authority import system
from core.db import database_url
from core.errors import BadInput
from core.office import office
from core.settings import settings

user_app = typer.Typer(help="Accounts.", no_args_is_help=True)
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
    built = setting_up.prepare(settings(), tenants, months, seed, fresh=fresh, say=_progress)
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


@command
def doctor(as_json: AsJson = False) -> None:
    """Look at everything Saldo needs and say what is wrong."""
    findings = health.examine(settings())
    result = {"healthy": all(f["ok"] for f in findings), "findings": findings}
    if not result["healthy"]:
        wrong = "; ".join(f"{f['name']}: {f['detail']}" for f in findings if not f["ok"])
        failed(result, as_json, _show_findings, wrong)
    answer(result, as_json, _show_findings)


@command
def bench(
    name: Annotated[str, typer.Argument(help="Which benchmark.")],
    scale: Annotated[float, typer.Option(min=0.001, max=100, help="Share of the full size.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark: its ratio against a rival measured in the same run."""
    known = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name[0] != "_")
    if name not in known:
        raise BadInput(f"No benchmark {name!r}; there are {', '.join(known)}")
    result = importlib.import_module(f"bench.{name}").run(scale=scale, say=_progress)
    if result.get("passed") is False:
        failed(result, as_json, _show_bench, f"{name} missed its limit")
    answer(result, as_json, _show_bench)


@user_app.command("add")
@command
def add_user(
    email: str,
    role: Annotated[list[str], typer.Option(help="A role; may be given several times.")],
    name: Annotated[str, typer.Option()] = "",
    tenant_id: Annotated[int | None, typer.Option(help="For a tenant's own user.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    as_json: AsJson = False,
) -> None:
    """Open an account; without --password-stdin a password is made and shown once."""
    schema.upgrade(database_url(settings(), owner=True))
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with office().work(system("saldo user add")) as work:
        user = create_user(
            work,
            email,
            name,
            password,
            tuple(role),
            tenant_id=tenant_id,
            reason="added by the operator",
        )
    result: dict[str, Any] = {"id": user.id, "email": user.email, "roles": role}
    if not password_stdin:
        result["password"] = password
    answer(
        result, as_json, lambda r: console.print(f"{r['email']}  {r.get('password', '')}".strip())
    )


def _progress(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def _show_demo(result: dict[str, Any]) -> None:
    console.print(
        f"\n{result['tenants']} tenants, {result['months']} months, "
        f"ready after {result['seconds']} s\n"
    )
    rows = [[u["email"], u["password"], ", ".join(u["roles"])] for u in result["users"]]
    table(["Sign in as", "Password", "Roles"], rows)
    console.print(f"\n[bold]{result['url']}[/]\n")


def _show_findings(result: dict[str, Any]) -> None:
    for one in result["findings"]:
        mark = "[green]✓[/]" if one["ok"] else "[red]✗[/]"
        console.print(f"{mark} {one['name']}: {one['detail']}")


def _show_bench(result: dict[str, Any]) -> None:
    console.print(f"{result['name']}: {result['ratio']}× {result['rival']}")
    for name, value in result["detail"].items():
        console.print(f"    {name}: {value}")
