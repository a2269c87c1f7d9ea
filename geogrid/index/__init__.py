"""GridIndex: exact point to grid, as fast as memory allows."""

from geogrid.index.grid_index import Candidates, GridIndex

__all__ = ["Candidates", "GridIndex"]
