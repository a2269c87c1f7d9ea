-- An edition that is not in force yet may be withdrawn: it is a plan again, and what was made of it is forgotten.

create or replace function refuse_change_of_published_plan() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE'
        and new.state in ('published', 'retired')
        and lower(new.validity) = lower(old.validity)
        and (to_jsonb(new) - 'state' - 'validity') = (to_jsonb(old) - 'state' - 'validity')
    then
        return new;
    end if;
    if tg_op = 'UPDATE'
        and new.state = 'approved'
        and new.validity is null
        and lower(old.validity) > clock_timestamp()
        and (to_jsonb(new) - 'state' - 'validity' - 'version') = (to_jsonb(old) - 'state' - 'validity' - 'version')
    then
        return new;
    end if;
    raise exception 'edition % (plan %) is published; only its end can be set', old.name, old.id
        using errcode = 'check_violation', constraint = 'ck_editions_never_change',
              hint = 'Make a new plan from it and publish that.';
end $$;

create function forget_edition(forgotten int) returns void language plpgsql security definer as $$
begin
    if exists (select from plans where id = forgotten and validity is not null) then
        raise exception 'plan % is an edition; what was made of it stays', forgotten
            using errcode = 'check_violation', constraint = 'ck_editions_never_change';
    end if;
    delete from lineage using grids
    where grids.plan_id = forgotten and grids.id in (lineage.before_id, lineage.after_id);
    delete from edition_indexes where plan_id = forgotten;
    delete from tiles where plan_id = forgotten;
    delete from tile_shapes where plan_id = forgotten;
    delete from tile_labels where plan_id = forgotten;
end $$;
revoke execute on function forget_edition(int) from public;
do $$
begin
    execute format(
        'alter function forget_edition(int) set search_path = pg_catalog, %I, pg_temp', current_schema()
    );
end $$;
