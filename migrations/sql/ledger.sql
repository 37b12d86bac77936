-- At commit: at least two entries, each currency sums to zero.
create function ledger_balances() returns trigger language plpgsql as $$
declare
  checked bigint;
begin
  if tg_table_name = 'ledger_transaction' then
    checked := new.id;
  else
    checked := new.ledger_transaction_id;
  end if;
  if (select count(*) from accounting_entry where ledger_transaction_id = checked) < 2 then
    raise exception 'ledger transaction % has fewer than two entries', checked using errcode = '23514';
  end if;
  if exists (
    select from accounting_entry where ledger_transaction_id = checked
    group by currency having sum(amount_minor) <> 0
  ) then
    raise exception 'ledger transaction % does not balance', checked using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger ledger_transaction_balances after insert on ledger_transaction
  deferrable initially deferred for each row execute function ledger_balances();

-- Entries belong to the database transaction that made their ledger transaction; none is added later.
create function ledger_closed() returns trigger language plpgsql as $$
begin
  if (select row_xid from ledger_transaction where id = new.ledger_transaction_id)
     is distinct from pg_current_xact_id() then
    raise exception 'ledger transaction % is closed', new.ledger_transaction_id using errcode = '42501';
  end if;
  return new;
end $$;
create trigger accounting_entry_closed before insert on accounting_entry
  for each row execute function ledger_closed();
