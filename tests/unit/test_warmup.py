"""What a process compiles before it answers."""

import subprocess
import sys

_AFTER_THE_WARM_UP = """
import numpy as np
import shapely

from api.warmup import warm_up
from boundaries.addresses.tagger import element_tagger
from geogrid.blocks import build_blocks
from geogrid.index import GridIndex
from geogrid.hotspot.scan import scan
from geogrid.hotspot.space_time import scan_space_time
from geogrid.hotspot.weights import contiguity_weights
from geogrid.jit import on_compilation
from geogrid.partition import carve_dedicated, divide_heavy, partition
from geogrid.blocks import MaxLoad
from geogrid.plans.operations.rebalance import balanced
from geogrid.partition.search.graph import graph_of
from geogrid.towns import synthetic_town

warm_up()


def refuse():
    raise AssertionError("A kernel is compiled after the warm-up.")


with on_compilation(refuse):
    rng = np.random.default_rng(2)
    town = synthetic_town(40, rng=rng, households=1_500, n_sites=2)
    blocks = divide_heavy(build_blocks(town.limit, town.barriers, buildings=town.buildings), MaxLoad(200))
    blocks = carve_dedicated(blocks, town.sites)
    for wish in ({"band": (100, 300)}, {"n_grids": 5}, {"n_grids": 5, "band": (100, 500)}):
        grids = partition(blocks, **wish, effort=0.1, rng=rng)
    partition(blocks, band=(150, 350), previous=grids.grid, locked=[0], effort=0.1, rng=rng)
    loads = blocks.loads["households"]
    graph = graph_of(blocks.adjacency, loads, np.ones(len(blocks), dtype=np.bool_))
    labels = (np.arange(len(blocks)) % 3).tolist()
    balanced(graph, labels, (100, 900), dict.fromkeys(range(3), 0.0))
    index = GridIndex.build(grids.polygons(), codes=[str(n) for n in range(len(grids))])
    index.locate(1, 2)
    index.locate(np.arange(5), np.arange(5))
    index.nearest_boundary(1.5, 2.5, scale=(2.0, 1.0))
    index.within([1.5, 2], [2.5, 3], 10, scale=(2.0, 1.0))
    index.overlaps
    element_tagger().tag("North Road 5")
    squares = shapely.box(np.arange(6.0), 0.0, np.arange(6.0) + 1.0, 1.0)
    xy, touching = shapely.get_coordinates(shapely.centroid(squares)), contiguity_weights(squares)
    for shape in ("circular", "elliptic", "flexible"):
        for most in (9.0, 9_000.0):
            cases = np.linspace(1.0, most, 6).round()
            scan(xy, cases, np.ones(6), rng=rng, shape=shape, weights=touching, members=4, replicates=9)
    scan_space_time(xy, np.ones((6, 4)), rng=rng, replicates=9)
    scan_space_time(xy, np.ones((6, 4)), np.ones(6), rng=rng, replicates=9, only_alive=True)
"""


def test_nothing_is_compiled_after_the_warm_up() -> None:
    done = subprocess.run([sys.executable, "-c", _AFTER_THE_WARM_UP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
