"""Where a webhook may go: to addresses of the internet, checked once, and not for ever."""

import socket
import threading
from dataclasses import replace
from http.client import HTTPException

import pytest

from core.errors import BadInput
from core.notifications.addresses import (
    Forbidden,
    Target,
    is_public,
    post,
    resolved,
    target_of,
)

INSIDE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "172.16.4.4",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://127.0x1/",
        "https://127.1/",
        "https://localhost/",
        "https://localhost./",
        "https://[2002:7f00:1::]/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://exämple.com/",
        "https://example.com/" + "a" * 2_000,
        "not an address",
        "",
    ],
)
def test_an_unfit_address_is_refused_when_it_is_entered(url: str) -> None:
    with pytest.raises(BadInput):
        target_of(url, ())


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "10.0.0.1"],
        ["10.0.0.1", "93.184.215.14"],
        ["::ffff:10.0.0.1"],
        ["2002:7f00:1::"],
        ["64:ff9b::a9fe:a9fe"],
    ],
)
def test_a_name_that_leads_inside_is_not_connected_to(
    found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", connect)
    target = target_of("https://hooks.example.com/", ())
    with pytest.raises(Forbidden, match="not public"):
        post(target, b"{}", {}, resolve=lambda _host, _port: found)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "localhost"])
def test_odd_spellings_of_this_machine_are_found_out_by_what_they_lead_to(host: str) -> None:
    target = replace(target_of("https://hooks.example.com/", ()), host=host)
    with pytest.raises((Forbidden, socket.gaierror)):
        post(target, b"{}", {})


def test_a_name_is_resolved_once_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    went: list[object] = []

    def connect(address: object, *_: object, **__: object) -> socket.socket:
        went.append(address)
        raise OSError("no way")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OSError, match="no way"):
        post(
            target_of("https://hooks.example.com:8443/", ()),
            b"{}",
            {},
            resolve=lambda _host, _port: next(answers),
        )
    assert went == [("93.184.215.14", 8443)]


def test_a_dripping_answer_is_cut_off() -> None:
    """A byte a moment keeps every single read within its time, but not the whole."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        held, _ = listener.accept()
        with held:
            while not stop.wait(0.05):
                try:
                    held.sendall(b"HTTP/1.1 200 OK\r\nx: y\r\n"[:1])
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    target = Target("http", "localhost", listener.getsockname()[1], "/", True)
    try:
        with pytest.raises((OSError, HTTPException)):
            post(target, b"{}", {}, seconds=0.5, resolve=lambda _h, _p: ["127.0.0.1"])
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_the_machines_resolver_is_asked_for_all_addresses() -> None:
    assert set(resolved("localhost", 443)) <= {"127.0.0.1", "::1"}
