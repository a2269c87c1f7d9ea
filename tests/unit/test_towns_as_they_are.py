"""Every town of the shared data, cut as it comes: its figures, by plain shapely, beside those when it was looked at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from boundaries.files.towns import DividedTown, LayerSource, TownFiles, TownLayers, Wishes, divide_town, read_town
from geogrid.blocks.barriers import PEDESTRIAN
from geogrid.partition import SchemeLevel
from geogrid.partition.sites import PUBLISHED_RATIO

BAND = (40.0, 80.0)
WISHES = Wishes([SchemeLevel("town"), SchemeLevel("grid", band=BAND)], load="buildings")
BESIDE_M = 1.0


@dataclass(frozen=True)
class Least:
    """What a town must reach: shares of comprehensive grids in the band and of inner boundary on barriers; grids."""

    in_band: float
    on_barriers: float
    comprehensive: tuple[int, int]
    sites: int


TOWNS = {
    "osm_towns/harrisburg.osm.pbf": Least(0.95, 0.90, (7, 12), 74),
    "osm_towns/krems.osm.gz": Least(0.95, 0.60, (13, 22), 31),
    "osm_towns/mixed_streets.osm.pbf": Least(0.95, 0.75, (17, 28), 65),
    "osm_towns/monaco_2012.osm.gz": Least(0.85, 0.75, (10, 18), 24),
    "osm_towns/new_york_suburb.osm.pbf": Least(0.95, 0.85, (16, 28), 29),
    # Villages far apart, and the Main between them: where it parts its banks no other line may be near.
    "osm_towns/north_bayreuth.osm.gz": Least(0.95, 0.65, (55, 85), 29),
    "small_towns/helsinki.osm.pbf": Least(0.95, 0.70, (4, 9), 68),
    "small_towns/monaco.osm.pbf": Least(0.85, 0.75, (7, 14), 69),
    "shanghai/shanghai.gpkg": Least(0.90, 0.60, (15, 30), 0),
}
QUICK = {"small_towns/helsinki.osm.pbf"}


@contextmanager
def stage(_name: str, _unit: str) -> Iterator[Callable[[int], None]]:
    yield lambda _count: None


def files_of(path: Path) -> TownFiles:
    if path.suffix == ".gpkg":
        roads, buildings, water = (LayerSource(path, name) for name in ("roads", "buildings", "water"))
        return TownFiles(roads, buildings, barriers=[water], load="buildings")
    whole = LayerSource(path)
    return TownFiles(whole, whole, whole, whole, load="buildings")


def check_land(leaves: np.ndarray, layers: TownLayers) -> None:
    limit = layers.limit.iloc[0]
    land = shapely.union_all(leaves)
    assert round(shapely.symmetric_difference(land, limit).area, 1) == 0.0
    assert round(shapely.area(leaves).sum() - land.area, 1) == 0.0


def counted(leaves: np.ndarray, layers: TownLayers) -> np.ndarray:
    """Return the buildings of each leaf, each at the point inside it."""
    assert layers.buildings is not None
    places = shapely.point_on_surface(layers.buildings.geometry.to_numpy())
    leaf, _ = shapely.STRtree(places).query(leaves, predicate="contains")
    return np.bincount(leaf, minlength=len(leaves))


def share_on_barriers(leaves: np.ndarray, layers: TownLayers) -> float:
    limit = layers.limit.iloc[0]
    inner = shapely.difference(shapely.union_all(shapely.boundary(leaves)), shapely.buffer(limit.boundary, 0.5))
    lines = layers.barriers.geometry.to_numpy()[(layers.barriers["rank"] >= PEDESTRIAN).to_numpy()]
    beside = shapely.union_all(shapely.buffer(lines[shapely.intersects(lines, limit)], BESIDE_M))
    return float(shapely.intersection(inner, beside).length / inner.length)


def leaves_of(divided: DividedTown) -> tuple[np.ndarray, np.ndarray]:
    """Return the leaves in metres, and which of them are dedicated."""
    grids, blocks = divided.tree.leaves.grid, divided.tree.leaves.blocks
    shapes = [shapely.coverage_union_all(blocks.polygons[grids == grid]) for grid in range(len(divided.tree.leaves))]
    dedicated = [bool((blocks.site[grids == grid] >= 0).all()) for grid in range(len(divided.tree.leaves))]
    return np.array(shapes, dtype=object), np.array(dedicated)


@pytest.mark.shared_data
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in TOWNS]
)
def test_town_is_cut_whole_into_grids_as_good_as_when_looked_at(shared_data: Path, name: str) -> None:
    least = TOWNS[name]
    layers = read_town(files_of(shared_data / name))
    divided = divide_town(layers, WISHES, stage)
    leaves, dedicated = leaves_of(divided)
    check_land(leaves, layers)
    buildings = counted(leaves, layers)[~dedicated]
    in_band = ((buildings >= BAND[0]) & (buildings <= BAND[1])).mean()
    figures = (round(in_band, 3), round(share_on_barriers(leaves, layers), 3), len(buildings), int(dedicated.sum()))
    assert in_band >= least.in_band, figures
    assert figures[1] >= least.on_barriers, figures
    assert least.comprehensive[0] <= len(buildings) <= least.comprehensive[1], figures
    assert (0 if layers.sites is None else len(layers.sites)) == least.sites
    assert dedicated.sum() <= max(1, round(2 * PUBLISHED_RATIO * len(buildings))), figures


@pytest.mark.shared_data
@pytest.mark.long
@pytest.mark.timeout(900)
def test_homes_of_queens_village_stay_in_comprehensive_grids(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "queens_village"
    town = folder / "queens_village_ny.gpkg"
    areas = pyogrio.read_dataframe(town, layer="landuse_water_areas")
    category = areas["amenity"].map({"school": "school", "hospital": "hospital", "university": "school"})
    category = category.fillna(areas["landuse"].map({"commercial": "commercial", "retail": "commercial"}))
    category = category.fillna(areas["landuse"].map({"residential": "commercial", "industrial": "industrial_park"}))
    category = category.fillna(areas["leisure"].map({"park": "other"}))
    sites = areas[category.notna()].assign(category=category)[["name", "category", "geometry"]]
    sites.to_file(tmp_path / "sites.gpkg")
    lots = pd.read_csv(folder / "lots_population_2023.csv.gz")
    lots.rename(columns={"unitsres": "households"}).to_csv(tmp_path / "lots.csv", index=False)
    files = TownFiles(
        LayerSource(town, "streets"),
        LayerSource(town, "buildings"),
        LayerSource(tmp_path / "sites.gpkg"),
        loads=LayerSource(tmp_path / "lots.csv"),
    )
    layers = read_town(files)
    divided = divide_town(layers, Wishes([SchemeLevel("town"), SchemeLevel("grid", band=(300.0, 500.0))]), stage)
    leaves, dedicated = leaves_of(divided)
    check_land(leaves, layers)
    assert layers.loads is not None
    households = layers.loads["households"].fillna(0).to_numpy(dtype=float)
    leaf, lot = shapely.STRtree(layers.loads.geometry.to_numpy()).query(leaves, predicate="contains")
    held = np.bincount(leaf, weights=households[lot], minlength=len(leaves))
    assert 0 < dedicated.sum() <= 2 * PUBLISHED_RATIO * (~dedicated).sum()
    assert held[dedicated].sum() < 0.01 * held.sum()
