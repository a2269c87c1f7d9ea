"""Blocks (街区): from lines and buildings to the atomic pieces of land that grids are made of."""

from geogrid.blocks.adjacency import Adjacency, rook_adjacency
from geogrid.blocks.assembly import assemble_blocks, ready_blocks
from geogrid.blocks.building import BlockRule, build_blocks
from geogrid.blocks.gaps import GapRule
from geogrid.blocks.ground import NOWHERE, Barriers, Ground, MaxLoad
from geogrid.blocks.records import Blocks, Site
from geogrid.blocks.slivers import MergeRule
from geogrid.blocks.weak import divide_along_weak

__all__ = [
    "NOWHERE",
    "Adjacency",
    "Barriers",
    "BlockRule",
    "Blocks",
    "GapRule",
    "Ground",
    "MaxLoad",
    "MergeRule",
    "Site",
    "assemble_blocks",
    "build_blocks",
    "divide_along_weak",
    "ready_blocks",
    "rook_adjacency",
]
