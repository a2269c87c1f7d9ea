"""What blocks are made from: barriers, buildings and loads, brought to one metric CRS."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geogrid.blocks.barriers import LIMIT, NO_BARRIER
from geogrid.blocks.gaps import GapRule, close_gaps, join_ends
from geogrid.blocks.limits import segments_of
from geogrid.blocks.water import NO_WATER, Water
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

NOWHERE = -1
_PLACES = 100


@dataclass(frozen=True, slots=True)
class LoadPoints:
    """Where loads are: buildings at a point inside them, lots and points likewise.

    Parameters
    ----------
    points : (q,) Point
        Metres.
    columns : mapping of str to (q,) float64
        Loads at each point, e.g. ``households``, ``buildings``.
    """

    points: GeometryArray
    columns: Mapping[str, FloatArray]

    def owners(self, polygons: GeometryArray) -> IntArray:
        """Return the polygon of each point, -1 for none; on a shared edge the one with the smaller index."""
        owner = np.full(len(self.points), len(polygons), dtype=np.int64)
        point, polygon = shapely.STRtree(polygons).query(self.points, predicate="intersects")
        np.minimum.at(owner, point, polygon)
        owner[owner == len(polygons)] = NOWHERE
        return owner

    def holding(self, polygons: GeometryArray, *, but: Collection[str]) -> BoolArray:
        """Return which polygons have a building or any load, but for some columns."""
        owner = self.owners(polygons)
        loaded = np.sum([values > 0 for name, values in self.columns.items() if name not in but], axis=0) > 0
        holding: BoolArray = np.zeros(len(polygons), dtype=np.bool_)
        holding[owner[(owner != NOWHERE) & loaded]] = True
        return holding

    def occupied(self, polygons: GeometryArray) -> BoolArray:
        """Return which polygons have a building."""
        owner = self.owners(polygons)
        has_building: BoolArray = np.zeros(len(polygons), dtype=np.bool_)
        has_building[owner[(owner != NOWHERE) & (self.columns["buildings"] > 0)]] = True
        return has_building


@dataclass(frozen=True, slots=True)
class Barriers:
    """Lines with their rank, metres."""

    lines: GeometryArray
    ranks: IntArray

    def ranked_from(self, least: int, below: int = LIMIT + 1) -> "Barriers":
        """Return the lines of the ranks from `least` up to `below`, without the latter."""
        chosen = (self.ranks >= least) & (self.ranks < below)
        return Barriers(self.lines[chosen], self.ranks[chosen])

    def beside(self, lines: GeometryArray, ranks: IntArray) -> "Barriers":
        """Return the lines with further ones."""
        return Barriers(np.concatenate([self.lines, lines]), np.concatenate([self.ranks, ranks]))

    def with_gaps_closed(
        self, area: shapely.Geometry, obstacles: GeometryArray, limits: GeometryArray, *, rule: GapRule
    ) -> "ClosedGaps":
        """Return the lines with loose ends joined to each other and continued to lines and the limit.

        A continuation ranks as its line, a link between ends as the lower of its lines; see `geogrid.blocks.gaps`.
        """
        joined = join_ends(self.lines, area, obstacles=obstacles, limits=limits, rule=rule)
        links, line = close_gaps(self.lines, area, obstacles=obstacles, rule=rule)
        ranks = np.concatenate([self.ranks[joined.sides].min(axis=1), self.ranks[line]])
        first = np.unique(joined.crossing, return_index=True)[1]
        return ClosedGaps(
            barriers=self.beside(np.concatenate([joined.links, links]), ranks),
            crossings=shapely.points(shapely.get_coordinates(joined.links).reshape(-1, 2, 2)[first, 0]),
            links=joined.links,
            led_on=links,
        )


@dataclass(frozen=True, slots=True)
class ClosedGaps:
    """Barriers after their loose ends were joined and led on.

    Parameters
    ----------
    barriers : Barriers
        The lines as given, then links and continuations.
    crossings : (c,) Point
        Where ends were joined to each other.
    links, led_on : (m,) LineString
        From end to end, and from an end to a line or the limit.
    """

    barriers: Barriers
    crossings: GeometryArray
    links: GeometryArray
    led_on: GeometryArray

    def problems(self, crs: CRS, rule: GapRule) -> tuple[Problem, ...]:
        """Return what was closed: how much in all, and the places where ends were joined."""
        if not len(self.links) + len(self.led_on):
            return ()
        longest = float(shapely.length(self.links).max(initial=0.0))
        whole = Problem(
            "gaps-closed",
            f"{len(self.crossings):,} crossings where street ends stop up to {longest:.1f} m from each other were "
            f"closed (up to {rule.to_end_m:g} m), and {len(self.led_on):,} loose ends were led on to the next line "
            f"(up to {rule.to_line_m:g} m) or the limit (up to {rule.to_limit_m:g} m).",
            "Join the lines in the file of streets if this is not meant.",
            severity="warning",
            size=float(len(self.links) + len(self.led_on)),
            unit="gaps",
        )
        places = shapely.get_coordinates(to_lonlat(self.crossings[:_PLACES], crs)).tolist()
        return (
            whole,
            *(
                Problem(
                    "gap-closed", "Street ends were joined here.", severity="warning", lonlat=(float(lon), float(lat))
                )
                for lon, lat in places
            ),
        )


NO_BARRIERS = Barriers(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Ground:
    """Everything that blocks are made from and that their later cutting needs again.

    Parameters
    ----------
    crs : CRS
        Projected, metres; of all geometry here.
    barriers : Barriers
        Lines that may bound blocks.
    buildings : (b,) Polygon or MultiPolygon
        Footprints in the order given.
    load_points : LoadPoints
        Loads; the first b points are those of the buildings.
    limits : (l,) LineString
        Outlines of the limit and of the parents, which blocks meet exactly.
    weak : Barriers
        Lines that bound no block, but divide one that is too heavy: tracks, paths, fences, ditches.
    water : Water
        Wide water, which parts its shores.
    problems : tuple of Problem
        What was mended, closed or guessed; every set of blocks made from it tells these.
    parent_names : tuple of str
        What the parents are called, in their order; empty where that is not known.
    """

    crs: CRS
    barriers: Barriers
    buildings: GeometryArray
    load_points: LoadPoints
    limits: GeometryArray = field(default_factory=lambda: np.empty(0, dtype=object))
    weak: Barriers = field(default_factory=lambda: NO_BARRIERS)
    water: Water = NO_WATER
    problems: tuple[Problem, ...] = ()
    parent_names: tuple[str, ...] = ()

    @cached_property
    def edges(self) -> Barriers:
        """Every line that a boundary may follow: barriers, weak ones, and the limits."""
        known = self.barriers.beside(self.weak.lines, self.weak.ranks)
        # Piece by piece: the box of a whole outline holds every other line.
        outlines = segments_of(self.limits)
        return known.beside(outlines, np.full(len(outlines), LIMIT))


@dataclass(frozen=True, slots=True)
class MaxLoad:
    """How much of a load a block may hold; heavier ones are divided between buildings.

    Parameters
    ----------
    most : float
        The limit, above 0.
    load : str
        What is limited.
    least : float
        Pieces of at least so much are wanted where they can be had: the lower end of the band.
    """

    most: float
    load: str = "households"
    least: float = 0.0


def ranked_barriers(barriers: gpd.GeoDataFrame, geometry: GeometryArray, area: shapely.Geometry) -> Barriers:
    """Return the barriers that reach the area, as single lines; `geometry` is theirs in metres."""
    if "rank" not in barriers:
        raise InvalidInputError.of("no-rank", "The barriers have no column 'rank'.", "Give each line a rank of 0 to 9.")
    ranks = barriers["rank"].to_numpy(dtype=np.int64)
    lines, owner = shapely.get_parts(geometry, return_index=True)
    ranks = ranks[owner]
    shapely.prepare(area)
    kept = (ranks > NO_BARRIER) & shapely.intersects(lines, area)
    return Barriers(lines[kept], ranks[kept])


@dataclass(frozen=True, slots=True)
class LoadLayer:
    """A layer with loads, and its geometry in metres."""

    table: gpd.GeoDataFrame
    geometry: GeometryArray


def load_points_of(buildings: LoadLayer | None, others: LoadLayer | None, *, columns: Sequence[str]) -> LoadPoints:
    """Return the loads of buildings, then of further points or lots, each at a point inside it.

    Parameters
    ----------
    buildings, others : LoadLayer, optional
        Layers with load columns.
    columns : sequence of str
        Loads to read where a layer has them; a missing value counts as 0. ``buildings`` is counted besides.

    Raises
    ------
    InvalidInputError
        A load that is negative or infinite, or no number.
    """
    layers = [layer for layer in (buildings, others) if layer is not None]
    points = [shapely.point_on_surface(layer.geometry) for layer in layers]
    tables = [layer.table for layer in layers]
    present = [name for name in columns if any(name in table for table in tables)]
    values = {name: np.concatenate([_numbers(table, name) for table in tables]) for name in present}
    count = sum(map(len, tables))
    values["buildings"] = (np.arange(count) < (0 if buildings is None else len(buildings.table))).astype(np.float64)
    return LoadPoints(np.concatenate(points) if points else np.empty(0, dtype=object), values)


def _numbers(layer: gpd.GeoDataFrame, name: str) -> FloatArray:
    if name not in layer:
        return np.zeros(len(layer))
    read = pd.to_numeric(layer[name], errors="coerce")
    values: FloatArray = read.fillna(0).to_numpy(dtype=np.float64)
    unread = ~is_blank(layer[name]) & read.isna().to_numpy()
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0) | unread)
    if len(bad):
        raise InvalidInputError(
            Problem(
                "bad-load",
                f"Row {layer.index[row]}: {name} is {_written(layer[name].iloc[row])}; "
                "a load is a number of 0 or more.",
                "Correct it or leave it empty.",
                subject=str(layer.index[row]),
            )
            for row in bad.tolist()
        )
    return values


def is_blank(column: "pd.Series[Any]") -> BoolArray:
    """Return where a column says nothing: null, or text without a character that is seen; shape (n,)."""
    blank: BoolArray = column.isna().to_numpy(dtype=np.bool_, copy=True)
    if not pd.api.types.is_numeric_dtype(column):
        blank |= (column.astype(str).str.strip() == "").to_numpy(dtype=np.bool_)
    return blank


def _written(value: object) -> str:
    """Return a value of a table as a reader knows it: numpy's types are no matter of theirs."""
    return repr(value.item() if isinstance(value, np.generic) else value)
