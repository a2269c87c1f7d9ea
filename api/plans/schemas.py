"""Parameters and bodies of ``/plans`` and ``/editions``."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.kit.queries import PAGE_ONLY, Labels, OfJurisdiction, QueryParameters
from api.kit.values import Allowed, Bbox, LongJsonObject, LongText, Moment, ShortText, StoredMoment, Word
from geogrid.types import PlanState

Layer = Literal["grids", "blocks"]


def _ordered(band: tuple[float, float] | None) -> tuple[float, float] | None:
    if band is not None and not 0 < band[0] <= band[1] < float("inf"):
        raise ValueError("it is not two numbers in order")
    return band


# What only pages take, and pass on to each other, is in no description of the interface: programs have no use for it.
PageLanguage = Annotated[Literal["en", "zh"] | None, Field(json_schema_extra={PAGE_ONLY: True})]
PassedOnTown = Annotated[Word | None, Field(json_schema_extra={PAGE_ONLY: True})]
PlanId = Annotated[int, Field(ge=1, le=2**31 - 1), Allowed("the number of a plan")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Annotated[ShortText, Field(description="Who does it.")] = ""
    reason: Annotated[LongText, Field(description="Why.")] = ""


class NewPlan(_Body):
    """A draft to make, from a plan of any state or, without one, from the edition in force."""

    name: Word
    based_on: PlanId | None = None
    code_profile: Annotated[Word, Field(description="What codes look like, e.g. beijing-db11.")] | None = None
    engine: Annotated[
        bool, Field(description="Let the engine draw the comprehensive grids of each parent anew, into the band.")
    ] = False

    band: Annotated[
        tuple[float, float] | None,
        Field(
            description="Load of each comprehensive grid, low and high; that of the plan it starts from, if left out."
        ),
        AfterValidator(_ordered),
        Allowed("two numbers, 0 < low <= high, e.g. [300, 500]"),
    ] = None
    load: Annotated[
        Literal["households", "population", "buildings"] | None, Field(description="What the band balances.")
    ] = None


class Edits(_Body):
    """Operations, carried out one after the other: all or none."""

    operations: Annotated[
        list[LongJsonObject],
        Field(
            min_length=1, max_length=1000, description="Each with its `kind` and its members; see the docs on plans."
        ),
        Allowed("a list of 1 to 1000 operations"),
    ]
    grids: Annotated[
        dict[Word, Annotated[int, Field(ge=0, le=2**31 - 1)]] | None,
        Field(
            max_length=20_000,
            description="Versions of all grids that the edit touches, by code, as GET /plans/{plan_id}/versions gave "
            "them. In place of If-Match: what others did elsewhere does not matter then.",
        ),
        Allowed('codes with their versions, e.g. {"D-a": 12}'),
    ] = None


class Step(_Body):
    """Undoing or redoing one edit."""

    own: Annotated[
        bool | None,
        Field(
            description="One's own last edit, whatever others did elsewhere since; so for who is signed in, else the "
            "last edit of anybody."
        ),
    ] = None


class Said(_Body):
    """A comment on a plan, on one of its grids, or on a place."""

    words: LongText
    grid: Annotated[Word, Field(description="Code of the grid that it is about.")] | None = None
    lonlat: (
        Annotated[
            tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]],
            Allowed("longitude and latitude in degrees, e.g. [116.4, 39.9]"),
            Field(description="Where it is pinned, WGS 84."),
        ]
        | None
    ) = None


class Settled(_Body):
    """Whether a comment is settled."""

    resolved: bool = True


class Claimed(_Body):
    """A grid that somebody works on, with those below it, for ten minutes."""

    grid: Word
    release: Annotated[bool, Field(description="Take one's own claim back.")] = False


class Withdrawn(_Body):
    """An edition to come that is to be a plan again."""


class Review(_Body):
    """A step through review."""

    state: Annotated[Literal["draft", "in_review", "approved"], Field(description="Where the plan goes.")]


class Accepted(_Body):
    """A problem that is accepted; the reason is required."""

    kind: Word
    subject: ShortText = ""


Accept = Annotated[
    list[Literal["backdated", "hole"]],
    Field(
        max_length=2,
        description="Warnings of the period that are meant, for the `reason`: it begins in the past, or nothing is in "
        "force after it.",
    ),
    Allowed("a list of backdated and hole"),
]


class Published(_Body):
    """A publication."""

    valid_from: StoredMoment
    valid_to: StoredMoment | None = None
    accept_warnings: Annotated[
        LongText, Field(description="Why the warnings do not matter; without it they refuse the publication.")
    ] = ""
    accept: Accept = []


class RolledBack(_Body):
    """A return to a former edition."""

    valid_from: StoredMoment
    accept: Accept = []


class Rebase(_Body):
    """Carrying a plan's changes onto the edition in force."""

    keep: Annotated[
        Literal["draft", "edition"] | None,
        Field(description="Which counts where both changed the same; without it conflicts refuse the whole."),
    ] = None


class ValidationQuery(QueryParameters):
    """Parameters of a validation."""

    valid_from: (
        Annotated[Moment, Field(description="As if it were published from then on; now, if left out.")] | None
    ) = None


class PlansQuery(OfJurisdiction):
    """Parameters of ``GET /plans``."""

    state: PlanState | None = None
    lang: PageLanguage = None
    before: Annotated[PlanId | None, Field(json_schema_extra={PAGE_ONLY: True})] = None


class PlanPageQuery(QueryParameters):
    """Parameters of a plan: how its page is shown."""

    jurisdiction: PassedOnTown = None
    lang: PageLanguage = None
    validate_now: Annotated[bool, Field(alias="validate", json_schema_extra={PAGE_ONLY: True})] = False


class PublishQuery(PlanPageQuery):
    """Parameters of the page that publishes a plan: from when, as its field has it."""

    valid_from: ShortText = ""


class PictureQuery(PlanPageQuery):
    """Parameters of the picture of a plan: its version, so that browsers keep it."""

    v: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class EventsQuery(QueryParameters):
    """Parameters of the stream of what happens to a plan."""

    since: (
        Annotated[
            int,
            Field(ge=0, le=2**31 - 1, description="Version already seen; the present one, if left out."),
            Allowed("a whole number from 0"),
        ]
        | None
    ) = None
    by: Annotated[ShortText, Field(description="Who looks; the account, for who is signed in.")] = ""
    seconds: Annotated[
        int,
        Field(ge=0, le=600, description="How long the answer goes on; browsers ask again by themselves."),
        Allowed("a whole number from 0 to 600"),
    ] = 600


LevelOfGrids = Annotated[
    int,
    Field(ge=1, le=6, description="Grids of this level only; blocks have none."),
    Allowed("a whole number from 1 to 6"),
]


class FeaturesQuery(QueryParameters):
    """Parameters of the grids and blocks of a plan."""

    bbox: Annotated[Bbox, Field(description="Only those that touch: west,south,east,north, WGS 84.")] | None = None
    level: LevelOfGrids | None = None
    grid: Annotated[Word, Field(description="Only this grid and those below it, or their blocks.")] | None = None
    limit: Annotated[int, Field(ge=1, le=100_000), Allowed("a whole number from 1 to 100000")] = 10_000


class CompareQuery(QueryParameters):
    """Parameters of a comparison."""

    jurisdiction: PassedOnTown = None

    f: (
        Annotated[
            Literal["json", "geojson", "csv", "html"],
            Field(
                description="Grids as JSON or CSV; moved land as GeoJSON; both plans side by side as a page of maps. "
                "If left out, a browser gets a page with lists, and others JSON."
            ),
        ]
        | None
    ) = None
    lang: Labels = "both"
    tolerance_m2: Annotated[
        float,
        Field(ge=0, le=1e9, allow_inf_nan=False, description="Less land than this has not changed hands."),
        Allowed("a number of square metres from 0 to 1000000000"),
    ] = 1.0


class LineageQuery(OfJurisdiction):
    """Parameters of lineage: from which day to which; from the first edition to that in force now, if left out."""

    since: Moment | None = None
    until: Moment | None = None


PlanNumber = Annotated[int, Path(ge=1, le=2**31 - 1), Allowed("a whole number from 1")]
