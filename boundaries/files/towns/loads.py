"""What is balanced: columns of buildings and lots, estimates, or the land; buildings drawn twice counted once."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.blocks.duplicates import counted_in
from geogrid.blocks.ground import is_blank
from geogrid.blocks.households import INSTITUTION, estimate_households
from geogrid.blocks.land_loads import LAND_LOADS
from geogrid.coordinates import WGS84
from geogrid.errors import Problem
from geogrid.geometry.overlays import union
from geogrid.types import BoolArray, FloatArray, IntArray

COUNTED: Final = ("households", "population")
_LEVEL_COLUMNS: Final = ("levels", "building:levels", "building_levels", "floors", "storeys", "层数")
_USE_COLUMNS: Final = ("use", "building", "用途")
_WITHOUT_HOMES: Final = frozenset({"school", "hospital", "government", "industrial_park", "office_building"})
_NAMED: Final = 5


def settle_loads(layers: dict[str, gpd.GeoDataFrame], load: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the loads that the layers have, and what is said of them; households are estimated in place.

    Parameters
    ----------
    layers : dict of str to GeoDataFrame
        Metric; of these ``buildings``, ``loads`` and ``sites`` count.
    load : str
        What is balanced.
    """
    buildings, others = layers.get("buildings"), layers.get("loads")
    tables = [layer for layer in (buildings, others) if layer is not None]
    wanted = dict.fromkeys((load, *COUNTED))
    columns = [name for name in wanted if name != "buildings" and any(name in table for table in tables)]
    if load in LAND_LOADS:
        problems = _shadowed(load, {"buildings": buildings, "loads": others})
        return tuple(dict.fromkeys([load, *columns])), problems
    if load in columns or (load == "buildings" and buildings is not None):
        return tuple(columns), []
    if load == "households" and buildings is not None:
        _estimate(buildings, layers.get("sites"))
        message = f"Households of {len(buildings):,} buildings were estimated from footprint, levels and use."
        remedy = "Give a column 'households', or --loads."
        return ("households", *columns), [Problem("households-estimated", message, remedy, severity="warning")]
    had = sorted({str(name) for table in tables for name in table.select_dtypes("number").columns})
    message = f"Neither the buildings nor the loads have a column '{load}'."
    remedy = (
        f"They have: {', '.join([*had, 'buildings'])}."
        if tables
        else "Give --buildings or --loads, or balance the land: --load area or --load streets."
    )
    return tuple(columns), [Problem("unknown-load", message, remedy, subject=load)]


def _shadowed(load: str, layers: Mapping[str, gpd.GeoDataFrame | None]) -> list[Problem]:
    """Take columns named like a load of the land out, in place, and return what is said of it."""
    problems = []
    for role, layer in layers.items():
        if layer is not None and load in layer:
            del layer[load]
            message = f"The {role} have a column '{load}', which is not read: --load {load} is measured of the land."
            problems.append(Problem("load-of-the-land", message, "Rename the column to balance it.", "warning", load))
    return problems


def _estimate(buildings: gpd.GeoDataFrame, sites: gpd.GeoDataFrame | None) -> None:
    levels = next((buildings[name] for name in _LEVEL_COLUMNS if name in buildings), None)
    use = next((buildings[name] for name in _USE_COLUMNS if name in buildings), None)
    known = (
        np.full(len(buildings), np.nan) if levels is None else pd.to_numeric(levels, errors="coerce").to_numpy(float)
    )
    uses = np.full(len(buildings), "yes") if use is None else use.fillna("yes").astype(str).to_numpy(dtype=object)
    if sites is not None and "category" in sites:
        uses = np.where((uses == "yes") & _in_institutions(buildings, sites), INSTITUTION, uses)
    buildings["households"] = estimate_households(buildings.area.to_numpy(), known, uses.tolist())


def _in_institutions(buildings: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> BoolArray:
    """Return which buildings stand on the land of a school, a hospital, an office or a works."""
    land = sites.geometry.to_numpy()[sites["category"].isin(_WITHOUT_HOMES).to_numpy()]
    inside = np.zeros(len(buildings), dtype=np.bool_)
    if len(land):
        places = shapely.point_on_surface(buildings.geometry.to_numpy())
        inside[shapely.STRtree(places).query(land, predicate="intersects")[1]] = True
    return inside


def counted_once(buildings: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return buildings without those drawn twice, and which these are.

    Parameters
    ----------
    buildings : GeoDataFrame
        Footprints, metres.

    Notes
    -----
    Of footprints that are one building by `geogrid.blocks.duplicates.counted_in`, that with the most households
    stays, and takes what land the others cover beside it. A footprint within a larger one that has households of its
    own, other ones than the larger, is a part with its own count, and stays.
    """
    buildings = _as_numbers(buildings)
    shapes = buildings.geometry.to_numpy()
    loads = np.nan_to_num(np.column_stack([_numbers(buildings, name) for name in COUNTED])) if len(buildings) else None
    if loads is None:
        return buildings, []
    owner, is_alike = counted_in(shapes)
    own_count = (loads > 0).any(axis=1) & (loads != loads[owner]).any(axis=1) & ~is_alike
    twice = np.flatnonzero((owner != np.arange(len(owner))) & ~own_count)
    if not len(twice):
        return buildings, []
    united, kept = shapes.copy(), buildings.copy()
    for row in np.unique(owner[twice]).tolist():
        group = np.append(twice[owner[twice] == row], row)
        united[row] = union(shapes[group]) if not shapely.covers(shapes[row], shapes[group]).all() else shapes[row]
        for column, name in enumerate(COUNTED):
            if name in kept and pd.api.types.is_numeric_dtype(kept[name]):
                kept.iloc[row, kept.columns.get_loc(name)] = loads[group, column].max()
    kept = kept.set_geometry(united, crs=buildings.crs)
    return kept.drop(index=kept.index[twice]), [_twice(buildings, twice, owner)]


def _as_numbers(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return buildings with counts that are written as text as numbers; what is no number is refused later."""
    read = {}
    for name in COUNTED:
        if name in buildings:
            numbers = pd.to_numeric(buildings[name], errors="coerce").astype(float)
            if not (numbers.isna() & ~is_blank(buildings[name])).any():
                read[name] = numbers
    return buildings.assign(**read)


def _numbers(layer: gpd.GeoDataFrame, name: str) -> FloatArray:
    if name not in layer:
        return np.full(len(layer), np.nan)
    numbers: FloatArray = pd.to_numeric(layer[name], errors="coerce").to_numpy(dtype=np.float64)
    return numbers


def _twice(buildings: gpd.GeoDataFrame, twice: IntArray, owner: IntArray) -> Problem:
    place = buildings.geometry.iloc[twice[:1]].representative_point().to_crs(WGS84).iloc[0]
    pairs = ", ".join(f"{buildings.index[row]} in {buildings.index[owner[row]]}" for row in twice[:_NAMED].tolist())
    more = f" and {len(twice) - _NAMED:,} more" if len(twice) > _NAMED else ""
    return Problem(
        "building-twice",
        f"{len(twice):,} buildings lie to 80 % or more on another and are counted once, by row: {pairs}{more}.",
        "Delete one of each, or give each its own households.",
        "warning",
        "buildings",
        lonlat=(float(place.x), float(place.y)),
        size=float(len(twice)),
        unit="buildings",
    )
