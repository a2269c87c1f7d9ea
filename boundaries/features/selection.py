"""Which features are wanted, in which order and form, and the SQL that asks for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import shapely

from boundaries.features.fields import Collection, FeatureScope
from boundaries.features.systems import CRS84, STORED_SRID, System, meridian_of, transformed
from geogrid.types import CoordType

_EXACT_DECIMALS: Final = 15
"""Coordinates are written so that they are read back to the last bit; PostGIS writes no more digits than that takes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the rows `f` of a collection, with its parameters."""

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which features of a collection are wanted; what is left out does not limit.

    Parameters
    ----------
    collection : Collection
        Of what.
    scope : FeatureScope
        Of which part of the store.
    area : Geometry, optional
        Only features that touch it; degrees, WGS 84.
    equal : mapping of str to value
        Fields and their values.
    condition : Condition, optional
        A filter.
    sort : sequence of (str, bool)
        Fields to sort by, and whether the largest comes first.
    names : tuple of str, optional
        Fields of the answer; all, if left out.
    limit : int, optional
        At most so many features.
    offset : int
        Features to leave out before.
    system : System
        Of the coordinates in the answer.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the answer.
    """

    collection: Collection
    scope: FeatureScope
    area: shapely.Geometry | None = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    condition: Condition | None = None
    sort: Sequence[tuple[str, bool]] = ()
    names: tuple[str, ...] | None = None
    limit: int | None = None
    offset: int = 0
    system: System = CRS84
    coord_type: CoordType = "wgs84"

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields in the answer."""
        return self.collection.names if self.names is None else self.names

    @property
    def is_whole(self) -> bool:
        """Return whether nothing but the scope limits which features match."""
        return self.area is None and not self.equal and self.condition is None


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL in psycopg's manner, with its parameters."""

    sql: str
    values: Mapping[str, Any]


def counting(wanted: Selection) -> Statement:
    """Return the statement that counts what matches."""
    where, values = _where(wanted)
    return Statement(f"select count(*) from ({wanted.collection.source}) as f{where}", values)  # noqa: S608 - our own text


def extents(collection: Collection, scope: FeatureScope) -> Statement:
    """Return the statement for the box of a collection and the period of its instants."""
    time = f"min({collection.instant}), max({collection.instant})" if collection.instant else "null, null"
    return Statement(
        "select ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north, since, until "  # noqa: S608 - our own text
        f"from (select ST_Extent(geom) as box, {time} from ({collection.source}) as f) as found(box, since, until)",
        scope.values(collection),
    )


def as_features(wanted: Selection) -> Statement:
    """Return the statement whose rows are the identifiers and the texts of GeoJSON features."""
    members = ", ".join(f"'{name}', f.{name}" for name in wanted.fields)
    properties = f"json_build_object({members})::text" if members else "'{}'"
    feature = (
        """'{"type":"Feature","id":' || to_json(f.fid)::text || ',"geometry":' || """
        f"coalesce(ST_AsGeoJSON({_shape(wanted.system)}, {_EXACT_DECIMALS}, 0), 'null')"
        f""" || ',"properties":' || {properties} || '}}'"""
    )
    return _rows(wanted, f"f.fid::text as fid, {feature} as feature")


def as_values(wanted: Selection) -> Statement:
    """Return the statement whose rows are identifier, geometry as WKB with east first, and the values of the fields."""
    columns = ["f.fid::text as fid", f"ST_AsBinary({_projected(wanted.system)}, 'NDR') as shape"]
    return _rows(wanted, ", ".join([*columns, *(f"f.{name}" for name in wanted.fields)]))


def _rows(wanted: Selection, columns: str) -> Statement:
    where, values = _where(wanted)
    order = ", ".join(_order(wanted))
    source = f"({wanted.collection.source}) as f"
    limit = ""
    if wanted.limit is not None:
        limit = " limit %(limit)s"
        values["limit"] = wanted.limit
    if not wanted.offset:
        return Statement(f"select {columns} from {source}{where} order by {order}{limit}", values)  # noqa: S608 - our own text
    # What is left out before the page is only counted: its geometry is not even looked at.
    values["offset"] = wanted.offset
    keys = ", ".join(wanted.collection.order)
    page = f"select {keys} from {source}{where} order by {order}{limit} offset %(offset)s"  # noqa: S608 - our own text
    return Statement(f"select {columns} from {source} join ({page}) as page using ({keys}) order by {order}", values)  # noqa: S608 - our own text


def _order(wanted: Selection) -> Iterator[str]:
    for name, descending in wanted.sort:
        found = wanted.collection.field(name)
        # Codes and names are compared by their characters: the same order on every server.
        collation = ' collate "C"' if found is not None and found.kind == "text" else ""
        yield f"f.{name}{collation}{' desc nulls last' if descending else ''}"
    yield from (f"f.{name}" for name in wanted.collection.order)


def _where(wanted: Selection) -> tuple[str, dict[str, Any]]:
    values = wanted.scope.values(wanted.collection)
    parts = []
    if wanted.area is not None:
        parts.append("ST_Intersects(f.geom, %(area)s::geometry)")
        values["area"] = shapely.to_wkb(shapely.set_srid(wanted.area, STORED_SRID), hex=True, include_srid=True)
    for name, value in wanted.equal.items():
        parts.append(f"f.{name} = %(equal_{name})s")
        values[f"equal_{name}"] = value
    if wanted.condition is not None:
        parts.append(f"({wanted.condition.sql})")
        values |= wanted.condition.values
    return (" where " + " and ".join(parts) if parts else ""), values


def _shape(system: System) -> str:
    shape = _projected(system)
    return f"ST_FlipCoordinates({shape})" if system.is_flipped else shape


def _projected(system: System) -> str:
    if system.srid == STORED_SRID:
        return "f.geom"
    if system.is_geographic:
        return f"ST_Transform(f.geom, {system.srid})"
    return transformed("f.geom", system.srid, meridian_of(system.srid))
