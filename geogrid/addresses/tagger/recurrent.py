"""What a small recurrent network says about the tokens of a Chinese address: an LSTM in each direction."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geogrid.addresses.tagger.tokens import CHARACTER, PAIR
from geogrid.jit import Array, kernel
from geogrid.types import FloatArray, IntArray

ARRAYS: Final = ("characters", "pairs", "vectors", "inputs", "biases", "recurrent", "out", "out_bias")


class Memory:
    """Scores the labels of tokens by what stands before and after them, at any distance.

    Parameters
    ----------
    model : mapping of str to ndarray
        ``characters`` (c,) and ``pairs`` (p,) ascending buckets of features. Of m networks ``vectors``
        (m, c + p + 2, v) what stands for each, and after those of each kind for one that is not known; of the two
        directions ``inputs`` (m, 2, 2v, 4h), ``biases`` (m, 2, 4h), ``recurrent`` (m, 2, h, 4h) with in, forget, out
        and candidate side by side; ``out`` (m, 2h, L). For all of them ``out_bias`` (L,).
    """

    def __init__(self, model: Mapping[str, NDArray[np.generic]]) -> None:
        self._characters: IntArray = model["characters"].astype(np.int64)
        self._pairs: IntArray = model["pairs"].astype(np.int64)
        vectors, inputs, biases, recurrent, out = (
            model[name].astype(np.float32) for name in ("vectors", "inputs", "biases", "recurrent", "out")
        )
        self._recurrent = np.ascontiguousarray(recurrent.reshape(-1, *recurrent.shape[2:]))
        self._out, self._out_bias = out.reshape(-1, out.shape[-1]), model["out_bias"].astype(np.float32)
        split, width = len(self._characters) + 1, vectors.shape[2]
        # The product of each vector with the input weights is made once.
        of_characters = vectors[:, None, :split] @ inputs[:, :, :width] + biases[:, :, None]
        of_pairs = vectors[:, None, split:] @ inputs[:, :, width:]
        self._of_characters, self._of_pairs = (
            np.ascontiguousarray(table.reshape(-1, *table.shape[2:])) for table in (of_characters, of_pairs)
        )

    def scores(self, features: IntArray) -> FloatArray:
        """Return what is to be added to the score of each label at each token: (n, L).

        `features` are those of `feature_buckets`.
        """
        characters = _rows(features[:, CHARACTER], self._characters)
        pairs = _rows(features[:, PAIR], self._pairs)
        outputs = _outputs(characters, pairs, self._of_characters, self._of_pairs, self._recurrent)
        scores: FloatArray = (outputs @ self._out + self._out_bias).astype(np.float64)
        return scores


def _rows(buckets: IntArray, trained: IntArray) -> IntArray:
    """Return the place of each bucket among the known ones; for an unknown one the number of those."""
    places = np.searchsorted(trained, buckets)
    return np.where(trained[np.minimum(places, len(trained) - 1)] == buckets, places, len(trained))


@kernel
def _outputs(characters: Array, pairs: Array, of_characters: Array, of_pairs: Array, recurrent: Array) -> Array:
    n, h = len(characters), recurrent.shape[1]
    outputs = np.empty((n, len(recurrent) * h), dtype=np.float32)
    gate = np.empty(4 * h, dtype=np.float32)
    cell = np.empty(h, dtype=np.float32)
    output = np.empty(h, dtype=np.float32)
    for way in range(len(recurrent)):
        weights = recurrent[way]
        cell[:] = 0
        output[:] = 0
        for turn in range(n):
            i = n - 1 - turn if way % 2 else turn
            first, second = of_characters[way, characters[i]], of_pairs[way, pairs[i]]
            for j in range(4 * h):
                gate[j] = first[j] + second[j]
            _add_product(gate, output, weights)
            for j in range(h):
                cell[j] = _sigmoid(gate[h + j]) * cell[j] + _sigmoid(gate[j]) * _tanh(gate[3 * h + j])
            for j in range(h):
                output[j] = _sigmoid(gate[2 * h + j]) * _tanh(cell[j])
            outputs[i, way * h : (way + 1) * h] = output
    return outputs


@kernel
def _add_product(total: Array, vector: Array, matrix: Array) -> None:
    """Add the product of a vector and a matrix; four rows at a time, so that sums stay in registers."""
    for k in range(0, len(vector), 4):
        a, b, c, d = vector[k], vector[k + 1], vector[k + 2], vector[k + 3]
        row_a, row_b, row_c, row_d = matrix[k], matrix[k + 1], matrix[k + 2], matrix[k + 3]
        for j in range(len(total)):
            total[j] += (a * row_a[j] + b * row_b[j]) + (c * row_c[j] + d * row_d[j])


@kernel
def _sigmoid(x: Any) -> Any:
    return np.float32(0.5) + np.float32(0.5) * _tanh(np.float32(0.5) * x)


@kernel
def _tanh(x: Any) -> Any:
    """Return the hyperbolic tangent by a continued fraction, within 1e-4, without branches."""
    x = min(max(x, np.float32(-4.97)), np.float32(4.97))
    square = x * x
    above = x * (np.float32(135135) + square * (np.float32(17325) + square * (np.float32(378) + square)))
    below = np.float32(135135) + square * (np.float32(62370) + square * (np.float32(3150) + square * np.float32(28)))
    return above / below
