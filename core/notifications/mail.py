"""E-mail by SMTP: text and HTML with the logo inside, one message at a time (NTF)."""

import re
import smtplib
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from types import TracebackType
from urllib.parse import unquote, urlsplit
from uuid import UUID

from core.notifications.outcomes import About, Later, Never, Outcome, Sent, Unclear
from core.notifications.rendering import LOGO_ID, Rendered, Told, logo, one_line
from core.settings import Settings

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Servers on this machine need no TLS."""
_GO_AHEAD, _DONE, _GONE = 354, 250, 500


def compose(
    told: Told, words: Rendered, to: str, reference: UUID, settings: Settings
) -> EmailMessage:
    """The e-mail of a delivery; its Message-ID is the delivery's for ever.

    Raises ValueError when the address is none.
    """
    name, sender = parseaddr(settings.smtp_from)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(name), addr_spec=sender)
    message["To"] = Address(addr_spec=plain_address(to))
    message["Subject"] = words.subject
    message["Date"] = format_datetime(told.created_at)
    message["Message-ID"] = f"<{reference.hex}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = told.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    image, kind = logo(settings.logo_path)
    html = list(message.iter_parts())[1]
    assert isinstance(html, EmailMessage)
    html.add_related(image, "image", kind, cid=f"<{LOGO_ID}>", disposition="inline")
    return message


def plain_address(text: str) -> str:
    """An e-mail address of plain letters, digits and signs; ValueError when it is none."""
    if not text.isascii() or not text.isprintable() or len(text) > 254:
        raise ValueError(f"{one_line(text)!r} is not an e-mail address we can send to")
    try:
        address = Address(addr_spec=text)
    except Exception as problem:  # the parser raises what it stumbles over
        raise ValueError(f"{text!r} is not an e-mail address") from problem
    if "@" not in text or not address.username or not address.domain:
        raise ValueError(f"{text!r} is not an e-mail address")
    return text


class Mailer:
    """A connection to the mail server of the settings, opened at the first message."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: smtplib.SMTP | None = None

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def send(self, message: EmailMessage, to: str, about_to: About) -> Outcome:
        """Send one message; `about_to` is called before its first byte leaves."""
        body = _stuffed(message.as_bytes())
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as problem:
            self._close()
            return Later(f"The mail server cannot be reached: {_said(problem)}", whole_channel=True)
        try:
            refused = _announce(server, self._sender(), to)
        except (OSError, smtplib.SMTPException) as problem:
            self._close()
            return Later(f"The mail server broke off: {_said(problem)}")
        if refused is not None:
            self._close()
            return refused
        try:
            about_to()
        except BaseException:
            self._close()
            raise
        try:
            server.send(body)
            code, words = server.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            self._close()
            return Unclear(f"The mail server broke off while taking it: {_said(problem)}")
        if code == _DONE:
            return Sent()
        self._close()
        return _refusal(code, words)

    def _sender(self) -> str:
        return parseaddr(self._settings.smtp_from)[1]

    def _connected(self) -> smtplib.SMTP:
        if self._open is not None and _is_alive(self._open):
            return self._open
        self._close()
        assert self._settings.smtp_url is not None
        self._open = _connect(
            self._settings.smtp_url.get_secret_value(), self._settings.smtp_seconds
        )
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _connect(url: str, seconds: int) -> smtplib.SMTP:
    """A server that knows us, over TLS unless it runs on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=seconds, context=context
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=seconds)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and (host not in LOCAL or server.has_extn("starttls")):
            server.starttls(context=_local(context) if host in LOCAL else context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _local(context: ssl.SSLContext) -> ssl.SSLContext:
    """For a server on this machine, whose certificate is of its own making."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_alive(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == _DONE
    except (OSError, smtplib.SMTPException):
        return False


def _announce(server: smtplib.SMTP, sender: str, to: str) -> Outcome | None:
    """Everything up to the message itself; an outcome when the server refuses any of it."""
    steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
        lambda: server.mail(sender),
        lambda: server.rcpt(to),
        lambda: server.docmd("DATA"),
    )
    for step in steps:
        code, words = step()
        if code not in (_DONE, 251, _GO_AHEAD):
            return _refusal(code, words)
    return None


def _refusal(code: int, words: bytes) -> Outcome:
    """4xx asks for another try, 5xx for none."""
    why = one_line(f"{code} {words.decode('utf-8', 'replace')}")
    return Never(why) if code >= _GONE else Later(why)


def _stuffed(body: bytes) -> bytes:
    """The message as it travels: a dot at the start of a line doubled, the end marked."""
    lines = re.sub(rb"(?m)^\.", b"..", body)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _said(problem: Exception) -> str:
    return one_line(str(problem)) or type(problem).__name__
