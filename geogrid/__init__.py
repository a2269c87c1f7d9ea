"""GeoGrid cuts a town into grids, keeps them right, and says at once which grid a complaint falls in."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geogrid.index import Candidates, GridIndex

__all__ = ["Candidates", "GridIndex"]


def __getattr__(name: str) -> object:
    # Imported on first use: the index loads numba, which the command line should not wait for.
    if name in __all__:
        return getattr(import_module("geogrid.index"), name)
    raise AttributeError(f"module 'geogrid' has no attribute '{name}'")
