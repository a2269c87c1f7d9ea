"""Files of polygons that a browser sends: only what they claim to be, unpacked within limits, columns found by name."""

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

import orjson

from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.importing import GridFile
from boundaries.files.polygons import read_grid_layer
from geogrid.errors import InvalidInputError

_CODES: Final = (
    "code",
    "grid_code",
    "gridcode",
    "grid_id",
    "gridid",
    "grid",
    "wgbm",
    "bianma",
    "编码",
    "网格编码",
    "网格代码",
    "网格编号",
    "id",
    "objectid",
    "fid",
)
_PARENTS: Final = ("parent", "parent_code", "parentcode", "up", "上级编码", "上级", "社区编码")
_NAMES: Final = ("name", "grid_name", "gridname", "名称", "网格名称")
_SHAPE_PARTS: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_MOST_UNPACKED: Final = 500_000_000
_SQLITE: Final = b"SQLite format 3\0"
_WHAT: Final = "Send GeoJSON (.geojson, .json), a GeoPackage (.gpkg) or a zipped Shapefile (.zip)."


def grid_file_of(folder: Path, name: str, content: bytes, *, code: str = "", parents: str = "") -> GridFile:
    """Return a file that was sent, written to a folder, as imports read it.

    Parameters
    ----------
    folder : Path
        Empty; of this file alone.
    name : str
        As the browser calls it; only its ending counts.
    content : bytes
        The file.
    code : str
        Column of the codes; found by its name, if empty.
    parents : str
        Columns of the codes above, the nearest first, parted by commas; one is found by its name, if empty.

    Raises
    ------
    InvalidInputError
        There is no file, it is none of the three kinds, or no column looks like codes.
    """
    path = _written(folder, name, content)
    columns = [str(column) for column in read_grid_layer(path).frame.columns]
    found = code or _first(columns, _CODES)
    if found is None:
        raise InvalidInputError.of(
            "no-code",
            f"No column of the file looks like codes. It has: {', '.join(columns)[:300]}.",
            "Name the one that holds them.",
            subject="code",
        )
    above = [part.strip() for part in parents.replace("，", ",").split(",") if part.strip()]
    guessed = None if above else _first(columns, _PARENTS)
    named = _first(columns, _NAMES)
    fields = GridFields(code=found, name=named, parents=tuple(above or filter(None, [guessed])))
    return GridFile(path, fields)


def _first(columns: Sequence[str], words: Sequence[str]) -> str | None:
    folded = {column.casefold(): column for column in reversed(columns)}
    return next((folded[word] for word in words if word in folded), None)


def _written(folder: Path, name: str, content: bytes) -> Path:
    # GDAL looks into a file to see what it is, and some kinds name other files or addresses: it gets these three only.
    if not content:
        raise InvalidInputError.of("no-file", "There is no file in the form, or it is empty.", _WHAT, subject="file")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in {".geojson", ".json"}:
        return _geojson(folder, content)
    if suffix == ".gpkg" and content.startswith(_SQLITE):
        path = folder / "grids.gpkg"
        path.write_bytes(content)
        return path
    if suffix == ".zip" and zipfile.is_zipfile(BytesIO(content)):
        return _shapefile(folder, content)
    raise InvalidInputError.of(
        "no-format", f"{name[:80]!r} is no file of grids that is read here.", _WHAT, subject="file"
    )


def _geojson(folder: Path, content: bytes) -> Path:
    try:
        read = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise InvalidInputError.of("no-format", f"The file is no JSON: {error}.", _WHAT, subject="file") from error
    if not isinstance(read, dict) or read.get("type") != "FeatureCollection":
        raise InvalidInputError.of("no-format", "The file is no FeatureCollection of GeoJSON.", _WHAT, subject="file")
    path = folder / "grids.geojson"
    kept = {member: read[member] for member in ("type", "crs", "features") if member in read}
    path.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    return path


def _shapefile(folder: Path, content: bytes) -> Path:
    with zipfile.ZipFile(BytesIO(content)) as packed:
        parts = [each for each in packed.infolist() if PurePosixPath(each.filename).suffix.lower() in _SHAPE_PARTS]
        shapes = [each for each in parts if each.filename.lower().endswith(".shp")]
        if len(shapes) != 1:
            raise InvalidInputError.of(
                "no-format", f"The archive has {len(shapes)} Shapefiles, and one is read.", _WHAT, subject="file"
            )
        if sum(each.file_size for each in parts) > _MOST_UNPACKED:
            raise InvalidInputError.of(
                "too-large", "Unpacked it has more than 500 MB.", "Send fewer columns.", subject="file"
            )
        stem = PurePosixPath(shapes[0].filename).with_suffix("")
        for each in parts:
            if PurePosixPath(each.filename).with_suffix("") == stem:
                (folder / f"grids{PurePosixPath(each.filename).suffix.lower()}").write_bytes(packed.read(each))
    return folder / "grids.shp"
