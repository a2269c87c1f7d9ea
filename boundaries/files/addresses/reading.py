"""A file of addresses as the frame that the gazetteer takes: CSV, any layer of GDAL's, an OpenStreetMap extract."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from boundaries.addresses.storing import LADDER
from boundaries.files.addresses.osm_places import named_places
from boundaries.files.osm import is_extract, read_extract
from boundaries.files.table_reader import read_frame
from boundaries.text.delimited import is_delimited
from geogrid.coordinates import WGS84, metric_crs, to_wgs84
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import CoordType

_WORDS = (*LADDER, "aliases")
_KEPT = (*_WORDS, "osm_id", "error_m")


def read_addresses(
    path: Path, *, columns: Mapping[str, str], layer: str | None = None, coord_type: CoordType = "wgs84"
) -> gpd.GeoDataFrame:
    """Return the addresses of a file as points in WGS 84 with the columns of the gazetteer.

    Parameters
    ----------
    path : Path
        CSV with ``lon`` and ``lat``, a layer that GDAL reads (areas and lines stand for a point on them), or an
        OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.gz``): its addresses, named places and named streets.
    columns : mapping of str to str
        Our column to the file's, where they differ: ``{"street": "addr_street"}``.
    layer : str, optional
        Of a file with several.
    coord_type : str
        Datum of the file.

    Raises
    ------
    InvalidInputError
        The file cannot be read, or columns that are named are missing: all are listed.
    """
    if is_extract(path):
        return _of_extract(path)
    table = _of_table(path, columns) if is_delimited(path) else _of_layer(path, layer)
    renamed = {theirs: ours for ours, theirs in columns.items() if ours in _WORDS}
    missing = [theirs for theirs in renamed if theirs not in table]
    if missing:
        raise InvalidInputError(
            Problem(
                "no-column", f"{path.name} has no column {name!r}; it has {', '.join(table.columns)}.", subject=name
            )
            for name in missing
        )
    frame = table.rename(columns=renamed)
    points = gpd.GeoSeries(shapely.point_on_surface(frame.geometry.to_numpy()), crs=frame.crs).to_crs(WGS84)
    lon, lat = to_wgs84(points.x, points.y, coord_type)
    words = frame[[name for name in _KEPT if name in frame]].reset_index(drop=True)
    return gpd.GeoDataFrame(words, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)


def read_codes(path: Path, *, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the ``code`` and ``name`` of a CSV that has these and no points; no rows of any other file."""
    nothing = pd.DataFrame({"code": [], "name": []}, dtype=str)
    if not is_delimited(path):
        return nothing
    table = read_frame(path).rename(columns={theirs: ours for ours, theirs in columns.items()})
    is_list = {"code", "name"} <= set(table) and {"lon", "lat"}.isdisjoint(table)
    return table[["code", "name"]] if is_list else nothing


def _of_table(path: Path, columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    table = read_frame(path)
    lon, lat = (columns.get(name, name) for name in ("lon", "lat"))
    missing = [name for name in (lon, lat) if name not in table]
    if missing:
        raise InvalidInputError.of(
            "no-column",
            f"{path.name} has no column {' and '.join(missing)}; it has {', '.join(table.columns)}.",
            "Name them, e.g. --column lon=x --column lat=y.",
        )
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in (lon, lat)}
    points = gpd.points_from_xy(numbers[lon], numbers[lat])
    points[(numbers[lon].isna() | numbers[lat].isna()).to_numpy()] = None
    return gpd.GeoDataFrame(table, geometry=points, crs=WGS84)


def _of_layer(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    import pyogrio

    options: dict[str, Any] = {} if layer is None else {"layer": layer}
    try:
        frame: gpd.GeoDataFrame = pyogrio.read_dataframe(path, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InvalidInputError.of("unreadable", f"{path.name} cannot be read: {error}.") from error
    if frame.crs is None:
        raise InvalidInputError.of("no-crs", f"{path.name} states no coordinate reference system.", "Assign one to it.")
    return frame


def _of_extract(path: Path) -> gpd.GeoDataFrame:
    """Return the addresses of an extract, its named places, and the middle of each named street."""
    extract = read_extract(path)
    lines = extract.barriers[(extract.barriers["kind"] == "highway") & extract.barriers["name"].astype(bool)]
    streets = lines[lines["name"].notna()].to_crs(metric_crs(extract.limit)).dissolve("name")
    middles = gpd.GeoSeries(shapely.point_on_surface(streets.geometry.to_numpy()), crs=streets.crs).to_crs(WGS84)
    keys = [f"street {name}" for name in streets.index]
    named = gpd.GeoDataFrame({"osm_id": keys, "street": list(streets.index)}, geometry=middles.to_numpy(), crs=WGS84)
    places = named_places(path)
    addresses = extract.addresses.to_crs(WGS84).merge(places[["osm_id", "aliases"]], on="osm_id", how="left")
    others = places[~places["osm_id"].isin(addresses["osm_id"])]
    joined = pd.concat([addresses, named, others], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=WGS84)
