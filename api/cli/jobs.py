"""``geogrid jobs``: work that is due, shown and done."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from api.cli.output.store_session import open_session

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np

    from api.state.store import Store
    from boundaries.jobs.records import JobState, Kinds, State
    from boundaries.jobs.running import Report

_NO_STORE = "There is no store yet, and so nothing to do."


@click.group()
def command() -> None:
    """Show and do the work that is due: cases to hand over to a new edition, changes to tell to webhooks.

    `geogrid serve` does it beside its requests. Where no server runs, `geogrid jobs run` does.
    """


@command.command("list", short_help="Show what is to be done.")
@click.option("--state", type=click.Choice(["running", "due", "waiting", "failed"]), help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def show(state: "State | None", as_json: bool) -> None:
    """Show the jobs, what is due first; what is done is not kept.

    \b
    running  somebody does it now
    due      its moment has come
    waiting  for its moment, or for the next try
    failed   its last try failed: see geogrid jobs retry
    """
    from api.jobs.kinds import KNOWN_KINDS
    from boundaries.jobs.reading import database_now, list_jobs

    if not _has_store():
        click.echo(_NO_STORE, err=as_json)
        return
    with open_session() as session:
        jobs = list_jobs(session, now=database_now(session), state=state)
    if as_json:
        for job in jobs:
            click.echo(json.dumps(asdict(job) | {"is_known": job.kind in KNOWN_KINDS}, ensure_ascii=False, default=str))
    elif jobs:
        click.echo("\n".join(_as_text(job, is_known=job.kind in KNOWN_KINDS) for job in jobs))
    else:
        click.echo("Nothing is to be done." if state is None else f"No job is {state}.")


@command.command(short_help="Do what is due.")
@click.option("--until-idle", "how", flag_value="idle", default=True, help="Until nothing is due. This is the default.")
@click.option("--once", "how", flag_value="once", help="One job only.")
@click.option("--watch", "how", flag_value="watch", help="Go on, and do what becomes due, until Ctrl-C or SIGTERM.")
@click.pass_context
def run(ctx: click.Context, how: str) -> None:
    """Do the jobs that are due, one after the other, and say what became of each.

    Any number may run at once, beside servers too: each job is done by one of them. One that is killed loses nothing.

    \b
    Exit status: 0  what was due is done
                 1  a job failed; it is tried again later, or listed as failed
    """
    import numpy as np

    from api.jobs.kinds import job_kinds
    from api.settings import ServerSettings
    from api.state.store import Store

    if not _has_store():
        click.echo(_NO_STORE)
        return
    settings = ServerSettings()
    store = Store(settings)
    rng = np.random.default_rng()
    try:
        kinds = job_kinds(store, settings)
        if how == "watch":
            _watch(store, kinds, poll_s=settings.webhook_poll, rng=rng)
        elif _run_due(store, kinds, rng=rng, only_one=how == "once"):
            ctx.exit(1)
    finally:
        store.close()


@command.command(short_help="Try failed jobs again.")
@click.argument("number", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def retry(number: int | None, everything: bool) -> None:
    """Try the failed job NUMBER again, or all of them, as if it were the first time."""
    from boundaries.jobs.storing import retry_jobs

    if everything == (number is not None):
        raise click.UsageError("Name the number of a job, or --all.")
    with open_session() as session:
        count = retry_jobs(session, number)
    if number is not None and not count:
        click.echo(f"Job {number} has not failed.")
    else:
        click.echo(f"{count} {'job is' if count == 1 else 'jobs are'} tried again.")


def _run_due(store: "Store", kinds: "Kinds", *, rng: "np.random.Generator", only_one: bool) -> bool:
    """Do what is due; return whether any of it failed."""
    from boundaries.jobs.running import find_jobs, run_next

    count, has_failed = 0, False
    while not (only_one and count):
        find_jobs(store.unit_of_work, kinds)
        report = run_next(store.unit_of_work, kinds, rng=rng)
        if report is None:
            break
        count += 1
        has_failed |= bool(report.error)
        _tell(report)
    if not count:
        click.echo("Nothing is due.")
    return has_failed


def _watch(store: "Store", kinds: "Kinds", *, poll_s: float, rng: "np.random.Generator") -> None:
    import signal
    from threading import Event

    from api.jobs.runner import JobRunner

    store.engine()  # a store that cannot be used is said at once
    stopped = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    runner = JobRunner(store, kinds, poll_s=poll_s, rng=rng, tell=_tell)
    runner.start()
    click.echo("Jobs are done as they become due. Ctrl-C stops it.")
    stopped.wait()
    runner.stop()


def _has_store() -> bool:
    """Return whether there is anything to look at: looking creates no database."""
    from boundaries.cluster.private_cluster import PrivateCluster
    from boundaries.store.settings import StoreSettings

    settings = StoreSettings()
    return not settings.is_private or PrivateCluster(settings.home).exists


def _tell(report: "Report") -> None:
    job = report.job
    name = f"{job.id}  {_name(job.kind, job.key)}"
    if report.error:
        click.echo(f"{name}  failed (try {job.attempts}): {report.error}", err=True)
    else:
        again = f" Again at {_moment(report.done.again_at)}." if report.done.again_at is not None else ""
        click.echo(f"{name}  done. {report.done.told}".rstrip() + again)


def _name(kind: str, key: str | None) -> str:
    return kind if key is None else f"{kind} {key}"


def _moment(at: "datetime") -> str:
    from datetime import UTC

    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _as_text(job: "JobState", *, is_known: bool) -> str:
    lines = [f"{job.id}  {_name(job.kind, job.key)}  {job.state}, {_when(job)}"]
    if not is_known:
        lines.append("   left alone: this GeoGrid does not know such jobs; a newer one made it")
    if job.last_error and job.state != "running":
        lines.append(f"   after {job.attempts} {'try' if job.attempts == 1 else 'tries'}: {job.last_error}")
    if job.state == "failed":
        lines.append(f"   to try again: geogrid jobs retry {job.id}")
    return "\n".join(lines)


def _when(job: "JobState") -> str:
    if job.state == "running":
        return f"try {job.attempts}"
    if job.failed_at is not None:
        return f"since {_moment(job.failed_at)}"
    return f"{'since' if job.state == 'due' else 'until'} {_moment(job.due_at)}"
