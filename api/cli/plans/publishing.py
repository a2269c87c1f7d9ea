"""``geogrid plan publish`` and ``rollback``: tried unless they are meant."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from api.cli.output.store_session import open_session
from api.cli.plans.session import author_of, authored, line_of
from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from boundaries.grids.records import PlanRecord

_MOMENT = "A day, 2027-01-01, or a moment, 2027-01-01T08:00; in the time of the jurisdiction if it has no offset."


@click.command(short_help="Publish an approved plan.")
@click.argument("plan_id", type=int)
@click.option("--valid-from", required=True, metavar="TIME", help=_MOMENT)
@click.option("--accept-warnings", default="", help="Why the warnings do not matter.")
@click.option("--publish", "is_meant", is_flag=True, help="Do it; without it everything is only tried.")
@authored
def publish(  # noqa: PLR0917 - click names them
    plan_id: int, valid_from: str, accept_warnings: str, is_meant: bool, made_by: str, reason: str
) -> None:
    """Publish an approved plan as the edition from a moment on; only a trial without --publish."""
    from boundaries.plans.drafts import get_plan
    from boundaries.publishing.rules import Publication, publish_plan

    with open_session(keep=is_meant) as session:
        at = _moment(session, get_plan(session, plan_id), valid_from)
        author = author_of(made_by, reason)
        how = Publication(at, author.name, accept_warnings=accept_warnings, reason=author.reason)
        plan = publish_plan(session, plan_id, how, version=None)
        click.echo(line_of(plan))
    click.echo("Published." if is_meant else "Only tried: nothing is stored. Add --publish to do it.")


@click.command(short_help="Publish a former edition again.")
@click.argument("edition_id", type=int)
@click.option("--valid-from", required=True, metavar="TIME", help=_MOMENT)
@click.option("--publish", "is_meant", is_flag=True, help="Do it; without it everything is only tried.")
@authored
def rollback(edition_id: int, valid_from: str, is_meant: bool, made_by: str, reason: str) -> None:
    """Publish a former edition again, as a new one; history keeps both. Only a trial without --publish."""
    from boundaries.plans.drafts import get_plan
    from boundaries.publishing.rollback import roll_back

    author = author_of(made_by, reason)
    with open_session(keep=is_meant) as session:
        to = get_plan(session, edition_id)
        click.echo(
            line_of(roll_back(session, to, at=_moment(session, to, valid_from), made_by=author.name, reason=reason))
        )
    click.echo("Published." if is_meant else "Only tried: nothing is stored. Add --publish to do it.")


def _moment(session: "Session", plan: "PlanRecord", text: str) -> datetime:
    """Return a moment; a day begins at midnight where the plan's jurisdiction is."""
    from boundaries.files.times import TimeReader, time_zone
    from boundaries.jurisdictions.reading import jurisdiction_of

    zone = time_zone(jurisdiction_of(session, plan.jurisdiction_id).time_zone)
    moment = TimeReader(zone).read(text.strip())
    if isinstance(moment, str):
        raise InvalidInputError.of(
            "no-time", f"--valid-from {text!r} is no time.", "Write 2027-01-01 or 2027-01-01T00:00:00+08:00."
        )
    return moment
