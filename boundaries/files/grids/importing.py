"""Importing grids: a file becomes a plan, and an edition where asked, or is refused whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at, grid_frame
from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.levels import Levels
from boundaries.files.grids.moved import moved_problem
from boundaries.files.grids.rows import read_rows
from boundaries.files.grids.rules import GridPlan, plan_grids
from boundaries.files.polygons import GridLayer, read_grid_layer
from boundaries.files.times import time_zone
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.reading import get_jurisdiction, levels_of, limit_of
from boundaries.jurisdictions.storing import lock_import, save_jurisdiction
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.rules import publish_import
from geogrid.coverage.tree import counts_by_level
from geogrid.errors import NotFoundError, Problem
from geogrid.types import CoordType, LevelName


@dataclass(frozen=True, slots=True)
class GridFile:
    """What to read and how.

    Parameters
    ----------
    path : Path
        The file.
    fields : GridFields
        Which column holds what.
    layer, encoding, crs, swap_xy
        As `read_grid_layer` takes them.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of longitudes and latitudes.
    dissolve : bool
        Rows with the same code are parts of one grid.
    """

    path: Path
    fields: GridFields
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    swap_xy: bool = False
    coord_type: CoordType = "wgs84"
    dissolve: bool = False


@dataclass(frozen=True, slots=True)
class JurisdictionChoice:
    """The jurisdiction to import into; what is None stays as it is stored, or takes the default of a new one.

    `band` and `load` are those of the plan: limits of a leaf's load, and which load that is.
    """

    code: str
    name: str | None = None
    time_zone: str | None = None
    levels: Levels = field(default_factory=Levels)
    attribution: tuple[str, ...] | None = None
    band: tuple[float, float] | None = None
    load: str = "households"


@dataclass(frozen=True, slots=True)
class GridImport:
    """What an import found and did.

    Parameters
    ----------
    layer : GridLayer
        What was read.
    grids_by_level : dict of int to int
        How many grids there are, top first; empty where the codes make no tree.
    level_names : tuple of LevelName
        Names of those levels; empty where the names given are fewer or more.
    problems : tuple of Problem
        Errors first; any of them refuses the file.
    plan : Plan or None
        What was stored; None for a refused file and for a dry run.
    """

    layer: GridLayer
    grids_by_level: dict[int, int]
    level_names: tuple[LevelName, ...]
    problems: tuple[Problem, ...]
    plan: Plan | None = None

    @property
    def is_refused(self) -> bool:
        """Whether an error forbids the import."""
        return any(problem.severity == "error" for problem in self.problems)


def read_grids(
    file: GridFile, choice: JurisdictionChoice, *, stored: Jurisdiction | None, names: Sequence[LevelName] = ()
) -> tuple[GridImport, GridPlan]:
    """Read a file and list everything that is wrong with it; store nothing.

    Parameters
    ----------
    file : GridFile
        What to read.
    choice : JurisdictionChoice
        Where it is to go.
    stored : Jurisdiction, optional
        The jurisdiction, where it is stored already: its limit is compared.
    names : sequence of LevelName
        Names of the stored levels, which count where `choice` gives none.

    Raises
    ------
    InvalidInputError
        The file cannot be read, or columns are missing.
    """
    layer = read_grid_layer(file.path, layer=file.layer, encoding=file.encoding, crs=file.crs, swap_xy=file.swap_xy)
    rows = read_rows(layer.frame, file.fields, file=file.path.name, dissolve=file.dissolve)
    levels = choice.levels if choice.levels.names else Levels(tuple(names))
    limit = None if stored is None else limit_of(stored)
    plan = plan_grids(rows, layer, levels, coord_type=file.coord_type, limit=limit)
    counts = {} if plan.tree is None else counts_by_level(plan.tree)
    level_names = levels.or_default(len(counts)) if counts else ()
    return GridImport(layer, counts, level_names, plan.problems), plan


def import_grids(  # noqa: PLR0913 - what is read, where to, and since when
    session: Session,
    file: GridFile,
    choice: JurisdictionChoice,
    *,
    valid_from: datetime | None = None,
    backdated: str = "",
    dry_run: bool = False,
) -> GridImport:
    """Store a file's grids as a plan.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    file : GridFile
        What to read.
    choice : JurisdictionChoice
        Where to; created if it is new.
    valid_from : datetime, optional
        With offset: publish the plan as the edition from this moment on.
    backdated : str
        As for `publish_import`.
    dry_run : bool
        Only say what would be done.

    Returns
    -------
    GridImport
        With `plan` None where the file is refused; then nothing is stored.

    Raises
    ------
    InvalidInputError
        As `read_grids` and `publish_import`; the time zone is unknown.
    ConflictError
        The number of levels differs from that of the jurisdiction's plans; a later edition forbids publishing.
    """
    time_zone(choice.time_zone or "UTC")
    lock_import(session, "grids", choice.code)
    stored = _stored(session, choice.code)
    names = [LevelName(level.name, level.name_zh) for level in levels_of(session, stored)] if stored else []
    found, prepared = read_grids(file, choice, stored=stored, names=names)
    if stored is not None and prepared.grids is not None:
        edition = edition_at(session, stored.id, valid_from or datetime.now(UTC))
        moved = None if edition is None else moved_problem(prepared.grids, grid_frame(session, edition, level=1))
        if moved is not None:
            is_error = moved.severity == "error"
            found = replace(found, problems=(moved, *found.problems))
            prepared = replace(prepared, grids=None) if is_error else prepared
    if dry_run or prepared.grids is None:
        return found
    jurisdiction = _save_jurisdiction(session, choice, stored, found.level_names)
    plan = _save_plan(session, jurisdiction, file, choice, prepared.grids)
    if valid_from is not None:
        publish_import(session, plan, valid_from=valid_from, backdated=backdated)
    return replace(found, plan=plan)


def _save_plan(
    session: Session, jurisdiction: Jurisdiction, file: GridFile, choice: JurisdictionChoice, grids: gpd.GeoDataFrame
) -> Plan:
    return save_plan(
        session,
        jurisdiction,
        name=file.path.stem,
        grids=grids,
        band=choice.band,
        load=choice.load,
        source=file.path.name,
    )


def _stored(session: Session, code: str) -> Jurisdiction | None:
    try:
        return get_jurisdiction(session, code)
    except NotFoundError:
        return None


def _save_jurisdiction(
    session: Session, choice: JurisdictionChoice, stored: Jurisdiction | None, levels: Sequence[LevelName]
) -> Jurisdiction:
    return save_jurisdiction(
        session,
        code=choice.code,
        name=choice.name or (stored.name if stored else choice.code),
        levels=levels,
        time_zone=choice.time_zone or (stored.time_zone if stored else "UTC"),
        attribution=choice.attribution if choice.attribution is not None else (stored.attribution if stored else ()),
    )
