"""A tree of boxes over the edges, eight to one, to find those near a point."""

from typing import Final

import numpy as np

from geogrid.index.edges import NOBODY, Edges
from geogrid.jit import Array, borrowing, kernel, locked
from geogrid.types import FloatArray, IntArray

FANOUT: Final = 8
STACK: Final = 16 * FANOUT
_LEVEL_BITS: Final = 4
_LEVEL_MASK: Final = 15
_NOWHERE: Final = (np.inf, np.inf, -np.inf, -np.inf)


def level_starts(edges: int) -> IntArray:
    """Return where each level of boxes begins, leaves first, and their total.

    Parameters
    ----------
    edges : int
        Number of edge slots; a leaf box holds `FANOUT` of them.
    """
    starts, size = [0], edges
    while size > 1 or len(starts) == 1:
        size = -(-size // FANOUT)
        starts.append(starts[-1] + size)
    return np.array(starts, dtype=np.int64)


def box_tree(edges: Edges) -> FloatArray:
    """Return the boxes of all levels, (b, 4) float64: low x, low y, high x, high y.

    Boxes of nothing are empty: their low end is above their high end.
    """
    starts = level_starts(len(edges.vertices))
    boxes = np.tile(_NOWHERE, (int(starts[-1]), 1))
    _fill_boxes(locked(edges.vertices), locked(edges.left), locked(edges.right), starts, boxes)
    return boxes


@kernel
def _fill_boxes(vertices: Array, left: Array, right: Array, starts: Array, boxes: Array) -> None:
    for edge in range(len(left)):
        if left[edge] != NOBODY or right[edge] != NOBODY:
            for vertex in range(edge, edge + 2):
                x, y = vertices[vertex, 0], vertices[vertex, 1]
                _widen(boxes, edge // FANOUT, x, y, x, y)
    for level in range(len(starts) - 2):
        for box in range(starts[level], starts[level + 1]):
            parent = starts[level + 1] + (box - starts[level]) // FANOUT
            _widen(boxes, parent, boxes[box, 0], boxes[box, 1], boxes[box, 2], boxes[box, 3])


@borrowing
def _widen(boxes: Array, box: int, low_x: float, low_y: float, high_x: float, high_y: float) -> None:
    boxes[box, 0], boxes[box, 1] = min(boxes[box, 0], low_x), min(boxes[box, 1], low_y)
    boxes[box, 2], boxes[box, 3] = max(boxes[box, 2], high_x), max(boxes[box, 3], high_y)


@borrowing
def push(
    boxes: Array,
    node: int,
    level: int,
    px: float,
    py: float,
    sx: float,
    sy: float,
    stack: Array,
    bounds: Array,
    size: int,
) -> int:
    """Put a box on the stack, the nearest on top among the last; return the size."""
    if not boxes[node, 0] <= boxes[node, 2]:
        return size
    dx = max(boxes[node, 0] - px, px - boxes[node, 2], 0.0) * sx
    dy = max(boxes[node, 1] - py, py - boxes[node, 3], 0.0) * sy
    bounds[size], stack[size] = dx * dx + dy * dy, (node << _LEVEL_BITS) | level
    return size + 1


@borrowing
def next_leaf(
    boxes: Array,
    starts: Array,
    px: float,
    py: float,
    sx: float,
    sy: float,
    limit: float,
    stack: Array,
    bounds: Array,
    size: int,
) -> tuple[int, int]:
    """Return the next leaf box within a squared distance, -1 for none, and the size of the stack."""
    while size > 0:
        size -= 1
        if not bounds[size] <= limit:
            continue
        node, level = stack[size] >> _LEVEL_BITS, stack[size] & _LEVEL_MASK
        if level == 0:
            return node, size
        base = size
        first = starts[level - 1] + (node - starts[level]) * FANOUT
        for child in range(first, min(first + FANOUT, starts[level])):
            top = push(boxes, child, level - 1, px, py, sx, sy, stack, bounds, size)
            if top == size:
                continue
            size = top
            for at in range(top - 1, base, -1):  # the nearest last, to be taken first
                if bounds[at] <= bounds[at - 1]:
                    break
                bounds[at], bounds[at - 1] = bounds[at - 1], bounds[at]
                stack[at], stack[at - 1] = stack[at - 1], stack[at]
    return -1, 0


@borrowing
def squared_distance(vertices: Array, edge: int, px: float, py: float, sx: float, sy: float) -> tuple[float, float]:
    """Return the squared distance to an edge in scaled units, and where on the edge it is nearest, 0 to 1."""
    ax, ay = (vertices[edge, 0] - px) * sx, (vertices[edge, 1] - py) * sy
    bx, by = (vertices[edge + 1, 0] - px) * sx, (vertices[edge + 1, 1] - py) * sy
    dx, dy = bx - ax, by - ay
    length, along = dx * dx + dy * dy, -(ax * dx + ay * dy)
    if along <= 0.0 or length == 0.0:
        return ax * ax + ay * ay, 0.0
    if along >= length:
        return bx * bx + by * by, 1.0
    t = along / length
    cx, cy = ax + t * dx, ay + t * dy
    return cx * cx + cy * cy, t
