"""Buildings of a synthetic town: rows of slabs and towers, lanes of houses, institutions."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.towns.drawing import Bend
from geogrid.towns.land import LandUse
from geogrid.types import FloatArray, GeometryArray, IntArray

StrArray = NDArray[np.str_]
_NOBODY: Final = -1
_SETBACK_M: Final = 13.0
_SETBACK_SHARE: Final = 0.22
_FILLED: Final = 0.75
_LOOSE: Final = 1.5
_WOBBLE_M: Final = 0.8
_USES: Final = ("yes", "house", "apartments", "apartments")
_SITE_USES: Final = {
    "school": "school",
    "hospital": "hospital",
    "government": "government",
    "commercial": "retail",
    "office_building": "office",
    "industrial_park": "industrial",
}


@dataclass(frozen=True, slots=True)
class _Style:
    """How one kind of block is built up.

    Parameters
    ----------
    plot : (2,) float
        Width and depth of the land of a building, metres.
    size : (2,) float
        Of the building.
    levels : (2,) int
        Fewest and most.
    each : int
        Households in a building.
    clustered : bool
        The buildings stand together in the middle; otherwise they fill the block.
    """

    plot: tuple[float, float]
    size: tuple[float, float]
    levels: tuple[int, int]
    each: int
    clustered: bool


_STYLES: Final = (
    _Style((60.0, 45.0), (34.0, 18.0), (2, 6), 0, clustered=False),
    _Style((17.0, 19.0), (11.0, 9.0), (1, 3), 1, clustered=True),
    _Style((60.0, 31.0), (48.0, 12.5), (5, 7), 36, clustered=False),
    _Style((52.0, 50.0), (27.0, 21.0), (17, 32), 96, clustered=False),
)
"""By position in `HOUSINGS`; the first is that of institutions."""

_ON_A_SITE: Final = 5


@dataclass(frozen=True, slots=True)
class Houses:
    """Buildings.

    Parameters
    ----------
    polygons : (b,) Polygon
        Footprints, metres.
    block : (b,) int64
        Block of each.
    households, levels : (b,) int64
        In each.
    use : (b,) str
        As OpenStreetMap's ``building``.
    """

    polygons: GeometryArray
    block: IntArray
    households: IntArray
    levels: IntArray
    use: StrArray


def build_houses(box_m: FloatArray, land: LandUse, bend: Bend, rng: np.random.Generator) -> Houses:
    """Return the buildings of every block.

    Parameters
    ----------
    box_m : (n, 4) float64
        Blocks on the lattice, metres.
    land : LandUse
        What they are for; the households of each block are those of its buildings.
    bend : Bend
        From the lattice to the land.
    rng : numpy.random.Generator
        Chooses.
    """
    sides = box_m[:, 2:] - box_m[:, :2]
    columns, rows, count = _plots(sides, land)
    block = np.repeat(np.arange(len(box_m)), count)
    number = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
    style = land.housing[block]
    plot, size = (np.array([getattr(one, name) for one in _STYLES])[style] for name in ("plot", "size"))
    free = sides[block] - 2 * _setback(sides)[block, None]
    cells = np.column_stack([columns[block], rows[block]])
    clustered = np.array([one.clustered for one in _STYLES])[style]
    step = np.where(clustered[:, None], np.minimum(plot, free / cells), free / cells)
    place = np.column_stack([number % columns[block], number // columns[block]])
    middle = (box_m[block, :2] + box_m[block, 2:]) / 2
    centre = middle + (place + 0.5 - cells / 2) * step + rng.uniform(-_WOBBLE_M, _WOBBLE_M, (len(block), 2))
    angle, stretch = bend.frames(centre)
    size = np.minimum(size * rng.uniform(0.9, 1.1, size.shape), step * stretch * _FILLED)
    low, high = np.array([one.levels for one in _STYLES])[style].T
    levels = rng.integers(low, high + 1)
    return Houses(
        polygons=_turned_boxes(bend(centre), size, angle),
        block=block,
        households=land.households[block] // count[block] + (number < land.households[block] % count[block]),
        levels=levels,
        use=_uses(land, block),
    )


def _setback(sides: FloatArray) -> FloatArray:
    setback: FloatArray = np.minimum(_SETBACK_M, _SETBACK_SHARE * sides.min(axis=1))
    return setback


def _plots(sides: FloatArray, land: LandUse) -> tuple[IntArray, IntArray, IntArray]:
    """Return the columns and rows of plots on each block, and how many of them are built upon."""
    plot = np.array([one.plot for one in _STYLES])[land.housing]
    size = np.array([max(one.each, 1) for one in _STYLES])[land.housing]
    clustered = np.array([one.clustered for one in _STYLES])[land.housing]
    free = sides - 2 * _setback(sides)[:, None]
    cells = np.maximum(np.floor(free / plot), 1).astype(np.int64)
    built = np.array([category != "other" for category in land.categories] + [False])
    houses = np.where(land.site == _NOBODY, -(-land.households // size), np.where(built[land.site], _ON_A_SITE, 0))
    count = np.minimum(houses, cells.prod(axis=1))
    # A village is as wide as it needs to be; flats fill their block.
    narrow = clustered & (cells.prod(axis=1) > _LOOSE * count) & (count > 0)
    shrunk = np.maximum(np.floor(cells * np.sqrt(_LOOSE * count / cells.prod(axis=1))[:, None]), 1).astype(np.int64)
    shrunk[:, 1] = np.minimum(np.maximum(shrunk[:, 1], -(-count // shrunk[:, 0])), cells[:, 1])
    cells = np.where(narrow[:, None], shrunk, cells)
    columns, rows = cells.T
    rows = np.where(count > 0, np.minimum(rows, -(-np.maximum(count, 1) // columns)), 1)
    return columns, np.maximum(rows, 1), np.minimum(count, columns * rows)


def _turned_boxes(centre: FloatArray, size: FloatArray, angle: FloatArray) -> GeometryArray:
    """Return rectangles turned around their centres."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    local = corners * size[:, None]
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x = centre[:, :1] + cosine * local[..., 0] - sine * local[..., 1]
    y = centre[:, 1:] + sine * local[..., 0] + cosine * local[..., 1]
    polygons: GeometryArray = np.asarray(shapely.polygons(np.stack([x, y], axis=-1)), dtype=object)
    return polygons


def _uses(land: LandUse, block: IntArray) -> StrArray:
    on_site = np.array([_SITE_USES.get(category, "yes") for category in land.categories] + ["yes"])
    ordinary = np.array(_USES)[land.housing[block]]
    return np.where(land.site[block] == _NOBODY, ordinary, on_site[land.site[block]])
