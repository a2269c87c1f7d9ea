"""Which edges a path along the axes crosses, exactly.

A reference point is moved by infinitely little, to (x + e, y + d) with d far below e, so that it lies on no
edge and counts each crossing once. The point asked about stays where it is; edges it lies on are noticed.

References
----------
Edelsbrunner, H., Mücke, E. P. (1990). Simulation of Simplicity.
"""

from geogrid.index.orientation import orientation
from geogrid.jit import borrowing


@borrowing
def side_of_moved(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Return the side, 1 left or -1 right of the line from a to b, of the reference point moved."""
    side = orientation(ax, ay, bx, by, x, y)
    if side != 0:
        return side
    if ay != by:
        return 1 if by < ay else -1
    return 1 if bx > ax else -1


@borrowing
def crosses_along_x(ax: float, ay: float, bx: float, by: float, x: float, y: float, to_x: float) -> bool:
    """Tell whether the edge crosses the path from the reference (x, y) to the reference (to_x, y), x <= to_x."""
    if (ay > y) == (by > y) or max(ax, bx) < x or min(ax, bx) > to_x:
        return False
    return side_of_moved(ax, ay, bx, by, x, y) != side_of_moved(ax, ay, bx, by, to_x, y)


@borrowing
def crosses_along_y(ax: float, ay: float, bx: float, by: float, x: float, y: float, to_y: float) -> bool:
    """Tell whether the edge crosses the path from the reference (x, y) to the reference (x, to_y)."""
    if (ax > x) == (bx > x) or max(ay, by) < min(y, to_y) or min(ay, by) > max(y, to_y):
        return False
    return side_of_moved(ax, ay, bx, by, x, y) != side_of_moved(ax, ay, bx, by, x, to_y)


@borrowing
def touches(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> bool:
    """Tell whether the point lies on the closed edge."""
    if px < min(ax, bx) or px > max(ax, bx) or py < min(ay, by) or py > max(ay, by):
        return False
    return orientation(ax, ay, bx, by, px, py) == 0
