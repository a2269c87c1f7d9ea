"""What is read of a collection beside its features: its version, box, systems, computed rows, how many match."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import shapely
from anyio import from_thread
from fastapi import Depends, Request

from api.features.found import FoundParameters, find_rows
from api.features.freshness import version_of
from api.features.lookup import TownCollection
from api.kit.cache import Cache
from api.kit.queries import QueryParameters
from api.state.store import Store
from boundaries.features.catalogue import FOUND_ID, grid_collection
from boundaries.features.fields import Collection, FeatureScope
from boundaries.features.found import FoundRows
from boundaries.features.freshness import cases_version
from boundaries.features.reading import Bounds, count, extent
from boundaries.features.selection import Selection
from boundaries.features.systems import System, meridian_of, systems_at
from boundaries.features.uncovered import GapRows, find_gap_rows, limit_version

FindRows = Callable[..., FoundRows]
Extent = tuple[Bounds | None, datetime | None, datetime | None]

_KEPT = 2_000


def feature_cache() -> Cache[Hashable, Any]:
    """Return what `CollectionReader` keeps its findings in; one a server."""
    return Cache(_KEPT)


@dataclass(frozen=True, slots=True)
class CollectionReader:
    """Reads what is known of collections, once a version.

    Parameters
    ----------
    store : Store
        Where the features are.
    cache : Cache
        Findings by version.
    find : callable
        Finds hotspots beside the server; arguments as `find_rows` after the desk.
    """

    store: Store
    cache: Cache[Hashable, Any]
    find: FindRows

    def version(self, source: TownCollection, scope: FeatureScope) -> str:
        """Return a text that changes when the features of a scope change."""
        if source.collection.timing != "instant":
            return version_of(source, scope)
        with self.store.unit_of_work() as session:
            return version_of(source, scope, cases_version(session))

    def first_seen(self, version: str) -> datetime:
        """Return when this server first saw a version: features have not changed since, whatever they were before."""
        moment: datetime = self.cache.get(("seen", version), lambda: datetime.now(UTC).replace(microsecond=0))
        return moment

    def extent(self, source: TownCollection) -> Extent:
        """Return box and period of a collection."""
        scope = source.scope()
        if source.collection.id == FOUND_ID:
            return self.extent(replace(source, collection=grid_collection()))[0], None, None

        def read() -> Extent:
            collection = self.prepared(source, scope)
            return self.store.read(lambda by: extent(by, Selection(collection, scope)))

        key = ("extent", source.collection.id, self.version(source, scope))
        box, since, until = self.cache.get(key, read)
        if source.collection.timing == "instant":
            return box, since, until
        shown = source.calendar.editions if source.collection.timing == "validity" else source.editions(scope)
        return (box, shown[0].valid_from, shown[-1].valid_to) if shown else (box, None, None)

    def systems(self, source: TownCollection) -> dict[str, System]:
        """Return the coordinate reference systems of a jurisdiction, by name; its local one, in metres, is the last."""

        def read() -> dict[str, System]:
            box, _, _ = self.extent(replace(source, collection=grid_collection()))
            west, south, east, north = box or (0.0, 0.0, 0.0, 0.0)
            return systems_at((west + east) / 2, (south + north) / 2)

        systems: dict[str, System] = self.cache.get(("systems", source.calendar.code, source.scope().plain), read)
        return systems

    def prepared(self, source: TownCollection, scope: FeatureScope, query: QueryParameters | None = None) -> Collection:
        """Return a collection with all that its rows are computed from; gaps and hotspots are found once a version."""
        if source.collection.id == FOUND_ID:
            how = FoundParameters(**{name: getattr(query, name) for name in FoundParameters.model_fields})
            return replace(source.collection, extra=self._found(source, scope, how).parameters())
        if source.collection.id == "hotspots":
            metric = list(self.systems(source).values())[-1].srid
            return replace(source.collection, extra={"metric": metric, "meridian": meridian_of(metric)})
        if source.collection.id != "coverage-gaps":
            return source.collection
        with self.store.unit_of_work() as session:
            version = limit_version(session, source.calendar.id)

            def find() -> GapRows:
                return find_gap_rows(session, source.calendar.id, scope.plans)

            rows = self.cache.get(("gaps", source.calendar.code, scope.plans, version), find)
        return replace(source.collection, extra=rows.parameters())

    def _found(self, source: TownCollection, scope: FeatureScope, how: FoundParameters) -> FoundRows:
        period = next((each for each in source.calendar.editions if each.plan_id == scope.plain), None)
        if period is None:
            return FoundRows()
        key = ("found", self.version(source, scope), scope.since, scope.until, how)
        rows: FoundRows = self.cache.get(key, lambda: self.find(source.calendar, period, scope.since, scope.until, how))
        return rows

    def count(self, selection: Selection, version: str, *, as_of: Hashable = None) -> int:
        """Return how many features match.

        Parameters
        ----------
        selection : Selection
            Limit and offset do not matter.
        version : str
            See `version`.
        as_of : hashable
            The time that the request names: duties are those of it, and a filter may be on them.
        """
        scope, condition = selection.scope, selection.condition
        key = (
            "count",
            version,
            as_of,
            selection.collection.id,
            scope.plans,
            scope.since,
            scope.until,
            None if selection.area is None else shapely.to_wkb(selection.area),
            tuple(selection.equal.items()),
            None if condition is None else (condition.sql, repr(sorted(condition.values.items()))),
        )
        number: int = self.cache.get(key, lambda: self.store.read(lambda by: count(by, selection)))
        return number


async def get_collection_reader(request: Request) -> CollectionReader:
    """Return the reader of this server."""
    state = request.app.state

    def find(*arguments: Any) -> FoundRows:
        # Handlers of collections run in threads of the server.
        rows: FoundRows = from_thread.run(partial(state.heavy.do, request, find_rows, *arguments))
        return rows

    return CollectionReader(state.store, state.feature_cache, find)


OpenReader = Annotated[CollectionReader, Depends(get_collection_reader)]
