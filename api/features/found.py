"""The collection of grids as a method tells of them: its parameters, and its rows, found beside the server."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.heavy.desk import Desk
from api.kit.methods import MethodParameters
from boundaries.editions.calendar import Calendar, EditionPeriod
from boundaries.features.found import FoundRows, public_case_frame
from geogrid.hotspot import HotspotMethod, found_among, leaves_of, places_of


class FoundParameters(MethodParameters):
    """How hotspots are looked for."""

    method: Annotated[HotspotMethod, Field(description="How hotspots are looked for.")] = "gi_star"


def find_rows(  # noqa: PLR0913, PLR0917 - plain values, by position
    desk: Desk,
    calendar: Calendar,
    period: EditionPeriod,
    since: datetime | None,
    until: datetime | None,
    how: FoundParameters,
) -> FoundRows:
    """Return the leaf grids of an edition as a method tells of them, from the public part of cases."""
    with desk.store.unit_of_work() as session:
        cases = public_case_frame(session, calendar.id, since, until)
    leaves = leaves_of(desk.frames.of(period))
    places = places_of(leaves, base=how.base, neighbors=how.neighbors)
    choice = how.choice_of(how.method)
    return FoundRows.of(found_among(cases, leaves, places, choice, time_zone=calendar.time_zone, edition=period.name))
