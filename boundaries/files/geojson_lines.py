"""Sequences of GeoJSON, a feature a line: their texts, which GDAL takes for dates."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Final

import geopandas as gpd

from boundaries.files.archive import open_only_file
from boundaries.text.packed import open_bytes

_RECORD: Final = b"\x1e"
_LONGEST_FEATURE: Final = 64 << 20
_PARTS: Final = ("where", "sql", "skip_features", "max_features", "bbox", "mask", "fids")
"""Options that leave rows out."""


def with_texts_for_dates(frame: gpd.GeoDataFrame, path: Path, options: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return a layer of a sequence of GeoJSON with the texts that GDAL took for dates; any other as it is.

    Parameters
    ----------
    frame : GeoDataFrame
        As `pyogrio` reads it.
    path : Path
        The file.
    options : mapping
        What it was read with; where they leave rows out, nothing is changed.
    """
    dates = [str(name) for name in frame.columns if frame[name].dtype.kind == "M"]
    if not dates or any(options.get(name) is not None for name in _PARTS):
        return frame
    texts = list(_sequence(path, dates))
    return frame.assign(**{name: [row[name] for row in texts] for name in dates}) if len(texts) == len(frame) else frame


def _opened(path: Path) -> AbstractContextManager[IO[bytes] | None]:
    return open_only_file(path) if zipfile.is_zipfile(path) else open_bytes(path)


def _sequence(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the properties of a file with a feature of GeoJSON a line; nothing of another file.

    GDAL takes texts of such a file for dates, and 2024/01/02 for 2024-01-02, and cannot be told not to.
    """
    if path.is_dir():
        return
    with _opened(path) as file:
        while file is not None and (line := file.readline(_LONGEST_FEATURE)):
            text = line.strip(_RECORD + b" \t\r\n")
            if not text:
                continue
            if not text.startswith(b"{"):
                return
            try:
                properties = json.loads(text).get("properties") or {}
            except ValueError:
                return
            yield {name: properties.get(name) for name in columns}
