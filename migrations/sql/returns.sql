-- Two accounts of a gateway number their events each for itself; the company's own has no tenant.
create unique index uq_gateway_event_once
  on gateway_event (provider, tenant_id, event_id) nulls not distinct;

-- A refund that had gone out and came back keeps the day it went, and the day it returned.
alter table refund add column returned_on date;
alter table refund drop constraint ck_refund_dated_when_done;
alter table refund add constraint ck_refund_dated_when_done
  check ((status = 'succeeded' or returned_on is not null) = (refunded_on is not null));
alter table refund add constraint ck_refund_returned_failed
  check (returned_on is null or status = 'failed');

-- The note of such a refund stands; what it gives back is the customer's credit from then on.
alter table credit_note drop constraint ck_credit_note_credit_or_refund;
alter table credit_note add constraint ck_credit_note_credit_or_refund
  check (status <> 'issued' or payment_id is not null or refund_id is not null);
create function credit_note_returned(before credit_note, after credit_note) returns boolean
language sql immutable as $$
  select before.status = 'issued' and before.refund_id is not null
    and before.payment_id is null and after.payment_id is not null
    and to_jsonb(before) - 'payment_id' - 'row_xid' = to_jsonb(after) - 'payment_id' - 'row_xid'
$$;
create or replace function credit_note_guard() returns trigger language plpgsql as $$
declare
  line_net bigint;
  line_tax bigint;
begin
  if tg_op = 'INSERT' then
    if new.status <> 'draft' then
      raise exception 'a credit note starts as a draft' using errcode = '23514';
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' and credit_note_returned(old, new) then
    return new;
  end if;
  if old.status <> 'draft' then
    raise exception 'credit note % is %: it is fixed', old.id, old.status using errcode = '42501';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  if (new.tenant_id, new.subscription_id, new.invoice_id, new.currency, new.created_by)
    is distinct from (old.tenant_id, old.subscription_id, old.invoice_id, old.currency, old.created_by)
  then
    raise exception 'credit note % belongs to what it was drafted for', old.id using errcode = '42501';
  end if;
  if new.status = 'issued' then
    select sum(net_minor), sum(tax_minor) into line_net, line_tax
    from credit_note_line where credit_note_id = new.id;
    if line_net is distinct from new.net_minor or line_tax is distinct from new.tax_minor then
      raise exception 'the lines of credit note % do not add up to it', new.id using errcode = '23514';
    end if;
  end if;
  return new;
end $$;

create or replace function invoice_may_move(old_status text, new_status text) returns boolean
language sql immutable as $$
  select exists (
    select from (values
      ('draft', 'issued'), ('draft', 'partially_paid'), ('draft', 'paid'), ('draft', 'cancelled'),
      ('issued', 'partially_paid'), ('issued', 'paid'), ('issued', 'cancelled'), ('issued', 'written_off'),
      ('partially_paid', 'issued'), ('partially_paid', 'paid'), ('partially_paid', 'written_off'),
      ('paid', 'issued'), ('paid', 'partially_paid'), ('paid', 'partially_refunded'), ('paid', 'refunded'),
      ('partially_refunded', 'issued'), ('partially_refunded', 'partially_paid'), ('partially_refunded', 'refunded'),
      ('partially_refunded', 'paid'), ('refunded', 'partially_refunded'), ('refunded', 'paid'),
      ('written_off', 'paid')
    ) as allowed (before, after)
    where allowed.before = old_status and allowed.after = new_status
  )
$$;
