"""Engine, file, store, export, file, store: nothing is lost on the way."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from boundaries.files.exports import export_plan
from boundaries.files.towns import DividedTown, TownLayers, Wishes, divide_town
from boundaries.files.towns.stored import stored_town
from boundaries.files.towns.storing import TownChoice, store_town
from boundaries.files.towns.town import Town, read_cut_town, town_of
from boundaries.files.towns.writing import write_layers
from boundaries.store.engine import session_factory
from geogrid import synthetic_town
from geogrid.partition import SchemeLevel
from geogrid.types import LevelName

LEVELS = (LevelName("district", "区"), LevelName("community", "社区"), LevelName("grid", "网格"))
EXACT = 1e-12


@contextmanager
def untold(_name: str, _unit: str) -> Iterator[Callable[[int], None]]:
    yield lambda _count: None


def invented(seed: int, blocks: int, sites: int, communities: int) -> tuple[Town, DividedTown]:
    made = synthetic_town(blocks, rng=np.random.default_rng(seed), households=blocks * 40, n_sites=sites)
    layers = TownLayers(
        limit=made.limit,
        barriers=made.barriers.assign(name="Long Street 长街", kind="highway"),
        buildings=made.buildings.assign(name="House"),
        sites=made.sites if sites else None,
        nested_in=None,
        loads=None,
        estates=None,
        water=None,
        previous=None,
        load_columns=("households", "population"),
        problems=(),
        attribution=("© somebody",),
    )
    scheme = (SchemeLevel("district"), SchemeLevel("community", n_grids=communities), SchemeLevel("grid", (150, 400)))
    wishes = Wishes(scheme, seed=seed, prefix="T")
    divided = divide_town(layers, wishes, untold)
    return town_of(layers, divided, wishes, LEVELS), divided


def assert_same(one: Town, other: Town) -> None:
    """The same codes, names, tree, kinds, loads, land, blocks, streets, buildings, sites, levels and band."""
    assert [(level.name, level.name_zh) for level in one.levels] == [(lv.name, lv.name_zh) for lv in other.levels]
    assert (one.load, one.band, tuple(one.attribution)) == (other.load, other.band, tuple(other.attribution))
    for name, columns in COMPARED.items():
        left, right = in_order(getattr(one, name)), in_order(getattr(other, name))
        assert len(left) == len(right)
        for column in columns:
            assert plain(left[column]) == plain(right[column]), column
        shapes = [shapely.normalize(side.geometry.to_numpy()) for side in (left, right)]
        assert shapely.equals_exact(*shapes, EXACT).all()


COMPARED = {
    "grids": ("code", "name", "kind", "category", "level", "parent", "households", "population"),
    "blocks": ("grid", "households", "population", "buildings"),
    "barriers": ("name", "kind", "rank"),
    "buildings": ("name", "households"),
    "sites": ("name", "category"),
}


def plain(column: "pd.Series[str]") -> list[object]:
    return [None if pd.isna(value) or value == "" else value for value in column]


def in_order(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows in the order of their places, shapes of one part as that part."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    single = shapely.get_num_geometries(shapes) == 1
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    keys = np.round(np.column_stack([shapely.bounds(shapes), shapely.length(shapes)]), 9)
    level = frame["level"].to_numpy(dtype=float) if "level" in frame else np.zeros(len(frame))
    return frame.set_geometry(shapes, crs=frame.crs).iloc[np.lexsort((level, *keys.T))]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31), blocks=st.integers(8, 24), sites=st.integers(0, 3), communities=st.integers(1, 3))
def test_nothing_is_lost_from_engine_to_file_to_store_to_file_to_store(
    engine: Engine, seed: int, blocks: int, sites: int, communities: int
) -> None:
    town, divided = invented(seed, blocks, sites, communities)
    with tempfile.TemporaryDirectory() as folder, session_factory(engine)() as session:
        cut, exported = Path(folder) / "cut.gpkg", Path(folder) / "exported.gpkg"
        write_layers(cut, divided.layers() | town.layers())
        assert_same(read_cut_town(cut), town)
        first = store_town(session, read_cut_town(cut), TownChoice("one", "One", "First"))[1]
        assert_same(stored_town(session, first), town)
        export_plan(session, first, exported)
        again = store_town(session, read_cut_town(exported), TownChoice("two", "Two", "Second"))[1]
        assert_same(stored_town(session, again), town)
        session.rollback()
