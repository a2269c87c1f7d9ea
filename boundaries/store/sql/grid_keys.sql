-- Every grid has a key. One that comes without gets a new one; whoever publishes gives it that of the grid it continues.

create function give_grid_key() returns trigger language plpgsql as $$
begin
    insert into grid_keys (jurisdiction_id) select jurisdiction_id from plans where plans.id = new.plan_id
    returning id into new.key_id;
    return new;
end $$;

create trigger grids_get_keys before insert on grids
    for each row when (new.key_id is null) execute function give_grid_key();
