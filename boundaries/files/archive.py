"""Archives (ZIP): where the data in them is, whatever folder it was packed with."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

_ONE_FILE: Final = (
    ".gpkg",
    ".geojson",
    ".json",
    ".geojsonl",
    ".fgb",
    ".kml",
    ".gml",
    ".csv",
    ".tsv",
    ".dbf",
    ".sqlite",
)
_HIDDEN: Final = "__MACOSX/"


def data_names(path: Path) -> list[str]:
    """Return the names of the files of an archive that people put there; none of a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError):
        return []
    return [name for name in names if not name.startswith(_HIDDEN) and not PurePosixPath(name).name.startswith(".")]


def gdal_address(path: Path) -> Path | str:
    """Return the address under which GDAL finds the data of an archive: it does not look into folders by itself."""
    names = [PurePosixPath(name) for name in data_names(path)]
    folders = {name.parent for name in names if name.suffix.lower() == ".shp"}
    if len(folders) == 1:
        folder = folders.pop()
        return path if folder == PurePosixPath() else f"/vsizip/{path}/{folder}"
    files = [name for name in names if name.suffix.lower() in _ONE_FILE]
    if not folders and len(files) == 1:
        return f"/vsizip/{path}/{files[0]}"
    return path


def is_description(name: str) -> bool:
    """Return whether a member of an archive is metadata beside a layer, which GDAL does not open as data."""
    return name.lower().endswith((".shp.xml", ".qmd", ".qml", ".sld", ".aux.xml"))


@contextmanager
def open_only_file(path: Path) -> Iterator[IO[bytes] | None]:
    """Open the one file of an archive; None where it has several, or none."""
    names = data_names(path)
    if len(names) != 1:
        yield None
        return
    with zipfile.ZipFile(path) as archive, archive.open(names[0]) as file:
        yield file
