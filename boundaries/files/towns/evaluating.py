"""Grids of any origin read from files, to be evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files.towns.layers import read_lines
from boundaries.files.towns.sources import LayerSource, read_source
from geogrid.blocks import NOWHERE, Barriers, Blocks, Site, ready_blocks
from geogrid.blocks.assembly import areas_holding, beside_water
from geogrid.blocks.barriers import LIMIT
from geogrid.blocks.land_loads import AREA, STREETS, StreetMetres, carry_streets
from geogrid.blocks.water import wide_water
from geogrid.coordinates import WGS84, local_crs
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import layer_in_metres
from geogrid.geometry.overlays import union
from geogrid.geometry.rings import Area
from geogrid.partition import Partition, partition_of
from geogrid.types import DEDICATED_CATEGORIES, GeometryArray, IntArray

_LOAD_COLUMNS: Final = ("load", *LOADS)


@dataclass(frozen=True, slots=True)
class GridSource:
    """Where the grids and what they are measured by are.

    Parameters
    ----------
    grids : LayerSource
        Polygons; a column ``kind`` tells dedicated grids and parents, ``code`` names them.
    blocks : LayerSource, optional
        What the grids are made of, with ``grid`` (the code) or without (where a point inside each lies).
    streets, buildings, limit, nested_in, previous : LayerSource, optional
        For the boundary, the buildings cut, the gaps, the nesting, and what moved.
    barriers : sequence of LayerSource
        Further lines, e.g. water.
    load : str, optional
        Column of grids or blocks; by default the first of load, households, population, buildings.
    band : tuple of float
        Limits of the load.
    """

    grids: LayerSource
    blocks: LayerSource | None = None
    streets: LayerSource | None = None
    buildings: LayerSource | None = None
    limit: LayerSource | None = None
    nested_in: LayerSource | None = None
    previous: LayerSource | None = None
    barriers: Sequence[LayerSource] = ()
    load: str | None = None
    band: tuple[float, float] = (0.0, float("inf"))


@dataclass(frozen=True, slots=True)
class GridPartition:
    """Grids as a partition.

    Parameters
    ----------
    partition : Partition
        Of their blocks, or of their parts where no blocks are known.
    codes : (k,) tuple of str
        Code of each grid.
    limit : Polygon or MultiPolygon or None
        What they should tile.
    previous : (n,) int64 or None
        Earlier grid of each block.
    parents : (p,) Polygon or MultiPolygon or None
        Areas that no grid is to straddle.
    problems : tuple of Problem
        What was left out or mended.
    """

    partition: Partition
    codes: tuple[str, ...]
    limit: Area | None
    previous: IntArray | None
    parents: GeometryArray | None
    problems: tuple[Problem, ...]


def read_partition(source: GridSource) -> GridPartition:
    """Read grids and what they are measured by, in the local metric CRS.

    Raises
    ------
    InvalidInputError
        A file that cannot be read, no column of the load, blocks in no grid.

    Notes
    -----
    Without blocks each separate piece of a grid is taken as one block; its boundary is compared with that of its
    neighbours vertex by vertex, so grids that were drawn one by one have few shared edges, and their gaps and overlaps
    show instead.

    Water is known from an extract, and from areas among the lines; where it is wide, shores that no street joins are
    apart, and water without load decides no shape, as in `geogrid.blocks.water`.
    """
    problems: list[Problem] = []
    grids = _leaves(_read(source.grids, "grids", problems))
    west, south, east, north = grids.geometry.to_crs(WGS84).total_bounds
    crs = local_crs((west + east) / 2, float(np.clip((south + north) / 2, -80, 84)))
    grids = _in_metres(grids, "grids", crs, problems)
    codes = _codes(grids)
    parts, owner = _parts(source, grids, codes, problems)
    lines, water = _lines(source, crs, problems)
    barriers = None
    if lines is not None:
        barriers = Barriers(lines.geometry.to_numpy(), lines["rank"].to_numpy(dtype=np.int64))
        if source.load == STREETS:
            streets = lines.geometry.to_numpy()[carry_streets(lines)]
            parts[STREETS] = StreetMetres.of(streets).on(parts.geometry.to_numpy())
    if source.load == AREA:
        parts[AREA] = parts.area
    load = _load_column(source, parts)
    areas = _shapes(source.nested_in, "nested_in", crs, problems)
    if barriers is not None and areas is not None:
        outlines = shapely.get_rings(shapely.get_parts(areas))
        barriers = barriers.beside(outlines, np.full(len(outlines), LIMIT))
    blocks = ready_blocks(parts, load_columns=[load], barriers=barriers)
    blocks = _with_kinds(blocks, grids, owner)
    if lines is not None:
        blocks = beside_water(blocks, wide_water(water, lines, lines.geometry.to_numpy()))
    buildings = _shapes(source.buildings, "buildings", crs, problems)
    if buildings is not None:
        blocks = replace(blocks, ground=replace(blocks.ground, buildings=buildings))
    if areas is not None:
        blocks = replace(blocks, parent=areas_holding(blocks.polygons, areas))
    former = _shapes(source.previous, "grids", crs, problems)
    limit = _shapes(source.limit, "limit", crs, problems)
    found = partition_of(blocks, owner, load=load, band=source.band)
    # The grids are numbered anew; the code of each is that of any of its blocks.
    first = np.unique(found.grid, return_index=True)[1]
    return GridPartition(
        partition=found,
        codes=tuple(codes[owner[block]] for block in first.tolist()),
        limit=None if limit is None else union(limit),
        previous=None if former is None else areas_holding(blocks.polygons, former),
        parents=areas,
        problems=tuple(problems),
    )


def _read(source: LayerSource, role: str, problems: list[Problem]) -> gpd.GeoDataFrame:
    frame, told = read_source(source, role, "areas")
    problems.extend(told)
    return frame


def _lines(source: GridSource, crs: CRS, problems: list[Problem]) -> tuple[gpd.GeoDataFrame | None, GeometryArray]:
    """Return all lines, and the areas of water in their files."""
    given = [("streets", source.streets)] if source.streets is not None else []
    read = []
    for role, file in [*given, *(("barriers", file) for file in source.barriers)]:
        lines, water, told = read_lines(file, role, crs)
        read.append((lines, water.geometry.to_numpy()))
        problems.extend(told)
    if not read:
        return None, np.empty(0, dtype=object)
    return pd.concat([lines for lines, _ in read], ignore_index=True), np.concatenate([water for _, water in read])


def _shapes(source: LayerSource | None, role: str, crs: CRS, problems: list[Problem]) -> GeometryArray | None:
    if source is None:
        return None
    frame = _in_metres(_read(source, role, problems), role.replace("_", " "), crs, problems)
    shapes: GeometryArray = (_leaves(frame) if role == "grids" else frame).geometry.to_numpy()
    return shapes


def _in_metres(frame: gpd.GeoDataFrame, role: str, crs: CRS, problems: list[Problem]) -> gpd.GeoDataFrame:
    moved, told = layer_in_metres(frame, crs, role)
    problems.extend(told)
    return moved


def _leaves(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the grids that no other grid is within."""
    if "kind" not in grids:
        return grids
    found: gpd.GeoDataFrame = grids[(grids["kind"] != "parent").to_numpy()]
    return found


def _codes(grids: gpd.GeoDataFrame) -> list[str]:
    codes = grids["code"].astype(str).tolist() if "code" in grids else [str(row) for row in grids.index]
    repeated = sorted({code for code in codes if codes.count(code) > 1}) if len(set(codes)) < len(codes) else []
    if repeated:
        told = ", ".join(map(repr, repeated[:5]))
        raise InvalidInputError.of(
            "repeated-code", f"{len(repeated)} codes are borne by several grids: {told}.", "Make each code unique."
        )
    return codes


def _parts(
    source: GridSource, grids: gpd.GeoDataFrame, codes: Sequence[str], problems: list[Problem]
) -> tuple[gpd.GeoDataFrame, IntArray]:
    """Return the blocks, or the pieces of the grids, and the row of the grid of each."""
    if source.blocks is None:
        pieces = grids.explode(ignore_index=False)
        owner = grids.index.get_indexer(pieces.index)
        pieces = pieces.reset_index(drop=True)
        # A grid has its load once, however many pieces it is in: each has a share by its land.
        area = shapely.area(pieces.geometry.to_numpy())
        share = area / np.bincount(owner, weights=area)[owner]
        for name in pieces.select_dtypes("number"):
            pieces[name] *= share
        return pieces, owner.astype(np.int64)
    blocks = _read(source.blocks, "blocks", problems)
    blocks = _in_metres(blocks, "blocks", CRS(grids.crs), problems).reset_index(drop=True)
    if "grid" in blocks:
        row = {code: number for number, code in enumerate(codes)}
        owner = blocks["grid"].astype(str).map(row).fillna(NOWHERE).to_numpy(dtype=np.int64)
    else:
        owner = areas_holding(blocks.geometry.to_numpy(), grids.geometry.to_numpy())
    lost = np.flatnonzero(owner == NOWHERE)
    if len(lost):
        raise InvalidInputError.of(
            "block-without-grid",
            f"{len(lost):,} of {len(blocks):,} blocks lie in no grid; the first is row {lost[0] + 1}.",
            "Give the blocks that these grids were made of.",
        )
    return blocks, owner


def _load_column(source: GridSource, parts: gpd.GeoDataFrame) -> str:
    if source.load is not None and source.load not in parts:
        known = ", ".join(map(str, parts.select_dtypes("number").columns)) or "none"
        raise InvalidInputError.of(
            "unknown-load",
            f"There is no column '{source.load}'.",
            f"Columns with numbers: {known}.",
            subject=source.load,
        )
    found = source.load or next((name for name in _LOAD_COLUMNS if name in parts), None)
    if found is None:
        parts["grids"] = 1.0
        return "grids"
    return found


def _with_kinds(blocks: Blocks, grids: gpd.GeoDataFrame, owner: IntArray) -> Blocks:
    """Return the blocks with those of dedicated grids marked; these are exempt from the band."""
    if "kind" not in grids or not (grids["kind"] == "dedicated").any():
        return blocks
    dedicated = np.flatnonzero((grids["kind"] == "dedicated").to_numpy())
    number = np.full(len(grids), NOWHERE)
    number[dedicated] = np.arange(len(dedicated))
    category = grids["category"] if "category" in grids else pd.Series("other", index=grids.index)
    known = [name if name in DEDICATED_CATEGORIES else "other" for name in category.iloc[dedicated]]
    sites = tuple(Site(str(name), kind) for name, kind in zip(grids.index[dedicated], known, strict=True))
    return replace(blocks, site=number[owner], sites=sites)
