"""Plans made elsewhere, as tables of block and grid."""

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.cli import main
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import get_plan
from boundaries.plans.edits.editing import Author, undo
from boundaries.plans.loading import load_whole
from boundaries.publishing.publish import publish
from boundaries.store.engine import unit_of_work
from tests.db.test_edits import NOON, check_derived, store
from tests.fixtures_db import Database
from tests.property.town_drafts import random_town

Rows = list[tuple[object, ...]]


@pytest.fixture
def base(engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Town 7 in force: the grid of each block."""
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    with unit_of_work(engine) as session:
        plan = store(session, random_town(7))
        publish(session, plan, valid_from=NOON)
        draft = load_whole(session, plan)
        return dict(
            zip(draft.blocks.ids.tolist(), [str(draft.nodes[key].code) for key in draft.owner.tolist()], strict=True)
        )


def run(*arguments: object, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["plan", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done


def written(path: Path, header: tuple[str, ...], rows: Rows, encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])
    return path


def assigned(engine: Engine, said: str) -> tuple[dict[int, str], Plan]:
    with Session(engine) as session:
        plan = session.get_one(Plan, int(said.splitlines()[-1].split()[0]))
        draft = load_whole(session, plan)
        check_derived(session, plan)
        return {
            block: str(draft.nodes[key].code)
            for block, key in zip(draft.blocks.ids.tolist(), draft.owner.tolist(), strict=True)
        }, plan


@pytest.mark.parametrize(
    ("header", "options"),
    [
        (("block", "grid"), ()),
        (("Block_ID", "District"), ()),
        (("街区", "网格"), ("--encoding", "gbk")),
        (("x", "y"), ("--block", "x", "--grid", "y")),
        (("grid", "y"), ("--block", "grid", "--grid", "y")),
    ],
)
def test_draft_has_the_blocks_as_the_table_says(
    base: dict[int, str], engine: Engine, tmp_path: Path, header: tuple[str, ...], options: tuple[str, ...]
) -> None:
    wanted = {block: {"G0": "G1", "G3": "N9"}.get(code, code) for block, code in base.items()}
    path = written(tmp_path / "elsewhere.csv", header, list(wanted.items()), "gbk")
    said = run("draw", "--assignment", path, *options).output
    found, plan = assigned(engine, said)
    assert found == wanted
    assert plan.name == "elsewhere"
    with Session(engine) as session:
        nodes = {node.code: node for node in load_whole(session, plan).nodes.values()}
        assert "G0" not in nodes
        assert nodes[nodes["N9"].code].parent == nodes["D003"].key
        undo(session, plan.id, author=Author("Wang"), version=None)
        codes = text("select code from grids where plan_id = :p and kind <> 'parent'")
        assert set(session.scalars(codes, {"p": plan.id})) == set(base.values())


def test_new_grids_have_the_names_and_parents_of_the_table(
    base: dict[int, str], engine: Engine, tmp_path: Path
) -> None:
    rows: Rows = [
        (block, "N1" if code == "G3" else code, "新网格" if code == "G3" else "", "D002" if code == "G3" else "")
        for block, code in base.items()
    ]
    path = written(tmp_path / "t.csv", ("block", "grid", "name", "above"), rows)
    found, plan = assigned(
        engine, run("draw", "named", "--assignment", path, "--grid-name", "name", "--parent", "above").output
    )
    assert set(found.values()) >= {"N1"}
    with Session(engine) as session:
        nodes = {str(node.code): node for node in load_whole(session, plan).nodes.values()}
    assert (nodes["N1"].name, nodes["N1"].parent) == ("新网格", nodes["D002"].key)


def test_everything_wrong_is_told_at_once_and_nothing_is_stored(
    base: dict[int, str], engine: Engine, tmp_path: Path
) -> None:
    first, second, third, *rest = base
    rows: Rows = [
        (first, "G0"), (first, "G1"), (second, ""), ("seven", "G0"), ("", "G0"), (999999, "G0"), (third, "D002"),
        *((block, base[block]) for block in rest[1:]),
    ]  # fmt: skip
    said = run("draw", "--assignment", written(tmp_path / "bad.csv", ("block", "grid"), rows), status=1).output
    for sentence in (
        f"Block {first} stands in lines 2, 3.",
        f"Line 4: block {second} is given no grid.",
        "Line 5: 'seven' is no number of a block.",
        "Line 6 has no block.",
        "Line 7: the plan has no block 999999.",
        "Grid D002 is of level 2, and blocks are in grids of level 3.",
        f"Block {rest[0]} is in no line.",
        "bad.csv is refused: 7 problems. Nothing is stored.",
    ):
        assert sentence in said
    with Session(engine) as session:
        assert session.scalar(text("select count(*) from plans")) == 1


def test_grid_in_pieces_is_told_with_a_place_and_stored(base: dict[int, str], engine: Engine, tmp_path: Path) -> None:
    wanted = {block: {"G2": "G0"}.get(code, code) for block, code in base.items()}
    said = run("draw", "--assignment", written(tmp_path / "t.csv", ("block", "grid"), list(wanted.items()))).output
    assert "Grid G0 is in 2 separate pieces." in said
    found, plan = assigned(engine, said)
    assert found == wanted
    with Session(engine) as session:
        draft = load_whole(session, get_plan(session, plan.id))
        land = shapely.union_all(draft.blocks.polygons[draft.owner == draft.node("G0").key])
        assert len(np.atleast_1d(shapely.get_parts(land))) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("draw",), 2, "or --assignment FILE for a table"),
        (("draw", "n", "file.gpkg"), 2, "Give NAME, FILE and --code"),
        (("draw", "n", "file.gpkg", "--code", "c", "--block", "b"), 2, "give it with --assignment"),
        (("draw", "n", "file.gpkg", "--assignment", "t.csv"), 2, "takes a table alone"),
        (("draw", "--assignment", "t.csv", "--repair"), 2, "--repair are about a file of polygons"),
        (("draw", "--assignment", "nowhere.csv"), 1, "nowhere.csv"),
        (("draw", "--assignment", "columns.csv"), 1, "has no column that is called block"),
        (("draw", "--assignment", "columns.csv", "--block", "c"), 1, "has no column 'c' (--block)"),
    ],
)
def test_command_that_cannot_be_meant_is_a_sentence(  # noqa: PLR0913, PLR0917 - fixtures and cases
    base: dict[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    del base
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "columns.csv", ("a", "b"), [(1, 2)])
    assert said in run(*arguments, status=status).output
