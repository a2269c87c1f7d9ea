"""What covers a point: from the cell it is in, by the edges that run there."""

from geogrid.index.crossing import crosses_along_y, side_of_moved, touches
from geogrid.index.layout import (
    COLUMN_BITS,
    EDGE_SHIFT,
    FACE_MASK,
    FIRST_RECORD,
    GENERAL,
    HEADER_WORDS,
    KIND_BITS,
    KIND_MASK,
    LEFT_TURN,
    MAX_COLUMNS,
    MORE_FLAG,
    OUTSIDE,
    SINGLE,
    WORDS_PER_SLOT,
    Frame,
)
from geogrid.index.orientation import orientation
from geogrid.jit import Array, borrowing


@borrowing
def entry_at(frame: Frame, coarse: Array, fine: Array, words: Array, doubles: Array, px: float, py: float) -> int:
    """Return the entry of the cell a point is in; -1 outside all, and for NaN."""
    if not (frame.low_x <= px <= frame.high_x and frame.low_y <= py <= frame.high_y):
        return OUTSIDE
    u, v = (px - frame.x0) / frame.width, (py - frame.y0) / frame.height
    column, row = int(u), int(v)
    entry = coarse[row * frame.columns + column]
    if entry >= OUTSIDE:
        return entry
    columns = (FIRST_RECORD - entry) & MAX_COLUMNS
    first = (FIRST_RECORD - entry) >> COLUMN_BITS
    while True:
        u, v = (u - column) * columns, (v - row) * columns
        column, row = min(int(u), columns - 1), min(int(v), columns - 1)
        fine_entry = fine[first + row * columns + column]
        if fine_entry >= OUTSIDE or (FIRST_RECORD - fine_entry) & KIND_MASK != GENERAL:
            return fine_entry
        word = ((FIRST_RECORD - fine_entry) >> KIND_BITS) * WORDS_PER_SLOT
        if words[word] >= 0:
            return fine_entry
        columns = -words[word]
        first = int(doubles[word // 2 + 1])


@borrowing
def side_of_record(kind: int, edge: int, vertices: Array, px: float, py: float) -> int:
    """Return 1 where the point is left of a single edge or a corner of two, -1 right, 0 on it."""
    bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
    side = orientation(vertices[edge, 0], vertices[edge, 1], bx, by, px, py)
    if kind == SINGLE:
        return side
    other = orientation(bx, by, vertices[edge + 2, 0], vertices[edge + 2, 1], px, py)
    return min(side, other) if kind == LEFT_TURN else max(side, other)


@borrowing
def chunk_masks(words: Array, doubles: Array, vertices: Array, word: int, px: float, py: float) -> tuple[int, int]:
    """Return bit masks of a general record's faces: those with the point inside, those with it on an edge.

    The path goes from the reference point along y, then along x; every edge it crosses changes sides.
    """
    header = words[word]
    inside, on = words[word + 1], 0
    x, y = doubles[word // 2 + 1], doubles[word // 2 + 2]
    at = word + HEADER_WORDS + (header & FACE_MASK)
    for _ in range(header >> EDGE_SHIFT):
        edge, mask = words[at], words[at + 1]
        at += 2
        ax, ay = vertices[edge, 0], vertices[edge, 1]
        bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
        if crosses_along_y(ax, ay, bx, by, x, y, py):
            inside ^= mask
        if (ay > py) != (by > py):
            if min(ax, bx) <= max(px, x) and max(ax, bx) >= min(px, x):
                side = orientation(ax, ay, bx, by, px, py)
                if side == 0:
                    on |= mask
                elif side != side_of_moved(ax, ay, bx, by, x, py):
                    inside ^= mask
        elif max(ay, by) == py and touches(ax, ay, bx, by, px, py):
            on |= mask
    return inside & ~on, on


@borrowing
def next_chunk(words: Array, word: int) -> int:
    """Return the word where the next chunk of a general record begins, -1 after the last."""
    header = words[word]
    if header & MORE_FLAG == 0:
        return -1
    length = HEADER_WORDS + (header & FACE_MASK) + 2 * (header >> EDGE_SHIFT)
    return word + (length + WORDS_PER_SLOT - 1) // WORDS_PER_SLOT * WORDS_PER_SLOT


@borrowing
def first_of_general(words: Array, doubles: Array, vertices: Array, word: int, px: float, py: float) -> int:
    """Return the face of the smallest rank that covers a point, from a general record; -1 for none."""
    while word >= 0:
        inside, on = chunk_masks(words, doubles, vertices, word, px, py)
        mask = inside | on
        if mask != 0:
            at = word + HEADER_WORDS
            while mask & 1 == 0:
                mask >>= 1
                at += 1
            return words[at]
        word = next_chunk(words, word)
    return OUTSIDE


@borrowing
def first_cover(entry: int, words: Array, doubles: Array, vertices: Array, px: float, py: float) -> int:
    """Return the face of the smallest rank that covers a point of the entry's cell, -1 for none."""
    if entry >= OUTSIDE:
        return entry
    kind = (FIRST_RECORD - entry) & KIND_MASK
    word = ((FIRST_RECORD - entry) >> KIND_BITS) * WORDS_PER_SLOT
    if kind == GENERAL:
        return first_of_general(words, doubles, vertices, word, px, py)
    side = side_of_record(kind, words[word], vertices, px, py)
    return words[word + (1 if side > 0 else 2 if side < 0 else 3)]


@borrowing
def all_covers(entry: int, words: Array, doubles: Array, vertices: Array, px: float, py: float, covers: Array) -> int:
    """Write every face that covers a point of the entry's cell; return their number.

    Found must have room for the faces of the largest record.
    """
    if entry >= OUTSIDE:
        covers[0] = entry
        return 1 if entry >= 0 else 0
    kind = (FIRST_RECORD - entry) & KIND_MASK
    word = ((FIRST_RECORD - entry) >> KIND_BITS) * WORDS_PER_SLOT
    count = 0
    if kind == GENERAL:
        while word >= 0:
            inside, on = chunk_masks(words, doubles, vertices, word, px, py)
            for bit in range(words[word] & FACE_MASK):
                if ((inside | on) >> bit) & 1:
                    covers[count] = words[word + HEADER_WORDS + bit]
                    count += 1
            word = next_chunk(words, word)
        return count
    side = side_of_record(kind, words[word], vertices, px, py)
    for answer in range(1, 3):
        face = words[word + answer]
        if face >= 0 and (side == 0 or (side > 0) == (answer == 1)):
            covers[count] = face
            count += 1
    return count
