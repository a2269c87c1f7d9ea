"""``geogrid hotspots``: which grids have more cases than chance explains, as a GeoJSON file and a sentence."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from api.cli.maps.pages import case_options, checked, draw_hotspots, in_force, method_options, write_map
from api.cli.output.store_session import open_session
from geogrid.hotspot.records import HOTSPOT_METHODS


@click.command("hotspots")
@click.option("--method", type=click.Choice(HOTSPOT_METHODS), help="How hotspots are looked for. Default: gi_star.")
@method_options
@click.option("--jurisdiction", help="Code of the jurisdiction; needed only where there are several.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="GeoJSON file to write; one that is there is replaced. Without it, only the sentence is told.",
)
@click.option(
    "--map", "map_file", type=click.Path(dir_okay=False, path_type=Path), help="HTML file to write: the same as a map."
)
@case_options
def command(out: Path | None, map_file: Path | None, **given: Any) -> None:
    """Tell which grids have more or fewer cases than chance explains. Filters are those of /cases."""
    from api.maps.schemas import HotspotMapQuery, HotspotsQuery
    from api.maps.spots import hotspots_geojson
    from boundaries.cases.reading import case_frame
    from boundaries.editions.reading import grid_frame
    from boundaries.files.towns.writing import replacing
    from boundaries.jurisdictions.reading import the_jurisdiction

    options = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    query = checked(HotspotsQuery, options)
    now = datetime.now(UTC)
    with open_session() as session:
        town = the_jurisdiction(session, query.jurisdiction)
        plan = in_force(session, town, now)
        cases, grids = (
            case_frame(session, town.id, query.to_filter()),
            grid_frame(session, plan, at=now).drop(columns="contact"),
        )
    content = hotspots_geojson(cases, grids, query, time_zone=town.time_zone, edition=plan.name)
    for told in orjson.loads(content)["sentence"].values():
        click.echo(told)
    if out is not None:
        with replacing(out) as partial:
            partial.write_bytes(content)
        click.echo(f"{out} ({len(content) / 1e6:.1f} MB)")
    if map_file is not None:
        write_map(map_file, checked(HotspotMapQuery, {**options, "method": query.method}), draw_hotspots)
