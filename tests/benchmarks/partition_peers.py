"""Other tools on the graph of a town: each gets the same blocks, neighbours, costs and loads, and its fair best.

Land in separate pieces is divided piece by piece for the tools that cannot do so themselves, with the number of grids
shared out by load.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import Blocks
from geogrid.partition import Objective, partition
from geogrid.partition.search.shares import share_out
from geogrid.types import FloatArray, IntArray

MAX_P_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Town:
    """Blocks to be divided, and the wish."""

    name: str
    blocks: Blocks
    limit: shapely.Geometry
    load: str
    band: tuple[float, float]

    @property
    def loads(self) -> FloatArray:
        """The loads, none above the band: what no tool can mend should upset none."""
        return np.minimum(self.blocks.loads[self.load], self.band[1])

    @property
    def count(self) -> int:
        """The number of grids that other tools are asked for: all in the middle of the band."""
        return max(round(2 * float(self.loads.sum()) / sum(self.band)), 1)

    @property
    def tolerance(self) -> float:
        """How far a load may be from the middle of the band, as a share of it."""
        low, high = self.band
        return (high - low) / (high + low)

    def pieces(self, without: IntArray | None = None) -> list[tuple[IntArray, int]]:
        """Return the blocks of each separate piece of land, and its share of the grids."""
        kept = np.ones(len(self.blocks), dtype=np.bool_)
        kept[[] if without is None else without] = False
        piece = self.blocks.adjacency.components(kept.astype(np.int64))
        members = [np.flatnonzero((piece == number) & kept) for number in np.unique(piece[kept]).tolist()]
        loads = [float(self.loads[rows].sum()) for rows in members]
        wanted = max(round(2 * sum(loads) / sum(self.band)), 1)
        return list(zip(members, share_out(wanted, loads, [len(rows) for rows in members]), strict=True))


def ours(town: Town) -> IntArray:
    """Return GeoGrid's grids."""
    return partition(town.blocks, band=town.band, load=town.load, rng=np.random.default_rng(1)).grid


def metis(town: Town, *, ufactor: int, tries: int = 10) -> IntArray:
    """Return METIS's parts: k-way, contiguous, the best of ten cuts, unbalanced by ufactor thousandths at most."""
    import pymetis

    options = pymetis.Options(contig=1, seed=1, ufactor=ufactor, ncuts=tries, niter=20)

    def parts(starts: IntArray, others: IntArray, costs: IntArray, weights: IntArray, count: int) -> IntArray:
        graph = pymetis.CSRAdjacency(starts.astype(np.int32), others.astype(np.int32))
        found = pymetis.part_graph(
            count, graph, vweights=weights, eweights=costs, options=options, recursive=False
        ).vertex_part
        return np.array(found)

    return _piecewise(town, parts)


def metis_by_default(town: Town) -> IntArray:
    """Return METIS's contiguous parts with its own tolerance of 3 %."""
    return metis(town, ufactor=30, tries=1)


def metis_in_half_the_band(town: Town) -> IntArray:
    """Return METIS's contiguous parts with half the tolerance of the band, so that few parts stray out of it."""
    return metis(town, ufactor=round(500 * town.tolerance))


def metis_in_the_band(town: Town) -> IntArray:
    """Return METIS's contiguous parts with the whole tolerance of the band."""
    return metis(town, ufactor=round(1000 * town.tolerance))


def kahip(town: Town, *, imbalance: float) -> IntArray:
    """Return KaHIP's parts by its configuration "eco"; it knows no contiguity."""
    import kahip as tool

    quiet, seed, eco = True, 1, 1

    def parts(starts: IntArray, others: IntArray, costs: IntArray, weights: IntArray, count: int) -> IntArray:
        graph = (weights.tolist(), starts.tolist(), costs.tolist(), others.tolist())
        return np.array(tool.kaffpa(*graph, count, imbalance, quiet, seed, eco)[1])

    return _piecewise(town, parts)


def kahip_by_default(town: Town) -> IntArray:
    """Return KaHIP's parts, 3 % unbalanced at most."""
    return kahip(town, imbalance=0.03)


def kahip_in_half_the_band(town: Town) -> IntArray:
    """Return KaHIP's parts with half the tolerance of the band."""
    return kahip(town, imbalance=town.tolerance / 2)


def max_p(town: Town) -> IntArray:
    """Return spopt's max-p regions with at least the lower limit each; it knows no upper one."""
    from libpysal.weights import W
    from spopt.region import MaxPHeuristic

    frame = gpd.GeoDataFrame({"load": town.loads}, geometry=town.blocks.polygons, crs=town.blocks.crs)
    graph = town.blocks.adjacency.graph()
    neighbors = {
        node: graph.indices[graph.indptr[node] : graph.indptr[node + 1]].tolist() for node in range(len(frame))
    }
    np.random.seed(1)  # noqa: NPY002 - the tool's own source of chance
    model = MaxPHeuristic(
        frame,
        W(neighbors, silence_warnings=True),
        ["load"],
        "load",
        town.band[0],
        top_n=2,
        max_iterations_construction=MAX_P_ROUNDS,
    )
    model.solve()
    return np.asarray(model.labels_, dtype=np.int64)


def recursive_tree(town: Town) -> IntArray:
    """Return GerryChain's recursive tree partition, halving (its authors' remedy for many parts), in the band."""
    import networkx as nx
    from gerrychain import Graph
    from gerrychain.partition import recursive_seed_part

    # No tree of a piece has a balanced cut while a block fills a grid alone: such blocks are grids beforehand.
    alone = np.flatnonzero(town.loads >= town.band[1])
    labels = np.full(len(town.loads), -1)
    labels[alone] = np.arange(len(alone))
    used = len(alone)
    pairs = town.blocks.adjacency.pairs
    for members, count in town.pieces(without=alone):
        place = np.full(len(labels), -1)
        place[members] = np.arange(len(members))
        graph = nx.Graph()
        for node, load in enumerate(town.loads[members].tolist()):
            graph.add_node(node, load=load)
        graph.add_edges_from(place[pairs[(place[pairs] >= 0).all(axis=1)]].tolist())
        found = recursive_seed_part(
            Graph.from_networkx(graph),
            parts=range(count),
            pop_target=float(town.loads[members].sum()) / count,
            pop_col="load",
            epsilon=town.tolerance,
            n=2,
            rng=1,
        )
        labels[members] = [used + found[node] for node in range(len(members))]
        used += count
    return labels


Divide = Callable[[IntArray, IntArray, IntArray, IntArray, int], IntArray]


def _piecewise(town: Town, divide: Divide) -> IntArray:
    """Return labels made piece of land by piece of land; costs are those of GeoGrid's own graph, as whole numbers."""
    from geogrid.partition.search.graph import graph_of

    whole = graph_of(town.blocks.adjacency, town.loads, np.ones(len(town.blocks), dtype=np.bool_))
    labels = np.full(len(town.loads), -1)
    used = 0
    for members, count in town.pieces():
        graph = whole.part(members)
        costs = np.maximum(np.rint(graph.cost), 1).astype(np.int32)
        weights = np.rint(graph.load_of).astype(np.int32)
        parts = np.zeros(len(members), dtype=np.int64)
        if count > 1:
            parts = divide(graph.starts, graph.others, costs, weights, count)
        labels[members] = used + parts
        used += count
    return labels


TOOLS: Mapping[str, Callable[[Town], IntArray]] = {
    "GeoGrid": ours,
    "METIS, 3 %": metis_by_default,
    "METIS, half band": metis_in_half_the_band,
    "METIS, band": metis_in_the_band,
    "KaHIP, 3 %": kahip_by_default,
    "KaHIP, half band": kahip_in_half_the_band,
    "spopt max-p": max_p,
    "GerryChain": recursive_tree,
}


def optimal_wish() -> Objective:
    """Return the objective of redistricting studies: the fewest cut edges."""
    return Objective(compactness=0.0, barriers=0.0, evenness=0.0, cut_edges=1.0)
