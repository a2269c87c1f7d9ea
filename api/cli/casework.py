"""``geogrid casework``: how the cases of a town are worked on."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError

_PROFILES = ("simple", "full")
_jurisdiction = click.option("--jurisdiction", metavar="CODE", help="Whose; not needed where there is one.")


@click.group()
def command() -> None:
    """Say how cases are worked on: which steps there are, how long they may take, when a town works."""


@command.command(short_help="Print the rules of a town.")
@_jurisdiction
def show(jurisdiction: str | None) -> None:
    """Print the rules that the cases of a town are worked by, as JSON; `geogrid casework set` takes them back."""
    from boundaries.casework.rules import rules_document, rules_of
    from boundaries.jurisdictions.reading import the_jurisdiction

    with open_session() as session:
        stored = rules_of(session, the_jurisdiction(session, jurisdiction).id)
    click.echo(json.dumps(rules_document(stored.rules), ensure_ascii=False, indent=2))


@command.command("set", short_help="Give a town rules.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@_jurisdiction
@click.option("--profile", type=click.Choice(_PROFILES), help="Steps: a few, or the seven of the field.")
@click.option("--country", metavar="CODE", help="Official holidays of a country, e.g. CN.")
@click.option("--years", metavar="FIRST-LAST", help="Of which years; this one and the next, if left out.")
def set_rules(
    file: Path | None, jurisdiction: str | None, profile: str | None, country: str | None, years: str | None
) -> None:
    """Give a town rules from FILE (JSON, as `geogrid casework show` prints them), or change some by options.

    Limits are by state, e.g. {"limits": {"received": {"amount": 4, "unit": "working_hours"}}}. Clocks that run keep
    their limits, and are counted by the calendar of now; cases that wait and had none get the one of `received` from
    now on.
    """
    from boundaries.audit.recording import note
    from boundaries.casework.beginning import begin_work
    from boundaries.casework.clocks import recount_clocks
    from boundaries.casework.rules import read_rules, rules_document, rules_of, store_rules
    from boundaries.jobs.reading import database_now
    from boundaries.jurisdictions.reading import the_jurisdiction

    with open_session() as session:
        town = the_jurisdiction(session, jurisdiction)
        document = rules_document(rules_of(session, town.id).rules)
        if file is not None:
            document |= _read(file)
        if profile is not None:
            document["profile"] = profile
        if country is not None:
            document["calendar"] = _with_holidays(document["calendar"], country, years)
        before = rules_document(rules_of(session, town.id).rules)
        store_rules(session, town.id, read_rules(document))
        note(object=f"geogrid casework set: {town.code}", before=before, after=document)
        moved = recount_clocks(session, town.id, database_now(session))
        begun = begin_work(session, town.id)
    click.echo(f"Cases of {town.code} are worked by the profile {document['profile']!r}.", err=True)
    if moved:
        click.echo(f"{moved:,} open {'case is' if moved == 1 else 'cases are'} due at another time.", err=True)
    if begun:
        click.echo(f"{begun:,} open {'case' if begun == 1 else 'cases'} got the first limit from now on.", err=True)


def _read(file: Path) -> dict[str, Any]:
    try:
        with click.open_file(str(file), encoding="utf-8") as opened:
            found = json.load(opened)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidInputError.of("json", f"{file} is no JSON: {error}", subject=str(file)) from error
    if not isinstance(found, dict):
        raise InvalidInputError.of("json", f"{file} holds no object of rules.", subject=str(file))
    return found


def _with_holidays(calendar: dict[str, Any], country: str, years: str | None) -> dict[str, Any]:
    from geogrid.casework import official_calendar

    first, _, last = (years or "").partition("-")
    this = datetime.now(UTC).year
    if years is not None and not (first.isdecimal() and (last or first).isdecimal()):
        raise InvalidInputError.of("years", f"--years is {years!r}, not like 2026-2027.", subject="--years")
    begin, end = (int(first), int(last or first)) if years else (this, this + 1)
    if not 1950 <= begin <= end <= 2100:  # noqa: PLR2004 - what the package knows
        message = f"--years is {years!r}, not in order within 1950 to 2100."
        raise InvalidInputError.of("years", message, subject="--years")
    try:
        found = official_calendar(country, range(begin, end + 1), zone=calendar["zone"])
    except ValueError as error:
        remedy = "Codes are those of ISO 3166-1."
        raise InvalidInputError.of("country", str(error), remedy, subject="--country") from error
    return calendar | {
        "days_off": sorted(day.isoformat() for day in found.days_off),
        "workdays": sorted(day.isoformat() for day in found.workdays),
        "weekend": sorted(found.weekend),
        "known_to": None if found.known_to is None else found.known_to.isoformat(),
    }
