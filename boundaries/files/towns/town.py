"""A town, whole: all that planners work on, as one value; what `geogrid partition` writes and imports read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from boundaries.files.towns.dividing import DividedTown, Wishes
from boundaries.files.towns.layers import TownLayers
from boundaries.jurisdictions.reading import LevelName
from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_lonlat

FORMAT: Final = 1
"""Of the layer ``town``; raised where a reader of today could not understand it."""

LOADS: Final = ("households", "population", "buildings")
BARRIER_COLUMNS: Final = ("name", "kind", "rank")
BUILDING_COLUMNS: Final = ("name", "households")
SITE_COLUMNS: Final = ("name", "category")

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
        ``name``, ``category``, any geometry.
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
        barriers=_only(layers.barriers, BARRIER_COLUMNS, {"name": "", "kind": "highway"}),
        buildings=_only(layers.buildings, BUILDING_COLUMNS, {"name": "", "households": float("nan")}),
        sites=_only(layers.sites, SITE_COLUMNS, {"name": ""}),
        grids=drawn["grids"],
        blocks=drawn["blocks"],
        levels=[LevelName(name, chinese.get(name, "")) for name in divided.tree.level_names],
        load=wishes.load,
        band=wishes.scheme[-1].band,
        attribution=layers.attribution,
        problems=divided.problems,
    )


def read_cut_town(path: Path) -> Town:
    """Return the town of a GeoPackage that `geogrid partition` wrote.

    Raises
    ------
    InvalidInputError
        Layers are missing, or it was written by a newer GeoGrid.
    """
    import pyogrio

    try:
        names = {str(name) for name, _ in pyogrio.list_layers(path)}
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
    layers = {name: pyogrio.read_dataframe(path, layer=name) for name in names - {"town", "problems"}}
    return Town(
        limit=layers["limit"].geometry,
        barriers=_only(layers["streets"], BARRIER_COLUMNS, {"name": "", "kind": "highway"}),
        buildings=_only(layers.get("buildings"), BUILDING_COLUMNS, {"name": "", "households": float("nan")}),
        sites=_only(layers.get("sites"), SITE_COLUMNS, {"name": ""}),
        grids=layers["grids"],
        blocks=layers["blocks"],
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
        return any(str(name) == "town" for name, _ in pyogrio.list_layers(path))
    except pyogrio.errors.DataSourceError:
        return False


def _facts(path: Path) -> dict[str, Any]:
    import pyogrio

    table = pyogrio.read_dataframe(path, layer="town", read_geometry=False)
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


def _only(layer: gpd.GeoDataFrame | None, columns: Sequence[str], missing: Mapping[str, Any]) -> gpd.GeoDataFrame:
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
