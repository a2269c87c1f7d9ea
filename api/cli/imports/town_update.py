"""``geogrid import town --update``: streets and buildings of another year, and what became of the loads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.output.progress import stage

if TYPE_CHECKING:
    from boundaries.files.towns.town import Town
    from boundaries.files.towns.updating import TownUpdate
    from boundaries.plans.carrying import GridCarried

_SHOWN: Final = 20


def with_stored_wish(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the load and the band of the town as it is stored, where they say nothing of them."""
    from boundaries.files.towns.updating import wish_of_stored
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    engine = open_engine(StoreSettings())
    try:
        with unit_of_work(engine) as session:
            load, band = wish_of_stored(session, options["jurisdiction"], datetime.now(UTC))
    finally:
        engine.dispose()
    context = click.get_current_context()
    own_load = context.get_parameter_source("load") is not click.core.ParameterSource.DEFAULT
    if own_load and options["load"] != load:
        return options
    options = options | {"load": load}
    if options["band"] or options["grids"] or band is None or "=" in (options["levels"] or "").rpartition(",")[2]:
        return options
    return options | {"band": f"{band[0]:.10f}:{band[1]:.10f}"}


def run_update(town: "Town", options: dict[str, Any]) -> None:
    """Store a town of another year, or with ``--dry-run`` take it back, and tell what it changes."""
    from api.cli.output.problems import problem_records, show_problems, write_report
    from boundaries.files.towns.updating import update_town
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    source = options["file"] or options["osm"]
    name = "" if source is None else source.name
    engine = open_engine(StoreSettings())
    try:
        with stage("Storing", "blocks") as advance, unit_of_work(engine) as session:
            done = update_town(
                session, town, options["jurisdiction"], at=datetime.now(UTC), source=name, made_by=options["by"]
            )
            if options["dry_run"]:
                session.rollback()
            advance(done.blocks)
    finally:
        engine.dispose()
    show_problems(town.problems)
    _tell(options, done)
    if options["report"] is not None:
        outcome = "importable" if options["dry_run"] else "updated"
        facts = {"outcome": outcome, "jurisdiction": options["jurisdiction"], "blocks": done.blocks}
        told = {
            "edition": [_record(grid) for grid in done.edition],
            "drafts": {str(plan): [_record(grid) for grid in grids] for plan, grids in done.drafts.items()},
        }
        write_report(options["report"], facts | told | {"problems": problem_records(tuple(town.problems))})


def _tell(options: dict[str, Any], done: "TownUpdate") -> None:
    stored = "nothing is stored (--dry-run)" if options["dry_run"] else "stored for drafts; editions stay as they are"
    click.echo(f"{options['jurisdiction']}: {done.blocks:,} new blocks; {stored}.")
    for plan, grids in done.drafts.items():
        _tell_grids(f"Draft {plan}", grids)
    if done.edition:
        _tell_grids("A draft of the edition in force", done.edition)


def _tell_grids(name: str, grids: "Sequence[GridCarried]") -> None:
    before, after = sum(grid.before for grid in grids), sum(grid.after for grid in grids)
    moved = [grid for grid in grids if max(abs(grid.counted), grid.gained, grid.lost) >= 1]
    click.echo(f"{name}: load {before:,.10g} before, {after:,.10g} after, of {len(moved):,} grids another:")
    for grid in moved[:_SHOWN]:
        click.echo(
            f"  {grid.code}: {grid.before:,.6g} -> {grid.after:,.6g}; buildings and households {grid.counted:+,.4g}, "
            f"with land from others {grid.gained:+,.4g}, to others {-grid.lost:+,.4g}"
            + ("; no block is left for it" if grid.is_gone else "")
        )
    if len(moved) > _SHOWN:
        click.echo(f"  and {len(moved) - _SHOWN:,} more, see --report")


def _record(grid: "GridCarried") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(grid)
