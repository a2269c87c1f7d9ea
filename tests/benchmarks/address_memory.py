"""The recurrent part of the model of Chinese address elements: an LSTM in each direction, trained by Adam."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.address_chain import marginals

Array = NDArray[np.generic]
Weights = dict[str, Array]


@dataclass(frozen=True)
class Memory:
    """What is fitted: cells of each direction, numbers that stand for a character and for a pair."""

    cells: int = 64
    width: int = 48
    passes: int = 12
    batch: int = 32
    rate: float = 4e-3
    decay: float = 1e-4
    dropout: float = 0.5
    steepest: float = 5.0
    seed: int = 1


@numba.njit(cache=True, fastmath=True)
def _run(inputs, recurrent, is_backward):  # noqa: ANN001, ANN202
    """Return the gates (n, 4h), cells (n, h) and outputs (n, h) of one direction; gates: in, forget, out, candidate."""
    n, h = len(inputs), recurrent.shape[0]
    gates, cells, outputs = inputs.copy(), np.zeros((n, h), np.float32), np.zeros((n, h), np.float32)
    cell, output = np.zeros(h, np.float32), np.zeros(h, np.float32)
    for turn in range(n):
        i = n - 1 - turn if is_backward else turn
        gate = gates[i]
        gate += np.dot(output, recurrent)
        gate[: 3 * h] = np.float32(1) / (np.float32(1) + np.exp(-gate[: 3 * h]))
        gate[3 * h :] = np.tanh(gate[3 * h :])
        cell = gate[h : 2 * h] * cell + gate[:h] * gate[3 * h :]
        output = gate[2 * h : 3 * h] * np.tanh(cell)
        cells[i], outputs[i] = cell, output
    return gates, cells, outputs


@numba.njit(cache=True, fastmath=True)
def _run_back(slopes, gates, cells, recurrent, is_backward):  # noqa: ANN001, ANN202
    """Return the slopes of the inputs (n, 4h) from those of the outputs (n, h)."""
    n, h = slopes.shape
    found = np.empty_like(gates)
    turned = np.ascontiguousarray(recurrent.T)
    cell_slope, later = np.zeros(h, np.float32), np.zeros(h, np.float32)
    for turn in range(n):
        i = turn if is_backward else n - 1 - turn
        previous = i + 1 if is_backward else i - 1
        gate = gates[i]
        into, forget, out, candidate = gate[:h], gate[h : 2 * h], gate[2 * h : 3 * h], gate[3 * h :]
        bent = np.tanh(cells[i])
        output_slope = slopes[i] + later
        cell_slope = cell_slope + output_slope * out * (1 - bent * bent)
        before = cells[previous] if 0 <= previous < n else np.zeros(h, np.float32)
        found[i, :h] = cell_slope * candidate * into * (1 - into)
        found[i, h : 2 * h] = cell_slope * before * forget * (1 - forget)
        found[i, 2 * h : 3 * h] = output_slope * bent * out * (1 - out)
        found[i, 3 * h :] = cell_slope * into * (1 - candidate * candidate)
        cell_slope = cell_slope * forget
        later = np.dot(found[i], turned)
    return found


@numba.njit(cache=True, fastmath=True)
def _before(outputs, is_backward):  # noqa: ANN001, ANN202
    found = np.zeros_like(outputs)
    if is_backward:
        found[:-1] = outputs[1:]
    else:
        found[1:] = outputs[:-1]
    return found


def start_weights(characters: int, pairs: int, labels: int, settings: Memory) -> Weights:
    """Return weights to begin with."""
    rng = np.random.default_rng(settings.seed)
    h, width = settings.cells, settings.width

    def normal(*shape: int, scale: float = 0.0) -> Array:
        return rng.normal(0, scale or 1 / np.sqrt(shape[0]), shape).astype(np.float32)

    found = {
        "characters": normal(characters, width, scale=0.3),
        "pairs": normal(pairs, width, scale=0.3),
        "out": normal(2 * h, labels),
        "out_bias": np.zeros(labels, np.float32),
        "between": np.zeros((labels, labels), np.float32),
    }
    for way in ("ahead", "back"):
        found[f"{way}_in"], found[f"{way}_recurrent"] = normal(2 * width, 4 * h), normal(h, 4 * h)
        found[f"{way}_bias"] = np.repeat(np.array([0, 1, 0, 0], np.float32), h)
    return found


def slopes_of(weights: Weights, tokens: Array, known: Array, noise: tuple[Array, Array]) -> tuple[float, Weights]:
    """Return the loss of a sentence and its slopes; `noise` multiplies inputs (n, 2 width) and outputs (n, 2h)."""
    characters, pairs = tokens[:, 0], tokens[:, 1]
    width = weights["characters"].shape[1]
    inputs = np.concatenate([weights["characters"][characters], weights["pairs"][pairs]], axis=1) * noise[0]
    runs = {
        way: _run(inputs @ weights[f"{way}_in"] + weights[f"{way}_bias"], weights[f"{way}_recurrent"], way == "back")
        for way in ("ahead", "back")
    }
    outputs = np.concatenate([runs["ahead"][2], runs["back"][2]], axis=1) * noise[1]
    emissions = outputs @ weights["out"] + weights["out_bias"]
    between = np.zeros_like(weights["between"])
    slopes, total = marginals(emissions, weights["between"], between)
    places = np.arange(len(known))
    loss = total - emissions[places, known].sum() - weights["between"][known[:-1], known[1:]].sum()
    slopes[places, known] -= 1
    np.subtract.at(between, (known[:-1], known[1:]), 1)
    found = {"between": between, "out": outputs.T @ slopes, "out_bias": slopes.sum(axis=0)}
    output_slopes = (slopes @ weights["out"].T) * noise[1]
    input_slopes = np.zeros_like(inputs)
    h = len(weights["ahead_recurrent"])
    for way, columns in (("ahead", slice(0, h)), ("back", slice(h, 2 * h))):
        gates, cells, run_outputs = runs[way]
        recurrent = weights[f"{way}_recurrent"]
        gate_slopes = _run_back(np.ascontiguousarray(output_slopes[:, columns]), gates, cells, recurrent, way == "back")
        found[f"{way}_recurrent"] = _before(run_outputs, way == "back").T @ gate_slopes
        found[f"{way}_in"], found[f"{way}_bias"] = inputs.T @ gate_slopes, gate_slopes.sum(axis=0)
        input_slopes += gate_slopes @ weights[f"{way}_in"].T
    input_slopes *= noise[0]
    found["characters"], found["pairs"] = input_slopes[:, :width], input_slopes[:, width:]
    return float(loss), found


def fit_memory(tokens: list[Array], known: list[Array], weights: Weights, settings: Memory) -> Weights:
    """Return the weights after training: Adam with decay, the rate falling as a cosine."""
    rng = np.random.default_rng(settings.seed)
    weights = {name: each.copy() for name, each in weights.items()}
    first = {name: np.zeros_like(each) for name, each in weights.items()}
    second = {name: np.zeros_like(each) for name, each in weights.items()}
    turns = settings.passes * (len(tokens) // settings.batch)
    turn = 0
    for _ in range(settings.passes):
        order = rng.permutation(len(tokens))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            batch = order[start : start + settings.batch]
            slopes = _batch_slopes(weights, [tokens[i] for i in batch], [known[i] for i in batch], settings, rng)
            rate = settings.rate * (1 + np.cos(np.pi * turn / turns)) / 2
            turn += 1
            for name, slope in slopes.items():
                _adam(
                    weights[name].ravel(),
                    first[name].ravel(),
                    second[name].ravel(),
                    slope.ravel(),
                    rate,
                    turn,
                    settings.decay,
                )
    return weights


def _batch_slopes(weights, tokens, known, settings, rng) -> Weights:  # noqa: ANN001
    total = {name: np.zeros_like(each) for name, each in weights.items()}
    keep = 1 - settings.dropout
    for sentence, labels in zip(tokens, known, strict=True):
        noise = tuple(
            (rng.random((len(labels), columns), dtype=np.float32) < keep).astype(np.float32) / np.float32(keep)
            for columns in (2 * settings.width, 2 * settings.cells)
        )
        _, found = slopes_of(weights, sentence, labels, noise)
        np.add.at(total["characters"], sentence[:, 0], found.pop("characters"))
        np.add.at(total["pairs"], sentence[:, 1], found.pop("pairs"))
        for name, slope in found.items():
            total[name] += slope
    size = np.sqrt(sum(float((each**2).sum()) for each in total.values())) / len(tokens)
    scale = np.float32(min(1.0, settings.steepest / max(size, 1e-9)) / len(tokens))
    return {name: each * scale for name, each in total.items()}


@numba.njit(cache=True, fastmath=True)
def _adam(weights, first, second, slopes, rate, turn, decay):  # noqa: ANN001, ANN202, PLR0913, PLR0917
    for i in range(len(weights)):
        first[i] = np.float32(0.9) * first[i] + np.float32(0.1) * slopes[i]
        second[i] = np.float32(0.999) * second[i] + np.float32(0.001) * slopes[i] * slopes[i]
        mean = first[i] / np.float32(1 - 0.9**turn)
        spread = np.sqrt(second[i] / np.float32(1 - 0.999**turn)) + np.float32(1e-8)
        weights[i] -= np.float32(rate) * (mean / spread + np.float32(decay) * weights[i])
