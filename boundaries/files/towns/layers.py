"""The layers of a town, read from files or an OpenStreetMap extract, checked together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.files.osm import OsmExtract, read_extract
from boundaries.files.towns.sources import LayerSource, Shape, read_source
from boundaries.files.towns.streets import ranked
from geogrid.blocks.barriers import RAIL_WATER_MOTORWAY, RESIDENTIAL
from geogrid.blocks.households import estimate_households
from geogrid.coordinates import WGS84, local_crs
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import layer_in_metres, to_metres
from geogrid.geometry.overlays import union
from geogrid.types import DEDICATED_CATEGORIES

_LEVEL_COLUMNS: Final = ("levels", "building:levels", "building_levels", "floors", "storeys", "层数")
_USE_COLUMNS: Final = ("use", "building", "用途")
_LIMIT_MARGIN_M: Final = 10.0

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class TownFiles:
    """Which file holds which layer.

    Parameters
    ----------
    streets, buildings, sites, limit, nested_in, loads, estates, previous : LayerSource, optional
        One layer each. An OpenStreetMap extract serves for streets, buildings, sites and limit.
    barriers : sequence of LayerSource
        Further lines, or areas whose outline counts: rail, water, walls.
    load : str
        What is balanced.
    """

    streets: LayerSource
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
        ``name``, ``rank``, lines.
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


def read_town(files: TownFiles) -> TownLayers:
    """Read the layers of a town and bring them to the local metric CRS.

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
    streets = reading.lines(files.streets, "streets", default=RESIDENTIAL)
    further = [reading.lines(source, "barriers", default=RAIL_WATER_MOTORWAY) for source in files.barriers]
    given = [(role, shape) for role, shape in _SHAPES if getattr(files, role) is not None]
    read = [(role, reading.layer(getattr(files, role), role, shape)) for role, shape in given]
    reading.stop_at_errors()
    areas = {role: layer for role, layer in read if layer is not None}
    limit = areas.pop("limit", None)
    lines = [layer for layer in [streets, *further] if layer is not None]
    area = _limit(limit, areas, lines, reading)
    crs: CRS = area.crs
    metric = {role: reading.in_metres(role, layer, crs) for role, layer in areas.items() if len(layer)}
    barriers = pd.concat([reading.in_metres("streets", layer, crs) for layer in lines], ignore_index=True)
    _check_sites(metric.get("sites"), files, reading)
    for role, layer in {"streets": barriers, **metric}.items():
        _check_place(role, layer, area, reading)
    columns = _settle_loads(metric, files, reading)
    reading.stop_at_errors()
    return TownLayers(
        limit=area,
        barriers=barriers,
        load_columns=columns,
        problems=tuple(reading.problems),
        attribution=tuple(dict.fromkeys(extract.attribution for extract in reading.extracts.values())),
        **{role: metric.get(role) for role, _ in _SHAPES if role != "limit"},
    )


def read_lines(source: LayerSource, role: str) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return lines with ``rank`` and ``name``, from a file or an extract, and what could not be told of them.

    Raises
    ------
    InvalidInputError
        The file cannot be read.
    """
    reading = _Reading()
    lines = reading.lines(source, role, default=RESIDENTIAL)
    if lines is None:
        raise InvalidInputError(reading.problems)
    return lines, reading.problems


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
        read = self.tried(lambda: read_source(source, role, shape))
        self.problems.extend(read[1] if read else ())
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
    lonlat = [layer.geometry.to_crs(WGS84).total_bounds for layer in layers]
    west, south = np.min(lonlat, axis=0)[:2]
    east, north = np.max(lonlat, axis=0)[2:]
    crs = local_crs((west + east) / 2, float(np.clip((south + north) / 2, -80, 84)))
    if source is not None:
        given_land = union(to_metres(source, crs).geometry)
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
    return gpd.GeoSeries([shapely.convex_hull(shapely.geometrycollections(np.concatenate(drawn)))], crs=crs)


def _check_sites(sites: gpd.GeoDataFrame | None, files: TownFiles, reading: _Reading) -> None:
    if sites is None or files.sites is None:
        return
    name, known = files.sites.path.name, ", ".join(DEDICATED_CATEGORIES)
    if "category" not in sites:
        message = f"{name} has no column 'category'."
        reading.problems.append(Problem("no-column", message, f"Say what each site is: {known}."))
        return
    if "name" not in sites:
        sites["name"] = None
    unknown = sorted(set(sites["category"].astype(str)) - set(DEDICATED_CATEGORIES))
    reading.problems.extend(
        Problem("unknown-category", f"{name}: '{value}' is no category of dedicated grids.", f"Known: {known}.")
        for value in unknown
    )


def _check_place(role: str, layer: gpd.GeoDataFrame, limit: gpd.GeoSeries, reading: _Reading) -> None:
    """Refuse a layer that lies elsewhere than the limit."""
    area = shapely.buffer(limit.iloc[0], _LIMIT_MARGIN_M)
    shapely.prepare(area)
    if not shapely.intersects(area, layer.geometry.to_numpy()).any():
        boxes = [layer.geometry.to_crs(WGS84).total_bounds, limit.to_crs(WGS84).total_bounds]
        here, there = (" ".join(f"{value:.4f}" for value in box) for box in boxes)
        message = (
            f"The {role.replace('_', ' ')} lie elsewhere than the limit: {here} against {there} (w s e n, degrees)."
        )
        reading.problems.append(Problem("elsewhere", message, "Check the coordinate reference systems.", subject=role))


def _settle_loads(layers: dict[str, gpd.GeoDataFrame], files: TownFiles, reading: _Reading) -> tuple[str, ...]:
    """Return the loads that the layers have; households are estimated in place where none tells them."""
    buildings, others = layers.get("buildings"), layers.get("loads")
    tables = [layer for layer in (buildings, others) if layer is not None]
    wanted = dict.fromkeys((files.load, "households", "population"))
    columns = [name for name in wanted if name != "buildings" and any(name in table for table in tables)]
    if files.load == "buildings" and buildings is not None:
        return tuple(columns)
    if files.load not in columns and files.load == "households" and buildings is not None:
        _estimate(buildings)
        message = f"Households of {len(buildings):,} buildings were estimated from footprint, levels and use."
        remedy = "Give a column 'households', or --loads."
        reading.problems.append(Problem("households-estimated", message, remedy, severity="warning"))
        return ("households", *columns)
    if files.load not in columns:
        had = sorted({str(name) for table in tables for name in table.select_dtypes("number").columns})
        message = f"Neither the buildings nor the loads have a column '{files.load}'."
        remedy = f"They have: {', '.join([*had, 'buildings'])}." if tables else "Give --buildings or --loads."
        reading.problems.append(Problem("unknown-load", message, remedy, subject=files.load))
    return tuple(columns)


def _estimate(buildings: gpd.GeoDataFrame) -> None:
    levels = next((buildings[name] for name in _LEVEL_COLUMNS if name in buildings), None)
    use = next((buildings[name] for name in _USE_COLUMNS if name in buildings), None)
    known = (
        np.full(len(buildings), np.nan) if levels is None else pd.to_numeric(levels, errors="coerce").to_numpy(float)
    )
    uses = ["yes"] * len(buildings) if use is None else use.fillna("yes").astype(str).tolist()
    buildings["households"] = estimate_households(buildings.area.to_numpy(), known, uses)
