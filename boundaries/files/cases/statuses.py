"""Statuses as other systems write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from geogrid.types import CaseStatus

STATUS_WORDS: Final[Mapping[str, CaseStatus]] = {
    **dict.fromkeys(("open", "new", "received", "reported", "pending", "unresolved"), "open"),
    **dict.fromkeys(("待办", "待处理", "未办理", "未办结", "待受理", "已受理", "受理", "新建"), "open"),
    **dict.fromkeys(("in progress", "in_progress", "assigned", "processing", "dispatched", "started"), "in_progress"),
    **dict.fromkeys(("办理中", "处理中", "在办", "已派单", "已分派", "处置中"), "in_progress"),
    **dict.fromkeys(("closed", "completed", "complete", "done", "resolved", "finished", "cancelled"), "closed"),
    **dict.fromkeys(
        ("办结", "已办结", "完成", "已完成", "关闭", "已关闭", "结案", "已结案", "已处理", "已解决"), "closed"
    ),
}
"""What a status may be written as, lower case; a qualification after " - " is left out, as in "Completed - Dup"."""


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Reads statuses.

    Parameters
    ----------
    own : mapping of str to str
        Words of the user's system, which count before the usual ones.
    """

    own: Mapping[str, CaseStatus] = field(default_factory=dict)

    def read(self, text: str) -> CaseStatus | None:
        """Return the status, None for an unknown word."""
        return self.own.get(text) or STATUS_WORDS.get(text.lower()) or STATUS_WORDS.get(_unqualified(text))


def _unqualified(text: str) -> str:
    return text.lower().partition(" - ")[0].strip()
