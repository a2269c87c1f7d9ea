"""A first partition by METIS, made contiguous."""

import numpy as np

from geogrid.partition.graph import Graph, fragments

_NODES_PER_GRID = 4
_WEIGHT_SCALE = 1_000
_COST_SCALE = 10


def seed_labels(graph: Graph, count: int, rng: np.random.Generator) -> list[int]:
    """Return a contiguous assignment of the nodes of a connected graph to at most `count` grids.

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
        return [0] * len(graph)
    return join_fragments(graph, _metis(graph, count, rng))


def _metis(graph: Graph, count: int, rng: np.random.Generator) -> list[int]:
    import pymetis

    starts = np.cumsum([0, *(len(around) for around in graph.neighbors)]).tolist()
    others = [other for around in graph.neighbors for other in around]
    costs = [max(round(cost * _COST_SCALE), 1) for around in graph.neighbors for cost in around.values()]
    # Land without load still has to go somewhere: a weight of 1 beside thousands keeps METIS from dividing by 0.
    typical = graph.total / len(graph) or 1.0
    # A node heavier than a whole grid fills one whatever its weight; beyond that METIS loses its footing.
    heaviest = graph.total / count
    weights = [round(min(load, heaviest) / typical * _WEIGHT_SCALE) + 1 for load in graph.loads]
    options = pymetis.Options(contig=True, seed=int(rng.integers(2**31 - 1)))
    _, labels = pymetis.part_graph(
        count,
        pymetis.CSRAdjacency(starts, others),
        vweights=weights,
        eweights=costs,
        options=options,
        recursive=False,
    )
    return [int(label) for label in labels]


def join_fragments(graph: Graph, labels: list[int]) -> list[int]:
    """Return the assignment with every grid contiguous: all but its heaviest part go to a neighbour."""
    labels = list(labels)
    while True:
        members: dict[int, set[int]] = {}
        for node, label in enumerate(labels):
            members.setdefault(label, set()).add(node)
        loose = [part for label in sorted(members) for part in _loose_parts(graph, members[label])]
        if not loose:
            return labels
        for part in loose:
            pull: dict[int, float] = {}
            for node in sorted(part):
                for other, cost in graph.neighbors[node].items():
                    if other not in part:
                        pull[labels[other]] = pull.get(labels[other], 0.0) + cost
            target = max(sorted(pull), key=pull.__getitem__)
            for node in part:
                labels[node] = target


def _loose_parts(graph: Graph, members: set[int]) -> list[set[int]]:
    parts = fragments(graph, members)
    if len(parts) == 1:
        return []
    parts.sort(key=lambda part: (sum(graph.loads[node] for node in part), len(part), -min(part)))
    return parts[:-1]
