"""Plans as values, for those who read them: no row of the store leaves this layer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class PlanValues(Protocol):
    """What can be read of a plan, of its row while it is written and of the value that is given out."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def jurisdiction_id(self) -> int:
        """Whose it is."""

    @property
    def name(self) -> str:
        """Name for people."""

    @property
    def state(self) -> str:
        """How far it is."""

    @property
    def is_over(self) -> bool:
        """Whether it was in force and is not any more."""

    @property
    def is_to_come(self) -> bool:
        """Whether it is published, and its moment has not come."""

    @property
    def load(self) -> str:
        """What the band balances."""

    @property
    def band_low(self) -> float | None:
        """Lower limit of a leaf's load."""

    @property
    def band_high(self) -> float | None:
        """Upper limit of a leaf's load."""

    @property
    def source(self) -> str:
        """Where it came from."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def based_on(self) -> int | None:
        """The plan that it was copied from."""

    @property
    def code_profile(self) -> str:
        """What its codes look like."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    @property
    def position(self) -> int:
        """Edits in force."""

    @property
    def valid_from(self) -> datetime | None:
        """Beginning of an edition's validity; None of a plan that was never published."""

    @property
    def valid_to(self) -> datetime | None:
        """End of an edition's validity; None until it is replaced."""


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan as it was read; members as `PlanValues`."""

    id: int
    jurisdiction_id: int
    name: str
    state: str
    load: str
    band_low: float | None
    band_high: float | None
    source: str
    created_at: datetime
    based_on: int | None
    code_profile: str
    version: int
    position: int
    valid_from: datetime | None
    valid_to: datetime | None
    is_to_come: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it was in force and is not any more."""
        return self.state == "retired"

    @property
    def is_edition(self) -> bool:
        """Whether it was ever published."""
        return self.valid_from is not None

    @property
    def band(self) -> tuple[float, float] | None:
        """Two-sided limit of a leaf's load."""
        return None if self.band_low is None or self.band_high is None else (self.band_low, self.band_high)


def plan_record(plan: PlanValues) -> PlanRecord:
    """Return a plan as a value that stays as it is, whatever is written later; an edition is retired by the clock."""
    return PlanRecord(
        id=plan.id,
        jurisdiction_id=plan.jurisdiction_id,
        name=plan.name,
        state="retired" if plan.is_over else plan.state,
        load=plan.load,
        band_low=plan.band_low,
        band_high=plan.band_high,
        source=plan.source,
        created_at=plan.created_at,
        based_on=plan.based_on,
        code_profile=plan.code_profile,
        version=plan.version,
        position=plan.position,
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        is_to_come=plan.is_to_come,
    )
