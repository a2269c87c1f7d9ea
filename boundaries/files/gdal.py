"""The one door to GDAL: what a file is, its content says and not its name; nothing is asked of the network.

GDAL takes a file for whatever its first bytes look like: a ``town.geojson`` that holds the description of a virtual
layer makes it read other files and other machines. So the content is looked at before GDAL is. The module has the
functions of `pyogrio` that read, under their names.
"""

import gzip
import re
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, Any, Final

import geopandas as gpd
import pandas as pd

from boundaries.files.archive import gdal_address, is_description
from boundaries.files.geojson_lines import with_texts_for_dates
from boundaries.text.delimited import damage
from boundaries.text.encodings import DAMAGED
from boundaries.text.xml import after_prolog, as_ascii, has_doctype
from geogrid.errors import InvalidInputError

_HEAD_BYTES: Final = 16_384
_MEMBERS: Final = 1_000
_LARGEST_ARCHIVE_BYTES: Final = 8 << 30
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_SQLITE: Final = b"SQLite format 3\0"
_SECONDS_FOR_VIEWS: Final = 10.0
_STEPS_BETWEEN_LOOKS: Final = 100_000

_ELSEWHERE: Final = re.compile(
    rb"<\s*(?:OGR\w*DataSource|VRT\w*|GDAL_\w+|WMS_\w+|WMTS\w*|WCS\w*|WFS\w*|Capabilities)\b|gdal_streamed_alg",
    re.IGNORECASE,
)
"""What only a description of data elsewhere has: virtual layers, web services, pipelines of algorithms."""

_XML_ROOT: Final = re.compile(rb"<(?:!DOCTYPE\s+(?=html\b)|\w+:)?(\w[\w.-]*)([^>]*)", re.IGNORECASE)
_XML_ROOTS: Final = frozenset({b"kml", b"gpx", b"osm", b"rss", b"feed"})
_GML: Final = re.compile(rb"opengis\.net/gml")
_XML_FORMATS: Final = "KML, GML, GPX or OpenStreetMap data"

_PIECE_BYTES: Final = 1 << 20
_LONGEST_SYSTEM: Final = 1_024
_ESCAPED: Final = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
_SYSTEM: Final = re.compile(rb'"crs"\s*:\s*\{(.{0,%d})' % _LONGEST_SYSTEM, re.DOTALL)
_SYSTEM_ELSEWHERE: Final = re.compile(
    rb'"(?:href|url|link)"|(?:https?|ftp)\W{3,9}(?!www\.opengis\.net)|/vsi|\./', re.IGNORECASE
)

_VIRTUAL_TABLE: Final = re.compile(r"^\s*create\s+virtual\s+table\b.*?\busing\s+(\w+)", re.IGNORECASE | re.DOTALL)
_OWN_MODULES: Final = frozenset({"rtree", "rtree_i32", "fts3", "fts4", "fts5"})
_OUTSIDE_CALL: Final = re.compile(
    r"\b(?:ogr_\w+|gdal_\w+|virtualogr|load_extension|writefile|readfile)\b", re.IGNORECASE
)


def list_layers(path: Path) -> list[str]:
    """Return the names of the layers of a file; see `read_dataframe` for what is raised."""
    import pyogrio

    with _examined(path) as safe:
        return [str(name) for name in pyogrio.list_layers(safe)[:, 0]]


def layers_with_shapes(path: Path) -> list[str]:
    """Return the layers of a file that are no mere tables; all of them where none has shapes."""
    import pyogrio

    with _examined(path) as safe:
        layers = pyogrio.list_layers(safe).tolist()
    shaped = [str(name) for name, shape in layers if shape is not None]
    return shaped or [str(name) for name, _ in layers]


def read_info(path: Path, **options: Any) -> dict[str, Any]:
    """Return what `pyogrio.read_info` does; see `read_dataframe` for what is raised."""
    import pyogrio

    with _examined(path) as safe:
        info: dict[str, Any] = pyogrio.read_info(safe, **options)
        return info


def read_dataframe(path: Path, **options: Any) -> gpd.GeoDataFrame:
    """Return a layer of a file, as `pyogrio.read_dataframe` does with the same options.

    Raises
    ------
    InvalidInputError
        There is no such file, it describes data elsewhere, or it is a database whose views do not end or call
        functions from outside.
    pyogrio.errors.DataSourceError, DataLayerError, FeatureError
        GDAL cannot read it; callers know what was expected and say it.
    """
    import pyogrio

    with _examined(path) as safe:
        frame: gpd.GeoDataFrame = pyogrio.read_dataframe(safe, **options)
        floats = [name for name in frame.columns if frame[name].dtype.kind == "f"]
        rounded = _rounded(safe, floats, options) if floats else []
        if rounded:
            exact = _whole_numbers(safe, rounded, options)
            frame = frame.assign(**{name: exact[name].array for name in rounded})
        return with_texts_for_dates(frame, path, options)


def _rounded(safe: Path | str, floats: list[str], options: dict[str, Any]) -> list[str]:
    """Return columns of whole numbers that became floats, since some of their values are missing."""
    import pyogrio

    info = pyogrio.read_info(safe, layer=options.get("layer"), encoding=options.get("encoding"))
    kinds = dict(zip(map(str, info["fields"]), map(str, info["dtypes"]), strict=True))
    return [name for name in floats if kinds.get(str(name), "").startswith("int")]


def _whole_numbers(safe: Path | str, columns: list[str], options: dict[str, Any]) -> pd.DataFrame:
    """Read columns again, as integers that may be missing."""
    import pyarrow as pa
    import pyogrio

    kinds = {pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    again = {name: options[name] for name in ("layer", "where", "skip_features", "max_features") if name in options}
    exact: pd.DataFrame = pyogrio.read_dataframe(
        safe,
        columns=columns,
        read_geometry=False,
        use_arrow=True,
        arrow_to_pandas_kwargs={"types_mapper": kinds.get},
        **again,
    )
    return exact


@contextmanager
def open_arrow(path: Path, **options: Any) -> Iterator[Any]:
    """Open a layer batch by batch, as `pyogrio.open_arrow` does; see `read_dataframe` for what is raised."""
    import pyogrio

    with _examined(path) as safe, pyogrio.open_arrow(safe, **options) as opened:
        yield opened


@contextmanager
def _examined(path: Path) -> Iterator[Path | str]:
    """Yield the address under which GDAL may read a file, after a look at what is in it."""
    _keep_to_this_machine()
    # GDAL takes what comes before a colon, or an exclamation mark, for a driver or an archive: never a bare name.
    path = path.absolute()
    if "\0" in str(path) or not path.exists():
        raise InvalidInputError.of(
            "no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder."
        )
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise InvalidInputError.of("no-file", f"{path} is a device or a pipe, and no file.", "Copy it to a file first.")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_GZIP):
        _require_data(path.name, _unpacked_head(path))
        if _is_json(_unpacked_head(path)):
            with damage(path), gzip.open(path) as file:
                _require_own_system(path.name, file)
        yield f"/vsigzip/{path}"
    elif head.startswith((_ZIP, _SQLITE)):
        found = path.stat()
        is_archive = head.startswith(_ZIP)
        _examine_whole(path, is_archive=is_archive, as_of=(found.st_mtime_ns, found.st_size))
        yield gdal_address(path) if is_archive else path
    else:
        _require_data(path.name, head)
        if _is_json(head):
            with path.open("rb") as file:
                _require_own_system(path.name, file)
        with _apart(path) if _is_gml(head) else nullcontext(path) as place:
            yield place


@cache
def _keep_to_this_machine() -> None:
    import pyogrio

    pyogrio.set_gdal_config_options(
        {
            "GML_DOWNLOAD_SCHEMA": "NO",
            "GML_SKIP_RESOLVE_ELEMS": "ALL",
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
            "GDAL_HTTP_CONNECTTIMEOUT": "1",
            "GDAL_HTTP_TIMEOUT": "1",
            # Text of a JSON file is text, also where it looks like a date: 2024-01-02 may be a code.
            "OGR_GEOJSON_DATE_AS_STRING": "YES",
        }
    )


def _require_data(name: str, head: bytes) -> None:
    """Refuse what is a description of data elsewhere, and XML of no known kind."""
    text = as_ascii(head)
    if _ELSEWHERE.search(text):
        raise InvalidInputError.of(
            "data-elsewhere",
            f"{name} holds no data of its own: it describes a virtual layer, a pipeline or a web service.",
            "GeoGrid reads files only. Export the layer itself, e.g. as a GeoPackage.",
        )
    if text.lstrip().startswith(b"<"):
        root = _XML_ROOT.match(after_prolog(text))
        if root is None:
            _require_no_doctype(name, text)
        known = root is not None and (root[1].lower() in _XML_ROOTS or _GML.search(root[2]) is not None)
        if not known:
            element = root[1].decode("ascii", "replace") if root else "nothing"
            raise InvalidInputError.of(
                "unreadable",
                f"{name} is XML that begins with <{element}>: that is no {_XML_FORMATS}.",
                "Export the layer as a GeoPackage.",
            )


def _require_own_system(name: str, file: IO[bytes] | gzip.GzipFile) -> None:
    """Refuse JSON whose coordinate reference system is told elsewhere: GDAL would ask there."""
    text = b""
    while piece := file.read(_PIECE_BYTES):
        text = text[-_LONGEST_SYSTEM:] + piece
        for found in _SYSTEM.finditer(_ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), text)):
            told = found[1]
            if _SYSTEM_ELSEWHERE.search(told) or (b"}" not in told and len(told) == _LONGEST_SYSTEM):
                raise InvalidInputError.of(
                    "data-elsewhere",
                    f"{name} says by an address, and not by a name, which coordinate reference system it has (crs).",
                    "Delete that member, and say the system with --crs, e.g. EPSG:4490.",
                )


def _require_no_doctype(name: str, text: bytes) -> None:
    if has_doctype(text):
        raise InvalidInputError.of(
            "doctype",
            f"{name} is XML that declares a type of document (DOCTYPE), and may take in other files by it.",
            "Delete that line, or export the layer as a GeoPackage.",
        )


def _is_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _is_gml(head: bytes) -> bool:
    text = as_ascii(head).lstrip()
    return text.startswith(b"<") and _GML.search(text) is not None


@contextmanager
def _apart(path: Path) -> Iterator[Path]:
    """Yield a link to a file in a folder of its own: GDAL writes what it found out about GML beside it."""
    with tempfile.TemporaryDirectory(prefix="geogrid-") as folder:
        for beside in (path, path.with_suffix(".xsd")):
            if beside.exists():
                (Path(folder) / beside.name).symlink_to(beside.resolve())
        yield Path(folder) / path.name


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise InvalidInputError.of("unreadable", f"{path.name} is damaged: {error}.", DAMAGED) from error


@lru_cache(maxsize=64)
def _examine_whole(path: Path, *, is_archive: bool, as_of: tuple[int, int]) -> None:  # noqa: ARG001 - the key
    """Look through an archive or a database once for all its layers, as long as time and size of the file stay."""
    (_examine_archive if is_archive else _examine_database)(path)


def _examine_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            size = sum(member.file_size for member in members)
            if len(members) > _MEMBERS or size > _LARGEST_ARCHIVE_BYTES:
                raise InvalidInputError.of(
                    "too-large",
                    f"{path.name} holds {len(members):,} files of {size / 1e9:,.1f} GB in all; "
                    f"{_MEMBERS:,} files and {_LARGEST_ARCHIVE_BYTES / 1e9:,.1f} GB are the most.",
                    "Unpack it, and give the file that is meant.",
                )
            for member in members:
                with archive.open(member) as file:
                    head = file.read(_HEAD_BYTES)
                if is_description(member.filename):
                    continue
                named = f"{member.filename} in {path.name}"
                if _ELSEWHERE.search(as_ascii(head)):
                    _require_data(named, head)
                _require_no_doctype(named, as_ascii(head))
                if _is_json(head):
                    with archive.open(member) as file:
                        _require_own_system(named, file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidInputError.of(
            "unreadable", f"{path.name} is a damaged or locked archive: {error}.", DAMAGED
        ) from error


def _examine_database(path: Path) -> None:
    """Refuse a database with views that do not end, or that reaches outside itself."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            rows = connection.execute("select type, name, coalesce(sql, '') from sqlite_master").fetchall()
            for _, name, sql in rows:
                module = _VIRTUAL_TABLE.match(sql)
                if _OUTSIDE_CALL.search(sql) or (module and module[1].lower() not in _OWN_MODULES):
                    raise InvalidInputError.of(
                        "data-elsewhere",
                        f"{path.name} reaches outside itself: {name} is no table but a call of another program.",
                        "Export the layer as a GeoPackage of its own.",
                    )
            views = [str(name) for kind, name, _ in rows if kind == "view"]
            _require_end(path, connection, views)
    except sqlite3.DatabaseError as error:
        raise InvalidInputError.of("unreadable", f"{path.name} is damaged: {error}.", DAMAGED) from error


def _require_end(path: Path, connection: sqlite3.Connection, views: list[str]) -> None:
    end = time.monotonic() + _SECONDS_FOR_VIEWS
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
    for view in views:
        quoted = view.replace('"', '""')
        try:
            connection.execute(f'select count(*) from "{quoted}"').fetchone()  # noqa: S608 - quoted, and read only
        except sqlite3.OperationalError as error:
            if time.monotonic() <= end:
                # A view of functions that GDAL has and this does not, or of tables that are gone: GDAL says which.
                continue
            raise InvalidInputError.of(
                "endless",
                f"{path.name}: the view {view} has not ended after {_SECONDS_FOR_VIEWS:g} s.",
                "Export the view as a table of its own.",
            ) from error
