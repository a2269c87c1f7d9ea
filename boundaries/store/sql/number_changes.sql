-- Numbers of the feed: given at commit, under one lock.
--
-- Statistics of a table that was empty a moment ago say that it has no rows: a nested loop would draw the numbers anew for
-- each of them, minutes for ten thousand. So the numbers are drawn once, and loops are no choice.

create or replace function number_changes() returns trigger language plpgsql set enable_nestloop = off as $$
begin
    perform from changes where id = new.id and number is null;
    if found then
        perform pg_advisory_xact_lock(7340211003);
        -- All of this transaction at once; those of others are not visible before they are numbered.
        with numbered as materialized (
            select own.id, nextval('changes_number') as number
            from (select id from changes where number is null order by id) as own
        )
        update changes set number = numbered.number from numbered where changes.id = numbered.id;
    end if;
    return null;
end $$;
