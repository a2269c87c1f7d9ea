"""What is found out about a collection before it is read: its version, box, systems, and computed rows."""

from dataclasses import replace
from datetime import datetime

from fastapi import Request

from api.features.freshness import Remembered, version_of
from api.features.places import Place
from api.state.store import Store
from boundaries.features.catalogue import grid_collection
from boundaries.features.fields import Collection, Scope
from boundaries.features.freshness import cases_version
from boundaries.features.reading import Bounds, extent
from boundaries.features.selection import Selection
from boundaries.features.systems import System, systems_at
from boundaries.features.uncovered import GapRows, find_gap_rows, limit_version

Extent = tuple[Bounds | None, datetime | None, datetime | None]


def features_version(place: Place, scope: Scope, store: Store) -> str:
    """Return a text that changes when the features of a scope change."""
    if place.collection.timing != "instant":
        return version_of(place, scope)
    with store.unit_of_work() as session:
        return version_of(place, scope, cases_version(session))


def extent_of(request: Request, place: Place, store: Store) -> Extent:
    """Return box and period of a collection, found once a version."""
    scope = place.scope()

    def look() -> Extent:
        collection = ready(request, place, scope, store)
        return store.read(lambda by: extent(by, Selection(collection, scope)))

    remembered: Remembered = request.app.state.remembered
    box, since, until = remembered.get(("extent", place.collection.id, features_version(place, scope, store)), look)
    if place.collection.timing == "instant":
        return box, since, until
    shown = place.calendar.editions if place.collection.timing == "validity" else place.editions(scope)
    return (box, shown[0].valid_from, shown[-1].valid_to) if shown else (box, None, None)


def systems_of(request: Request, place: Place, store: Store) -> dict[str, System]:
    """Return the coordinate reference systems of a jurisdiction, by name; its local one, in metres, is the last."""
    remembered: Remembered = request.app.state.remembered

    def look() -> dict[str, System]:
        box, _, _ = extent_of(request, replace(place, collection=grid_collection()), store)
        west, south, east, north = box or (0.0, 0.0, 0.0, 0.0)
        return systems_at((west + east) / 2, (south + north) / 2)

    return remembered.get(("systems", place.calendar.code, place.scope().plain), look)


def ready(request: Request, place: Place, scope: Scope, store: Store) -> Collection:
    """Return a collection with all that its source needs; what is computed is computed once a version.

    Parameters
    ----------
    request : Request
        Of the application that remembers.
    place : Place
        The collection.
    scope : Scope
        What it is asked for.
    store : Store
        Where the features are.
    """
    if place.collection.id == "hotspots":
        metric = list(systems_of(request, place, store).values())[-1].srid
        return replace(place.collection, extra={"metric": metric})
    if place.collection.id != "coverage-gaps":
        return place.collection
    remembered: Remembered = request.app.state.remembered
    with store.unit_of_work() as session:
        version = limit_version(session, place.calendar.id)

        def find() -> GapRows:
            return find_gap_rows(session, place.calendar.id, scope.plans)

        rows = remembered.get(("gaps", place.calendar.code, scope.plans, version), find)
    return replace(place.collection, extra=rows.parameters())
