"""The writes on a wallet: give credit, take prepaid money back; balance before and after."""

from collections.abc import Callable
from html import escape

import streamlit as st

from core.errors import BadInput, ChangedMeanwhile, NotFound, SaldoError
from core.money import Money
from core.office import office
from core.typed import typed_minor
from core.wallets import actions, queries
from core.wallets.models import WalletTransaction
from core.wallets.queries import WalletRow
from core.work import Work
from pages.admin import receipts
from pages.parts import confirm, formats, states, url, viewer
from pages.parts.confirm import Step

LONGEST_AMOUNT = 20
AMOUNT, PROMOTIONAL, OVERDRAW = (
    f"wallet-{field}" for field in ("amount", "promotional", "overdraw")
)
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""


def wallet_key(given: str) -> tuple[int, str]:
    """A wallet of the address, `<tenant>-<currency>`; ValueError when it is none."""
    number, _, currency = given.partition("-")
    if (
        not url.whole(number)
        or len(currency) != 3
        or not currency.isascii()
        or not currency.isupper()
    ):
        raise ValueError(given)
    return url.whole(number), currency


def subject(wallet: WalletRow) -> str:
    """How the address names a wallet."""
    return f"{wallet.tenant_id}-{wallet.currency}"


def the_wallet(work: Work, tenant_id: int, currency: str) -> WalletRow:
    """A tenant's wallet; an empty one in its own currency when none is open. Raises NotFound."""
    own = queries.tenant_currency(work, tenant_id)
    found = queries.tenant_wallets(work, tenant_id)
    wallet = next((row for row in found if row.currency == currency), None)
    if wallet is not None:
        return wallet
    if currency != own:
        raise NotFound(f"This tenant has no wallet in {currency}")
    name = next(owner.name for owner in queries.owners(work) if owner.id == tenant_id)
    return WalletRow(tenant_id, name, currency, 0, 0, 0, None)


def _preview(given: str) -> WalletRow:
    try:
        tenant_id, currency = wallet_key(given)
    except ValueError:
        raise NotFound("There is no such wallet") from None
    with office().work(viewer.current_actor()) as work:
        return the_wallet(work, tenant_id, currency)


def _show_credit(wallet: WalletRow) -> None:
    _who(wallet)
    if not confirm.is_fresh():
        return
    _amount_field(wallet)
    promotional = st.toggle(
        "Promotional credit",
        key=PROMOTIONAL,
        help="Kept apart from prepaid money: it is given, not paid, and is used first",
    )
    kind = "promotional credit" if promotional else "prepaid money"
    _after(wallet, 1, f"It counts as {kind}.")


def _show_debit(wallet: WalletRow) -> None:
    _who(wallet)
    if not confirm.is_fresh():
        return
    _amount_field(wallet)
    st.toggle("Allow a balance below zero", key=OVERDRAW)
    _after(wallet, -1, "It is taken from prepaid money; promotional credit stays.")


def _who(wallet: WalletRow) -> None:
    held = escape(_text(wallet.total_minor, wallet))
    prepaid = escape(_text(wallet.balance_minor, wallet))
    st.html(
        f"<p><b>{escape(wallet.tenant_name)}</b><br>Balance {held}"
        f'<span class="muted">, of it prepaid {prepaid}</span></p>'
    )


def _amount_field(wallet: WalletRow) -> None:
    st.text_input(
        f"Amount in {wallet.currency}", key=AMOUNT, max_chars=LONGEST_AMOUNT, placeholder="50.00"
    )


def _after(wallet: WalletRow, sign: int, words: str) -> None:
    """What the balance will be, and what follows when prepaid money goes below zero."""
    if not str(st.session_state.get(AMOUNT) or "").strip():
        return
    try:
        amount = _amount(wallet)
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    after = escape(_text(wallet.total_minor + sign * amount, wallet))
    st.html(f"<p>Balance afterwards <b>{after}</b>. {words}</p>")
    left = wallet.balance_minor - amount
    if sign > 0 or left >= 0:
        return
    if st.session_state.get(OVERDRAW):
        states.notice(
            "warn",
            f"Prepaid money will be {_text(left, wallet)}. Until it is settled no invoice is "
            "paid from this wallet and its subscriptions do not renew from it.",
        )
    else:
        states.notice("bad", f"The wallet holds {_text(wallet.balance_minor, wallet)} prepaid.")


def _credit(wallet: WalletRow, reason: str, key: str) -> str:
    amount, promotional = _amount(wallet), bool(st.session_state.get(PROMOTIONAL))

    def act(work: Work) -> WalletTransaction:
        return actions.credit_wallet(
            work,
            wallet.tenant_id,
            amount,
            wallet.currency,
            promotional=promotional,
            reason=reason,
            key=key,
        )

    kind = "of promotional credit" if promotional else "of credit"
    told = f"{wallet.tenant_name} got {_text(amount, wallet)} {kind}"
    return _written(wallet, amount, act, told, "saas.wallet.credited")


def _debit(wallet: WalletRow, reason: str, key: str) -> str:
    amount, overdraw = _amount(wallet), bool(st.session_state.get(OVERDRAW))

    def act(work: Work) -> WalletTransaction:
        return actions.debit_wallet(
            work,
            wallet.tenant_id,
            amount,
            wallet.currency,
            overdraw=overdraw,
            reason=reason,
            key=key,
        )

    told = f"{_text(amount, wallet)} was taken from {wallet.tenant_name}"
    return _written(wallet, -amount, act, told, "saas.wallet.debited")


def _written(
    wallet: WalletRow,
    change_minor: int,
    act: Callable[[Work], WalletTransaction],
    told: str,
    event_type: str,
) -> str:
    """One movement, kept only when it leads to the balance that the preview showed."""
    with office().work(viewer.current_actor()) as work:
        moved = act(work)
        if moved.balance_after_minor != wallet.total_minor + change_minor:
            raise ChangedMeanwhile
    now = _text(moved.balance_after_minor, wallet)
    return receipts.keep(f"{told}; the balance is {now}", event_type)


def _amount(wallet: WalletRow) -> int:
    """The minor units of the amount field, above zero. Raises BadInput, BadMoney."""
    given = str(st.session_state.get(AMOUNT) or "").strip()
    if not given:
        raise BadInput("Give the amount")
    minor = typed_minor(given, wallet.currency)
    if minor <= 0:
        raise BadInput("An amount is above zero")
    return minor


def _text(minor: int, wallet: WalletRow) -> str:
    return formats.money(Money(minor, wallet.currency))


CREDIT = Step("credit", "Credit a wallet", "Give the credit", _preview, _show_credit, _credit)
DEBIT = Step("debit", "Debit a wallet", "Take the money", _preview, _show_debit, _debit)
