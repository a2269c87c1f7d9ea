"""``geogrid import addresses``: a file of addresses becomes part of the gazetteer of a jurisdiction."""

from pathlib import Path

import click

from geogrid.types import COORD_TYPES, CoordType


@click.command(short_help="Import a file of addresses for geocoding.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--jurisdiction", metavar="CODE", help="Whose gazetteer; needed only where there are several.")
@click.option("--source", metavar="NAME", help="Name of the data set; the file's name, if left out.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", help="A column by another name. Repeatable.")
@click.option("--layer", metavar="NAME", help="Layer, where the file has several.")
@click.option("--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum.")
def addresses(  # noqa: PLR0917 - click passes every option
    file: Path,
    jurisdiction: str | None,
    source: str | None,
    columns: tuple[str, ...],
    layer: str | None,
    coord_type: CoordType,
) -> None:
    """Import a file of addresses, in place of those of an earlier import of the same source.

    FILE is a CSV with lon and lat, a GeoPackage or other layer, or an .osm.pbf extract. Columns: province, city,
    district, town, community, village_group, street, house_number, estate, building, unit, room, postcode, name,
    aliases (parted by semicolons), error_m. A CSV with code and name alone is a list of villages and towns: each is
    placed at the published grid of its code or name.
    """
    from boundaries.addresses.area_codes import CodePlaces, place_codes
    from boundaries.addresses.geocoding import import_addresses
    from boundaries.files.addresses.reading import read_addresses, read_codes
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    codes = read_codes(file, columns=_pairs(columns))
    # A file that cannot be read is refused before a database is started.
    known = None
    if codes.empty:
        known = CodePlaces(read_addresses(file, columns=_pairs(columns), layer=layer, coord_type=coord_type))
    engine = open_engine(StoreSettings())
    try:
        with unit_of_work(engine) as session:
            town = the_jurisdiction(session, jurisdiction)
            placed = known or place_codes(session, town.id, codes)
            count = import_addresses(session, town.id, placed.areas, source or file.name)
    finally:
        engine.dispose()
    click.echo(f"{file.name}: {len(placed.areas):,} rows, {count:,} addresses.")
    if placed.unplaced:
        some = ", ".join(placed.unplaced[:5])
        click.echo(f"{len(placed.unplaced):,} areas have no grid of their own, among them {some}.")


def _pairs(columns: tuple[str, ...]) -> dict[str, str]:
    wrong = [pair for pair in columns if "=" not in pair]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is no pair; write it as street=addr_street.", param_hint="--column")
    return {ours: theirs for ours, _, theirs in (pair.partition("=") for pair in columns)}
