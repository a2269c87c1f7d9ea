"""``geogrid privacy``: what is known of persons, given out, erased, and kept no longer than needed."""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from geogrid.access import PersonalNumber

_KINDS = ("telephone", "email", "identity-number")
_by = click.option(
    "--by", type=click.Choice(_KINDS), default="telephone", show_default=True, help="Kind of the number."
)
_jurisdiction = click.option("--jurisdiction", metavar="CODE", help="Only there. Without it, in all.")


@click.group()
def command() -> None:
    """Give out, and erase, what is known of a person; say how long it is kept.

    The number of the person is asked for, or read from a pipe: arguments of commands are seen by others.
    """


@command.command(short_help="Write all that is known of a person to a file.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_by
@_jurisdiction
def export(file: Path, by: str, jurisdiction: str | None) -> None:
    """Write the cases that a person reported, in plain words, to FILE as JSON that only you may read; - for the screen.

    Of cases of others, in whose texts his number stands, there is only their number.
    """
    from boundaries.cases.persons import export_person

    number = _number(by)
    with open_session() as session:
        found = export_person(session, number, jurisdiction_id=_town(session, jurisdiction))
        with _own_file(file) as out:
            json.dump(found, out, ensure_ascii=False, indent=2)
            out.write("\n")
        _keep_line(session)
    click.echo(f"{_cases(len(found['reported']), len(found['mentioned']))} written.", err=True)


@command.command(short_help="Erase what is known of a person.")
@_by
@_jurisdiction
@click.option("--dry-run", is_flag=True, help="Only say of how many cases.")
def erase(by: str, jurisdiction: str | None, dry_run: bool) -> None:
    """Erase a person's name and numbers for good; his cases stay, with their texts masked, so that counts stay.

    In cases of others the text as it was sent is erased if his number stands in it. Backups made before still have it.
    """
    from boundaries.cases.persons import cases_of_person, erase_person

    number = _number(by)
    with open_session(keep=not dry_run) as session:
        work = cases_of_person if dry_run else erase_person
        found = work(session, number, jurisdiction_id=_town(session, jurisdiction))
        if not dry_run:
            _keep_line(session)
    done = "would be erased" if dry_run else "erased"
    click.echo(f"{_cases(len(found.reported), len(found.mentioned))} {done}.")


@command.command(short_help="Say how long reporters are kept.")
@click.option("--jurisdiction", metavar="CODE", help="Whose; not needed where there is one.")
@click.option("--years", type=click.IntRange(0, 100), metavar="N", help="Years after a case is closed.")
@click.option("--forever", is_flag=True, help="Keep them.")
@click.option("--dry-run", is_flag=True, help="Only say of how many cases reporters would go now.")
def retain(jurisdiction: str | None, years: int | None, forever: bool, dry_run: bool) -> None:
    """Say how many years after its closing a case keeps its reporter and its texts as they were sent; show it without.

    A daily job removes them (geogrid serve, geogrid jobs run). The cases stay, masked, so that counts stay.
    """
    from boundaries.audit.recording import note
    from boundaries.cases.retention import retention_of, set_retention
    from boundaries.jobs.reading import database_now
    from boundaries.jurisdictions.reading import the_jurisdiction

    if forever and years is not None:
        raise click.UsageError("--years and --forever exclude each other.")
    with open_session() as session:
        town, now = the_jurisdiction(session, jurisdiction), database_now(session)
        if (forever or years is not None) and not dry_run:
            before = retention_of(session, town.id, now=now).years
            set_retention(session, town.id, years)
            note(object=f"geogrid privacy retain: {town.code}", before={"years": before}, after={"years": years})
        found = retention_of(session, town.id, now=now, years=years)
    would = years if dry_run and years is not None else found.years
    kept = "for ever" if would is None or (dry_run and forever) else f"{would} years after closing"
    click.echo(f"{found.code}: reporters {'would be' if dry_run else 'are'} kept {kept}.")
    if would is not None and not forever:
        click.echo(
            f"{found.due:,} {'case has its' if found.due == 1 else 'cases have their'} reporter longer than that."
        )


def _number(by: str) -> "PersonalNumber":
    from geogrid.access import NumberKind, plain_number

    kind = NumberKind(by.replace("-", "_"))
    is_typed = sys.stdin.isatty()
    text = str(click.prompt(by)) if is_typed else sys.stdin.readline()
    number = plain_number(kind, text)
    if not number.value:
        raise InvalidInputError.of("no-number", f"No {by} is given.", "Type it, or pipe it in.", subject="by")
    return number


def _town(session: "Session", code: str | None) -> int | None:
    from boundaries.jurisdictions.reading import the_jurisdiction

    return None if code is None else the_jurisdiction(session, code).id


def _keep_line(session: "Session") -> None:
    """Let the audit have its line, although nothing else may have been stored."""
    from boundaries.audit.recording import must_be_kept

    must_be_kept(session)


@contextmanager
def _own_file(path: Path) -> "Iterator[IO[str]]":
    """Open a file that only its owner may read."""
    if str(path) == "-":
        yield sys.stdout
        return
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            yield out
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from error


def _cases(reported: int, mentioned: int) -> str:
    others = f", and a mention in {mentioned:,} of others" if mentioned else ""
    return f"{reported:,} {'case' if reported == 1 else 'cases'}{others}"
