"""Hotspots of a table of cases on the grids of an edition: counted by their points, in periods of their own."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coordinates import metric_crs
from geogrid.errors import InvalidInputError
from geogrid.hotspot.counting import counts_by_period, grids_of_points
from geogrid.hotspot.finding import find_hotspots
from geogrid.hotspot.hotspots import Hotspots
from geogrid.hotspot.records import HotspotChoice, Places
from geogrid.hotspot.weights import Contiguity, contiguity_weights
from geogrid.maps.classes import periods
from geogrid.types import FloatArray, IntArray

_BASES: Final = ("households", "population")


def leaves_of(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the leaf grids of an edition by code, or raise `InvalidInputError` where there are none."""
    leaves = grids[grids["kind"] != "parent"].sort_values("code", kind="stable").reset_index(drop=True)
    if not len(leaves):
        raise InvalidInputError.of("no-grids", "The edition has no grid.", "Publish one that has.")
    return leaves


def places_of(leaves: gpd.GeoDataFrame, *, base: str | None = None, neighbors: Contiguity = "queen") -> Places:
    """Return leaf grids as places to look at: which are neighbours, and what rates are made of.

    Parameters
    ----------
    leaves : GeoDataFrame
        As `leaves_of` returns them; columns ``households`` and ``population``, where they are known.
    base : {"households", "population", "none"}, optional
        By default the first of these of which there are any.
    neighbors : {"queen", "rook"}
        Grids that share a point, or those that share an edge.

    Raises
    ------
    InvalidInputError
        The base that was asked for is not counted.
    """
    weights = contiguity_weights(leaves.geometry.to_numpy(), contiguity=neighbors)
    known = [name for name in _BASES if name in leaves and np.nansum(_numbers(leaves, name)) > 0]
    name = base or (known[0] if known else "none")
    if name not in {*known, "none"}:
        message, remedy = f"The grids have no {name} counted.", f"Use one of {', '.join([*known, 'none'])}."
        raise InvalidInputError.of("base", message, remedy, subject="base")
    counted = np.nan_to_num(_numbers(leaves, name)) if name in known else None
    codes = leaves["code"].to_numpy(dtype=object)
    plane = leaves.geometry.to_crs(metric_crs(leaves)).to_numpy()
    return Places(codes, plane, weights, counted, "" if name == "none" else name)


def found_among(  # noqa: PLR0913 - what is looked at, how, and what it is called
    cases: gpd.GeoDataFrame,
    leaves: gpd.GeoDataFrame,
    places: Places,
    choice: HotspotChoice,
    *,
    time_zone: str,
    edition: str,
) -> Hotspots:
    """Return what a method finds among cases, counted on leaf grids and by period.

    Parameters
    ----------
    cases : GeoDataFrame
        EPSG:4326 points or None; columns ``reported_at`` (with zone) and ``grid``, which decides for those without one.
    leaves, places : GeoDataFrame, Places
        As `leaves_of` and `places_of` return them.
    choice : HotspotChoice
        Method and what goes with it.
    time_zone : str
        In which days begin.
    edition : str
        Name of the edition whose grids these are.

    Raises
    ------
    InvalidInputError
        The method cannot be used on what there is.
    """
    owner = _owners(cases, leaves)
    local = cases["reported_at"].dt.tz_convert(time_zone).dt.tz_localize(None)
    span = periods(local)
    counts = counts_by_period(owner, span.index, grids=len(leaves), periods=max(len(span.labels), 1))
    inside = cases[(owner >= 0) & cases.geometry.notna().to_numpy()]
    points = shapely.get_coordinates(inside.geometry.to_crs(metric_crs(leaves)).to_numpy())
    return find_hotspots(places, counts, choice, points=points, periods=span.labels, edition=edition)


def _numbers(leaves: gpd.GeoDataFrame, name: str) -> FloatArray:
    return np.asarray(pd.to_numeric(leaves[name], errors="coerce"), dtype=np.float64)


def _owners(cases: gpd.GeoDataFrame, leaves: gpd.GeoDataFrame) -> IntArray:
    """Return the leaf that each case is in by its point, or without one by the code that it was given."""
    by_point = grids_of_points(leaves.geometry.to_numpy(), cases.geometry.to_numpy())
    by_code = pd.Index(leaves["code"]).get_indexer(cases["grid"].to_list())
    return np.where(cases.geometry.isna().to_numpy(), by_code, by_point)
