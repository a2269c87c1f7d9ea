"""Names for checked identifiers, closed vocabularies and array shapes."""

from dataclasses import dataclass
from typing import Literal, NewType, get_args

import numpy as np
from numpy.typing import NDArray

GridCode = NewType("GridCode", str)
JurisdictionCode = NewType("JurisdictionCode", str)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
GeometryArray = NDArray[np.object_]
CodeArray = NDArray[np.object_]

GridKind = Literal["comprehensive", "dedicated", "parent"]
DedicatedCategory = Literal[
    "government", "industrial_park", "commercial", "office_building", "school", "hospital", "other"
]
CoordType = Literal["wgs84", "gcj02", "bd09"]
PlanState = Literal["draft", "in_review", "approved", "published", "retired"]
CaseStatus = Literal["open", "in_progress", "closed"]

GRID_KINDS: tuple[GridKind, ...] = get_args(GridKind)
DEDICATED_CATEGORIES: tuple[DedicatedCategory, ...] = get_args(DedicatedCategory)
COORD_TYPES: tuple[CoordType, ...] = get_args(CoordType)
PLAN_STATES: tuple[PlanState, ...] = get_args(PlanState)
CASE_STATUSES: tuple[CaseStatus, ...] = get_args(CaseStatus)


@dataclass(frozen=True, slots=True)
class LevelName:
    """The name of a level, in English and Chinese."""

    name: str
    name_zh: str = ""
