"""Sites of a town: which get a dedicated grid, beside how many comprehensive ones, and which grid the others are in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Blocks
from geogrid.blocks.ground import LoadPoints
from geogrid.blocks.land_loads import LAND_LOADS
from geogrid.errors import Problem
from geogrid.partition import SchemeLevel, SiteRule, carve_dedicated
from geogrid.partition.sites import HOME_SHARE, PUBLISHED_RATIO, Homes

_NOT_RESIDENTS: Final = frozenset({"buildings", *LAND_LOADS})
_HOUSEHOLDS: Final = "households"
_FEW_HOUSEHOLDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class SiteWishes:
    """Which sites are to have a dedicated grid.

    Parameters
    ----------
    ratio : float or None
        Dedicated grids for each comprehensive one; None for every site, 0 for none.
    min_area_m2 : float
        Smaller sites have none.
    homes : {"comprehensive", "divide", "dedicated"}
        What becomes of sites with homes; see `geogrid.partition.SiteRule`.
    """

    ratio: float | None = PUBLISHED_RATIO
    min_area_m2: float = 1_500.0
    homes: Homes = "comprehensive"


def carved(blocks: Blocks, sites: gpd.GeoDataFrame, wishes: SiteWishes, *, leaf: SchemeLevel, load: str) -> Blocks:
    """Return blocks with the land of chosen sites cut out, and how many of how many these are among the problems.

    Parameters
    ----------
    blocks : Blocks
        Without dedicated land.
    sites : GeoDataFrame
        As `carve_dedicated` takes them.
    wishes : SiteWishes
        Which.
    leaf : SchemeLevel
        What comprehensive grids are to be.
    load : str
        What is balanced.
    """
    total = float(blocks.loads[load].sum())
    middle = total / leaf.n_grids if leaf.n_grids else sum(leaf.band or (total, total)) / 2.0
    grids = max(leaf.n_grids or round(total / (middle or 1.0)), 1)
    least = leaf.band[0] if leaf.band else middle
    residents = load if load not in _NOT_RESIDENTS else _HOUSEHOLDS if _HOUSEHOLDS in blocks.loads else None
    rule = SiteRule(
        min_area_m2=wishes.min_area_m2,
        most=None if wishes.ratio is None else _most(wishes.ratio, grids),
        residents=residents,
        most_residents=HOME_SHARE * least if residents == load else _FEW_HOUSEHOLDS,
        homes=wishes.homes,
    )
    done = carve_dedicated(blocks, sites, rule=rule)
    if len(done.sites) == len(sites):
        return done
    return replace(done, problems=(*done.problems, _told(len(done.sites), len(sites), wishes, grids)))


def _most(ratio: float, grids: int) -> int:
    return max(round(ratio * grids), 1) if ratio else 0


def _told(chosen: int, given: int, wishes: SiteWishes, grids: int) -> Problem:
    if wishes.ratio is None:
        rule = "every site that is large enough and holds no homes"
    else:
        rule = (
            f"those wished for, then the largest, up to {wishes.ratio:g} for each of about {grids} comprehensive grids"
        )
    return Problem(
        "sites-within-grids",
        f"{chosen} of {given} sites get a dedicated grid ({rule}); the others are named places within the grid that "
        "the layer 'sites' gives.",
        "Change it by --dedicated RATIO, all or none, by --dedicated-min-area, or for one site by yes or no in a "
        "column 'dedicated'; a column 'people' ranks by people in place of size.",
        "warning",
        "sites",
        size=float(chosen),
        unit="sites",
    )


def placed_sites(sites: gpd.GeoDataFrame, blocks: Blocks, leaf_codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Return sites with the code of the leaf that a point inside each lies in, ``grid``, and its kind, ``grid_kind``.

    A site outside all blocks has empty ones.
    """
    points = shapely.point_on_surface(sites.geometry.to_numpy())
    block = LoadPoints(points, {}).owners(blocks.polygons)
    codes = np.array([*leaf_codes, ""], dtype=object)[block]
    is_dedicated = np.append(blocks.site != NOWHERE, False)[block]
    kinds = np.where(block == NOWHERE, "", np.where(is_dedicated, "dedicated", "comprehensive"))
    return sites.assign(grid=codes, grid_kind=kinds)
