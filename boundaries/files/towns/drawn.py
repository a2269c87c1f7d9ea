"""Towns whose grids are drawn already: blocks are cut within them, so that they stay as they are and can be redrawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files.grids.importing import GridFile
from boundaries.files.grids.levels import Levels
from boundaries.files.grids.rows import read_rows
from boundaries.files.grids.rules import plan_grids
from boundaries.files.polygons import read_grid_layer
from boundaries.files.towns.dividing import Stage
from boundaries.files.towns.layers import TownFiles, TownLayers, read_town
from boundaries.files.towns.sources import read_source
from boundaries.files.towns.town import BARRIER_COLUMNS, BUILDING_COLUMNS, LOADS, SITE_COLUMNS, Town, only
from geogrid.blocks import NOWHERE, BlockRule, Blocks, MaxLoad, build_blocks
from geogrid.blocks.assembly import areas_holding
from geogrid.blocks.faces import cut_buildings
from geogrid.blocks.limits import onto_lines
from geogrid.blocks.spreading import spread
from geogrid.coordinates import WGS84
from geogrid.coverage.plane import Plane
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_metres
from geogrid.geometry.overlays import DEGREE, union, union_of_coverage
from geogrid.partition import divide_given, divide_heavy
from geogrid.types import FloatArray, GeometryArray, IntArray, LevelName

_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class DrawnGrids:
    """Grids of a file, checked as `geogrid import grids` checks them.

    Parameters
    ----------
    frame : GeoDataFrame
        Every level, EPSG:4326, as `boundaries.plans.storing.save_plan` takes it.
    levels : tuple of LevelName
        Top first.
    problems : tuple of Problem
        Warnings.
    in_degrees : bool
        Whether edges run straight in degrees, as they do in a file of longitudes and latitudes.
    """

    frame: gpd.GeoDataFrame
    levels: tuple[LevelName, ...]
    problems: tuple[Problem, ...]
    in_degrees: bool

    @property
    def leaves(self) -> gpd.GeoDataFrame:
        """The grids without children."""
        return self.frame[(self.frame["kind"] != "parent").to_numpy()].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Fineness:
    """How fine the blocks are.

    Parameters
    ----------
    rule : BlockRule
        As for towns without grids.
    max_load : float, optional
        Blocks with more are divided between buildings; by default the upper end of the band.
    band : tuple of float, optional
        Limits of the load of a grid.
    load : str
        What is balanced.
    """

    rule: BlockRule
    max_load: float | None = None
    band: tuple[float, float] | None = None
    load: str = "households"


def read_drawn_grids(file: GridFile, levels: Levels, files: TownFiles) -> DrawnGrids:
    """Read grids that exist.

    Parameters
    ----------
    file : GridFile
        Where, and which column holds what.
    levels : Levels
        Their names; empty for the usual ones.
    files : TownFiles
        Of the town: where a limit is given, the grids are compared with it.

    Raises
    ------
    InvalidInputError
        With everything that forbids to use them.
    """
    layer = read_grid_layer(file.path, layer=file.layer, encoding=file.encoding, crs=file.crs, swap_xy=file.swap_xy)
    rows = read_rows(layer.frame, file.fields, file=file.path.name, dissolve=file.dissolve)
    limit: shapely.Geometry | None = None
    told: list[Problem] = []
    if files.limit is not None and not files.limit.is_osm:
        frame, told = read_source(files.limit, "limit", "areas")
        limit = union(frame.geometry.to_crs(WGS84).to_numpy(), metre=DEGREE)
    plan = plan_grids(rows, layer, levels, coord_type=file.coord_type, limit=limit)
    errors = [problem for problem in plan.problems if problem.severity == "error"]
    if plan.grids is None or errors:
        raise InvalidInputError(plan.problems)
    depth = int(plan.grids["level"].max())
    names = levels.or_default(depth)
    if not names:
        message = f"{file.path.name} has {depth} levels; {len(levels.names)} names were given."
        raise InvalidInputError.of("level-count", message, "Name every level with --levels, top first.")
    return DrawnGrids(plan.grids, tuple(names), (*told, *plan.problems), layer.crs.is_geographic)


def read_around(grids: DrawnGrids, files: TownFiles) -> TownLayers:
    """Read streets, buildings, sites and loads of a town whose grids are drawn.

    Raises
    ------
    InvalidInputError
        As `read_town`.
    """
    land = union_of_coverage(grids.leaves.geometry.to_numpy(), metre=DEGREE)
    return read_town(replace(files, limit=None), gpd.GeoSeries([land], crs=WGS84))


def town_of_grids(grids: DrawnGrids, layers: TownLayers, fineness: Fineness, stage: Stage) -> Town:
    """Cut blocks within grids and return the town.

    Parameters
    ----------
    grids : DrawnGrids
        They stay as they are: blocks are nested in them.
    layers : TownLayers
        From `read_around`.
    fineness : Fineness
        How fine the blocks are.
    stage : callable
        Told of each stage.

    Raises
    ------
    InvalidInputError
        A grid is so small or narrow that no block of it is left.

    Notes
    -----
    Loads that a grid states are spread over its buildings in proportion to their households, else to their ground, and
    where it has none over its blocks in proportion to their land; sums are exact. Where it states none, its buildings
    and further loads count.
    """
    leaves = grids.leaves
    with stage("Blocks", "blocks") as advance:
        buildings, stated = _buildings_with_loads(leaves, layers)
        blocks = _blocks(leaves, _with_buildings(layers, buildings), fineness)
        advance(len(blocks))
    _refuse_landless(leaves, blocks)
    polygons = _onto_grids(leaves, blocks) if grids.in_degrees else blocks.lonlat()
    loads = _loads(blocks, stated, has_buildings=buildings is not None)
    return Town(
        limit=gpd.GeoSeries([union_of_coverage(polygons, metre=DEGREE)], crs=WGS84),
        barriers=only(layers.barriers, BARRIER_COLUMNS, {"name": "", "kind": "highway"}),
        buildings=only(buildings, BUILDING_COLUMNS, {"name": "", "households": float("nan")}),
        sites=only(layers.sites, SITE_COLUMNS, {"name": ""}),
        grids=_with_land(grids.frame, _blocks_below(grids.frame, leaves, blocks), polygons, loads),
        blocks=gpd.GeoDataFrame(
            {"grid": leaves["code"].to_numpy()[blocks.parent], **loads}, geometry=polygons, crs=WGS84
        ),
        levels=grids.levels,
        load=fineness.load,
        band=fineness.band,
        attribution=layers.attribution,
        problems=[*grids.problems, *layers.problems, *blocks.problems, *_cut(leaves, blocks, buildings)],
    )


def _with_buildings(layers: TownLayers, buildings: gpd.GeoDataFrame | None) -> TownLayers:
    """Return the layers with other loads of their buildings."""
    present = () if buildings is None else tuple(name for name in LOADS[:2] if name in buildings)
    columns = dict.fromkeys((*layers.load_columns, *present))
    return replace(layers, buildings=buildings, load_columns=tuple(columns))


def _blocks(leaves: gpd.GeoDataFrame, layers: TownLayers, fineness: Fineness) -> Blocks:
    blocks = build_blocks(
        layers.limit,
        layers.barriers,
        buildings=layers.buildings,
        loads=layers.loads,
        nested_in=leaves,
        load_columns=layers.load_columns,
        rule=fineness.rule,
    )
    problems = blocks.problems
    blocks = divide_given(blocks, rule=fineness.rule.merge)
    most = fineness.max_load or (fineness.band or (0.0, None))[1]
    if most is not None and fineness.load in blocks.loads:
        blocks = divide_heavy(blocks, MaxLoad(most, fineness.load), rule=fineness.rule.merge)
    told = dict.fromkeys([*problems, *blocks.problems])
    return replace(blocks, problems=tuple(problem for problem in told if problem.kind != "block-without-parent"))


def _refuse_landless(leaves: gpd.GeoDataFrame, blocks: Blocks) -> None:
    landless = np.setdiff1d(np.arange(len(leaves)), blocks.parent).tolist()
    if landless:
        raise InvalidInputError(
            Problem(
                "no-land",
                f"Grid {leaves['code'][row]} is too narrow: nothing of it is left at the precision of a millimetre.",
                "Draw it larger, or leave it out.",
                subject=str(leaves["code"][row]),
            )
            for row in landless
        )


def _buildings_with_loads(
    leaves: gpd.GeoDataFrame, layers: TownLayers
) -> tuple[gpd.GeoDataFrame | None, dict[str, FloatArray]]:
    """Return the buildings with what their grids state, and what is stated of grids that have none, NaN elsewhere."""
    stated = {load: leaves[load].to_numpy(dtype=np.float64).copy() for load in LOADS}
    if layers.buildings is None:
        return None, stated
    buildings = layers.buildings.copy()
    owner = _holding(buildings, leaves, layers.crs)
    for load in LOADS[:2]:
        if np.isnan(stated[load]).all():
            continue
        known = pd.to_numeric(buildings["households"], errors="coerce") if "households" in buildings else np.nan
        weights = np.broadcast_to(np.nan_to_num(np.asarray(known, dtype=np.float64)), len(buildings))
        values = np.zeros(len(buildings)) if load not in buildings else np.nan_to_num(buildings[load].to_numpy(float))
        for row in np.flatnonzero(~np.isnan(stated[load])).tolist():
            own = owner == row
            if own.any():
                by = weights[own] if weights[own].sum() > 0 else buildings.area.to_numpy()[own]
                values[own] = spread(float(stated[load][row]), by)
                stated[load][row] = np.nan
        buildings[load] = values
    return buildings, stated


def _holding(buildings: gpd.GeoDataFrame, leaves: gpd.GeoDataFrame, crs: CRS) -> IntArray:
    return areas_holding(buildings.geometry.to_numpy(), to_metres(leaves, crs).geometry)


def _loads(blocks: Blocks, stated: dict[str, FloatArray], *, has_buildings: bool) -> dict[str, FloatArray]:
    """Return the loads of the blocks; NaN where nothing is known."""
    loads: dict[str, FloatArray] = {}
    land = shapely.area(blocks.polygons)
    for load in LOADS:
        known = load in blocks.loads and (load != "buildings" or has_buildings)
        values = blocks.loads[load].copy() if known else np.full(len(blocks), np.nan)
        rows = () if known and load == "buildings" else np.flatnonzero(~np.isnan(stated[load])).tolist()
        for row in rows:
            own = blocks.parent == row
            values[own] = spread(float(stated[load][row]), land[own])
        loads[load] = values
    return loads


def _onto_grids(leaves: gpd.GeoDataFrame, blocks: Blocks) -> GeometryArray:
    """Return the blocks in degrees, where edges of the grids run straight: on them, not up to a millimetre beside."""
    shapes = leaves.geometry.to_numpy()
    plane = Plane.around(shapes, WGS84)
    flat = onto_lines(plane.flatten(blocks.lonlat()), shapely.get_rings(shapely.get_parts(plane.flatten(shapes))))
    return plane.restore(flat, shapes)


def _with_land(
    frame: gpd.GeoDataFrame, members: list[IntArray], polygons: GeometryArray, loads: dict[str, FloatArray]
) -> gpd.GeoDataFrame:
    """Return the grids as the unions of their blocks, parents as those of their children, with the sums of loads."""
    shapes = np.array([union_of_coverage(polygons[own], metre=DEGREE) for own in members], dtype=object)
    sums = {load: [_known_sum(values[own]) for own in members] for load, values in loads.items()}
    return frame.assign(**sums).set_geometry(shapes, crs=WGS84)


def _blocks_below(frame: gpd.GeoDataFrame, leaves: gpd.GeoDataFrame, blocks: Blocks) -> list[IntArray]:
    """Return the blocks of each grid of any level."""
    parent = dict(zip(frame["code"], frame["parent"], strict=True))
    position = {code: place for place, code in enumerate(frame["code"])}
    below: list[list[int]] = [[] for _ in range(len(frame))]
    for block, leaf in enumerate(blocks.parent.tolist()):
        code = leaves["code"][leaf]
        while code is not None and not pd.isna(code):
            below[position[code]].append(block)
            code = parent[code]
    return [np.array(own, dtype=np.int64) for own in below]


def _known_sum(values: FloatArray) -> float:
    return float("nan") if np.isnan(values).all() else float(np.nansum(values))


def _cut(leaves: gpd.GeoDataFrame, blocks: Blocks, buildings: gpd.GeoDataFrame | None) -> Sequence[Problem]:
    """Return the buildings that boundaries of the grids cut, as one warning."""
    if buildings is None:
        return []
    footprints = buildings.geometry.to_numpy()
    cut = np.flatnonzero(cut_buildings(to_metres(leaves, blocks.crs).geometry, footprints))
    if not len(cut):
        return []
    near = areas_holding(footprints[cut], blocks.polygons)
    codes = sorted(set(leaves["code"].to_numpy()[blocks.parent[near[near != NOWHERE]]].tolist()))
    named = ", ".join(codes[:_NAMED]) + (" ..." if len(codes) > _NAMED else "")
    return [
        Problem(
            "building-cut",
            f"Boundaries of the grids cut {len(cut):,} buildings, of grids {named}; each counts where its middle lies.",
            "geogrid plan check lists each of them.",
            severity="warning",
            size=len(cut),
            unit="buildings",
        )
    ]
