"""Transfers nobody could match by themselves, each with what it may pay (UNM.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row
from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.inbox.standing import transfer_of
from core.inbox.suggesting import Beside, Proposal, named, proposals, suggested
from core.listing import LARGEST_PAGE, Conditions, known, like
from core.matching.records import Suggestion
from core.work import Work

STATUSES = ("open", "assigned", "ignored")
CERTAIN_FIRST = "certain"
SORTS = {
    CERTAIN_FIRST: "",
    "age": "b.booked_on {way}, u.id {way}",
    "amount": "b.currency, b.amount_minor {way}",
    "payer": "lower(b.counterparty_name) {way}",
    "decided": "u.decided_at {way}",
}
"""Orders of the list; the certain ones first by what the matching thinks of them now."""
MOST_RANKED = 5_000
"""More open transfers than these are not ranked by probability, the oldest are."""
_FROM = """
from unmatched_bank_transfer u
join bank_transfer b on b.id = u.bank_transfer_id
join bank_statement s on s.id = b.statement_id
left join app_user w on w.id = u.decided_by
left join lateral (
  select jsonb_agg(to_jsonb(each) order by each.payment_id) as payments,
    string_agg(each.tenant_name, ', ' order by each.payment_id) as tenant_name
  from (
    select p.id as payment_id, p.tenant_id, t.name as tenant_name, p.amount_minor,
      array(select distinct i.number from payment_allocation a join invoice i on i.id = a.invoice_id
        where a.payment_id = p.id and a.reverses_id is null and a.amount_minor > 0
        order by 1) as invoice_numbers
    from payment p join tenant t on t.id = p.tenant_id
    where p.bank_transfer_id = b.id and p.status <> 'reversed'
  ) each
) went on true
where {conditions}
"""
_ROWS = f"""
-- Which transfers fit, and what was decided? One row per transfer; minor units.
select u.id as unmatched_id, u.status, u.created_at, u.decided_at, w.name as decided_by, u.reason,
  u.automatic, u.undone_at, b.id, b.account, s.format, b.bank_ref, b.booked_on, b.currency,
  b.amount_minor, b.reference, b.text, b.counterparty_name, b.counterparty_account, went.payments,
  went.tenant_name
{_FROM}
order by {{order}}, u.id
limit :limit offset :offset
"""
_COUNTS = f"""
-- How many transfers fit in each status? One row per status.
select u.status, count(*) as transfers, count(*) filter (where u.automatic) as automatic
{_FROM} group by u.status
"""


@dataclass(frozen=True)
class UnmatchedFilters:
    """What to look for; `text` in payer, account, reference or text of the transfer.

    `automatic`: only what no person assigned, or only the rest.
    """

    status: str | None = "open"
    text: str | None = None
    currency: str | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    booked_from: date | None = None
    booked_until: date | None = None
    automatic: bool | None = None


@dataclass(frozen=True)
class Went:
    """What of a transfer is a tenant's payment, in minor units, and the invoices it is on."""

    payment_id: int
    tenant_id: int
    tenant_name: str
    amount_minor: int
    invoice_numbers: list[str]


@dataclass(frozen=True)
class UnmatchedRow:
    """A transfer in minor units of its account's currency; `age_days` since it was booked.

    `proposals` is what it may pay, best first, while it is open. `payments` say where it went, one
    for each tenant; `payment_id` and `tenant_id` are the first one's, `tenant_name` and
    `invoice_numbers` those of all. `automatic`: no person put it there.
    """

    id: int
    status: str
    account: str
    format: str
    bank_ref: str
    booked_on: date
    age_days: int
    currency: str
    amount_minor: int
    reference: str
    text: str
    counterparty_name: str
    counterparty_account: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    automatic: bool
    undone_at: datetime | None
    payment_id: int | None
    tenant_id: int | None
    tenant_name: str | None
    invoice_numbers: list[str]
    payments: list[Went] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)

    @property
    def best(self) -> Proposal | None:
        """The likeliest proposal."""
        return self.proposals[0] if self.proposals else None


@dataclass(frozen=True)
class UnmatchedPage:
    """Some transfers, how many fit, how many of any status would, by status.

    `automatic` of these were assigned without a person, whether or not only they were asked for.
    """

    rows: list[UnmatchedRow]
    count: int
    by_status: dict[str, int]
    automatic: int


def unmatched(
    work: Work,
    wanted: UnmatchedFilters | None = None,
    *,
    sort: str = CERTAIN_FIRST,
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> UnmatchedPage:
    """Transfers that fit, in one of SORTS, the open ones with up to five proposals.

    Needs `billing.read` beyond the own tenant. Raises BadInput.
    """
    work.require("billing.read")
    if sort not in SORTS:
        raise BadInput(f"Unmatched transfers are sorted by {', '.join(SORTS)}")
    chosen = wanted or UnmatchedFilters()
    parts = _conditions(chosen)
    where, values = parts.joined()
    counted = work.session.execute(sql(_COUNTS.format(conditions=where)), values).all()
    held = {row.status: row.transfers for row in counted}
    posted = {row.status: row.automatic for row in counted}
    automatic = sum(posted.values())
    by_status = {name: held[name] for name in STATUSES if name in held}
    parts.equal("u.status", known(chosen.status, STATUSES, "status"))
    fitting = held
    if chosen.automatic is not None:
        parts.add("u.automatic = :automatic", automatic=chosen.automatic)
        others = {name: held[name] - posted[name] for name in held}
        fitting = posted if chosen.automatic else others
    count = fitting.get(chosen.status, 0) if chosen.status else sum(fitting.values())
    limit, offset = max(1, min(limit, LARGEST_PAGE)), max(0, offset)
    if sort == CERTAIN_FIRST:
        return UnmatchedPage(_ranked(work, parts, limit, offset), count, by_status, automatic)
    rows = _read(work, parts, SORTS[sort].format(way=_way(descending)), limit, offset)
    told = _told(work, rows, _suggested(work, rows))
    return UnmatchedPage(told, count, by_status, automatic)


def one_unmatched(work: Work, unmatched_id: int) -> UnmatchedRow:
    """A transfer of the inbox by id, with its proposals. Needs `billing.read`. Raises NotFound."""
    work.require("billing.read")
    return found_unmatched(work, unmatched_id)


def found_unmatched(work: Work, unmatched_id: int) -> UnmatchedRow:
    """The same; the caller has asked who may read. Raises NotFound."""
    parts = Conditions()
    parts.equal("u.id", unmatched_id)
    rows = _read(work, parts, "u.id", 1, 0)
    if not rows:
        raise NotFound(f"There is no unmatched transfer {unmatched_id}")
    return _told(work, rows, _suggested(work, rows))[0]


def named_invoices(work: Work, unmatched_id: int) -> list[Beside]:
    """The open invoices that a transfer says by number or OCR, whosesoever they are.

    Needs `billing.read`. Raises NotFound.
    """
    work.require("billing.read")
    parts = Conditions()
    parts.equal("u.id", unmatched_id)
    rows = _read(work, parts, "u.id", 1, 0)
    if not rows:
        raise NotFound(f"There is no unmatched transfer {unmatched_id}")
    return named(work, transfer_of(rows[0]))


def certain(work: Work) -> list[UnmatchedRow]:
    """Open transfers whose first proposal may be posted without a person, the oldest first.

    Of several that would pay one invoice only the oldest is there.
    """
    page = unmatched(work, sort="age", descending=False, limit=LARGEST_PAGE)
    taken: set[int] = set()
    found = []
    for row in page.rows:
        if row.best is None or not row.best.certain:
            continue
        ids = {invoice.id for invoice in row.best.invoices}
        if taken.isdisjoint(ids):
            taken |= ids
            found.append(row)
    return found


def _way(descending: bool) -> str:
    return f"{'desc' if descending else 'asc'} nulls last"


def _read(work: Work, parts: Conditions, order: str, limit: int, offset: int) -> Sequence[Row[Any]]:
    where, values = parts.joined(limit=limit, offset=offset)
    return work.session.execute(sql(_ROWS.format(conditions=where, order=order)), values).all()


def _suggested(work: Work, rows: Sequence[Row[Any]]) -> list[list[Suggestion]]:
    is_open = [row for row in rows if row.status == "open"]
    found = iter(suggested(work, [transfer_of(row) for row in is_open]))
    return [next(found) if row.status == "open" else [] for row in rows]


def _ranked(work: Work, parts: Conditions, limit: int, offset: int) -> list[UnmatchedRow]:
    """The certain ones first, then by probability, the older of equals before."""
    rows = _read(work, parts, "b.booked_on", MOST_RANKED, 0)
    found = _suggested(work, rows)

    def rank(at: int) -> tuple[bool, Decimal]:
        best = found[at][0] if found[at] else None
        return (best is None or not best.auto, -best.probability if best else Decimal(0))

    order = sorted(range(len(rows)), key=rank)[offset : offset + limit]
    return _told(work, [rows[at] for at in order], [found[at] for at in order])


def _told(
    work: Work, rows: Sequence[Row[Any]], found: Sequence[Sequence[Suggestion]]
) -> list[UnmatchedRow]:
    offers = proposals(work, [transfer_of(row) for row in rows], found)
    return [_row(work, row, offer) for row, offer in zip(rows, offers, strict=True)]


def _row(work: Work, row: Row[Any], offers: list[Proposal]) -> UnmatchedRow:
    told = dict(row._mapping)
    del told["id"]
    told["id"] = told.pop("unmatched_id")
    went = told["payments"] = [Went(**each) for each in row.payments or ()]
    told["payment_id"] = went[0].payment_id if went else None
    told["tenant_id"] = went[0].tenant_id if went else None
    told["invoice_numbers"] = [number for each in went for number in each.invoice_numbers]
    told["age_days"] = max(0, (work.today - row.booked_on).days)
    return UnmatchedRow(**told, proposals=offers)


def _conditions(wanted: UnmatchedFilters) -> Conditions:
    """Conditions of everything but the status."""
    parts = Conditions()
    if found := like(wanted.text):
        parts.add(
            "(b.counterparty_name ilike :part or b.counterparty_account ilike :part"
            " or b.reference ilike :part or b.text ilike :part or went.tenant_name ilike :part"
            " or cast(u.id as text) = :exact)",
            **found,
        )
    parts.equal("b.currency", wanted.currency)
    parts.between("b.booked_on", wanted.booked_from, wanted.booked_until)
    if wanted.least_minor is not None:
        parts.add("b.amount_minor >= :least_minor", least_minor=wanted.least_minor)
    if wanted.most_minor is not None:
        parts.add("b.amount_minor <= :most_minor", most_minor=wanted.most_minor)
    return parts


_ORIGIN = sql("""
-- Which transfer did a payment come by? One row at most.
select b.id as transfer_id, u.id as unmatched_id
from payment p
join bank_transfer b on b.id = p.bank_transfer_id
left join unmatched_bank_transfer u on u.bank_transfer_id = b.id
where p.id = :payment_id and p.status <> 'reversed'
""")


@dataclass(frozen=True)
class Origin:
    """The transfer that a payment came by; `unmatched_id` when it went through the inbox."""

    transfer_id: int
    unmatched_id: int | None


def origin_of(work: Work, payment_id: int) -> Origin | None:
    """The transfer of a bank's file that a payment came by; None for any other payment."""
    work.require("billing.read")
    row = work.session.execute(_ORIGIN, {"payment_id": payment_id}).one_or_none()
    return Origin(row.transfer_id, row.unmatched_id) if row else None
