"""Blocks to grids: comprehensive ones within a band, dedicated ones carved out, in nested levels."""

from geogrid.partition.dedicated import SiteRule, carve_dedicated
from geogrid.partition.engine import partition
from geogrid.partition.levels import GridTree, partition_levels
from geogrid.partition.result import Partition, partition_of
from geogrid.partition.scheme import SchemeLevel
from geogrid.partition.search.terms import Objective
from geogrid.partition.tessellation import divide_heavy

__all__ = [
    "GridTree",
    "Objective",
    "Partition",
    "SchemeLevel",
    "SiteRule",
    "carve_dedicated",
    "divide_heavy",
    "partition",
    "partition_levels",
    "partition_of",
]
