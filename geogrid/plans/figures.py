"""Live figures of grids: load against band, contiguity, compactness, size."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.plans.state import Draft, flat, leaf_loads, union
from geogrid.types import IntArray


@dataclass(frozen=True, slots=True)
class GridFigures:
    """What a planner looks at after a change.

    Parameters
    ----------
    code, name, kind : str
        The leaf.
    load : float, optional
        What the band balances; None where unknown.
    off_band : float
        How much the load is above the band, or, negative, below it; 0 within, for dedicated grids and without band.
    households, population, buildings : float, optional
        Loads.
    blocks : int
        Number of blocks.
    area_m2 : float
        Land.
    compactness : float
        4 pi area / perimeter^2: 1 for a circle, 0.785 for a square.
    fragments : tuple of (lon, lat)
        A place in each separate piece, the largest first; one when the grid is contiguous.
    """

    code: str
    name: str
    kind: str
    load: float | None
    off_band: float
    households: float | None
    population: float | None
    buildings: float | None
    blocks: int
    area_m2: float
    compactness: float
    fragments: tuple[tuple[float, float], ...]


def figures(draft: Draft, keys: Iterable[int]) -> tuple[GridFigures, ...]:
    """Return the figures of leaves whose blocks are in a draft, by code.

    References
    ----------
    Polsby, D. D., Popper, R. D. (1991). The third criterion: compactness as a procedural safeguard.
    """
    order = np.argsort(draft.owner, kind="stable")
    present, starts = np.unique(draft.owner[order], return_index=True)
    members = dict(zip(present.tolist(), np.split(order, starts[1:]), strict=False))
    rows = [_figures(draft, key, members[key]) for key in keys if key in members]
    return tuple(sorted(rows, key=lambda row: row.code))


def _figures(draft: Draft, key: int, positions: IntArray) -> GridFigures:
    node = draft.nodes[key]
    sums = leaf_loads(draft.blocks.loads[positions], node.unplaced)
    loads = [None if math.isnan(value) else value for value in sums.tolist()]
    load = loads[draft.rules.load_column]
    shape = union(draft.blocks.polygons[positions])
    metric = flat(np.array([shape], dtype=object))[0]
    area_m2, perimeter_m = float(shapely.area(metric)[0]), float(shapely.length(metric)[0])
    parts = shapely.get_parts(shape)
    parts = parts[np.argsort(-shapely.area(parts), kind="stable")]
    places = shapely.get_coordinates(shapely.point_on_surface(parts)).round(7).tolist()
    return GridFigures(
        code=node.code,
        name=node.name,
        kind=node.kind,
        load=load,
        off_band=off_band(load, draft.rules.band) if node.kind == "comprehensive" else 0.0,
        **dict(zip(LOADS, loads, strict=True)),
        blocks=len(positions),
        area_m2=area_m2,
        compactness=4.0 * math.pi * area_m2 / perimeter_m**2,
        fragments=tuple((lon, lat) for lon, lat in places),
    )


def off_band(load: float | None, band: tuple[float, float] | None) -> float:
    """Return how much a load is above the band, or, negative, below it; 0 for an unknown load."""
    if band is None or load is None:
        return 0.0
    return max(load - band[1], 0.0) - max(band[0] - load, 0.0)
