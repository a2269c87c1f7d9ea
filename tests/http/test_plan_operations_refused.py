"""Every operation with every kind of mistake: a sentence and a status, over HTTP and on the command line."""

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.cli import main
from geogrid.plans.operations.records import KINDS
from tests.fixtures_db import Database

INSIDE, ACROSS = "POLYGON ((10.2 50.2, 10.4 50.2, 10.4 50.4, 10.2 50.2))", "LINESTRING (10.5 49, 10.5 52)"
WHOLE: Final[dict[str, dict[str, Any]]] = {
    "move_blocks": {"blocks": [1], "to": "D-b"},
    "move_land": {"patch": INSIDE, "to": "D-b"},
    "split_by_line": {"grid": "D-a", "line": ACROSS, "names": ["new"], "cut": True},
    "split_into": {"grid": "D-a", "count": 2, "band": [1, 2], "seed": 0},
    "merge": {"grids": ["D-a", "D-b"], "keep": "D-a", "code": "new", "name": "West", "apart": []},
    "carve": {"name": "Clinic", "category": "hospital", "code": "D-h", "patch": INSIDE},
    "dissolve": {"grid": "D-c", "into": "D-b", "apart": []},
    "rebalance": {"grids": ["D-a", "D-b"], "band": [1, 2]},
    "rename": {"names": {"D-a": "A"}},
    "recode": {"codes": {"D-a": "A"}},
    "change_parent": {"grids": ["D-a"], "parent": "D"},
    "assign_duty": {"grid": "D-a", "role": "chief", "holder": "Li", "phone": "1"},
    "end_duty": {"grid": "D-a", "role": "网格长", "holder": "王芳"},
    "insert_level": {"position": 2, "name": "area", "name_zh": "片区"},
    "remove_level": {"position": 2},
    "rename_level": {"position": 2, "name": "cell", "name_zh": "格"},
    "set_band": {"band": [1, 2], "load": "population"},
    "lock": {"grids": ["D-a"]},
    "unlock": {"grids": ["D-a"]},
}
"""A whole operation of each kind; some of them are refused on this town, none for a member."""

WRONG_TEXT = (5, 5.5, True, [], {}, "x" * 201, "\x00")
UNKNOWN = ("nowhere", "", "D-A", "D-a ", "东山")
WRONG_NUMBER = ("2", "two", 2.5, True, -1, [], {}, 10**30)
MANY_CORNERS = shapely.to_wkt(shapely.Point(10.5, 50.5).buffer(0.2, quad_segs=2600))
WRONG_SHAPE = (
    "", "nonsense", 5, [], {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": "x"}, "POLYGON EMPTY",
    "POINT (10 50)", "POLYGON ((10 50, 11 51, 11 50, 10 51, 10 50))", "POLYGON ((10 50, 11 50, 10.5 50, 10 50))",
    "POLYGON ((10 50, 10 50, 10 50, 10 50))", "POLYGON ((500 50, 501 50, 501 51, 500 50))", MANY_CORNERS,
    "POLYGON ((-10 -50, -11 -50, -11 -51, -10 -50))", "POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))",
    "POLYGON ((10.5 50.5, 10.500000001 50.5, 10.500000001 50.500000001, 10.5 50.5))", "LINESTRING (10 50, 11 51)",
)  # fmt: skip
WRONG_LINE = (
    "", "nonsense", 5, [], {}, "LINESTRING EMPTY", "LINESTRING (10.5 50.5, 10.5 50.5)", "LINESTRING (1 2, 3 4)", INSIDE,
    "LINESTRING (10.2 50.2, 10.4 50.4)", "LINESTRING (10 49, 10 52)", "LINESTRING (500 1, 501 1)",
    "MULTILINESTRING ((10.5 49, 10.5 52))",
)  # fmt: skip
WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "blocks": ([], [0], [-1], [1.5], ["1"], [True], 1, "1", [10**30], [999_999], {}),
    "to": (*UNKNOWN, *WRONG_TEXT, "D"),
    "grid": (*UNKNOWN, *WRONG_TEXT),
    "grids": (["nowhere"], ["D-a", "nowhere"], [""], [5], "D-a", {}, 5),
    "keep": (*UNKNOWN, *WRONG_TEXT, "D-c"),
    "into": (*UNKNOWN, *WRONG_TEXT, "D"),
    "parent": (*UNKNOWN, *WRONG_TEXT, "D-b"),
    "names": ({"nowhere": "x"}, {"D-a": ""}, {"D-a": 5}, {5: "x"}, "D-a", 5),
    "codes": ({"nowhere": "x"}, {"D-a": ""}, {"D-a": "D-b"}, {"D-a": 5}, "D-a", 5, []),
    "count": (0, 1, 1001, 999, *WRONG_NUMBER),
    "seed": ("0", -1, 1.5, True, [], 2**63),
    "position": (0, 1, 7, 99, *WRONG_NUMBER),
    "band": ([], [1], [0, 1], [5, 1], ["a", 1], [1, 2, 3], "1:2", 5, {}, [1, float("inf")], [float("nan"), 1]),
    "load": ("money", "", 5, [], {}),
    "category": ("zoo", "", 5, [], {}),
    "role": ("", "nobody", *WRONG_TEXT),
    "holder": ("", *WRONG_TEXT),
    "apart": ("D-a", 5, {}, [5]),
    "cut": ("yes", 1, 0, [], {}),
    "patch": WRONG_SHAPE,
    "line": WRONG_LINE,
    "name": WRONG_TEXT,
    "name_zh": WRONG_TEXT,
    "code": ("D-c", *WRONG_TEXT),
    "phone": WRONG_TEXT,
}
FINE: Final = {"assign_duty role 'nobody'", "rename_level position 1"}
"""No mistakes: a role that nobody has yet is a new duty, and the top level has a name, too."""


@pytest.fixture
def draft(client: TestClient) -> str:
    return f"/plans/{client.post('/plans', json={'name': 'draft'}).json()['id']}"


def mistakes(kind: str) -> Iterator[dict[str, Any]]:
    """Yield an operation with one mistake after the other."""
    whole = {"kind": kind, **WHOLE[kind]}
    for member in WHOLE[kind]:
        for value in WRONG[member]:
            if f"{kind} {member} {value!r}" not in FINE:
                yield {**whole, member: value}
    yield {"kind": kind, "unheard": 1}
    if kind not in {"rebalance", "recode", "carve"}:
        yield {"kind": kind}


def state(engine: Engine) -> Any:
    statement = """
        select (select count(*) from edits), (select max(version) from plans),
            (select md5(string_agg(g::text, '' order by id)) from grids g),
            (select md5(string_agg(a::text, '' order by plan_id, block_id)) from assignments a)
    """
    with engine.connect() as connection:
        return connection.execute(text(statement)).one()


@pytest.mark.parametrize("kind", KINDS)
def test_operation_with_a_mistake_is_refused_by_a_sentence_and_changes_nothing(
    client: TestClient, draft: str, engine: Engine, kind: str
) -> None:
    before = state(engine)
    wrong = []
    for operation in mistakes(kind):
        body = json.dumps({"operations": [operation]}).encode()
        reply = client.post(
            f"{draft}/edits", content=body, headers={"If-Match": "*", "Content-Type": "application/json"}
        )
        said = reply.json().get("detail", "")
        if reply.status_code not in {400, 404} or not said.rstrip("}\"'").endswith((".", "]")) or "Traceback" in said:
            wrong.append((operation, reply.status_code, said))
    assert wrong == []
    assert state(engine) == before


def test_every_kind_and_every_member_is_tried() -> None:
    assert WHOLE.keys() == KINDS.keys()
    for kind, members in WHOLE.items():
        left = {member for member in KINDS[kind].__dataclass_fields__ if member not in members}
        assert left <= {"blocks"}, kind


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"kind": "split_into", "grid": "nowhere", "count": 2}, "The plan has no grid 'nowhere'."),
        ({"kind": "split_into", "grid": "D", "count": 2}, "only grids of level 2 have blocks"),
        ({"kind": "split_into", "grid": "D-a", "count": 5}, "cannot be split into 5: it has 1 block in 1 separate"),
        ({"kind": "split_into", "grid": "D-a", "count": 0}, "count: it must be a whole number from 2 to 1000."),
        ({"kind": "move_land", "to": "D-a", "patch": "POLYGON EMPTY"}, "patch: it must be a Polygon or MultiPolygon"),
        ({"kind": "fly"}, "there is no kind 'fly'"),
        ([], "an operation is an object"),
        ("x", "an operation is an object"),
    ],
    ids=str,
)
def test_command_ends_with_status_2_and_the_sentence(  # noqa: PLR0913, PLR0917 - fixtures and cases
    client: TestClient, database: Database, draft: str, monkeypatch: pytest.MonkeyPatch, operation: Any, said: str
) -> None:
    del client
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    done = CliRunner().invoke(main, ["plan", "edit", draft.rpartition("/")[2], json.dumps(operation)])
    assert (done.exit_code, done.exception.__class__) == (2, SystemExit), done.output
    assert said in done.output


def test_shape_of_many_corners_is_as_large_as_is_meant() -> None:
    assert len(np.atleast_2d(shapely.get_coordinates(shapely.from_wkt(MANY_CORNERS)))) > 10_000
