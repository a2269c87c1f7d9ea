"""Parameters of the addresses that look for hotspots: what goes with every method."""

from typing import Annotated, Literal

from pydantic import Field

from api.kit.queries import OfJurisdiction
from geogrid.hotspot.correction import Correction
from geogrid.hotspot.records import HotspotChoice, HotspotMethod
from geogrid.hotspot.weights import Contiguity


class MethodParameters(OfJurisdiction):
    """How hotspots are looked for, whatever the method."""

    base: (
        Annotated[
            Literal["households", "population", "none"],
            Field(description="What rates are made of; if left out, households or population, where they are known."),
        ]
        | None
    ) = None
    neighbors: Annotated[Contiguity, Field(description="Grids that share a point, or those that share an edge.")] = (
        "queen"
    )
    correction: Annotated[
        Correction, Field(description="For many tests at once: Benjamini-Hochberg, Benjamini-Yekutieli, or none.")
    ] = "bh"
    alpha: Annotated[float, Field(gt=0, lt=1, description="Share of false ones among the grids that are told.")] = 0.05
    permutations: Annotated[
        int, Field(ge=100, le=999_999, description="Draws by chance; scans draw a hundredth as many.")
    ] = 99_999
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="Of the draws: the same seed, the same answer.")] = 0
    max_share: Annotated[
        float, Field(gt=0, le=0.5, description="Scans: share of the base, or of the cases, in one cluster at most.")
    ] = 0.1
    bandwidth_m: Annotated[
        float, Field(gt=0, le=100_000, description="Density: how far a case is felt, in metres.")
    ] = 500.0

    def choice_of(self, method: HotspotMethod) -> HotspotChoice:
        """Return a method and what goes with it."""
        return HotspotChoice(
            method=method,
            correction=self.correction,
            alpha=self.alpha,
            permutations=self.permutations,
            seed=self.seed,
            max_share=self.max_share,
            bandwidth_m=self.bandwidth_m,
        )
