"""Hotspots as values: what is looked at, how, and what was found."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from geogrid.hotspot.correction import Correction
from geogrid.hotspot.scan import Cluster
from geogrid.hotspot.weights import SpatialWeights
from geogrid.types import BoolArray, CodeArray, FloatArray, GeometryArray

HotspotMethod = Literal[
    "rate",
    "bayes",
    "local_bayes",
    "gi_star",
    "local_moran",
    "scan",
    "elliptic_scan",
    "flexible_scan",
    "space_time_scan",
    "density",
    "change",
    "trend",
]
HOTSPOT_METHODS: tuple[HotspotMethod, ...] = get_args(HotspotMethod)

HotspotState = Literal["high", "low", "emerging", "persistent", "fading", "even", "small"]
HOTSPOT_STATES: tuple[HotspotState, ...] = get_args(HotspotState)


@dataclass(frozen=True, slots=True)
class Places:
    """The grids that are looked at.

    Parameters
    ----------
    codes : (n,) object
        Of leaf grids.
    polygons : (n,) object
        Metres, in one projected coordinate reference system.
    weights : SpatialWeights
        Which are neighbours.
    base : (n,) float64, optional
        Households, residents or square kilometres; without it counts are compared as they are.
    base_name : str
        What the base counts; empty without one.
    """

    codes: CodeArray
    polygons: GeometryArray
    weights: SpatialWeights
    base: FloatArray | None = None
    base_name: str = ""

    def __len__(self) -> int:
        """Return the number of grids."""
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class HotspotChoice:
    """How hotspots are looked for.

    Parameters
    ----------
    method : str
        One of `HOTSPOT_METHODS`.
    correction : {"by", "bh", "none"}
        For many tests at once; see `geogrid.hotspot.correction.corrected`.
    alpha : float
        Share of false ones among those that are told, above 0 and below 1.
    permutations : int
        Draws by chance; scans draw a hundredth as many. Many tests need many draws: no p is below 2 / (draws + 1), and
        the correction multiplies it by up to the number of grids.
    seed : int
        Of the draws.
    max_share : float
        Share of the base in a cluster of a scan at most.
    bandwidth_m : float
        How far a case is felt in a density.
    """

    method: HotspotMethod = "gi_star"
    correction: Correction = "bh"
    alpha: float = 0.05
    permutations: int = 99_999
    seed: int = 0
    max_share: float = 0.1
    bandwidth_m: float = 500.0


@dataclass(frozen=True, slots=True)
class HotspotFindings:
    """What was found, by grid, and how; `Hotspots` shows it as well.

    Parameters
    ----------
    choice : HotspotChoice
        Method, correction, level, draws and seed.
    codes : (n,) object
        Of the grids.
    cases : (n,) float64
        Of the whole time.
    value : (n,) float64
        What the method tells, in `unit`; NaN where it tells nothing.
    p, adjusted_p : (n,) float64
        Before and after correction; NaN where nothing was tested.
    state : tuple of str
        Of `HOTSPOT_STATES`, by grid; ``"small"`` where numbers are too small to tell.
    unit : str
        Of the value.
    weights : str
        What made a neighbour; empty where none are used.
    correction : str
        What was done about many tests.
    clusters : tuple of Cluster
        Of a scan.
    periods : tuple of str
        Labels of the periods that were told apart.
    edition : str
        Name of the edition whose grids these are.
    base : str
        What was under the counts, e.g. ``"households"``; empty where they are compared as they are.
    """

    choice: HotspotChoice
    codes: CodeArray
    cases: FloatArray
    value: FloatArray
    p: FloatArray
    adjusted_p: FloatArray
    state: tuple[HotspotState, ...]
    unit: str
    weights: str = ""
    correction: str = ""
    clusters: tuple[Cluster, ...] = ()
    periods: tuple[str, ...] = ()
    edition: str = ""
    base: str = ""

    def __len__(self) -> int:
        """Return the number of grids."""
        return len(self.codes)

    @property
    def n(self) -> int:
        """Number of cases."""
        return int(self.cases.sum())

    def count(self, state: HotspotState) -> int:
        """Return how many grids are in a state."""
        return self.state.count(state)

    @property
    def is_hot(self) -> BoolArray:
        """Whether a grid has more cases than chance explains."""
        return np.isin(np.array(self.state, dtype=object), ["high", "emerging", "persistent"])
