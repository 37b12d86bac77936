"""A peer on this machine that publishes reference rates as the European Central Bank does."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler

from core.planning.ecb import DAILY, HISTORY
from core.work import Office
from tests.serving import served

Days = Mapping[date, Mapping[str, str]]
"""Units of each currency for one EUR, as published for a day."""


def document(days: Days) -> bytes:
    """Days as one document, the newest first as the bank has them."""
    cubes = "".join(
        f'<Cube time="{on}">'
        + "".join(f'<Cube currency="{code}" rate="{units}"/>' for code, units in days[on].items())
        + "</Cube>\n"
        for on in sorted(days, reverse=True)
    )
    return enclosed(f"<Cube>{cubes}</Cube>")


def enclosed(cubes: str, root: str = "gesmes:Envelope") -> bytes:
    """What the bank puts around the days."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{root} xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
        'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        "<gesmes:subject>Reference rates</gesmes:subject>"
        "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>"
        f"{cubes}</{root}>"
    ).encode()


@dataclass
class Peer:
    """What it publishes, how it answers, and which documents were asked for."""

    url: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    missing_bytes: int = 0
    """How much less it sends than it announces."""
    mute: bool = False
    """It takes the question and does not answer."""
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def publish(self, days: Days) -> None:
        """The newest day in the daily document, all of them in the history."""
        newest = max(days)
        self.documents = {DAILY: document({newest: days[newest]}), HISTORY: document(days)}

    def read_by(self, office: Office) -> Office:
        """The same office, which reads its rates here."""
        settings = office.settings.model_copy(update={"fx_url": self.url})
        return Office(office.engine, office.clock, settings)


@contextmanager
def a_peer() -> Iterator[Peer]:
    """A running peer."""
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            peer.asked.append(name)
            if peer.mute:
                peer.over.wait()
                return
            body = peer.documents.get(name, b"")
            self.send_response(peer.status if name in peer.documents else 404)
            self.send_header("content-length", str(len(body) + peer.missing_bytes))
            self.end_headers()
            self.wfile.write(body)

    with served(Handler) as port:
        peer.url = f"http://127.0.0.1:{port}/stats/eurofxref"
        try:
            yield peer
        finally:
            peer.over.set()
