"""Random towns: crooked streets with gaps, dead ends and medians, buildings that stand in the way."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import strategies as st
from shapely import affinity

CRS = "EPSG:32635"
_EAST, _NORTH = 385_000.0, 6_671_000.0


@dataclass(frozen=True)
class Town:
    limit: gpd.GeoSeries
    barriers: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame


def make_town(seed: int, *, streets: int, buildings: int) -> Town:
    rng = np.random.default_rng(seed)
    size = 200.0 * streets
    limit = affinity.rotate(shapely.box(_EAST, _NORTH, _EAST + size, _NORTH + size), rng.uniform(0, 30))
    houses = [_house(rng, size) for _ in range(buildings)]
    frame = gpd.GeoDataFrame({"households": rng.integers(0, 40, buildings).astype(float)}, geometry=houses, crs=CRS)
    return Town(gpd.GeoSeries([limit], crs=CRS), _streets(rng, size, streets), frame, _sites(rng, size, houses))


def _at(rng: np.random.Generator, size: float) -> tuple[float, float]:
    return _EAST + rng.uniform(0, size), _NORTH + rng.uniform(0, size)


def _house(rng: np.random.Generator, size: float) -> shapely.Polygon:
    x, y = _at(rng, size)
    width, depth = rng.uniform(6, 60, 2)
    whole = shapely.box(x, y, x + width, y + depth)
    if rng.random() < 0.3:
        whole = whole.difference(shapely.box(x + width / 3, y + depth / 3, x + width / 2, y + depth / 2))
    return affinity.rotate(whole, rng.uniform(0, 90))


def _streets(rng: np.random.Generator, size: float, count: int) -> gpd.GeoDataFrame:
    lines = []
    along = np.linspace(-0.1, 1.1, 13) * size
    for number in range(1, count):
        across = size * number / count + rng.normal(0, 8, len(along))
        kept = rng.random(len(along)) > 0.08
        lines.append(np.column_stack([_EAST + along[kept], _NORTH + across[kept]]))
        lines.append(np.column_stack([_EAST + across[kept] + 3, _NORTH + along[kept]]))
        if rng.random() < 0.3:
            lines.append(np.column_stack([_EAST + along[kept], _NORTH + across[kept] + 7]))
    lines.extend(np.array([_at(rng, size), _at(rng, size)]) for _ in range(count))
    ranks = rng.integers(0, 10, len(lines))
    return gpd.GeoDataFrame({"rank": ranks}, geometry=[shapely.LineString(line) for line in lines], crs=CRS)


def _sites(rng: np.random.Generator, size: float, houses: list[shapely.Polygon]) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(_at(rng, size)).buffer(rng.uniform(15, 120)) for _ in range(3)]
    shapes += [shapely.Point(_at(rng, size)), houses[0].point_on_surface(), houses[0]]
    names = ["School", "Park", None, "Clinic", "Office", "Office"]
    categories = ["school", "other", "commercial", "hospital", "office_building", "office_building"]
    return gpd.GeoDataFrame({"name": names, "category": categories}, geometry=shapes, crs=CRS)


towns = st.builds(make_town, st.integers(0, 2**32 - 1), streets=st.integers(1, 5), buildings=st.integers(1, 60))
