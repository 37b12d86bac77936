"""PayPal's transaction search: every row of a span, in spans and pages that it takes (PAY.3)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.gateways.http import Fields, Page, Refusal, every_row, objects, whole
from core.gateways.paypal_session import Session
from core.gateways.paypal_wire import mark, spans, stamp

ROWS_A_PAGE = 500
SHORTEST_SPAN = timedelta(hours=1)
"""A search that is too large is halved down to this."""


class Search:
    """Reads rows, each once."""

    def __init__(self, session: Session) -> None:
        self._call, self._reading = session.call, session.wire.reading

    def rows(self, since: datetime, until: datetime, **asked: str) -> Iterator[Fields]:
        """The rows from one moment to another, to the second and both included."""
        seen: set[tuple[str, ...]] = set()
        for start, end in spans(since, until):
            for row in self._span(start, end, asked):
                if mark(row) not in seen:
                    seen.add(mark(row))
                    yield row

    def _span(self, start: datetime, end: datetime, asked: Fields) -> Iterator[Fields]:
        """The rows of a span, both ends included, in halves where there are too many."""
        try:
            yield from self._pages(start, end, asked)
        except Refusal as no:
            if no.issue != "RESULTSET_TOO_LARGE" or end - start <= SHORTEST_SPAN:
                raise
            middle = start + (end - start) / 2
            yield from self._span(start, middle, asked)
            yield from self._span(middle, end, asked)

    def _pages(self, start: datetime, end: datetime, asked: Fields) -> Iterator[Fields]:
        span = {"start_date": stamp(start), "end_date": stamp(end), "fields": "transaction_info"}

        def read(page: int) -> Page:
            turn = {"page_size": ROWS_A_PAGE, "page": page}
            body = self._call("GET", "/v1/reporting/transactions", params=span | asked | turn)
            with self._reading():
                listed = objects(body.get("transaction_details", []))
                infos = [row["transaction_info"] for row in listed]
                return {mark(info): info for info in infos}, whole(body["total_items"])

        return every_row("PayPal's search", read)
