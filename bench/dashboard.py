"""How fast are the revenue page's questions from the copy, against the same asked of PostgreSQL?"""

import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench._company import MONTHS, Company, Say, company
from core.settings import Settings
from etl import figures
from etl.warehouse import Warehouse

SUBSCRIPTIONS = 200_000
LEAST_TIMES_FASTER = 50.0
MOST_MIB = 2_048
ROUNDS = 7
HERE = Path(__file__).parent
_SYNC = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from core.settings import Settings
from etl import pipeline
settings = Settings(_env_file=None, SALDO_HOME=Path(sys.argv[1]))
pipeline.sync(settings, sys.argv[2], now=datetime.now(UTC), full=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def run(scale: float, say: Say) -> dict[str, Any]:
    """Cold time of all questions of the revenue page over 36 months, both ways, and peak memory."""
    with company(int(SUBSCRIPTIONS * scale), say) as made:
        say("Building the copy")
        sync_mib = _sync(made)
        say("Asking the copy")
        times = []
        for _ in range(ROUNDS):
            began = time.monotonic()
            answers = _page(made.settings)
            times.append(time.monotonic() - began)
        asked_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        say("Asking PostgreSQL")
        rival, theirs = _postgres(made)
    copy_seconds = statistics.median(times)
    ratio = rival / copy_seconds
    _agree(answers, theirs)
    return {
        "name": "dashboard",
        "ratio": round(ratio, 1),
        "rival": "the same figures computed in PostgreSQL",
        "passed": ratio >= LEAST_TIMES_FASTER and max(sync_mib, asked_mib) < MOST_MIB,
        "detail": {
            "subscriptions": int(SUBSCRIPTIONS * scale),
            "months": MONTHS,
            "copy_cold_seconds": round(copy_seconds, 4),
            "postgres_seconds": round(rival, 2),
            "peak_mib_building": sync_mib,
            "peak_mib_asking": asked_mib,
            "limits": {"ratio": LEAST_TIMES_FASTER, "mib": MOST_MIB},
        },
    }


def _sync(made: Company) -> int:
    """Build the copy in a process of its own; its peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _SYNC, str(made.settings.home), made.url],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1])


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
