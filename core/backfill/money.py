"""What an event did to Stripe's own ledger, told in our books (IMP).

An event is posted in its own currency. Where Stripe settles in another one, the sum leaves that
currency at once and comes in as Stripe's ledger has it, so that clearing holds what Stripe holds.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.backfill.batch import SOURCE, Batch
from core.gateways.entries import AVAILABLE_AFTER_DAYS
from core.gateways.models import GatewayLedgerEntry
from core.imports.loading import Postings
from core.ledger.postings import currency_exchanged, gateway_fee
from core.money import round_half_up


@dataclass
class Moves:
    """Postings and expected lines of Stripe's ledger, collected for one bulk insert."""

    batch: Batch
    postings: Postings = field(default_factory=Postings)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def settled(
        self,
        kind: str,
        number: str,
        source: tuple[str, int],
        tenant_id: int,
        place: tuple[str, date],
        amount_minor: int,
        line: dict[str, Any] | None,
        charge: str,
        end: str = "",
    ) -> None:
        """Expect the line of an event of so much in `place`'s currency, money to us positive.

        `line` is what Stripe's ledger says of it; without one nothing was kept or exchanged.
        `end` tells the event from an earlier one of the same source.
        """
        currency, on = place
        if line is None:
            self.expect(kind, number, place, (amount_minor, 0), charge)
            return
        theirs, amount, fee = line["currency"], line["amount_minor"], line["fee_minor"]
        if theirs != currency:
            for code, sum_minor in ((currency, -amount_minor), (theirs, amount)):
                legs = currency_exchanged(SOURCE, sum_minor)
                event = f"currency_exchanged:{code}{end}"
                self.postings.add(event, source, legs, code, on, tenant_id)
        self.expect(kind, number, (theirs, on), (amount, fee), charge)

    def fee(
        self,
        source: tuple[str, int],
        tenant_id: int,
        on: date,
        line: dict[str, Any] | None,
        end: str = "",
    ) -> None:
        """Post the fee that a line carries; `end` is that of `settled`."""
        if line is not None:
            legs = gateway_fee(SOURCE, line["fee_minor"])
            event = f"gateway_fee{end}"
            self.postings.add(event, source, legs, line["currency"], on, tenant_id)

    def expect(
        self,
        kind: str,
        number: str,
        place: tuple[str, date],
        sums: tuple[int, int],
        about: str | None,
        payout: str | None = None,
    ) -> None:
        """Expect a line of an amount and its fee in the gateway's ledger."""
        on = place[1]
        self.entries.append(
            {
                "provider": SOURCE,
                "external_id": number,
                "kind": kind,
                "source_id": about,
                "payout_id": payout,
                "currency": place[0],
                "amount_minor": sums[0],
                "fee_minor": sums[1],
                "net_minor": sums[0] - sums[1],
                "occurred_on": on,
                "available_on": date.fromordinal(on.toordinal() + AVAILABLE_AFTER_DAYS[SOURCE]),
                "imported_at": self.batch.work.now,
            }
        )

    def write(self) -> None:
        """Insert all of them."""
        self.postings.write(self.batch.load)
        self.batch.load.insert(GatewayLedgerEntry, self.entries)


def fee_in(line: dict[str, Any] | None, amount_minor: int, currency: str) -> int:
    """The fee of a line in the currency of its event, reckoned back by the two amounts."""
    if line is None or line["currency"] == currency or not line["amount_minor"]:
        return max(line["fee_minor"], 0) if line else 0
    back = round_half_up(line["fee_minor"] * amount_minor, abs(line["amount_minor"]))
    return max(back, 0)
