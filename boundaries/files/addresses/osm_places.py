"""Named places of an OpenStreetMap extract, by all their names: shops, schools, parks, stops, quarters."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from boundaries.files.osm import read_osm_layer
from geogrid.coordinates import WGS84

_KEYS: Final = (
    "amenity", "shop", "office", "leisure", "tourism", "historic", "healthcare", "craft", "public_transport", "railway",
    "place", "landuse", "building", "natural", "man_made", "aeroway", "sport", "club",
)  # fmt: skip
_NO_PLACES: Final = re.compile(
    r'"public_transport"=>"stop_position"|"railway"=>"(?:switch|signal|level_crossing|milestone)"'
)
_TAG: Final = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_OTHER_NAME: Final = re.compile(r"(?:alt|old|loc|short|official|reg|int)_name(?::\w+)?|name:[a-z]{2,3}(?:-\w+)?")


def named_places(path: Path) -> gpd.GeoDataFrame:
    """Return the named places of an extract.

    Parameters
    ----------
    path : Path
        An OpenStreetMap extract.

    Returns
    -------
    GeoDataFrame
        ``osm_id`` (n, w or r and a number), ``name``, ``aliases`` (the other names, parted by semicolons), Point.
    """
    parts = [_of_layer(path, layer) for layer in ("points", "multipolygons")]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=WGS84)


def _of_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    frame = read_osm_layer(path, layer, where="name is not null")
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    other = frame["other_tags"].fillna("").astype(str)
    is_place = other.str.contains("|".join(f'"{key}"=>' for key in _KEYS)) & ~other.str.contains(_NO_PLACES)
    for key in _KEYS:
        if key in frame:
            is_place |= frame[key].notna()
    if "boundary" in frame:
        is_place &= frame["boundary"].isna()
    chosen, tags = frame[is_place], other[is_place]
    if layer == "points":
        identity = "n" + chosen["osm_id"].astype(str)
    else:
        identity = ("r" + chosen["osm_id"]).fillna("w" + chosen["osm_way_id"])
    columns = {
        "osm_id": identity.tolist(),
        "name": chosen["name"].tolist(),
        "aliases": [";".join(_other_names(text, name)) for text, name in zip(tags, chosen["name"], strict=True)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.point_on_surface(chosen.geometry.to_numpy()), crs=WGS84)


def _other_names(tags: str, name: str) -> list[str]:
    """Return the other names that tags give, each once, in the order of the tags."""
    return list(dict.fromkeys(other for other in _values(tags) if other != name))


def _values(tags: str) -> Iterator[str]:
    for key, value in _TAG.findall(tags):
        if _OTHER_NAME.fullmatch(key):
            yield from (each.strip() for each in re.sub(r"\\(.)", r"\1", value).split(";") if each.strip())
