-- Which status an invoice may take after another; the same table as core/invoices/rules.py.
create function invoice_may_move(old_status text, new_status text) returns boolean
language sql immutable as $$
  select exists (
    select from (values
      ('draft', 'issued'), ('draft', 'partially_paid'), ('draft', 'paid'), ('draft', 'cancelled'),
      ('issued', 'partially_paid'), ('issued', 'paid'), ('issued', 'cancelled'), ('issued', 'written_off'),
      ('partially_paid', 'issued'), ('partially_paid', 'paid'), ('partially_paid', 'written_off'),
      ('paid', 'issued'), ('paid', 'partially_paid'), ('paid', 'partially_refunded'), ('paid', 'refunded'),
      ('partially_refunded', 'issued'), ('partially_refunded', 'partially_paid'), ('partially_refunded', 'refunded'),
      ('written_off', 'paid')
    ) as allowed (before, after)
    where allowed.before = old_status and allowed.after = new_status
  )
$$;

create function invoice_moves() returns trigger language plpgsql as $$
begin
  if not invoice_may_move(old.status, new.status) then
    raise exception 'invoice % is %, which does not become %', old.id, old.status, new.status
      using errcode = '23514';
  end if;
  return new;
end $$;
create trigger invoice_moves before update of status on invoice
  for each row when (old.status is distinct from new.status) execute function invoice_moves();

-- A line stays with its invoice, and belongs to a draft before and after a change.
create or replace function invoice_line_guard() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and (select status from invoice where id = old.invoice_id) <> 'draft' then
    raise exception 'invoice % was issued: its lines are fixed', old.invoice_id using errcode = '42501';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  if (select status from invoice where id = new.invoice_id) <> 'draft' then
    raise exception 'invoice % was issued: its lines are fixed', new.invoice_id using errcode = '42501';
  end if;
  return new;
end $$;

-- A number that was given is never given again.
create function invoice_series_grows() returns trigger language plpgsql as $$
begin
  if new.last_number < old.last_number
    or (new.issuer_type, new.year) is distinct from (old.issuer_type, old.year) then
    raise exception 'number % of the % series of % was given', old.last_number, old.issuer_type, old.year
      using errcode = '42501';
  end if;
  return new;
end $$;
create trigger invoice_series_grows before update on invoice_series
  for each row execute function invoice_series_grows();

-- What was received is what was received; a correction is a refund or a reversal.
create function payment_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'payment % is %: its amount is fixed', old.id, old.status using errcode = '42501';
end $$;
create trigger payment_fixed before update on payment
  for each row when (
    old.status not in ('created', 'pending')
    and (old.tenant_id, old.provider, old.currency, old.amount_minor)
      is distinct from (new.tenant_id, new.provider, new.currency, new.amount_minor)
  ) execute function payment_fixed();
