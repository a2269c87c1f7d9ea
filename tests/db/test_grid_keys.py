"""Keys of grids through redraws, merges, splits, other codes and returns, counted anew from the blocks themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.editions.keys import known_by_key
from boundaries.grids.records import plan_record
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.drafts import new_draft
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.publishing.rollback import roll_back
from boundaries.store import schema
from boundaries.store.engine import connect
from geogrid.errors import NotFoundError
from geogrid.types import LevelName
from tests.fixtures_db import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SIDE = 5


@pytest.fixture
def town(session: Session) -> Jurisdiction:
    levels = [LevelName("district", "区"), LevelName("grid", "网格")]
    return save_jurisdiction(session, code="town", name="Town", levels=levels)


class Land:
    """A square of blocks, one household and more each, whose owners the tests choose."""

    def __init__(self, seed: int = 0) -> None:
        self.loads = np.random.default_rng(seed).integers(1, 9, SIDE * SIDE).astype(float)
        self.boxes = [shapely.box(10 + i, 50 + j, 11 + i, 51 + j) for i in range(SIDE) for j in range(SIDE)]
        self.ids = np.zeros(SIDE * SIDE, dtype=int)

    def plan(self, session: Session, town: Jurisdiction, owners: list[str]) -> Plan:
        names = sorted(set(owners))
        land = {
            name: shapely.union_all([b for b, own in zip(self.boxes, owners, strict=True) if own == name])
            for name in names
        }
        grids = gpd.GeoDataFrame(
            {
                "code": ["D", *names],
                "name": ["District", *names],
                "level": [1] + [2] * len(names),
                "parent": [None] + ["D"] * len(names),
                "kind": ["parent"] + ["comprehensive"] * len(names),
                "category": None,
                "households": [self.loads.sum(), *(self.load(owners, name) for name in names)],
            },
            geometry=[shapely.union_all(self.boxes), *land.values()],
            crs="EPSG:4326",
        )  # fmt: skip
        blocks = gpd.GeoDataFrame(
            {"grid": owners, "households": self.loads, "id": self.ids}, geometry=self.boxes, crs="EPSG:4326"
        )
        plan = save_plan(session, town, name="p", grids=grids, blocks=blocks)
        if not self.ids.any():
            made = session.execute(
                text("select a.block_id, ST_XMin(b.geom) x, ST_YMin(b.geom) y from assignments a join blocks b "
                     "on b.id = a.block_id where a.plan_id = :plan order by x, y"), {"plan": plan.id}
            ).all()  # fmt: skip
            self.ids = np.array([row.block_id for row in made])
        return plan

    def load(self, owners: list[str], name: str) -> float:
        return float(sum(load for load, own in zip(self.loads, owners, strict=True) if own == name))

    def shared(self, before: list[str], a: str, after: list[str], b: str) -> float:
        return float(sum(load for load, x, y in zip(self.loads, before, after, strict=True) if (x, y) == (a, b)))


def keys(session: Session, plan: Plan) -> dict[str, int]:
    found = session.execute(text("select code, key_id from grids where plan_id = :plan"), {"plan": plan.id})
    return {row.code: row.key_id for row in found}


def test_keys_follow_the_load_over_random_redraws(session: Session, town: Jurisdiction) -> None:
    rng = np.random.default_rng(7)
    land = Land()
    owners: list[str] = [f"g{number // 3}" for number in range(SIDE * SIDE)]
    plan = publish(session, land.plan(session, town, owners), valid_from=START)
    before, held, seen = owners, keys(session, plan), set(keys(session, plan).values())
    carried = ended = 0
    for day in range(1, 9):
        after = list(before)
        for place in rng.choice(SIDE * SIDE, rng.integers(1, 14), replace=False):
            after[place] = f"g{rng.integers(0, 11)}"
        if day % 3 == 0:
            # Codes change hands, keys do not.
            after = [f"g{(int(code[1:]) + day) % 11}" for code in after]
        plan = publish(session, land.plan(session, town, after), valid_from=START + day * DAY)
        has = keys(session, plan)
        assert len(set(has.values())) == len(has)
        assert has["D"] == held["D"]
        for b in set(after):
            takers = [
                (land.shared(before, a, after, b), a)
                for a in set(before)
                if land.shared(before, a, after, b) > land.load(before, a) / 2
            ]
            if takers:
                most = max(share for share, _ in takers)
                assert has[b] in {held[a] for share, a in takers if share == most}
                carried += 1
            else:
                assert has[b] not in seen
        ended += len(set(held.values()) - set(has.values()))
        before, held, seen = after, has, seen | set(has.values())
    assert min(carried, ended) > 8
    # A key that no grid has is none.
    assert session.scalar(text("select count(*) from grid_keys")) == len(seen)


def test_a_split_without_a_majority_ends_the_key_and_says_who_followed(session: Session, town: Jurisdiction) -> None:
    land = Land()
    land.loads[:] = 1.0
    whole, thirds = ["a"] * 25, ["a"] * 9 + ["b"] * 8 + ["c"] * 8
    first = publish(session, land.plan(session, town, whole), valid_from=START)
    second = publish(session, land.plan(session, town, thirds), valid_from=START + DAY)
    key = keys(session, first)["a"]
    new = keys(session, second)
    assert key not in new.values()
    during, after = known_by_key(session, key, START), known_by_key(session, key, START + DAY)
    assert (during.now is not None and during.now["code"], during.successors) == ("a", [])
    assert after.now is None
    assert [(heir["key"], heir["code"]) for heir in after.successors] == [(new[c], c) for c in "abc"]
    assert [heir["share"] for heir in after.successors] == [pytest.approx(9 / 25), *[pytest.approx(8 / 25)] * 2]


def test_an_edition_that_comes_back_has_the_keys_that_it_had(session: Session, town: Jurisdiction) -> None:
    land = Land()
    halves, merged = ["a"] * 12 + ["b"] * 13, ["a"] * 25
    first = publish(session, land.plan(session, town, halves), valid_from=START)
    second = publish(session, land.plan(session, town, merged), valid_from=START + DAY)
    had = keys(session, first)
    # Both halves are in it whole: the larger load goes on, the other ends.
    goes_on = max("ab", key=lambda code: land.load(halves, code))
    assert keys(session, second)["a"] == had[goes_on]
    again = roll_back(
        session, plan_record(first), at=START + 2 * DAY, made_by="li", reason="back", accept=("backdated",)
    )
    assert keys(session, session.get_one(Plan, again.id)) == had
    ended = known_by_key(session, had["b" if goes_on == "a" else "a"], START + DAY)
    assert (ended.now, len(ended.history)) == (None, 2)
    assert [heir["key"] for heir in ended.successors] == [had[goes_on]]


def test_a_draft_has_the_keys_of_what_it_was_made_from(session: Session, town: Jurisdiction) -> None:
    land = Land()
    first = publish(session, land.plan(session, town, ["a"] * 12 + ["b"] * 13), valid_from=START)
    draft = new_draft(session, plan_record(first), name="d", made_by="li", at=START)
    assert keys(session, session.get_one(Plan, draft.id)) == keys(session, first)


def test_a_key_that_nobody_has_had_is_not_found(session: Session, town: Jurisdiction) -> None:
    land = Land()
    plan = land.plan(session, town, ["a"] * 25)
    with pytest.raises(NotFoundError, match="No edition has a grid with the key"):
        known_by_key(session, keys(session, plan)["a"], START)


def test_a_store_of_the_release_before_gets_keys_by_its_lineage(
    bare_database: Database,
) -> None:
    """Today's tables are taken back to those of before, and brought here again: nothing but the keys is another."""
    engine = connect(bare_database.settings)
    schema.upgrade(engine)
    land = Land()
    halves, thirds = ["a"] * 12 + ["b"] * 13, ["x"] * 9 + ["y"] * 8 + ["z"] * 8
    with Session(engine) as session, session.begin():
        levels = [LevelName("district", "区"), LevelName("grid", "网格")]
        town = save_jurisdiction(session, code="town", name="Town", levels=levels)
        first, *_, merged = (
            publish(session, land.plan(session, town, owners), valid_from=START + day * DAY)
            for day, owners in enumerate((halves, ["x"] * 12 + ["b"] * 13, ["x"] * 25))
        )
        # One that comes back, and, after others, one more, through a draft of a draft.
        back = roll_back(
            session, plan_record(first), at=START + 3 * DAY, made_by="li", reason="b", accept=("backdated",)
        )
        assert keys(session, session.get_one(Plan, back.id)) == keys(session, first)
        for day, owners in enumerate((["q"] * 25, thirds), start=4):
            publish(session, land.plan(session, town, owners), valid_from=START + day * DAY)
        draft = new_draft(session, plan_record(merged), name="d", made_by="li", at=START + 6 * DAY)
        again = new_draft(session, draft, name="e", made_by="li", at=START + 6 * DAY)
        publish(session, session.get_one(Plan, again.id), valid_from=START + 6 * DAY)
    before = everything(engine)
    moved(engine, "0021")
    assert "key_id" not in columns(engine)
    moved(engine, "head")
    after = everything(engine)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert grouped(after) == grouped(before)
    engine.dispose()


def grouped(rows: list[tuple[Any, ...]]) -> set[frozenset[tuple[Any, ...]]]:
    """Return which grids have a key in common."""
    found: dict[int, set[tuple[Any, ...]]] = {}
    for plan, code, key in rows:
        found.setdefault(key, set()).add((plan, code))
    return {frozenset(grids) for grids in found.values()}


def everything(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("select plan_id, code, key_id from grids order by id"))]


def columns(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        told = "select column_name from information_schema.columns where table_name = 'grids'"
        return set(connection.scalars(text(told)))


def moved(engine: Engine, revision: str) -> None:
    config = schema._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(config, revision)
