"""States of a case, and the three words for them that other applications know."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from geogrid.types import CaseStatus


class CaseState(StrEnum):
    """Where a case stands between its report and its end."""

    RECEIVED = "received"
    VERIFYING = "verifying"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    PAUSED = "paused"
    CHECKING = "checking"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


FAMILIES: Final[Mapping[CaseState, CaseStatus]] = MappingProxyType(
    {
        CaseState.RECEIVED: "open",
        CaseState.VERIFYING: "open",
        CaseState.FILED: "open",
        CaseState.DISPATCHED: "open",
        CaseState.HANDLING: "in_progress",
        CaseState.PAUSED: "in_progress",
        CaseState.CHECKING: "in_progress",
        CaseState.TO_CLOSE: "in_progress",
        CaseState.CLOSED: "closed",
        CaseState.REFUSED: "closed",
        CaseState.DUPLICATE: "closed",
        CaseState.INVALID: "closed",
    }
)
"""The word of three that tells other applications the state."""

OPEN_STATES: Final = tuple(state for state in CaseState if FAMILIES[state] != "closed")
ENDS: Final = tuple(state for state in CaseState if FAMILIES[state] == "closed")

STATE_NAMES: Final[Mapping[CaseState, tuple[str, str]]] = MappingProxyType(
    {
        CaseState.RECEIVED: ("received", "已受理"),
        CaseState.VERIFYING: ("being verified", "核实中"),
        CaseState.FILED: ("filed", "已立案"),
        CaseState.DISPATCHED: ("dispatched", "已派遣"),
        CaseState.HANDLING: ("being handled", "处置中"),
        CaseState.PAUSED: ("paused", "已挂起"),
        CaseState.CHECKING: ("being checked", "核查中"),
        CaseState.TO_CLOSE: ("to be closed", "待结案"),
        CaseState.CLOSED: ("closed", "已结案"),
        CaseState.REFUSED: ("refused", "不予受理"),
        CaseState.DUPLICATE: ("duplicate", "重复件"),
        CaseState.INVALID: ("invalid", "作废"),
    }
)
"""Names for people, in English and in Chinese."""


def state_of_status(status: CaseStatus) -> CaseState:
    """Return where a case stands of which only the word of three is known."""
    return {"open": CaseState.RECEIVED, "in_progress": CaseState.HANDLING, "closed": CaseState.CLOSED}[status]
