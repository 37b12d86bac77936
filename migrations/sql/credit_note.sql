-- A credit note starts as a draft; when it is issued its lines must add up; afterwards it is fixed.
create function credit_note_guard() returns trigger language plpgsql as $$
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
create trigger credit_note_guard before insert or update or delete on credit_note
  for each row execute function credit_note_guard();

create function credit_note_line_guard() returns trigger language plpgsql as $$
declare
  changed bigint;
begin
  if tg_op = 'DELETE' then
    changed := old.credit_note_id;
  else
    changed := new.credit_note_id;
  end if;
  if (select status from credit_note where id = changed) <> 'draft' then
    raise exception 'credit note % is fixed, and so are its lines', changed using errcode = '42501';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;
create trigger credit_note_line_guard before insert or update or delete on credit_note_line
  for each row execute function credit_note_line_guard();

create or replace function invoice_guard() returns trigger language plpgsql as $$
declare
  line_net bigint;
  line_tax bigint;
begin
  if tg_op = 'INSERT' then
    if new.status <> 'draft' then
      raise exception 'an invoice starts as a draft' using errcode = '23514';
    end if;
    return new;
  end if;
  if tg_op = 'DELETE' then
    if old.status <> 'draft' or old.number is not null then
      raise exception 'invoice % was issued and cannot be deleted', old.id using errcode = '42501';
    end if;
    return old;
  end if;
  if old.status = 'draft' and new.status <> 'draft' then
    select sum(net_minor), sum(tax_minor) into line_net, line_tax from invoice_line where invoice_id = new.id;
    if line_net is distinct from new.net_minor or line_tax is distinct from new.tax_minor then
      raise exception 'the lines of invoice % do not add up to it', new.id using errcode = '23514';
    end if;
  elsif old.status <> 'draft' and (
    new.tenant_id, new.subscription_id, new.issuer_type, new.type, new.reason, new.number, new.ocr,
    new.currency, new.net_minor, new.tax_minor, new.total_minor, new.rounding, new.issued_on,
    new.due_on, new.period_start, new.period_end, new.external_id, new.discount_minor, new.note,
    new.billed_to, new.issuer_profile_id
  ) is distinct from (
    old.tenant_id, old.subscription_id, old.issuer_type, old.type, old.reason, old.number, old.ocr,
    old.currency, old.net_minor, old.tax_minor, old.total_minor, old.rounding, old.issued_on,
    old.due_on, old.period_start, old.period_end, old.external_id, old.discount_minor, old.note,
    old.billed_to, old.issuer_profile_id
  ) then
    raise exception 'invoice % was issued: its figures are fixed', old.id using errcode = '42501';
  elsif old.status <> 'draft' and new.status = 'draft' then
    raise exception 'invoice % was issued and cannot become a draft', old.id using errcode = '42501';
  end if;
  return new;
end $$;
