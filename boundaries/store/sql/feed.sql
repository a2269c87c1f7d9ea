-- The feed of changes. Its numbers are given at commit, under one lock: whoever has read up to a number has missed
-- nothing before it, however long the transactions took that were under way meanwhile.

create sequence changes_number;

create constraint trigger changes_numbered_at_commit after insert on changes
    deferrable initially deferred for each row when (new.calls) execute function number_changes();

create function tell_case_events() returns trigger language plpgsql as $$
begin
    -- One row of many calls for numbers: a call for each would take longer than the events themselves.
    insert into changes (jurisdiction_id, case_event_id, kind, calls)
    select cases.jurisdiction_id, happened.id, 'case', happened.id = (select min(id) from happened)
    from happened join cases on cases.id = happened.case_id
    order by happened.id;
    return null;
end $$;

create trigger case_events_told after insert on case_events
    referencing new table as happened for each statement execute function tell_case_events();
