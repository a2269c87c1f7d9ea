"""Grids as a method tells of them, as rows of a collection; and the cases that it is asked of, without their texts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from boundaries.cases.fields import PUBLIC_CASES, public_case_select
from geogrid.hotspot import Hotspots

SMALLEST_COUNT: Final = 5
"""Fewer cases than this, and more than none, are not told: of a single one, its grid is too much."""

_PUBLIC: Final = PUBLIC_CASES.c


@dataclass(frozen=True, slots=True)
class FoundRows:
    """What was found as columns, for the parameters of the collection's source; None where nothing is told.

    `how` is the same for all: method, base, weights, correction, draws, number of cases, edition.
    """

    codes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    cases: tuple[int | None, ...] = ()
    values: tuple[float | None, ...] = ()
    p: tuple[float | None, ...] = ()
    adjusted_p: tuple[float | None, ...] = ()
    how: str = ""

    @classmethod
    def of(cls, found: Hotspots) -> "FoundRows":
        """Return what was found, without the figures of grids with a few cases only."""
        is_few = (found.cases > 0) & (found.cases < SMALLEST_COUNT)

        def column(values: Any) -> tuple[float | None, ...]:
            hidden = is_few | ~np.isfinite(values)
            return tuple(None if gone else value for value, gone in zip(values.tolist(), hidden.tolist(), strict=True))

        counts = tuple(None if each is None else int(each) for each in column(found.cases))
        codes = tuple(str(code) for code in found.codes)
        value, p, adjusted = (column(values) for values in (found.value, found.p, found.adjusted_p))
        return cls(codes, found.state, counts, value, p, adjusted, _how(found))

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that the source takes."""
        return {
            "found_codes": list(self.codes),
            "found_states": list(self.states),
            "found_cases": list(self.cases),
            "found_values": list(self.values),
            "found_p": list(self.p),
            "found_adjusted": list(self.adjusted_p),
            "found_how": self.how,
        }


def _how(found: Hotspots) -> str:
    choice = found.choice
    told = {
        "method": choice.method,
        "base": found.base or "none",
        "weights": found.weights or "none",
        "correction": found.correction or "none",
        "alpha": f"{choice.alpha:g}",
        "permutations": str(choice.permutations),
        "seed": str(choice.seed),
        "max_share": f"{choice.max_share:g}",
        "bandwidth_m": f"{choice.bandwidth_m:g}",
        "n": str(found.n),
        "edition": found.edition,
    }
    return "; ".join(f"{name} {value}" for name, value in told.items())


def public_case_frame(
    session: Session, jurisdiction_id: int, since: datetime | None, until: datetime | None
) -> gpd.GeoDataFrame:
    """Return the public part of cases that have a point, oldest first.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Whose cases.
    since, until : datetime, optional
        Half-open period in which they were reported.

    Returns
    -------
    GeoDataFrame
        EPSG:4326 points; columns reported_at (UTC), grid (code or None).
    """
    statement = public_case_select("reported_at", "grid", "lon", "lat").where(
        _PUBLIC.jurisdiction_id == jurisdiction_id, _PUBLIC.geom.is_not(None)
    )
    if since is not None:
        statement = statement.where(_PUBLIC.reported_at >= since)
    if until is not None:
        statement = statement.where(_PUBLIC.reported_at < until)
    rows = session.execute(statement.order_by(_PUBLIC.reported_at, _PUBLIC.id)).all()
    frame = pd.DataFrame(rows, columns=["reported_at", "grid", "lon", "lat"])
    frame["reported_at"] = pd.to_datetime(frame["reported_at"], utc=True)
    points = shapely.points(frame[["lon", "lat"]].to_numpy(dtype=float))
    return gpd.GeoDataFrame(frame[["reported_at", "grid"]], geometry=points, crs="EPSG:4326")
