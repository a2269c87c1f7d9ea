"""Plans as maps and tables show them: grids and blocks as features, as vector tiles, as figures."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.loading import load_whole
from geogrid.plans import GridFigures, figures
from geogrid.plans.figures import off_band

Layer = Literal["grids", "blocks"]

_FEATURES: Final[Mapping[Layer, str]] = {
    "grids": """
        select g.id, g.code, g.name, g.level, above.code as parent, g.kind, g.category, g.households, g.population,
            g.buildings, g.geom
        from grids g left join grids above on above.id = g.parent_id
        where g.plan_id = :plan and (cast(:level as int) is null or g.level = :level)
    """,
    "blocks": """
        select b.id, g.code as grid, b.households, b.population, b.buildings, b.geom
        from assignments a join blocks b on b.id = a.block_id join grids g on g.id = a.grid_id
        where a.plan_id = :plan and (cast(:grid as text) is null or g.code = :grid)
    """,
}


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
        Blocks of a leaf only.
    limit : int, optional
        At most so many.
    """
    statement = text(f"""
        select *, ST_AsBinary(geom) as shape from ({_FEATURES[layer]}) as found
        where cast(:west as float8) is null or geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
        order by id limit :limit
    """)  # noqa: S608 - our own text, chosen by name
    west, south, east, north = bbox or (None, None, None, None)
    place = {"west": west, "south": south, "east": east, "north": north}
    found = session.execute(
        statement, {"plan": plan.id, "level": level, "grid": grid, "limit": limit, **place}
    ).mappings()
    table = pd.DataFrame([dict(row) for row in found])
    if table.empty:
        return gpd.GeoDataFrame({"id": []}, geometry=[], crs="EPSG:4326")
    shapes = shapely.from_wkb(np.array([bytes(shape) for shape in table.pop("shape")], dtype=object))
    return gpd.GeoDataFrame(table.drop(columns="geom"), geometry=shapes, crs="EPSG:4326")


def plan_tile(session: Session, plan: PlanValues, layer: Layer, tile: tuple[int, int, int]) -> bytes:
    """Return a vector tile of a plan's grids of the lowest level, or of its blocks.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    layer : {"grids", "blocks"}
        Name of the layer in the tile, too.
    tile : tuple of int
        Zoom, column and row of the web Mercator grid.
    """
    statement = text(f"""
        with tile as (select ST_TileEnvelope(:z, :x, :y) as area),
        seen as (
            select found.*, ST_AsMVTGeom(ST_Transform(found.geom, 3857), tile.area) as shape
            from tile, ({_FEATURES[layer]}) as found
            where found.geom && ST_Transform(tile.area, 4326)
        )
        select ST_AsMVT(part, :layer, 4096, 'shape', 'id')
        from (select {_columns(layer)}, shape from seen where shape is not null order by id) as part
    """)  # noqa: S608 - our own text, chosen by name
    zoom, column, row = tile
    lowest = session.scalar(text("select max(level) from grids where plan_id = :plan"), {"plan": plan.id})
    values = {"z": zoom, "x": column, "y": row, "layer": layer, "plan": plan.id, "level": lowest, "grid": None}
    return bytes(session.scalar(statement, values) or b"")


def _columns(layer: Layer) -> str:
    own = {"grids": "code, name, kind, category, households, population, buildings", "blocks": "grid, households"}
    return f"id, {own[layer]}"


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


def features(frame: gpd.GeoDataFrame) -> Iterator[tuple[Any, dict[str, Any], str]]:
    """Yield number, properties and GeoJSON geometry of each row; missing numbers are None."""
    table = frame.drop(columns="geometry")
    shapes = shapely.to_geojson(frame.geometry.to_numpy()) if len(frame) else []
    for row, shape in zip(table.to_dict("records"), shapes, strict=True):
        plain = {
            str(name): None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()
        }
        yield plain.pop("id", None), plain, shape
