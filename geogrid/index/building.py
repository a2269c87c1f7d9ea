"""Build the tables: size the coarse one, fill it, and then level by level whatever needs finer tables."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geogrid.errors import InvalidInputError
from geogrid.index.cells import COUNTS, COVERS, FIRST, ITEMS, TABLES, WORDS, Queue, RankedEdges, Sink, fill_tables
from geogrid.index.edges import NOBODY, Edges
from geogrid.index.layout import MAX_COLUMNS, OUTSIDE, WORDS_PER_SLOT, Frame
from geogrid.jit import Array, locked
from geogrid.types import FloatArray, IntArray

_EDGES_PER_COARSE_CELL: Final = 20
_WORDS_PER_EDGE: Final = 10
# An entry has 29 bits for the place of its record.
_MOST_WORDS: Final = WORDS_PER_SLOT << 29
_ROUNDING: Final = 2.0**-48
_MARGIN: Final = 2.0**-20
_LEAST_SLACK: Final = 1e-290
_PLACE_FIELDS: Final = 5
_SHAPE_FIELDS: Final = 3


@dataclass(frozen=True, slots=True)
class Compiled:
    """The tables and records of an index; see `geogrid.index.layout`."""

    frame: Frame
    coarse: IntArray
    fine: NDArray[np.int32]
    words: NDArray[np.int32]


def compile_edges(edges: Edges, rank: NDArray[np.int32]) -> Compiled:
    """Return the tables over edges; where polygons share a point, the smaller rank answers.

    Raises
    ------
    InvalidInputError
        There are more records than entries can tell apart.
    """
    live = np.flatnonzero((edges.left != NOBODY) | (edges.right != NOBODY)).astype(np.int32)
    frame = _frame(edges.vertices, len(live))
    lines = RankedEdges(locked(edges.vertices), locked(edges.left), locked(edges.right), locked(rank))
    coarse = np.full(frame.columns * frame.rows, OUTSIDE, dtype=np.int64)
    counts, words = np.zeros(COUNTS, dtype=np.int64), np.zeros(64 + _WORDS_PER_EDGE * len(live), dtype=np.int32)
    queue, entries, fine = _coarse_queue(frame, live), coarse, np.empty(0, dtype=np.int32)
    while len(queue.shapes):
        queue, words = _fill_level(queue, frame, lines, counts, words, entries, fine)
        fine = _enlarged(fine, max(1, int(counts[FIRST])))  # lookups read an entry whether or not they need it
        entries = np.empty(MAX_COLUMNS * MAX_COLUMNS, dtype=np.int64)
        if counts[WORDS] > _MOST_WORDS:
            raise _too_large(len(live))
    return Compiled(frame, coarse, fine, words[: counts[WORDS]].copy())


def _too_large(edges: int) -> InvalidInputError:
    return InvalidInputError.of(
        "too-large",
        f"The polygons have {edges:,} edges; the records of their cells are more than one index holds.",
        "Build several indexes, e.g. one for each province.",
    )


def _frame(vertices: FloatArray, edges: int) -> Frame:
    """Return the coarse table's place and size; its lower left corner is outside of everything."""
    if edges == 0:
        return Frame(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1, 1, _ROUNDING)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    extent, largest = high - low, float(np.abs(vertices).max())
    slack = max((float(extent.max()) + largest) * _ROUNDING, _LEAST_SLACK)
    margin = max(float(extent.max()) * _MARGIN, slack * 16)
    corner, size = low - margin, extent + 2 * margin
    cells = max(1.0, edges / _EDGES_PER_COARSE_CELL)
    columns = max(1, round(min(cells, math.sqrt(cells * size[0] / size[1]))))
    rows = max(1, round(cells / columns))
    box = [float(value) for value in (*low, *high, *corner, size[0] / columns, size[1] / rows)]
    return Frame._make([*box, columns, rows, slack])


def _coarse_queue(frame: Frame, live: NDArray[np.int32]) -> Queue:
    return Queue(
        np.array([[0.0, 0.0, 1.0, frame.x0, frame.y0]]),
        np.array([[frame.columns, frame.rows, -1]]),
        live,
        np.array([0, len(live)]),
        np.empty(0, dtype=np.int32),
        np.zeros(2, dtype=np.int64),
    )


def _fill_level(
    queue: Queue,
    frame: Frame,
    lines: RankedEdges,
    counts: IntArray,
    words: NDArray[np.int32],
    entries: IntArray,
    fine: NDArray[np.int32],
) -> tuple[Queue, NDArray[np.int32]]:
    """Fill the tables of a level; return the queue of the next, and the records."""
    counts[[TABLES, ITEMS, COVERS]] = 0
    # The coarse table turns most of its cells into tables; in later levels few cells are crowded.
    coarse = queue.shapes[0, 2] < 0
    room = 64 + (frame.columns * frame.rows if coarse else len(queue.shapes) // 4)
    out = _queue(room, 64 + (len(queue.items) * 3 // 2 if coarse else len(queue.items) // 4))
    at = 0
    while True:
        sink = Sink(words, words.view(np.float64), counts)
        at = fill_tables(queue, at, frame, lines, sink, out, entries, fine)
        if at == len(queue.shapes):
            break
        words = _enlarged(words, 2 * len(words))
        out = Queue(*(_enlarged(array, 2 * len(array)) for array in out))
    tables = int(counts[TABLES])
    ends = out.item_ends[: tables + 1], out.cover_ends[: tables + 1]
    items, covers = out.items[: counts[ITEMS]], out.covers[: counts[COVERS]]
    return Queue(out.places[:tables], out.shapes[:tables], items, ends[0], covers, ends[1]), words


def _queue(tables: int, items: int) -> Queue:
    return Queue(
        np.empty((tables, _PLACE_FIELDS)),
        np.empty((tables, _SHAPE_FIELDS), dtype=np.int64),
        np.empty(items, dtype=np.int32),
        np.zeros(tables + 1, dtype=np.int64),
        np.empty(tables, dtype=np.int32),
        np.zeros(tables + 1, dtype=np.int64),
    )


def _enlarged(array: Array, rows: int) -> Array:
    """Return a copy with room for more."""
    larger = np.zeros((rows, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
