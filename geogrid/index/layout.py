"""What the index is made of: a coarse table of cells, finer tables under it, and records where edges run.

An entry of a table is one number:

- 0 or more: the one polygon that covers the cell;
- -1: no polygon touches the cell;
- less: ``-2 - (slot << 2 | kind)``, a record in the pool, `slot` in units of four words.

Kinds of records: one edge, a corner of two edges that turns left or right (four words each: edge, answer on its
left, on its right, on the line), and everything else: a header (faces, more, edges), a bit mask of the faces
that cover the reference point, the reference point as two doubles, the faces by rank, then (edge, bit mask of
its faces) for each edge. Many faces make several such chunks, one behind the other. A negative header makes the
record a finer table: minus its columns, and as the double behind it the number of its first entry.

An entry of the coarse table that is less than -1 is ``-2 - (first << 8 | columns)``, a finer table.
"""

from typing import Final, NamedTuple

from geogrid.jit import Array

OUTSIDE: Final = -1
FIRST_RECORD: Final = -2

SINGLE: Final = 0
LEFT_TURN: Final = 1
RIGHT_TURN: Final = 2
GENERAL: Final = 3
KIND_BITS: Final = 2
KIND_MASK: Final = 3
WORDS_PER_SLOT: Final = 4

COLUMN_BITS: Final = 8
MAX_COLUMNS: Final = 255

FACES_PER_CHUNK: Final = 31
FACE_MASK: Final = 31
MORE_FLAG: Final = 32
EDGE_SHIFT: Final = 6
HEADER_WORDS: Final = 6


class Frame(NamedTuple):
    """The coarse table in the plane.

    Coordinates `u`, `v` count its cells from its lower left corner (`x0`, `y0`). `slack` is how far, in the
    plane, rounding can put a point from its cell; edges within it are listed with the cell.
    """

    low_x: float
    low_y: float
    high_x: float
    high_y: float
    x0: float
    y0: float
    width: float
    height: float
    columns: int
    rows: int
    slack: float


class Parts(NamedTuple):
    """Everything that a lookup reads: the tables, the edges (`geogrid.index.edges`) and their boxes (`boxes`)."""

    frame: Frame
    coarse: Array
    fine: Array
    words: Array
    doubles: Array
    vertices: Array
    left: Array
    right: Array
    rank: Array
    boxes: Array
    box_levels: Array
