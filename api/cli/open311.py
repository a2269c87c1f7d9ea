"""``geogrid open311``: the services that people may ask for, and the keys of the applications that ask."""

import json
from pathlib import Path
from typing import Any

import click

from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError


@click.group()
def command() -> None:
    """Offer services over Open311 GeoReport v2, at /open311 of the server, and give keys to applications."""


@command.command(short_help="Show or set the services that are offered.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from-cases", is_flag=True, help="Offer the categories that stored cases have.")
@click.option("--jurisdiction", help="Code of the jurisdiction; needed only where there are several.")
def services(file: Path | None, from_cases: bool, jurisdiction: str | None) -> None:
    """Offer the services of FILE and no others; without one, print those that are offered, to be changed and set.

    FILE is a JSON list of services as GeoReport lists them, each with its `attributes` if something is asked besides.
    The name of a service is the category of the cases it leads to.
    """
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.open311.services import list_services, read_services, replace_services, services_of_cases

    if file is not None and from_cases:
        raise click.UsageError("FILE and --from-cases exclude each other.")
    given = None if file is None else read_services(_read(file))
    with open_session() as session:
        owner = the_jurisdiction(session, jurisdiction)
        if from_cases:
            given = services_of_cases(session, owner.id)
        if given is None:
            offered = [_as_json(each) for each in list_services(session, owner.id)]
            click.echo(json.dumps(offered, ensure_ascii=False, indent=2))
            return
        replace_services(session, owner.id, given)
    click.echo(f"{len(given)} {'service is' if len(given) == 1 else 'services are'} offered for {owner.code}.")


@command.group()
def key() -> None:
    """Give keys to applications: without one they may read, with one they may post requests."""


@key.command("add", short_help="Make a key.")
@click.argument("name")
def add_key_(name: str) -> None:
    """Make a key for the application NAME and print it: it is not shown again."""
    from boundaries.open311.keys import add_key

    with open_session() as session:
        made = add_key(session, name)
    click.echo(made)


@key.command("list", short_help="Show who has a key.")
def list_keys_() -> None:
    """Show which applications have a key, and since when."""
    from boundaries.open311.keys import list_keys

    with open_session() as session:
        for holder in list_keys(session):
            click.echo(f"{holder.created_at:%Y-%m-%d}  {holder.name}")


@key.command("remove", short_help="Make a key worthless.")
@click.argument("name")
def remove_key_(name: str) -> None:
    """Make the key of the application NAME worthless, at once."""
    from boundaries.open311.keys import remove_key

    with open_session() as session:
        remove_key(session, name)
    click.echo(f"{name} has no key any more.")


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise InvalidInputError.of("services", f"{file} cannot be read as JSON: {error}.") from error


def _as_json(service: Any) -> dict[str, Any]:
    from api.open311.bodies import definition_shape, service_shape

    return service_shape(service) | {"attributes": definition_shape(service)["attributes"]}
