"""The elements of a Chinese address (road, number, place of interest, community ...), by a linear chain model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geogrid.address.tokens import feature_buckets, tokenise
from geogrid.errors import InvalidInputError
from geogrid.jit import Array, kernel
from geogrid.types import FloatArray, IntArray

ARRAYS: Final = ("labels", "buckets", "starts", "states", "weights", "scale", "transitions")


@dataclass(frozen=True, slots=True)
class Element:
    """A stretch of an address and what it is, e.g. ``road``; `start` and `end` are places in the text."""

    kind: str
    text: str
    start: int
    end: int


class ElementTagger:
    """Tags the elements of Chinese addresses.

    Parameters
    ----------
    model : mapping of str to ndarray
        ``labels`` (L,) of str such as ``B-road``; ``buckets`` (F,) ascending buckets of features that count;
        ``starts`` (F + 1,) where the weights of each begin; ``states`` (W,) labels and ``weights`` (W,) int8 of those;
        ``scale`` (1,) what a weight of 1 is worth; ``transitions`` (L, L) float32, from label to label.

    Raises
    ------
    InvalidInputError
        Arrays are missing.
    """

    def __init__(self, model: Mapping[str, NDArray[np.generic]]) -> None:
        missing = [name for name in ARRAYS if name not in model]
        if missing:
            raise InvalidInputError.of("model", f"The model of address elements lacks {', '.join(missing)}.")
        self._labels = [str(label) for label in model["labels"].tolist()]
        self._buckets: IntArray = model["buckets"].astype(np.int64)
        self._starts: IntArray = model["starts"].astype(np.int64)
        self._states: IntArray = model["states"].astype(np.int64)
        self._weights: FloatArray = model["weights"].astype(np.float64) * float(model["scale"].astype(np.float64)[0])
        self._transitions: FloatArray = model["transitions"].astype(np.float64)

    def tag(self, text: str) -> list[Element]:
        """Return the elements of a text in order; they do not overlap and leave out blanks."""
        spans, codes = tokenise(text)
        if not spans:
            return []
        emissions = _emissions(
            feature_buckets(codes), self._buckets, self._starts, self._states, self._weights, len(self._labels)
        )
        path = _best_path(emissions, self._transitions)
        found: list[Element] = []
        for (start, end), label in zip(spans, path.tolist(), strict=True):
            name = self._labels[label]
            kind = name[2:]
            if name.startswith("I-") and found and found[-1].kind == kind:
                begun = found.pop().start
                found.append(Element(kind, text[begun:end], begun, end))
            else:
                found.append(Element(kind, text[start:end], start, end))
        return found


@kernel
def _emissions(  # noqa: PLR0913, PLR0917 - a kernel takes its arrays one by one
    features: Array, buckets: Array, starts: Array, states: Array, weights: Array, labels: int
) -> Array:
    found = np.zeros((len(features), labels))
    for i in range(len(features)):
        slots = np.searchsorted(buckets, features[i])
        for feature, slot in enumerate(slots):
            if slot < len(buckets) and buckets[slot] == features[i, feature]:
                for place in range(starts[slot], starts[slot + 1]):
                    found[i, states[place]] += weights[place]
    return found


@kernel
def _best_path(emissions: Array, transitions: Array) -> Array:
    """Return the labels of the highest sum (Viterbi); of equal sums the one with the smaller labels."""
    n, labels = emissions.shape
    best = emissions[0].copy()
    came = np.zeros((n, labels), dtype=np.int64)
    for i in range(1, n):
        following = np.empty(labels)
        for label in range(labels):
            sums = best + transitions[:, label]
            came[i, label] = np.argmax(sums)
            following[label] = sums[came[i, label]] + emissions[i, label]
        best = following
    path = np.empty(n, dtype=np.int64)
    path[n - 1] = np.argmax(best)
    for i in range(n - 1, 0, -1):
        path[i - 1] = came[i, path[i]]
    return path
