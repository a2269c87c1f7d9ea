"""What no planner sends: every write to plans answers garbage with a refusal, and stores nothing."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from geogrid.plans.operations.records import KINDS

WRITES = ("edits", "undo", "redo", "acceptances", "review", "publish")
RAW = (
    b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe\x00", b"[" * 100_000, b'{"operations": ' + b"9" * 5000 + b"}",
    b'{"by": "\\u0000", "operations": [{"kind": "rename", "names": {"D-a": "x"}}]}',
    b'{"operations": [{"kind": "rename", "names": {"D-a": "a\\u0000b"}}]}',
    b'{"operations": [{"kind": "rename", "names": {"D-a": "\\ud800"}}]}',
    b'{"operations": [{"kind": "move_land", "to": "D-a", "patch": "POLYGON ((0 0, 0 NaN, 1 1, 0 0))"}]}',
    b'{"operations": [{"kind": "move_land", "to": "D-a", "patch": {"type": "Polygon", "coordinates": [[[1e400,0]]]}}]}',
    b'{"operations": [{"kind": "move_blocks", "to": "D-a", "blocks": [1e99]}]}',
    b'{"operations": [{"kind": "split_into", "grid": "D-a", "band": ["NaN", "Infinity"]}]}',
    b'{"kind": "x", "subject": "y", "reason": "\\u0000"}',
    b'{"by": "\\ud800", "state": "in_review"}',
    b'{"by": "\\ud800", "operations": [{"kind": "rename", "names": {"D-a": "x"}}]}',
    b'{"state": "published"}',
    b'{"valid_from": "9999-12-31T23:59:59.999999+14:00", "valid_to": "0001-01-01T00:00:00Z"}',
    b'{"valid_from": "infinity"}',
)  # fmt: skip


@pytest.fixture
def draft(client: TestClient) -> str:
    return f"/plans/{client.post('/plans', json={'name': 'draft'}).json()['id']}"


def state(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            text(
                "select (select count(*) from edits), (select max(version) from plans), (select count(*) from changes)"
            )
        ).one()


def test_garbage_is_refused_by_every_write_and_changes_nothing(client: TestClient, draft: str, engine: Engine) -> None:
    before = state(engine)
    answered = {
        (path, body[:60]): client.post(
            f"{draft}/{path}", content=body, headers={"If-Match": "*", "Content-Type": "application/json"}
        ).status_code
        for path in WRITES
        for body in RAW
    }
    # Nothing is there to undo: a body that says nothing is fine, and still a conflict.
    assert {request: status for request, status in answered.items() if not 400 <= status < 500} == {}
    assert state(engine) == before


member = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([
    "grid", "grids", "blocks", "to", "patch", "line", "names", "codes", "count", "band", "seed", "cut", "keep", "code",
    "name", "category", "into", "parent", "role", "holder", "phone", "position", "name_zh",
])  # fmt: skip
operation = st.builds(
    lambda kind, members: {**members, "kind": kind},
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(names, member | st.sampled_from(["D-a", ["D-a", "D-b"], {"D-a": "x"}, [1, 2]]), max_size=5),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(operation, min_size=1, max_size=3))
def test_no_operation_breaks_the_server(client: TestClient, draft: str, wanted: list[dict[str, Any]]) -> None:
    body = json.dumps({"operations": wanted}, allow_nan=True)
    reply = client.post(
        f"{draft}/edits", content=body.encode("utf-8", "surrogatepass"), headers={"If-Match": "*"} | JSON
    )
    assert reply.status_code in {200, 400, 404, 409}, reply.text


JSON = {"Content-Type": "application/json"}
