"""Which known addresses are near a point."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.addresses.reading import LABEL

_NEAREST = text(
    f"""
    select {LABEL} as text, st_x(a.geom) as lon, st_y(a.geom) as lat,
           st_distance(a.geom::geography, st_setsrid(st_point(:lon, :lat), 4326)::geography) as distance_m
    from (
        select * from addresses where jurisdiction_id = :jurisdiction_id
        order by geom <-> st_setsrid(st_point(:lon, :lat), 4326) limit :more
    ) as a
    order by distance_m, a.id
    limit :most
    """  # noqa: S608 - the label is a constant
)
_MORE = 10


@dataclass(frozen=True, slots=True)
class NearAddress:
    """A known address and its distance from a point, metres."""

    text: str
    lon: float
    lat: float
    distance_m: float


def addresses_near(
    session: Session, jurisdiction_id: int, lonlat: tuple[float, float], *, limit: int, within_m: float
) -> list[NearAddress]:
    """Return the nearest known addresses of a point (lon, lat, WGS 84), nearest first, none beyond `within_m`."""
    # Degrees are longer along the meridian: of a few more by degrees the nearest by metres are taken.
    asked = {
        "jurisdiction_id": jurisdiction_id,
        "lon": lonlat[0],
        "lat": lonlat[1],
        "most": limit,
        "more": limit * _MORE,
    }
    found = [NearAddress(**row) for row in session.execute(_NEAREST, asked).mappings()]
    return [address for address in found if address.distance_m <= within_m]
