-- The audit: lines are added and never changed. They are numbered and chained by hash at commit, under one lock: writers
-- wait for each other's commit only, readers for nobody.

create function audit_hash(previous bytea, variadic parts text[]) returns bytea language sql immutable as $$
    -- Each part with its length, so that no two lines read the same; the same calculation is in boundaries/audit/chain.py.
    select sha256(previous || convert_to(string_agg(
        case when part is null then '-' else octet_length(convert_to(part, 'UTF8')) || ':' || part end, '' order by place
    ), 'UTF8'))
    from unnest(parts) with ordinality as listed (part, place)
$$;

create function audit_moment(at timestamptz) returns text language sql immutable as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

create function seal_audit() returns trigger language plpgsql as $$
declare
    line audit%rowtype;
    last_number bigint;
    last_hash bytea;
begin
    perform from audit where id = new.id and number is null;
    if not found then
        return null;
    end if;
    perform pg_advisory_xact_lock(7340211004);
    select number, hash into last_number, last_hash from audit where number is not null order by number desc limit 1;
    -- All of this transaction at once; those of others are not visible before they are sealed.
    for line in select * from audit where number is null order by id loop
        last_number := coalesce(last_number, 0) + 1;
        last_hash := coalesce(last_hash, '');
        update audit set number = last_number, previous = last_hash, hash = audit_hash(
            last_hash, last_number::text, audit_moment(line.at), line.account, line.action, line.object,
            line.before::text, line.after::text, line.address
        ) where id = line.id returning hash into last_hash;
    end loop;
    return null;
end $$;

create constraint trigger audit_sealed_at_commit after insert on audit
    deferrable initially deferred for each row execute function seal_audit();

create function refuse_change_of_audit() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.number is null and new.number is not null
            and (to_jsonb(new) - 'number' - 'previous' - 'hash') = (to_jsonb(old) - 'number' - 'previous' - 'hash')
        then
            return new;
        end if;
    end if;
    raise exception 'lines of the audit never change'
        using errcode = 'check_violation', constraint = 'ck_audit_only_grows',
              hint = 'Export what is older with geogrid audit export; it stays here as well.';
end $$;

create trigger audit_never_changes before update or delete on audit
    for each row execute function refuse_change_of_audit();
create trigger audit_never_emptied before truncate on audit
    for each statement execute function refuse_change_of_audit();

create function refuse_sealed_audit() returns trigger language plpgsql as $$
begin
    if new.number is not null or new.hash is not null or new.previous is not null then
        raise exception 'a line of the audit is numbered at commit, not by who writes it'
            using errcode = 'check_violation', constraint = 'ck_audit_sealed_at_commit';
    end if;
    return new;
end $$;

create trigger audit_not_sealed_before before insert on audit
    for each row execute function refuse_sealed_audit();
