-- A published edition never changes, and neither does a block: they are replaced by new ones.

create function refuse_change_of_edition() returns trigger language plpgsql as $$
declare
    edition text;
begin
    select format('%s (plan %s)', plans.name, plans.id) into edition
    from changed join plans on plans.id = changed.plan_id
    where plans.state in ('published', 'retired')
    limit 1;
    if found then
        raise exception 'edition % is published; its % cannot change', edition, tg_table_name
            using errcode = 'check_violation', constraint = 'ck_editions_never_change',
                  hint = 'Make a new plan from it and publish that.';
    end if;
    return null;
end $$;

create trigger grids_of_editions_not_inserted after insert on grids
    referencing new table as changed for each statement execute function refuse_change_of_edition();
create trigger grids_of_editions_not_updated after update on grids
    referencing old table as changed for each statement execute function refuse_change_of_edition();
create trigger grids_of_editions_not_deleted after delete on grids
    referencing old table as changed for each statement execute function refuse_change_of_edition();
create trigger assignments_of_editions_not_inserted after insert on assignments
    referencing new table as changed for each statement execute function refuse_change_of_edition();
create trigger assignments_of_editions_not_updated after update on assignments
    referencing old table as changed for each statement execute function refuse_change_of_edition();
create trigger assignments_of_editions_not_deleted after delete on assignments
    referencing old table as changed for each statement execute function refuse_change_of_edition();

create function refuse_change_of_published_plan() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE'
        and new.state in ('published', 'retired')
        and lower(new.validity) = lower(old.validity)
        and (to_jsonb(new) - 'state' - 'validity') = (to_jsonb(old) - 'state' - 'validity')
    then
        return new;
    end if;
    raise exception 'edition % (plan %) is published; only its end can be set', old.name, old.id
        using errcode = 'check_violation', constraint = 'ck_editions_never_change',
              hint = 'Make a new plan from it and publish that.';
end $$;

create trigger editions_never_change before update or delete on plans
    for each row when (old.state in ('published', 'retired')) execute function refuse_change_of_published_plan();

create function refuse_change_of_block() returns trigger language plpgsql as $$
begin
    raise exception 'block % cannot change', old.id
        using errcode = 'check_violation', constraint = 'ck_blocks_never_change',
              hint = 'Cut new blocks and assign those.';
end $$;

create trigger blocks_never_change before update on blocks
    for each row execute function refuse_change_of_block();
