"""Towns in files: streets, buildings and sites in; grids, blocks and problems out. No database."""

from boundaries.townfiles.dividing import DividedTown, Wishes, divide_town
from boundaries.townfiles.evaluating import GridSource, read_partition
from boundaries.townfiles.layers import TownFiles, TownLayers, read_town
from boundaries.townfiles.sources import Source
from boundaries.townfiles.writing import write_layers

__all__ = [
    "DividedTown",
    "GridSource",
    "Source",
    "TownFiles",
    "TownLayers",
    "Wishes",
    "divide_town",
    "read_partition",
    "read_town",
    "write_layers",
]
