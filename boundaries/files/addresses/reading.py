"""A file of addresses as the frame that the gazetteer takes: any table or layer, or an OpenStreetMap extract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from boundaries.addresses.rules import LADDER, address_faults
from boundaries.files.addresses.layouts import FULL, Layout, recognise
from boundaries.files.addresses.opening import AddressFile
from boundaries.files.addresses.osm_places import named_places
from boundaries.files.addresses.splitting import split_addresses
from boundaries.files.columns import missing_columns, text_or_none, why_no_number
from boundaries.files.osm import read_extract
from boundaries.files.osm_files import is_extract
from boundaries.files.polygons import parse_crs, read_grid_layer
from boundaries.files.table_reader import is_table, open_table
from geogrid.coordinates import WGS84, metric_crs, to_wgs84, transformer_between
from geogrid.coverage.zones import datum_doubt_of_points
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import CoordType, FloatArray

_WORDS: Final = (*LADDER, "aliases")
_KEPT: Final = (*_WORDS, "osm_id", "error_m")
_SAYING: Final = ("street", "name", "estate", "community", "town", FULL)


@dataclass(frozen=True, slots=True)
class AddressRows:
    """Rows as read.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of the gazetteer, points in WGS 84 or None; rows count from 0.
    faults : list of list of str
        What is wrong with each row; none for a good one.
    header : tuple of str
        Columns of the file, and longitude and latitude where a layer has them in its shapes.
    cells : list of list of str
        Rows as they were.
    lines : list of int
        Where each stands in the file.
    layout : Layout or None
        Which column was taken for what; None for an extract.
    notes : tuple of str
        Sentences on what was found and settled.
    """

    frame: gpd.GeoDataFrame
    faults: list[list[str]]
    header: tuple[str, ...]
    cells: list[list[str]]
    lines: list[int]
    layout: Layout | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    """Rows of a table or layer before anything is made of them."""

    header: tuple[str, ...]
    cells: list[list[str]]
    lines: list[int]
    faults: dict[int, str]
    xy: FloatArray | None
    crs: CRS
    notes: tuple[str, ...]


def read_addresses(
    path: Path, *, columns: Mapping[str, str], layer: str | None = None, coord_type: CoordType = "wgs84"
) -> gpd.GeoDataFrame:
    """Return all addresses of a file as points in WGS 84 with the columns of the gazetteer; see `AddressFile`.

    Raises
    ------
    InvalidInputError
        As `read_address_file`, and where a row is no address.
    """
    if is_extract(path):
        return _of_extract(path)
    rows = read_address_file(AddressFile(path, columns, layer=layer, coord_type=coord_type))
    if any(rows.faults):
        raise InvalidInputError(
            Problem("bad-address", f"{path.name}, line {line}: {'; '.join(wrong)}.", "Correct it or leave it out.")
            for line, wrong in zip(rows.lines, rows.faults, strict=True)
            if wrong
        )
    return rows.frame


def read_address_file(file: AddressFile) -> AddressRows:
    """Return the rows of a file, each with what is wrong with it.

    Raises
    ------
    InvalidInputError
        The file cannot be read whole, columns that are named are missing (all are listed), or none holds a point or
        anything of an address.
    """
    if is_extract(file.path):
        return _whole(_of_extract(file.path))
    raw = _of_table(file) if is_table(file.path) else _of_layer(file)
    layout = recognise(raw.header, file.columns)
    _require_columns(file, raw, layout)
    faults = [[raw.faults[which]] if which in raw.faults else [] for which in range(len(raw.cells))]
    xy = _points(raw, layout, faults) if raw.xy is None else raw.xy
    frame = _frame(raw, layout, _lonlat(xy, raw.crs, file.coord_type))
    for wrong, fault in zip(faults, address_faults(frame), strict=True):
        if fault and not wrong:
            wrong.append(f"it has {fault}")
    header, cells = raw.header, raw.cells
    if raw.xy is not None:
        header, cells = _with_points(header, cells, xy)
    doubt = datum_doubt_of_points(raw.crs, xy)
    notes = raw.notes if doubt is None else (*raw.notes, f"{doubt.message} {doubt.remedy}")
    return AddressRows(frame, faults, header, cells, raw.lines, layout, notes)


def read_codes(file: AddressFile) -> pd.DataFrame:
    """Return the ``code`` and ``name`` of a table that has these and no points; no rows of any other file."""
    nothing = pd.DataFrame({"code": [], "name": []}, dtype=str)
    if is_extract(file.path) or not is_table(file.path):
        return nothing
    with open_table(file.path, encoding=file.encoding, sheet=file.sheet) as table:
        layout = recognise(table.columns, file.columns)
        if not {"code", "name"} <= set(layout.columns) or {"lon", "lat"} & set(layout.columns):
            return nothing
        at = [table.columns.index(layout.columns[name]) for name in ("code", "name")]
        rows = [[chunk.column(place) for place in at] for chunk in table.chunks]
    columns = [[cell for each in rows for cell in each[which]] for which in range(len(at))]
    return pd.DataFrame(dict(zip(("code", "name"), columns, strict=True)), dtype=str)


def _whole(frame: gpd.GeoDataFrame) -> AddressRows:
    """Return the rows of an extract, all of whose addresses have a place and a name."""
    words = [name for name in _KEPT if name in frame]
    texts = [frame[name].fillna("").astype(str).tolist() for name in words]
    cells = [list(row) for row in zip(*texts, strict=True)]
    xy = frame.geometry.get_coordinates().to_numpy()
    faults: list[list[str]] = [[] for _ in cells]
    for wrong, fault in zip(faults, address_faults(frame), strict=True):
        wrong.extend([f"it has {fault}"] if fault else [])
    header, cells = _with_points(tuple(words), cells, xy)
    return AddressRows(frame, faults, header, cells, list(range(1, len(frame) + 1)), None)


def _of_table(file: AddressFile) -> _Raw:
    cells: list[list[str]] = []
    lines: list[int] = []
    faults: dict[int, str] = {}
    wanted = tuple(file.columns.values())
    with open_table(file.path, encoding=file.encoding, sheet=file.sheet, wanted=wanted) as table:
        for chunk in table.chunks:
            faults |= {len(cells) + which: fault for which, fault in chunk.faults.items()}
            cells += chunk.rows
            lines += chunk.lines
    crs = parse_crs(file.crs) if file.crs else WGS84
    return _Raw(table.columns, cells, lines, faults, None, crs, table.notes)


def _of_layer(file: AddressFile) -> _Raw:
    layer = read_grid_layer(file.path, layer=file.layer, encoding=file.encoding, crs=file.crs)
    frame = layer.frame
    names = tuple(str(name) for name in frame.columns if name != frame.geometry.name)
    texts = [[text or "" for text in text_or_none(frame[name])] for name in names]
    cells = [list(row) for row in zip(*texts, strict=True)] if names else [[] for _ in range(len(frame))]
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    return _Raw(names, cells, frame.index.tolist(), {}, xy, layer.crs, ())


def _require_columns(file: AddressFile, raw: _Raw, layout: Layout) -> None:
    name, columns = file.path.name, raw.header
    problems = list(missing_columns([("--column", theirs) for theirs in file.columns.values()], columns, name))
    lacking = [each for each in ("lon", "lat") if raw.xy is None and each not in layout.columns]
    if lacking and not problems:
        message = f"{name} has no column {' and '.join(lacking)}; it has {', '.join(columns)}."
        problems.append(Problem("no-column", message, "Name them, e.g. --column lon=x --column lat=y."))
    if not problems and not set(_SAYING) & set(layout.columns):
        message = f"{name} has no column with streets, names or whole addresses; it has {', '.join(columns)}."
        problems.append(Problem("no-column", message, "Name one, e.g. --column street=road, or name=label."))
    if problems:
        raise InvalidInputError(problems)


def _points(raw: _Raw, layout: Layout, faults: list[list[str]]) -> FloatArray:
    xy = np.full((len(raw.cells), 2), np.nan)
    for axis, ours in enumerate(("lon", "lat")):
        at = raw.header.index(layout.columns[ours])
        texts = [row[at].strip() if at < len(row) else "" for row in raw.cells]
        values = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
        for which in np.flatnonzero(~np.isfinite(values)).tolist():
            if texts[which] and which not in raw.faults:
                faults[which].append(f"{layout.columns[ours]} {texts[which]!r} {why_no_number(texts[which])}")
        xy[:, axis] = values
    return xy


def _lonlat(xy: FloatArray, crs: CRS, coord_type: CoordType) -> FloatArray:
    lon, lat = xy[:, 0].copy(), xy[:, 1].copy()
    lon[~np.isfinite(xy).all(axis=1)] = np.nan
    if not crs.equals(WGS84, ignore_axis_order=True):
        lon, lat = transformer_between(crs, WGS84).transform(lon, lat)
    if coord_type != "wgs84":
        lon, lat = to_wgs84(lon, lat, coord_type)
    return np.column_stack([lon, lat])


def _frame(raw: _Raw, layout: Layout, lonlat: FloatArray) -> gpd.GeoDataFrame:
    def texts(theirs: str) -> list[str]:
        at = raw.header.index(theirs)
        return [row[at].strip() if at < len(row) else "" for row in raw.cells]

    words = {ours: texts(theirs) for ours, theirs in layout.columns.items() if ours in _WORDS}
    words |= {name: texts(name) for name in ("osm_id", "error_m") if name in raw.header}
    if FULL in layout.columns:
        words |= split_addresses(texts(layout.columns[FULL]), words)
    points = np.asarray(gpd.points_from_xy(lonlat[:, 0], lonlat[:, 1]), dtype=object)
    points[~np.isfinite(lonlat).all(axis=1)] = None
    return gpd.GeoDataFrame(words, geometry=points, crs=WGS84)


def _with_points(
    header: tuple[str, ...], cells: Sequence[list[str]], xy: FloatArray
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return rows of a layer as those of a table, so that they can be corrected and imported as one."""
    places = [[repr(value) if np.isfinite(value) else "" for value in row] for row in xy.tolist()]
    kept = [at for at, name in enumerate(header) if name not in {"lon", "lat"}]
    rows = [[*(row[at] for at in kept), *place] for row, place in zip(cells, places, strict=True)]
    return (*(header[at] for at in kept), "lon", "lat"), rows


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
