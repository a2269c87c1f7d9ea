"""Files of points of any length: read in pieces, written row by row as they were, with one column more."""

from boundaries.pointfiles.grids import GridChoice
from boundaries.pointfiles.locating import LocatedFile, PointChoice, locate_file

__all__ = ["GridChoice", "LocatedFile", "PointChoice", "locate_file"]
