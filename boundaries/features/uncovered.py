"""Land of a jurisdiction that no leaf grid of an edition covers, as rows of a collection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.coordinates import WGS84
from geogrid.coverage.gaps import find_gaps, find_uncovered
from geogrid.coverage.plane import Plane
from geogrid.types import GeometryArray

_LEAVES: Final = text("""
    select g.code, ST_AsBinary(g.geom) as shape from grids g
    where g.plan_id = :plan and g.kind <> 'parent' order by g.code collate "C"
""")
_LIMIT: Final = text("select ST_AsBinary(limit_geom), xmin::text from jurisdictions where id = :jurisdiction")
_LEAST_WIDTH_M: Final = 0.1
_LEAST_AREA_M2: Final = 0.5


@dataclass(frozen=True, slots=True)
class GapRows:
    """Gaps as columns, for the parameters of the collection's source."""

    identifiers: tuple[str, ...] = ()
    editions: tuple[int, ...] = ()
    areas: tuple[float, ...] = ()
    around: tuple[str, ...] = ()
    shapes: tuple[bytes, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that the source takes."""
        return {
            "gap_identifiers": list(self.identifiers),
            "gap_editions": list(self.editions),
            "gap_areas": list(self.areas),
            "gap_around": list(self.around),
            "gap_shapes": list(self.shapes),
        }


def limit_version(session: Session, jurisdiction_id: int) -> str:
    """Return a text that changes when the limit of a jurisdiction may have changed."""
    return str(session.execute(_LIMIT, {"jurisdiction": jurisdiction_id}).one()[1])


def find_gap_rows(session: Session, jurisdiction_id: int, plan_ids: Sequence[int]) -> GapRows:
    """Return the gaps of editions.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Its limit is what the leaves should cover; without one, gaps are what they enclose.
    plan_ids : sequence of int
        The editions.
    """
    bound = session.execute(_LIMIT, {"jurisdiction": jurisdiction_id}).one()[0]
    limit = None if bound is None else shapely.from_wkb(bytes(bound))
    found: list[tuple[str, int, float, str, bytes]] = []
    for plan in plan_ids:
        rows = session.execute(_LEAVES, {"plan": plan}).all()
        if not rows:
            continue
        leaves = np.asarray(shapely.from_wkb([bytes(row.shape) for row in rows]), dtype=object)
        plane = Plane.around(leaves, WGS84)
        for number, piece in enumerate(_pieces(leaves, limit, plane), start=1):
            area = float(plane.area_m2(np.array([piece], dtype=object))[0])
            lonlat = _as_lonlat(piece, plane)
            touching = shapely.STRtree(leaves).query(lonlat, predicate="dwithin", distance=1e-9)
            around = ", ".join(sorted(rows[place].code for place in touching))
            found.append((f"{plan}-{number}", plan, area, around, shapely.to_wkb(lonlat)))
    return GapRows(*(tuple(column) for column in zip(*found, strict=True))) if found else GapRows()


def _as_lonlat(piece: shapely.Geometry, plane: Plane) -> shapely.Geometry:
    return shapely.transform(piece, lambda xy: xy / plane.metres)


def _pieces(leaves: GeometryArray, limit: shapely.Geometry | None, plane: Plane) -> GeometryArray:
    flat = plane.flatten(leaves)
    if limit is not None:
        whole = plane.flatten(np.array([limit], dtype=object))[0]
        pieces, is_outside = find_uncovered(flat, whole, min_width_m=_LEAST_WIDTH_M)
        return pieces[~is_outside]
    gaps = find_gaps(
        flat,
        plane,
        is_noded=bool(shapely.coverage_is_valid(flat)),
        min_area_m2=_LEAST_AREA_M2,
        sliver_width_m=_LEAST_WIDTH_M,
    )
    return gaps.pieces
