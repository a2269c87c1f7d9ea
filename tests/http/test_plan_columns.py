"""The columns of a plan, read as the workbench reads them."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings
from boundaries.store.engine import open_engine
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.workbench_town import COLUMNS, HOUSEHOLDS, ROWS, store_draft

COUNT = COLUMNS * ROWS
_TYPES = {"Int32": "<i4", "Uint32": "<u4", "Float64": "<f8", "BigInt64": "<i8"}


@pytest.fixture(scope="module")
def plan(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("columns")):
        engine = open_engine(database.settings)
        number = store_draft(engine)
        engine.dispose()
        with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as client:
            yield client, f"/plans/{number}"


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    assert content[:4] == b"GGC1"
    start = 8 + int.from_bytes(content[4:8], "little")
    head = json.loads(content[8:start])
    arrays = {
        each["name"]: np.frombuffer(content, _TYPES[each["type"]], each["length"], start + each["at"])
        for each in head["columns"]
    }
    return head, arrays


def test_columns_say_whose_each_block_is(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    head, arrays = unpacked(client.get(f"{path}/columns").content)
    assert head["levels"][1] == {"name": "community", "name_zh": "社区"}
    assert head["band"] == [330, 400]
    codes = [head["grids"]["code"][owner] for owner in arrays["owner"]]
    assert {code: codes.count(code) for code in set(codes)} == {
        f"T-{'WWEE'[number % 4]}-{number}": 12 for number in range(8)
    }
    parents = [head["grids"]["parent"][head["grids"]["code"].index(code)] for code in ("T", "T-W", "T-W-0")]
    assert [parents[0], head["grids"]["code"][parents[1]], head["grids"]["code"][parents[2]]] == [-1, "T", "T-W"]


def test_land_has_blocks_with_loads_and_edges_and_is_kept_by_its_key(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    key = unpacked(client.get(f"{path}/columns").content)[0]["land"]
    reply = client.get(f"{path}/columns/land", params={"key": key})
    _, arrays = unpacked(reply.content)
    assert len(arrays["block"]) == COUNT
    assert arrays["households"].sum() == COUNT * HOUSEHOLDS
    inner = (COLUMNS - 1) * ROWS + COLUMNS * (ROWS - 1)
    assert (arrays["edge_other"] >= 0).sum() == inner
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["content-encoding"] == "gzip"
    assert client.get(f"{path}/columns/land", headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    plain = client.get(f"{path}/columns/land", headers={"Accept-Encoding": "identity"})
    assert plain.content == reply.content


def test_an_edit_changes_the_columns_and_leaves_the_land(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    before = client.get(f"{path}/columns")
    head, arrays = unpacked(before.content)
    assert client.get(f"{path}/columns", headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    _, land = unpacked(client.get(f"{path}/columns/land").content)
    moved = [{"kind": "move_blocks", "blocks": [int(land["block"][2])], "to": "T-W-1"}]
    sent = client.post(f"{path}/edits", json={"operations": moved}, headers={"If-Match": "*"})
    assert sent.status_code == 200
    after_head, after = unpacked(client.get(f"{path}/columns").content)
    changed = np.flatnonzero(arrays["owner"] != after["owner"])
    assert changed.tolist() == [2]
    assert after_head["grids"]["code"][after["owner"][2]] == "T-W-1"
    assert (after_head["land"], after_head["steps"]) == (head["land"], {"undo": True, "redo": False})


def test_open_cases_are_told_by_block(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    assert client.get(f"{path}/columns/cases").json() == {"blocks": [], "cases": []}


@pytest.mark.parametrize("part", ["edit", "columns", "columns/land", "columns/cases"])
def test_an_unknown_plan_is_not_found(plan: tuple[TestClient, str], part: str) -> None:
    assert plan[0].get(f"/plans/999999/{part}").status_code == 404


def test_land_is_packed_once(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    one, two = (client.get(f"{path}/columns/land").content for _ in range(2))
    assert one == two
    assert gzip.compress(one, 1, mtime=0)[:2] == b"\x1f\x8b"


def test_a_preview_says_what_would_move_and_leaves_the_plan(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    before = client.get(path).json()
    _, land = unpacked(client.get(f"{path}/columns/land").content)
    block = int(land["block"][5])
    asked = {"operations": [{"kind": "move_blocks", "blocks": [block], "to": "T-E-7"}]}
    reply = client.post(f"{path}/previews", json=asked, headers={"If-Match": "*"})
    assert reply.status_code == 200
    told = reply.json()
    assert (told["blocks"], told["to"], told["households"]) == ([block], ["T-E-7"], HOUSEHOLDS)
    assert {each["code"]: each["blocks"] for each in told["figures"]}["T-E-7"] == 13
    assert client.get(path).json() == before
    assert client.post(f"{path}/previews", json=asked).status_code == 428


def test_a_preview_of_what_cannot_be_done_is_refused_as_the_edit_would_be(plan: tuple[TestClient, str]) -> None:
    client, path = plan
    asked = {"operations": [{"kind": "merge", "grids": ["T-W-0", "none"]}]}
    replies = [client.post(f"{path}/{part}", json=asked, headers={"If-Match": "*"}) for part in ("previews", "edits")]
    assert replies[0].status_code == replies[1].status_code
    assert replies[0].json()["detail"] == replies[1].json()["detail"]
