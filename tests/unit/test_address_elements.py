from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.addresses.tagger.elements import ElementTagger, _best_path
from geogrid.addresses.tagger.recurrent import Memory
from geogrid.addresses.tagger.tokens import CHARACTER, PAIR, feature_buckets, tokenise
from geogrid.errors import InvalidInputError

LABELS = ("B-road", "B-roadno", "I-road", "I-roadno")
CELLS, WIDTH, NETWORKS = 8, 3, 2


def model(seed: int, *texts: str) -> dict[str, np.ndarray]:
    """Return a small model with weights for every feature of the texts."""
    rng = np.random.default_rng(seed)
    features = np.concatenate([feature_buckets(tokenise(text)[1]) for text in texts])
    buckets, characters, pairs = np.unique(features), np.unique(features[:, CHARACTER]), np.unique(features[:, PAIR])

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float16)

    return {
        "labels": np.array(LABELS),
        "buckets": buckets.astype(np.uint32),
        "starts": np.arange(len(buckets) + 1, dtype=np.uint32),
        "states": rng.integers(len(LABELS), size=len(buckets)).astype(np.uint8),
        "weights": rng.integers(-127, 128, size=len(buckets)).astype(np.int8),
        "scale": np.array([0.03], dtype=np.float32),
        "transitions": rng.normal(size=(len(LABELS), len(LABELS))).astype(np.float32),
        "characters": characters.astype(np.uint32),
        "pairs": pairs.astype(np.uint32),
        "vectors": normal(NETWORKS, len(characters) + len(pairs) + 2, WIDTH),
        "inputs": normal(NETWORKS, 2, 2 * WIDTH, 4 * CELLS),
        "biases": normal(NETWORKS, 2, 4 * CELLS),
        "recurrent": normal(NETWORKS, 2, CELLS, 4 * CELLS),
        "out": normal(NETWORKS, 2 * CELLS, len(LABELS)),
        "out_bias": normal(len(LABELS)),
    }


def lstm_scores(arrays: dict[str, np.ndarray], text: str) -> np.ndarray:
    """Return the scores of the networks, as the definition of an LSTM says."""
    whole = {name: each.astype(float) for name, each in arrays.items() if name != "labels"}
    features = feature_buckets(tokenise(text)[1])
    characters, pairs = list(arrays["characters"]), list(arrays["pairs"])
    total = np.tile(whole["out_bias"], (len(features), 1))
    for network in range(NETWORKS):
        vectors = whole["vectors"][network]
        for way in range(2):
            cell, output = np.zeros(CELLS), np.zeros(CELLS)
            for i in range(len(features)) if way == 0 else reversed(range(len(features))):
                c, p = features[i, CHARACTER], features[i, PAIR]
                first = vectors[characters.index(c) if c in characters else len(characters)]
                second = vectors[len(characters) + 1 + (pairs.index(p) if p in pairs else len(pairs))]
                gates = np.r_[first, second] @ whole["inputs"][network, way] + whole["biases"][network, way]
                gates += output @ whole["recurrent"][network, way]
                into, forget, out = 1 / (1 + np.exp(-gates[: 3 * CELLS].reshape(3, CELLS)))
                cell = forget * cell + into * np.tanh(gates[3 * CELLS :])
                output = out * np.tanh(cell)
                total[i] += output @ whole["out"][network, way * CELLS : (way + 1) * CELLS]
    return total


@pytest.mark.parametrize("text", ["解放路12号", "中山北路", "路"])
def test_networks_score_as_the_definition_of_an_lstm_says(text: str) -> None:
    arrays = model(3, "解放路12号", "人民路")
    scores = Memory(arrays).scores(feature_buckets(tokenise(text)[1]))
    assert np.allclose(scores, lstm_scores(arrays, text), atol=0.02)


@settings(max_examples=60)
@given(st.integers(1, 5), st.integers(0, 10_000))
def test_the_best_path_is_that_of_trying_all(length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    emissions, transitions = rng.integers(-3, 4, (length, 3)).astype(float), rng.integers(-3, 4, (3, 3)).astype(float)

    def total(path: tuple[int, ...]) -> float:
        return sum(emissions[i, label] for i, label in enumerate(path)) + sum(transitions[path[:-1], path[1:]])

    best = max(total(path) for path in product(range(3), repeat=length))
    assert total(tuple(_best_path(emissions, transitions).tolist())) == best


def test_elements_are_those_of_the_highest_sum_of_weights_and_networks() -> None:
    text = "解放路12号"
    arrays = model(5, text, "人民路7号")
    buckets = arrays["buckets"].tolist()
    scores = lstm_scores(arrays, text)
    for i, row in enumerate(feature_buckets(tokenise(text)[1])):
        for bucket in row:
            slot = buckets.index(bucket)
            scores[i, arrays["states"][slot]] += arrays["weights"][slot] * 0.03
    labels = [LABELS[label] for label in _best_path(scores, arrays["transitions"].astype(float))]
    begins = [i for i, each in enumerate(labels) if i == 0 or each[0] == "B" or each[2:] != labels[i - 1][2:]]
    spans = tokenise(text)[0]
    expected = [(labels[i][2:], spans[i][0]) for i in begins]
    assert [(each.kind, each.start) for each in ElementTagger(arrays).tag(text)] == expected


def test_a_model_that_lacks_arrays_is_refused_by_their_names() -> None:
    arrays = model(1, "解放路")
    del arrays["recurrent"], arrays["scale"]
    with pytest.raises(InvalidInputError, match="scale, recurrent"):
        ElementTagger(arrays)
