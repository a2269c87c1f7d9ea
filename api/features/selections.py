"""Requests for features as selections of the store."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import shapely

from api.features.formats import Format
from api.features.lookup import TownCollection
from api.features.schemas import PAGE
from boundaries.features.cql.conditions import condition_of
from boundaries.features.fields import Collection
from boundaries.features.selection import Condition, Selection
from boundaries.features.systems import CRS84, System, box_in, from_datum, to_stored
from geogrid.errors import InvalidInputError, Problem

Systems = Mapping[str, System]
MOST_SHARED: Final = 50_000
"""Features of a TopoJSON at most: its boundaries are found by comparing all of them."""


def selection_of(source: TownCollection, parameters: Mapping[str, Any], systems: Systems, form: Format) -> Selection:
    """Return what a request selects.

    Parameters
    ----------
    source : TownCollection
        The collection.
    parameters : mapping
        The parameters by name, as `items_model` read them.
    systems : mapping of str to System
        Coordinate reference systems that may be named.
    form : Format
        Of the answer.

    Raises
    ------
    InvalidInputError
        A parameter names something that there is not; every such parameter is listed.
    """
    collection, problems = source.collection, list[Problem]()
    checked = _ProblemCollector(problems)
    output = checked.of(lambda: system_named(systems, parameters, "crs"), CRS84)
    boxed = checked.of(lambda: system_named(systems, parameters, "bbox-crs"), CRS84)
    datum = parameters["coord_type"]
    if datum != "wgs84" and (output, boxed) != (CRS84, CRS84):
        problems.append(
            Problem(
                "coord-type", "coord_type goes with CRS84 alone.", "Leave out crs and bbox-crs.", subject="coord_type"
            )
        )
    area = None
    if parameters["bbox"] is not None:
        area = checked.of(lambda: box_in(boxed, parameters["bbox"]), None)
        area = area if area is None or datum == "wgs84" else from_datum(area, datum)
    names = checked.of(lambda: _names(collection, parameters["properties"]), None)
    sort = checked.of(lambda: _sort(collection, parameters["sortby"]), ())
    condition = checked.of(lambda: filter_of(collection, parameters, systems), None)
    limit = parameters["limit"]
    if form.name == "topojson" and limit is not None and limit > MOST_SHARED:
        problems.append(_too_many(limit))
    if problems:
        raise InvalidInputError(problems)
    return Selection(
        collection,
        source.scope(parameters.get("datetime"), parameters.get("at")),
        area=area,
        equal={each.name: parameters[each.name] for each in collection.fields if parameters[each.name] is not None},
        condition=condition,
        sort=sort,
        names=names,
        limit=PAGE if limit is None and form.is_paged else limit,
        offset=parameters["offset"],
        system=output,
        coord_type=datum,
    )


def filter_of(collection: Collection, parameters: Mapping[str, Any], systems: Systems) -> Condition | None:
    """Return the condition that a filter states, None without one."""
    if parameters["filter"] is None:
        return None
    system, datum = system_named(systems, parameters, "filter-crs"), parameters["coord_type"]

    def stored(geometry: shapely.Geometry) -> shapely.Geometry:
        return to_stored(geometry, system, subject="filter") if datum == "wgs84" else from_datum(geometry, datum)

    return condition_of(parameters["filter"], parameters["filter-lang"], collection, to_stored=stored)


def _too_many(limit: int) -> Problem:
    return Problem(
        "limit",
        f"limit is {limit:,}, and TopoJSON has {MOST_SHARED:,} features at most: all are held in memory at once.",
        "Take a page, or another format.",
        subject="limit",
    )


class _ProblemCollector:
    """Collects the problems of several steps, so that all are told at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def of(self, step: Callable[[], Any], otherwise: Any) -> Any:
        """Return what a step gives, or keep its problems."""
        try:
            return step()
        except InvalidInputError as error:
            self._problems.extend(error.problems)
            return otherwise


def system_named(systems: Systems, parameters: Mapping[str, Any], parameter: str) -> System:
    """Return the system that a parameter names, CRS84 where it names none.

    Raises
    ------
    InvalidInputError
        There is no such system here.
    """
    name = parameters[parameter]
    if name is None:
        return CRS84
    if name not in systems:
        raise InvalidInputError.of(
            "crs", f"{parameter} is {name[:100]!r}.", f"There are {', '.join(systems)}.", subject=parameter
        )
    return systems[name]


def _names(collection: Collection, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if names is not None:
        _check(collection, names, "properties")
    return names


def _sort(collection: Collection, names: tuple[str, ...] | None) -> tuple[tuple[str, bool], ...]:
    pairs = [(name.lstrip("+-").strip(), name.startswith("-")) for name in names or ()]
    _check(collection, [name for name, _ in pairs], "sortby")
    return tuple(pairs)


def _check(collection: Collection, names: Any, parameter: str) -> None:
    unknown = [name for name in names if collection.field(name) is None]
    if unknown:
        raise InvalidInputError.of(
            "unknown-field",
            f"{parameter} names {', '.join(repr(name[:60]) for name in unknown)}.",
            f"Features of {collection.id} have {', '.join(collection.names)}.",
            subject=parameter,
        )
