-- What came in and went back? One row per payment received, its gateway fee, and refund paid out;
-- native minor units, money out negative.
-- A payment from a wallet moved no cash (its recharge did), and invoices settled before an import
-- carry no day on which their money came.
select
  'collected' as kind,
  p.id as document_id,
  p.received_on as day,
  p.tenant_id as tenant_id,
  p.currency as currency,
  p.amount_minor as amount_minor,
  p.provider_payment_id as document
from payment p
where p.status in ('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
  and p.method not in ('wallet', 'settled_before_import')
union all
select
  'fee', p.id, p.received_on, p.tenant_id, p.currency, -p.fee_minor, p.provider_payment_id
from payment p
where p.status in ('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
  and p.fee_minor > 0
union all
select
  'refund', r.id, r.refunded_on, r.tenant_id, r.currency, -r.amount_minor, r.provider_refund_id
from refund r
where r.status = 'succeeded'
