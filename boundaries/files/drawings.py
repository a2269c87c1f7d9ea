"""Drafts from files of legacy polygons: faults listed with geometry, repaired on request, blocks cut by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.files.grids.importing import GridFile, JurisdictionChoice, read_grids
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.reading import limit_of
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.drafts import copy_levels, record
from boundaries.plans.edits.editing import Author
from boundaries.plans.loading import buildings_near, level_titles, load_whole
from boundaries.plans.storing import save_plan
from geogrid.coordinates import WGS84
from geogrid.coverage.plane import Plane
from geogrid.editions.fields import LOADS
from geogrid.errors import Problem
from geogrid.geometry.rings import only_polygons
from geogrid.plans import BlockTable
from geogrid.plans.cut_by import CutBlocks, cut_by
from geogrid.plans.legacy import CoverageFault, Drawn, Repair, faults_of, repair
from geogrid.types import FloatArray, GeometryArray, LevelName

_COLUMNS: Final = ("code", "name", "level", "parent", "kind", "category", "attributes")
_KEEP_DUTIES: Final = text("""
    insert into duties (grid_id, role, holder, phone)
    select own.id, d.role, d.holder, d.phone
    from duties d join grids g on g.id = d.grid_id and g.plan_id = :old
    join grids own on own.plan_id = :new and own.code = g.code
    where d.validity @> cast(:at as timestamptz)
    order by d.id
""")


@dataclass(frozen=True, slots=True)
class GridDrawing:
    """A file of polygons for a draft.

    Parameters
    ----------
    file : GridFile
        The file, and which column holds what.
    repair_gaps_m : float, optional
        Repair the polygons: gaps narrower than this are closed, what spills over the limit is clipped. Without it the
        polygons count as they are.
    """

    file: GridFile
    repair_gaps_m: float | None = None


@dataclass(frozen=True, slots=True)
class DrawingResult:
    """What came of a drawing.

    Parameters
    ----------
    plan : PlanRecord or None
        The draft; None where an error refuses the file.
    problems : tuple of Problem
        Of the file, errors first.
    faults : tuple of CoverageFault
        Of the polygons as they were drawn, with their geometry.
    repairs : tuple of Repair
        Every change that the repair made.
    kept, cut : int
        Blocks that stay as they are, and new ones.
    left_out : int
        Blocks of which some land is in no grid.
    """

    plan: PlanRecord | None
    problems: tuple[Problem, ...]
    faults: tuple[CoverageFault, ...] = ()
    repairs: tuple[Repair, ...] = ()
    kept: int = 0
    cut: int = 0
    left_out: int = 0


def draw_draft(  # noqa: PLR0913 - one keyword a choice
    session: Session, base: PlanValues, drawing: GridDrawing, *, name: str, author: Author, at: datetime
) -> DrawingResult:
    """Make a draft whose leaf grids are the polygons of a file, on the blocks of another plan.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    base : PlanValues
        Its blocks are cut along the polygons; where a code goes on, so do its duties.
    drawing : GridDrawing
        The file.
    name : str
        Of the draft.
    author : Author
        Who, and why.
    at : datetime
        Moment of the duties.

    Raises
    ------
    InvalidInputError
        The file cannot be read.
    """
    town = session.get_one(Jurisdiction, base.jurisdiction_id)
    names = [LevelName(title.name, title.name_zh) for title in level_titles(session, base)]
    found, prepared = read_grids(drawing.file, JurisdictionChoice(town.code), stored=town, names=names)
    if prepared.grids is None:
        return DrawingResult(None, found.problems)
    if prepared.grids["level"].max() != len(names):
        return DrawingResult(None, (*found.problems, _wrong_depth(int(prepared.grids["level"].max()), len(names))))
    leaves = prepared.grids[prepared.grids["kind"] != "parent"].reset_index(drop=True)
    buildings = buildings_near(session, base, None)
    limit = limit_of(town)
    drawn = _as_drawn(found.layer.frame, drawing.file, leaves)
    faults = faults_of(drawn, limit=limit, buildings=buildings)
    polygons, repairs = leaves.geometry.to_numpy(), tuple[Repair, ...]()
    if drawing.repair_gaps_m is not None:
        done = repair(drawn, settled=polygons, limit=limit, gap_width_m=drawing.repair_gaps_m)
        polygons, repairs = done.polygons, done.log
    blocks = load_whole(session, base).blocks
    cut = cut_by(blocks, polygons, buildings)
    empty = _without_land(leaves["code"].tolist(), cut)
    if empty:
        return DrawingResult(None, (*found.problems, *empty), faults, repairs)
    plan = _save(session, base, prepared.grids, _frame(blocks, cut, leaves), name=name, source=drawing.file)
    copy_levels(session, base, plan)
    session.execute(_KEEP_DUTIES, {"old": base.id, "new": plan.id, "at": at})
    detail = {"based_on": base.id, "file": drawing.file.path.name, "repairs": len(repairs), "reason": author.reason}
    record(session, plan, made_by=author.name, kind="created", detail=detail)
    counts = {"kept": len(cut.kept_ids), "cut": len(cut.polygons), "left_out": len(cut.left_out)}
    return DrawingResult(plan_record(plan), found.problems, faults, repairs, **counts)


def _wrong_depth(found: int, depth: int) -> Problem:
    return Problem(
        "levels-differ",
        f"The file has {found} levels, and plans here have {depth}.",
        "Name with --parent the columns that hold the codes of the levels above.",
    )


def _as_drawn(frame: gpd.GeoDataFrame, file: GridFile, leaves: gpd.GeoDataFrame) -> Drawn:
    """Return the leaf polygons as the file has them; where it gives its own datum, as they are after conversion."""
    own = dict(zip(leaves["code"], leaves.geometry, strict=True))
    if file.coord_type == "wgs84" and not file.dissolve and not file.swap_xy and file.crs is None:
        located = frame[~frame.geometry.is_empty & frame.geometry.notna()].to_crs(4326)
        for code, shape in zip(located[file.fields.code].astype(str), located.geometry, strict=True):
            if code in own:
                own[code] = only_polygons(shapely.make_valid(shapely.force_2d(shape)))
    polygons = np.array([own[code] for code in leaves["code"]], dtype=np.object_)
    return Drawn(polygons, tuple(leaves["code"]), Plane.around(polygons, WGS84))


def _without_land(codes: Sequence[str], cut: CutBlocks) -> list[Problem]:
    used = set(cut.kept_grids.tolist()) | set(cut.grids.tolist())
    return [
        Problem("no-land", f"Grid {code} has less than a square metre of land.", "Leave it out.", subject=code)
        for which, code in enumerate(codes)
        if which not in used
    ]


def _frame(blocks: BlockTable, cut: CutBlocks, leaves: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the blocks of the draft as `save_plan` takes them; stored ones with their number."""
    kept = blocks.rows(np.isin(blocks.ids, cut.kept_ids))
    codes = leaves["code"].to_numpy()
    loads: FloatArray = np.concatenate([kept.loads, cut.loads])
    table = {
        "id": np.concatenate([cut.kept_ids, np.zeros(len(cut.polygons), dtype=np.int64)]),
        "grid": codes[np.concatenate([cut.kept_grids, cut.grids])],
        **{load: loads[:, column] for column, load in enumerate(LOADS)},
    }
    return gpd.GeoDataFrame(table, geometry=np.concatenate([kept.polygons, cut.polygons]), crs="EPSG:4326")


def _save(  # noqa: PLR0913 - the parts of a plan
    session: Session,
    base: PlanValues,
    grids: gpd.GeoDataFrame,
    blocks: gpd.GeoDataFrame,
    *,
    name: str,
    source: GridFile,
) -> Plan:
    band = None if base.band_low is None or base.band_high is None else (base.band_low, base.band_high)
    plan = save_plan(
        session,
        session.get_one(Jurisdiction, base.jurisdiction_id),
        name=name,
        grids=_derived(grids, blocks),
        blocks=blocks,
        band=band,
        load=base.load,
        source=source.path.name,
    )
    plan.based_on, plan.code_profile = base.id, base.code_profile
    session.flush()
    session.refresh(plan)
    return plan


def _derived(grids: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids with the land and the loads of their blocks; a load that no block knows is that of the file."""
    shapes: dict[str, shapely.Geometry] = {}
    loads: dict[str, list[float]] = {}
    by_code = {str(code): part for code, part in blocks.groupby("grid")}
    children = {str(code): part["code"].tolist() for code, part in grids.dropna(subset="parent").groupby("parent")}
    for row in grids.sort_values("level", ascending=False, kind="stable").to_dict("records"):
        code = str(row["code"])
        if code in by_code:
            part = by_code[code].sort_values("id", kind="stable")
            shapes[code] = _union(part.geometry.to_numpy())
            loads[code] = [
                float(part[load].sum(min_count=1)) if part[load].notna().any() else _number(row.get(load))
                for load in LOADS
            ]
        else:
            own = [each for each in children.get(code, []) if each in shapes]
            shapes[code] = _union(np.array([shapes[each] for each in own], dtype=np.object_))
            known = np.array([loads[each] for each in own])
            loads[code] = np.where(np.isnan(known).all(axis=0), np.nan, np.nansum(known, axis=0)).tolist()
    columns = {name: grids[name].tolist() for name in _COLUMNS if name in grids}
    sums = {load: [loads[code][column] for code in grids["code"]] for column, load in enumerate(LOADS)}
    return gpd.GeoDataFrame({**columns, **sums}, geometry=[shapes[code] for code in grids["code"]], crs="EPSG:4326")


def _union(polygons: GeometryArray) -> shapely.Geometry:
    return shapely.coverage_union_all(polygons)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def fault_frame(faults: Sequence[CoverageFault]) -> gpd.GeoDataFrame:
    """Return faults as a table with geometry, EPSG:4326; columns kind, subject, area_m2."""
    return _frame_of(faults, "subject")


def repair_frame(repairs: Sequence[Repair]) -> gpd.GeoDataFrame:
    """Return the log of a repair as a table with geometry, EPSG:4326; columns kind, code, area_m2."""
    return _frame_of(repairs, "code")


def _frame_of(entries: Sequence[CoverageFault] | Sequence[Repair], named: str) -> gpd.GeoDataFrame:
    table = {
        "kind": [each.kind for each in entries],
        named: [getattr(each, named) for each in entries],
        "area_m2": [round(each.area_m2, 3) for each in entries],
    }
    return gpd.GeoDataFrame(table, geometry=[each.polygon for each in entries], crs="EPSG:4326")
