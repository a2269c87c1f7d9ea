"""Blocks to grids: comprehensive ones within a band, dedicated ones carved out, in nested levels."""

from geogrid.partition.cut_off import join_cut_off
from geogrid.partition.dedicated import carve_dedicated
from geogrid.partition.engine import partition
from geogrid.partition.given import divide_given
from geogrid.partition.levels import GridTree, partition_levels
from geogrid.partition.result import Partition, partition_of
from geogrid.partition.scheme import SchemeLevel
from geogrid.partition.search.terms import Objective
from geogrid.partition.sites import SiteRule
from geogrid.partition.tessellation import divide_heavy

__all__ = [
    "GridTree",
    "Objective",
    "Partition",
    "SchemeLevel",
    "SiteRule",
    "carve_dedicated",
    "divide_given",
    "divide_heavy",
    "join_cut_off",
    "partition",
    "partition_levels",
    "partition_of",
]
