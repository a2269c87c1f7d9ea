"""``geogrid export``: editions as files for hosts that run no program of ours."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.output.store_session import open_session
from geogrid.types import COORD_TYPES, CoordType

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from boundaries.grids.records import PlanRecord

_MAX_ZOOM = 16


@click.group("export", short_help="Write editions to files for static hosting.")
def command() -> None:
    """Write editions to files for static hosting. For GIS files see: geogrid plan export."""


@command.command(short_help="Vector tiles as one PMTiles file.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--jurisdiction", help="Code; needed only where there are several.")
@click.option("--edition", type=int, help="Number of the edition; the one in force, if left out.")
@click.option(
    "--max-zoom", type=click.IntRange(0, _MAX_ZOOM), default=14, show_default=True, help="The finest zoom in the file."
)
@click.option(
    "--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum of the tiles."
)
def tiles(path: Path, jurisdiction: str | None, edition: int | None, max_zoom: int, coord_type: CoordType) -> None:
    """Write the vector tiles of an edition to PATH, a .pmtiles file that any web server can offer."""
    from api.cli.output.progress import progress
    from boundaries.tiles.archive import export_tiles, tile_numbers
    from boundaries.tiles.tilesets import tileset_of

    with open_session() as session:
        plan = _edition(session, jurisdiction, edition)
        tileset = tileset_of(session, plan)
        total = sum(1 for zoom in range(max_zoom + 1) for _ in tile_numbers(tileset, zoom, coord_type))
        with progress(f"Tiles of {plan.name}", total=total, unit="tiles") as advance:
            count = export_tiles(session, plan, path, max_zoom=max_zoom, coord_type=coord_type, advance=advance)
    click.echo(f"{count:,} tiles of edition {plan.id} are in {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _edition(session: "Session", jurisdiction: str | None, number: int | None) -> "PlanRecord":
    from boundaries.editions.reading import edition_at
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.plans.drafts import get_plan
    from geogrid.errors import NotFoundError

    if number is not None:
        return get_plan(session, number)
    town = the_jurisdiction(session, jurisdiction)
    edition = edition_at(session, town.id, datetime.now(UTC))
    if edition is None:
        raise NotFoundError(f"No edition of {town.code} is in force. Name one with --edition.")
    return edition
