-- At commit: a wallet holds what its transactions add up to, prepaid and promotional apart.
create function wallet_adds_up() returns trigger language plpgsql as $$
begin
  if exists (
    select from wallet w
    left join wallet_transaction t on t.wallet_id = w.id
    where w.id = new.id
    group by w.id
    having w.balance_minor + w.promotional_minor <> coalesce(sum(t.amount_minor), 0)
      or w.promotional_minor <> coalesce(sum(t.promotional_minor), 0)
  ) then
    raise exception 'wallet % differs from its transactions', new.id using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger wallet_adds_up after insert or update on wallet
  deferrable initially deferred for each row execute function wallet_adds_up();

-- At commit: the balances a transaction names are those of all transactions up to it, and the
-- wallet was moved with it.
create function wallet_transaction_adds_up() returns trigger language plpgsql as $$
declare
  upto record;
begin
  select sum(amount_minor) filter (where id <= new.id) as balance_minor,
    sum(promotional_minor) filter (where id <= new.id) as promotional_minor,
    sum(amount_minor) as last_balance_minor, sum(promotional_minor) as last_promotional_minor
  into upto from wallet_transaction where wallet_id = new.wallet_id;
  if (upto.balance_minor, upto.promotional_minor)
     is distinct from (new.balance_after_minor::numeric, new.promotional_after_minor::numeric) then
    raise exception 'wallet transaction % names a wrong balance', new.id using errcode = '23514';
  end if;
  if not exists (
    select from wallet where id = new.wallet_id
      and promotional_minor = upto.last_promotional_minor
      and balance_minor + promotional_minor = upto.last_balance_minor
  ) then
    raise exception 'wallet % differs from its transactions', new.wallet_id using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger wallet_transaction_adds_up after insert on wallet_transaction
  deferrable initially deferred for each row execute function wallet_transaction_adds_up();
