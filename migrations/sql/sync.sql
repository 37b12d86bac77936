-- What the incremental sync reads: the transaction that last wrote a row, and the graves of deleted ones.
create table sync_tombstone (
  table_name text not null,
  row_key text not null,
  row_xid xid8 not null default pg_current_xact_id()
);
create index ix_sync_tombstone_row_xid on sync_tombstone (row_xid);

create function sync_touch() returns trigger language plpgsql as $$
begin
  new.row_xid := pg_current_xact_id();
  return new;
end $$;

create function sync_bury() returns trigger language plpgsql as $$
begin
  insert into sync_tombstone (table_name, row_key) values (tg_table_name, old.id::text);
  return old;
end $$;

create function sync_truncated() returns trigger language plpgsql as $$
begin
  insert into sync_tombstone (table_name, row_key) values (tg_table_name, '*');
  return null;
end $$;
