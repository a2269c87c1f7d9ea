"""Hotspots of stored cases: counted on the grids of an edition, looked for by one method, told as GeoJSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import shapely

from api.heavy.desk import Desk
from api.maps.schemas import HotspotsQuery
from boundaries.cases.filtering import CaseFilter
from boundaries.cases.reading import case_frame
from boundaries.editions.calendar import Calendar, EditionPeriod
from geogrid.hotspot import Hotspots, found_among, leaves_of, places_of, sentence

_DIGITS: Final = 6


def answer_hotspots(
    desk: Desk, calendar: Calendar, period: EditionPeriod, case_filter: CaseFilter, query: HotspotsQuery
) -> bytes:
    """Return the GeoJSON of ``GET /hotspots``."""
    with desk.store.unit_of_work() as session:
        cases = case_frame(session, calendar.id, case_filter)
    return hotspots_geojson(cases, desk.frames.of(period), query, time_zone=calendar.time_zone, edition=period.name)


def hotspots_geojson(
    cases: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, query: HotspotsQuery, *, time_zone: str, edition: str
) -> bytes:
    """Return hotspots as GeoJSON, with how they were found beside the features.

    Parameters
    ----------
    cases, grids : GeoDataFrame
        Columns as `case_frame` and `grid_frame`.
    query : HotspotsQuery
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
    leaves = leaves_of(grids)
    looked_at = places_of(leaves, base=query.base, neighbors=query.neighbors)
    found = found_among(cases, leaves, looked_at, query.to_choice(), time_zone=time_zone, edition=edition)
    shapes = shapely.to_geojson(leaves.geometry.to_numpy())
    features = [
        {"type": "Feature", "id": code, "geometry": orjson.Fragment(shape), "properties": properties}
        for code, shape, properties in zip(found.codes.tolist(), shapes, _properties(found, leaves), strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", **_how(found), "features": features})


def _how(found: Hotspots) -> Mapping[str, Any]:
    """Return what stands beside the features: how the hotspots were found, and what they come to."""
    choice = found.choice
    clusters = [
        {
            "grids": [found.codes[member] for member in cluster.members],
            "cases": int(cluster.cases),
            "expected": _rounded(cluster.expected),
            "relative_risk": _rounded(cluster.relative_risk),
            "log_likelihood_ratio": _rounded(cluster.ratio),
            "p": _rounded(cluster.p),
            "gumbel_p": _rounded(cluster.gumbel_p),
            "periods": None if cluster.periods is None else [found.periods[end] for end in cluster.periods],
        }
        for cluster in found.clusters
    ]
    told = {"sentence": {language: sentence(found, language) for language in ("en", "zh")}}
    seen = {"n": found.n, "edition": found.edition, "periods": list(found.periods)}
    # The level and the draws say nothing of a method that tests nothing, but they were asked for.
    return asdict(choice) | {
        "correction": found.correction or "none",
        "unit": found.unit,
        "base": found.base or "none",
        "weights": found.weights,
        **seen,
        "clusters": clusters,
        **told,
    }


def _properties(found: Hotspots, leaves: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    names = leaves["name"].to_list()
    tests = found.value, found.p, found.adjusted_p, found.state
    columns = zip(found.codes.tolist(), names, found.cases, *tests, strict=True)
    return [
        {
            "code": code,
            "name": name,
            "cases": int(cases),
            "value": _rounded(value),
            "p": _rounded(p),
            "adjusted_p": _rounded(adjusted),
            "state": state,
        }
        for code, name, cases, value, p, adjusted, state in columns
    ]


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
