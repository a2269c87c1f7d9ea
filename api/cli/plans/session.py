"""What the commands of ``geogrid plan`` share: who does it and why, how a plan is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from geogrid.errors import InvalidInputError, NotFoundError
from geogrid.wording import counted

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from boundaries.grids.records import PlanRecord
    from boundaries.plans.edits.answering import EditAnswer
    from boundaries.plans.edits.editing import Author

Function = TypeVar("Function", bound=Callable[..., Any])


def authored(function: Function) -> Function:
    """Add the options that say who does something, and why."""
    why = click.option("--reason", default="", help="Why; kept with the change.")
    who = click.option("--by", "made_by", default="", help="Who; the name of your account, if left out.")
    return who(why(function))


def author_of(made_by: str, reason: str) -> "Author":
    """Return who does it; the account's name, if left out."""
    from api.cli.rights import author_name
    from boundaries.plans.edits.editing import Author

    return Author(author_name(made_by), reason)


class MistakeError(click.ClickException):
    """What was asked is wrong in itself: the command ends with the status of bad usage."""

    exit_code = 2


@contextmanager
def refusing() -> Iterator[None]:
    """Make what is asked wrongly, in contrast to what cannot be done, end a command with the status of bad usage."""
    try:
        yield
    except (InvalidInputError, NotFoundError) as error:
        raise MistakeError(str(error)) from error


def band_words(plan: "PlanRecord") -> str:
    """Return the band of a plan in words."""
    return f"none for {plan.load}" if plan.band is None else f"{plan.band[0]:g} to {plan.band[1]:g} {plan.load}"


def line_of(plan: "PlanRecord") -> str:
    """Return a plan in one line."""
    period = f"  from {plan.valid_from} to {plan.valid_to or 'its replacement'}" if plan.is_edition else ""
    return f"{plan.id:>5}  {plan.state:<10} version {plan.version:<4} {plan.name}{period}"


def tell(answer: "EditAnswer") -> None:
    """Say what an edit did."""
    click.echo(line_of(answer.plan))
    click.echo(f"{counted(len(answer.changed), 'grid')} changed, {counted(answer.blocks, 'block')} changed hands.")
    for each in answer.figures:
        load = "load unknown" if each.load is None else f"load {each.load:g}"
        off = f" ({each.off_band:+g} off the band)" if each.off_band else ""
        pieces = f", in {len(each.fragments)} pieces" if len(each.fragments) > 1 else ""
        cases = answer.open_cases.get(each.code, 0)
        click.echo(
            f"  {each.code} {each.name}: {load}{off}{pieces}, compactness {each.compactness:.2f}, {cases} open cases"
        )


def edition_in_force(session: "Session", jurisdiction: str | None, at: datetime) -> "PlanRecord":
    """Return the edition in force at a moment, or raise `InvalidInputError`."""
    from boundaries.editions.reading import edition_at
    from boundaries.jurisdictions.reading import the_jurisdiction

    town = the_jurisdiction(session, jurisdiction)
    edition = edition_at(session, town.id, at)
    if edition is None:
        raise InvalidInputError.of(
            "no-edition", f"No edition of {town.code} is in force.", "Say with --from which plan to copy."
        )
    return edition
