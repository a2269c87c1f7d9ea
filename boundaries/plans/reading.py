"""Plans as maps and tables show them: grids and blocks as features, as vector tiles, as figures."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.fields import GRIDS_OF_PLANS, grid_columns, load_columns
from boundaries.grids.records import PlanValues
from boundaries.plans.loading import load_whole
from geogrid.editions.fields import GRID_COLUMNS
from geogrid.errors import InvalidInputError
from geogrid.plans import GridFigures, figures
from geogrid.plans.figures import off_band

Layer = Literal["grids", "blocks"]

_TOLD: Final = [name for name in GRID_COLUMNS if name != "level_name"]
_BELOW: Final = """
    with recursive below as (
        select id from grids where plan_id = :plan and code = :grid
        union all
        select g.id from grids g join below on g.plan_id = :plan and g.parent_id = below.id
    )
    select id from below
"""
FEATURES: Final[Mapping[Layer, str]] = {
    "grids": f"""
        select g.id, {grid_columns(_TOLD)}, g.locked_by, g.geom {GRIDS_OF_PLANS}
        where g.plan_id = :plan and (cast(:level as int) is null or g.level = :level)
            and (cast(:grid as text) is null or g.id in ({_BELOW}))
    """,
    "blocks": f"""
        select b.id, g.code as grid, {load_columns("b")}, b.geom
        from assignments a join blocks b on b.id = a.block_id join grids g on g.id = a.grid_id
        where a.plan_id = :plan and (cast(:grid as text) is null or g.id in ({_BELOW}))
    """,  # noqa: S608 - our own text
}

"""Rows of each layer of a plan, with parameters `plan`, `grid`, and `level` of grids."""

_STATEMENTS: Final = {
    layer: text(f"""
        select *, ST_AsBinary(geom) as shape from ({features}) as feature
        where cast(:west as float8) is null or geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
        order by id limit :limit
    """)  # noqa: S608 - our own text
    for layer, features in FEATURES.items()
}


_LOCKS: Final = text(
    'select code, locked_by from grids where plan_id = :plan and locked_by is not null order by code collate "C"'
)


_SHOWN_SHAPES: Final = 2_000
_LEVEL_COUNTS: Final = text("""
    select level, count(*) as grids, count(*) filter (where kind <> 'parent') as leaves,
        count(*) filter (where kind = 'dedicated') as dedicated,
        coalesce(sum(households) filter (where kind <> 'parent'), 0) as households
    from grids where plan_id = :plan group by level order by level
""")


def plan_frame(  # noqa: PLR0913 - one keyword a filter
    session: Session,
    plan: PlanValues,
    layer: Layer,
    *,
    bbox: tuple[float, float, float, float] | None = None,
    level: int | None = None,
    grid: str | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """Return the grids or the blocks of a plan as a table, by number.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    layer : {"grids", "blocks"}
        Which.
    bbox : tuple of float, optional
        Only those that touch west, south, east, north.
    level : int, optional
        Grids of a level only.
    grid : str, optional
        Only the grid of this code and what lies below it.
    limit : int, optional
        At most so many.

    Raises
    ------
    InvalidInputError
        A level of blocks.
    """
    if layer == "blocks" and level is not None:
        raise InvalidInputError.of(
            "level", "Blocks have no level.", "Leave level out; grid tells whose blocks.", subject="level"
        )
    west, south, east, north = bbox or (None, None, None, None)
    place = {"west": west, "south": south, "east": east, "north": north}
    found = session.execute(
        _STATEMENTS[layer], {"plan": plan.id, "level": level, "grid": grid, "limit": limit, **place}
    ).mappings()
    table = pd.DataFrame([dict(row) for row in found])
    if table.empty:
        return gpd.GeoDataFrame({"id": []}, geometry=[], crs="EPSG:4326")
    shapes = shapely.from_wkb(np.array([bytes(shape) for shape in table.pop("shape")], dtype=object))
    return gpd.GeoDataFrame(table.drop(columns="geom"), geometry=shapes, crs="EPSG:4326")


def shown_level(session: Session, plan: PlanValues, *, most: int) -> tuple[int, int]:
    """Return the deepest level of a plan that has so many grids at most, and the deepest of all; 1 where none has."""
    counts = {row.level: row.grids for row in session.execute(_LEVEL_COUNTS, {"plan": plan.id})}
    return max((level for level, grids in counts.items() if grids <= most), default=1), max(counts, default=1)


def leaf_counts(session: Session, plan: PlanValues) -> dict[str, int]:
    """Return how many `grids`, `leaves` and `dedicated` ones a plan has, its `households`, and the level `shown`."""
    rows = session.execute(_LEVEL_COUNTS, {"plan": plan.id}).all()
    shown, _ = shown_level(session, plan, most=_SHOWN_SHAPES)
    return {
        "grids": sum(row.grids for row in rows),
        "leaves": sum(row.leaves for row in rows),
        "dedicated": sum(row.dedicated for row in rows),
        "households": round(sum(row.households for row in rows)),
        "shown": shown,
    }


def evaluate(session: Session, plan: PlanValues) -> tuple[dict[str, Any], tuple[GridFigures, ...]]:
    """Return how good a plan is: a summary, and the figures of every leaf by code."""
    whole = load_whole(session, plan)
    found = figures(whole, np.unique(whole.owner).tolist())
    ordinary = [each for each in found if each.kind == "comprehensive"]
    compactness = [each.compactness for each in found]
    summary = {
        "leaves": len(found),
        "dedicated": len(found) - len(ordinary),
        "band": None if whole.rules.band is None else list(whole.rules.band),
        "in_band": sum(each.load is not None and off_band(each.load, whole.rules.band) == 0 for each in ordinary),
        "in_pieces": sum(len(each.fragments) > 1 for each in found),
        "compactness_median": float(np.median(compactness)) if compactness else None,
        "area_m2": sum(each.area_m2 for each in found),
    }
    return summary, found


def locks_of(session: Session, plan: PlanValues) -> dict[str, str]:
    """Return who locked which grids of a plan, by code."""
    return {row.code: row.locked_by for row in session.execute(_LOCKS, {"plan": plan.id})}


def features(frame: gpd.GeoDataFrame) -> Iterator[tuple[Any, dict[str, Any], str]]:
    """Yield number, properties and GeoJSON geometry of each row; missing numbers are None."""
    table = frame.drop(columns="geometry")
    shapes = shapely.to_geojson(frame.geometry.to_numpy()) if len(frame) else []
    for row, shape in zip(table.to_dict("records"), shapes, strict=True):
        plain = {
            str(name): None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()
        }
        yield plain.pop("id", None), plain, shape
