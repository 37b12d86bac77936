-- The chain: each row's hash covers its content and the hash before it. The digest's format is versioned.
create function audit_digest(e audit_event) returns bytea language sql stable as $$
  select sha256(e.prev_hash || convert_to(jsonb_build_array(
    e.format, e.seq, extract(epoch from e.created_at), e.event_type, e.actor_type, e.actor_id,
    e.organization_id, e.payload, host(e.ip_address))::text, 'UTF8'))
$$;

create function audit_append() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public as $$
declare
  last audit_event;
begin
  perform pg_advisory_xact_lock(4711);
  select * into last from audit_event order by seq desc limit 1;
  new.format := 1;
  new.seq := coalesce(last.seq, 0) + 1;
  new.prev_hash := coalesce(last.hash, '\x00'::bytea);
  new.hash := audit_digest(new);
  return new;
end $$;
create trigger audit_append before insert on audit_event
  for each row execute function audit_append();
