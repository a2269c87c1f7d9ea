"""Lines of escalation as JSON, read with everything that is wrong, and written."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeGuard

from geogrid.casework import MOST_LEVELS, MOST_SHARE, CaseState, Escalation
from geogrid.errors import Problem

_MEMBERS: Final = ("clock", "share", "levels", "effect", "role", "states")
_EXAMPLE: Final = "A line is like {'clock': 'stage', 'share': 1, 'levels': 1, 'effect': 'transfer'}."
_MOST_LINES: Final = 50
_LONGEST_ROLE: Final = 100


def escalation_document(lines: Iterable[Escalation]) -> list[dict[str, Any]]:
    """Return lines as JSON, as `read_escalation` takes them."""
    return [
        {
            "clock": line.clock,
            "share": line.share,
            "levels": line.levels,
            "effect": line.effect,
            **({"role": line.role} if line.role else {}),
            **({"states": sorted(state.value for state in line.states)} if line.states else {}),
        }
        for line in lines
    ]


def read_escalation(
    given: object, where: str, possible: tuple[str, ...], problems: list[Problem]
) -> tuple[Escalation, ...]:
    """Return lines from JSON.

    Parameters
    ----------
    given : object
        A list of objects; None for none.
    where : str
        Whose, for messages.
    possible : tuple of str
        States that a line can name.
    problems : list of Problem
        What is wrong is added here.
    """
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > _MOST_LINES:
        message = f"{where} is {given!r:.80}, not a list of at most {_MOST_LINES} lines."
        problems.append(Problem("escalation", message, _EXAMPLE, subject=where))
        return ()
    found = [_line(line, f"{where}[{number}]", possible, problems) for number, line in enumerate(given)]
    lines = tuple(line for line in found if line is not None)
    if len(set(lines)) < len(lines):
        problems.append(Problem("escalation", f"{where} has the same line twice.", subject=where))
    return lines


def _line(given: object, where: str, possible: tuple[str, ...], problems: list[Problem]) -> Escalation | None:
    before = len(problems)
    members = read_object(given, where, _MEMBERS, problems)
    clock, effect = members.get("clock", "stage"), members.get("effect", "tell")
    share, levels = members.get("share", 0), members.get("levels", 1)
    role, states = members.get("role", ""), members.get("states", [])
    checks = (
        ("clock", _is_clock(clock), "'stage' or 'total'"),
        ("effect", _is_effect(effect), "'tell' or 'transfer'"),
        ("share", _is_number(share) and 0 < share <= MOST_SHARE, f"a share of the limit, above 0 to {MOST_SHARE:g}"),
        ("levels", _is_number(levels) and levels in range(1, MOST_LEVELS + 1), f"a whole number, 1 to {MOST_LEVELS}"),
        ("role", isinstance(role, str) and len(role) <= _LONGEST_ROLE, f"a role of at most {_LONGEST_ROLE} characters"),
        (
            "states",
            isinstance(states, list) and all(state in possible for state in states),
            f"a list of {', '.join(possible)}",
        ),
    )
    for name, is_right, right in checks:
        if not is_right:
            message = f"{where}.{name} is {members.get(name)!r:.80}, not {right}."
            problems.append(Problem("escalation", message, _EXAMPLE, subject=f"{where}.{name}"))
    if len(problems) > before or not (_is_clock(clock) and _is_effect(effect)):
        return None
    named = frozenset(CaseState(state) for state in states)
    return Escalation(clock, float(share), int(levels), effect, role, named)


def _is_clock(given: object) -> TypeGuard[Literal["stage", "total"]]:
    return given in {"stage", "total"} if isinstance(given, str) else False


def _is_effect(given: object) -> TypeGuard[Literal["tell", "transfer"]]:
    return given in {"tell", "transfer"} if isinstance(given, str) else False


def _is_number(given: object) -> TypeGuard[float]:
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def read_object(given: object, where: str, known: tuple[str, ...] | None, problems: list[Problem]) -> Mapping[str, Any]:
    """Return an object of JSON; an empty one where none is given, or it is something else, which is a problem.

    Parameters
    ----------
    given : object
        None for none.
    where : str
        Whose, for messages.
    known : tuple of str, optional
        Members that it can have; None for any.
    problems : list of Problem
        What is wrong is added here.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.append(Problem("object", f"{where} is {given!r:.80}, not an object.", subject=where))
        return {}
    for name in given:
        if known is not None and name not in known:
            message = f"{where} has {name!r:.80}, which is not known there."
            problems.append(Problem("member", message, f"Known: {', '.join(known)}.", subject=where))
    return given
