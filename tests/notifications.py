"""A mail server and a webhook receiver of our own, and what notifications need to be tried."""

import base64
import hashlib
import hmac
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import select

from core.clock import Clock
from core.notifications.models import Notification, NotificationDelivery
from core.notifications.outbox import tell_tenant
from core.notifications.rendering import Told
from core.settings import ROOT
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB
from tests.conftest import NOON
from tests.serving import served

FACTS: dict[str, Any] = {
    "subscription_id": 7,
    "amount_minor": 5_000,
    "currency": "EUR",
    "new_balance_minor": 12_345,
    "trial_ends_on": "2026-11-23",
    "restricts_on": "2026-12-01",
    "suspends_on": "2026-12-12",
    "until": "2027-01-15",
    "url_host": "hooks.example.com",
    "subscription": {
        "id": 7,
        "plan": "Growth",
        "status": "active",
        "cycle": "monthly",
        "currency": "EUR",
        "amount_minor": 7_900,
        "period_end": "2026-12-20",
        "grace_ends_on": "2026-11-27",
    },
    "invoice": {
        "id": 3,
        "number": "2026-00042",
        "status": "issued",
        "total_minor": 9_875,
        "due_minor": 9_875,
        "currency": "EUR",
        "due_on": "2026-12-20",
    },
    "credit_note": {"id": 5, "number": "K2026-00003", "total_minor": 2_500, "currency": "EUR"},
}
"""What a message of any kind may know."""
RUNNER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from pydantic import SecretStr
import core.models
from core.clock import SetClock
from core.db import app_engine
from core.notifications import claims, running
from core.settings import Settings
from core.work import Office

url, smtp, home, at, point = sys.argv[1:]
settings = Settings(_env_file=None, SALDO_HOME=Path(home)).model_copy(
    update={"smtp_url": SecretStr(smtp), "webhook_private_hosts": ("localhost",)}
)

def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def leave_and_die(*args):
    claims.mark_leaving(*args)
    die()

if point == "claimed":
    running._send = die
elif point == "announced":
    running.mark_leaving = die
elif point == "leaving":
    running.mark_leaving = leave_and_die
elif point == "taken":
    running.record = die
running.run_notifications(Office(app_engine(url), SetClock(datetime.fromisoformat(at)), settings))
"""
"""A process that runs the job and is killed at a point."""
Point = Literal["claimed", "announced", "leaving", "taken"]


def killed_at(point: Point, office: Office, database_url: str, smtp: str) -> None:
    """Run the job in a process of its own that is killed at a point."""
    home = str(office.settings.home)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, database_url, smtp, home, NOON.isoformat(), point],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def told(
    event: str, facts: dict[str, Any] | None = None, *, name: str = "Fjord AB", language: str = "en"
) -> Told:
    """A notification that was read for wording."""
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    return Told(11, event, FACTS if facts is None else facts, at, 4, name, language)


def a_customer(office: Office, name: str = "Fjord AB", **known: Any) -> Tenant:
    """A tenant with an address for invoices."""
    email = known.pop("billing_email", "billing@fjord.example")
    with office.work(JOB) as work:
        return create_tenant(work, NewTenant(name, "SE", "EUR", billing_email=email, **known))


def a_notice(office: Office, tenant: Tenant, event: str = "tenant.suspended", **facts: Any) -> None:
    """Something the tenant is to be told."""
    with office.work(JOB) as work:
        tell_tenant(work, event, tenant.id, facts)


def with_settings(office: Office, clock: Clock, **changed: Any) -> Office:
    """The same office with other settings."""
    return Office(office.engine, clock, office.settings.model_copy(update=changed))


def noted(office: Office) -> list[Notification]:
    """All notifications, the oldest first."""
    with office.work(JOB) as work:
        return list(work.session.scalars(select(Notification).order_by(Notification.id)))


def delivered(office: Office, channel: str = "email") -> list[NotificationDelivery]:
    """All deliveries of a channel, the oldest first."""
    wanted = select(NotificationDelivery).where(NotificationDelivery.channel == channel)
    with office.work(JOB) as work:
        return list(work.session.scalars(wanted.order_by(NotificationDelivery.id)))


class Mailbox:
    """A real mail server on this machine; `answers` are given to the next messages, then 250."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []
        self.refused_recipients: dict[str, str] = {}
        self._lock = threading.Lock()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take a recipient unless the test refuses it."""
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message, or give the answer that the test wants."""
        with self._lock:
            if self.answers:
                return self.answers.pop(0)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs that were taken."""
        return [str(mail["Message-ID"]) for mail in self.mails]


class _AnyPort(Controller):
    """A server on whichever port is free."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def a_mailbox() -> Iterator[tuple[Mailbox, SecretStr]]:
    """A running mail server and its address."""
    box = Mailbox()
    controller = _AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield box, SecretStr(f"smtp://127.0.0.1:{controller.port}")
    finally:
        controller.stop()


class Hook:
    """What a webhook receiver got; `answers` are given to the next requests, then 204."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.moved_to: str | None = None
        self.url = ""

    @property
    def ids(self) -> list[str]:
        """The ids of the messages, repeated ones too."""
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def a_hook() -> Iterator[Hook]:
    """A running webhook receiver on this machine."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook.got.append(({name.lower(): v for name, v in self.headers.items()}, body))
            self.send_response(hook.answers.pop(0) if hook.answers else 204)
            if hook.moved_to:
                self.send_header("location", hook.moved_to)
            self.end_headers()

    with served(Handler) as port:
        hook.url = f"http://localhost:{port}/saldo"
        yield hook


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """The receiver's side of Standard Webhooks, written apart from the sender's."""
    content = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
    )
    key = base64.b64decode(secret.split("_", 1)[1])
    wanted = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    signatures = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    return any(
        version == "v1" and hmac.compare_digest(given, wanted) for version, given in signatures
    )
