"""Do the books agree with the documents? Each check lists what does not (LED.1)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from core.ledger.chart import CLEARING, CODE
from core.money import round_half_up
from core.work import Work

MOST_SHOWN = 20
_ACCOUNT = """
select coalesce(tenant_id, 0) as tenant_id, currency, sum(amount_minor) as minor
from accounting_entry where account_code = :account group by 1, 2
"""
_BALANCE = "select currency, sum(amount_minor) as off from accounting_entry group by currency"
_TRANSACTIONS = """
select t.id, e.currency, coalesce(sum(e.amount_minor), 0) as off
from ledger_transaction t left join accounting_entry e on e.ledger_transaction_id = t.id
group by t.id, e.currency having count(e.id) < 2 or sum(e.amount_minor) <> 0
"""
_RECEIVABLE = """
select tenant_id, currency, sum(total_minor - paid_minor) as minor
from invoice where status in ('issued', 'partially_paid') group by 1, 2
"""
_CREDIT = """
select tenant_id, currency, -sum(minor) as minor from (
  select tenant_id, currency, amount_minor - allocated_minor - returned_minor as minor from payment
  where status in ('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
  union all
  select tenant_id, currency, amount_minor from refund
  where status = 'pending' and treatment in ('credit', 'note')) held
group by 1, 2
"""
_UNMATCHED = """
select 0 as tenant_id, b.currency, -sum(b.amount_minor) as minor
from unmatched_bank_transfer u join bank_transfer b on b.id = u.bank_transfer_id
where u.status <> 'assigned' group by 2
"""
_CLEARING = """
select 0 as tenant_id, currency, sum(net_minor) as minor
from gateway_ledger_entry where provider = :provider group by 2
"""
_PREPAID = """
select tenant_id, currency, -sum(balance_minor) as minor from wallet group by 1, 2
"""
_PROMOTIONAL = """
select tenant_id, currency, -sum(promotional_minor) as minor from wallet group by 1, 2
"""
_WALLETS = """
select 'wallet ' || w.id as what, w.balance_minor + w.promotional_minor as kept,
  coalesce(sum(t.amount_minor), 0) as found
from wallet w left join wallet_transaction t on t.wallet_id = w.id
group by w.id
having w.balance_minor + w.promotional_minor <> coalesce(sum(t.amount_minor), 0)
  or w.promotional_minor <> coalesce(sum(t.promotional_minor), 0)
"""
_ALLOCATIONS = """
select 'invoice ' || i.id as what, i.paid_minor as kept, coalesce(sum(a.amount_minor), 0) as found
from invoice i left join payment_allocation a on a.invoice_id = i.id
where i.type <> 'recharge'
group by i.id having i.paid_minor <> coalesce(sum(a.amount_minor), 0)
union all
select 'recharge ' || i.id, i.paid_minor, coalesce(sum(w.amount_minor), 0)
from invoice i left join wallet_transaction w on w.invoice_id = i.id and w.type = 'recharge'
where i.type = 'recharge'
group by i.id having i.paid_minor <> coalesce(sum(w.amount_minor), 0)
union all
select 'payment ' || p.id, p.allocated_minor, coalesce(sum(a.amount_minor), 0)
from payment p left join payment_allocation a on a.payment_id = p.id
group by p.id having p.allocated_minor <> coalesce(sum(a.amount_minor), 0)
"""
_EARNED_BEFORE = """
select cast(max(date_trunc('month', booked_on)) + interval '1 month' as date)
from ledger_transaction where source_type = 'month'
"""
_SERVICE_LINES = """
select l.tenant_id, i.currency, l.net_minor, l.service_start, l.service_end
from invoice_line l join invoice i on i.id = l.invoice_id
where i.status not in ('draft', 'cancelled') and l.service_start is not null
union all
select l.tenant_id, c.currency, -l.net_minor, l.service_start, l.service_end
from credit_note_line l join credit_note c on c.id = l.credit_note_id
where c.status = 'issued' and c.refund_id is null and l.service_start is not null
"""
_REFUNDS = """
select 'payment ' || p.id as what, p.refunded_minor as kept,
  coalesce(sum(r.amount_minor), 0) as found
from payment p left join refund r on r.payment_id = p.id and r.status in ('pending', 'succeeded')
group by p.id having p.refunded_minor <> coalesce(sum(r.amount_minor), 0)
"""
_CREDIT_NOTES = """
select 'invoice ' || i.id as what, i.total_minor as kept, sum(c.total_minor) as found
from credit_note c join invoice i on i.id = c.invoice_id where c.status <> 'declined'
group by i.id having sum(c.total_minor) > i.total_minor
"""


@dataclass(frozen=True)
class Check:
    """One question to the books and what speaks against a yes."""

    name: str
    differences: list[dict[str, Any]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True when nothing differs."""
        return not self.differences


def check_books(work: Work) -> list[Check]:
    """Every check of the ledger against itself and against the documents. Needs `billing.read`."""
    work.require("billing.read")
    return checked(work)


def checked(work: Work) -> list[Check]:
    """The same checks, for core itself."""
    checks = [
        _empty(work, "every currency sums to zero", f"select * from ({_BALANCE}) b where off <> 0"),
        _empty(work, "every transaction balances", _TRANSACTIONS),
        _equal(work, "receivables equal open invoices", "receivable", _RECEIVABLE),
        _equal(work, "customer credit equals unapplied payments", "customer_credit", _CREDIT),
        _equal(
            work,
            "unapplied receipts equal unmatched transfers",
            "unapplied_receipts",
            _UNMATCHED,
            by_tenant=False,
        ),
        _equal(work, "wallet liability equals prepaid balances", "wallet", _PREPAID),
        _equal(
            work,
            "promotional credit equals what wallets hold of it",
            "promotional_credit",
            _PROMOTIONAL,
        ),
        _empty(work, "wallet balances equal their transactions", _WALLETS),
        _empty(work, "paid and allocated amounts equal the allocations", _ALLOCATIONS),
        _empty(work, "refunded amounts equal the refunds", _REFUNDS),
        _empty(work, "credit notes stay within their invoices", _CREDIT_NOTES),
        _deferred(work),
    ]
    for provider, account in CLEARING.items():
        name = f"clearing of {provider} equals what the gateway still holds"
        checks.append(_equal(work, name, account, _CLEARING, by_tenant=False, provider=provider))
    return checks


def trial_balance(work: Work) -> list[dict[str, Any]]:
    """Sum of every account and currency, debit positive, in minor units. Needs `billing.read`."""
    work.require("billing.read")
    return balances(work, date.max)


def balances(work: Work, until: date) -> list[dict[str, Any]]:
    """The trial balance at the end of a day, for core itself."""
    rows = work.session.execute(
        text(
            "select a.code, a.slug, a.name, a.kind, e.currency, "
            "cast(sum(e.amount_minor) as bigint) as amount_minor "
            "from accounting_entry e join account a on a.code = e.account_code "
            "join ledger_transaction t on t.id = e.ledger_transaction_id "
            "where t.booked_on <= :until "
            "group by a.code, a.slug, a.name, a.kind, e.currency order by a.code, e.currency"
        ),
        {"until": until},
    )
    return [dict(row._mapping) for row in rows]


def _empty(work: Work, name: str, query: str) -> Check:
    rows = work.session.execute(text(f"{query} limit {MOST_SHOWN}"))
    return Check(name, [dict(row._mapping) for row in rows])


def _equal(
    work: Work, name: str, account: str, documents: str, *, by_tenant: bool = True, **values: str
) -> Check:
    booked = _sums(work, _ACCOUNT, by_tenant, account=CODE[account])
    documented = _sums(work, documents, by_tenant, **values)
    return Check(name, _differences(booked, documented))


def _deferred(work: Work) -> Check:
    """Deferred revenue holds what was invoiced and not recognised up to the last run."""
    booked = _sums(work, _ACCOUNT, True, account=CODE["deferred_revenue"])
    earned_before = work.session.scalar(text(_EARNED_BEFORE))
    unearned: dict[tuple[int, str], int] = {}
    for row in work.session.execute(text(_SERVICE_LINES)):
        days = (row.service_end - row.service_start).days
        gone = (earned_before - row.service_start).days if earned_before else 0
        earned = round_half_up(row.net_minor * min(max(gone, 0), days), days)
        place = (row.tenant_id, row.currency)
        unearned[place] = unearned.get(place, 0) - (row.net_minor - earned)
    return Check("deferred revenue equals what is not earned yet", _differences(booked, unearned))


def _sums(work: Work, query: str, by_tenant: bool, **values: str) -> dict[tuple[int, str], int]:
    sums: dict[tuple[int, str], int] = {}
    for row in work.session.execute(text(query), values):
        place = (row.tenant_id if by_tenant else 0, row.currency)
        sums[place] = sums.get(place, 0) + int(row.minor)
    return sums


def _differences(
    booked: dict[tuple[int, str], int], documented: dict[tuple[int, str], int]
) -> list[dict[str, Any]]:
    found = [
        {
            "tenant_id": place[0] or None,
            "currency": place[1],
            "booked_minor": booked.get(place, 0),
            "documented_minor": documented.get(place, 0),
        }
        for place in sorted(booked.keys() | documented.keys())
        if booked.get(place, 0) != documented.get(place, 0)
    ]
    return found[:MOST_SHOWN]
