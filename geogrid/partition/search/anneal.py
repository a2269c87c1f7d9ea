"""Moves of single blocks across boundaries, at falling temperature."""

import numpy as np

from geogrid.jit import borrowing, kernel
from geogrid.partition.search.state import Net, State, draw, is_removable
from geogrid.partition.search.terms import Weights, grid_term

_NOTICEABLE = 1e-12


@kernel
def anneal(net: Net, state: State, weights: Weights, sweeps: int, heat: tuple[float, float]) -> int:  # noqa: C901 - one loop, as kernels are
    """Offer each node a neighbouring grid, sweep by sweep; return the number of moves.

    Every grid stays contiguous and keeps a node. `heat` is the first and the last temperature, in units of the
    objective; at 0 only improvements are taken, and sweeps end when none is left.

    References
    ----------
    Kirkpatrick, S., Gelatt, C., Vecchi, M. (1983). Optimization by simulated annealing.
    """
    moves = 0
    hot, cold = heat
    for sweep in range(sweeps):
        temperature = 0.0
        if hot > 0.0:
            temperature = hot * (cold / hot) ** (sweep / max(sweeps - 1, 1))
        before = moves
        for node in range(len(state.label)):
            first, last = net.starts[node], net.starts[node + 1]
            if last == first:
                continue
            own = state.label[node]
            grid = state.label[net.others[first + int(draw(state.random) * (last - first))]]
            if grid == own or state.nodes[own] == 1:
                continue
            own_m = grid_m = own_cost = grid_cost = 0.0
            for edge in range(first, last):
                label = state.label[net.others[edge]]
                if label == own:
                    own_m += net.length[edge]
                    own_cost += net.cost[edge]
                elif label == grid:
                    grid_m += net.length[edge]
                    grid_cost += net.cost[edge]
            load, area, perimeter = net.load[node], net.area[node], net.perimeter[node]
            own_left = state.perimeter[own] - perimeter + 2.0 * own_m
            grid_new = state.perimeter[grid] + perimeter - 2.0 * grid_m
            change = (
                grid_term(state.load[own] - load, state.area[own] - area, own_left, weights)
                + grid_term(state.load[grid] + load, state.area[grid] + area, grid_new, weights)
                - grid_term(state.load[own], state.area[own], state.perimeter[own], weights)
                - grid_term(state.load[grid], state.area[grid], state.perimeter[grid], weights)
                + weights.boundary * (own_cost - grid_cost)
            )
            if net.home[node] >= 0:
                change += weights.stay * load * (int(net.home[node] != grid) - int(net.home[node] != own))
            uphill = change > -_NOTICEABLE
            if uphill and (temperature <= 0.0 or draw(state.random) >= np.exp(-change / temperature)):
                continue
            if not is_removable(net, state, node):
                continue
            _move(net, state, node, grid, (own_left, grid_new))
            moves += 1
        if hot <= 0.0 and moves == before:
            break
    return moves


@borrowing
def _move(net: Net, state: State, node: int, grid: int, perimeters: tuple[float, float]) -> None:
    """Give a node to another grid.

    What that changes is computed in the loop: with a function for it, annealing takes 1.4 times as long.
    """
    own = state.label[node]
    state.label[node] = grid
    state.nodes[own] -= 1
    state.nodes[grid] += 1
    state.load[own] -= net.load[node]
    state.load[grid] += net.load[node]
    state.area[own] -= net.area[node]
    state.area[grid] += net.area[node]
    state.perimeter[own], state.perimeter[grid] = perimeters
