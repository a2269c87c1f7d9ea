"""The elements of a Chinese address (road, number, place of interest ...), by a linear chain and recurrent networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geogrid.addresses.tagger import recurrent as memory
from geogrid.addresses.tagger.tokens import BUCKETS, feature_buckets, tokenise
from geogrid.errors import InvalidInputError
from geogrid.jit import Array, kernel
from geogrid.types import FloatArray, IntArray

ARRAYS: Final = ("labels", "buckets", "starts", "states", "weights", "scale", "transitions", *memory.ARRAYS)
_PAGE: Final = 6
"""Of a bucket's bits, those within a page: a page has one or two buckets that count."""


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
        ``scale`` (1,) what a weight of 1 is worth; ``transitions`` (L, L) float32, from label to label; and the arrays
        of `Memory`.

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
        self._pages: IntArray = np.searchsorted(self._buckets, np.arange((BUCKETS >> _PAGE) + 1) << _PAGE)
        self._states: IntArray = model["states"].astype(np.int64)
        self._weights: FloatArray = model["weights"].astype(np.float64) * float(model["scale"].astype(np.float64)[0])
        self._transitions: FloatArray = model["transitions"].astype(np.float64)
        self._memory = memory.Memory(model)

    def tag(self, text: str) -> list[Element]:
        """Return the elements of a text in order; they do not overlap and leave out blanks."""
        spans, codes = tokenise(text)
        if not spans:
            return []
        features = feature_buckets(codes)
        scores = self._memory.scores(features)
        _add_weights(scores, features, self._pages, self._buckets, self._starts, self._states, self._weights)
        path = _best_path(scores, self._transitions)
        elements: list[Element] = []
        for (start, end), label in zip(spans, path.tolist(), strict=True):
            name = self._labels[label]
            kind = name[2:]
            if name.startswith("I-") and elements and elements[-1].kind == kind:
                begun = elements.pop().start
                elements.append(Element(kind, text[begun:end], begun, end))
            else:
                elements.append(Element(kind, text[start:end], start, end))
        return elements


@kernel
def _add_weights(  # noqa: PLR0913, PLR0917 - a kernel takes its arrays one by one
    scores: Array, features: Array, pages: Array, buckets: Array, starts: Array, states: Array, weights: Array
) -> None:
    for i in range(len(features)):
        for bucket in features[i]:
            page = bucket >> _PAGE
            for slot in range(pages[page], pages[page + 1]):
                if buckets[slot] == bucket:
                    for place in range(starts[slot], starts[slot + 1]):
                        scores[i, states[place]] += weights[place]


@kernel
def _best_path(emissions: Array, transitions: Array) -> Array:
    """Return the labels of the highest sum (Viterbi); of equal sums the one with the smaller labels."""
    n, labels = emissions.shape
    best = emissions[0].copy()
    came = np.zeros((n, labels), dtype=np.int64)
    following = np.empty(labels)
    for i in range(1, n):
        following[:] = -np.inf
        for before in range(labels):
            for label in range(labels):
                total = best[before] + transitions[before, label]
                if total > following[label]:
                    following[label] = total
                    came[i, label] = before
        for label in range(labels):
            best[label] = following[label] + emissions[i, label]
    path = np.empty(n, dtype=np.int64)
    path[n - 1] = np.argmax(best)
    for i in range(n - 1, 0, -1):
        path[i - 1] = came[i, path[i]]
    return path
