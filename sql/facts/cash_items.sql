-- What came in and went back? One row per payment received and wallet recharge, the gateway fee of
-- each, refund paid out and refund that came back; native minor units, money out negative.
-- A payment from a wallet moved no cash (its recharge did), nor does a refund to one; credit notes
-- move none; invoices settled before an import carry no day on which their money came.
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
  and p.method not in ('wallet', 'credit_note', 'settled_before_import')
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
join payment p on p.id = r.payment_id
where r.refunded_on is not null and p.method <> 'wallet'
union all
select
  'refund_returned', r.id, r.returned_on, r.tenant_id, r.currency, r.amount_minor,
  r.provider_refund_id
from refund r
where r.returned_on is not null
union all
select
  'recharge', w.id, w.moved_on, w.tenant_id, w.currency, w.amount_minor,
  cast(null as varchar)
from wallet_transaction w
where w.type = 'recharge'
union all
select
  'recharge_fee', w.id, w.moved_on, w.tenant_id, w.currency, -w.fee_minor,
  cast(null as varchar)
from wallet_transaction w
where w.fee_minor > 0
