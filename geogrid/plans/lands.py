"""The blocks and the land of many leaves at once."""

from collections.abc import Sequence

import numpy as np
import shapely

from geogrid.geometry.overlays import DEGREE, unions_of_coverages
from geogrid.plans.state import Draft
from geogrid.types import IntArray


def blocks_of_leaves(draft: Draft, keys: Sequence[int]) -> dict[int, IntArray]:
    """Return the positions of the blocks of leaves by key, ascending; none for what is no leaf here."""
    order = np.argsort(draft.owner, kind="stable")
    present, starts = np.unique(draft.owner[order], return_index=True)
    found = dict(zip(present.tolist(), np.split(order, starts[1:]), strict=False))
    none: IntArray = np.empty(0, dtype=np.int64)
    return {key: found.get(key, none) for key in keys}


def lands_of_leaves(draft: Draft, keys: Sequence[int]) -> dict[int, shapely.Geometry]:
    """Return the land of leaves by key: of each what `Draft.shape` returns."""
    groups = blocks_of_leaves(draft, keys)
    lands = unions_of_coverages(draft.blocks.polygons, [*groups.values()], metre=DEGREE)
    return dict(zip(groups, lands.tolist(), strict=True))
