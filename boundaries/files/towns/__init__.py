"""Towns in files: streets, buildings and sites in; grids, blocks and problems out. No database."""

from boundaries.files.towns.dividing import DividedTown, Wishes, divide_town
from boundaries.files.towns.evaluating import GridSource, read_partition
from boundaries.files.towns.layers import TownFiles, TownLayers, read_town
from boundaries.files.towns.sources import LayerSource
from boundaries.files.towns.writing import write_layers

__all__ = [
    "DividedTown",
    "GridSource",
    "LayerSource",
    "TownFiles",
    "TownLayers",
    "Wishes",
    "divide_town",
    "read_partition",
    "read_town",
    "write_layers",
]
