"""Two stored plans side by side."""

from collections.abc import Sequence
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.loading import load_two
from geogrid.editions.fields import LOADS
from geogrid.errors import ConflictError
from geogrid.geometry.overlays import DEGREE, union
from geogrid.plans.comparing import MEASURES, Comparison, GridChange, Tolerance, compare
from geogrid.plans.pieces import NOWHERE
from geogrid.types import GeometryArray

_OPEN_CASES = text("""
    select ST_AsBinary(geom) from public_cases
    where jurisdiction_id = :jurisdiction and status <> 'closed' and geom is not null
    order by id
""")
_LEAF_SHAPES = text("select id, ST_AsBinary(geom) as shape from grids where plan_id = :plan and kind <> 'parent'")


def compare_plans(
    session: Session, old: PlanValues, new: PlanValues, *, tolerance: Tolerance | None = None
) -> Comparison:
    """Compare two plans of a jurisdiction, with the open cases on the land that changes hands.

    Parameters
    ----------
    session : Session
        Only read from.
    old, new : PlanValues
        Of any state.
    tolerance : Tolerance, optional
        How much land is none.

    Raises
    ------
    ConflictError
        They tile different jurisdictions.
    """
    if old.jurisdiction_id != new.jurisdiction_id:
        raise ConflictError(
            f"Plans {old.id} and {new.id} tile different jurisdictions; only plans of one are compared."
        )
    return compare(*load_two(session, old, new), cases=_cases(session, old), tolerance=tolerance)


def _cases(session: Session, plan: PlanValues) -> GeometryArray:
    found = session.scalars(_OPEN_CASES, {"jurisdiction": plan.jurisdiction_id}).all()
    points = shapely.from_wkb(np.array([bytes(shape) for shape in found], dtype=object))
    return np.asarray(points, dtype=object)


def moved_frame(session: Session, found: Comparison, old: PlanValues, new: PlanValues) -> gpd.GeoDataFrame:
    """Return the land that changes hands, one row a pair of grids.

    Returns
    -------
    GeoDataFrame
        EPSG:4326; columns before and after (codes, None for land that one plan lacks), area_m2, households,
        population, buildings, open_cases, geometry.
    """
    codes = {plan.id: _codes(session, plan) for plan in (old, new)}
    pieces, moved = found.pieces, found.moved
    pairs, group = np.unique(np.column_stack([pieces.before[moved], pieces.after[moved]]), axis=0, return_inverse=True)
    measures = np.column_stack([pieces.area_m2, pieces.loads, found.cases])[moved]
    rows, shapes = [], []
    for number, (before, after) in enumerate(pairs.tolist()):
        sums = measures[group == number].sum(axis=0).tolist()
        rows.append(
            {
                "before": None if before == NOWHERE else codes[old.id][before],
                "after": None if after == NOWHERE else codes[new.id][after],
                **dict(zip(("area_m2", *LOADS), sums, strict=False)),
                "open_cases": int(sums[-1]),
            }
        )
        shapes.append(union(pieces.polygons[moved][group == number], metre=DEGREE))
    columns = ("before", "after", "area_m2", *LOADS, "open_cases")
    table = {name: [row[name] for row in rows] for name in columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")


def leaf_frames(
    session: Session, found: Comparison, old: PlanValues, new: PlanValues
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the leaf grids of either plan with what became of them.

    Returns
    -------
    tuple of GeoDataFrame
        EPSG:4326; columns code, name, fates (list of str), gained_m2, lost_m2, gained_households, lost_households,
        before and after (codes of the grid in either plan, None for none), geometry.
    """
    changes = [change for change in found.grids if (change.after or change.before).is_leaf]  # type: ignore[union-attr]
    return _leaf_frame(session, old, changes, "before"), _leaf_frame(session, new, changes, "after")


def _leaf_frame(
    session: Session, plan: PlanValues, changes: Sequence[GridChange], side: Literal["before", "after"]
) -> gpd.GeoDataFrame:
    shapes = {row.id: bytes(row.shape) for row in session.execute(_LEAF_SHAPES, {"plan": plan.id})}
    rows = [(node, change) for change in changes if (node := getattr(change, side)) is not None]
    area, households = MEASURES.index("area_m2"), MEASURES.index("households")
    table = {
        "code": [str(node.code) for node, _ in rows],
        "name": [node.name for node, _ in rows],
        "fates": [list(change.fates) for _, change in rows],
        "before": [None if change.before is None else str(change.before.code) for _, change in rows],
        "after": [None if change.after is None else str(change.after.code) for _, change in rows],
        "gained_m2": [float(change.gained[area]) for _, change in rows],
        "lost_m2": [float(change.lost[area]) for _, change in rows],
        "gained_households": [float(change.gained[households]) for _, change in rows],
        "lost_households": [float(change.lost[households]) for _, change in rows],
    }
    geometry = shapely.from_wkb(np.array([shapes[node.key] for node, _ in rows], dtype=object))
    return gpd.GeoDataFrame(table, geometry=geometry, crs="EPSG:4326")


def _codes(session: Session, plan: PlanValues) -> dict[int, str]:
    rows = session.execute(text("select id, code from grids where plan_id = :plan"), {"plan": plan.id})
    return {row.id: row.code for row in rows}
