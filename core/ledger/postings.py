"""What each money event debits and credits; pure, one function an event (LED.1).

The same table, in words, stands in `docs/decisions/0007-posting-table.md`; a test compares them.
Amounts are positive minor units; an event with nothing to post gives no legs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.ledger.chart import CLEARING


@dataclass(frozen=True)
class Leg:
    """One side of a posting: account, and minor units, debit positive."""

    account: str
    amount_minor: int


def _legs(*pairs: tuple[str, int]) -> list[Leg]:
    return [Leg(account, amount) for account, amount in pairs if amount]


def _money_account(provider: str, method: str) -> str:
    """Where money of a payment arrives: the gateway's clearing account, the bank, or cash."""
    if provider in CLEARING:
        return CLEARING[provider]
    return "cash" if method == "cash" else "bank"


def _disputed(recharge: bool) -> str:
    """Who bears disputed money until the gateway decides: a claim, or the wallet it was in."""
    return "wallet" if recharge else "disputes_receivable"


def invoice_issued(
    deferred: int, earned: int, tax: int, *, platform_fee: bool = False
) -> list[Leg]:
    """Receivable against deferred revenue (service ahead), revenue (service past) and tax."""
    income = "platform_fee_income" if platform_fee else "revenue"
    return _legs(
        ("receivable", deferred + earned + tax),
        ("deferred_revenue", -deferred),
        (income, -earned),
        ("tax_payable", -tax),
    )


def revenue_recognised(amount: int) -> list[Leg]:
    """Service was rendered: deferred revenue becomes revenue; negative takes it back."""
    return _legs(("deferred_revenue", amount), ("revenue", -amount))


def payment_captured(provider: str, method: str, applied: int, unapplied: int) -> list[Leg]:
    """Money arrived; what settles no invoice is the customer's credit."""
    return _legs(
        (_money_account(provider, method), applied + unapplied),
        ("receivable", -applied),
        ("customer_credit", -unapplied),
    )


def settled_before_import(amount: int) -> list[Leg]:
    """An imported invoice was paid before it came here; the money is in the opening balance."""
    return _legs(("opening_balance", amount), ("receivable", -amount))


def gateway_fee(provider: str, fee: int) -> list[Leg]:
    """The gateway kept its fee."""
    return _legs(("gateway_fees", fee), (CLEARING[provider], -fee))


def difference_booked(provider: str, amount: int) -> list[Leg]:
    """What a gateway has more than the books, below zero less, that nothing else explains."""
    return _legs((CLEARING[provider], amount), ("gateway_differences", -amount))


def currency_exchanged(provider: str, amount: int) -> list[Leg]:
    """What a gateway holds of an event in one currency, or no longer in that of the books."""
    return _legs((CLEARING[provider], amount), ("currency_position", -amount))


def payout(provider: str, amount: int) -> list[Leg]:
    """The gateway paid out and the bank shows it; negative when the gateway drew money."""
    return _legs(("bank", amount), (CLEARING[provider], -amount))


def paid_out_before_import(provider: str, amount: int) -> list[Leg]:
    """An imported payout reached the bank before the import; it is in the opening balance."""
    return _legs(("opening_balance", amount), (CLEARING[provider], -amount))


def payout_shown_later(amount: int) -> list[Leg]:
    """A bank statement shows a payout that the opening balance held; it moves to the bank."""
    return _legs(("bank", amount), ("opening_balance", -amount))


def transfer_received(amount: int) -> list[Leg]:
    """A bank transfer nobody could match yet."""
    return _legs(("bank", amount), ("unapplied_receipts", -amount))


def transfer_collected(provider: str, amount: int) -> list[Leg]:
    """A transfer a clearing house collected that nobody could match yet; its deposit follows."""
    return _legs((CLEARING[provider], amount), ("unapplied_receipts", -amount))


def transfer_assigned(applied: int, excess: int) -> list[Leg]:
    """An unmatched transfer settled invoices; the excess is the customer's credit."""
    return _legs(
        ("unapplied_receipts", applied + excess),
        ("receivable", -applied),
        ("customer_credit", -excess),
    )


def transfer_unassigned(applied: int, unapplied: int) -> list[Leg]:
    """A transfer was taken off its invoices and waits again; what it settled is owed again."""
    return _legs(
        ("receivable", applied),
        ("customer_credit", unapplied),
        ("unapplied_receipts", -applied - unapplied),
    )


def credit_applied(amount: int) -> list[Leg]:
    """Customer credit settled an invoice."""
    return _legs(("customer_credit", amount), ("receivable", -amount))


def credit_note_issued(deferred: int, earned: int, tax: int) -> list[Leg]:
    """Service by days or a price without them is given back; it is the customer's credit."""
    return _legs(
        ("deferred_revenue", deferred),
        ("refunds_given", earned),
        ("tax_payable", tax),
        ("customer_credit", -deferred - earned - tax),
    )


def refund_settled(provider: str, method: str, net: int, tax: int) -> list[Leg]:
    """Money went back; revenue and tax shrink, the invoice is not owed again."""
    return _legs(
        ("refunds_given", net), ("tax_payable", tax), (_money_account(provider, method), -net - tax)
    )


def credit_refunded(provider: str, method: str, amount: int) -> list[Leg]:
    """The customer's credit was paid out: unapplied money, or what a credit note left."""
    return _legs(("customer_credit", amount), (_money_account(provider, method), -amount))


def refund_returned(provider: str, method: str, amount: int) -> list[Leg]:
    """A refund that had gone out came back; what it gave back is the customer's credit again."""
    return _legs((_money_account(provider, method), amount), ("customer_credit", -amount))


def payment_unapplied(amount: int) -> list[Leg]:
    """Money was taken off an invoice, which is owed again; it is the customer's credit."""
    return _legs(("receivable", amount), ("customer_credit", -amount))


def payment_reversed(provider: str, method: str, applied: int, unapplied: int) -> list[Leg]:
    """A payment turned out not to have arrived; what it settled is owed again."""
    return _legs(
        ("receivable", applied),
        ("customer_credit", unapplied),
        (_money_account(provider, method), -applied - unapplied),
    )


def dispute_opened(provider: str, amount: int, fee: int, *, recharge: bool = False) -> list[Leg]:
    """The gateway withdrew what is disputed and its fee; a recharge leaves the wallet at once."""
    return _legs(
        (_disputed(recharge), amount), ("dispute_fees", fee), (CLEARING[provider], -amount - fee)
    )


def dispute_won(provider: str, amount: int, *, recharge: bool = False) -> list[Leg]:
    """The disputed money came back, and to the wallet when it was a recharge."""
    return _legs((CLEARING[provider], amount), (_disputed(recharge), -amount))


def dispute_lost(net: int, tax: int) -> list[Leg]:
    """A disputed payment is gone; the tax part lowers the tax owed. A recharge left before."""
    return _legs(("bad_debt", net), ("tax_payable", tax), ("disputes_receivable", -net - tax))


def written_off(net: int, tax: int) -> list[Leg]:
    """An invoice will not be paid."""
    return _legs(("bad_debt", net), ("tax_payable", tax), ("receivable", -net - tax))


def write_off_recovered(net: int, tax: int) -> list[Leg]:
    """What was given up is owed again, because it was paid."""
    return _legs(("receivable", net + tax), ("bad_debt", -net), ("tax_payable", -tax))


def wallet_recharged(gateway: str, amount: int) -> list[Leg]:
    """Money was paid ahead; it is owed to the tenant until it pays an invoice."""
    return _legs((_money_account(gateway, "bank_transfer"), amount), ("wallet", -amount))


def wallet_credited(amount: int, *, promotional: bool = False) -> list[Leg]:
    """Credit given away, as prepaid money or as promotional credit."""
    return _legs(("goodwill", amount), ("promotional_credit" if promotional else "wallet", -amount))


def wallet_debited(amount: int) -> list[Leg]:
    """Prepaid money was taken back."""
    return _legs(("wallet", amount), ("adjustment_income", -amount))


def wallet_paid(prepaid: int, promotional: int) -> list[Leg]:
    """A wallet settled an invoice."""
    return _legs(
        ("promotional_credit", promotional),
        ("wallet", prepaid),
        ("receivable", -prepaid - promotional),
    )


def wallet_refunded(net: int, tax: int, promotional: int) -> list[Leg]:
    """What a wallet paid went back to it, `promotional` of it as promotional credit."""
    return _legs(
        ("refunds_given", net),
        ("tax_payable", tax),
        ("promotional_credit", -promotional),
        ("wallet", promotional - net - tax),
    )


def reversed_posting(legs: list[Leg]) -> list[Leg]:
    """The mirror of what was really posted."""
    return [Leg(leg.account, -leg.amount_minor) for leg in legs]


POSTINGS: dict[str, Callable[..., list[Leg]]] = {
    each.__name__: each
    for each in (
        invoice_issued,
        revenue_recognised,
        payment_captured,
        settled_before_import,
        gateway_fee,
        difference_booked,
        currency_exchanged,
        payout,
        paid_out_before_import,
        payout_shown_later,
        transfer_received,
        transfer_collected,
        transfer_assigned,
        transfer_unassigned,
        credit_applied,
        credit_note_issued,
        refund_settled,
        credit_refunded,
        refund_returned,
        payment_unapplied,
        payment_reversed,
        dispute_opened,
        dispute_won,
        dispute_lost,
        written_off,
        write_off_recovered,
        wallet_recharged,
        wallet_credited,
        wallet_debited,
        wallet_paid,
        wallet_refunded,
        reversed_posting,
    )
}
"""Every event by its name."""
