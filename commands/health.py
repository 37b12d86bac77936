"""What `saldo doctor` looks at: the commonest faults of an installation, and what mends each."""

import os
import shutil
import smtplib
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import create_engine, make_url, text

from core import secrets
from core.access import queries as people
from core.access.authority import system
from core.audit.queries import verify
from core.db import app_engine, database_url
from core.errors import CheckFailed
from core.gateways.registry import simulated
from core.jobs.queries import overdue
from core.ledger.checks import check_books
from core.office import open_office
from core.operating import house
from core.schema import newest_revision, ready_url
from core.settings import Settings
from core.settings_parts import THIS_MACHINE
from core.settings_spark import LOCAL_CLUSTER
from core.work import Work
from etl.spark.cluster import require_java, require_spark
from etl.warehouse import Warehouse

OLDEST_SERVER = 150_000
LEAST_FREE_BYTES = 1 << 30
MOST_SKEW = timedelta(seconds=30)
"""Sessions, one-time codes and webhooks' stamps go wrong when clocks differ by more."""
LATE = timedelta(hours=1)
SMTP_SECONDS = 5
SPARK_SECONDS = 5
CONNECT_PORT = 15_002
"""Where Spark Connect listens unless the address says otherwise."""
BOSS = "super_admin"


@dataclass(frozen=True)
class Question:
    """One look at one thing; `look` says in words what it found, or raises, and `fix` helps then.

    A question that `needs` another is not asked when that one found a fault.
    """

    name: str
    look: Callable[[Settings], str]
    fix: str
    needs: str | None = None


def examine(settings: Settings) -> list[dict[str, Any]]:
    """One finding a question: name, ok, detail and, for a fault, fix. Never raises."""
    findings: dict[str, dict[str, Any]] = {}
    for question in QUESTIONS:
        if question.needs and not findings.get(question.needs, {"ok": False})["ok"]:
            continue
        findings[question.name] = _asked(question, settings)
    return list(findings.values())


def _asked(question: Question, settings: Settings) -> dict[str, Any]:
    try:
        detail = question.look(settings)
    except CheckFailed as problem:
        detail = str(problem)
    except Exception as problem:
        words = str(problem).strip().split("\n")[0]
        detail = words if hasattr(problem, "code") else f"{type(problem).__name__}: {words}"
    else:
        return {"name": question.name, "ok": True, "detail": detail, "fix": ""}
    return {"name": question.name, "ok": False, "detail": detail, "fix": question.fix}


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    trial = settings.home / f".doctor-{os.getpid()}"
    trial.touch()
    trial.unlink()
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE_BYTES:
        raise CheckFailed(f"only {free >> 20} MiB are free in {settings.home}")
    return f"{settings.home}, {free >> 30} GiB free"


def _keys(settings: Settings) -> str:
    held = secrets.keys(settings)
    if settings.secret_keys:
        return f"{len(held)} key(s)"
    path = settings.home / secrets.KEY_FILE
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CheckFailed(f"others than its owner may read {path}")
    return f"{len(held)} key(s) in {path}, beside the data"


def _address(settings: Settings) -> str:
    address = urlsplit(settings.public_url)
    host = address.hostname or ""
    if f"[{host}]" not in settings.allowed_hosts and host not in settings.allowed_hosts:
        raise CheckFailed(f"{host} of SALDO_PUBLIC_URL is not among SALDO_ALLOWED_HOSTS")
    if address.scheme == "https" and not settings.cookie_secure:
        raise CheckFailed("the address is https, and the session cookie may travel without it")
    if address.scheme != "https" and settings.cookie_secure:
        raise CheckFailed("the session cookie only travels by https, which the address is not")
    if address.scheme != "https" and host not in THIS_MACHINE:
        raise CheckFailed(f"{settings.public_url} is reached by others without https")
    return settings.public_url


def _database(settings: Settings) -> str:
    engine = create_engine(make_url(database_url(settings)).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            version = int(connection.scalar(text("show server_version_num")) or 0)
            encoding = connection.scalar(text("show server_encoding"))
    finally:
        engine.dispose()
    if version < OLDEST_SERVER:
        raise CheckFailed(f"PostgreSQL {version // 10_000} is too old; 15 or newer is needed")
    if encoding != "UTF8":
        raise CheckFailed(f"the database is encoded in {encoding}, not in UTF8")
    where = "a server of its own" if settings.database_url else "embedded"
    return f"PostgreSQL {version // 10_000}, {where}"


def _clock(settings: Settings) -> str:
    engine = app_engine(database_url(settings))
    with engine.connect() as connection:
        there = connection.execute(text("select clock_timestamp()")).scalar_one()
    engine.dispose()
    skew = abs(datetime.now(UTC) - there)
    if skew > MOST_SKEW:
        raise CheckFailed(f"the database's clock differs by {skew.total_seconds():.0f} seconds")
    return "agrees with the database's"


def _schema(settings: Settings) -> str:
    ready_url(settings)
    return f"at {newest_revision()}"


def _role(settings: Settings) -> str:
    engine = app_engine(database_url(settings))
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
            )
        ).one()
    engine.dispose()
    if row.rolsuper or row.rolbypassrls:
        raise CheckFailed(f"the application acts as {row.rolname}, which no rule holds back")
    return f"acts as {row.rolname}"


def _work(look: Callable[[Work], str]) -> Callable[[Settings], str]:
    """A look that is taken in a unit of work."""

    def opened(settings: Settings) -> str:
        office = open_office(settings)
        try:
            with office.work(system("saldo doctor")) as work:
                return look(work)
        finally:
            office.engine.dispose()

    return opened


def _people(work: Work) -> str:
    found = [user for user in people.users(work, role=BOSS) if user.disabled_at is None]
    if not found:
        return f"nobody can let others in yet: saldo user add EMAIL --role {BOSS}"
    return f"{len(found)} with the role {BOSS}"


def _ledger(work: Work) -> str:
    wrong = [check.name for check in check_books(work) if not check.passed]
    if wrong:
        raise CheckFailed("does not hold: " + "; ".join(wrong))
    return "balanced, agrees with the documents"


def _audit(work: Work) -> str:
    report = verify(work)
    if not report.intact:
        raise CheckFailed(f"broken at event {report.broken_seq}")
    return f"{report.rows} events, chain intact"


def _worker(work: Work) -> str:
    late = overdue(work, LATE)
    if late is None:
        return "none has run yet"
    if late:
        raise CheckFailed(f"due for over an hour and not begun: {', '.join(late)}")
    return "nothing is overdue"


def _jobs(work: Work) -> str:
    failed = [f"{job.name} ({job.failed})" for job in house(work).jobs if job.failed]
    if failed:
        raise CheckFailed(f"failed within a day: {', '.join(failed)}")
    return "none failed within a day"


def _gateways(settings: Settings) -> str:
    stripe = settings.stripe_secret or settings.stripe_api_key
    given = {
        "Stripe": (stripe, settings.stripe_webhook_secret),
        "PayPal": (settings.paypal_secret, settings.paypal_webhook_id),
    }
    deaf = [name for name, (key, hears) in given.items() if key and not hears]
    if deaf:
        raise CheckFailed(f"no webhook of {' and '.join(deaf)} can be believed")
    office = open_office(settings)
    stands_in = simulated(settings, office.engine)
    office.engine.dispose()
    return "simulated where keys are missing" if stands_in else "asked with the keys there are"


def _mail(settings: Settings) -> str:
    if settings.smtp_url is None:
        return "no mail server is set (SALDO_SMTP_URL): messages are shown in Saldo alone"
    address = urlsplit(settings.smtp_url.get_secret_value())
    quick = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with quick(address.hostname or "", address.port or 0, timeout=SMTP_SECONDS) as server:
        if address.scheme != "smtps" and address.hostname not in THIS_MACHINE:
            server.starttls()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
    return f"{address.hostname} answers"


def _copy(settings: Settings) -> str:
    info = Warehouse(settings).info()
    if info.problem:
        raise CheckFailed(info.problem)
    age = datetime.now(UTC) - info.published_at
    if age > timedelta(hours=settings.stale_hours):
        raise CheckFailed(f"{age.days} days and {age.seconds // 3600} hours old")
    return f"published at {info.published_at:%Y-%m-%d %H:%M} UTC"


def _spark(settings: Settings) -> str:
    if settings.spark_url is None:
        return "no cluster is set (SALDO_SPARK_URL): DuckDB makes all figures"
    require_spark()
    address = settings.spark_url.get_secret_value()
    if address == LOCAL_CLUSTER:
        require_java()
        return "a cluster on this machine, started when it is needed"
    parts = urlsplit(address)
    place = (parts.hostname or "", parts.port or CONNECT_PORT)
    with socket.create_connection(place, timeout=SPARK_SECONDS):
        return f"{place[0]}:{place[1]} answers"


QUESTIONS = (
    Question("home", _home, "give this user a writable SALDO_HOME with a gigabyte to spare"),
    Question(
        "secret keys",
        _keys,
        "restore the key file from your backup, or set SALDO_SECRET_KEYS; "
        "only the owner may read the file (chmod 600)",
    ),
    Question(
        "public address",
        _address,
        "set SALDO_PUBLIC_URL to the https address that people use, add its host to "
        "SALDO_ALLOWED_HOSTS, and SALDO_COOKIE_SECURE=true",
    ),
    Question(
        "database",
        _database,
        "start PostgreSQL 15 or newer with a UTF8 database, and check host, port, name and "
        "password in SALDO_DATABASE_URL; saldo db url shows what is used",
    ),
    Question("schema", _schema, "run saldo db upgrade", "database"),
    Question(
        "application role",
        _role,
        "take SUPERUSER and BYPASSRLS from the role saldo_app, then run saldo db upgrade",
        "schema",
    ),
    Question("clock", _clock, "let NTP set the clocks of both machines", "schema"),
    Question("people", _work(_people), "saldo user list tells who there is", "schema"),
    Question("ledger", _work(_ledger), "saldo ledger check tells which entries differ", "schema"),
    Question(
        "audit log",
        _work(_audit),
        "somebody changed rows behind Saldo's back: restore a backup and compare",
        "schema",
    ),
    Question(
        "worker",
        _work(_worker),
        "run saldo worker, or saldo serve with SALDO_WORKER_IN_SERVE=true",
        "schema",
    ),
    Question("jobs", _work(_jobs), "saldo job list tells why each failed", "schema"),
    Question(
        "gateways",
        _gateways,
        "create the webhook at the gateway and set its secret: STRIPE_WEBHOOK_SECRET, "
        "PAYPAL_WEBHOOK_ID",
        "schema",
    ),
    Question("mail", _mail, "check address, port, user and password in SALDO_SMTP_URL"),
    Question(
        "spark",
        _spark,
        "start the Spark Connect server and check host and port in SALDO_SPARK_URL; "
        "pip install 'saldo-finance[spark]'; a local cluster needs Java 17 or newer, found by "
        "JAVA_HOME or on the path",
    ),
    Question("analytics copy", _copy, "run saldo sync", "schema"),
)
