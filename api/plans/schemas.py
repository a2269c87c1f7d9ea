"""Parameters and bodies of ``/plans`` and ``/editions``."""

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from api.kit.queries import Labels, OfJurisdiction, QueryParameters
from api.kit.values import Allowed, Bbox, LongText, Moment, ShortText, Word
from geogrid.types import PlanState

Layer = Literal["grids", "blocks"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Annotated[ShortText, Field(description="Who does it.")] = ""
    reason: Annotated[LongText, Field(description="Why.")] = ""


class NewPlan(_Body):
    """A draft to make, from a plan of any state or, without one, from the edition in force."""

    name: Word
    based_on: Annotated[int, Field(ge=1), Allowed("the number of a plan")] | None = None
    code_profile: Annotated[Word, Field(description="What codes look like, e.g. beijing-db11.")] | None = None
    engine: Annotated[
        bool, Field(description="Let the engine draw the comprehensive grids of each parent anew, into the band.")
    ] = False


class Edits(_Body):
    """Operations, carried out one after the other: all or none."""

    operations: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1, max_length=1000, description="Each with its `kind` and its members; see the docs on plans."
        ),
        Allowed("a list of 1 to 1000 operations"),
    ]


class Step(_Body):
    """Undoing or redoing one edit."""


class Review(_Body):
    """A step through review."""

    state: Annotated[Literal["draft", "in_review", "approved"], Field(description="Where the plan goes.")]


class Accepted(_Body):
    """A problem that is accepted; the reason is required."""

    kind: Word
    subject: ShortText = ""


class Published(_Body):
    """A publication."""

    valid_from: Moment
    valid_to: Moment | None = None
    accept_warnings: Annotated[
        LongText, Field(description="Why the warnings do not matter; without it they refuse the publication.")
    ] = ""


class RolledBack(_Body):
    """A return to a former edition."""

    valid_from: Moment


class PlansQuery(OfJurisdiction):
    """Parameters of ``GET /plans``."""

    state: PlanState | None = None


class FeaturesQuery(QueryParameters):
    """Parameters of the grids and blocks of a plan."""

    bbox: Annotated[Bbox, Field(description="Only those that touch: west,south,east,north, WGS 84.")] | None = None
    level: Annotated[int, Field(ge=1, le=6), Allowed("a whole number from 1 to 6")] | None = None
    grid: Annotated[Word, Field(description="Blocks of this leaf only.")] | None = None
    limit: Annotated[int, Field(ge=1, le=100_000), Allowed("a whole number from 1 to 100000")] = 10_000


class CompareQuery(QueryParameters):
    """Parameters of a comparison."""

    f: Annotated[
        Literal["json", "geojson", "csv", "html"],
        Field(description="Grids as JSON or CSV; moved land as GeoJSON; both plans side by side as a page of maps."),
    ] = "json"
    lang: Labels = "both"
    tolerance_m2: Annotated[
        float,
        Field(ge=0, le=1e9, allow_inf_nan=False, description="Less land than this has not changed hands."),
        Allowed("a number from 0"),
    ] = 1.0


class LineageQuery(OfJurisdiction):
    """Parameters of lineage: from which day to which; the first and the last edition, if left out."""

    since: Moment | None = None
    until: Moment | None = None


PlanNumber = Annotated[int, Path(ge=1, le=2**31 - 1), Allowed("a whole number from 1")]
