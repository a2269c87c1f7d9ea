"""Damaged towns are cut whole or refused by a sentence: a coverage by plain shapely, and what was mended is listed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import shapely

from boundaries.files.towns import DividedTown, LayerSource, TownFiles, TownLayers, Wishes, divide_town, read_town
from geogrid.errors import InvalidInputError
from geogrid.partition import SchemeLevel
from tests.property.damaged_towns import DamagedTown, damaged_town

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
EXTRACTS = (
    "osm_towns/krems.osm.gz",
    "osm_towns/mixed_streets.osm.pbf",
    "osm_towns/monaco_2012.osm.gz",
    "osm_towns/new_york_suburb.osm.pbf",
    "osm_towns/north_bayreuth.osm.gz",
    "small_towns/helsinki.osm.pbf",
)
WISHES = Wishes([SchemeLevel("town"), SchemeLevel("grid", band=(100.0, 400.0))])
TOLD = {"mended", "unusable", "repaired", "no-geometry", "wrong-shape", "empty"}

pytestmark = pytest.mark.shared_data


@contextmanager
def stage(_name: str, _unit: str) -> Iterator[Callable[[int], None]]:
    yield lambda _count: None


def written(town: DamagedTown, folder: Path) -> TownFiles:
    sources = {}
    for role, layer in town.layers.items():
        path = folder / f"{role}.gpkg"
        path.unlink(missing_ok=True)
        layer.to_file(path, layer=role)
        sources[role] = LayerSource(path)
    barriers = [sources.pop("barriers")] if "barriers" in sources else []
    return TownFiles(**sources, barriers=barriers)


def check(seed: int, folder: Path) -> bool:
    """Check one town; return whether it was cut, not refused."""
    path = DATA / EXTRACTS[seed % len(EXTRACTS)]
    town = damaged_town(path, seed)
    try:
        files = written(town, folder)
        layers = read_town(files)
        divided = divide_town(layers, WISHES, stage)
    except InvalidInputError as error:
        refused = error.problems
    else:
        refused = ()
        check_land(divided, layers, town)
        check_told(layers, town)
    assert all(problem.message.endswith(".") for problem in refused), refused
    assert not any("nan" in problem.message.lower().split() for problem in refused), refused
    return not refused


def check_land(divided: DividedTown, layers: TownLayers, town: DamagedTown) -> None:
    blocks = divided.tree.leaves.blocks
    leaves = np.array([shapely.union_all(blocks.polygons[divided.tree.leaves.grid == grid]) for grid in
                       range(len(divided.tree.leaves))], dtype=object)  # fmt: skip
    limit = layers.limit.iloc[0]
    assert shapely.is_valid(leaves).all()
    land = shapely.union_all(leaves)
    assert shapely.symmetric_difference(land, limit).area < 0.1, town.done
    assert shapely.area(leaves).sum() - land.area < 0.1, town.done


def check_told(layers: TownLayers, town: DamagedTown) -> None:
    kinds = {(problem.kind, problem.subject) for problem in layers.problems}
    for role, layer in town.layers.items():
        areas = layer[layer.geom_type.isin(["Polygon", "MultiPolygon"])].geometry
        broken = layer.geometry.isna().any() or layer.geometry.is_empty.any() or (~areas.is_valid).any()
        said = {problem.kind for problem in layers.problems if role in problem.message or role == problem.subject}
        assert not broken or said & TOLD, (role, town.done, kinds)


def test_damaged_towns_are_cut_or_refused_by_a_sentence(tmp_path: Path) -> None:
    cut = [check(seed, tmp_path) for seed in range(6)]
    assert sum(cut) >= 1


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_three_hundred_damaged_towns_are_cut_or_refused_by_a_sentence(tmp_path: Path) -> None:
    cut = [check(seed, tmp_path) for seed in range(6, 306)]
    assert sum(cut) >= 100
