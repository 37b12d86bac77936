"""The chart of accounts, numbered in the ranges of the Swedish BAS chart."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Place:
    """An account: its code, how the code of Saldo calls it, what accountants call it, its kind."""

    code: str
    slug: str
    name: str
    kind: str


CHART = (
    Place("1510", "receivable", "Accounts receivable", "asset"),
    Place("1581", "clearing_stripe", "Clearing Stripe", "asset"),
    Place("1582", "clearing_paystack", "Clearing Paystack", "asset"),
    Place("1583", "clearing_paypal", "Clearing PayPal", "asset"),
    Place("1584", "clearing_bankgirot", "Clearing Bankgirot", "asset"),
    Place("1680", "disputes_receivable", "Disputed payments", "asset"),
    Place("1910", "cash", "Cash", "asset"),
    Place("1930", "bank", "Bank", "asset"),
    Place("1990", "currency_position", "Currency position", "asset"),
    Place("2091", "opening_balance", "Opening balance of imported documents", "equity"),
    Place("2420", "customer_credit", "Customer credit", "liability"),
    Place("2421", "unapplied_receipts", "Unapplied receipts", "liability"),
    Place("2422", "promotional_credit", "Promotional credit", "liability"),
    Place("2450", "wallet", "Prepaid wallets", "liability"),
    Place("2611", "tax_payable", "Output tax", "liability"),
    Place("2970", "deferred_revenue", "Deferred revenue", "liability"),
    Place("3010", "revenue", "Subscription and usage revenue", "income"),
    Place("3020", "platform_fee_income", "Platform fees", "income"),
    Place("3090", "refunds_given", "Refunds and credit notes", "income"),
    Place("3740", "rounding", "Rounding", "income"),
    Place("3950", "bad_debt_recovered", "Bad debts recovered", "income"),
    Place("3960", "fx_gain", "Exchange gains", "income"),
    Place("3990", "breakage", "Expired credit", "income"),
    Place("3991", "adjustment_income", "Adjustments in our favour", "income"),
    Place("6350", "bad_debt", "Bad debts", "expense"),
    Place("6391", "goodwill", "Goodwill credits", "expense"),
    Place("6570", "gateway_fees", "Payment gateway fees", "expense"),
    Place("6571", "bank_fees", "Bank fees", "expense"),
    Place("6572", "dispute_fees", "Dispute fees", "expense"),
    Place("6573", "gateway_differences", "Differences with payment gateways", "expense"),
    Place("7960", "fx_loss", "Exchange losses", "expense"),
)
CODE = {place.slug: place.code for place in CHART}
CLEARING = {
    "stripe": "clearing_stripe",
    "paystack": "clearing_paystack",
    "paypal": "clearing_paypal",
    "bankgirot": "clearing_bankgirot",
}


def fill(connection: Connection) -> None:
    """Add accounts that are missing; names a company changed stay."""
    for place in CHART:
        connection.execute(
            text(
                "insert into account (code, slug, name, kind) values (:code, :slug, :name, :kind) "
                "on conflict do nothing"
            ),
            {"code": place.code, "slug": place.slug, "name": place.name, "kind": place.kind},
        )
