"""Streets, the river and the railway of a synthetic town."""

from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.ops import substring

from geogrid.blocks.barriers import PEDESTRIAN, PRIMARY, RAIL_WATER_MOTORWAY, RESIDENTIAL, SECONDARY, SERVICE, TERTIARY
from geogrid.towns.drawing import BentLattice
from geogrid.towns.land import HOUSINGS, LandUse
from geogrid.towns.lattice import UNITS_PER_M
from geogrid.towns.names import street_names
from geogrid.types import BoolArray, GeometryArray, IntArray

_CLASSES: Final = ("pedestrian", "residential", "tertiary", "secondary", "primary", "river", "rail", "service")
_RANKS: Final = np.array(
    [PEDESTRIAN, RESIDENTIAL, TERTIARY, SECONDARY, PRIMARY, RAIL_WATER_MOTORWAY, RAIL_WATER_MOTORWAY, SERVICE]
)
_KINDS: Final = np.array(["highway"] * 5 + ["waterway", "railway", "highway"])
_ENDINGS: Final = np.array(["里", "街", "路", "路", "大道", "河", "铁路", ""])
_LEAST_BLOCKS: Final = (0, 3, 12, 40, 120)
_RIVER_BLOCKS: Final = 80
_WALKED: Final = 0.2
_APART_M: Final = 9.0
_SHORT_M: Final = (2.0, 12.0)
_DEEP: Final = (0.45, 0.75)


def draw_barriers(
    drawing: BentLattice, land: LandUse, *, flaws: float, dual: bool, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return the lines of a town with ``name``, ``rank``, ``kind`` and ``street_class``; metres, no CRS yet.

    Parameters
    ----------
    drawing : BentLattice
        The lines.
    land : LandUse
        Where lanes lead into estates.
    flaws : float
        Share of the lanes that stop short, and half the share of blocks with a dead end.
    dual : bool
        Whether primary streets are two lines.
    rng : numpy.random.Generator
        Chooses.
    """
    splits = drawing.lattice.splits
    kind = np.searchsorted(_LEAST_BLOCKS, splits.blocks, side="right") - 1
    kind[(kind == 0) & (rng.random(len(kind)) >= _WALKED)] = _CLASSES.index("residential")
    if len(drawing.lattice.box) >= _RIVER_BLOCKS:
        kind[splits.order == 0] = _CLASSES.index("river")
        kind[splits.order == 1] = _CLASSES.index("rail")
    lines = drawing.lines(splits.box)
    names = street_names(_ENDINGS[kind], kind >= _CLASSES.index("secondary"), rng)
    short = (kind <= 1) & (rng.random(len(kind)) < flaws)
    lines[short] = _cut_short(lines[short], rng)
    lanes, lane_kind = _lanes(drawing, land, flaws, rng)
    wide = (kind == _CLASSES.index("primary")) & dual
    drawn = np.concatenate([lines[~wide], *_carriageways(lines[wide]), lanes])
    kinds = np.concatenate([kind[~wide], kind[wide], kind[wide], lane_kind])
    named = np.concatenate([names[~wide], names[wide], names[wide], np.full(len(lanes), "")])
    columns = {
        "name": [name or None for name in named.tolist()],
        "rank": _RANKS[kinds],
        "kind": _KINDS[kinds],
        "street_class": np.array(_CLASSES)[kinds],
    }
    return gpd.GeoDataFrame(columns, geometry=drawn)


def _carriageways(lines: GeometryArray) -> tuple[GeometryArray, GeometryArray]:
    left, right = (shapely.offset_curve(lines, side * _APART_M, join_style="mitre") for side in (1, -1))
    return left, right


def _cut_short(lines: GeometryArray, rng: np.random.Generator) -> GeometryArray:
    """Return the lines without their last metres; one that would vanish stays whole."""
    missing = rng.uniform(*_SHORT_M, len(lines))
    lengths = shapely.length(lines)
    cut = [
        line if length < 4 * gap else substring(line, 0.0, length - gap)
        for line, length, gap in zip(lines, lengths, missing, strict=True)
    ]
    return np.array(cut, dtype=object)


def _lanes(
    drawing: BentLattice, land: LandUse, flaws: float, rng: np.random.Generator
) -> tuple[GeometryArray, IntArray]:
    """Return lanes from a street into a block: the drives of estates, and dead ends among houses."""
    flats: BoolArray = land.estate >= 0
    dead_end = (land.housing == HOUSINGS.index("houses")) & (rng.random(len(flats)) < 2 * flaws)
    block = np.flatnonzero(flats | dead_end)
    box = drawing.lattice.box[block] / UNITS_PER_M
    east = box[:, 0] + rng.uniform(0.35, 0.65, len(box)) * (box[:, 2] - box[:, 0])
    deep = box[:, 1] + rng.uniform(*_DEEP, len(box)) * (box[:, 3] - box[:, 1])
    ends = np.concatenate([np.column_stack([east, box[:, 1]]), np.column_stack([east, deep])])
    start, end = np.split(drawing.bend(ends), 2)
    kind = np.where(flats[block], _CLASSES.index("service"), _CLASSES.index("residential"))
    lanes: GeometryArray = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
    return lanes, kind
