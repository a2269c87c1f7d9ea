"""Parameters of ``/maps`` and of ``/hotspots``, and the answer of the latter."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from api.cases.schemas import CaseQuery
from api.kit.answers import Answer
from api.kit.methods import MethodParameters
from api.kit.queries import At, Labels, OfJurisdiction
from api.kit.values import Moment
from geogrid.hotspot.records import HotspotChoice, HotspotMethod, HotspotState


class CoverageMapQuery(OfJurisdiction):
    """Parameters of ``GET /maps/coverage``."""

    lang: Labels = "both"
    at: At = None


class HotspotsQuery(CaseQuery, MethodParameters):
    """Parameters of ``GET /hotspots``: those of ``/cases`` without pages, and how hotspots are looked for."""

    method: Annotated[HotspotMethod, Field(description="How hotspots are looked for.")] = "gi_star"

    def to_choice(self) -> HotspotChoice:
        """Return the method and what goes with it."""
        return self.choice_of(self.method)


METHOD_ONLY: Final = frozenset(MethodParameters.model_fields) - {"jurisdiction"} | {"split"}
"""Parameters of ``GET /maps/hotspots`` that say nothing of a map of counts."""


class HotspotMapQuery(CaseQuery, MethodParameters):
    """Parameters of ``GET /maps/hotspots``: those of ``/cases`` without pages, and how hotspots are looked for."""

    lang: Labels = "both"
    method: Annotated[
        HotspotMethod | Literal["counts"],
        Field(description="How hotspots are looked for; counts: points, heat and counts, and nothing is tested."),
    ] = "counts"
    split: Annotated[
        Moment | None,
        Field(description="Two periods side by side: reported before this moment, and at it or later."),
    ] = None

    @model_validator(mode="after")
    def _check_method(self) -> "HotspotMapQuery":
        idle = sorted(self.model_fields_set & METHOD_ONLY)
        if self.method == "counts" and idle:
            raise ValueError(f"{', '.join(idle)} go with a method, and counts are none: add e.g. method=gi_star")
        if self.split is not None and not _is_between(self.split, self.since, self.until):
            raise ValueError("split must be after since and before until, or one of the periods is empty")
        return self


def _is_between(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since < moment) and (until is None or moment < until)


class HotspotCluster(Answer):
    """A cluster of a scan."""

    grids: list[str]
    cases: int
    expected: float | None
    relative_risk: float | None
    log_likelihood_ratio: float | None
    p: float | None
    gumbel_p: float | None
    periods: list[str] | None = Field(description="The first and the last, of a scan in space and time.")


class HotspotProperties(Answer):
    """A grid as a method tells of it."""

    code: str
    name: str | None
    cases: int
    value: float | None
    p: float | None
    adjusted_p: float | None
    state: HotspotState = Field(description="small: too few cases to tell.")


class HotspotFeature(Answer):
    """A grid as a GeoJSON feature."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any]
    properties: HotspotProperties


class HotspotCollection(Answer):
    """Leaf grids of the edition in force, and how hotspots were found among them."""

    type: Literal["FeatureCollection"]
    method: HotspotMethod
    correction: str
    alpha: float
    permutations: int
    seed: int
    max_share: float
    bandwidth_m: float
    unit: str
    base: Literal["households", "population", "none"]
    weights: str
    n: int = Field(description="Cases in a grid.")
    edition: str
    periods: list[str]
    clusters: list[HotspotCluster]
    sentence: dict[str, str] = Field(description="What was found, in plain words; by language.")
    features: list[HotspotFeature]
