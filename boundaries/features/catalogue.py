"""The collections that GeoGrid serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import DateTime, bindparam, cast, or_
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from boundaries.cases.fields import PUBLIC_CASES, public_case_select
from boundaries.features.fields import Collection
from boundaries.features.systems import transformed
from boundaries.grids.fields import GRIDS_OF_PLANS, grid_columns, load_columns
from geogrid.editions.fields import DUTY_FIELD, GRID_FIELDS, LOAD_FIELDS, Field
from geogrid.hotspot.records import HOTSPOT_STATES
from geogrid.types import CASE_STATUSES

LEVELS: Final = range(1, 7)

_EDITION_FIELDS: Final = (
    Field("edition", "integer", "Number of the edition", low=1, high=2_147_483_647),
    Field("valid_from", "moment", "Beginning of the edition's validity"),
    Field("valid_to", "moment", "End of the edition's validity; null until it is replaced"),
)
_GRID_FIELDS: Final = (*GRID_FIELDS, DUTY_FIELD, *_EDITION_FIELDS)
# Duties as of the moment asked for, or of the edition's last or first moment where it was not in force then.
_AS_OF: Final = """case when p.validity @> %(moment)s::timestamptz then %(moment)s::timestamptz
        when upper(p.validity) <= %(moment)s::timestamptz then upper(p.validity) - interval '1 microsecond'
        else lower(p.validity) end"""
_GRIDS: Final = f"""
    select case when g.plan_id = %(plain)s then g.code else g.code || '@' || g.plan_id end as fid,
        g.id as place, {grid_columns()},
        coalesce((select string_agg(d.role || ' ' || d.holder, '; ' order by d.id) from duties d
            where d.grid_id = g.id and d.validity @> {_AS_OF}), '') as duty,
        g.plan_id as edition, lower(p.validity) as valid_from, upper(p.validity) as valid_to, g.geom
    {GRIDS_OF_PLANS}
    where g.plan_id = any(%(plans)s) and p.validity is not null and p.jurisdiction_id = %(jurisdiction)s
"""  # noqa: S608 - our own text
_BLOCKS: Final = f"""
    select case when a.plan_id = %(plain)s then b.id::text else b.id || '@' || a.plan_id end as fid,
        b.id as place, b.id as block, g.code as grid, {load_columns("b")},
        a.plan_id as edition, lower(p.validity) as valid_from, upper(p.validity) as valid_to, b.geom
    from assignments a
    join plans p on p.id = a.plan_id
    join blocks b on b.id = a.block_id
    join grids g on g.id = a.grid_id
    where a.plan_id = any(%(plans)s) and p.validity is not null and p.jurisdiction_id = %(jurisdiction)s
"""  # noqa: S608 - our own text
_CASE_FIELDS: Final = (
    Field("source", "text", "Where the case came from"),
    Field("external_id", "text", "Number in the system that it came from"),
    Field("channel", "text", "How it came in"),
    Field("category", "text", "What it is about"),
    Field("text", "text", "What was said"),
    Field("address", "text", "Address as it was given"),
    Field("status", "text", "How far it is", CASE_STATUSES),
    Field("reported_at", "moment", "When it came in"),
    Field("closed_at", "moment", "When it was closed"),
    Field("located_by", "text", "Whether the point was given or looked up by the address", ("point", "address")),
    Field("positional_error_m", "number", "Radius around the point, metres"),
    Field("grid", "text", "Code of the leaf grid"),
    Field("grid_name", "text", "Name of the leaf grid"),
    Field("edition", "integer", "Number of the edition that it was assigned by", low=1, high=2_147_483_647),
)
CASE_FIELD_NAMES: Final = tuple(field.name for field in _CASE_FIELDS)


def _cases() -> str:
    """Return the statement of cases that have a point, reported in the period of the scope."""
    since, until = (cast(bindparam(name), DateTime(timezone=True)) for name in ("since", "until"))
    own = {"fid": "id", "place": "id", "number": "id", "edition": "edition_id"}
    public = PUBLIC_CASES.c
    statement = public_case_select(*(name for name in CASE_FIELD_NAMES if name not in own), "geom", **own).where(
        public.jurisdiction_id == bindparam("jurisdiction"),
        public.geom.is_not(None),
        or_(since.is_(None), public.reported_at >= since),
        or_(until.is_(None), public.reported_at < until),
    )
    return str(statement.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]


_CASES: Final = _cases()

_GAPS: Final = """
    select fid, fid as place, edition, area_m2, around, lower(p.validity) as valid_from, upper(p.validity) as valid_to,
        ST_GeomFromWKB(shape, 4326) as geom
    from unnest(%(gap_identifiers)s::text[], %(gap_editions)s::int[], %(gap_areas)s::float8[], %(gap_around)s::text[],
        %(gap_shapes)s::bytea[]) as found(fid, edition, area_m2, around, shape)
    join plans p on p.id = found.edition
"""
_NEAR_M: Final = 150
_LEAST_CASES: Final = 5
_MARGIN_M: Final = 30
_METRIC: Final = transformed("geom", "%(metric)s", "%(meridian)s")
_HOTSPOTS: Final = f"""
    select min(id) as fid, min(id) as place, min(id) as number, count(*)::int as cases,
        (count(*) filter (where status <> 'closed'))::int as unclosed,
        mode() within group (order by category) as category,
        min(reported_at) as first_reported_at, max(reported_at) as last_reported_at,
        ST_Buffer(ST_ConvexHull(ST_Collect(geom))::geography, {_MARGIN_M})::geometry as geom
    from (
        select number as id, status, category, reported_at, geom,
            ST_ClusterDBSCAN({_METRIC}, {_NEAR_M}, {_LEAST_CASES}) over () as cluster
        from ({_CASES}) as public_cases
    ) as clustered
    where cluster is not null
    group by cluster
"""  # noqa: S608 - our own text

FOUND_ID: Final = "hotspot-grids"
_FOUND: Final = """
    select g.code as fid, g.id as place, g.code, g.name, f.state, f.cases, f.value, f.p, f.adjusted_p,
        %(found_how)s::text as how, g.geom
    from unnest(%(found_codes)s::text[], %(found_states)s::text[], %(found_cases)s::int[], %(found_values)s::float8[],
        %(found_p)s::float8[], %(found_adjusted)s::float8[]) as f(code, state, cases, value, p, adjusted_p)
    join grids g on g.code = f.code and g.plan_id = %(plain)s
"""

PUBLIC_CASE_FIELDS: Final = ("channel", "category", "status", "reported_at", "closed_at", "grid")
"""Fields of cases that are public unless the operator says otherwise: nothing that a person wrote."""

_GRIDS_COLLECTION: Final = Collection(
    id="grids",
    title="Grids",
    description="Grids of every level. Without `datetime` those in force now; with it, those of that time.",
    fields=_GRID_FIELDS,
    geometry="MultiPolygon",
    source=_GRIDS,
    key="code",
    order=("edition", "place"),
    timing="validity",
)
_BLOCKS_COLLECTION: Final = Collection(
    id="blocks",
    title="Blocks",
    description="Blocks between barriers, and the leaf grid that each belongs to.",
    fields=(
        Field("block", "integer", "Number of the block", low=1, high=2**63 - 1),
        Field("grid", "text", "Code of the leaf grid"),
        *LOAD_FIELDS,
        *_EDITION_FIELDS,
    ),
    geometry="Polygon",
    source=_BLOCKS,
    key="block",
    order=("edition", "place"),
    timing="validity",
)


_GAPS_COLLECTION: Final = Collection(
    id="coverage-gaps",
    title="Coverage gaps",
    description="Land within the limit that no leaf grid covers; without a limit, land that the leaves enclose.",
    fields=(
        Field("area_m2", "number", "Area, square metres"),
        Field("around", "text", "Codes of the leaf grids that touch it, parted by commas"),
        *_EDITION_FIELDS,
    ),
    geometry="Polygon",
    source=_GAPS,
    key="fid",
    order=("edition", "place"),
    timing="validity",
)
_HOTSPOT_FIELDS: Final = (
    Field("cases", "integer", "Cases in it", low=0, high=2_147_483_647),
    Field("unclosed", "integer", "Those that are not closed", low=0, high=2_147_483_647),
    Field("category", "text", "What most of them are about"),
    Field("first_reported_at", "moment", "When the first came in"),
    Field("last_reported_at", "moment", "When the last came in"),
)


_FOUND_COLLECTION: Final = Collection(
    id=FOUND_ID,
    title="Grids and chance",
    description=(
        "Leaf grids in force, and which have more or fewer cases than chance explains, by `method`; "
        "`datetime` is when the cases were reported. Figures of grids with 1 to 4 cases are null."
    ),
    fields=(
        Field("code", "text", "Code of the grid"),
        Field("name", "text", "Name of the grid"),
        Field("state", "text", "How it stands; small: too few cases to tell", HOTSPOT_STATES),
        Field("cases", "integer", "Cases in it", low=0, high=2_147_483_647),
        Field("value", "number", "What the method tells, in its unit"),
        Field("p", "number", "How rarely chance does the same"),
        Field("adjusted_p", "number", "The same, corrected for many tests"),
        Field("how", "text", "Method, base, weights, correction, draws, number of cases and edition"),
    ),
    geometry="MultiPolygon",
    source=_FOUND,
    key="code",
    order=("place",),
    timing="instant",
)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What the operator lets others see.

    Parameters
    ----------
    case_fields : tuple of str
        Fields of cases that are public; none means that there is no collection of cases.
    """

    case_fields: tuple[str, ...]


def collections(wanted: Visibility, level_names: Mapping[int, str] | None = None) -> dict[str, Collection]:
    """Return the collections of a jurisdiction, by their names.

    Parameters
    ----------
    wanted : Visibility
        What may be seen.
    level_names : mapping of int to str, optional
        Levels of the jurisdiction; without it all that a jurisdiction can have.
    """
    found = [_GRIDS_COLLECTION]
    names = {level: f"level {level}" for level in LEVELS} if level_names is None else level_names
    found += [level_collection(level, name) for level, name in names.items()]
    found.append(_BLOCKS_COLLECTION)
    if wanted.case_fields:
        found += [case_collection(wanted.case_fields), hotspot_collection(wanted.case_fields), _FOUND_COLLECTION]
    found.append(_GAPS_COLLECTION)
    return {each.id: each for each in found}


def grid_collection() -> Collection:
    """Return the grids of every level."""
    return _GRIDS_COLLECTION


def level_collection(level: int, name: str) -> Collection:
    """Return the grids of one level."""
    return replace(
        _GRIDS_COLLECTION,
        id=f"level-{level}",
        title=f"Grids: {name}",
        description=f"Grids of level {level} ({name}); see the collection grids.",
        source=f"{_GRIDS} and g.level = %(level)s",
        level=level,
    )


def edition_collection(edition: int, name: str) -> Collection:
    """Return the grids of one edition, which never change."""
    return replace(
        _GRIDS_COLLECTION,
        id=f"edition-{edition}",
        title=f"Grids of edition {edition}: {name}",
        description="Grids of every level of one edition, in force or not.",
        timing="none",
    )


def case_collection(public: Sequence[str]) -> Collection:
    """Return the cases with the fields that are public."""
    return Collection(
        id="cases",
        title="Cases",
        description="Cases that have a point, with their public fields; `datetime` is when they were reported.",
        fields=tuple(each for each in _CASE_FIELDS if each.name in public),
        geometry="Point",
        source=_CASES,
        key="number",
        order=("place",),
        timing="instant",
        instant="reported_at",
        integer_id=True,
    )


def hotspot_collection(public: Sequence[str]) -> Collection:
    """Return where cases crowd; its category is told where that of cases is public."""
    return Collection(
        id="hotspots",
        title="Hotspots",
        description=f"Where {_LEAST_CASES} or more cases lie within {_NEAR_M} m of each other (DBSCAN), by datetime.",
        fields=tuple(each for each in _HOTSPOT_FIELDS if each.name != "category" or "category" in public),
        geometry="Polygon",
        source=_HOTSPOTS,
        key="number",
        order=("place",),
        timing="instant",
        instant="last_reported_at",
        integer_id=True,
    )
