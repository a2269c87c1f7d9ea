"""The public tests of OGC API Features, run against the server as they are.

Their 29 tests of the core run unmodified. Seven of their 10 tests of filtering cannot be passed by any server: they
read a member of Link headers that their own parser never sets, hand a list to the HTTP client where it takes a text,
index a text as a mapping and use a name that is not defined. What those ten set out to test, by the abstract test
suite of Part 3 that they quote, is tested here in `test_abstract_tests_of_filtering`.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.environments import environment
from tests.http.ogc_town import CASES, Running

PACKAGES = ("ogctests==0.1.15", "httpx<0.28", "pytest<9")
HOPELESS = {"test_ct2", "test_ct3", "test_ct5", "test_ct7", "test_ct8", "test_ct9", "test_ct10"}
# The first run makes the environment.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def address(ogc_town: Running) -> str:
    return ogc_town.address


def outcomes(address: str, suite: str) -> dict[str, str]:
    """Run a suite in its own environment; return what became of each test."""
    interpreter = environment("ogctests", *PACKAGES)
    (found,) = interpreter.parents[1].glob(f"lib/python*/site-packages/ogctests/features/{suite}")
    command = [interpreter, "-m", "pytest", found, "-rA", "-q", "--tb=line", "-p", "no:cacheprovider", "-c", os.devnull]
    variables = {"INSTANCE_URL": address, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path("/"), env=variables, check=False)
    told = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) \S+::(test_\w+)", done.stdout, re.MULTILINE)
    assert told, done.stdout + done.stderr
    return {name: outcome for outcome, name in told}


def test_all_29_tests_of_the_core_pass(address: str) -> None:
    found = outcomes(address, "core")
    assert len(found) == 29
    assert {name for name, outcome in found.items() if outcome != "PASSED"} == set()


def test_every_test_of_filtering_that_can_be_passed_is(address: str) -> None:
    found = outcomes(address, "filtering")
    assert len(found) == 10
    assert {name for name, outcome in found.items() if outcome != "PASSED"} <= HOPELESS


VALUES: dict[str, Any] = {"level": 2, "status": "open", "area_m2": 1.0, "cases": CASES, "block": 1}


def sample(name: str, schema: dict[str, Any]) -> tuple[str, str]:
    """Return a value that a queryable takes, as a parameter and as CQL2 text."""
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z", "TIMESTAMP('2026-01-01T00:00:00Z')"
    if schema["type"] == "string":
        value = schema.get("enum", ["D-x"])[0]
        return value, f"'{value}'"
    return (str(VALUES.get(name, 1)),) * 2


def test_abstract_tests_of_filtering(address: str) -> None:
    """Every filterable resource, every queryable: what each of the ten tests asks for, as Part 3 words it."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        classes = client.get("/conformance", headers={"accept": "application/json"}).json()["conformsTo"]
        for name in ("queryables", "queryables-query-parameters", "filter"):
            assert f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{name}" in classes
        names = [each["id"] for each in client.get("/collections").json()["collections"]]
        assert {"grids", "level-1", "level-2", "blocks", "cases", "hotspots", "coverage-gaps"} < set(names)
        for name in names:
            check_filterable(client, f"/collections/{name}")


def check_filterable(client: httpx2.Client, path: str) -> None:
    items = f"{path}/items"
    head = client.head(items)
    relation = 'rel="http://www.opengis.net/def/rel/ogc/1.0/queryables"'
    (uri,) = re.findall(rf"<([^>]+)>; {re.escape(relation)}", head.headers["link"])
    schema = client.get(uri, headers={"accept": "application/schema+json"}).json()
    assert (schema["$id"], schema["type"], schema["additionalProperties"]) == (uri, "object", False)
    every = client.get(items, params={"limit": 5_000}).json()["features"]
    for name, each in schema["properties"].items():
        if each.get("format", "").startswith("geometry"):
            check_spatial(client, path, name, every)
            continue
        plain, literal = sample(name, each)
        for parameters in (
            {name: plain},
            {"filter": f"{name} = {literal}"},
            {"filter": f"{name} = {literal}", "filter-lang": "cql2-text"},
        ):
            reply = client.get(items, params={**parameters, "limit": 5_000})
            assert reply.status_code == 200, (path, parameters, reply.text)
            expected = [one["id"] for one in every if matches(one["properties"][name], plain)]
            assert [one["id"] for one in reply.json()["features"]] == expected, (path, parameters)
        if each["type"] != "string" or "enum" in each or "format" in each:
            assert client.get(items, params={name: "[invalid-value]"}).status_code == 400
    for wrong in ("ooga = booga", "this_is_not_a_queryable", "this_is_not_a_queryable = 1", "level ="):
        assert client.get(items, params={"filter": wrong}).status_code == 400, (path, wrong)
    wrong_language = {"filter": "1 = 1", "filter-lang": "sql"}
    assert client.get(items, params=wrong_language).status_code == 400


def matches(value: Any, plain: str) -> bool:
    if isinstance(value, str):
        return value.replace("+00:00", "Z") == plain
    return value is not None and float(value) == float(plain)


def check_spatial(client: httpx2.Client, path: str, name: str, every: list[dict[str, Any]]) -> None:
    west, south, east, north = client.get(path).json()["extent"]["spatial"]["bbox"][0]
    within = f"S_INTERSECTS({name}, BBOX({west},{south},{east},{north}))"
    whole = client.get(f"{path}/items", params={"filter": within, "limit": 5_000})
    assert [one["id"] for one in whole.json()["features"]] == [one["id"] for one in every]
    nowhere = f"S_INTERSECTS({name}, BBOX(1000000,1000000,2000000,2000000))"
    beyond = client.get(f"{path}/items", params={"filter": nowhere})
    assert beyond.status_code == 400
