-- What the server sees of cases: a second wall under the filters of its statements. The server logs in as a role that is
-- no owner (boundaries/store/server_role.py), so it is bound by what stands here; commands log in as the owner, who is not.
-- A transaction says what it may see by the setting geogrid.sight (boundaries/store/sight.py). Nothing said: nothing seen.

create function case_sight(part text) returns jsonb language sql stable parallel safe as $$
    select nullif(current_setting('geogrid.sight', true), '')::jsonb -> part
$$;

create function sees_all_cases() returns boolean language sql stable parallel safe as $$
    select coalesce(case_sight('all')::boolean, false)
$$;

create function sees_cases_of_town() returns int language sql stable parallel safe as $$
    -- Where it is a single one, which is compared faster.
    select (case_sight('town'))::int
$$;

create function sees_cases_of_towns() returns int[] language sql stable parallel safe as $$
    select array(select jsonb_array_elements_text(case_sight('towns'))::int)
$$;

create function sees_feeds_of_towns() returns int[] language sql stable parallel safe as $$
    select array(select jsonb_array_elements_text(case_sight('feeds'))::int)
$$;

create function sees_cases_in_grids() returns setof int language sql stable parallel safe as $$
    -- Grids by town and code, in every edition, with all below them.
    with recursive below as (
        select grids.id, grids.plan_id
        from jsonb_to_recordset(case_sight('grids')) as own (town int, code text)
        join plans on plans.jurisdiction_id = own.town and plans.validity is not null
        join grids on grids.plan_id = plans.id and grids.code = own.code
        union
        select grids.id, grids.plan_id from below
        join grids on grids.plan_id = below.plan_id and grids.parent_id = below.id
    )
    select id from below
$$;

alter table cases enable row level security;
alter table case_events enable row level security;
alter table geocode_reviews enable row level security;

-- What does not depend on the row is asked once a statement, and told first.
create policy cases_in_sight on cases using (
    (select sees_all_cases())
    or jurisdiction_id = (select sees_cases_of_town())
    or jurisdiction_id = any ((select sees_cases_of_towns())::int[])
    -- The one that is being reported, or whose token was given.
    or source_key = (select case_sight('key') ->> 'key')
        and source = (select case_sight('key') ->> 'source')
        and jurisdiction_id = (select (case_sight('key') ->> 'town')::int)
    or grid_id in (select sees_cases_in_grids())
);

create policy case_events_in_sight on case_events using (
    (select sees_all_cases())
    or exists (select from cases where cases.id = case_events.case_id)
    or exists (
        select from changes
        where changes.case_event_id = case_events.id
            and changes.jurisdiction_id = any ((select sees_feeds_of_towns())::int[])
    )
);

create policy geocode_reviews_in_sight on geocode_reviews using (
    (select sees_all_cases())
    or jurisdiction_id = (select sees_cases_of_town())
    or jurisdiction_id = any ((select sees_cases_of_towns())::int[])
    or exists (select from cases where cases.id = geocode_reviews.case_id)
);

-- Reporters go with their cases.
alter table reporters enable row level security;
alter table reporter_marks enable row level security;

create policy reporters_in_sight on reporters using (
    (select sees_all_cases()) or exists (select from cases where cases.id = reporters.case_id)
);

create policy reporter_marks_in_sight on reporter_marks using (
    (select sees_all_cases()) or exists (select from cases where cases.id = reporter_marks.case_id)
);

create function has_public_field(field text) returns boolean language sql stable parallel safe as $$
    select field = any (string_to_array(current_setting('geogrid.public_fields', true), ','))
$$;

-- What everybody may see of every case. What people wrote is null unless the operator makes it public
-- (GEOGRID_PUBLIC_CASE_FIELDS, which the server says on each connection; where nothing is said there are no rows).
create view public_cases as
select c.id, c.jurisdiction_id, c.channel, c.category, c.status, c.reported_at, c.closed_at, c.located_by,
    c.positional_error_m, c.grid_id, c.geom,
    coalesce(
        c.closed_at, (select max(e.at) from case_events e where e.case_id = c.id), c.reported_at
    ) as changed_at,
    case when (select has_public_field('source')) then c.source end as source,
    case when (select has_public_field('external_id')) then c.external_id end as external_id,
    case when (select has_public_field('text')) then c.text end as text,
    case when (select has_public_field('address')) then c.address end as address,
    case when (select has_public_field('address')) and jsonb_typeof(c.attributes -> 'address_id') = 'string'
        then c.attributes ->> 'address_id' end as address_id,
    case when (select has_public_field('text')) and jsonb_typeof(c.attributes -> 'media_url') = 'string'
        then c.attributes ->> 'media_url' end as media_url
from cases c
where (select current_setting('geogrid.public_fields', true) is not null);

comment on view public_cases is 'Public fields of all cases';

-- The last number of cases and of their events: whether anything changed, without seeing what.
create view case_marks as
select (select max(id) from cases) as last_case, (select max(id) from case_events) as last_event;

comment on view case_marks is 'Whether cases have changed';

-- Passwords and second factors are read one account at a time, and never by naming their columns.
create function secrets_of_account(account int) returns table (password_hash text, totp_secret text)
language sql stable security definer as $$
    select accounts.password_hash, accounts.totp_secret from accounts where accounts.id = account
$$;
revoke execute on function secrets_of_account(int) from public;

create view account_marks as
select id, password_hash is not null as has_password, totp_secret is not null as has_totp from accounts;

comment on view account_marks is 'Which secrets an account has';

-- What the server does through triggers and in no other way runs as the owner.
create function analyze_tiles() returns void language plpgsql security definer as $$
begin
    -- A role that is not the owner may not do it; until it is done the planner takes the tables for empty.
    analyze tile_shapes (plan_id, zoom, geom), tile_labels (plan_id, grid_id);
end $$;
revoke execute on function analyze_tiles() from public;

alter function tell_case_events() security definer;
alter function number_changes() security definer;
alter function seal_audit() security definer;
do $$
declare
    name text;
begin
    -- Who calls such a function must not choose what its words mean.
    foreach name in array array[
        'tell_case_events()', 'number_changes()', 'seal_audit()', 'analyze_tiles()', 'secrets_of_account(int)'
    ] loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
    end loop;
end $$;
