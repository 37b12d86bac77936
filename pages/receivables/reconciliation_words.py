"""How the reconciliation is said on its page."""

from html import escape

from core.money import Money
from pages.parts import formats
from pages.parts.tables import Cell

TITLES = {
    "stripe": "Stripe",
    "paystack": "Paystack",
    "paypal": "PayPal",
    "bankgirot": "Bankgirot",
}
CLASSES = {
    "missing_here": "Missing in the books",
    "missing_there": "Missing at the gateway",
    "amount": "Amount",
    "fee": "Fee",
    "currency": "Currency",
    "duplicate": "Duplicate",
    "timing": "Timing",
    "in_transit": "In transit",
}
KINDS = {
    "charge": "Payment",
    "refund": "Refund",
    "fee": "Fee",
    "dispute": "Dispute",
    "dispute_won": "Dispute won",
    "payout": "Payout",
    "adjustment": "Adjustment",
}
STANDINGS = {
    "agrees": ("good", "Agrees"),
    "open": ("warn", "To look at"),
    "explained": ("flat", "Explained"),
    "drift": ("bad", "Drift"),
}
STATES = {
    "ready": ("good", "Read"),
    "partly_read": ("warn", "Read in part"),
    "stale": ("warn", "Read late"),
    "failed": ("bad", "Reading stopped"),
    "not_pulled": ("flat", "Not read"),
    "credentials_missing": ("flat", "Not connected"),
}
PAYOUTS = {
    "agrees": ("good", "Agrees"),
    "deducted": ("good", "Agrees, less deductions"),
    "on_its_way": ("flat", "On its way"),
    "failed": ("bad", "Failed"),
    "lines_differ": ("bad", "Its lines add up to another sum"),
    "not_in_bank": ("bad", "Not shown by the bank"),
    "bank_far": ("warn", "Shown on a day far off"),
    "not_posted": ("warn", "Shown, not posted"),
    "ledger_differs": ("bad", "Posted with another sum"),
}
STYLE = """<style>
.badge { display: inline-block; padding: .0625rem .5rem; border-radius: 999px; font-size: .75rem;
  font-weight: 600; white-space: nowrap; background: var(--soft); color: var(--muted); }
.badge.good { background: var(--good-back, light-dark(#dff1ec, #12332d)); color: var(--good); }
.badge.warn { background: var(--warn-back); color: var(--warn); }
.badge.bad { background: var(--bad-back); color: var(--bad); }
.rec-card { display: flex; flex-direction: column; gap: .375rem; }
.rec-card h2 { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center;
  gap: .25rem .5rem; margin: 0; padding: 0; font-size: .9375rem; font-weight: 620; }
.rec-card dl { display: grid; grid-template-columns: auto 1fr; gap: .125rem .75rem;
  margin: 0 !important; padding: 0 !important; }
.rec-card dt { margin: 0 !important; padding: 0 !important; color: var(--muted);
  font-size: .8125rem; }
.rec-card dd { margin: 0 !important; text-align: right; font-size: .875rem; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.rec-card p { margin: 0; font-size: .8125rem; color: var(--muted); }
</style>"""


def badge(tone: str, words: str) -> str:
    """A word on a ground of its meaning."""
    return f'<span class="badge {tone}">{escape(words)}</span>'


def amount(minor: int | None, currency: str, tone: str = "", *, code: bool = False) -> Cell:
    """An amount, without its currency unless asked for; a dash where nothing is told."""
    if minor is None:
        return Cell("–", tone="muted")
    return Cell(formats.money(Money(minor, currency), code=code), tone=tone)


def marked(standing: tuple[str, str]) -> Cell:
    """A standing as a cell."""
    tone, words = standing
    return Cell(words, tone=f"badge {tone}")
