"""Reading polygons from whatever GDAL reads; what is unreadable is said in one sentence."""

import csv
import shutil
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from boundaries.files import gdal
from boundaries.files.arrow.parquet import MOST_WHOLE_BYTES, open_parquet
from boundaries.files.shapefile import companion, cut_short, require_encoding, settled_encoding, truncated
from boundaries.files.table_reader import open_table
from boundaries.text.cells import write_plain
from boundaries.text.delimited import LONGEST_LINE, damage
from boundaries.text.encodings import DAMAGED, NAME_ENCODING
from boundaries.text.packed import is_delimited, open_bytes
from geogrid.errors import InvalidInputError, Problem

_PARQUET_SUFFIXES = {".parquet", ".geoparquet", ".pq"}
_FOLDERS = {".kml", ".kmz"}
_FORMATS = "GeoGrid reads Shapefile, GeoPackage, GeoJSON, KML, FlatGeobuf, GeoParquet and what else GDAL knows."
_SQLITE_MAGIC = b"SQLite format 3\0"
_SQLITE_ONE_MEGABYTE_PAGES = 1
_SQLITE_LARGEST_PAGE = 65_536
_LONGEST_REASON = 200
_LISTED_LINES = 20
_CRS_SUFFIX = ".prj"


@dataclass(frozen=True, slots=True)
class GridLayer:
    """A layer as the file has it.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns and geometries; rows are numbered from 1 by the index.
    name : str
        Name of the layer.
    stated_crs : CRS or None
        What the file says.
    crs : CRS
        What counts: as given by the user, else what the file says.
    """

    frame: gpd.GeoDataFrame
    name: str
    stated_crs: CRS | None
    crs: CRS


def read_grid_layer(
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    swap_xy: bool = False,
) -> GridLayer:
    """Read the polygons of a file.

    Parameters
    ----------
    path : Path
        A file, or a folder that GDAL takes for one.
    layer : str, optional
        Which layer; needed where there are several.
    encoding : str, optional
        Of the text, for formats that do not say.
    crs : str, optional
        Counts in place of what the file says, e.g. ``"EPSG:4326"``.
    swap_xy : bool
        The file has latitude before longitude, or northing before easting.

    Raises
    ------
    InvalidInputError
        There is no such file or layer, it cannot be read whole, its text cannot be decoded, it has no geometry,
        no row, or no CRS.
    """
    _require_whole(path)
    wanted = None if crs is None else parse_crs(crs)
    if path.suffix.lower() in _PARQUET_SUFFIXES:
        frame, name = _read_parquet(path), path.stem
    elif is_delimited(path) and not _is_marked_up(path):
        with _plain_copy(path, encoding) as plain:
            frame, name = _read_layers(plain, layer, None, file_name=path.name)
    else:
        frame, name = _read_layers(path, layer, encoding, file_name=path.name)
    if not len(frame):
        raise _refusal("empty", f"{path.name} has no rows.", "Check that it is the right file and layer.")
    frame.index = range(1, len(frame) + 1)
    if swap_xy:
        frame = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs=frame.crs)
    return GridLayer(frame, name, frame.crs, _settle_crs(path, frame, wanted))


def parse_crs(name: str) -> CRS:
    """Return a CRS by the name that a user gives, or raise `InvalidInputError`."""
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise _refusal(
            "crs", f"{name!r} is no coordinate reference system.", "Write it as EPSG:4326 or EPSG:4547."
        ) from error


def has_folders(path: Path) -> bool:
    """Return whether the layers of a file are folders of one drawing, which are read all together: KML, KMZ."""
    return path.suffix.lower() in _FOLDERS


def _settle_crs(path: Path, frame: gpd.GeoDataFrame, wanted: CRS | None) -> CRS:
    if wanted is None and frame.crs is None:
        raise _refusal(
            "no-crs",
            f"{path.name} states no coordinate reference system.",
            "Name it, e.g. --crs EPSG:4326 for longitude and latitude, --crs EPSG:4547 for CGCS2000 in metres.",
        )
    settled = CRS(frame.crs) if wanted is None else wanted
    if settled.geodetic_crs is None:
        raise _refusal(
            "no-crs",
            f"{path.name} is in '{settled.name}', a local system that does not say where on the earth it is.",
            "Have it transformed to CGCS2000 by whoever made it, or name the right one with --crs.",
        )
    return settled


def _require_whole(path: Path) -> None:
    """Refuse files that are missing, empty or shorter than their header says."""
    if not path.exists():
        raise _refusal("no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder.")
    if path.is_dir():
        return
    if not path.stat().st_size:
        raise _refusal("empty", f"{path.name} is empty (0 bytes).", DAMAGED)
    problem = cut_short(path) if path.suffix.lower() == ".shp" else _sqlite_cut_short(path)
    if problem is not None:
        raise InvalidInputError([problem])


def _sqlite_cut_short(path: Path) -> Problem | None:
    with path.open("rb") as file:
        header = file.read(32)
    if not header.startswith(_SQLITE_MAGIC) or len(header) < 32:  # noqa: PLR2004 - as read
        return None
    page_bytes, pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
    promised = (_SQLITE_LARGEST_PAGE if page_bytes == _SQLITE_ONE_MEGABYTE_PAGES else page_bytes) * pages
    return truncated(path, promised) if path.stat().st_size < promised else None


def _settle_layers(path: Path, layer: str | None) -> list[str]:
    """Return the layer that is named, else the one with shapes; the folders of a KML file all together."""
    with _gdal_refusals(path):
        layers = gdal.list_layers(path) if layer is not None else gdal.layers_with_shapes(path)
    named = ", ".join(layers)
    if layer is not None and layer not in layers:
        raise _refusal("no-layer", f"{path.name} has no layer {layer!r}.", f"It has: {named}.")
    if not layers:
        raise _refusal("empty", f"{path.name} has no layer.", DAMAGED)
    if layer is not None:
        return [layer]
    if len(layers) > 1 and not has_folders(path):
        raise _refusal("which-layer", f"{path.name} has {len(layers)} layers: {named}.", "Name one with --layer.")
    return layers


def _is_marked_up(path: Path) -> bool:
    """Return whether a text is GeoJSON or XML whatever its name says: the header of a table never starts so."""
    with damage(path), open_bytes(path) as file:
        return file.read(1) in {b"{", b"<"}


@contextmanager
def _plain_copy(path: Path, encoding: str | None) -> Iterator[Path]:
    """Yield a copy of delimited text in UTF-8, unpacked, with commas and the header in its first line.

    GDAL by itself takes rows of any width, columns of one name twice and ``sep=;`` for a header, and reads neither
    UTF-16 nor most packings.

    Parameters
    ----------
    path : Path
        As `boundaries.text.packed.is_delimited` knows it; a ``.prj`` beside it says the CRS and is copied, too.
    encoding : str, optional
        Of the text; without it what its mark says, else UTF-8.

    Raises
    ------
    InvalidInputError
        As `open_table`, and with twenty of the lines that cannot be read, or have another number of cells than the
        header.
    """
    # Outlines are longer than the cells that the csv module takes by itself; lines are bounded already.
    csv.field_size_limit(LONGEST_LINE)
    with TemporaryDirectory(prefix="geogrid-") as folder:
        plain = Path(folder) / f"{path.name.partition('.')[0]}.csv"
        with open_table(path, encoding=encoding) as table, plain.open("w", encoding="utf-8", newline="") as file:
            write_plain(file, [table.columns])
            for chunk in table.chunks:
                faults = list(chunk.faults.items())[:_LISTED_LINES]
                if faults:
                    raise InvalidInputError(_unreadable(path, chunk.lines[at], fault) for at, fault in faults)
                write_plain(file, chunk.rows)
        if path.with_suffix(_CRS_SUFFIX).is_file():
            shutil.copy(path.with_suffix(_CRS_SUFFIX), plain.with_suffix(_CRS_SUFFIX))
        yield plain


def _unreadable(path: Path, number: int, fault: str) -> Problem:
    line = f"line {number}"
    return Problem(
        "unreadable",
        f"{path.name}, {line}: {fault}.",
        "Correct it; quote cells that contain the delimiter.",
        subject=line,
    )


def _read_layers(
    path: Path, layer: str | None, encoding: str | None, *, file_name: str
) -> tuple[gpd.GeoDataFrame, str]:
    names = _settle_layers(path, layer)
    frames = [_read_with_gdal(path, each, encoding) for each in names]
    if not all(isinstance(frame, gpd.GeoDataFrame) for frame in frames):
        raise _refusal("no-geometry", f"{file_name} has columns but no shapes.", _FORMATS)
    return _joined(frames), ", ".join(names)


def _joined(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [frame for frame in frames if len(frame)]
    if len(filled) <= 1:
        return filled[0] if filled else frames[0]
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=filled[0].crs)


def _read_with_gdal(path: Path, layer: str, encoding: str | None) -> gpd.GeoDataFrame:
    if encoding is None:
        encoding = settled_encoding(path, layer)
    elif not require_encoding(path, layer, encoding) and _is_read_without(path, layer):
        # Other formats have one encoding, and what is named is for those that somebody has filled otherwise.
        encoding = None
    try:
        with _gdal_refusals(path):
            expected = gdal.read_info(path, layer=layer, encoding=encoding)["features"]
            frame = gdal.read_dataframe(path, layer=layer, encoding=encoding)
    except (UnicodeDecodeError, LookupError) as error:
        stated = companion(path, ".cpg")
        said = f"--encoding {encoding}" if encoding else f"its {stated.name}" if stated else "its header"
        raise _refusal(
            "encoding", f"The text of {path.name} is not in the encoding that {said} says.", NAME_ENCODING
        ) from error
    if 0 <= expected != len(frame):
        raise _refusal("truncated", f"{path.name} promises {expected} rows and has {len(frame)}.", DAMAGED)
    return frame


def _is_read_without(path: Path, layer: str) -> bool:
    try:
        with _gdal_refusals(path):
            gdal.read_dataframe(path, layer=layer, read_geometry=False)
    except UnicodeDecodeError:
        return False
    return True


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    import pyarrow as pa

    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    try:
        file, _ = open_parquet(path, most_bytes=MOST_WHOLE_BYTES)
        file.close()
        return gpd.read_parquet(path, to_pandas_kwargs={"types_mapper": nullable.get})
    except (pa.ArrowInvalid, OSError) as error:
        raise _refusal("unreadable", f"{path.name} is damaged or no Parquet file: {_brief(error)}", DAMAGED) from error
    except (ValueError, TypeError) as error:
        raise _refusal(
            "no-geometry",
            f"{path.name} is Parquet without the geometry that GeoParquet describes.",
            "Write it with geopandas' to_parquet or GDAL's Parquet driver.",
        ) from error


@contextmanager
def _gdal_refusals(path: Path) -> Iterator[None]:
    """Turn what GDAL cannot read into a refusal; what it merely remarks on a file that it reads is no fault of it."""
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError) as error:
        if "not recognized" in str(error):
            raise _refusal(
                "unreadable", f"{path.name} is in no format that GDAL recognises, or is damaged.", _FORMATS
            ) from error
        raise _refusal("unreadable", f"{path.name} cannot be read: {_brief(error)}", DAMAGED) from error


def _brief(error: Any) -> str:
    text = " ".join(str(error).split())
    return f"{text[:_LONGEST_REASON].rstrip('.')}."


def _refusal(kind: str, message: str, remedy: str) -> InvalidInputError:
    return InvalidInputError.of(kind, message, remedy)
