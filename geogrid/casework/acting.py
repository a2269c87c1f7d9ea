"""Doing a step: a case as it stands and a command in, the case as it stands then and what happened out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from geogrid.access import Action
from geogrid.casework.calendars import TimeUnit, WorkCalendar
from geogrid.casework.clocks import Clock, Limit
from geogrid.casework.escalation import Escalation
from geogrid.casework.states import ENDS, STATE_NAMES, CaseState
from geogrid.casework.steps import OUTCOMES, Ask, CaseStep, Profile
from geogrid.errors import InvalidInputError, Problem

_MOST_AMOUNT: Final = 366.0


@dataclass(frozen=True, slots=True)
class CategoryRules:
    """What is otherwise for cases of one category.

    Parameters
    ----------
    limits : mapping of CaseState to Limit
        In place of those for all, state by state.
    total : Limit, optional
        In place of that for all; None where it is the same.
    escalations : tuple of Escalation, optional
        In place of those for all; None where they are the same.
    """

    limits: Mapping[CaseState, Limit] = field(default_factory=dict)
    total: Limit | None = None
    escalations: tuple[Escalation, ...] | None = None


@dataclass(frozen=True, slots=True)
class CaseRules:
    """What a town works by.

    Parameters
    ----------
    profile : Profile
        Its steps.
    calendar : WorkCalendar
        Its working time.
    limits : mapping of CaseState to Limit
        How long a case may stand in a state.
    total : Limit, optional
        How long it may take as a whole.
    escalations : tuple of Escalation
        Who above is told, or gets the case, and when.
    by_category : mapping of str to CategoryRules
        What is otherwise for cases of a category.
    """

    profile: Profile
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    limits: Mapping[CaseState, Limit] = field(default_factory=dict)
    total: Limit | None = None
    escalations: tuple[Escalation, ...] = ()
    by_category: Mapping[str, CategoryRules] = field(default_factory=dict)

    def of_category(self, category: str | None) -> "CaseRules":
        """Return the rules for cases of a category: its own limits before those for all."""
        own = self.by_category.get(category or "")
        if own is None:
            return self
        escalations = self.escalations if own.escalations is None else own.escalations
        limits = {**self.limits, **own.limits}
        return replace(self, limits=limits, total=own.total or self.total, escalations=escalations)


@dataclass(frozen=True, slots=True)
class CaseWork:
    """Where a case stands.

    Parameters
    ----------
    state : CaseState
        Of its profile.
    holder : str
        Who has it; empty for nobody.
    handler : str
        Who handled it last; empty for nobody.
    stage, total : Clock, optional
        Of the state, and of the whole; None without a limit.
    rework : int
        How often a check sent it back.
    done_once : frozenset of str
        Actions that can be done once, and were since the last change of state.
    ended_at : datetime, optional
        When it came to its end; None while it is open.
    version : int
        Grows with each step.
    """

    state: CaseState
    holder: str = ""
    handler: str = ""
    stage: Clock | None = None
    total: Clock | None = None
    rework: int = 0
    done_once: frozenset[str] = frozenset()
    ended_at: datetime | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state not in ENDS


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants to do to a case.

    Parameters
    ----------
    action : str
        Of the profile.
    by : str
        Who.
    at : datetime
        With offset.
    said : mapping of Ask to object
        What the step asks for, and what is said beyond it.
    """

    action: str
    by: str
    at: datetime
    said: Mapping[Ask, Any] = field(default_factory=dict)


def begin(rules: CaseRules, at: datetime) -> CaseWork:
    """Return a case as it stands when it was reported."""
    state = rules.profile.begins
    limit = rules.limits.get(state)
    return CaseWork(state, stage=None if limit is None else Clock.started(limit, at))


def steps_open_to(
    rules: CaseRules, work: CaseWork, rights: frozenset[Action], by: str, at: datetime
) -> tuple[CaseStep, ...]:
    """Return what somebody with these rights can do now, in the order of the table."""
    found = (step for step in rules.profile.steps_in(work.state) if rights & set(step.rights))
    return tuple(step for step in found if not _hindrances(rules, work, step, by, at))


def act(rules: CaseRules, work: CaseWork, command: Command) -> CaseWork:
    """Return the case after a step.

    Parameters
    ----------
    rules : CaseRules
        Of its town.
    work : CaseWork
        As it stands.
    command : Command
        What is to be done; whether its author has the right to is asked elsewhere.

    Raises
    ------
    InvalidInputError
        It cannot be done in this state, something it asks for is missing or wrong, or a guard is against it: all at
        once.
    """
    step = rules.profile.step(command.action, work.state)
    if step is None:
        raise InvalidInputError([_not_here(rules.profile, work, command.action)])
    problems = _hindrances(rules, work, step, command.by, command.at) + _unsaid(step, command.said)
    if problems:
        raise InvalidInputError(problems)
    state = step.ends or work.state
    has_moved = step.ends is not None
    stage = _stage(rules, work, step, state, command)
    total = work.total
    if step.total and total is None and rules.total is not None:
        total = Clock.started(rules.total, command.at)
    return replace(
        work,
        state=state,
        holder=_holder(work, step, command),
        handler=command.by if step.is_handling else work.handler,
        stage=stage,
        total=None if state in ENDS else total,
        rework=work.rework + (work.state is CaseState.CHECKING and state is CaseState.HANDLING),
        done_once=(frozenset() if has_moved else work.done_once) | ({step.action} if step.once else frozenset()),
        ended_at=(work.ended_at or command.at) if state in ENDS else None,
        version=work.version + 1,
    )


def _stage(rules: CaseRules, work: CaseWork, step: CaseStep, state: CaseState, command: Command) -> Clock | None:
    if state in ENDS:
        return None
    clock = work.stage
    if step.clock == "restart":
        limit = rules.limits.get(state)
        return None if limit is None else Clock.started(limit, command.at)
    if clock is None or step.clock == "keep":
        return clock
    if step.clock == "extend":
        return clock.extended(float(command.said[Ask.AMOUNT]))
    return clock.paused(command.at, rules.calendar) if step.clock == "pause" else clock.resumed(command.at)


def _holder(work: CaseWork, step: CaseStep, command: Command) -> str:
    if step.takes == "given":
        return str(command.said[Ask.HOLDER])
    return {"self": command.by, "nobody": "", "same": work.holder}[step.takes]


def _not_here(profile: Profile, work: CaseWork, action: str) -> Problem:
    possible = [step.action for step in profile.steps_in(work.state)]
    if action not in {step.action for step in profile.steps}:
        remedy = f"Steps: {', '.join(dict.fromkeys(step.action for step in profile.steps))}."
        return Problem("unknown-action", f"There is no step {action!r} in the profile {profile.name!r}.", remedy)
    message = f"A case that is {STATE_NAMES[work.state][0]} cannot {action!r}."
    remedy = f"Possible now: {', '.join(possible)}." if possible else "It has come to its end."
    return Problem("not-in-this-state", message, remedy, subject="action")


def _hindrances(rules: CaseRules, work: CaseWork, step: CaseStep, by: str, at: datetime) -> list[Problem]:
    told = []
    if step.not_by_handler and by and by == work.handler:
        told.append(
            Problem(
                "own-work", f"{by!r} has handled this case and cannot check it.", "Somebody else has to.", subject="by"
            )
        )
    if step.once and step.action in work.done_once:
        told.append(
            Problem("once", f"{step.action!r} was done in this stage already, and can be done once.", subject="action")
        )
    if step.clock == "extend" and work.stage is None:
        told.append(Problem("no-limit", "This stage has no limit, so there is nothing to extend.", subject="action"))
    if step.within_days is not None and work.ended_at is not None:
        last = rules.calendar.due(work.ended_at, step.within_days, TimeUnit.NATURAL_DAYS)
        if at > last:
            message = f"The case ended at {work.ended_at:%Y-%m-%d}: {step.action!r} was possible until {last:%Y-%m-%d}."
            told.append(Problem("too-late", message, "Report it anew.", subject="action"))
    return told


def _unsaid(step: CaseStep, said: Mapping[Ask, Any]) -> list[Problem]:
    told = []
    for ask in step.asks:
        value = said.get(ask)
        if value is None or (isinstance(value, str) and not value.strip()):
            told.append(Problem("not-said", f"{step.action!r} asks for {ask.value!r}.", subject=ask.value))
        elif ask is Ask.OUTCOME and value not in OUTCOMES:
            message = f"The outcome {value!r} is none of {', '.join(OUTCOMES)}."
            told.append(Problem("outcome", message, subject=ask.value))
        elif ask is Ask.AMOUNT and not 0 < float(value) <= _MOST_AMOUNT:
            message = f"More time of {float(value):g} is not above 0 and at most {_MOST_AMOUNT:g}."
            told.append(Problem("amount", message, subject=ask.value))
    return told
