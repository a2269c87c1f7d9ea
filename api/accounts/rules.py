"""What each route needs: the one table, which the application does not start without being complete.

A route that is missing here, or a line without its route, stops `create_app`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from geogrid.access import MATRIX, Action, Role, Scope, roles_for

_CONVERTER: Final = re.compile(r":\w+}")

About = Literal["town", "plan", "any", "server"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route needs.

    Parameters
    ----------
    action : Action, optional
        None: nothing, or an account alone.
    about : {"town", "plan", "any", "server"}
        What the gate asks after: the jurisdiction of the parameter `jurisdiction`, that of the plans in the path, any
        (the handler asks for the one that it finds), or none at all.
    is_whole : bool
        Whether only who reaches a whole jurisdiction may: what cannot be cut down to some grids.
    needs_account : bool
        Whether any account will do.
    reads_persons : bool
        Whether each reading is a line of the audit.
    is_kept : bool
        Whether each change is a line of the audit.
    """

    action: Action | None
    about: About = "town"
    is_whole: bool = True
    needs_account: bool = False
    reads_persons: bool = False
    is_kept: bool = True

    @property
    def is_for_everybody(self) -> bool:
        """Whether the matrix gives it to everybody."""
        if self.action is None:
            return not self.needs_account
        return MATRIX[self.action][Role.PUBLIC] is Scope.EVERYTHING


_NOBODY: Final = Rule(None)
_SIGN_IN: Final = Rule(None, is_kept=False)
"""The handlers say themselves what is kept: never what was typed."""
_ACCOUNT: Final = Rule(None, needs_account=True)
_PUBLIC: Final = Rule(Action.BOUNDARIES_READ)
_REPORT: Final = Rule(Action.CASES_REPORT, is_kept=False)
_PUBLIC_CASES: Final = Rule(Action.CASES_PUBLIC)
_CASES: Final = Rule(Action.CASES_READ, is_whole=False, reads_persons=True)
_ONE_CASE: Final = Rule(Action.CASES_READ, about="any", is_whole=False, reads_persons=True)
_REPORTER: Final = Rule(Action.REPORTERS_READ, about="any", is_whole=False, is_kept=False)
"""The handlers keep a line themselves, with the reason."""
_PLACE: Final = Rule(Action.CASES_PLACE)
_PLAN_READ: Final = Rule(Action.PLANS_READ, about="plan")
_PLAN_EDIT: Final = Rule(Action.PLANS_EDIT, about="plan")
_PLAN_COMMENT: Final = Rule(Action.PLANS_COMMENT, about="plan")
_PLAN_REVIEW: Final = Rule(Action.PLANS_REVIEW, about="plan")
_PUBLISH: Final = Rule(Action.PLANS_PUBLISH, about="plan")
_ACCOUNTS: Final = Rule(Action.ACCOUNTS_MANAGE, about="server")

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "GET /": _PUBLIC,
        "GET /api": _NOBODY,
        "GET /docs": _NOBODY,
        "GET /favicon.ico": _NOBODY,
        "GET /health/live": _NOBODY,
        "GET /health/ready": _NOBODY,
        "GET /login": _NOBODY,
        "POST /login": _SIGN_IN,
        "GET /login/once/{secret}": _NOBODY,
        "POST /login/once/{secret}": _SIGN_IN,
        "GET /login/openid": _NOBODY,
        "GET /login/openid/return": _SIGN_IN,
        "POST /logout": _SIGN_IN,
        "GET /logout/openid": _NOBODY,
        "GET /account": _ACCOUNT,
        "POST /account/password": _ACCOUNT,
        "POST /account/sessions": _ACCOUNT,
        "POST /account/code": _ACCOUNT,
        "GET /accounts": _ACCOUNTS,
        "POST /accounts": _ACCOUNTS,
        "GET /accounts/{login}": _ACCOUNTS,
        "POST /accounts/{login}": _ACCOUNTS,
        "GET /audit": Rule(Action.AUDIT_READ, about="server"),
        "GET /locate": _PUBLIC,
        "POST /locate": Rule(Action.BOUNDARIES_READ, is_kept=False),
        "GET /geocode": _PUBLIC,
        "POST /geocode": Rule(Action.BOUNDARIES_READ, is_kept=False),
        "GET /suggest": _PUBLIC,
        "GET /reverse": _PUBLIC,
        "GET /geocode/reviews": Rule(Action.CASES_PLACE, reads_persons=True),
        "POST /geocode/reviews/{review_id}": _PLACE,
        "GET /cases": _CASES,
        "POST /cases": _REPORT,
        "GET /cases/{case_id}": _ONE_CASE,
        "POST /cases/by-number": Rule(Action.REPORTERS_READ, is_whole=False, is_kept=False),
        "POST /cases/{case_id}/reporter": _REPORTER,
        "GET /cases/{case_id}/actions": _ONE_CASE,
        "POST /cases/{case_id}/actions": Rule(Action.CASES_READ, about="any", is_whole=False),
        "GET /casework": _PUBLIC,
        "GET /search": _CASES,
        "GET /search/{case_id}": _ONE_CASE,
        "GET /search/{case_id}/work": _ONE_CASE,
        "POST /search/{case_id}/work": Rule(Action.CASES_READ, about="any", is_whole=False),
        "POST /search/{case_id}/reporter": _REPORTER,
        "GET /maps/hotspots": _CASES,
        "GET /hotspots": _CASES,
        "GET /changes": Rule(Action.CHANGES_READ),
        "GET /open311/v2/discovery.{extension}": _PUBLIC_CASES,
        "GET /open311/discovery.{extension}": _PUBLIC_CASES,
        "GET /open311/v2/services.{extension}": _PUBLIC_CASES,
        "GET /open311/v2/services/{service_code}.{extension}": _PUBLIC_CASES,
        "POST /open311/v2/requests.{extension}": _REPORT,
        "GET /open311/v2/requests.{extension}": _PUBLIC_CASES,
        "GET /open311/v2/requests/{service_request_id}.{extension}": _PUBLIC_CASES,
        "GET /open311/v2/tokens/{token}.{extension}": _PUBLIC_CASES,
        "GET /collections": _PUBLIC,
        "GET /collections/{collection}": _PUBLIC,
        "GET /collections/{collection}/queryables": _PUBLIC,
        "GET /collections/{collection}/schema": _PUBLIC,
        "GET /collections/{collection}/items": _PUBLIC,
        "GET /collections/{collection}/items/{feature:path}": _PUBLIC,
        "GET /conformance": _NOBODY,
        "GET /plans": Rule(Action.PLANS_READ),
        "POST /plans": Rule(Action.PLANS_EDIT),
        "POST /plans/forms/new": Rule(Action.PLANS_EDIT),
        "POST /plans/forms/drawings/{task_id}": Rule(Action.PLANS_EDIT),
        "GET /plans/{plan_id}": _PLAN_READ,
        "GET /plans/{plan_id}/edit": _PLAN_READ,
        "GET /plans/{plan_id}/columns": _PLAN_READ,
        "GET /plans/{plan_id}/columns/land": _PLAN_READ,
        "GET /plans/{plan_id}/columns/cases": _PLAN_READ,
        "GET /plans/{plan_id}/edits": _PLAN_READ,
        "POST /plans/{plan_id}/edits": _PLAN_EDIT,
        "POST /plans/{plan_id}/previews": Rule(Action.PLANS_EDIT, about="plan", is_kept=False),
        "POST /plans/{plan_id}/undo": _PLAN_EDIT,
        "POST /plans/{plan_id}/redo": _PLAN_EDIT,
        "GET /plans/{plan_id}/validation": _PLAN_READ,
        "POST /plans/{plan_id}/acceptances": _PLAN_EDIT,
        "GET /plans/{plan_id}/evaluation": _PLAN_READ,
        "GET /plans/{plan_id}/compare/{other_id}": _PLAN_READ,
        "POST /plans/{plan_id}/rebase": _PLAN_EDIT,
        "POST /plans/{plan_id}/review": _PLAN_REVIEW,
        "POST /plans/{plan_id}/publish": _PUBLISH,
        "POST /plans/{plan_id}/withdraw": _PUBLISH,
        "GET /plans/{plan_id}/publish": _PUBLISH,
        "GET /plans/{plan_id}/picture.svg": _PLAN_READ,
        "GET /plans/{plan_id}/versions": _PLAN_READ,
        "GET /plans/{plan_id}/comments": _PLAN_READ,
        "POST /plans/{plan_id}/comments": _PLAN_COMMENT,
        "POST /plans/{plan_id}/comments/{comment_id}": _PLAN_COMMENT,
        "GET /plans/{plan_id}/claims": _PLAN_READ,
        "POST /plans/{plan_id}/claims": _PLAN_EDIT,
        "GET /plans/{plan_id}/events": _PLAN_READ,
        "POST /plans/{plan_id}/forms/steps": _PLAN_EDIT,
        "POST /plans/{plan_id}/forms/acceptances": _PLAN_EDIT,
        "POST /plans/{plan_id}/forms/review": _PLAN_REVIEW,
        "POST /plans/{plan_id}/forms/comments": _PLAN_COMMENT,
        "POST /plans/{plan_id}/forms/publish": _PUBLISH,
        "POST /plans/{plan_id}/forms/withdraw": _PUBLISH,
        "GET /plans/{plan_id}/tiles/{layer}/{z}/{x}/{y}": _PLAN_READ,
        "GET /plans/{plan_id}/{layer}": _PLAN_READ,
        "GET /editions": _PUBLIC,
        "GET /editions/{edition_id}/diff/{other_id}": _PUBLIC,
        "POST /editions/{edition_id}/rollback": _PUBLISH,
        "GET /grids/{key}": _PUBLIC,
        "GET /grids/{code}/history": _PUBLIC,
        "GET /grids/{code}/successors": _PUBLIC,
        "GET /grids/{code}/predecessors": _PUBLIC,
        "GET /tileMatrixSets": _NOBODY,
        "GET /tileMatrixSets/{matrix_set_id}": _NOBODY,
        "GET /tiles": _PUBLIC,
        "GET /editions/{edition_id}/tiles": _PUBLIC,
        "GET /tiles/{matrix_set_id}": _PUBLIC,
        "GET /editions/{edition_id}/tiles/{matrix_set_id}": _PUBLIC,
        "GET /tiles/{matrix_set_id}/{zoom}/{row}/{column}": _PUBLIC,
        "GET /editions/{edition_id}/tiles/{matrix_set_id}/{zoom}/{row}/{column}": _PUBLIC,
        "GET /styles": _PUBLIC,
        "GET /styles/grids": _PUBLIC,
        "GET /point/{srid}/{pair}": _PUBLIC,
        "GET /shift/{pair}": _NOBODY,
        "GET /area/{code}": _PUBLIC,
        "GET /area/{code}/geometry": _PUBLIC,
        "GET /area/{code}/{relation}": _PUBLIC,
        "GET /areas": _PUBLIC,
        "GET /embed/map": _PUBLIC,
        "GET /embed.js": _NOBODY,
        "GET /oembed": _PUBLIC,
        "GET /maps/coverage": _PUBLIC,
        "GET /pages/base-map": _PUBLIC,
        "GET /pages/known": _PUBLIC,
    }
)


def names_of(route: APIRoute) -> set[str]:
    """Return how a route is named in the table: once a method."""
    return {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}


def needs_of_routes() -> dict[str, str]:
    """Return what each route needs that is not for everybody, by method and path as OpenAPI writes them."""
    return {_CONVERTER.sub("}", name): _need_of(rule) for name, rule in RULES.items() if not rule.is_for_everybody}


def _need_of(rule: Rule) -> str:
    if rule.action is None:
        return "an account"
    roles = ", ".join(role.value for role in roles_for(rule.action) if role is not Role.PUBLIC)
    return f"{rule.action} (roles {roles})"


def check_complete(routes: Iterable[BaseRoute]) -> None:
    """Refuse routes without a rule, and rules without a route.

    Raises
    ------
    RuntimeError
        Naming all of them: the application must not start.
    """
    named = {"GET /api"}.union(*(names_of(route) for route in routes if isinstance(route, APIRoute)))
    missing, idle = sorted(named - set(RULES)), sorted(set(RULES) - named)
    if missing or idle:
        told = [f"no rule says who may use {', '.join(missing)}"] if missing else []
        told += [f"no route answers {', '.join(idle)}"] if idle else []
        raise RuntimeError(f"In api/accounts/rules.py {'; '.join(told)}.")
