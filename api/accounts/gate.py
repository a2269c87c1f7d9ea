"""The gate before every route: who asks is recognised, and let through where the route's rule allows it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.accounts.door import Credentials, Doorkeeper, credentials_of
from api.accounts.proxies import TrustedProxies, peer_of
from api.accounts.rows import row_sight
from api.accounts.rules import RULES, Rule, check_complete, names_of
from api.errors import domain_problem
from api.kit.identity import IDENTITY, TOWN, VOUCHER, Identity, asked_from
from api.kit.links import masked_address
from api.kit.origin import SAFE_METHODS, is_from_elsewhere, require_same_origin
from api.state.editions import EditionBook
from api.state.store import Store
from boundaries.audit.recording import Act, acting, add_line
from boundaries.plans.drafts import jurisdictions_of_plans
from boundaries.store.sight import NOTHING, RowSight, seeing
from geogrid.access import Action, Reach, Sight
from geogrid.errors import ForbiddenError, GeogridError, InvalidInputError, SignInNeededError, UnavailableError

_PLANS: Final = ("plan_id", "edition_id", "other_id")
_ABOUT_CASES: Final = frozenset({Action.CASES_READ, Action.CASES_PLACE, Action.CHANGES_READ, Action.REPORTERS_READ})
_WORTHLESS: Final = "The token of the header Authorization is worth nothing: it is over, was taken back, or never was."


@dataclass(frozen=True, slots=True)
class _Entry:
    pattern: Any
    method: str
    rule: Rule


class RuleBook:
    """Finds the rule of a request as the router finds its route: the same patterns in the same order.

    Parameters
    ----------
    routes : iterable of BaseRoute
        In the order of the application.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        routes = list(routes)
        check_complete(routes)
        entries: dict[str, list[_Entry]] = defaultdict(list)
        for route in routes:
            if isinstance(route, APIRoute):
                pattern = compile_path(route.path)[0]
                for name in names_of(route):
                    entry = _Entry(pattern, name.partition(" ")[0], RULES[name])
                    entries[_head(route.path)].append(entry)
        entries["api"] = [_Entry(compile_path("/api")[0], "GET", RULES["GET /api"])]
        self._entries: Mapping[str, list[_Entry]] = dict(entries)

    def find(self, method: str, path: str) -> tuple[Rule, Mapping[str, str]] | None:
        """Return the rule of a request with the parts of its path; None where no route takes it."""
        for entry in self._entries.get(_head(path), ()):
            if entry.method == method:
                match = entry.pattern.match(path)
                if match is not None:
                    return entry.rule, match.groupdict()
        return None


def _head(path: str) -> str:
    """Return the first part of a path, up to the first slash or dot: no pattern begins with a variable."""
    return path[1:].partition("/")[0]


class Gate:
    """Lets requests through.

    Parameters
    ----------
    app : ASGIApp
        What replies.
    book : RuleBook
        What each request needs.
    door : Doorkeeper
        Who asks.
    proxies : TrustedProxies
        Who may say so for others.
    """

    def __init__(self, app: ASGIApp, *, book: RuleBook, door: Doorkeeper, proxies: TrustedProxies) -> None:
        self.app = app
        self._book = book
        self._door = door
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise who asks, and pass the request on or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = self._book.find(scope["method"], get_route_path(scope))
        scope[IDENTITY] = self._door.anonymous
        try:
            credentials = self._credentials(scope)
        except InvalidInputError as error:
            await domain_problem(Request(scope), error)(scope, receive, send)
            return
        if found is not None and credentials is None and found[0].is_for_everybody and not _is_kept(scope, found[0]):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            rule, parts = found or (None, {})
            if credentials is not None:
                identity = await self._identity(request, credentials, rule)
                scope[IDENTITY] = identity
                if identity.kind == "proxy":
                    scope[VOUCHER] = peer_of(scope)
            if rule is not None:
                await self._require_right(request, rule, parts)
            sight = _sight_of(request, rule)
        except GeogridError as error:
            await domain_problem(request, error)(scope, receive, send)
            return
        act = None if rule is None else _act_of(request, rule)
        with seeing(sight):
            if act is None:
                await self.app(scope, receive, send)
            elif request.method in SAFE_METHODS:
                await self._pass_on_kept(request, act, receive, send)
            else:
                with acting(act):
                    await self.app(scope, receive, send)

    async def _pass_on_kept(self, request: Request, act: Act, receive: Receive, send: Send) -> None:
        """Pass a request on while the audit takes down that it reads; nothing is sent before that has been done."""
        keeping = asyncio.ensure_future(run_in_threadpool(self._keep, request.app.state.store, act))

        async def send_if_kept(message: Message) -> None:
            await asyncio.wait([keeping])
            if keeping.exception() is None:
                await send(message)

        try:
            await self.app(request.scope, receive, send_if_kept)
        finally:
            await asyncio.wait([keeping])
        try:
            keeping.result()
        except GeogridError as error:
            await domain_problem(request, error)(request.scope, receive, send)

    def _credentials(self, scope: Scope) -> Credentials | None:
        """Return what a request shows: a token goes before the word of a proxy, and that before a cookie."""
        credentials = credentials_of(scope)
        if credentials is not None and credentials.kind == "token":
            return credentials
        login = self._proxies.login_in(scope)
        return credentials if login is None else Credentials("proxy", login)

    async def _identity(self, request: Request, credentials: Credentials, rule: Rule | None) -> Identity:
        if credentials.kind == "proxy" and request.method in SAFE_METHODS and is_from_elsewhere(request):
            # A page of another site reads nothing with the rights of whom the proxy names.
            return self._door.anonymous
        is_held, identity = self._door.held(credentials)
        if not is_held:
            try:
                identity = await run_in_threadpool(self._door.recognise, credentials)
            except UnavailableError:
                if rule is None or rule.is_for_everybody:
                    return self._door.anonymous
                raise
        if identity is None and credentials.kind == "token":
            raise SignInNeededError(_WORTHLESS)
        if identity is None and credentials.kind == "proxy" and not (rule is None or rule.is_for_everybody):
            raise ForbiddenError(
                f"The proxy names {credentials.secret!r}, and there is no active account of this login. "
                "An administrator makes it with: geogrid account add"
            )
        return identity or self._door.anonymous

    async def _require_right(self, request: Request, rule: Rule, parts: Mapping[str, str]) -> None:
        """Refuse a request that its rule does not allow."""
        identity: Identity = request.scope[IDENTITY]
        if request.method not in SAFE_METHODS and identity.is_ambient:
            require_same_origin(request)
        if rule.needs_account and not identity.is_known:
            raise SignInNeededError("This page is about your account. Sign in first.")
        if rule.action is not None and not rule.is_for_everybody and not identity.is_unlimited:
            await self._require(request, rule, parts, identity)

    async def _require(self, request: Request, rule: Rule, parts: Mapping[str, str], identity: Identity) -> None:
        action = rule.action
        assert action is not None  # noqa: S101 - asked before; narrows a type
        if not identity.reaches_anywhere(action):
            raise identity.refusal(action)
        if rule.about == "any":
            return
        towns: Iterable[str | None] = (None,)
        if rule.about == "town":
            towns = (_town_of(request, identity, rule),)
        elif rule.about == "plan" and not _reaches(identity, action, None, is_whole=rule.is_whole):
            plans = {int(value) for name, value in parts.items() if name in _PLANS and _is_number(value)}
            towns = await run_in_threadpool(_towns_of_plans, request.app.state.store, plans)
        for town in towns:
            if not _reaches(identity, action, town, is_whole=rule.is_whole):
                raise identity.refusal(action, town)

    def _keep(self, store: Store, act: Act) -> None:
        with store.unit_of_work() as session:
            add_line(session, act)


def install(app: FastAPI, routes: Iterable[BaseRoute], door: Doorkeeper, proxies: TrustedProxies) -> None:
    """Put the gate before the routes of an application.

    Raises
    ------
    RuntimeError
        A route has no rule, or a rule no route.
    """
    app.add_middleware(Gate, book=RuleBook(routes), door=door, proxies=proxies)


def _sight_of(request: Request, rule: Rule | None) -> RowSight:
    """Return which rows of cases a request may see: nothing, unless its rule is about cases."""
    if rule is None or rule.action not in _ABOUT_CASES:
        return NOTHING
    editions: EditionBook = request.app.state.editions
    towns = {code: calendar.id for code, calendar in editions.calendars.items()}
    return row_sight(request.scope[IDENTITY], rule.action, towns)


def _act_of(request: Request, rule: Rule) -> Act | None:
    """Return what the audit is to keep of a request: what it changes, or that it reads of persons; None for nothing."""
    identity: Identity = request.scope[IDENTITY]
    is_reading = request.method in SAFE_METHODS and rule.reads_persons and identity.is_known
    if not is_reading and not _is_kept(request.scope, rule):
        return None
    return Act(identity.login or "anonymous", str(rule.action or "account"), _object_of(request), asked_from(request))


def _is_kept(scope: Scope, rule: Rule) -> bool:
    return rule.is_kept and scope["method"] not in SAFE_METHODS


def _reaches(identity: Identity, action: Action, town: str | None, *, is_whole: bool) -> bool:
    reach: Reach = identity.reach(action, town)
    return reach.whole is not Sight.NOTHING if is_whole else bool(reach)


def _town_of(request: Request, identity: Identity, rule: Rule) -> str | None:
    """Return the jurisdiction that a request is about: the one that it names, else the first where he may ask for it.

    Where it names none, its handler takes the same one, or wants one to be named.
    """
    named = request.query_params.get("jurisdiction")
    if named:
        return named
    editions: EditionBook = request.app.state.editions
    towns = list(editions.calendars)
    assert rule.action is not None  # noqa: S101 - asked before; narrows a type
    reached = (town for town in towns if _reaches(identity, rule.action, town, is_whole=rule.is_whole))
    found = next(reached, towns[0] if towns else None)
    request.scope[TOWN] = found
    return found


def _towns_of_plans(store: Store, plans: set[int]) -> tuple[str, ...]:
    with store.unit_of_work() as session:
        return jurisdictions_of_plans(session, plans)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 9  # noqa: PLR2004 - within the column's range


def _object_of(request: Request) -> str:
    return f"{request.method} {masked_address(request.url.path, request.url.query)}"
