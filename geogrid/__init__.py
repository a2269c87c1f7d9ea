"""GeoGrid cuts a town into grids, keeps them right, and says at once which grid a complaint falls in."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geogrid.blocks import build_blocks
    from geogrid.index import Candidates, GridIndex
    from geogrid.partition import carve_dedicated, partition_levels
    from geogrid.partition.evaluation import evaluate
    from geogrid.towns import SyntheticTown, synthetic_town

__all__ = [
    "Candidates",
    "GridIndex",
    "SyntheticTown",
    "build_blocks",
    "carve_dedicated",
    "evaluate",
    "partition_levels",
    "synthetic_town",
]

# `partition` is a package of this name already: its function is `geogrid.partition.partition`.
_HOMES = {
    "Candidates": "geogrid.index",
    "GridIndex": "geogrid.index",
    "SyntheticTown": "geogrid.towns",
    "build_blocks": "geogrid.blocks",
    "carve_dedicated": "geogrid.partition",
    "evaluate": "geogrid.partition.evaluation",
    "partition_levels": "geogrid.partition",
    "synthetic_town": "geogrid.towns",
}


def __getattr__(name: str) -> object:
    # Imported on first use: the index loads numba, which the command line should not wait for.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'geogrid' has no attribute '{name}'")
