"""``/plans/{plan_id}/picture.svg``: plans as pictures that the server draws; grids as SVG for pages and print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import geopandas as gpd
import numpy as np
import shapely
from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from api.kit.cache import Cache
from api.kit.replies import is_known, not_modified
from api.plans.schemas import PictureQuery, PlanNumber
from api.state.dependencies import OpenSession
from boundaries.grids.records import PlanRecord
from boundaries.plans.drafts import get_plan
from boundaries.plans.reading import plan_frame, shown_level
from geogrid.coordinates import metres_per_degree
from geogrid.maps.classes import band_states
from geogrid.types import FloatArray, GeometryArray

router = APIRouter(prefix="/plans", include_in_schema=False)

FILLS: Final = {
    "under": "#92c3e5", "in": "#cbe6d3", "over": "#ecaa80", "unknown": "#dbe0e4", "dedicated": "#cfc5df"
}  # fmt: skip
"""Of grids by their state, as on the start page."""
_MOST_SHAPES: Final = 1_500
_KEPT: Final = 200
_TOLERANCE: Final = 0.5
_MARGIN: Final = 4.0
_SVG: Final = "image/svg+xml"


class PlanPictures:
    """Pictures by plan and version, drawn once and kept."""

    def __init__(self) -> None:
        self._kept: Cache[tuple[int, int], str] = Cache(_KEPT)

    def of(self, session: Session, plan: PlanRecord) -> str:
        """Return the picture of a plan as it is."""
        return self._kept.get((plan.id, plan.version), lambda: _draw(session, plan))


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """From degrees to the units of a picture: x to the right, y down, true to shape at the middle latitude."""

    west: float
    north: float
    along_lon: float
    along_lat: float
    left: float
    top: float
    width: float
    height: float
    units_per_metre: float

    def units(self, lonlat: FloatArray) -> FloatArray:
        """Return (n, 2) units of (n, 2) longitudes and latitudes."""
        x = self.left + (lonlat[:, 0] - self.west) * self.along_lon
        y = self.top + (self.north - lonlat[:, 1]) * self.along_lat
        return np.column_stack([x, y])


def frame_around(bounds: Sequence[float], width: float, height: float) -> PictureFrame:
    """Return the frame in which west, south, east, north fill a picture of a size."""
    west, south, east, north = bounds
    metre_lon, metre_lat = (float(each[0]) for each in metres_per_degree(np.array([(south + north) / 2])))
    wide, high = max((east - west) * metre_lon, 1.0), max((north - south) * metre_lat, 1.0)
    scale = min((width - 2 * _MARGIN) / wide, (height - 2 * _MARGIN) / high)
    left, top = (width - wide * scale) / 2, (height - high * scale) / 2
    return PictureFrame(west, north, metre_lon * scale, metre_lat * scale, left, top, width, height, scale)


def paths(frame: PictureFrame, shapes: GeometryArray) -> list[str]:
    """Return polygons as the data of SVG paths; shared edges stay shared."""
    if not len(shapes):
        return []
    moved = shapely.transform(shapes, frame.units)
    simple = shapely.coverage_simplify(moved, _TOLERANCE) if len(shapes) > 1 else shapely.simplify(moved, _TOLERANCE)
    return [_path(shape) for shape in simple]


def _path(shape: shapely.Geometry) -> str:
    rings = shapely.get_rings(shapely.get_parts(shape))
    return "".join(_ring(shapely.get_coordinates(ring)[:-1]) for ring in rings)


def _ring(units: FloatArray) -> str:
    points = [f"{x:g} {y:g}" for x, y in units.round(1).tolist()]
    return f"M{'L'.join(points)}Z" if points else ""


def svg(
    frame: PictureFrame, shapes: Sequence[tuple[str, str, str]], *, title: str, outlines: Sequence[str] = ()
) -> Markup:
    """Return a picture: each shape is a path, its fill and what it is called; outlines are drawn on top."""
    drawn = "".join(
        f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="#46525e" stroke-width="0.8" '
        f'stroke-linejoin="round"><title>{escape(name)}</title></path>'
        for path, fill, name in shapes
    )
    drawn += "".join(
        f'<path d="{path}" fill="none" stroke="#1b2733" stroke-width="1.8" stroke-linejoin="round"/>'
        for path in outlines
    )
    size = f"0 0 {frame.width:g} {frame.height:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{escape(title)}">'
    return Markup(f"{head}{drawn}</svg>")  # noqa: S704 - names are escaped, the rest are numbers and our own words


def _draw(session: Session, plan: PlanRecord) -> str:
    level, deepest = shown_level(session, plan, most=_MOST_SHAPES)
    grids = plan_frame(session, plan, "grids", level=level)
    if not len(grids):
        return str(svg(frame_around((0, 0, 1, 1), 240, 160), [], title=plan.name))
    frame = frame_around(grids.total_bounds.tolist(), 240, 160)
    fills = [FILLS[state] for state in states_of(grids, plan)]
    shapes = list(zip(paths(frame, grids.geometry.to_numpy()), fills, grids["code"].astype(str), strict=True))
    above = plan_frame(session, plan, "grids", level=level - 1) if 1 < level == deepest else grids[:0]
    return str(svg(frame, shapes, title=plan.name, outlines=paths(frame, above.geometry.to_numpy())))


def states_of(grids: gpd.GeoDataFrame, plan: PlanRecord) -> list[str]:
    """Return how each grid of a plan stands to its band, or that it is a dedicated one."""
    loads = grids[plan.load].to_numpy(dtype=float) if plan.load in grids else np.full(len(grids), np.nan)
    states = band_states(loads, plan.band)
    return [
        "dedicated" if kind == "dedicated" else str(state) for kind, state in zip(grids["kind"], states, strict=True)
    ]


@router.get("/{plan_id}/picture.svg")
def picture(
    request: Request, query: Annotated[PictureQuery, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """Return the picture of a plan."""
    del query
    plan = get_plan(session, plan_id)
    tag = f'"{plan.id}-{plan.version}"'
    if is_known(request, tag):
        return not_modified(tag)
    pictures: PlanPictures = request.app.state.plan_pictures
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Response(pictures.of(session, plan), headers=headers, media_type=_SVG)
