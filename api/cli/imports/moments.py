"""Since when what is imported is in force."""

from datetime import UTC, datetime

import click

from boundaries.text.moments import stored_fault

since = click.option(
    "--valid-from", metavar="TIME", help="Since when, e.g. 2026-01-01T00:00:00+08:00. Without it, now."
)
accepting_backdated = click.option(
    "--accept-backdated",
    "backdated",
    default="",
    metavar="REASON",
    help="Why it may begin in a time that was answered from another edition.",
)


def moment_of(given: str | None, *, publish: bool) -> datetime | None:
    """Return the moment that ``--valid-from`` means, now without one; None where nothing is published.

    Raises
    ------
    UsageError
        A moment is given and nothing is published.
    BadParameter
        It is no time, has no offset, or lies beyond what can be stored.
    """
    if given is None:
        return datetime.now(UTC) if publish else None
    if not publish:
        raise click.UsageError("--valid-from goes with --publish.")
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise click.BadParameter(f"{given!r} is no time; write 2026-01-01T00:00:00+08:00.") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"{given!r} has no offset; write it as in 2026-01-01T00:00:00+08:00.")
    fault = stored_fault(moment)
    if fault:
        raise click.BadParameter(f"--valid-from is {given!r}, and {fault}. Check the year.")
    return moment
