"""Write the record of a cell that edges run through.

A cell comes as a slice of `listed`, the edges that run there, and `covers`: the number of faces that cover its
reference point, then the faces.
"""

from typing import Final, NamedTuple

import numpy as np

from geogrid.index.crossing import side_of_moved
from geogrid.index.layout import (
    EDGE_SHIFT,
    FACES_PER_CHUNK,
    FIRST_RECORD,
    GENERAL,
    HEADER_WORDS,
    KIND_BITS,
    LEFT_TURN,
    MORE_FLAG,
    OUTSIDE,
    RIGHT_TURN,
    SINGLE,
    WORDS_PER_SLOT,
)
from geogrid.index.orientation import orientation
from geogrid.jit import ZERO, Array, borrowing, inner

_CORNER_EDGES: Final = 2


class Cell(NamedTuple):
    """The slice of a cell's edges, and its reference point."""

    begin: int
    end: int
    x: float
    y: float


@borrowing
def record_entry(word: int, kind: int) -> int:
    """Return the entry of the record that begins at a word."""
    return FIRST_RECORD - (((word // WORDS_PER_SLOT) << KIND_BITS) | kind)


@borrowing
def words_needed(edges: int, covers: int) -> int:
    """Return an upper bound of a record's length."""
    chunks = (covers + 2 * edges) // FACES_PER_CHUNK + 1
    return chunks * (HEADER_WORDS + FACES_PER_CHUNK + 2 * edges + WORDS_PER_SLOT)


@borrowing
def simple_kind(
    cell: Cell, listed: Array, covers: Array, vertices: Array, left: Array, right: Array
) -> tuple[int, int]:
    """Return the kind of record and its first edge; general, unless nothing else covers a part of the cell.

    A ring cannot end in a cell, so one edge alone cuts it through, and so do two that meet.
    """
    count = cell.end - cell.begin
    if count == 0 or count > _CORNER_EDGES or covers[0] > 1:
        return GENERAL, 0
    edge, kind = listed[cell.begin], SINGLE
    if count == _CORNER_EDGES:
        other = listed[cell.begin + 1]
        edge, other = min(edge, other), max(edge, other)
        if other != edge + 1 or left[edge] != left[other] or right[edge] != right[other]:
            return GENERAL, 0
        kind = _turn(vertices, edge)
        if kind == GENERAL:
            return GENERAL, 0
    bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
    side = side_of_moved(vertices[edge, 0], vertices[edge, 1], bx, by, cell.x, cell.y)
    if kind != SINGLE:
        beyond = side_of_moved(bx, by, vertices[edge + 2, 0], vertices[edge + 2, 1], cell.x, cell.y)
        side = min(side, beyond) if kind == LEFT_TURN else max(side, beyond)
    face = left[edge] if side > 0 else right[edge]
    expected = covers[1] if covers[0] == 1 else OUTSIDE
    return (kind if face == expected else GENERAL), edge


@borrowing
def _turn(vertices: Array, edge: int) -> int:
    """Return the kind of the corner of edge and edge + 1; general for a spike that returns on itself."""
    ax, ay, bx, by = vertices[edge, 0], vertices[edge, 1], vertices[edge + 1, 0], vertices[edge + 1, 1]
    cx, cy = vertices[edge + 2, 0], vertices[edge + 2, 1]
    turn = orientation(ax, ay, bx, by, cx, cy)
    if turn == 0 and (
        (bx > ax) != (cx > bx) or (bx < ax) != (cx < bx) or (by > ay) != (cy > by) or (by < ay) != (cy < by)
    ):
        return GENERAL
    return RIGHT_TURN if turn < 0 else LEFT_TURN


@borrowing
def write_simple(words: Array, used: int, edge: int, left: int, right: int, rank: Array) -> None:
    """Write the record of one edge or one corner."""
    words[used], words[used + 1], words[used + 2] = edge, left, right
    words[used + 3] = right if left < 0 or (right >= 0 and rank[right] < rank[left]) else left


@borrowing
def faces_by_rank(
    cell: Cell, listed: Array, covers: Array, left: Array, right: Array, rank: Array, faces: Array
) -> int:
    """Write the faces that cover the cell or have an edge in it, by rank; return their number."""
    count = ZERO
    for i in range(1, covers[0] + 1):
        count = _add_by_rank(faces, count, covers[i], rank)
    for at in range(cell.begin, cell.end):
        count = _add_by_rank(faces, count, left[listed[at]], rank)
        count = _add_by_rank(faces, count, right[listed[at]], rank)
    return count


@borrowing
def _add_by_rank(faces: Array, count: int, face: int, rank: Array) -> int:
    if face < 0:
        return count
    at = count
    while at > 0 and rank[faces[at - 1]] > rank[face]:
        at -= 1
    if at > 0 and faces[at - 1] == face:
        return count
    for i in range(count, at, -1):
        faces[i] = faces[i - 1]
    faces[at] = face
    return count + 1


@borrowing
def write_general(
    cell: Cell,
    listed: Array,
    covers: Array,
    left: Array,
    right: Array,
    faces: Array,
    count: int,
    words: Array,
    doubles: Array,
    used: int,
) -> int:
    """Write a general record of the given faces, in chunks; return the words used."""
    for begin in range(0, max(count, 1), FACES_PER_CHUNK):
        end = min(begin + FACES_PER_CHUNK, count)
        doubles[used // 2 + 1], doubles[used // 2 + 2] = cell.x, cell.y
        at = used + HEADER_WORDS
        for i in range(begin, end):
            words[at] = faces[i]
            at += 1
        edges = 0
        for i in range(cell.begin, cell.end):
            edge = listed[i]
            mask = _bit(faces, begin, end, left[edge]) | _bit(faces, begin, end, right[edge])
            if mask != 0:
                words[at], words[at + 1] = edge, mask
                at += 2
                edges += 1
        start = 0
        for i in range(1, covers[0] + 1):
            start |= _bit(faces, begin, end, covers[i])
        words[used] = (edges << EDGE_SHIFT) | (MORE_FLAG if end < count else 0) | (end - begin)
        words[used + 1] = start
        used += (at - used + WORDS_PER_SLOT - 1) // WORDS_PER_SLOT * WORDS_PER_SLOT
    return used


@borrowing
def _bit(faces: Array, begin: int, end: int, face: int) -> int:
    if face >= 0:
        for i in range(begin, end):
            if faces[i] == face:
                return 1 << (i - begin)
    return 0


@inner
def scratch_faces(edges: int, covers: int) -> Array:
    """Return room for the faces of a cell."""
    return np.empty(covers + 2 * edges + 1, np.int32)
