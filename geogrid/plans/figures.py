"""Live figures of grids: load against band, contiguity, compactness, size."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.coordinates import metres_per_degree
from geogrid.editions.fields import LOADS
from geogrid.plans.lands import blocks_of_leaves, lands_of_leaves
from geogrid.plans.state import Draft, leaf_loads
from geogrid.types import GeometryArray, IntArray


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


def figures(
    draft: Draft, keys: Iterable[int], *, lands: Mapping[int, shapely.Geometry] | None = None
) -> tuple[GridFigures, ...]:
    """Return the figures of leaves whose blocks are in a draft, by code.

    Parameters
    ----------
    draft : Draft
        A plan, or whole leaves of it.
    keys : iterable of int
        Leaves; those without blocks here are left out.
    lands : mapping of int to Polygon or MultiPolygon, optional
        Land of leaves by key, where it is known already: what `Draft.shape` returns.

    References
    ----------
    Polsby, D. D., Popper, R. D. (1991). The third criterion: compactness as a procedural safeguard.
    """
    groups = {key: group for key, group in blocks_of_leaves(draft, [*keys]).items() if len(group)}
    known = dict(lands or {})
    known |= lands_of_leaves(draft, [key for key in groups if key not in known])
    shapes: GeometryArray = np.empty(len(groups), dtype=object)
    shapes[:] = [known[key] for key in groups]
    area_m2, perimeter_m = _sizes(shapes)
    places = _places(shapes)
    rows = []
    for row, (key, positions) in enumerate(groups.items()):
        node = draft.nodes[key]
        loads, load = _loads(draft, key, positions)
        rows.append(
            GridFigures(
                code=node.code,
                name=node.name,
                kind=node.kind,
                load=load,
                off_band=off_band(load, draft.rules.band) if node.kind == "comprehensive" else 0.0,
                **dict(zip(LOADS, loads, strict=True)),
                blocks=len(positions),
                area_m2=area_m2[row],
                compactness=4.0 * math.pi * area_m2[row] / perimeter_m[row] ** 2,
                fragments=places[row],
            )
        )
    return tuple(sorted(rows, key=lambda row: row.code))


def _sizes(shapes: GeometryArray) -> tuple[list[float], list[float]]:
    """Return area and perimeter of lands, each stretched to metres around its own middle as by `flat`."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    scale = np.column_stack(metres_per_degree((bounds[:, 1] + bounds[:, 3]) / 2.0))
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    metric = shapely.set_coordinates(shapes.copy(), coordinates * scale[owner])
    return shapely.area(metric).tolist(), shapely.length(metric).tolist()


def _places(shapes: GeometryArray) -> list[tuple[tuple[float, float], ...]]:
    """Return a place in each piece of each land, the largest piece first."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    order = np.lexsort((-shapely.area(parts), owner))
    xy = shapely.get_coordinates(shapely.point_on_surface(parts[order])).round(7).tolist()
    places: list[list[tuple[float, float]]] = [[] for _ in shapes]
    for row, (lon, lat) in zip(owner[order].tolist(), xy, strict=True):
        places[row].append((lon, lat))
    return [tuple(each) for each in places]


def _loads(draft: Draft, key: int, positions: IntArray) -> tuple[list[float | None], float | None]:
    """Return the loads of a leaf, and the one that the band balances; None where unknown."""
    sums = leaf_loads(draft.blocks.loads[positions], draft.nodes[key].unplaced).tolist()
    column = draft.rules.load_column
    balanced = draft.load(key, positions) if column is None else sums[column]
    return [None if math.isnan(value) else value for value in sums], None if math.isnan(balanced) else balanced


def off_band(load: float | None, band: tuple[float, float] | None) -> float:
    """Return how much a load is above the band, or, negative, below it; 0 for an unknown load."""
    if band is None or load is None:
        return 0.0
    return max(load - band[1], 0.0) - max(band[0] - load, 0.0)
