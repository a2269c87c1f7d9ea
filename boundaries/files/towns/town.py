"""A town, whole: all that planners work on, as one value; what `geogrid partition` writes and imports read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from boundaries.files import gdal
from boundaries.files.towns.dividing import DividedTown, Wishes
from boundaries.files.towns.layers import TownLayers
from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.plans.state import KNOWN_LOADS
from geogrid.types import LevelName

FORMAT: Final = 1
"""Of the layer ``town``; raised where a reader of today could not understand it."""

LOADS: Final = ("households", "population", "buildings")
BARRIER_COLUMNS: Final = ("name", "kind", "rank")
BUILDING_COLUMNS: Final = ("name", "households")
SITE_COLUMNS: Final = ("name", "category")
SITE_GRID_COLUMNS: Final = ("grid", "grid_kind")
"""Of the leaf that a site is in, as it was cut."""
_SITE_TEXTS: Final = ("name", *SITE_GRID_COLUMNS)

_NEEDED: Final = ("town", "grids", "blocks", "limit", "streets")


@dataclass(frozen=True, slots=True)
class Town:
    """A town with its grids; every layer in EPSG:4326.

    Parameters
    ----------
    limit : GeoSeries
        One row.
    barriers : GeoDataFrame
        ``name``, ``kind``, ``rank``, LineString.
    buildings : GeoDataFrame
        ``name``, ``households`` (NaN where unknown), Polygon or MultiPolygon; no rows where none are known.
    sites : GeoDataFrame
        ``name``, ``category``, any geometry; ``grid`` and ``grid_kind`` (code and kind of the leaf that each is in).
    grids : GeoDataFrame
        Every level: ``code``, ``name``, ``kind``, ``category``, ``level`` (1 is the top), ``parent``, loads.
    blocks : GeoDataFrame
        ``grid`` (code of a leaf), loads, Polygon.
    levels : sequence of LevelName
        Top first.
    load : str
        What the band balances.
    band : tuple of float, optional
        Limits of the load of a comprehensive leaf.
    attribution : sequence of str
        Lines that every map shows.
    problems : sequence of Problem
        What was found on the way; not part of the town.
    """

    limit: gpd.GeoSeries
    barriers: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    levels: Sequence[LevelName]
    load: str = "households"
    band: tuple[float, float] | None = None
    attribution: Sequence[str] = ()
    problems: Sequence[Problem] = field(default=(), compare=False)

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        """Return what a file of the town holds besides ``grids``, ``blocks`` and ``problems``, by name of the layer."""
        return {
            "limit": gpd.GeoDataFrame(geometry=self.limit),
            "streets": self.barriers,
            "buildings": self.buildings,
            "sites": self.sites,
            "town": _described(self),
        }


def town_of(layers: TownLayers, divided: DividedTown, wishes: Wishes, levels: Sequence[LevelName] = ()) -> Town:
    """Return the town that was cut.

    Parameters
    ----------
    layers : TownLayers
        What it was cut from.
    divided : DividedTown
        Its grids.
    wishes : Wishes
        What they were to be.
    levels : sequence of LevelName
        Names in English and Chinese, by level; without them, those of the scheme.
    """
    drawn = divided.layers()
    chinese = {level.name: level.name_zh for level in levels}
    return Town(
        limit=gpd.GeoSeries(to_lonlat(layers.limit.to_numpy(), layers.crs), crs=WGS84),
        barriers=only(layers.barriers, BARRIER_COLUMNS, {"name": "", "kind": "highway"}),
        buildings=only(layers.buildings, BUILDING_COLUMNS, {"name": "", "households": float("nan")}),
        sites=only(divided.sites(layers.sites), (*SITE_COLUMNS, *SITE_GRID_COLUMNS), dict.fromkeys(_SITE_TEXTS, "")),
        grids=drawn["grids"],
        blocks=drawn["blocks"],
        levels=[LevelName(name, chinese.get(name, "")) for name in divided.tree.level_names],
        load=wishes.load,
        band=wishes.scheme[-1].band,
        attribution=layers.attribution,
        problems=divided.problems,
    )


def with_known_load(town: Town) -> Town:
    """Return a town whose load is one that plans know; another is kept as the first of them that is free.

    A column such as ``unitsres`` becomes ``households``, or ``population`` where households are counted besides, and
    that is told. Nothing else of the town changes.

    Raises
    ------
    InvalidInputError
        Both are counted besides.
    """
    if town.load in KNOWN_LOADS:
        return town
    tables = {"grids": town.grids, "blocks": town.blocks}
    free = [load for load in LOADS[:2] if not any(load in table and table[load].any() for table in tables.values())]
    if not free:
        raise InvalidInputError.of(
            "unknown-load",
            f"Plans balance {', '.join(KNOWN_LOADS)}, not '{town.load}', and the files have households and "
            "population besides.",
            "Balance one of these, or leave one of the columns out: its place is taken for yours.",
            subject=town.load,
        )
    renamed = {
        name: table.drop(columns=free[0], errors="ignore").rename(columns={town.load: free[0]})
        for name, table in tables.items()
    }
    told = Problem(
        "load-renamed",
        f"'{town.load}' is kept as {free[0]}: plans balance {', '.join(KNOWN_LOADS)}.",
        f"Name the column {free[0]} if you want no warning.",
        severity="warning",
        subject=town.load,
    )
    return replace(town, **renamed, load=free[0], problems=(*town.problems, told))


def read_cut_town(path: Path) -> Town:
    """Return the town of a GeoPackage that `geogrid partition` wrote.

    Raises
    ------
    InvalidInputError
        Layers are missing, or it was written by a newer GeoGrid.
    """
    import pyogrio

    try:
        names = set(gdal.list_layers(path))
    except pyogrio.errors.DataSourceError as error:
        raise InvalidInputError.of("unreadable", f"{path.name} cannot be read: {error}.", "Check the file.") from error
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InvalidInputError.of(
            "not-a-town",
            f"{path.name} has no layer {', '.join(missing)}: it is no town that `geogrid partition --out` wrote.",
            "Give the files of the town one by one, with --streets, --buildings, --grids.",
        )
    facts = _facts(path)
    layers = {name: gdal.read_dataframe(path, layer=name) for name in names - {"town", "problems"}}
    return Town(
        limit=layers["limit"].geometry,
        barriers=only(layers["streets"], BARRIER_COLUMNS, {"name": "", "kind": "highway"}),
        buildings=only(layers.get("buildings"), BUILDING_COLUMNS, {"name": "", "households": float("nan")}),
        sites=only(layers.get("sites"), (*SITE_COLUMNS, *SITE_GRID_COLUMNS), dict.fromkeys(_SITE_TEXTS, "")),
        # Of an exported plan, rows have the numbers of the store that they come from.
        grids=layers["grids"].drop(columns="id", errors="ignore"),
        blocks=layers["blocks"].drop(columns="id", errors="ignore"),
        levels=[LevelName(level["name"], level["name_zh"]) for level in facts["levels"]],
        load=facts["load"],
        band=None if facts["band"] is None else (facts["band"][0], facts["band"][1]),
        attribution=tuple(facts["attribution"]),
    )


def is_cut_town(path: Path) -> bool:
    """Return whether a file is a GeoPackage with a layer ``town``."""
    import pyogrio

    if path.suffix.lower() != ".gpkg" or not path.is_file():
        return False
    try:
        return "town" in gdal.list_layers(path)
    except pyogrio.errors.DataSourceError:
        return False


def _facts(path: Path) -> dict[str, Any]:
    table = gdal.read_dataframe(path, layer="town", read_geometry=False)
    facts: dict[str, Any] = json.loads(str(table["facts"].iloc[0]))
    if facts["format"] > FORMAT:
        raise InvalidInputError.of(
            "newer-format",
            f"{path.name} was written by a newer GeoGrid (format {facts['format']}; this one reads up to {FORMAT}).",
            "Use the newer GeoGrid.",
        )
    return facts


def _described(town: Town) -> gpd.GeoDataFrame:
    facts = {
        "format": FORMAT,
        "levels": [{"name": level.name, "name_zh": level.name_zh} for level in town.levels],
        "load": town.load,
        "band": None if town.band is None else list(town.band),
        "attribution": list(town.attribution),
    }
    text = json.dumps(facts, ensure_ascii=False)
    return gpd.GeoDataFrame({"facts": pd.Series([text], dtype="str")}, geometry=gpd.GeoSeries([None], crs=WGS84))


def only(layer: gpd.GeoDataFrame | None, columns: Sequence[str], missing: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return the columns of a layer in EPSG:4326; what it does not say has the value for what is missing."""
    if layer is None:
        return gpd.GeoDataFrame({name: [] for name in columns}, geometry=gpd.GeoSeries([], crs=WGS84))
    crs = CRS(layer.crs)
    # Straight edges of the metric layers that a town was cut from stay straight; what is in degrees stays as it is.
    geometry = layer.geometry.to_numpy() if crs == WGS84 else to_lonlat(layer.geometry.to_numpy(), crs)
    layer = layer.reset_index(drop=True)
    values = {}
    for name in columns:
        column = layer[name] if name in layer else pd.Series(missing[name], index=layer.index)
        values[name] = column.fillna(missing[name]) if name in missing else column
    return gpd.GeoDataFrame(values, geometry=geometry, crs=WGS84)
