"""Requests to addresses that others chose: public ones alone, checked once and then held to.

A name is resolved once, every address it has must be public, and the connection goes to one that
was checked; no redirect is followed. So neither a name that resolves to our own network nor one
that changes between check and use leads inside.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import BadInput

SECONDS = 5.0
LONGEST_URL = 2_000
_MOST_ADDRESSES = 16
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_UNICAST = ipaddress.ip_network("2000::/3")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")

Resolve = Callable[[str, int], list[str]]


class Forbidden(Exception):
    """The address is not one we send to; the message says why."""


@dataclass(frozen=True)
class Target:
    """Where a request goes: the parts of an address that was found fit."""

    scheme: str
    host: str
    port: int
    path: str
    private: bool
    """True for a host that the settings name; it may be private and without https."""


def target_of(url: str, private_hosts: tuple[str, ...]) -> Target:
    """The parts of an address; raises BadInput unless it is https to a named host.

    A host of `private_hosts` may be reached by http too.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput("An endpoint is an address such as https://example.com/saldo")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise BadInput(f"{url!r} is not an address") from problem
    private = host in private_hosts
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise BadInput("An endpoint is reached by https")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise BadInput("An endpoint is https, a host and a path, without a user name or a fragment")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        literal = None
    if not private and not (_is_name(host) if literal is None else is_public(host)):
        raise BadInput(f"{host} is not a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, port or usual, path, private)


def _is_name(host: str) -> bool:
    """True for a name of the public internet, not another spelling of a number: ``127.1``."""
    *above, last = host.rstrip(".").split(".")
    return bool(above) and not _NUMBER.fullmatch(last)


def is_public(address: str) -> bool:
    """True for an address of the public internet, also behind IPv6's ways to carry IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip not in _UNICAST or ip in _SIX_TO_FOUR:
            return False
    elif ip in _RELAYS:
        return False
    return ip.is_global and not ip.is_multicast


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    resolve: Resolve = resolved,
    seconds: float = SECONDS,
) -> int:
    """Send a body and return the answer's status; what the answer holds is not read.

    Raises Forbidden when any address of the host is not public, OSError or HTTPException when the
    host does not answer within `seconds`.
    """
    connection = _Checked(target, _checked(target, resolve), seconds)
    timer = threading.Timer(seconds, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        return connection.getresponse().status
    finally:
        timer.cancel()
        connection.close()


def _checked(target: Target, resolve: Resolve) -> str:
    addresses = resolve(target.host, target.port)[:_MOST_ADDRESSES]
    if not addresses:
        raise OSError(f"{target.host} has no address")
    for address in addresses:
        if not target.private and not is_public(address):
            # Which one stays untold: it would show what our own resolver knows of the inside.
            raise Forbidden(f"{target.host} leads to an address that is not public")
    return addresses[0]


class _Checked(http.client.HTTPConnection):
    """A connection to the address that was checked, under the name that was asked for."""

    def __init__(self, target: Target, address: str, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._target, self._address = target, address

    def connect(self) -> None:
        """Open it, over TLS with the host's own certificate for https."""
        self.sock = socket.create_connection((self._address, self._target.port), self.timeout)
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            secured = context.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock = secured
            secured.do_handshake()

    def cut(self) -> None:
        """End it from outside, however slowly the other side drips."""
        held = self.sock
        if held is not None:
            with suppress(OSError):
                # Not the TLS socket's own way, which takes away what the other thread holds.
                socket.socket.shutdown(held, socket.SHUT_RDWR)
