"""Files of points of any length: read in pieces, written row by row as they were, with one column more."""

from boundaries.files.points.grids import GridChoice
from boundaries.files.points.locating import LocatedFile, PointChoice, locate_file

__all__ = ["GridChoice", "LocatedFile", "PointChoice", "locate_file"]
