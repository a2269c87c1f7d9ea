"""Five towns of China whose grids are known from published reports: what each must come to."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.partition import SchemeLevel
from geogrid.towns.town import SyntheticTown, synthetic_town


@dataclass(frozen=True, slots=True)
class PublishedTown:
    """Counts of a real system of grids, with the little that must be assumed to draw streets for it.

    Parameters
    ----------
    key, name : str
        Short, and in full.
    county : int
        Code of the county, district or city that it lies in.
    centre : tuple of float
        A place in it, EPSG:4326.
    areas : tuple of int
        Administrative areas of each level below the town.
    scheme : tuple of SchemeLevel
        What the engine makes, below the areas too; every number was published.
    dedicated : int
        Dedicated grids besides.
    grid_households : tuple of float, optional
        Households of a grid of the lowest level, where published.
    households, n_blocks : int
        In all. Where no report tells the households they are assumed; the blocks always are.
    block_m2 : float
        Mean size of a block, so that the town has about its real area.
    assumed : str
        What no report tells.
    """

    key: str
    name: str
    county: int
    centre: tuple[float, float]
    areas: tuple[int, ...]
    scheme: tuple[SchemeLevel, ...]
    households: int
    n_blocks: int
    block_m2: float
    dedicated: int = 0
    grid_households: tuple[float, float] | None = None
    assumed: str = ""

    def draw(self, rng: np.random.Generator, *, with_buildings: bool = True) -> SyntheticTown:
        """Return a synthetic town of its size."""
        return synthetic_town(
            self.n_blocks,
            rng=rng,
            households=self.households,
            n_sites=self.dedicated,
            areas=self.areas,
            block_m2=self.block_m2,
            centre=self.centre,
            with_buildings=with_buildings,
            dual_carriageways=with_buildings,
            flaws=0.02 if with_buildings else 0.0,
        )


PUBLISHED_TOWNS: Final = (
    PublishedTown(
        key="litan",
        name="Litan township 里潭乡, Hanchuan 汉川, Hubei",
        county=420984,
        centre=(113.62, 30.55),
        areas=(12,),
        scheme=(SchemeLevel("township"), SchemeLevel("branch", n_grids=12), SchemeLevel("grid area", n_grids=12)),
        households=6_000,
        n_blocks=600,
        block_m2=70_000.0,
        assumed="households; 12 villages as in the official list of 2023",
    ),
    PublishedTown(
        key="zhaomiao",
        name="Zhaomiao town 赵庙镇, Weishan 微山, Shandong",
        county=370826,
        centre=(117.12, 34.81),
        areas=(2,),
        scheme=(SchemeLevel("organ"), SchemeLevel("management area", n_grids=2), SchemeLevel("village", n_grids=6)),
        households=5_000,
        n_blocks=400,
        block_m2=80_000.0,
        assumed="households, 2 management areas",
    ),
    PublishedTown(
        key="datunying",
        name="Datunying town 大屯营镇, Ningxiang 宁乡, Hunan",
        county=430182,
        centre=(112.55, 28.1),
        areas=(7,),
        scheme=(
            SchemeLevel("town"),
            SchemeLevel("village", n_grids=7),
            SchemeLevel("level 3", n_grids=81),
            SchemeLevel("level 4", band=(10.0, 15.0), n_grids=1_084),
        ),
        households=12_634,
        n_blocks=6_000,
        block_m2=18_000.0,
        grid_households=(10.0, 15.0),
    ),
    PublishedTown(
        key="shaxian",
        name="Shaxian district 沙县区, Sanming 三明, Fujian: its 17 urban communities",
        county=350427,
        centre=(117.789, 26.397),
        areas=(17,),
        scheme=(
            SchemeLevel("district"),
            SchemeLevel("community", n_grids=17),
            SchemeLevel("area grid", n_grids=115),
            SchemeLevel("micro grid", band=(40.0, 70.0), n_grids=988),
        ),
        households=54_000,
        n_blocks=7_000,
        block_m2=6_000.0,
        grid_households=(40.0, 70.0),
        assumed="the band around the published mean of 55 and the one grid of 68 households",
    ),
    PublishedTown(
        key="qiqihar",
        name="Qiqihar city 齐齐哈尔, Heilongjiang",
        county=230200,
        centre=(124.3, 47.5),
        areas=(16, 209, 1_599),
        scheme=(SchemeLevel("city"), SchemeLevel("community", n_grids=1_599), SchemeLevel("grid", n_grids=17_242)),
        households=1_720_000,
        n_blocks=1_000_000,
        block_m2=42_000.0,
        dedicated=3_188,
        assumed="households; 16 counties, 209 towns and 1,599 communities as in the official list of 2023",
    ),
)
