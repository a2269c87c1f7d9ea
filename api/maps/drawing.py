"""Maps drawn as pages: long work, given plain values."""

from datetime import datetime
from urllib.parse import quote

import geopandas as gpd
from sqlalchemy.orm import Session

from api.cases.sight import CaseSight
from api.heavy.desk import Desk
from api.maps.findings import Around, Asked, choices_of, found_map
from api.maps.schemas import HotspotMapQuery
from api.state.frames import without_duties
from api.web.assets import served_address
from boundaries.basemap.reading import building_frame, street_frame, water_frame
from boundaries.cases.filtering import CaseFilter
from boundaries.cases.reading import case_frame
from boundaries.editions.calendar import Calendar, EditionPeriod
from boundaries.jurisdictions.reading import limit_at
from boundaries.plans.drafts import get_plan
from geogrid.maps import BaseMap, Language, coverage_map, hotspot_map, render


def draw_coverage(  # noqa: PLR0913, PLR0917 - plain values, by position
    desk: Desk,
    calendar: Calendar,
    period: EditionPeriod,
    at: datetime | None,
    language: Language,
    has_duties: bool,  # noqa: FBT001 - same
    may_edit: bool,  # noqa: FBT001 - same
) -> bytes:
    """Return the page of the coverage map of an edition, with the duties of a moment or without any."""
    with desk.store.unit_of_work() as session:
        plan = get_plan(session, period.plan_id)
        drawn = coverage_map(
            _grids(desk, calendar, period, at, language, has_duties=has_duties),
            limit=limit_at(session, calendar.id),
            base=_base(session, calendar.id),
            band=plan.band,
            load=plan.load,
            attribution=calendar.attribution,
            language=language,
            subtitle=f"{calendar.name} · {period.name}",
            home=_home(language, calendar),
            links=_links(language, calendar, may_edit=may_edit),
        )
    return render(drawn, served_address).encode()


def draw_hotspots(  # noqa: PLR0913, PLR0917 - plain values, by position
    desk: Desk,
    calendar: Calendar,
    period: EditionPeriod,
    case_filter: CaseFilter,
    query: HotspotMapQuery,
    sight: CaseSight,
    has_duties: bool,  # noqa: FBT001 - same
    asked: Asked,
    may_edit: bool,  # noqa: FBT001 - same
) -> bytes:
    """Return the page of the hotspot map of cases, as they may be seen, on the grids of an edition."""
    with desk.store.unit_of_work() as session:
        cases = sight.shown_table(case_frame(session, calendar.id, case_filter))
        around = Around(
            _base(session, calendar.id),
            calendar.time_zone,
            tuple(calendar.attribution),
            f"{calendar.name} · {period.name}",
            period.name,
            _home(query.lang, calendar),
        )
    grids = _grids(desk, calendar, period, None, query.lang, has_duties=has_duties)
    if query.method == "counts":
        drawn = hotspot_map(
            cases,
            grids,
            base=around.base,
            time_zone=around.time_zone,
            attribution=around.attribution,
            language=query.lang,
            subtitle=around.subtitle,
            home=around.home,
            links=_links(query.lang, calendar, may_edit=may_edit),
            choices=choices_of(cases, query, around.time_zone, asked),
        )
    else:
        drawn = found_map(cases, grids, query, around, asked=asked)
    return render(drawn, served_address).encode()


def _grids(  # noqa: PLR0913 - which grids, and how they are told
    desk: Desk,
    calendar: Calendar,
    period: EditionPeriod,
    at: datetime | None,
    language: Language,
    *,
    has_duties: bool,
) -> gpd.GeoDataFrame:
    frame = desk.frames.of(period, at)
    if language == "zh":
        frame = frame.assign(level_name=frame["level_name"].replace(dict(calendar.levels)))
    return frame if has_duties else without_duties(frame)


def _base(session: Session, jurisdiction_id: int) -> BaseMap:
    return BaseMap(
        street_frame(session, jurisdiction_id),
        building_frame(session, jurisdiction_id),
        water_frame(session, jurisdiction_id),
    )


def _links(language: Language, calendar: Calendar, *, may_edit: bool) -> dict[str, str]:
    lang = "" if language == "both" else f"lang={language}&"
    kept = f"{lang}jurisdiction={quote(calendar.code)}"
    links = {"grid_page": f"/area/{{code}}?{kept}", "grid_cases": f"/search?grid={{code}}&{kept}"}
    return links | ({"redraw": f"/plans?{kept}"} if may_edit else {})


def _home(language: Language, calendar: Calendar) -> str:
    lang = "" if language == "both" else f"lang={language}&"
    return f"/?{lang}jurisdiction={calendar.code}"
