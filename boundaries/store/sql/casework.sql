-- Where cases stand is seen with them. Who has a case, or had it, sees it also where it is in no grid of his.

alter table case_works enable row level security;
alter table case_commands enable row level security;

create policy case_works_in_sight on case_works using (
    (select sees_all_cases()) or exists (select from cases where cases.id = case_works.case_id)
);

create policy case_commands_in_sight on case_commands using (
    (select sees_all_cases()) or exists (select from cases where cases.id = case_commands.case_id)
);

create function sees_cases_held() returns setof bigint language sql stable security definer as $$
    -- As the owner: what it reads is what the policy of cases depends on.
    select case_works.case_id
    from case_works join cases on cases.id = case_works.case_id
    where case_works.seen_by @> array[case_sight('held') ->> 'login']
        and cases.jurisdiction_id in (select jsonb_array_elements_text(case_sight('held') -> 'towns')::int)
$$;

do $$
begin
    execute format('alter function sees_cases_held() set search_path = pg_catalog, %I, pg_temp', current_schema());
end $$;

alter policy cases_in_sight on cases using (
    (select sees_all_cases())
    or jurisdiction_id = (select sees_cases_of_town())
    or jurisdiction_id = any ((select sees_cases_of_towns())::int[])
    -- The one that is being reported, or whose token was given.
    or source_key = (select case_sight('key') ->> 'key')
        and source = (select case_sight('key') ->> 'source')
        and jurisdiction_id = (select (case_sight('key') ->> 'town')::int)
    or grid_id in (select sees_cases_in_grids())
    or id in (select sees_cases_held())
);
