"""Where cases are: their grid, or why their point cannot be true."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy.orm import Session

from boundaries.addresses.geocoding import geocode_many
from geogrid.coordinates import metres_per_degree
from geogrid.editions import Edition
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

FARTHEST_M = 50_000.0
"""A point farther than this from every grid is not one of the jurisdiction's."""

_LARGEST_LON, _LARGEST_LAT = 180.0, 90.0


@dataclass(frozen=True, slots=True)
class CasePlaces:
    """Where the rows of a chunk are.

    Parameters
    ----------
    lonlat : (n, 2) float64
        Degrees, WGS 84; NaN for none.
    leaf : (n,) int64
        Position of the leaf grid in the edition, -1 for none.
    by_address : (n,) bool
        Whether the point comes from the address.
    error_m : (n,) float64
        Positional error, metres.
    notes : dict of int to dict
        What the history says of how some were placed.
    """

    lonlat: FloatArray
    leaf: IntArray
    by_address: BoolArray
    error_m: FloatArray
    notes: dict[int, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placer:
    """CasePlaces cases by their point, else by their address.

    Parameters
    ----------
    session : Session
        For the gazetteer.
    jurisdiction_id : int
        Whose gazetteer.
    edition : Edition
        Whose grids.
    land : Polygon or MultiPolygon
        What the grids cover.
    """

    session: Session
    jurisdiction_id: int
    edition: Edition
    land: shapely.Geometry

    def place(self, lonlat: FloatArray, addresses: list[str], faults: list[list[str]]) -> CasePlaces:
        """Return where rows are; what is wrong is added to `faults`.

        Parameters
        ----------
        lonlat : (n, 2) float64
            As given, degrees, WGS 84; NaN for none.
        addresses : list of str
            Looked up where there is no point.
        faults : list of list of str
            Rows that have some already are not looked up.
        """
        count = len(lonlat)
        placed = lonlat.copy()
        notes: dict[int, dict[str, object]] = {}
        by_address, error_m = np.zeros(count, dtype=np.bool_), np.zeros(count)
        missing = [which for which in np.flatnonzero(np.isnan(lonlat[:, 0])).tolist() if not faults[which]]
        asked = [which for which in missing if addresses[which]]
        answers = geocode_many(self.session, self.jurisdiction_id, [addresses[which] for which in asked])
        for which, answer in zip(asked, answers, strict=True):
            if answer is None:
                faults[which].append(f"it has no point, and its address {addresses[which]!r} was not found")
                continue
            placed[which] = answer.lon, answer.lat
            by_address[which], error_m[which] = True, answer.positional_error_m
            notes[which] = {"score": answer.score}
        for which in set(missing) - set(asked):
            faults[which].append("it has neither point nor address")
        leaf = self.edition.index.locate(placed[:, 0], placed[:, 1]).astype(np.int64)
        self._check(placed, leaf, faults)
        return CasePlaces(placed, leaf, by_address, error_m, notes)

    def _check(self, lonlat: FloatArray, leaf: IntArray, faults: list[list[str]]) -> None:
        """List points outside every grid that are too far away or that stand for "unknown"."""
        outside = np.flatnonzero((leaf < 0) & ~np.isnan(lonlat[:, 0]))
        away = self._distance_m(lonlat[outside])
        for which, metres in zip(outside.tolist(), away.tolist(), strict=True):
            lon, lat = lonlat[which].tolist()
            if (lon, lat) == (0.0, 0.0):
                faults[which].append("its point is 0, 0, which stands for an unknown one")
            elif abs(lon) > _LARGEST_LON or abs(lat) > _LARGEST_LAT:
                faults[which].append(f"its point {lon:.10g}, {lat:.10g} is not on the earth")
            elif metres > FARTHEST_M:
                faults[which].append(
                    f"its point {lon:.6f}, {lat:.6f} is {metres / 1000.0:,.0f} km from the jurisdiction; "
                    f"at most {FARTHEST_M / 1000.0:.0f} km are believed"
                )
            elif lon.is_integer() and lat.is_integer():
                faults[which].append(
                    f"its point {lon:.0f}, {lat:.0f} is of whole degrees, which stands for a rough one"
                )

    def _distance_m(self, lonlat: FloatArray) -> FloatArray:
        """Return the distance to the land of the grids, metres, as on a plane around it."""
        if not len(lonlat):
            return np.empty(0)
        west, south, east, north = shapely.bounds(self.land).tolist()
        scale = np.column_stack(metres_per_degree(np.array([(south + north) / 2.0])))[0]
        corner = np.array([(west + east) / 2.0, (south + north) / 2.0])
        land = shapely.transform(self.land, lambda xy: (xy - corner) * scale)
        points: GeometryArray = np.asarray(shapely.points((lonlat - corner) * scale), dtype=object)
        return np.asarray(shapely.distance(points, land), dtype=np.float64)
