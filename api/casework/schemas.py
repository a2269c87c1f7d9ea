"""Bodies and answers of the steps of cases."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.kit.answers import Answer, Link
from api.kit.values import LongText, Personal, ShortText, Word
from geogrid.casework import Ask, CaseState


class StepBody(BaseModel):
    """A step to do to a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Annotated[Word, Field(description="One of those that `GET` lists.")]
    client_id: Annotated[
        Word, Field(max_length=64, description="A number of your own: sent twice, the step is done once.")
    ]
    reason: Annotated[LongText, Personal(), Field(description="Why; kept with numbers of persons masked.")] = ""
    category: Annotated[ShortText, Field(description="What it is filed under.")] = ""
    holder: Annotated[ShortText, Field(description="Who gets it: a login, or the name of a department.")] = ""
    into: Annotated[int | None, Field(ge=1, le=2**63 - 1, description="The case that it is merged into.")] = None
    outcome: Annotated[
        Literal["exists", "not_found", "cannot_tell"] | None, Field(description="What who went to look found.")
    ] = None
    amount: Annotated[
        float | None, Field(gt=0, le=366, description="How much more time, in the unit of the limit.")
    ] = None
    satisfied: Annotated[bool | None, Field(description="What the reporter says when he is called back.")] = None

    def said(self) -> dict[Ask, Any]:
        """Return what is said with the step."""
        given = {ask: getattr(self, ask.value) for ask in Ask}
        return {ask: value for ask, value in given.items() if value not in {None, ""} or value is False}


class StepAnswer(Answer):
    """A step that can be done now."""

    action: str
    name: str
    name_zh: str
    asks: list[str] = Field(description="Members of the body that must be said with it.")


class ClockAnswer(Answer):
    """A limit that runs, or stands."""

    amount: float
    unit: Literal["urgent_hours", "working_hours", "working_days", "natural_days"]
    begun_at: datetime
    due_at: datetime | None = Field(description="null: it stands.")


class WorkAnswer(Answer):
    """Where a case stands, and what who asks may do next."""

    case: int
    profile: str
    state: CaseState
    state_name: str
    state_name_zh: str
    holder: str = Field(description="Who has it; empty for nobody.")
    handler: str = Field(description="Who handled it last; empty for nobody.")
    rework: int = Field(description="How often a check sent it back.")
    version: int
    stage: ClockAnswer | None = Field(description="Clock of the state; null: it has no limit.")
    total: ClockAnswer | None = Field(description="Clock of the whole case.")
    ended_at: datetime | None
    actions: list[StepAnswer]
    links: list[Link]


class RulesAnswer(Answer):
    """The rules that the cases of a jurisdiction are worked by."""

    jurisdiction: str
    version: int = Field(description="0: nobody has said any.")
    rules: dict[str, Any] = Field(description="As `geogrid casework rules` takes them.")
    steps: list[dict[str, Any]] = Field(description="What can be done in which state, by which rights.")
