"""How fast are every page's questions from the copy, the revenue page's against PostgreSQL too?

A million subscriptions are `--scale 5`; they need 20 GiB of disk and most of an hour.
"""

import json
import math
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from bench._company import MONTHS, Company, Say, company, settings_of
from bench._pages import PAGES, Days
from core.settings import Settings
from etl import figures
from etl.figures.forecast_kept import keep_forecast_ready
from etl.warehouse import Warehouse

SUBSCRIPTIONS = 200_000
LEAST_TIMES_FASTER = 100.0
MOST_MIB = 2_048
MOST_MS = 50.0
"""Milliseconds within which 95 of 100 askings of a page's question are answered."""
MEMORY = "1GiB"
"""What the transforms may use before they spill."""
ROUNDS = 7
ASKINGS = 40
ASKING_SECONDS = 4.0
"""A question that takes long is asked until this is over, once at least."""
PATIENCE_SECONDS = 120
"""When a question is given up; its time is then told as this."""
HERE = Path(__file__).parent
_SPAWN = multiprocessing.get_context("spawn")
_SYNC = """
import json, resource, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from core.settings import Settings
from etl import pipeline
home, url, memory = sys.argv[1:]
settings = Settings(_env_file=None, SALDO_HOME=Path(home), SALDO_DUCKDB_MEMORY=memory)
spilt, over = 0, threading.Event()
def size(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
def watch():
    global spilt
    while not over.wait(0.05):
        found = settings.copy_path.parent.glob("build-*.spill/*")
        spilt = max(spilt, sum(map(size, found)))
watching = threading.Thread(target=watch)
watching.start()
try:
    done = pipeline.sync(settings, url, now=datetime.now(UTC), full=True)
finally:
    over.set()
    watching.join()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": done["seconds"], "peak_mib": peak // 1024, "spilt_mib": spilt >> 20}))
"""


def run(scale: float, say: Say) -> dict[str, Any]:
    """Every page's questions from the copy, the revenue page's also of PostgreSQL; peak memory."""
    with company(int(SUBSCRIPTIONS * scale), say) as made:
        say("Building the copy")
        built = _sync(made)
        began = time.monotonic()
        keep_forecast_ready(made.settings)
        built["forecast_seconds"] = round(time.monotonic() - began, 1)
        say("Asking the copy")
        times = []
        for _ in range(ROUNDS):
            began = time.monotonic()
            answers = _page(made.settings)
            times.append(time.monotonic() - began)
        asked_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        pages = ask_pages(made.settings, say)
        say("Asking PostgreSQL")
        rival, theirs = _postgres(made)
    copy_seconds = statistics.median(times)
    ratio = rival / copy_seconds
    worst = max(ms for page in pages.values() for ms in page.values())
    _agree(answers, theirs)
    return {
        "name": "dashboard",
        "ratio": round(ratio, 1),
        "rival": "the same figures computed in PostgreSQL",
        "passed": ratio >= LEAST_TIMES_FASTER
        and worst <= MOST_MS
        and max(built["peak_mib"], asked_mib) < MOST_MIB,
        "detail": {
            "subscriptions": int(SUBSCRIPTIONS * scale),
            "months": MONTHS,
            "copy_cold_seconds": round(copy_seconds, 4),
            "postgres_seconds": round(rival, 2),
            "pages_p95_ms": pages,
            "worst_p95_ms": worst,
            "building_memory": MEMORY,
            "building_seconds": built["seconds"],
            "forecast_seconds": built["forecast_seconds"],
            "building_spilt_mib": built["spilt_mib"],
            "peak_mib_building": built["peak_mib"],
            "peak_mib_asking": asked_mib,
            "limits": {"ratio": LEAST_TIMES_FASTER, "p95_ms": MOST_MS, "mib": MOST_MIB},
        },
    }


def _sync(made: Company) -> dict[str, Any]:
    """Build the copy in a process of its own: seconds, peak memory, what was spilt to disk."""
    done = subprocess.run(
        [sys.executable, "-c", _SYNC, str(made.settings.home), made.url, MEMORY],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ask_pages(settings: Settings, say: Say) -> dict[str, dict[str, float]]:
    """Page → question → milliseconds within which 95 of 100 askings were answered.

    As a server asks them: one reader a process, a reading of its own for each, nothing kept.
    """
    found: dict[str, dict[str, float]] = {}
    for page, questions in PAGES.items():
        say(page)
        found[page] = {name: _apart(settings, page, name) for name in questions}
    return found


def _apart(settings: Settings, page: str, name: str) -> float:
    """Milliseconds of a question asked in a process of its own, which can be given up."""
    hears, tells = _SPAWN.Pipe(duplex=False)
    child = _SPAWN.Process(target=_ask, args=(settings.home, page, name, tells))
    child.start()
    tells.close()
    seconds: float = hears.recv() if hears.poll(PATIENCE_SECONDS) else PATIENCE_SECONDS
    child.kill()
    child.join()
    return round(1_000 * seconds, 1)


def _ask(home: Path, page: str, name: str, tells: Connection) -> None:
    copy, ask = Warehouse(settings_of(home)), PAGES[page][name]
    days = Days(copy.info().as_of)
    times: list[float] = []
    while not times or (len(times) < ASKINGS and sum(times) < ASKING_SECONDS):
        began = time.monotonic()
        ask(copy.reading(), days)
        times.append(time.monotonic() - began)
    tells.send(sorted(times)[math.ceil(0.95 * len(times)) - 1])


def _page(settings: Settings) -> dict[str, Any]:
    """All the page asks, from a copy that was not open before."""
    copy = Warehouse(settings)
    month = _this_month()
    return {
        "total": figures.metrics(copy, month, months=MONTHS),
        "plan": figures.metrics(copy, month, months=MONTHS, by="plan"),
        "country": figures.metrics(copy, month, months=MONTHS, by="country"),
        "movements": figures.movements(copy, _first_month(), month),
    }


def _postgres(made: Company) -> tuple[float, list[list[Any]]]:
    today = datetime.now(UTC).date()
    given = {
        "first": f"'{_first_month()}'",
        "last": f"'{_this_month()}'",
        "today": f"'{today}'::date",
    }
    preparing = (HERE / "_rival.sql").read_text().format(**given)
    asking = (HERE / "_rival_questions.sql").read_text().split(";\n")
    with psycopg.connect(made.url) as db:
        began = time.monotonic()
        db.execute(preparing.encode())
        answers = [db.execute(question.encode()).fetchall() for question in asking]
        return time.monotonic() - began, answers


def _agree(answers: dict[str, Any], theirs: list[list[Any]]) -> None:
    """Both ways found the same customers every month and the same money but for rounding."""
    months = {m["month"]: m for m in answers["total"]["months"]}
    for month, mrr, customers in theirs[0]:
        ours = months[f"{month:%Y-%m}"]
        assert ours["customers"] == customers, (month, ours["customers"], customers)
        assert _close(ours["mrr"]["minor"], int(mrr), customers), (month, ours["mrr"], mrr)
    for month, gross in theirs[6]:
        found = months[f"{month:%Y-%m}"]["gross_revenue"]["minor"]
        assert found == int(gross), (month, found, gross)
    moved = {(f"{month:%Y-%m}", kind): int(minor) for month, kind, minor in theirs[3]}
    for row in answers["movements"]:
        for kind in ("new", "churn"):
            theirs_minor = abs(moved.get((row["month"], kind), 0))
            assert _close(row[kind]["minor"], theirs_minor, 1_000_000), (row["month"], kind)


def _close(ours: int, theirs: int, roundings: int) -> bool:
    """Equal but for half a minor unit a rounded piece, and not by more than a thousandth."""
    return abs(ours - theirs) <= min(roundings, abs(theirs) // 1_000 + 1)


def _this_month() -> date:
    return datetime.now(UTC).date().replace(day=1)


def _first_month() -> date:
    this = _this_month()
    year, month = divmod(this.year * 12 + this.month - MONTHS, 12)
    return date(year, month + 1, 1)
