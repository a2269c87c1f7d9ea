"""What a collection of features is: its fields, its geometry and where its rows come from, declared once.

Queryables, schema, OpenAPI, the SQL of items and every format are derived from this declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from geogrid.editions.fields import Field

GeometryKind = Literal["Point", "Polygon", "MultiPolygon"]
Timing = Literal["validity", "instant", "none"]


@dataclass(frozen=True, slots=True)
class Collection:
    """Features of one kind.

    Parameters
    ----------
    id, title, description : str
        Name in addresses; name and meaning for people.
    fields : tuple of Field
        In the order of answers.
    geometry : {"Point", "Polygon", "MultiPolygon"}
        Of every feature; a point may be missing.
    source : str
        SQL of the rows, with columns `fid`, `geom` (EPSG:4326) and one a field; parameters as `FeatureScope.values`.
    key : str
        Column that is looked up for one feature.
    order : tuple of str
        Columns of the order of pages; together they are unique.
    timing : {"validity", "instant", "none"}
        What the parameter `datetime` is compared with.
    instant : str
        The column of an instant.
    levels : tuple of int
        Levels of grids, where it holds only some.
    integer_id : bool
        Whether identifiers are whole numbers in answers.
    extra : mapping
        More parameters of the source.
    """

    id: str
    title: str
    description: str
    fields: tuple[Field, ...]
    geometry: GeometryKind
    source: str
    key: str
    order: tuple[str, ...]
    timing: Timing = "none"
    instant: str = ""
    level: int | None = None
    integer_id: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the fields."""
        return tuple(each.name for each in self.fields)

    def field(self, name: str) -> Field | None:
        """Return a field by its name, None where there is none."""
        return next((each for each in self.fields if each.name == name), None)


@dataclass(frozen=True, slots=True)
class FeatureScope:
    """Which part of the store a request is about.

    Parameters
    ----------
    jurisdiction_id : int
        Whose features.
    plans : tuple of int
        Editions looked at.
    plain : int, optional
        The edition whose features have plain identifiers; those of others end in ``@`` and the edition's number.
    moment : datetime
        As of when duties are told.
    since, until : datetime, optional
        Half-open period, for collections of instants.
    """

    jurisdiction_id: int
    plans: tuple[int, ...]
    plain: int | None
    moment: datetime
    since: datetime | None = None
    until: datetime | None = None

    def values(self, collection: Collection) -> dict[str, Any]:
        """Return the parameters of a collection's source."""
        return {
            "jurisdiction": self.jurisdiction_id,
            "plans": list(self.plans),
            "plain": self.plain if self.plain is not None else -1,
            "moment": self.moment,
            "since": self.since,
            "until": self.until,
            "level": collection.level,
            **collection.extra,
        }
