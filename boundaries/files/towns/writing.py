"""Layers to files: one GeoPackage, or one GeoJSON a layer; a file is replaced only by a whole one."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, Problem, UnavailableError

_DRIVERS: Final = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}
_TIME_OF_CREATION: Final = "2000-01-01T00:00:00.000Z"


def require_output(path: Path, read: Iterable[Path]) -> None:
    """Refuse an output before any work is done for it.

    Parameters
    ----------
    path : Path
        The output.
    read : iterable of Path
        The inputs; none of them is ever written.

    Raises
    ------
    InvalidInputError
        Another ending than ``.gpkg``, ``.geojson`` or ``.json``, no such folder, or a file that is read as well.
    """
    if path.suffix.lower() not in _DRIVERS:
        raise InvalidInputError.of(
            "format", f"{path.name} is of no format that is written.", "End it in .gpkg (one file) or .geojson."
        )
    if not path.parent.is_dir():
        raise InvalidInputError.of("no-folder", f"There is no folder {path.parent}.", "Make it first.")
    if path.resolve() in {other.resolve() for other in read}:
        raise InvalidInputError.of("same-file", f"{path.name} is read and would be overwritten.", "Name another --out.")
    if not os.access(path.parent, os.W_OK):
        raise UnavailableError(f"{path} cannot be written. Name a file in a folder that you may write.")


def write_layers(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> list[Path]:
    """Write layers; return the files.

    Parameters
    ----------
    path : Path
        ``.gpkg`` takes all layers; ``.geojson`` takes the first, ``NAME.LAYER.geojson`` beside it the others.
    layers : mapping of str to GeoDataFrame
        By name, EPSG:4326.

    Raises
    ------
    UnavailableError
        A file cannot be written.

    Notes
    -----
    The same layers make the same bytes: the time of creation that a GeoPackage holds is fixed.
    """
    if path.suffix.lower() == ".gpkg":
        files: list[tuple[Path, Mapping[str, gpd.GeoDataFrame]]] = [(path, layers)]
    else:
        first = next(iter(layers))
        files = [
            (path if name == first else path.with_name(f"{path.stem}.{name}{path.suffix}"), {name: layer})
            for name, layer in layers.items()
        ]
    for file, content in files:
        with replacing(file) as partial:
            _write(partial, content)
    return [file for file, _ in files]


def _write(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _TIME_OF_CREATION})
    try:
        for number, (name, layer) in enumerate(layers.items()):
            kind = {} if len(layer) else {"geometry_type": "Point"}
            pyogrio.write_dataframe(
                layer, path, layer=name, driver=_DRIVERS[path.suffix.lower()], append=number > 0, **kind
            )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` that takes its place at the end; after an interruption the old one is still whole.

    Raises
    ------
    UnavailableError
        The folder or the disk takes no file.
    """
    from pyogrio.errors import DataSourceError

    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    except (OSError, DataSourceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnavailableError(
            f"{path} cannot be written ({reason}). Name a file in a folder that you may write."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def problem_frame(problems: Sequence[Problem]) -> gpd.GeoDataFrame:
    """Return problems as points, EPSG:4326: ``kind``, ``reason``, ``remedy``, ``severity``, ``subject``, ``size``."""
    columns = {
        "kind": [problem.kind for problem in problems],
        "reason": [problem.message for problem in problems],
        "remedy": [problem.remedy for problem in problems],
        "severity": [problem.severity for problem in problems],
        "subject": [problem.subject for problem in problems],
        "size": pd.Series([problem.size for problem in problems], dtype="float64"),
        "unit": [problem.unit for problem in problems],
    }
    places = [None if problem.lonlat is None else shapely.Point(problem.lonlat) for problem in problems]
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(places, crs=WGS84))
    return frame.astype({name: "str" for name in columns if name != "size"})
