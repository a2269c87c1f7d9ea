"""``geogrid plan``: drafts made, edited, checked, compared, published and written to files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output.store_session import open_session
from api.cli.plans.bands import banded
from api.cli.plans.drawing import draw
from api.cli.plans.publishing import moment_of, publish, rollback
from api.cli.plans.rebasing import rebase
from api.cli.plans.session import author_of, authored, band_words, edition_in_force, line_of, refusing, tell
from api.cli.rights import require_approver
from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    pass


@click.group("plan", short_help="Draft, check, compare and publish plans.")
def command() -> None:
    """Draft, check, compare and publish plans of grids, and go back.

    A plan is a draft, then in review, then approved, then published: an edition, which never changes.
    """


@command.command(short_help="Make a draft.")
@click.argument("name")
@click.option("--from", "based_on", type=int, help="Number of the plan to copy; the edition in force, if left out.")
@click.option("--jurisdiction", help="Code; needed only where there are several.")
@click.option("--code-profile", help="What codes look like: free, beijing-db11, cjt349, admin-12, custom:6+3+3.")
@click.option("--engine", "is_redrawn", is_flag=True, help="Let the engine draw its comprehensive grids anew.")
@banded
@authored
def new(  # noqa: PLR0917 - click names them
    name: str,
    based_on: int | None,
    jurisdiction: str | None,
    code_profile: str | None,
    is_redrawn: bool,
    band: tuple[float, float] | None,
    load: str | None,
    made_by: str,
    reason: str,
) -> None:
    """Make a draft called NAME, a copy of a plan or of the edition in force.

    It has the band of what it is a copy of, or that of --band. With --engine the grids of each parent are drawn anew
    into it; dedicated and locked grids stay, and so do the codes of grids that keep over half of their load.
    """
    from boundaries.plans.drafts import get_plan, new_draft, require_name
    from boundaries.plans.redrawing import redraw

    now = datetime.now(UTC)
    with open_session() as session:
        base = edition_in_force(session, jurisdiction, now) if based_on is None else get_plan(session, based_on)
        plan = new_draft(
            session,
            base,
            name=require_name(name),
            made_by=author_of(made_by, reason).name,
            at=now,
            profile=code_profile,
            band=band,
            load=load,
            reason=reason,
        )
        if is_redrawn:
            plan = redraw(session, plan, at=now, author=author_of(made_by, reason or "drawn by the engine"))
        click.echo(line_of(plan))


@command.command(short_help="List plans, or show one.")
@click.argument("plan_id", type=int, required=False)
@click.option("--jurisdiction", help="Code; needed only where there are several.")
def show(plan_id: int | None, jurisdiction: str | None) -> None:
    """List the plans, the newest first; or show PLAN_ID with its edits."""
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.plans.drafts import get_plan, list_plans
    from boundaries.plans.edits.editing import list_edits
    from boundaries.plans.reading import locks_of

    with open_session() as session:
        if plan_id is None:
            for plan in list_plans(session, the_jurisdiction(session, jurisdiction)):
                click.echo(line_of(plan))
            return
        plan = get_plan(session, plan_id)
        click.echo(line_of(plan))
        click.echo(f"Band: {band_words(plan)}.")
        for code, name in locks_of(session, plan).items():
            click.echo(f"Grid {code} is locked by {name}.")
        for each in list_edits(session, plan):
            undone = "  (taken back)" if each["undone"] else ""
            told = json.dumps(each["operation"], ensure_ascii=False)
            click.echo(f"{each['position']:>5}  {each['at']:%Y-%m-%d %H:%M}  {each['by']}  {told}{undone}")


@command.command(short_help="Carry out operations on a draft.")
@click.argument("plan_id", type=int)
@click.argument("operations", nargs=-1)
@click.option("--file", type=click.File(encoding="utf-8"), help="JSON list of operations; - reads standard input.")
@authored
def edit(plan_id: int, operations: tuple[str, ...], file: Any, made_by: str, reason: str) -> None:
    """Carry OPERATIONS out on a draft, all or none; each is a JSON object.

    \b
    geogrid plan edit 7 '{"kind": "merge", "grids": ["D-a", "D-b"]}'
    """
    from boundaries.plans.edits.editing import edit as carry_out
    from geogrid.plans.operations.records import operations_of

    with refusing(), open_session() as session:
        records = [_json(text) for text in operations]
        if file is not None:
            read = _json(file.read())
            records += read if isinstance(read, list) else [read]
        wanted = operations_of(records)
        tell(carry_out(session, plan_id, wanted, author=author_of(made_by, reason), version=None))


@command.command(short_help="Take the last edit back.")
@click.argument("plan_id", type=int)
@authored
def undo(plan_id: int, made_by: str, reason: str) -> None:
    """Take the last edit of a draft back."""
    from boundaries.plans.edits.editing import undo as take_back

    with open_session() as session:
        tell(take_back(session, plan_id, author=author_of(made_by, reason), version=None))


@command.command(short_help="Do it again.")
@click.argument("plan_id", type=int)
@authored
def redo(plan_id: int, made_by: str, reason: str) -> None:
    """Do the edit again that was taken back last."""
    from boundaries.plans.edits.editing import redo as do_again

    with open_session() as session:
        tell(do_again(session, plan_id, author=author_of(made_by, reason), version=None))


@command.command("keep-codes", short_help="Take the codes in force over.")
@click.argument("plan_id", type=int)
@authored
def take_codes(plan_id: int, made_by: str, reason: str) -> None:
    """Give each grid of a draft that has over half of the load of a grid in force the code of that one.

    For plans of the engine, whose codes mean nothing yet. Codes that are not free stay.
    """
    from boundaries.plans.codes import keep_codes

    author = author_of(made_by, reason or "codes in force kept")
    with open_session() as session:
        answer = keep_codes(session, plan_id, at=datetime.now(UTC), author=author, version=None)
        if answer is None:
            click.echo("Every grid has its code already.")
        else:
            tell(answer)


@command.command(short_help="List everything that is wrong.")
@click.argument("plan_id", type=int)
@click.option("--valid-from", metavar="TIME", help="As if it were published from then on; now, if left out.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write all problems to a JSON file.")
@click.pass_context
def validate(ctx: click.Context, plan_id: int, valid_from: str | None, report: Path | None) -> None:
    """List every problem of a plan; the exit status is 1 if an error stands."""
    from api.cli.output.problems import problem_records, require_writable, show_problems, write_report
    from boundaries.plans.drafts import get_plan
    from boundaries.plans.loading import read_one_moment
    from boundaries.plans.rules import verdict_on

    require_writable(report)
    with open_session() as session:
        read_one_moment(session)
        plan = get_plan(session, plan_id)
        at = None if valid_from is None else moment_of(session, plan, valid_from, "--valid-from")
        verdict = verdict_on(session, plan, at=at)
    show_problems((*verdict.errors, *verdict.warnings))
    if report is not None:
        parts = {name: problem_records(getattr(verdict, name)) for name in ("errors", "warnings", "accepted")}
        write_report(report, {"plan": plan_id, "band": plan.band, "load": plan.load, **parts})
    click.echo(f"Band: {band_words(plan)}.")
    click.echo(
        f"{len(verdict.errors)} errors, {len(verdict.warnings)} warnings, {len(verdict.accepted)} accepted problems."
    )
    if verdict.errors:
        ctx.exit(1)


@command.command(short_help="Accept a problem, with a reason.")
@click.argument("plan_id", type=int)
@click.argument("kind")
@click.argument("subject")
@authored
def accept(plan_id: int, kind: str, subject: str, made_by: str, reason: str) -> None:
    """Accept the problem of a KIND about a SUBJECT, as `geogrid plan validate` names them; --reason is needed."""
    from boundaries.plans.rules import accept_problem

    with open_session() as session:
        accept_problem(session, plan_id, kind, subject, author=author_of(made_by, reason), version=None)
    click.echo(f"Accepted: {kind} of {subject}.")


@command.command(short_help="Send to review, approve, send back.")
@click.argument("plan_id", type=int)
@click.argument("state", type=click.Choice(["draft", "in_review", "approved"]))
@authored
def review(plan_id: int, state: Any, made_by: str, reason: str) -> None:
    """Lead a plan to the next STATE."""
    from boundaries.plans.drafts import move_state

    author = author_of(made_by, reason)
    with open_session() as session:
        if state == "approved":
            require_approver(session, plan_id)
        click.echo(line_of(move_state(session, plan_id, state, version=None, made_by=author.name, reason=reason)))


@command.command(short_help="Say what differs between two plans.")
@click.argument("plan_id", type=int)
@click.argument("other_id", type=int)
@click.option(
    "--moved", type=click.Path(dir_okay=False, path_type=Path), help="Write the moved land to a GeoJSON file."
)
@click.option(
    "--map", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write both, side by side, to an HTML file."
)
@click.option("--lang", type=click.Choice(["both", "zh", "en"]), default="both", help="Labels of the map.")
def compare(plan_id: int, other_id: int, moved: Path | None, page: Path | None, lang: Any) -> None:
    """Say what became of each grid of PLAN_ID in OTHER_ID."""
    from api.plans.page import comparison_page
    from api.web.assets import inlined_address
    from boundaries.plans.comparing import compare_plans, moved_frame
    from boundaries.plans.drafts import get_plan
    from boundaries.plans.loading import read_one_moment

    with open_session() as session:
        read_one_moment(session)
        old, new_plan = get_plan(session, plan_id), get_plan(session, other_id)
        comparison = compare_plans(session, old, new_plan)
        if moved is not None:
            moved_frame(session, comparison, old, new_plan).to_file(moved, driver="GeoJSON", engine="pyogrio")
        if page is not None:
            shown = comparison_page(session, comparison, old, new_plan, resolve=inlined_address, language=lang)
            page.write_text(shown, encoding="utf-8")
    changed = [change for change in comparison.grids if change.fates != ("unchanged",)]
    for change in changed:
        sides = " -> ".join("-" if node is None else node.code for node in (change.before, change.after))
        land = f"{change.gained[0]:,.0f} m2 gained, {change.lost[0]:,.0f} m2 lost"
        click.echo(f"level {change.level}  {sides}  {', '.join(change.fates)}  {land}")
    click.echo(f"{len(changed)} grids changed, {len(comparison.grids) - len(changed)} did not.")


@command.command(short_help="Write a plan to a file.")
@click.argument("plan_id", type=int)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--encoding", type=click.Choice(["UTF-8", "GBK"]), default="UTF-8", help="Of a Shapefile's texts.")
def export(plan_id: int, path: Path, encoding: str) -> None:
    """Write a plan to PATH: .gpkg (grids, blocks, duties), .shp, .geojson, .kml, .csv or .parquet (grids)."""
    from boundaries.files.exports import export_plan
    from boundaries.plans.drafts import get_plan

    with open_session() as session:
        count = export_plan(session, get_plan(session, plan_id), path, encoding=encoding)
    click.echo(f"{count:,} grids are in {path}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInputError.of(
            "no-json", f"An operation is not JSON: {error}.", "Quote it for the shell."
        ) from error


command.add_command(draw)
command.add_command(rebase)
command.add_command(publish)
command.add_command(rollback)
