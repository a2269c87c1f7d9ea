"""The blocks of a synthetic town as they were drawn."""

from dataclasses import replace

import numpy as np

from geogrid.blocks import Barriers, Blocks, Site, ready_blocks
from geogrid.editions.fields import LOADS
from geogrid.towns.town import SyntheticTown


def drawn_blocks(town: SyntheticTown, *, with_barriers: bool = True) -> Blocks:
    """Return the blocks of a town without cutting its lines again: for sizes where that would take minutes.

    Parameters
    ----------
    town : SyntheticTown
        Best drawn without flaws and without dual carriageways: then every edge lies on its street.
    with_barriers : bool
        Find the street under every edge; without them no edge has a rank.

    Returns
    -------
    Blocks
        In their lowest administrative areas; those with an institution are dedicated land.
    """
    lines = Barriers(town.barriers.geometry.to_numpy(), town.barriers["rank"].to_numpy(dtype=np.int64))
    blocks = ready_blocks(town.blocks, load_columns=LOADS, barriers=lines if with_barriers else None)
    sites = tuple(Site(str(row.name), row.category) for row in town.sites.itertuples(index=False))
    return replace(
        blocks, parent=town.blocks["area"].to_numpy(), site=town.blocks["site"].to_numpy(dtype=np.int64), sites=sites
    )
