"""Locate many points at once.

A block of points goes through the steps together: all coarse entries, all fine ones, all records. Within a
step no point waits for another: each asks for its memory first and reads it in the next. That is most of the speed.

References
----------
Kipf, A. et al. (2020). Adaptive Main-Memory Indexing for High-Performance Point-Polygon Joins.
"""

from typing import Final

import numpy as np

from geogrid.index.covering import entry_at, first_cover, side_of_record
from geogrid.index.layout import (
    COLUMN_BITS,
    EDGE_SHIFT,
    FACE_MASK,
    FIRST_RECORD,
    GENERAL,
    HEADER_WORDS,
    KIND_BITS,
    KIND_MASK,
    MAX_COLUMNS,
    OUTSIDE,
    SINGLE,
    WORDS_PER_SLOT,
    Frame,
    Parts,
)
from geogrid.jit import Array, borrowing, kernel, prefetch

_BLOCK: Final = 512
_KINDS: Final = 4
_WORDS_PER_LINE: Final = 16
_AHEAD: Final = 4


@kernel
def locate_points(x: Array, y: Array, parts: Parts, result: Array) -> None:
    """Write the face of the smallest rank that covers each point, -1 for none."""
    frame, coarse, fine = parts.frame, parts.coarse, parts.fine
    words, doubles, vertices = parts.words, parts.doubles, parts.vertices
    entries, edges = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    fractions, lists = np.empty((2, _BLOCK)), np.empty((_KINDS, _BLOCK), np.int64)
    counts = np.zeros(_KINDS, np.int64)
    for begin in range(0, len(x), _BLOCK):
        size = min(_BLOCK, len(x) - begin)
        _read_coarse(x, y, begin, size, frame, coarse, entries, fractions, edges)
        _read_fine(size, fine, entries, fractions, edges)
        _sort_by_kind(begin, size, entries, words, result, edges, lists, counts)
        _read_records(entries, words, vertices.reshape(-1), edges, lists, counts)
        for kind in range(GENERAL):
            for j in range(counts[kind]):
                i = lists[kind, j]
                side = side_of_record(kind, edges[i], vertices, x[begin + i], y[begin + i])
                result[begin + i] = _answer(entries[i], words, side)
        for j in range(counts[GENERAL]):
            i = lists[GENERAL, j]
            px, py, entry = x[begin + i], y[begin + i], entries[i]
            if edges[i] < 0:  # not a record but a still finer table
                entry = entry_at(frame, coarse, fine, words, doubles, px, py)
            result[begin + i] = first_cover(entry, words, doubles, vertices, px, py)


@borrowing
def _read_coarse(
    x: Array,
    y: Array,
    begin: int,
    size: int,
    frame: Frame,
    coarse: Array,
    entries: Array,
    fractions: Array,
    places: Array,
) -> None:
    """Read the coarse entry of each point, and keep where in its cell it is."""
    per_width, per_height = 1.0 / frame.width, 1.0 / frame.height
    for i in range(size):
        px, py = x[begin + i], y[begin + i]
        # NaN fails every comparison.
        inside = (px >= frame.low_x) & (px <= frame.high_x) & (py >= frame.low_y) & (py <= frame.high_y)
        u = (px - frame.x0) * per_width if inside else 0.0
        v = (py - frame.y0) * per_height if inside else 0.0
        column, row = int(u), int(v)
        fractions[0, i], fractions[1, i] = u - column, v - row
        places[i] = row * frame.columns + column if inside else OUTSIDE
        prefetch(coarse, max(places[i], 0))
    for i in range(size):
        entry = coarse[max(places[i], 0)]
        entries[i] = entry if places[i] >= 0 else OUTSIDE


@borrowing
def _read_fine(size: int, fine: Array, entries: Array, fractions: Array, places: Array) -> None:
    """Follow coarse entries to their finer tables."""
    for i in range(size):
        table = FIRST_RECORD - entries[i]
        columns, first = table & MAX_COLUMNS, table >> COLUMN_BITS
        column = min(int(fractions[0, i] * columns), columns - 1)
        row = min(int(fractions[1, i] * columns), columns - 1)
        places[i] = first + row * columns + column if table >= 0 else 0
        prefetch(fine, places[i])
    for i in range(size):
        entry = fine[places[i]]
        entries[i] = entry if entries[i] <= FIRST_RECORD else entries[i]


@borrowing
def _sort_by_kind(
    begin: int, size: int, entries: Array, words: Array, result: Array, hard: Array, lists: Array, counts: Array
) -> None:
    """Answer points in cells without edges; list the others by kind of record."""
    count = 0
    for i in range(size):
        result[begin + i] = entries[i]
        hard[count] = i
        count += int(entries[i] <= FIRST_RECORD)
    for kind in range(_KINDS):
        counts[kind] = 0
    for j in range(count):
        i = hard[j]
        kind = (FIRST_RECORD - entries[i]) & KIND_MASK
        lists[kind, counts[kind]] = i
        counts[kind] += 1
        prefetch(words, _word(entries[i]))


@borrowing
def _read_records(entries: Array, words: Array, coordinates: Array, edges: Array, lists: Array, counts: Array) -> None:
    """Read the first word of each record, and ask for the vertices of its first edges."""
    for kind in range(_KINDS):
        for j in range(counts[kind]):
            i = lists[kind, j]
            word = _word(entries[i])
            edges[i] = words[word]
            if kind == GENERAL:
                prefetch(words, word + _WORDS_PER_LINE)
            else:
                prefetch(coordinates, 2 * edges[i])
                prefetch(coordinates, 2 * edges[i] + (3 if kind == SINGLE else 5))
    for j in range(counts[GENERAL]):
        i = lists[GENERAL, j]
        at = _word(entries[i]) + HEADER_WORDS + (edges[i] & FACE_MASK)
        for k in range(min(_AHEAD, max(edges[i], 0) >> EDGE_SHIFT)):
            prefetch(coordinates, 2 * words[at + 2 * k])


@borrowing
def _word(entry: int) -> int:
    return ((FIRST_RECORD - entry) >> KIND_BITS) * WORDS_PER_SLOT


@borrowing
def _answer(entry: int, words: Array, side: int) -> int:
    """Return the answer of a record of one or two edges, without a branch."""
    return words[_word(entry) + 1 + int(side < 0) + 2 * int(side == 0)]
