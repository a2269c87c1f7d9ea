"""Every route times every role: what the matrix says is what the server answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.accounts.rules import RULES, Rule
from geogrid.access import MATRIX, Action, Role, Scope
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import Crowd, cookie, crowded

VALUES = {
    "case_id": "{case}",
    "plan_id": "{draft}",
    "other_id": "{draft}",
    "edition_id": "1",
    "review_id": "1",
    "layer": "grids",
    "extension": "json",
    "service_code": "1",
    "service_request_id": "1",
    "token": "none",
    "collection": "grids",
    "feature:path": "D-a",
    "matrix_set_id": "WebMercatorQuad",
    "code": "D-a",
    "key": "1",
    "relation": "parents",
    "srid": "4326",
    "pair": "10.5,50.5",
    "task_id": "1",
    "comment_id": "1",
    "login": "gridder",
    "secret": "none",
}
NUMBERS = ("zoom", "row", "column", "z", "x", "y")
# What a handler asks for besides: the words of the rule are not all of it.
HOTSPOTS = "GET /collections/{collection}/items hotspots"


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("crowd")):
        with crowded(database) as made:
            yield made


def path_of(name: str, crowd: Crowd, case: int) -> str:
    path = name.partition(" ")[2]
    for part, value in VALUES.items():
        path = path.replace(f"{{{part}}}", value.format(case=case, draft=crowd.draft))
    for part in NUMBERS:
        path = path.replace(f"{{{part}}}", "0")
    assert "{" not in path, path
    return path


def expected(rule: Rule, role: Role | None, *, is_own_case: bool) -> str:
    """What the matrix says, read without the code that decides: passed, 401 or 403."""
    refused = "401" if role is None else "403"
    if rule.action is None:
        return refused if rule.needs_account and role is None else "passed"
    scope = MATRIX[rule.action][role or Role.PUBLIC]
    if MATRIX[rule.action][Role.PUBLIC] is Scope.EVERYTHING:
        return "passed"
    if scope in {Scope.EVERYTHING, Scope.TOWN, Scope.MASKED, Scope.SET}:
        return "passed" if rule.about != "server" or role in {Role.ADMIN, Role.AUDITOR} else refused
    if scope is Scope.OWN:
        is_reached = not rule.is_whole and (rule.about != "any" or is_own_case)
        return "passed" if is_reached else refused
    if scope is Scope.ASSIGNED:  # nothing is assigned yet: lists are empty
        return "passed" if not rule.is_whole and rule.about != "any" else refused
    return refused


def seen(crowd: Crowd, name: str, role: Role | None, case: int) -> str:
    method, path = name.partition(" ")[0], path_of(name, crowd, case)
    person = None if role is None else crowd.people[role]
    if name == "POST /logout" and role is not None:
        person = crowd.sign_in(role)
    headers = {"Origin": "http://testserver"} if person is None else cookie(person)
    # A parameter that no route knows keeps the work of those that pass short.
    is_short = method == "GET" and "case_id" not in name
    sent: dict[str, Any] = {"params": {"jurisdiction": "town"}} if "case_id" not in name else {}
    if is_short:
        sent["params"]["unknown"] = "1"
    if method == "POST":
        is_form = path.startswith(("/log", "/account", "/search")) or "/forms/" in path
        sent |= {"data": {"form": person.form if person else ""}} if is_form else {"json": {}}
    answer = crowd.client.request(method, path, headers=headers, follow_redirects=False, **sent)
    # Open311 has a 403 of its own, for keys; and a wrong password is 401, too.
    is_refusal = answer.status_code in {401, 403} and "problem+json" in answer.headers["content-type"]
    return str(answer.status_code) if is_refusal else "passed"


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "anonymous")
def test_every_route_answers_a_role_as_the_matrix_says(crowd: Crowd, role: Role | None) -> None:
    differences = []
    for name, rule in RULES.items():
        if name == "POST /logout" and role is None:
            continue  # nobody is signed in, so there is no form to send
        for case, is_own in ((crowd.cases[0], True), (crowd.cases[1], False)):
            want, got = expected(rule, role, is_own_case=is_own), seen(crowd, name, role, case)
            if want != got:
                differences.append(f"{name}: {got}, and the matrix says {want}")
            if "case_id" not in name:
                break
    assert differences == []


@pytest.mark.parametrize("name", ["hotspots", "hotspot-grids", "hotspot-grids/items"])
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "anonymous")
def test_hotspots_are_statistics(crowd: Crowd, role: Role | None, name: str) -> None:
    headers = {} if role is None else cookie(crowd.people[role])
    status = crowd.client.get(f"/collections/{name}", params={"jurisdiction": "town"}, headers=headers).status_code
    scope = MATRIX[Action.STATISTICS_READ][role or Role.PUBLIC]
    whole = {Scope.EVERYTHING, Scope.SET}
    assert status == (200 if scope in whole else 401 if role is None else 403)


def test_table_names_every_route_of_the_description(crowd: Crowd) -> None:
    described = crowd.client.get("/api").json()["paths"]
    routes = {
        f"{method.upper()} {path}" for path, item in described.items() for method in item if method != "parameters"
    }
    missing = {name for name in routes - set(RULES) if not name.startswith("GET /collections/")}
    assert missing == set()
