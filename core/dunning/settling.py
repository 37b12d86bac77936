"""What payments and declines do to cases, in the payment's own transaction (DUN.3, PAY.6)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text

from core.dunning import cases, holding
from core.dunning.models import DunningCase
from core.invoices.models import Invoice
from core.notifications.outbox import tell_tenant
from core.subscriptions.arrears import BEHIND, fall_behind
from core.work import Work

_TOUCHED = text("""
-- What does settling some invoices touch? Cases, subscriptions behind, and tenants held back.
select 'case' as kind, c.id from dunning_case c
where c.invoice_id = any(:invoices) and c.status <> 'closed'
union all
select 'subscription', s.id from subscription s
where s.id = any(:subscriptions) and s.status = any(:behind)
union all
select 'tenant', h.tenant_id from dunning_hold h where h.tenant_id = any(:tenants)
""")
_STILL = text("""
select distinct tenant_id from dunning_case
where tenant_id = any(:tenants) and status <> 'closed' and restriction is not null
""")


def settle(work: Work, settled: Mapping[int, str], invoices: Sequence[Invoice]) -> list[int]:
    """Close the cases of locked invoices that are settled, and restore what they held back.

    `settled` says for each invoice's id why its case ends. Returns the tenants that work again,
    who are told.
    """
    found = _touched(work, invoices)
    if not found:
        return []
    restricted = set()
    for case in _cases(work, found.get("case", [])):
        if cases.close(work, case, settled[case.invoice_id]):
            restricted.add(case.tenant_id)
    if all(reason == "written_off" for reason in settled.values()):
        return []
    back = holding.release(work, found.get("subscription", []), found.get("tenant", []))
    reached = restricted | {one.tenant_id for one in back if one.before != "past_due"}
    return _tell(work, reached, invoices)


def note_failure(work: Work, invoice: Invoice, code: str) -> None:
    """A scheduled charge of a locked, open invoice was declined: its case opens or hears of it."""
    if invoice.subscription_id is not None:
        fall_behind(work, invoice.subscription_id, code)
    case = cases.open_case_of(work, invoice.id) or cases.open_case(work, invoice, failed=True)
    case.failure_code, case.failed_on = code, work.today
    case.failures += 1
    cases.log(work, case, "charge_failed", code=code)


def _touched(work: Work, invoices: Sequence[Invoice]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    asked = {
        "invoices": [each.id for each in invoices],
        "subscriptions": [each.subscription_id for each in invoices if each.subscription_id],
        "tenants": sorted({each.tenant_id for each in invoices}),
        "behind": list(BEHIND),
    }
    for kind, number in work.session.execute(_TOUCHED, asked):
        found.setdefault(kind, []).append(number)
    return found


def _cases(work: Work, numbers: Sequence[int]) -> list[DunningCase]:
    if not numbers:
        return []
    chosen = select(DunningCase).where(DunningCase.id.in_(numbers)).order_by(DunningCase.id)
    return list(work.session.scalars(chosen.execution_options(populate_existing=True)))


def _tell(work: Work, tenants: set[int], invoices: Sequence[Invoice]) -> list[int]:
    """Tell the tenants that nothing restricts any more."""
    if not tenants:
        return []
    work.session.flush()
    still = set(work.session.scalars(_STILL, {"tenants": sorted(tenants)}))
    free = sorted(tenants - still)
    for tenant_id in free:
        own = next(each for each in invoices if each.tenant_id == tenant_id)
        tell_tenant(work, "tenant.reactivated", tenant_id, {"invoice_id": own.id})
    if free:
        work.tell(reactivated_tenants=free)
    return free
