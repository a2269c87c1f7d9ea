"""DBF tables, alone or in an archive, as chunks of text."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from boundaries.files import gdal
from boundaries.files.archive import data_names
from boundaries.files.chunks import ROWS_A_CHUNK, Chunk, Table, cell_text, settled_header
from boundaries.files.columns import kept_values
from boundaries.files.shapefile import dbf_cut_short, require_encoding, settled_encoding
from boundaries.text.encodings import DAMAGED
from geogrid.errors import InvalidInputError

_SUFFIX: Final = ".dbf"


def is_dbf(path: Path) -> bool:
    """Return whether a file is a DBF table, or an archive with one and no shapes."""
    if path.suffix.lower() == ".zip":
        suffixes = [Path(name).suffix.lower() for name in data_names(path)]
        return suffixes.count(_SUFFIX) == 1 and ".shp" not in suffixes
    return path.suffix.lower() == _SUFFIX


def read_dbf(path: Path, encoding: str | None) -> Table:
    """Return a table; raises `InvalidInputError` where it is damaged, or its text in another encoding."""
    import pyogrio

    if problem := dbf_cut_short(path):
        raise InvalidInputError([problem])
    if encoding is not None:
        require_encoding(path, None, encoding)
    settled = encoding or settled_encoding(path)
    try:
        info = gdal.read_info(path, encoding=settled, force_feature_count=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InvalidInputError.of("unreadable", f"{path.name} is damaged, or no DBF table.", DAMAGED) from error
    columns = settled_header(path.name, [str(name) for name in info["fields"]])
    total = max(int(info["features"]), 0)
    return Table(columns, total, _chunks(path, settled, columns, total))


def _chunks(path: Path, encoding: str | None, columns: tuple[str, ...], total: int) -> Iterator[Chunk]:
    for first in range(0, total, ROWS_A_CHUNK):
        with warnings.catch_warnings():
            # What GDAL remarks on a table that it reads is no fault of it.
            warnings.simplefilter("ignore")
            try:
                frame = gdal.read_dataframe(
                    path, encoding=encoding, skip_features=first, max_features=ROWS_A_CHUNK, read_geometry=False
                )
            except UnicodeDecodeError as error:
                raise InvalidInputError.of(
                    "encoding",
                    f"The text of {path.name} is not in the encoding {encoding}.",
                    "Name it: --encoding gbk.",
                ) from error
        rows = [[cell_text(value) for value in row.values()] for row in kept_values(frame[list(columns)])]
        yield Chunk(list(range(first + 1, first + 1 + len(rows))), rows, {})
