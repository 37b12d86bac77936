"""`saldo doctor` and `bench`: what is wrong here, and how fast it is."""

import importlib
import inspect
import pkgutil
from typing import Annotated, Any

import typer

import bench as benchmarks
from commands import health
from commands.output import AsJson, answer, checked, command, console, failed, progress
from core.errors import BadInput
from core.settings import settings


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
    days: Annotated[int | None, typer.Option(min=1, max=3_660, help="Days of a soak.")] = None,
    seed: Annotated[int | None, typer.Option(min=1, help="Chance of a soak.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark: its ratio against a rival measured in the same run."""
    known = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name[0] != "_")
    if name not in known:
        raise BadInput(f"No benchmark {name!r}; there are {', '.join(known)}")
    chosen = {"days": days, "seed": seed}
    given = {option: value for option, value in chosen.items() if value is not None}
    run = importlib.import_module(f"bench.{name}").run
    if not given.keys() <= inspect.signature(run).parameters.keys():
        raise BadInput(f"{name} takes neither --days nor --seed")
    result = run(scale=scale, say=progress, **given)
    if result.get("passed") is False:
        failed(result, as_json, _show_bench, f"{name} missed its limit")
    answer(result, as_json, _show_bench)


def _show_findings(result: dict[str, Any]) -> None:
    for one in result["findings"]:
        checked(one["ok"], f"{one['name']}: {one['detail']}")
        if one["fix"]:
            console.print(f"    {one['fix']}")


def _show_bench(result: dict[str, Any]) -> None:
    console.print(f"{result['name']}: {result['ratio']}× {result['rival']}")
    for name, value in result["detail"].items():
        console.print(f"    {name}: {value}")
