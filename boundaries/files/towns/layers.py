"""The layers of a town, read from files or an OpenStreetMap extract, checked together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files.osm import OsmExtract, read_extract
from boundaries.files.towns.loads import counted_once, settle_loads
from boundaries.files.towns.parents import parent_problems
from boundaries.files.towns.sites import settle_sites
from boundaries.files.towns.sources import LayerSource, Shape, read_source
from boundaries.files.towns.streets import ranked
from geogrid.blocks.barriers import RAIL_WATER_MOTORWAY, RESIDENTIAL
from geogrid.blocks.shores import within_banks
from geogrid.coordinates import WGS84, local_crs
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import layer_in_metres, to_metres
from geogrid.geometry.overlays import union

_LIMIT_MARGIN_M: Final = 10.0
_MAY_BE_EMPTY: Final = frozenset({"buildings", "sites", "loads", "estates"})
_NO_LAND: Final = Problem("no-land", "Nothing that was given covers any land to divide.", "Give an area with --limit.")
_MERIDIAN: Final = Problem(
    "meridian",
    "The layers lie on both sides of the 180th meridian: no limit can be stored across it.",
    "Cut the town in two there, and make each side a jurisdiction; or check the coordinates.",
)
_WATER_KINDS: Final = ("waterway", "bank")

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class TownFiles:
    """Which file holds which layer.

    Parameters
    ----------
    streets, buildings, sites, limit, nested_in, loads, estates, previous : LayerSource, optional
        One layer each. An OpenStreetMap extract serves for streets, buildings, sites and limit. Only grids that are
        drawn already do without streets.
    barriers : sequence of LayerSource
        Further lines, or areas whose outline counts: rail, water, walls.
    load : str
        What is balanced.
    """

    streets: LayerSource | None = None
    buildings: LayerSource | None = None
    sites: LayerSource | None = None
    limit: LayerSource | None = None
    nested_in: LayerSource | None = None
    loads: LayerSource | None = None
    estates: LayerSource | None = None
    previous: LayerSource | None = None
    barriers: Sequence[LayerSource] = ()
    load: str = "households"

    def paths(self) -> list[Path]:
        """Return every file that is read."""
        roles = [self.streets, *self.barriers, *(getattr(self, role) for role, _ in _SHAPES)]
        return [source.path for source in roles if source is not None]


@dataclass(frozen=True, slots=True)
class TownLayers:
    """The layers of a town, in one metric CRS.

    Parameters
    ----------
    limit : GeoSeries
        One row.
    barriers : GeoDataFrame
        ``name``, ``rank``, ``kind``, lines.
    water : GeoDataFrame, optional
        Areas of water: those of an extract, and those that a file of barriers holds as areas.
    buildings, sites, nested_in, loads, estates, previous : GeoDataFrame, optional
        As `geogrid.build_blocks`, `geogrid.partition.carve_dedicated` and `geogrid.partition.partition` take
        them.
    load_columns : tuple of str
        Loads that the buildings or the loads have.
    problems : tuple of Problem
        Warnings: what was left out, mended or guessed.
    attribution : tuple of str
        To be shown with the result.
    """

    limit: gpd.GeoSeries
    barriers: gpd.GeoDataFrame
    water: gpd.GeoDataFrame | None
    buildings: gpd.GeoDataFrame | None
    sites: gpd.GeoDataFrame | None
    nested_in: gpd.GeoDataFrame | None
    loads: gpd.GeoDataFrame | None
    estates: gpd.GeoDataFrame | None
    previous: gpd.GeoDataFrame | None
    load_columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    attribution: tuple[str, ...]

    @property
    def crs(self) -> CRS:
        """CRS of every layer, metres."""
        return CRS(self.limit.crs)


def read_town(files: TownFiles, land: gpd.GeoSeries | None = None) -> TownLayers:
    """Read the layers of a town and bring them to the local metric CRS.

    Parameters
    ----------
    files : TownFiles
        Where they are.
    land : GeoSeries, optional
        What grids cover that are drawn already: it is the limit, and buildings and loads may be missing.

    Raises
    ------
    InvalidInputError
        With every problem of every file: unreadable, of the wrong kind, elsewhere than the limit, without the load.

    Notes
    -----
    Without a limit the areas to nest in are united, else the area of the extract counts, else the convex hull of
    streets and buildings. Households that no column tells are estimated by `geogrid.blocks.households`.
    """
    reading = _Reading()
    streets = None if files.streets is None else reading.lines(files.streets, "streets", default=RESIDENTIAL)
    further = [reading.lines(source, "barriers", default=RAIL_WATER_MOTORWAY) for source in files.barriers]
    given = [(role, shape) for role, shape in _SHAPES if getattr(files, role) is not None]
    read = [(role, reading.layer(getattr(files, role), role, shape)) for role, shape in given]
    reading.stop_at_errors()
    areas = {role: layer for role, layer in read if layer is not None}
    limit = areas.pop("limit", None) if land is None else gpd.GeoDataFrame(geometry=land)
    lines = [layer for layer in [streets, *further] if layer is not None]
    area = _limit(limit, areas, lines, reading)
    crs: CRS = area.crs
    metric = {role: reading.in_metres(role, layer, crs) for role, layer in areas.items() if len(layer)}
    barriers = _joined([reading.in_metres("streets", layer, crs) for layer in lines], crs)
    if "sites" in metric and files.sites is not None:
        metric["sites"], problems = settle_sites(metric["sites"], files.sites.path.name)
        reading.problems.extend(problems)
    if "buildings" in metric:
        metric["buildings"], problems = counted_once(metric["buildings"])
        reading.problems.extend(problems)
    if "nested_in" in metric:
        reading.problems.extend(parent_problems(metric["nested_in"], area))
    for role, layer in {"streets": barriers, **metric}.items():
        if len(layer):
            _check_place(role, layer, area, reading)
    columns, problems = settle_loads(metric, files.load)
    reading.problems.extend(problem for problem in problems if land is None or problem.kind != "unknown-load")
    reading.stop_at_errors()
    return TownLayers(
        limit=area,
        barriers=barriers,
        water=_water(reading, barriers),
        load_columns=columns,
        problems=tuple(reading.problems),
        attribution=tuple(dict.fromkeys(extract.attribution for extract in reading.extracts.values())),
        **{role: metric.get(role) for role, _ in _SHAPES if role != "limit"},
    )


def read_lines(source: LayerSource, role: str, crs: CRS) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Problem]]:
    """Return lines with ``rank``, ``kind`` and ``name``, the areas of water in their file, and what is to be told.

    Parameters
    ----------
    source : LayerSource
        A file or an extract.
    role : {"streets", "barriers"}
        What they are.
    crs : CRS
        Metric; of what is returned.

    Raises
    ------
    InvalidInputError
        The file cannot be read.
    """
    reading = _Reading()
    default = RESIDENTIAL if role == "streets" else RAIL_WATER_MOTORWAY
    lines = reading.lines(source, role, default=default)
    if lines is None:
        raise InvalidInputError(reading.problems)
    lines = reading.in_metres(role, lines, crs)
    water = _water(reading, lines)
    return lines, gpd.GeoDataFrame(geometry=[], crs=crs) if water is None else water, reading.problems


_SHAPES: Final[tuple[tuple[str, Shape], ...]] = (
    ("buildings", "areas"),
    ("sites", "places"),
    ("limit", "areas"),
    ("nested_in", "areas"),
    ("loads", "places"),
    ("estates", "areas"),
    ("previous", "areas"),
)


@dataclass(slots=True)
class _Reading:
    """Problems found so far, so that all files are told of at once; extracts are read once."""

    problems: list[Problem] = field(default_factory=list)
    extracts: dict[Path, OsmExtract] = field(default_factory=dict)

    def lines(self, source: LayerSource, role: str, *, default: int) -> gpd.GeoDataFrame | None:
        """Return ranked lines, or None where they cannot be read."""
        if source.is_osm:
            return self._of_extract(source, "barriers")
        frame = self.layer(source, role, "lines")
        if frame is None:
            return None
        read = self.tried(lambda: ranked(frame, source.path.name, default=default))
        self.problems.extend(read[1] if read else ())
        return read[0] if read else None

    def layer(self, source: LayerSource, role: str, shape: Shape) -> gpd.GeoDataFrame | None:
        """Return a layer, or None where it cannot be read."""
        if source.is_osm:
            return self._of_extract(source, role)
        before = len(self.problems)
        read = self.tried(lambda: read_source(source, role, shape))
        self.problems.extend(read[1] if read else ())
        if role in _MAY_BE_EMPTY:
            self.problems[before:] = [
                replace(problem, severity="warning") if problem.kind == "empty" else problem
                for problem in self.problems[before:]
            ]
        return read[0] if read else None

    def in_metres(self, role: str, layer: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
        """Return a layer in a metric CRS; what was mended there or is of no use is told."""
        moved, problems = layer_in_metres(layer, crs, role.replace("_", " "))
        self.problems.extend(problems)
        return moved

    def tried(self, read: Callable[[], Read]) -> Read | None:
        """Return what `read` returns; its refusal is kept for the end."""
        try:
            return read()
        except InvalidInputError as error:
            self.problems.extend(error.problems)
            return None

    def _of_extract(self, source: LayerSource, role: str) -> gpd.GeoDataFrame | None:
        if source.path not in self.extracts:
            extract = self.tried(lambda: read_extract(source.path))
            if extract is None:
                return None
            self.extracts[source.path] = extract
            self.problems.extend(extract.problems)
        extract = self.extracts[source.path]
        if role == "limit":
            return gpd.GeoDataFrame(geometry=extract.limit)
        if role not in ("barriers", "buildings", "sites"):
            message = f"{source.path.name}: an OpenStreetMap extract has no {role.replace('_', ' ')}."
            self.problems.append(Problem("no-layer", message, "Give another file."))
            return None
        found: gpd.GeoDataFrame = getattr(extract, role)
        return found

    def stop_at_errors(self) -> None:
        """Refuse with every problem if one is an error."""
        if any(problem.severity == "error" for problem in self.problems):
            raise InvalidInputError(dict.fromkeys(self.problems))


def _joined(lines: Sequence[gpd.GeoDataFrame], crs: CRS) -> gpd.GeoDataFrame:
    if not lines:
        columns = {"name": [], "kind": [], "rank": np.empty(0, dtype=np.int64)}
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs))
    return pd.concat(lines, ignore_index=True)


def _limit(
    given: gpd.GeoDataFrame | None,
    areas: dict[str, gpd.GeoDataFrame],
    lines: Sequence[gpd.GeoDataFrame],
    reading: _Reading,
) -> gpd.GeoSeries:
    """Return the limit in the CRS that surveyors use there."""
    source = given if given is not None else areas.get("nested_in")
    if source is None and reading.extracts:
        source = gpd.GeoDataFrame(geometry=next(iter(reading.extracts.values())).limit)
    layers: Iterable[gpd.GeoDataFrame] = [source] if source is not None else [*lines, *areas.values()]
    boxes = np.array([layer.geometry.to_crs(WGS84).total_bounds for layer in layers if len(layer)])
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        raise InvalidInputError([*reading.problems, _NO_LAND])
    west, south = boxes.min(axis=0)[:2]
    east, north = boxes.max(axis=0)[2:]
    if east - west > 180:  # noqa: PLR2004 - half the globe
        raise InvalidInputError([*reading.problems, _MERIDIAN])
    crs = local_crs((west + east) / 2, float(np.clip((south + north) / 2, -80, 84)))
    if source is not None:
        given_land = union(to_metres(source, crs).geometry)
        if not given_land.area:
            raise InvalidInputError([*reading.problems, _NO_LAND])
        return gpd.GeoSeries([given_land], crs=crs)
    reading.problems.append(
        Problem(
            "limit-guessed",
            "No limit was given; the convex hull of streets and buildings is divided.",
            "Give one with --limit.",
            severity="warning",
        )
    )
    drawn = [to_metres(layer, crs).geometry for layer in [*lines, *areas.values()]]
    hull = shapely.convex_hull(shapely.geometrycollections(np.concatenate(drawn)))
    if not shapely.area(hull):
        raise InvalidInputError([*reading.problems, _NO_LAND])
    return gpd.GeoSeries([hull], crs=crs)


def _water(reading: _Reading, barriers: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the areas of water of the extracts, and those whose outlines are in files of barriers."""
    crs = CRS(barriers.crs)
    layers = [extract.water.geometry for extract in reading.extracts.values() if len(extract.water)]
    shapes = [to_metres(layer, crs).geometry for layer in layers]
    if not reading.extracts:
        outlines = barriers.geometry.to_numpy()[barriers["kind"].isin(_WATER_KINDS).to_numpy()]
        shapes.append(within_banks(outlines))
    areas = np.concatenate([np.empty(0, dtype=object), *shapes])
    areas = areas[~shapely.is_empty(areas)]
    return gpd.GeoDataFrame(geometry=areas, crs=crs) if len(areas) else None


def _check_place(role: str, layer: gpd.GeoDataFrame, limit: gpd.GeoSeries, reading: _Reading) -> None:
    """Refuse a layer that lies elsewhere than the limit."""
    area = shapely.buffer(limit.iloc[0], _LIMIT_MARGIN_M)
    shapely.prepare(area)
    if len(layer) and not shapely.intersects(area, layer.geometry.to_numpy()).any():
        boxes = [layer.geometry.to_crs(WGS84).total_bounds, limit.to_crs(WGS84).total_bounds]
        here, there = (" ".join(f"{value:.4f}" for value in box) for box in boxes)
        message = (
            f"The {role.replace('_', ' ')} lie elsewhere than the limit: {here} against {there} (w s e n, degrees)."
        )
        reading.problems.append(Problem("elsewhere", message, "Check the coordinate reference systems.", subject=role))
