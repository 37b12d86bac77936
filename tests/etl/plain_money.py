"""What a month brought, cost and left, from rows of documents in plain loops; EUR cents."""

from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from core.money import rounded
from etl.days import last_day, months_back
from tests.etl.plain import Plain

Rows = dict[str, list[dict[str, Any]]]
Rate = Callable[[str, date], Fraction]
RECEIVED = {"captured", "partially_refunded", "refunded", "disputed", "charged_back"}
NO_CASH = {"wallet", "credit_note", "settled_before_import"}


def brought_cash(payment: dict[str, Any]) -> bool:
    """Whether a payment was received, and from outside."""
    return payment["status"] in RECEIVED and payment["method"] not in NO_CASH


class PlainMoney:
    """The rules of revenue, cash and costs once more; `rate` gives cents for a minor unit."""

    def __init__(self, rows: Rows, plain: Plain, rate: Rate) -> None:
        self.rows, self.plain, self.rate = rows, plain, rate

    def _sum(self, table: str, day: str, month: date, minor: str, kept: Any = None) -> int:
        """What the rows of a month are worth, each at the rate of its day."""
        return sum(
            rounded((row[minor] or 0) * self.rate(row["currency"], row[day]))
            for row in self.rows[table]
            if row.get(day) and row[day].replace(day=1) == month and (kept is None or kept(row))
        )

    def gross(self, month: date) -> int:
        """Invoices of the month, without tax."""

        def counts(row: dict[str, Any]) -> bool:
            kinds = ("subscription", "usage", "adjustment")
            return row["status"] not in ("draft", "cancelled") and row["type"] in kinds

        return self._sum("invoice", "issued_on", month, "net_minor", counts)

    def collected(self, month: date) -> int:
        """Money that came in the month less what went back and what gateways kept."""
        methods = {row["id"]: row["method"] for row in self.rows["payment"]}

        def recharge(row: dict[str, Any]) -> bool:
            return bool(row["type"] == "recharge")

        def to_outside(row: dict[str, Any]) -> bool:
            return bool(methods[row["payment_id"]] != "wallet")

        return (
            self._sum("payment", "received_on", month, "amount_minor", brought_cash)
            - self._sum(
                "payment", "received_on", month, "fee_minor", lambda row: row["status"] in RECEIVED
            )
            + self._sum("wallet_transaction", "moved_on", month, "amount_minor", recharge)
            - self._sum("wallet_transaction", "moved_on", month, "fee_minor")
            - self._sum("refund", "refunded_on", month, "amount_minor", to_outside)
            + self._sum("refund", "returned_on", month, "amount_minor")
        )

    def costs(self, month: date, last_on: date, category: str | None = None) -> int | None:
        """The costs entered for a month at the rate of its last day; None without any."""
        found = [
            rounded(row["amount_minor"] * self.rate(row["currency"], last_on))
            for row in self.rows["cost"]
            if row["month"] == month and category in (None, row["category"])
        ]
        return sum(found) if found else None

    def cash(self, last_on: date) -> int | None:
        """The latest balance of each account; None without any."""
        latest: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows["cash_balance"], key=lambda r: (r["held_on"], r["id"])):
            if row["held_on"] <= last_on:
                latest[row["account"]] = row
        found = [
            rounded(r["balance_minor"] * self.rate(r["currency"], last_on)) for r in latest.values()
        ]
        return sum(found) if found else None

    def runway(self, month: date) -> Fraction | None:
        """Months the cash lasts at the mean burn of three months, this one the last of them."""
        months = [months_back(month, n) for n in (2, 1, 0)]
        costs = [self.costs(each, last_day(each)) for each in months]
        held = self.cash(last_day(month))
        if held is None or not any(cost is not None for cost in costs):
            return None
        burns = [
            (cost or 0) - self.collected(each) for each, cost in zip(months, costs, strict=True)
        ]
        while costs and costs[0] is None and not self._came(months[0]):
            costs, burns, months = costs[1:], burns[1:], months[1:]
        burn = Fraction(sum(burns), len(burns))
        return held / burn if burn > 0 else None

    def _came(self, month: date) -> bool:
        """Whether money came in a month, from a payment or a recharge."""
        came = [row["received_on"] for row in self.rows["payment"] if brought_cash(row)]
        came += [
            row["moved_on"] for row in self.rows["wallet_transaction"] if row["type"] == "recharge"
        ]
        return any(day.replace(day=1) == month for day in came)

    def acquisition_cost(self, month: date) -> Fraction | None:
        """Sales and marketing per tenant that paid for the first time."""
        spent = self.costs(month, last_day(month), "sales_marketing")
        first = self.plain.first_paid(last_day(month)).values()
        joined = sum(day.replace(day=1) == month for day in first)
        return Fraction(spent, joined) if spent is not None and joined else None

    def lifetime_value(self, month: date) -> Fraction | None:
        """ARPA × margin ÷ churn, the latter two over three months."""
        months = [months_back(month, n) for n in range(3)]
        ends = {each: self.plain.standings(each, last_day(each)) for each in months}
        paying = [row for row in ends[month] if row.pays_at_end]
        at_start = [row for rows in ends.values() for row in rows if row.pays_at_start]
        lost = sum(not row.pays_at_end and not row.is_paused for row in at_start)
        cost = _total(self.costs(each, last_day(each), "cost_of_revenue") for each in months)
        gross = sum(self.gross(each) for each in months)
        if not paying or not lost or (cost and not gross):
            return None
        margin = Fraction(gross - cost, gross) if cost else Fraction(1)
        arpa = Fraction(sum(row.end_minor for row in paying), len(paying))
        return arpa * margin * len(at_start) / lost


def _total(amounts: Iterable[int | None]) -> int:
    return sum(amount or 0 for amount in amounts)
