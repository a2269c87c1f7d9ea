"""``geogrid plan publish`` and ``rollback``: tried unless they are meant."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from api.cli.output.store_session import open_session
from api.cli.plans.session import author_of, authored, line_of
from api.cli.rights import require_approver
from geogrid.errors import InvalidInputError
from geogrid.types import PlanState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from boundaries.grids.records import PlanRecord

_MOMENT = "A day, 2027-01-01, or a moment, 2027-01-01T08:00; in the time of the jurisdiction if it has no offset."
_REVIEW: Final[dict[str, tuple[PlanState, ...]]] = {"draft": ("in_review", "approved"), "in_review": ("approved",)}
"""States that are still to be gone through."""
_accepting = click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["backdated", "hole"]),
    help="A warning of the period that is meant: it begins in the past, or nothing is in force after it. Repeatable; "
    "--reason says why.",
)


@click.command(short_help="Publish an approved plan.")
@click.argument("plan_id", type=int)
@click.option("--valid-from", required=True, metavar="TIME", help=_MOMENT)
@click.option("--valid-to", metavar="TIME", help="Until when. Without it, until it is replaced.")
@click.option("--accept-warnings", default="", help="Why the warnings do not matter.")
@_accepting
@click.option("--approve", "is_approved", is_flag=True, help="Lead a draft through review first, as the same person.")
@click.option("--publish", "is_meant", is_flag=True, help="Do it; without it everything is only tried.")
@authored
def publish(  # noqa: PLR0917 - click names them
    plan_id: int,
    valid_from: str,
    valid_to: str | None,
    accept_warnings: str,
    accept: tuple[str, ...],
    is_approved: bool,
    is_meant: bool,
    made_by: str,
    reason: str,
) -> None:
    """Publish an approved plan as the edition from a moment on; only a trial without --publish."""
    from boundaries.plans.drafts import get_plan, move_state
    from boundaries.publishing.rules import Publication, publish_plan

    with open_session(keep=is_meant) as session:
        plan = get_plan(session, plan_id)
        at = moment_of(session, plan, valid_from, "--valid-from")
        end = None if valid_to is None else moment_of(session, plan, valid_to, "--valid-to")
        author = author_of(made_by, reason)
        if is_approved and plan.state in _REVIEW:
            require_approver(session, plan_id)
        for state in _REVIEW[plan.state] if is_approved and plan.state in _REVIEW else ():
            move_state(session, plan_id, state, version=None, made_by=author.name, reason=author.reason)
        how = Publication(at, author.name, end, accept_warnings, author.reason, accept)
        plan = publish_plan(session, plan_id, how, version=None)
    _tell(plan, is_meant=is_meant)


@click.command(short_help="Publish a former edition again.")
@click.argument("edition_id", type=int)
@click.option("--valid-from", required=True, metavar="TIME", help=_MOMENT)
@_accepting
@click.option("--publish", "is_meant", is_flag=True, help="Do it; without it everything is only tried.")
@authored
def rollback(  # noqa: PLR0917 - click names them
    edition_id: int, valid_from: str, accept: tuple[str, ...], is_meant: bool, made_by: str, reason: str
) -> None:
    """Publish a former edition again, as a new one; history keeps both. Only a trial without --publish."""
    from boundaries.plans.drafts import get_plan
    from boundaries.publishing.rollback import roll_back

    author = author_of(made_by, reason)
    with open_session(keep=is_meant) as session:
        to = get_plan(session, edition_id)
        at = moment_of(session, to, valid_from, "--valid-from")
        plan = roll_back(session, to, at=at, made_by=author.name, reason=reason, accept=accept)
    _tell(plan, is_meant=is_meant)


def _tell(plan: "PlanRecord", *, is_meant: bool) -> None:
    """Say what was published, or what would be."""
    click.echo(line_of(plan) if is_meant else f"It would be: {line_of(plan)}")
    click.echo("Published." if is_meant else "Only tried: nothing is stored. Add --publish to do it.")


def moment_of(session: "Session", plan: "PlanRecord", text: str, option: str) -> datetime:
    """Return a moment that can be stored; a day begins at midnight where the plan's jurisdiction is."""
    from boundaries.files.times import TimeReader, time_zone
    from boundaries.jurisdictions.reading import jurisdiction_of
    from boundaries.text.moments import stored_fault

    zone = time_zone(jurisdiction_of(session, plan.jurisdiction_id).time_zone)
    moment = TimeReader(zone).read(text.strip())
    if isinstance(moment, str):
        raise InvalidInputError.of(
            "no-time", f"{option} {text!r} is no time.", "Write 2027-01-01 or 2027-01-01T00:00:00+08:00."
        )
    fault = stored_fault(moment)
    if fault:
        raise InvalidInputError.of("time", f"{option} is {text!r}, and {fault}.", "Check the year.", subject=option)
    return moment
