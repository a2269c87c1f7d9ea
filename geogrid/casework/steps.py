"""Steps of a case as data: what may be done in which state, by whom, what it asks for, and what clocks do then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from geogrid.access import Action
from geogrid.casework.states import ENDS, OPEN_STATES, CaseState

ClockEffect = Literal["restart", "keep", "pause", "resume", "extend"]


class Ask(StrEnum):
    """What a step asks for."""

    REASON = "reason"
    CATEGORY = "category"
    HOLDER = "holder"
    INTO = "into"
    OUTCOME = "outcome"
    AMOUNT = "amount"
    SATISFIED = "satisfied"


OUTCOMES: Final = ("exists", "not_found", "cannot_tell")
"""What somebody who went to look can find."""


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A line of the table.

    Parameters
    ----------
    action : str
        What is done, e.g. ``"dispatch"``; with each state it may begin in, it is one line at most.
    begins : tuple of CaseState
        Where it may be done.
    ends : CaseState, optional
        Where the case stands afterwards; None where it stays.
    rights : tuple of Action
        Any of these lets somebody do it.
    asks : tuple of Ask
        What must be said with it.
    clock : {"restart", "keep", "pause", "resume", "extend"}
        What becomes of the clock of the stage.
    total : bool
        Whether the clock of the whole case starts here.
    takes : {"given", "self", "nobody", "same"}
        Who has the case afterwards: who is named, who does it, nobody, or who had it.
    is_handling : bool
        Whether who does it has handled the case.
    not_by_handler : bool
        Whether somebody else than the handler has to do it.
    once : bool
        Whether it can be done once between two changes of state.
    within_days : int, optional
        How long after the end it may be done, natural days.
    names : tuple of str
        What people call it, in English and in Chinese.
    """

    action: str
    begins: tuple[CaseState, ...]
    ends: CaseState | None
    rights: tuple[Action, ...]
    names: tuple[str, str]
    asks: tuple[Ask, ...] = ()
    clock: ClockEffect = "restart"
    total: bool = False
    takes: Literal["given", "self", "nobody", "same"] = "same"
    is_handling: bool = False
    not_by_handler: bool = False
    once: bool = False
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The steps that a town works by.

    Parameters
    ----------
    name : str
        Of the profile.
    steps : tuple of CaseStep
        The table.
    begins : CaseState
        Where a case stands when it was reported.
    unclocked : tuple of CaseState
        Open states that no clock limits.
    """

    name: str
    steps: tuple[CaseStep, ...]
    begins: CaseState = CaseState.RECEIVED
    unclocked: tuple[CaseState, ...] = ()
    _lines: Mapping[tuple[str, CaseState], CaseStep] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the lines up by action and state."""
        lines = {(step.action, state): step for step in self.steps for state in step.begins}
        object.__setattr__(self, "_lines", MappingProxyType(lines))

    @property
    def states(self) -> tuple[CaseState, ...]:
        """The states that occur, in the order of `CaseState`."""
        named = {self.begins, *(state for step in self.steps for state in (*step.begins, step.ends) if state)}
        return tuple(state for state in CaseState if state in named)

    def step(self, action: str, state: CaseState) -> CaseStep | None:
        """Return the line of an action in a state; None where it cannot be done."""
        return self._lines.get((action, state))

    def steps_in(self, state: CaseState) -> tuple[CaseStep, ...]:
        """Return what can be done in a state, in the order of the table."""
        return tuple(step for step in self.steps if state in step.begins)


_FILE, _DISPATCH, _HANDLE = Action.CASES_FILE, Action.CASES_DISPATCH, Action.CASES_HANDLE
_CHECK, _SUPERVISE = Action.CASES_CHECK, Action.CASES_SUPERVISE
_Step = CaseStep
_R, _V, _F, _D = CaseState.RECEIVED, CaseState.VERIFYING, CaseState.FILED, CaseState.DISPATCHED
_H, _C, _T, _END = CaseState.HANDLING, CaseState.CHECKING, CaseState.TO_CLOSE, CaseState.CLOSED

SIMPLE: Final = Profile(
    "simple",
    (
        _Step("accept", (_R,), _H, (_HANDLE, _FILE), ("accept", "接办"), takes="self"),
        _Step("return", (_H,), _R, (_HANDLE, _FILE), ("give back", "退回"), (Ask.REASON,), takes="nobody"),
        _Step("close", (_R, _H), _END, (_HANDLE, _FILE), ("close", "办结"), is_handling=True),
        _Step("refuse", (_R,), CaseState.REFUSED, (_FILE,), ("refuse", "不予受理"), (Ask.REASON,)),
        _Step("merge_into", (_R, _H), CaseState.DUPLICATE, (_FILE,), ("merge", "并入"), (Ask.INTO,)),
        _Step("urge", (_R, _H), None, (_SUPERVISE, _FILE), ("urge", "催办"), clock="keep"),
        _Step("invalidate", (_R, _H), CaseState.INVALID, (_SUPERVISE,), ("invalidate", "作废"), (Ask.REASON,)),
        _Step("reopen", (_END,), _H, (_FILE,), ("open again", "重办"), (Ask.REASON,), within_days=7),
    ),
)
"""Received, handled, closed: for a town without a desk."""

FULL: Final = Profile(
    "full",
    (
        _Step("file", (_R,), _F, (_FILE,), ("file", "立案"), (Ask.CATEGORY,), total=True),
        _Step(
            "solve_here",
            (_R,),
            _T,
            (_HANDLE, _FILE),
            ("solve on the spot", "就地解决"),
            total=True,
            is_handling=True,
        ),
        _Step(
            "verify_ask",
            (_R,),
            _V,
            (_FILE,),
            ("ask to verify", "派核实"),
            (Ask.HOLDER,),
            takes="given",
        ),
        _Step(
            "verify_done",
            (_V,),
            _R,
            (_HANDLE,),
            ("verified", "核实反馈"),
            (Ask.OUTCOME,),
            takes="nobody",
        ),
        _Step("refuse", (_R,), CaseState.REFUSED, (_FILE,), ("refuse", "不予受理"), (Ask.REASON,)),
        _Step("merge_into", (_R, _F), CaseState.DUPLICATE, (_FILE,), ("merge", "并入"), (Ask.INTO,)),
        _Step(
            "dispatch",
            (_F,),
            _D,
            (_DISPATCH,),
            ("dispatch", "派遣"),
            (Ask.HOLDER,),
            takes="given",
        ),
        _Step("sign", (_D,), _H, (_HANDLE,), ("sign for", "签收"), takes="self"),
        _Step(
            "return",
            (_D, _H),
            _F,
            (_HANDLE,),
            ("give back", "退回"),
            (Ask.REASON,),
            takes="nobody",
        ),
        _Step("pause", (_H,), CaseState.PAUSED, (_HANDLE,), ("pause", "挂起"), (Ask.REASON,), clock="pause"),
        _Step("resume", (CaseState.PAUSED,), _H, (_HANDLE, _SUPERVISE), ("resume", "恢复"), clock="resume"),
        _Step(
            "extend_ask",
            (_H,),
            None,
            (_HANDLE,),
            ("ask for more time", "申请延期"),
            (Ask.AMOUNT, Ask.REASON),
            clock="keep",
        ),
        _Step(
            "extend_grant",
            (_H,),
            None,
            (_SUPERVISE,),
            ("give more time", "准予延期"),
            (Ask.AMOUNT,),
            "extend",
            once=True,
        ),
        _Step("done", (_H,), _C, (_HANDLE,), ("report as done", "反馈"), is_handling=True),
        _Step("pass", (_C,), _T, (_CHECK,), ("pass", "核查通过"), not_by_handler=True),
        _Step(
            "fail",
            (_C,),
            _H,
            (_CHECK,),
            ("send back", "核查不通过"),
            (Ask.REASON,),
            not_by_handler=True,
        ),
        _Step("close", (_T,), _END, (_FILE,), ("close", "结案")),
        _Step("call_back", (_END,), None, (_FILE,), ("call back", "回访"), (Ask.SATISFIED,), clock="keep"),
        _Step(
            "reopen",
            (_END,),
            _F,
            (_FILE,),
            ("open again", "重办"),
            (Ask.REASON,),
            total=True,
            takes="nobody",
            within_days=7,
        ),
        _Step("urge", OPEN_STATES, None, (_SUPERVISE, _FILE), ("urge", "催办"), clock="keep"),
        _Step("supervise", OPEN_STATES, None, (_SUPERVISE,), ("supervise", "督办"), (Ask.REASON,), clock="keep"),
        _Step(
            "escalate",
            OPEN_STATES,
            None,
            (_SUPERVISE, _HANDLE),
            ("hand up", "上报"),
            (Ask.HOLDER, Ask.REASON),
            clock="keep",
            takes="given",
        ),
        _Step("invalidate", OPEN_STATES, CaseState.INVALID, (_SUPERVISE,), ("invalidate", "作废"), (Ask.REASON,)),
    ),
)
"""Collect, file, dispatch, handle, feed back, check, close: the seven steps of the field."""

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({profile.name: profile for profile in (SIMPLE, FULL)})


EVENT_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **{step.action: step.names for profile in (SIMPLE, FULL) for step in profile.steps},
        "due_soon": ("due soon", "即将到期"),
        "overdue": ("overdue", "已超期"),
        "total_due_soon": ("due soon as a whole", "总时限即将到期"),
        "total_overdue": ("overdue as a whole", "总时限已超期"),
        "escalated": ("handed up by the clock", "超时上报"),
        "due_changed": ("due at another time", "时限调整"),
    }
)
"""What people call steps and what is told of clocks, in English and in Chinese."""


def problems_of_profile(profile: Profile, limited: frozenset[CaseState]) -> tuple[str, ...]:
    """Return what is wrong with a profile, as sentences.

    Parameters
    ----------
    profile : Profile
        A town's own, or one of ours.
    limited : frozenset of CaseState
        States that have a limit.

    Returns
    -------
    tuple of str
        Empty where every state is reached, every open one leads to an end and has a clock or says that it has none,
        and no action means two things in one state.
    """
    told = []
    seen: dict[tuple[str, CaseState], int] = {}
    for step in profile.steps:
        for state in step.begins:
            seen[step.action, state] = seen.get((step.action, state), 0) + 1
    for (action, state), count in seen.items():
        if count > 1:
            told.append(f"{action!r} stands {count} times in the state {state.value!r}: one line would never be taken.")
    onward = {state: {step.ends or state for step in profile.steps_in(state)} for state in profile.states}
    reached = _closure({profile.begins}, onward)
    told += [f"The state {state.value!r} is never reached." for state in profile.states if state not in reached]
    for state in profile.states:
        if state in ENDS:
            continue
        if not _closure({state}, onward) & set(ENDS):
            told.append(f"The state {state.value!r} is a dead end: nothing leads from it to an end.")
        if state not in limited and state not in profile.unclocked:
            told.append(f"The state {state.value!r} has no limit. Give it one, or name it in `unclocked`.")
        if state in limited and state in profile.unclocked:
            told.append(f"The state {state.value!r} has a limit and is named in `unclocked`.")
    return tuple(told)


def _closure(states: set[CaseState], onward: Mapping[CaseState, set[CaseState]]) -> set[CaseState]:
    found, new = set(states), set(states)
    while new:
        new = {after for state in new for after in onward.get(state, ())} - found
        found |= new
    return found
