"""Cut the plane into cells, finer where edges are dense, and find what covers each."""

import math
from typing import Final, NamedTuple

import numpy as np

from geogrid.index.crossing import crosses_along_x, crosses_along_y
from geogrid.index.layout import (
    COLUMN_BITS,
    FIRST_RECORD,
    GENERAL,
    MAX_COLUMNS,
    OUTSIDE,
    WORDS_PER_SLOT,
    Frame,
)
from geogrid.index.leaves import (
    Cell,
    faces_by_rank,
    record_entry,
    scratch_faces,
    simple_kind,
    words_needed,
    write_general,
    write_simple,
)
from geogrid.jit import Array, borrowing, inner, kernel

# A cell with more edges becomes a table of its own, unless that cannot thin them out.
_CROWD: Final = 8
_SHORT: Final = 0.25
_SMALLEST_CELL_IN_SLACKS: Final = 64.0
# Resolution of a table: by the length of lines in it, by their number of edges, and how far records may grow.
_PER_LENGTH: Final = 6.5
_PER_ROOT_OF_EDGES: Final = 2.6
_MOST_PER_EDGE: Final = 8.0
_FREE_LENGTH: Final = 64.0

WORDS: Final = 0
TABLES: Final = 1
ITEMS: Final = 2
COVERS: Final = 3
FIRST: Final = 4
COUNTS: Final = 5


class RankedEdges(NamedTuple):
    """Edges as `geogrid.index.edges.Edges`, and the rank that decides between polygons."""

    vertices: Array
    left: Array
    right: Array
    rank: Array


class Queue(NamedTuple):
    """Tables to fill: places (u, v, cells per coarse cell, x, y), shapes (columns, rows, first entry).

    The edges of table t are `items[item_ends[t]:item_ends[t + 1]]`; what covers its reference point, the same
    way in `covers`.
    """

    places: Array
    shapes: Array
    items: Array
    item_ends: Array
    covers: Array
    cover_ends: Array


class Sink(NamedTuple):
    """What filling writes: records, as words and as doubles, and counts."""

    words: Array
    doubles: Array
    counts: Array


class CellTable(NamedTuple):
    """The place of a table and its size."""

    u: float
    v: float
    per_cell: float
    x: float
    y: float
    columns: int
    rows: int
    begin: int
    end: int
    coarse: bool


@kernel
def fill_tables(
    queue: Queue, begin: int, frame: Frame, lines: RankedEdges, sink: Sink, out: Queue, entries: Array, fine: Array
) -> int:
    """Fill the tables of a level from `begin`, until the sink or the next level's queue is full.

    Returns the table that found no room, to go on with after making some. The entries of the last table
    remain in `entries`.
    """
    covers, row_covers = np.empty(len(lines.rank) + 2, np.int32), np.empty(len(lines.rank) + 2, np.int32)
    starts, before = np.empty(len(entries) + 2, np.int32), np.empty(COUNTS, np.int64)
    for t in range(begin, len(queue.shapes)):
        for i in range(COUNTS):
            before[i] = sink.counts[i]
        table = _table(queue.places, queue.shapes, queue.item_ends, t)
        row_covers[0] = 0
        for i in range(queue.cover_ends[t], queue.cover_ends[t + 1]):
            _toggle(row_covers, queue.covers[i])
        listed = _list_edges(table, frame, lines.vertices, queue.items, starts)
        if not _fill(table, frame, lines, starts, listed, row_covers, covers, sink, out, entries):
            for i in range(COUNTS):
                sink.counts[i] = before[i]
            return t
        first = queue.shapes[t, 2]
        if first >= 0:
            for i in range(table.columns * table.rows):
                fine[first + i] = entries[i]
    return len(queue.shapes)


@borrowing
def _table(places: Array, shapes: Array, item_ends: Array, t: int) -> CellTable:
    u, v, per_cell, x, y = places[t, 0], places[t, 1], places[t, 2], places[t, 3], places[t, 4]
    return CellTable(u, v, per_cell, x, y, shapes[t, 0], shapes[t, 1], item_ends[t], item_ends[t + 1], shapes[t, 2] < 0)


@inner
def _list_edges(table: CellTable, frame: Frame, vertices: Array, items: Array, starts: Array) -> Array:
    """Return the edges of each cell: `listed[starts[cell]:starts[cell + 1]]`."""
    slack_u = frame.slack / frame.width * table.per_cell
    slack_v = frame.slack / frame.height * table.per_cell
    cells = table.columns * table.rows
    for cell in range(cells + 2):
        starts[cell] = 0
    listed = np.empty(0, np.int32)
    for filling in range(2):
        for item in range(table.begin, table.end):
            edge = items[item]
            au, av = _place(table, frame, vertices, edge)
            bu, bv = _place(table, frame, vertices, edge + 1)
            for row in range(
                max(0, math.floor(min(av, bv) - slack_v)),
                min(table.rows - 1, math.floor(max(av, bv) + slack_v)) + 1,
            ):
                low, high = _span(au, av, bu, bv, row - slack_v, row + 1 + slack_v)
                first = row * table.columns + max(0, math.floor(low - slack_u))
                last = row * table.columns + min(table.columns - 1, math.floor(high + slack_u))
                for cell in range(first, last + 1):
                    if filling:
                        listed[starts[cell + 1]] = edge
                        starts[cell + 1] += 1
                    else:
                        starts[cell + 2] += 1
        if not filling:
            for cell in range(2, cells + 2):
                starts[cell] += starts[cell - 1]
            listed = np.empty(starts[cells + 1], np.int32)
    return listed


@borrowing
def _place(table: CellTable, frame: Frame, vertices: Array, vertex: int) -> tuple[float, float]:
    """Return a vertex in the table's own cells."""
    u = (vertices[vertex, 0] - frame.x0) / frame.width
    v = (vertices[vertex, 1] - frame.y0) / frame.height
    return (u - table.u) * table.per_cell, (v - table.v) * table.per_cell


@borrowing
def _span(au: float, av: float, bu: float, bv: float, low_v: float, high_v: float) -> tuple[float, float]:
    """Return the range of u of the part of an edge between two values of v."""
    if av == bv:
        return min(au, bu), max(au, bu)
    s = au + min(1.0, max(0.0, (low_v - av) / (bv - av))) * (bu - au)
    t = au + min(1.0, max(0.0, (high_v - av) / (bv - av))) * (bu - au)
    return min(s, t), max(s, t)


@borrowing
def _fill(
    table: CellTable,
    frame: Frame,
    lines: RankedEdges,
    starts: Array,
    listed: Array,
    row_covers: Array,
    covers: Array,
    sink: Sink,
    out: Queue,
    entries: Array,
) -> bool:
    """Walk the cells row by row, carrying along what covers the reference point; return whether there was room."""
    vertices, left, right = lines.vertices, lines.left, lines.right
    step_x, step_y = frame.width / table.per_cell, frame.height / table.per_cell
    for row in range(table.rows):
        for i in range(row_covers[0] + 1):
            covers[i] = row_covers[i]
        y, to_y = table.y + row * step_y, table.y + (row + 1) * step_y
        for column in range(table.columns):
            at = row * table.columns + column
            begin, end = starts[at], starts[at + 1]
            if begin == end and covers[0] <= 1:
                entries[at] = covers[1] if covers[0] == 1 else OUTSIDE
                continue
            x, to_x = table.x + column * step_x, table.x + (column + 1) * step_x
            cell = Cell(begin, end, x, y)
            u, v = table.u + column / table.per_cell, table.v + row / table.per_cell
            entry = _put_cell(cell, table, u, v, frame, lines, listed, covers, sink, out)
            if entry > OUTSIDE:
                return False
            entries[at] = entry
            for i in range(begin, end):
                e = listed[i]
                if crosses_along_x(vertices[e, 0], vertices[e, 1], vertices[e + 1, 0], vertices[e + 1, 1], x, y, to_x):
                    _toggle(covers, left[e])
                    _toggle(covers, right[e])
        at = row * table.columns
        for i in range(starts[at], starts[at + 1]):
            e, x = listed[i], table.x
            if crosses_along_y(vertices[e, 0], vertices[e, 1], vertices[e + 1, 0], vertices[e + 1, 1], x, y, to_y):
                _toggle(row_covers, left[e])
                _toggle(row_covers, right[e])
    return True


@borrowing
def _toggle(covers: Array, face: int) -> None:
    if face < 0:
        return
    for i in range(1, covers[0] + 1):
        if covers[i] == face:
            covers[i] = covers[covers[0]]
            covers[0] -= 1
            return
    covers[0] += 1
    covers[covers[0]] = face


@borrowing
def _put_cell(
    cell: Cell,
    table: CellTable,
    u: float,
    v: float,
    frame: Frame,
    lines: RankedEdges,
    listed: Array,
    covers: Array,
    sink: Sink,
    out: Queue,
) -> int:
    """Return the entry of a cell, of a record or of a finer table that joins the queue; 0 where no room is left."""
    counts, words = sink.counts, sink.words
    edges, used = cell.end - cell.begin, counts[WORDS]
    if used + words_needed(edges, covers[0]) > len(words):
        return 0
    columns = _finer_columns(cell, table, u, v, frame, lines.vertices, listed)
    if columns > 0:
        first = counts[FIRST]
        if not _enqueue(cell, u, v, columns, table.per_cell, listed, covers, counts, out):
            return 0
        if table.coarse:
            return FIRST_RECORD - ((first << COLUMN_BITS) | columns)
        words[used] = -columns
        sink.doubles[used // 2 + 1] = first
        counts[WORDS] += WORDS_PER_SLOT
        return record_entry(used, GENERAL)
    kind, edge = simple_kind(cell, listed, covers, lines.vertices, lines.left, lines.right)
    if kind != GENERAL:
        write_simple(words, used, edge, lines.left[edge], lines.right[edge], lines.rank)
        counts[WORDS] += WORDS_PER_SLOT
        return record_entry(used, kind)
    return _put_general(cell, lines, listed, covers, sink)


@inner
def _put_general(cell: Cell, lines: RankedEdges, listed: Array, covers: Array, sink: Sink) -> int:
    faces = scratch_faces(cell.end - cell.begin, covers[0])
    count = faces_by_rank(cell, listed, covers, lines.left, lines.right, lines.rank, faces)
    counts, used = sink.counts, sink.counts[WORDS]
    counts[WORDS] = write_general(
        cell, listed, covers, lines.left, lines.right, faces, count, sink.words, sink.doubles, used
    )
    return record_entry(used, GENERAL)


@borrowing
def _finer_columns(
    cell: Cell, table: CellTable, u: float, v: float, frame: Frame, vertices: Array, listed: Array
) -> int:
    """Return the columns of the table that a cell should become, 0 for none; a coarse cell always is one."""
    count = cell.end - cell.begin
    least = 1 if table.coarse else 0
    if count == 0 or (not table.coarse and count <= _CROWD):
        return least
    if min(frame.width, frame.height) / table.per_cell < frame.slack * _SMALLEST_CELL_IN_SLACKS:
        return least
    length = 0.0
    place = CellTable(u, v, table.per_cell, 0.0, 0.0, 1, 1, 0, count, coarse=False)
    for i in range(cell.begin, cell.end):
        au, av = _place(place, frame, vertices, listed[i])
        bu, bv = _place(place, frame, vertices, listed[i] + 1)
        across = min(1.0, max(au, bu)) - max(0.0, min(au, bu))
        up = min(1.0, max(av, bv)) - max(0.0, min(av, bv))
        length += max(0.0, across, up)
    if not table.coarse and length > _SHORT * count and 2 * count > table.end - table.begin:
        return least
    columns = max(_PER_LENGTH * length, _PER_ROOT_OF_EDGES * math.sqrt(count))
    most = max(_FREE_LENGTH, _MOST_PER_EDGE * count) / max(length, 1e-9)
    return max(2, min(MAX_COLUMNS, int(min(columns, most) + 0.5)))


@borrowing
def _enqueue(
    cell: Cell,
    u: float,
    v: float,
    columns: int,
    per_cell: float,
    listed: Array,
    covers: Array,
    counts: Array,
    out: Queue,
) -> bool:
    """Add a finer table to the queue; return whether there was room."""
    t, items, cover = counts[TABLES], counts[ITEMS], counts[COVERS]
    edges = cell.end - cell.begin
    if t >= len(out.shapes) or items + edges > len(out.items) or cover + covers[0] > len(out.covers):
        return False
    places, shapes = out.places, out.shapes
    places[t, 0], places[t, 1], places[t, 2], places[t, 3], places[t, 4] = u, v, per_cell * columns, cell.x, cell.y
    shapes[t, 0], shapes[t, 1], shapes[t, 2] = columns, columns, counts[FIRST]
    for i in range(edges):
        out.items[items + i] = listed[cell.begin + i]
    for i in range(covers[0]):
        out.covers[cover + i] = covers[i + 1]
    counts[TABLES] += 1
    counts[ITEMS] += edges
    counts[COVERS] += covers[0]
    counts[FIRST] += columns * columns
    out.item_ends[t + 1], out.cover_ends[t + 1] = counts[ITEMS], counts[COVERS]
    return True
