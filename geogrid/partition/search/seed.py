"""A first partition by METIS, made contiguous."""

import numpy as np

from geogrid.partition.search.graph import Graph
from geogrid.types import FloatArray, IntArray

_NODES_PER_GRID = 4
_WEIGHT_SCALE = 1_000
_MOST_WEIGHT = 1_000_000_000
_COST_RANGE = 1_000


def seed_labels(graph: Graph, count: int, *, costs: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return a contiguous assignment of the nodes of a connected graph to at most `count` grids.

    Parameters
    ----------
    graph : Graph
        Connected.
    count : int
        Number of grids wanted.
    costs : (e,) float64
        Cost of cutting each edge.
    rng : numpy.random.Generator
        Seeds METIS.

    Notes
    -----
    METIS balances the loads and cuts where it costs least. Its parts may have islands; each goes to the
    neighbour with the costliest boundary. With fewer than 4 nodes a grid METIS has nothing to coarsen: then all
    nodes start as one grid, for the search to split.

    References
    ----------
    Karypis, G., Kumar, V. (1998). A fast and high quality multilevel scheme for partitioning irregular graphs.
    """
    if count <= 1 or len(graph) < _NODES_PER_GRID * count:
        return np.zeros(len(graph), dtype=np.int64)
    return join_fragments(graph, _metis(graph, count, costs, rng), costs=costs)


def _metis(graph: Graph, count: int, costs: FloatArray, rng: np.random.Generator) -> IntArray:
    import pymetis

    scaled = np.maximum(np.rint(costs * (_COST_RANGE / max(float(costs.max(initial=0.0)), 1e-9))), 1)
    # Land without load still has to go somewhere: a weight of 1 beside thousands keeps METIS from dividing by 0.
    typical = graph.total / len(graph) or 1.0
    # A node heavier than a whole grid fills one whatever its weight; beyond that METIS loses its footing.
    scale = min(_WEIGHT_SCALE, _MOST_WEIGHT / len(graph))
    weights = np.rint(np.minimum(graph.load_of, graph.total / count) / typical * scale) + 1
    options = pymetis.Options(contig=True, seed=int(rng.integers(2**31 - 1)))
    _, labels = pymetis.part_graph(
        count,
        pymetis.CSRAdjacency(graph.starts.astype(np.int32), graph.others.astype(np.int32)),
        vweights=weights.astype(np.int32),
        eweights=scaled.astype(np.int32),
        options=options,
        recursive=False,
    )
    return np.asarray(labels, dtype=np.int64)


def join_fragments(graph: Graph, labels: IntArray, *, costs: FloatArray) -> IntArray:
    """Return the assignment with every grid contiguous: all but its heaviest part go to a neighbour."""
    labels = labels.copy()
    while True:
        component = graph.components(labels)
        count = int(component.max(initial=-1)) + 1
        first = np.unique(component, return_index=True)[1]
        load = np.bincount(component, weights=graph.load_of, minlength=count)
        size = np.bincount(component, minlength=count)
        order = np.lexsort((-np.arange(count), size, load, labels[first]))
        heaviest = order[np.append(np.diff(labels[first][order]) != 0, True)]
        loose = np.setdiff1d(np.arange(count), heaviest)
        if not len(loose):
            return labels
        _send_home(graph, labels, component, loose, costs)


def _send_home(graph: Graph, labels: IntArray, component: IntArray, loose: IntArray, costs: FloatArray) -> None:
    """Give each loose part to the neighbouring label with the costliest boundary, in place, one after the other."""
    order = np.argsort(component, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(component))])
    for part in loose.tolist():
        nodes = order[bounds[part] : bounds[part + 1]]
        edges = np.concatenate([np.arange(graph.starts[node], graph.starts[node + 1]) for node in nodes.tolist()])
        others = graph.others[edges]
        outside = component[others] != part
        targets, position = np.unique(labels[others[outside]], return_inverse=True)
        pull = np.bincount(position, weights=costs[edges[outside]])
        labels[nodes] = targets[pull.argmax()]
