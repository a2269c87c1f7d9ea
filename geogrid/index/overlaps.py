"""Pairs of polygons whose insides share a point, from the cells alone, without tolerance.

Two insides meet where two edges cross properly, or, if none do, in a sector around some vertex of either:
follow an edge of one that runs inside the other to its end. So each cell tests its edges for crossings, and
around each of its vertices lists what covers the sectors between the edges that leave it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geogrid.index.covering import chunk_masks, entry_at, next_chunk
from geogrid.index.crossing import touches
from geogrid.index.layout import (
    EDGE_SHIFT,
    FACE_MASK,
    FIRST_RECORD,
    GENERAL,
    HEADER_WORDS,
    KIND_BITS,
    KIND_MASK,
    WORDS_PER_SLOT,
    Parts,
)
from geogrid.index.orientation import orientation
from geogrid.jit import ZERO, Array, borrowing, kernel

_NO_PAIR: Final = -1
_MIXER: Final = 0x9E3779B97F4A7C15
_FIRST_ROOM: Final = 1024
_TWO: Final = 2


def overlapping_pairs(parts: Parts) -> NDArray[np.int32]:
    """Return the pairs of polygons whose insides share a point, (k, 2), each and all in ascending order."""
    keys, at = np.full(_FIRST_ROOM, _NO_PAIR, dtype=np.int64), 0
    polygons = len(parts.rank)
    while at < len(parts.fine):
        pair_keys = keys[keys != _NO_PAIR]
        keys = np.full(_TWO * len(keys), _NO_PAIR, dtype=np.int64)
        at = find_overlaps(at, pair_keys, parts, keys)
    pairs = np.sort(keys[keys != _NO_PAIR])
    return np.stack([pairs // polygons, pairs % polygons], axis=1).astype(np.int32)


@kernel
def find_overlaps(begin: int, earlier: Array, parts: Parts, keys: Array) -> int:
    """Add the pairs of all records from an entry on to a hash set; return the entry where it is too full to go on."""
    frame, coarse, fine, words, doubles = parts.frame, parts.coarse, parts.fine, parts.words, parts.doubles
    vertices, left, right, polygons = parts.vertices, parts.left, parts.right, len(parts.rank)
    count = len(earlier)
    for key in earlier:
        put_pair(keys, polygons, key // polygons, key % polygons)
    for at in range(begin, len(fine)):
        entry = fine[at]
        if entry > FIRST_RECORD or (FIRST_RECORD - entry) & KIND_MASK != GENERAL:
            continue
        word = ((FIRST_RECORD - entry) >> KIND_BITS) * WORDS_PER_SLOT
        if words[word] < 0:
            continue
        faces, edges = _sizes(words, word)
        if (count + faces * faces) * _TWO >= len(keys):
            return at
        covers, listed = np.empty(faces + _TWO * edges, np.int32), np.empty(edges, np.int32)
        size, edges = _covers(words, word, covers), _edges(words, word, listed)
        count += _put_all(keys, polygons, covers, size)
        count += _note_crossings(listed, edges, vertices, left, right, polygons, keys)
        rays, sides = np.empty((_TWO * edges, _TWO)), np.empty((_TWO * edges, _TWO), np.int32)
        for i in range(edges):
            # The end of an edge is the start of the next in its chain, but for the last.
            ends = 1 if left[listed[i] + 1] >= 0 or right[listed[i] + 1] >= 0 else _TWO
            for vertex in range(listed[i], listed[i] + ends):
                x, y = vertices[vertex, 0], vertices[vertex, 1]
                if entry_at(frame, coarse, fine, words, doubles, x, y) != entry:
                    continue
                leaving = _rays(listed, edges, vertices, left, right, x, y, rays, sides)
                size = _strictly_inside(words, doubles, vertices, word, x, y, covers)
                if size > 0 or not _is_line_between_two(sides, leaving):
                    count += _note_sectors(rays, sides, leaving, x, y, covers, size, polygons, keys)
    return len(fine)


@borrowing
def _sizes(words: Array, word: int) -> tuple[int, int]:
    """Return the number of faces of a record, and no less than its number of edges."""
    faces, edges = 0, 0
    while word >= 0:
        faces += words[word] & FACE_MASK
        edges += words[word] >> EDGE_SHIFT
        word = next_chunk(words, word)
    return faces, edges


@borrowing
def _covers(words: Array, word: int, covers: Array) -> int:
    """Write the faces that cover a record's reference point; return their number."""
    count = 0
    while word >= 0:
        for bit in range(words[word] & FACE_MASK):
            if (words[word + 1] >> bit) & 1:
                covers[count] = words[word + HEADER_WORDS + bit]
                count += 1
        word = next_chunk(words, word)
    return count


@borrowing
def _edges(words: Array, word: int, listed: Array) -> int:
    """Write the edges of a record, each once; return their number."""
    count, first = 0, word
    while word >= 0:
        at = word + HEADER_WORDS + (words[word] & FACE_MASK)
        for _ in range(words[word] >> EDGE_SHIFT):
            listed_before = False
            if word != first:
                for i in range(count):
                    listed_before |= listed[i] == words[at]
            if not listed_before:
                listed[count] = words[at]
                count += 1
            at += _TWO
        word = next_chunk(words, word)
    return count


@borrowing
def put_pair(keys: Array, polygons: int, one: int, other: int) -> int:
    """Put a pair of different polygons into the hash set; return 1 where it is new."""
    if one < 0 or other < 0 or one == other:
        return 0
    key = np.int64(min(one, other)) * polygons + max(one, other)
    slot = np.int64((np.uint64(key) * np.uint64(_MIXER)) >> np.uint64(20)) & (len(keys) - 1)
    while keys[slot] != _NO_PAIR:
        if keys[slot] == key:
            return 0
        slot = (slot + 1) & (len(keys) - 1)
    keys[slot] = key
    return 1


@borrowing
def _put_all(keys: Array, polygons: int, faces: Array, count: int) -> int:
    new = 0
    for i in range(count):
        for j in range(i + 1, count):
            new += put_pair(keys, polygons, faces[i], faces[j])
    return new


@borrowing
def _note_crossings(
    listed: Array, edges: int, vertices: Array, left: Array, right: Array, polygons: int, keys: Array
) -> int:
    new = 0
    for i in range(edges):
        for j in range(i + 1, edges):
            e, f = listed[i], listed[j]
            if _cross(vertices, e, f):
                new += put_pair(keys, polygons, left[e], left[f])
                new += put_pair(keys, polygons, left[e], right[f])
                new += put_pair(keys, polygons, right[e], left[f])
                new += put_pair(keys, polygons, right[e], right[f])
    return new


@borrowing
def _cross(vertices: Array, e: int, f: int) -> bool:
    """Tell whether two edges have one point in common that is inside both."""
    ax, ay, bx, by = vertices[e, 0], vertices[e, 1], vertices[e + 1, 0], vertices[e + 1, 1]
    cx, cy, dx, dy = vertices[f, 0], vertices[f, 1], vertices[f + 1, 0], vertices[f + 1, 1]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return False
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    if orientation(ax, ay, bx, by, cx, cy) * orientation(ax, ay, bx, by, dx, dy) >= 0:
        return False
    return orientation(cx, cy, dx, dy, ax, ay) * orientation(cx, cy, dx, dy, bx, by) < 0


@borrowing
def _is_line_between_two(sides: Array, count: int) -> bool:
    """Tell whether a vertex merely joins two edges between the same two faces."""
    return count == _TWO and sides[0, 0] == sides[1, 1] and sides[0, 1] == sides[1, 0]


@borrowing
def _note_sectors(
    rays: Array, sides: Array, count: int, x: float, y: float, covers: Array, size: int, polygons: int, keys: Array
) -> int:
    """Add the pairs that cover a common sector around a vertex; `covers` has what covers all of them."""
    for i in range(count):
        if sides[i, 1] >= 0 and _is_first(sides, i, sides[i, 1]):
            size = _toggle(covers, size, sides[i, 1])
    new = 0
    for i in range(count):
        size = _toggle(covers, size, sides[i, 1])
        size = _toggle(covers, size, sides[i, 0])
        if size > 1 and (i + 1 == count or _precedes(rays, i, i + 1, x, y)):
            new += _put_all(keys, polygons, covers, size)
    return new


@borrowing
def _is_first(sides: Array, ray: int, face: int) -> bool:
    """Tell whether no ray before this one bounds the face."""
    first = 0
    while sides[first, 0] != face and sides[first, 1] != face:
        first += 1
    return first == ray


@borrowing
def _toggle(covers: Array, size: int, face: int) -> int:
    if face < 0:
        return size
    for i in range(size):
        if covers[i] == face:
            covers[i] = covers[size - 1]
            return size - 1
    covers[size] = face
    return size + 1


@borrowing
def _strictly_inside(
    words: Array, doubles: Array, vertices: Array, word: int, x: float, y: float, covers: Array
) -> int:
    """Write the faces of a record that have the place inside and not on an edge; return their number."""
    size = 0
    while word >= 0:
        inside, _ = chunk_masks(words, doubles, vertices, word, x, y)
        at = word + HEADER_WORDS
        while inside:
            if inside & 1:
                covers[size] = words[at]
                size += 1
            inside >>= 1
            at += 1
        word = next_chunk(words, word)
    return size


@borrowing
def _rays(
    listed: Array, edges: int, vertices: Array, left: Array, right: Array, x: float, y: float, rays: Array, sides: Array
) -> int:
    """Write where edges lead from a place, counter-clockwise from east, and the faces on either side of each."""
    count = ZERO
    for i in range(edges):
        edge = listed[i]
        ax, ay = vertices[edge, 0], vertices[edge, 1]
        bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
        if not touches(ax, ay, bx, by, x, y):
            continue
        if ax != x or ay != y:
            rays[count, 0], rays[count, 1], sides[count, 0], sides[count, 1] = ax, ay, right[edge], left[edge]
            count = _sort_last(rays, sides, count, x, y)
        if bx != x or by != y:
            rays[count, 0], rays[count, 1], sides[count, 0], sides[count, 1] = bx, by, left[edge], right[edge]
            count = _sort_last(rays, sides, count, x, y)
    return count


@borrowing
def _sort_last(rays: Array, sides: Array, at: int, x: float, y: float) -> int:
    """Move the last ray to its place by angle; return the number of rays."""
    count = at + 1
    while at > 0 and _precedes(rays, at, at - 1, x, y):
        for k in range(_TWO):
            rays[at - 1, k], rays[at, k] = rays[at, k], rays[at - 1, k]
            sides[at - 1, k], sides[at, k] = sides[at, k], sides[at - 1, k]
        at -= 1
    return count


@borrowing
def _precedes(rays: Array, i: int, j: int, x: float, y: float) -> bool:
    """Tell whether ray i comes strictly before ray j, counter-clockwise from east."""
    lower_i = rays[i, 1] < y or (rays[i, 1] == y and rays[i, 0] < x)
    lower_j = rays[j, 1] < y or (rays[j, 1] == y and rays[j, 0] < x)
    if lower_i != lower_j:
        return lower_j
    return orientation(x, y, rays[i, 0], rays[i, 1], rays[j, 0], rays[j, 1]) > 0
