"""The linear chain model of Chinese address elements: forward and backward sums, and training with sparse weights."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


@dataclass(frozen=True)
class Chain:
    """What is fitted: L1 keeps few weights, L2 keeps them small; both per pass over the sentences."""

    passes: int = 9
    averaged: int = 5
    rate: float = 0.2
    l1: float = 0.5
    l2: float = 0.1
    seed: int = 1


@numba.njit(cache=True, fastmath=True)
def marginals(emissions, transitions, expected):  # noqa: ANN001, ANN201
    """Return the probability of each label at each place (n, L) and the log of the sum over all paths.

    To `expected` (L, L) the expected numbers of transitions are added.
    """
    n, labels = emissions.shape
    steps = np.exp(transitions)
    here = np.empty_like(emissions)
    forward = np.zeros_like(emissions)
    total = 0.0
    for i in range(n):
        top = emissions[i].max()
        here[i] = np.exp(emissions[i] - top)
        if i == 0:
            forward[0] = here[0]
        else:
            for k in range(labels):
                forward[i] += forward[i - 1, k] * steps[k]
            forward[i] *= here[i]
        size = forward[i].sum()
        forward[i] /= size
        total += np.log(size) + top
    found = np.empty_like(emissions)
    backward = np.ones(labels, emissions.dtype)
    found[n - 1] = forward[n - 1]
    for i in range(n - 2, -1, -1):
        after = backward * here[i + 1]
        for k in range(labels):
            backward[k] = (steps[k] * after).sum()
        size = (forward[i] * backward).sum()
        for k in range(labels):
            expected[k] += forward[i, k] / size * steps[k] * after
        found[i] = forward[i] * backward / size
        backward /= backward.sum()
    return found, total


@numba.njit(cache=True, fastmath=True)
def _shrunk(z, squares, rate, l1, l2):  # noqa: ANN001, ANN202
    if abs(z) <= l1:
        return np.float32(0)
    return -(z - np.sign(z) * l1) / ((np.sqrt(squares) + np.float32(0.1)) / rate + l2)


@numba.njit(cache=True, fastmath=True)
def _pass(features, starts, known, order, state, transitions, squared, rate, l1, l2, before):  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """Go through the sentences once, FTRL-proximal for the weights, AdaGrad for the transitions."""
    weights, squares, z = state
    labels = weights.shape[1]
    expected = np.zeros((labels, labels), np.float32)
    for turn in range(len(order)):
        low, high = starts[order[turn]], starts[order[turn] + 1]
        share = np.float32(before + (turn + 1) / len(order))
        emissions = np.zeros((high - low, labels), np.float32)
        for i in range(low, high):
            for feature in features[i]:
                emissions[i - low] += weights[feature]
        slopes, _ = marginals(emissions, transitions, expected)
        for i in range(low, high):
            slopes[i - low, known[i]] -= 1
            if i > low:
                expected[known[i - 1], known[i]] -= 1
            for feature in features[i]:
                for label in range(labels):
                    slope, weight = slopes[i - low, label], weights[feature, label]
                    if weight == 0 and abs(slope) < np.float32(1e-4):
                        continue
                    old = squares[feature, label]
                    new = old + slope * slope
                    squares[feature, label] = new
                    z[feature, label] += slope - (np.sqrt(new) - np.sqrt(old)) / rate * weight
                    weights[feature, label] = _shrunk(z[feature, label], new, rate, l1 * share, l2 * share)
        if turn % 8 == 7:
            squared += expected * expected
            transitions -= rate * expected / np.sqrt(squared + np.float32(0.01))
            expected[:] = 0


def fit_chain(features: Array, starts: Array, known: Array, *, labels: int, settings: Chain) -> tuple[Array, Array]:
    """Return weights (F, labels) and transitions (labels, labels), averages of the last passes.

    Parameters
    ----------
    features : (n, k) int32
        Numbers 0 to F - 1 of each token's features.
    starts : (s + 1,) int64
        Where sentences begin.
    known : (n,) int64
        Labels.
    """
    rng = np.random.default_rng(settings.seed)
    weights, squares, z = (np.zeros((int(features.max()) + 1, labels), np.float32) for _ in range(3))
    transitions, squared = (np.zeros((labels, labels), np.float32) for _ in range(2))
    mean, mean_transitions = np.zeros_like(weights), np.zeros_like(transitions)
    rate, l1, l2 = np.float32(settings.rate), np.float32(settings.l1), np.float32(settings.l2)
    for number in range(settings.passes):
        order = rng.permutation(len(starts) - 1)
        _pass(features, starts, known, order, (weights, squares, z), transitions, squared, rate, l1, l2, number)
        if number >= settings.passes - settings.averaged:
            left = np.abs(z) > l1 * (number + 1)
            mean += weights * left / settings.averaged
            mean_transitions += transitions / settings.averaged
    return mean, mean_transitions
