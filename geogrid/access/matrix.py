"""The matrix: which role may do what, and how far. There is no other table of rights."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What somebody is to a town; the first is everybody, signed in or not."""

    PUBLIC = "public"
    GRIDDER = "gridder"
    CHIEF = "chief"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    VERIFIER = "verifier"
    PLANNER = "planner"
    APPROVER = "approver"
    LEADER = "leader"
    ANALYST = "analyst"
    ADMIN = "admin"
    APPLICATION = "application"
    AUDITOR = "auditor"


class Action(StrEnum):
    """What can be done, as routes and commands name it."""

    BOUNDARIES_READ = "boundaries.read"
    CASES_REPORT = "cases.report"
    CASES_PUBLIC = "cases.public"
    DUTIES_READ = "duties.read"
    CASES_READ = "cases.read"
    CASES_PLACE = "cases.place"
    CASES_IMPORT = "cases.import"
    CASES_FILE = "cases.file"
    CASES_DISPATCH = "cases.dispatch"
    CASES_HANDLE = "cases.handle"
    CASES_CHECK = "cases.check"
    CASES_SUPERVISE = "cases.supervise"
    REPORTERS_READ = "reporters.read"
    REPORTERS_MANAGE = "reporters.manage"
    STATISTICS_READ = "statistics.read"
    CHANGES_READ = "changes.read"
    PLANS_READ = "plans.read"
    PLANS_COMMENT = "plans.comment"
    PLANS_EDIT = "plans.edit"
    PLANS_REVIEW = "plans.review"
    PLANS_APPROVE = "plans.approve"
    PLANS_PUBLISH = "plans.publish"
    TOWNS_WRITE = "towns.write"
    ACCOUNTS_MANAGE = "accounts.manage"
    AUDIT_READ = "audit.read"
    SERVER_MANAGE = "server.manage"


class Scope(StrEnum):
    """How far a role reaches with an action; the values are the letters of the matrix."""

    EVERYTHING = "x"
    """All of the jurisdiction; of the grid and those below it, where the grant names a grid."""
    TOWN = "j"
    """All of the jurisdiction, although the grant names a grid: what has no part in one grid, such as a plan."""
    OWN = "o"
    """The grid of the grant and those below it; nothing where it names none."""
    MASKED = "m"
    """As everything, with what is personal in the texts masked."""
    ASSIGNED = "a"
    """What is assigned to the account."""
    NUMBER = "n"
    """What the asker proves to be his own by a number that nobody guesses."""
    SET = "s"
    """Everything, if whoever gave the grant set this action for it."""
    NOTHING = "-"


# One letter a role, in the order of `Role`: public; gridder, chief; operator, dispatcher; department, verifier;
# planner, approver; leader, analyst; admin; application; auditor.
_ROWS: Final[Mapping[Action, str]] = {
    Action.BOUNDARIES_READ: "x xx xx xx xx xx x x x",
    Action.CASES_REPORT: "x xx xx xx xx xx x x x",
    Action.CASES_PUBLIC: "x xx xx xx xx xx x x x",
    Action.DUTIES_READ: "s oo xx xx xx x- x s -",
    Action.CASES_READ: "n oo xx aa -- xm x s -",
    Action.CASES_PLACE: "- -- xx -- -- -- - - -",
    Action.CASES_IMPORT: "- -- x- -- -- -- x - -",
    Action.CASES_FILE: "- -- x- -- -- -- - - -",
    Action.CASES_DISPATCH: "- -- -x -- -- -- - - -",
    Action.CASES_HANDLE: "- oo -- a- -- -- - - -",
    Action.CASES_CHECK: "- -- -- -a -- -- - - -",
    Action.CASES_SUPERVISE: "- -o -- -- -- x- - - -",
    Action.REPORTERS_READ: "- ao xx a- -- -- x - -",
    Action.REPORTERS_MANAGE: "- -- -- -- -- -- x - -",
    Action.STATISTICS_READ: "- oo xx oo xx xx x s -",
    Action.CHANGES_READ: "- -- xx -- -- x- x s -",
    Action.PLANS_READ: "- -j -- -- xx -x - - -",
    Action.PLANS_COMMENT: "- -j -- -- xx -- - - -",
    Action.PLANS_EDIT: "- -- -- -- x- -- - - -",
    Action.PLANS_REVIEW: "- -- -- -- xx -- - - -",
    Action.PLANS_APPROVE: "- -- -- -- -x -- - - -",
    Action.PLANS_PUBLISH: "- -- -- -- -x -- - - -",
    Action.TOWNS_WRITE: "- -- -- -- x- -- x - -",
    Action.ACCOUNTS_MANAGE: "- -- -- -- -- -- x - -",
    Action.AUDIT_READ: "- -- -- -- -- -- x - x",
    Action.SERVER_MANAGE: "- -- -- -- -- -- x - -",
}


def _row(letters: str) -> Mapping[Role, Scope]:
    scopes = [Scope(letter) for letter in letters if letter != " "]
    return MappingProxyType(dict(zip(Role, scopes, strict=True)))


MATRIX: Final[Mapping[Action, Mapping[Role, Scope]]] = MappingProxyType(
    {action: _row(_ROWS[action]) for action in Action}
)
"""How far each role reaches with each action."""

NEEDS_GRID: Final = frozenset({Role.GRIDDER, Role.CHIEF})
"""Roles that are roles on a grid: their grants name one."""


def roles_for(action: Action) -> tuple[Role, ...]:
    """Return the roles that may do something, however far they reach, in the order of the matrix."""
    return tuple(role for role, scope in MATRIX[action].items() if scope is not Scope.NOTHING)


def settable(role: Role) -> tuple[Action, ...]:
    """Return the actions that whoever gives a grant of a role can set for it."""
    return tuple(action for action in Action if MATRIX[action][role] is Scope.SET)
