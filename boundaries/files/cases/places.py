"""Where cases are: their grid, or why their point cannot be true."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy.orm import Session

from boundaries.addresses.geocoding import geocode_many
from geogrid.coverage.nearness import why_not_near
from geogrid.editions import Edition
from geogrid.types import BoolArray, FloatArray, IntArray


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
    """Places cases by their point, else by their address.

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
        for which, reason in zip(outside.tolist(), why_not_near(lonlat[outside], self.land), strict=True):
            if reason is not None:
                faults[which].append(reason)
