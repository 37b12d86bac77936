"""What `saldo doctor` looks at."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, make_url, text

from core import secrets
from core.access.authority import system
from core.audit.queries import verify
from core.db import app_engine, database_url
from core.errors import CheckFailed, SaldoError
from core.ledger.checks import check_books
from core.office import open_office
from core.schema import newest_revision, ready_url
from core.settings import Settings
from etl.warehouse import Warehouse

OLDEST_SERVER = 150_000
LEAST_FREE_BYTES = 1 << 30


def examine(settings: Settings) -> list[dict[str, Any]]:
    """One finding a question: name, ok, detail in words. Never raises for what it looks for."""
    questions: dict[str, Callable[[Settings], str]] = {
        "home": _home,
        "secret keys": _keys,
        "database": _database,
        "schema": _schema,
        "application role": _role,
        "ledger": _ledger,
        "audit log": _audit,
        "analytics copy": _copy,
    }
    findings = []
    for name, question in questions.items():
        try:
            findings.append({"name": name, "ok": True, "detail": question(settings)})
        except SaldoError as problem:
            findings.append({"name": name, "ok": False, "detail": str(problem)})
        except Exception as problem:
            words = str(problem).strip().split("\n")[0]
            findings.append(
                {"name": name, "ok": False, "detail": f"{type(problem).__name__}: {words}"}
            )
    return findings


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE_BYTES:
        raise CheckFailed(f"only {free >> 20} MiB are free in {settings.home}")
    return f"{settings.home}, {free >> 30} GiB free"


def _keys(settings: Settings) -> str:
    held = secrets.keys(settings)
    beside = (
        "" if settings.secret_keys else f" in {settings.home / secrets.KEY_FILE}, beside the data"
    )
    return f"{len(held)} key(s){beside}"


def _database(settings: Settings) -> str:
    engine = create_engine(make_url(database_url(settings)).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        version = int(connection.scalar(text("show server_version_num")) or 0)
    if version < OLDEST_SERVER:
        raise CheckFailed(f"PostgreSQL {version // 10_000} is too old; 15 or newer is needed")
    where = "a server of its own" if settings.database_url else "embedded"
    return f"PostgreSQL {version // 10_000}, {where}"


def _schema(settings: Settings) -> str:
    ready_url(settings)
    return f"at {newest_revision()}"


def _role(settings: Settings) -> str:
    with app_engine(database_url(settings)).connect() as connection:
        row = connection.execute(
            text(
                "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
            )
        ).one()
    if row.rolsuper or row.rolbypassrls:
        raise CheckFailed(f"the application acts as {row.rolname}, which no rule holds back")
    return f"acts as {row.rolname}"


def _ledger(settings: Settings) -> str:
    with open_office(settings).work(system("saldo doctor")) as work:
        wrong = [check.name for check in check_books(work) if not check.passed]
    if wrong:
        raise CheckFailed("does not hold: " + "; ".join(wrong))
    return "balanced, agrees with the documents"


def _audit(settings: Settings) -> str:
    with open_office(settings).work(system("saldo doctor")) as work:
        report = verify(work)
    if not report.intact:
        raise CheckFailed(f"broken at event {report.broken_seq}")
    return f"{report.rows} events, chain intact"


def _copy(settings: Settings) -> str:
    info = Warehouse(settings).info()
    if info.problem:
        raise CheckFailed(info.problem)
    age = datetime.now(UTC) - info.published_at
    if age > timedelta(hours=settings.stale_hours):
        raise CheckFailed(f"{age.days} days and {age.seconds // 3600} hours old; run saldo sync")
    return f"published at {info.published_at:%Y-%m-%d %H:%M} UTC"
