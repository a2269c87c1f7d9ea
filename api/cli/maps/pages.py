"""``geogrid map``: a coverage or hotspot map as one file that opens without any network."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli.output.progress import progress
from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError, NotFoundError, Problem
from geogrid.hotspot.correction import CORRECTIONS
from geogrid.hotspot.records import HOTSPOT_METHODS
from geogrid.types import CASE_STATUSES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from boundaries.grids.records import PlanRecord
    from boundaries.jurisdictions.records import JurisdictionRecord
    from geogrid.maps import BaseMap, Map

_LANGUAGES = ("both", "zh", "en")

Command = TypeVar("Command", bound=Callable[..., Any])


def _shared_options(function: Command) -> Command:
    """Give a command the options that both maps have."""
    for option in (
        click.option("--lang", type=click.Choice(_LANGUAGES), default="both", show_default=True, help="Labels."),
        click.option("--jurisdiction", help="Code of the jurisdiction; needed only where there are several."),
        click.option(
            "--out",
            type=click.Path(dir_okay=False, path_type=Path),
            required=True,
            help="HTML file to write; one that is there is replaced.",
        ),
    ):
        function = option(function)
    return function


def case_options(function: Command) -> Command:
    """Give a command the options that choose cases."""
    for option in (
        click.option("--has-grid/--no-grid", default=None, help="Only cases with a grid, or only those without."),
        click.option("--external-id", help="Number in the system the case came from."),
        click.option("--text", help="Words that all occur in text or address."),
        click.option("--status", multiple=True, type=click.Choice(CASE_STATUSES), help="Any of these; repeat it."),
        click.option("--category", multiple=True, help="Any of these categories; repeat it."),
        click.option("--channel", multiple=True, help="Any of these channels; repeat it."),
        click.option("--until", help="Reported before this moment."),
        click.option("--since", help="Reported at this moment or later, e.g. 2026-03-01T00:00:00+08:00."),
        click.option("--polygon", help="Cases within a polygon, WKT or GeoJSON, degrees."),
        click.option("--bbox", help="Cases within west,south,east,north, degrees."),
        click.option("--grid", help="Cases of this grid, of any level."),
    ):
        function = option(function)
    return function


def method_options(function: Command) -> Command:
    """Give a command the options of the methods that look for hotspots, but for the method itself."""
    for option in (
        click.option("--bandwidth-m", type=float, help="Density: how far a case is felt. Default: 500."),
        click.option("--max-share", type=float, help="Scans: share of the base in one cluster at most. Default: 0.1."),
        click.option("--seed", type=int, help="Of the draws. Default: 0."),
        click.option("--permutations", type=int, help="Draws by chance; scans draw a hundredth. Default: 99999."),
        click.option("--alpha", type=float, help="Share of false ones among the grids that are told. Default: 0.05."),
        click.option("--correction", type=click.Choice(CORRECTIONS), help="For many tests at once. Default: bh."),
        click.option("--neighbors", type=click.Choice(["queen", "rook"]), help="Grids that share a point, or an edge."),
        click.option("--base", type=click.Choice(["households", "population", "none"]), help="What rates are made of."),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Write a coverage or hotspot map as one file that needs no network."""


@command.command()
@_shared_options
@click.option("--at", help="Moment whose edition is drawn, e.g. 2026-03-01T08:00:00+08:00. Default: now.")
def coverage(out: Path, jurisdiction: str | None, lang: str, at: str | None) -> None:
    """Draw the grids by kind and level, their load against the band, and land that no grid covers."""
    from api.maps.schemas import CoverageMapQuery

    query = checked(CoverageMapQuery, {"jurisdiction": jurisdiction, "lang": lang, "at": at})
    write_map(out, query, _coverage)


@command.command()
@_shared_options
@click.option("--method", type=click.Choice(["counts", *HOTSPOT_METHODS]), help="Default: counts, nothing is tested.")
@click.option("--split", help="Two periods side by side: before this moment, and at it or later.")
@method_options
@case_options
def hotspots(out: Path, **given: Any) -> None:
    """Draw where cases pile up: counts through time, or what chance does not explain. Filters are those of /cases."""
    from api.maps.schemas import HotspotMapQuery

    options = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    write_map(out, checked(HotspotMapQuery, options), draw_hotspots)


def checked(model: type[Any], options: dict[str, Any]) -> Any:
    """Return the options as the HTTP interface checks them, or every problem found in them."""
    from pydantic import ValidationError

    from api.kit.constraints import words_for

    values = {name: value for name, value in options.items() if value not in (None, [])}
    try:
        return model(**values)
    except ValidationError as error:
        problems = []
        for fault in error.errors(include_url=False):
            name = str(fault["loc"][0]) if fault["loc"] else ""
            message = fault["msg"].removeprefix("Value error, ")
            if name:
                said = f"--{name.replace('_', '-')} {values[name]!r}: {message}."
                problems.append(Problem("option", said, f"It must be {words_for(model.model_fields[name])}."))
            else:
                problems.append(Problem("option", f"{message}."))
        raise InvalidInputError(problems) from error


def write_map(out: Path, query: Any, draw: "Callable[[Session, Any], Map]") -> None:
    """Write a map of the store as a file that stands alone, and tell its size."""
    from api.web.assets import inlined_address
    from boundaries.files.towns.writing import replacing
    from geogrid.maps import render

    with progress("Map", total=3, unit="steps") as advance:
        with open_session() as session:
            drawn = draw(session, query)
        advance(1)
        html = render(drawn, inlined_address)
        advance(1)
        with replacing(out) as partial:
            partial.write_text(html, encoding="utf-8")
        advance(1)
    click.echo(f"{out} ({len(html.encode()) / 1e6:.1f} MB)")


def _coverage(session: "Session", query: Any) -> "Map":
    from boundaries.editions.reading import grid_frame
    from boundaries.jurisdictions.reading import limit_at, the_jurisdiction
    from geogrid.maps import coverage_map

    town = the_jurisdiction(session, query.jurisdiction)
    at = query.at or datetime.now(UTC)
    plan = in_force(session, town, at)
    return coverage_map(
        grid_frame(session, plan, at=at).drop(columns="contact"),
        limit=limit_at(session, town.id),
        base=_base(session, town.id),
        band=plan.band,
        load=plan.load,
        attribution=town.attribution,
        language=query.lang,
        subtitle=f"{town.name} · {plan.name}",
    )


def draw_hotspots(session: "Session", query: Any) -> "Map":
    """Return the hotspot map of stored cases."""
    from api.maps.findings import Around, found_map
    from boundaries.cases.reading import case_frame
    from boundaries.editions.reading import grid_frame
    from boundaries.jurisdictions.reading import the_jurisdiction
    from geogrid.maps import hotspot_map

    town = the_jurisdiction(session, query.jurisdiction)
    now = datetime.now(UTC)
    plan = in_force(session, town, now)
    filters = query.model_dump(exclude={"jurisdiction", "lang", "method", "split"}, exclude_defaults=True)
    subtitle = " · ".join([town.name, plan.name, *(f"{name}: {_told(value)}" for name, value in filters.items())])
    cases = case_frame(session, town.id, query.to_filter())
    grids = grid_frame(session, plan, at=now).drop(columns="contact")
    base, attribution = _base(session, town.id), tuple(town.attribution)
    if query.method != "counts":
        return found_map(cases, grids, query, Around(base, town.time_zone, attribution, subtitle, plan.name))
    return hotspot_map(
        cases,
        grids,
        base=base,
        time_zone=town.time_zone,
        attribution=attribution,
        language=query.lang,
        subtitle=subtitle,
    )


def _told(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)


def in_force(session: "Session", jurisdiction: "JurisdictionRecord", at: datetime) -> "PlanRecord":
    """Return the edition in force at a moment, or raise `NotFoundError`."""
    from boundaries.editions.reading import edition_at

    plan = edition_at(session, jurisdiction.id, at)
    if plan is None:
        raise NotFoundError(
            f"No edition of {jurisdiction.name} was in force at {at.isoformat(timespec='seconds')}. "
            "Publish one, or name another moment with --at."
        )
    return plan


def _base(session: "Session", jurisdiction_id: int) -> "BaseMap":
    from boundaries.basemap.reading import building_frame, street_frame, water_frame
    from geogrid.maps import BaseMap

    streets, buildings = street_frame(session, jurisdiction_id), building_frame(session, jurisdiction_id)
    return BaseMap(streets, buildings, water_frame(session, jurisdiction_id))
