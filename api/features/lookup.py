"""Which collection an address means, in which jurisdiction, at which time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fastapi import Request

from api.features.periods import Period, WrittenPeriod
from api.kit.identity import identity_of
from api.state.editions import EditionBook
from api.state.sight import sees_all_duties
from boundaries.editions.calendar import Calendar, EditionPeriod
from boundaries.features.catalogue import FOUND_ID, Visibility, collections, edition_collection
from boundaries.features.fields import Collection, FeatureScope
from geogrid.access import Action
from geogrid.editions.fields import DUTY_FIELD
from geogrid.errors import NotFoundError

_EDITION = "edition-"
_STATISTICS = ("hotspots", FOUND_ID)


@dataclass(frozen=True, slots=True)
class TownCollection:
    """A collection of a jurisdiction.

    Parameters
    ----------
    calendar : Calendar
        The jurisdiction and its editions.
    collection : Collection
        The collection.
    own : mapping
        Parameters that every address of it needs.
    """

    calendar: Calendar
    collection: Collection
    own: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the path of the collection."""
        return f"/collections/{self.collection.id}"

    def scope(self, written: WrittenPeriod | None = None, at: datetime | None = None) -> FeatureScope:
        """Return the part of the store that a request is about: what is in force now, if it names no time."""
        now = datetime.now(UTC)
        current = self.calendar.edition_at(now)
        plain = None if current is None else current.plan_id
        period = None if written is None else written.in_zone(self.calendar.time_zone)
        if self.collection.id.startswith(_EDITION):
            number = int(self.collection.id.removeprefix(_EDITION))  # of our own making
            return FeatureScope(self.calendar.id, (number,), number, now)
        if self.collection.timing == "instant" and period is not None:
            return FeatureScope(self.calendar.id, (), plain, now, period.since, period.until)
        if at is not None:
            period = Period(at, at, is_moment=True)
            edition = self.calendar.edition_at(at)
            return FeatureScope(self.calendar.id, () if edition is None else (edition.plan_id,), plain, at)
        if period is not None:
            plans = [each.plan_id for each in self.calendar.editions if period.overlaps(each.valid_from, each.valid_to)]
            return FeatureScope(self.calendar.id, tuple(plans), plain, period.nearest(now))
        return FeatureScope(self.calendar.id, () if plain is None else (plain,), plain, now)

    def scope_of(self, feature: str) -> FeatureScope:
        """Return the part of the store that a feature is in: a gap's identifier begins with its edition."""
        scope = self.scope()
        edition = feature.partition("-")[0]
        if self.collection.id == "coverage-gaps" and edition in {str(each.plan_id) for each in self.calendar.editions}:
            return replace(scope, plans=(int(edition),))
        return scope

    def editions(self, scope: FeatureScope) -> list[EditionPeriod]:
        """Return the editions of a scope."""
        return [each for each in self.calendar.editions if each.plan_id in scope.plans]


def collections_of(request: Request, editions: EditionBook, jurisdiction: str | None) -> dict[str, TownCollection]:
    """Return every collection of a jurisdiction, by name.

    Raises
    ------
    InvalidInputError, UnavailableError
        As `EditionBook.calendar`.
    """
    calendar = editions.calendar(jurisdiction)
    served = Visibility(request.app.state.settings.public_case_fields)
    every = collections(served, _level_names(editions, calendar))
    every |= {each.id: each for each in (edition_collection(one.plan_id, one.name) for one in calendar.editions)}
    identity = identity_of(request)
    if not sees_all_duties(identity, calendar.code):
        every = {name: _without_duties(each) for name, each in every.items()}
    if not identity.reach(Action.STATISTICS_READ, calendar.code).whole:
        every = {name: each for name, each in every.items() if name not in _STATISTICS}
    own = {"jurisdiction": calendar.code} if jurisdiction is not None or len(editions.calendars) > 1 else {}
    return {name: TownCollection(calendar, collection, own) for name, collection in every.items()}


def collection_named(request: Request, editions: EditionBook, name: str, jurisdiction: str | None) -> TownCollection:
    """Return a collection by its name; errors as `collections_of`, or `NotFoundError` where there is none."""
    sources = collections_of(request, editions, jurisdiction)
    if name in _STATISTICS and name not in sources and request.app.state.settings.public_case_fields:
        raise identity_of(request).refusal(Action.STATISTICS_READ, editions.calendar(jurisdiction).code)
    if name not in sources:
        names = ", ".join(each for each in sources if not each.startswith(_EDITION))
        raise NotFoundError(f"There is no collection {name[:80]!r}. There are {names}, and one an edition.")
    return sources[name]


def _without_duties(collection: Collection) -> Collection:
    fields = tuple(each for each in collection.fields if each.name != DUTY_FIELD.name)
    return collection if fields == collection.fields else replace(collection, fields=fields)


def _level_names(editions: EditionBook, calendar: Calendar) -> dict[int, str]:
    edition = editions.current(calendar)
    if edition is None:
        return {}
    return {level: name or f"level {level}" for level, name in edition.level_names.items()}
