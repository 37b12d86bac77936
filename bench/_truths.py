"""What has to be true after any fault: of books, audit log, gateway, queues and numbers."""

import duckdb
import psycopg
from sqlalchemy import text

from core.access.authority import system
from core.audit.queries import verify
from core.ledger.checks import check_books
from core.work import Office
from etl.tables import TABLES

ASKS = system("truths")
MOST_SHOWN = 5
_RECEIVED = "('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')"
MONEY = {
    "what the gateway took stands in the books once": f"""
        select c.id, c.body ->> 'amount_captured' as minor,
          (select count(*) from payment p where p.provider = 'stripe'
            and p.provider_payment_id = c.id and p.status in {_RECEIVED}
            and p.amount_minor = cast(c.body ->> 'amount_captured' as bigint)) as paid,
          (select count(*) from wallet_transaction w where w.type = 'recharge'
            and w.provider_payment_id = c.id
            and w.amount_minor = cast(c.body ->> 'amount_captured' as bigint)) as put_in
        from simulator.charges c where coalesce(c.body ->> 'status', 'succeeded') = 'succeeded'
    """,
    "the gateway took what the books say": f"""
        select p.id, p.amount_minor as minor, 0 as paid, count(c.id) as put_in
        from payment p left join simulator.charges c on c.id = p.provider_payment_id
          and coalesce(c.body ->> 'status', 'succeeded') = 'succeeded'
        where p.provider = 'stripe' and p.status in {_RECEIVED} group by p.id
        union all
        select w.id, w.amount_minor, 0, count(c.id)
        from wallet_transaction w left join simulator.charges c
          on c.id = w.provider_payment_id
          and coalesce(c.body ->> 'status', 'succeeded') = 'succeeded'
        where w.type = 'recharge' and w.gateway = 'stripe' group by w.id
    """,
    "what the gateway paid back stands in the books once": """
        select r.id, r.body ->> 'amount' as minor, count(o.id) as paid, 0 as put_in
        from simulator.refunds r left join refund o on o.provider_refund_id = r.id
          and o.amount_minor = cast(r.body ->> 'amount' as bigint)
          and (o.status = 'succeeded') = (r.body ->> 'status' = 'succeeded')
        where r.body ->> 'status' <> 'pending' group by r.id
    """,
    "the gateway paid back what the books say": """
        select o.id, o.amount_minor as minor, 0 as paid, count(r.id) as put_in
        from refund o join payment p on p.id = o.payment_id and p.provider = 'stripe'
        left join simulator.refunds r on r.id = o.provider_refund_id
        where o.status = 'succeeded' group by o.id
    """,
    "a dispute stands in the books as the gateway has it": """
        select s.id, s.body ->> 'amount' as minor, count(d.id) as paid, 0 as put_in
        from simulator.disputes s left join dispute d on d.provider_dispute_id = s.id
          and d.amount_minor = cast(s.body ->> 'amount' as bigint)
          and (d.closed_on is null) = (coalesce(s.body ->> 'status', '') not in ('won', 'lost'))
        group by s.id
    """,
}
"""Each row tells of money and how often the other side has it, which is to be once."""
NOTHING = {
    "one order is carried out once": """
        select body -> 'metadata' ->> 'saldo_key' as key, count(*) from simulator.payment_intents
        where body ->> 'status' = 'succeeded' and body -> 'metadata' ->> 'saldo_key' is not null
        group by 1 having count(*) > 1
        union all
        select body -> 'metadata' ->> 'saldo_key', count(*) from simulator.refunds
        group by 1 having count(*) > 1
    """,
    "no invoice is paid by card beyond its total": f"""
        select i.id, i.total_minor from invoice i join payment p on p.invoice_id = i.id
        where p.provider = 'stripe' and p.status in {_RECEIVED}
          and p.status not in ('disputed', 'charged_back')
        group by i.id
        having sum(p.amount_minor) - (select coalesce(sum(r.amount_minor), 0) from refund r
          join payment q on q.id = r.payment_id where q.invoice_id = i.id
          and r.treatment <> 'credit_note' and r.status = 'succeeded') > i.total_minor
    """,
    "no period is billed twice": """
        select subscription_id, period_start, reason from invoice
        where reason = 'renewal' and status <> 'cancelled'
        group by 1, 2, 3 having count(*) > 1
    """,
    "invoice numbers have no gap": r"""
        select substring(number from '^.*-') as series, count(*),
          max(cast(substring(number from '[0-9]+$') as bigint)) as last
        from invoice where number is not null
        group by 1 having count(*) <> max(cast(substring(number from '[0-9]+$') as bigint))
    """,
}
"""Each question finds what must not be."""
STUCK = {
    "no refund hangs": "select id from refund where status = 'pending'",
    "no charge hangs": "select id from charge_attempt where status = 'pending'",
    "no event waits": "select id, problem from gateway_event where status in ('waiting', 'failed')",
    "no paid page is open": """
        select h.id from hosted_page h join simulator.checkout_sessions s on s.id = h.checkout_id
        where h.status = 'open' and coalesce(s.body ->> 'status', 'open') <> 'open'
    """,
    "no page stays open for ever": """
        select id from hosted_page
        where status = 'open' and opened_at < cast(:now as timestamptz) - interval '5 days'
    """,
    "no message is in nobody's hands": """
        select id from notification_delivery
        where status in ('claimed', 'sending')
          and claimed_until < cast(:now as timestamptz) - interval '1 day'
    """,
    "no run goes on for ever": "select id, name from job_run where outcome = 'running'",
}
"""What may be so for a while, and not once everything came back and the jobs ran."""


def breaks(office: Office, *, settled: bool = True) -> list[str]:
    """Whatever is not as it must be, in words; empty when all holds.

    `settled` says that everything came back and the sweeps ran: then nothing may hang, and the
    gateway's money is in the books.
    """
    with office.work(ASKS) as work:
        found = [
            f"{check.name}: {check.differences[:MOST_SHOWN]}"
            for check in check_books(work)
            if not check.passed
        ]
        report = verify(work)
        if not report.intact:
            found.append(f"the audit log breaks at {report.broken_seq}")
        questions = dict(NOTHING)
        if settled:
            questions |= STUCK
            questions |= {name: _other_than_once(query) for name, query in MONEY.items()}
        for name, query in questions.items():
            rows = work.session.execute(text(query), {"now": work.now} if ":now" in query else {})
            if odd := [tuple(row) for row in rows.fetchmany(MOST_SHOWN)]:
                found.append(f"{name}: {odd}")
    return found


def _other_than_once(query: str) -> str:
    return f"select * from ({query}) asked where paid + put_in <> 1"


def copy_differs(office: Office) -> list[str]:
    """Tables whose published copy is not what the books hold: rows, and sums of money."""
    url = office.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    copy = str(office.settings.copy_path)
    with psycopg.connect(url) as books, duckdb.connect(copy, read_only=True) as copied:
        differing = []
        for table in TABLES:
            sums = "".join(f", cast(coalesce(sum({name}), 0) as bigint)" for name in table.money)
            question = f"select count(*){sums} from {table.name}"
            theirs = copied.execute(question).fetchone()
            ours = books.execute(question.encode()).fetchone()
            if ours != theirs:
                differing.append(f"the copy of {table.name} has {theirs}, the books {ours}")
    return differing
