from datetime import UTC, datetime, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, exc, select, text
from sqlalchemy.orm import Session

from boundaries.editions.reading import compile_edition, edition_at, grid_frame
from boundaries.grids.records import plan_record
from boundaries.grids.tables import Assignment, Block, Plan
from boundaries.jurisdictions.reading import get_jurisdiction, the_jurisdiction
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.storing import save_duties, save_plan
from boundaries.publishing.publish import publish
from boundaries.store.base import Base
from boundaries.store.engine import unit_of_work
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError
from geogrid.types import LevelName
from tests.db.towns import row_of_boxes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def town(session: Session) -> Jurisdiction:
    levels = [LevelName("district", "区"), LevelName("grid", "网格")]
    return save_jurisdiction(session, code="town", name="Town", levels=levels)


def published(session: Session, town: Jurisdiction, *, valid_from: datetime, names: str = "abc") -> Plan:
    plan = save_plan(session, town, name=f"plan {names}", grids=row_of_boxes(names))
    return publish(session, plan, valid_from=valid_from)


def test_migrations_give_the_tables_that_the_models_describe(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Base.metadata)
    # PostGIS's and Alembic's own tables, and an expression index that reflection cannot compare.
    foreign = ("spatial_ref_sys", "geogrid_revision", "ix_cases_words")
    assert [change for change in differences if not any(name in str(change) for name in foreign)] == []


def test_every_table_and_every_rule_has_a_name_or_a_comment() -> None:
    assert all(table.comment for table in Base.metadata.tables.values())
    assert all(constraint.name for table in Base.metadata.tables.values() for constraint in table.constraints)


def test_leaf_is_stored_as_its_polygons_when_no_blocks_are_given(session: Session, town: Jurisdiction) -> None:
    grids = row_of_boxes("ab")
    island = shapely.MultiPolygon([grids.geometry.iloc[2], shapely.box(20, 50, 21, 51)])
    grids.loc[2, "geometry"] = island
    plan = save_plan(session, town, name="p", grids=grids)
    per_grid = session.execute(
        text(
            "select g.code, count(*) from assignments a join grids g on g.id = a.grid_id "
            "where a.plan_id = :p group by g.code"
        ),
        {"p": plan.id},
    )
    assert dict(per_grid.all()) == {"D-a": 1, "D-b": 2}


def test_loads_of_blocks_are_those_given(session: Session, town: Jurisdiction) -> None:
    grids = row_of_boxes("ab")
    blocks = gpd.GeoDataFrame(
        {"grid": ["D-a", "D-b"], "households": [3.0, None]}, geometry=grids.geometry[1:].to_numpy(), crs="EPSG:4326"
    )
    plan = save_plan(session, town, name="p", grids=grids, blocks=blocks)
    found = session.scalars(
        select(Block.households).join(Assignment, Assignment.block_id == Block.id).where(Assignment.plan_id == plan.id)
    )
    assert sorted(found, key=str) == [3.0, None]


def test_unknown_parents_and_grids_are_all_listed(session: Session, town: Jurisdiction) -> None:
    grids = row_of_boxes("ab")
    grids.loc[1, "parent"] = "nobody"
    blocks = gpd.GeoDataFrame({"grid": ["D-z"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    with pytest.raises(InvalidInputError) as refused:
        save_plan(session, town, name="p", grids=grids, blocks=blocks)
    assert [str(problem) for problem in refused.value.problems] == [
        "The grid D-a names grid 'nobody', which the plan has not.",
        "The block 0 names grid 'D-z', which the plan has not.",
    ]


def test_publishing_ends_the_former_edition_where_the_next_begins(session: Session, town: Jurisdiction) -> None:
    first = published(session, town, valid_from=NOON)
    second = published(session, town, valid_from=NOON + DAY, names="ab")
    session.refresh(first)
    assert (plan_record(first).state, first.validity.upper) == ("retired", NOON + DAY)
    assert edition_at(session, town.id, NOON - DAY) is None
    assert edition_at(session, town.id, NOON) == plan_record(first)
    assert edition_at(session, town.id, NOON + DAY) == plan_record(second)


def test_edition_cannot_start_before_one_that_already_stands(session: Session, town: Jurisdiction) -> None:
    published(session, town, valid_from=NOON)
    with pytest.raises(ConflictError, match="already starts at 2026-03-01"):
        published(session, town, valid_from=NOON - DAY, names="ab")


def test_database_itself_refuses_editions_that_overlap_in_time(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        town = save_jurisdiction(session, code="town", name="Town", levels=[LevelName("d"), LevelName("g")])
        published(session, town, valid_from=NOON)
    with pytest.raises(ConflictError, match="ex_plans_editions_never_overlap"), unit_of_work(engine) as session:
        session.execute(
            text("insert into plans (jurisdiction_id, name, state, validity) values (:j, 'x', 'published', :v)"),
            {"j": town.id, "v": "[2026-06-01,2026-07-01)"},
        )


@pytest.mark.parametrize(
    "change",
    [
        "update grids set name = 'other'",
        "delete from grids where level = 2",
        (
            "insert into grids (plan_id, code, name, level, kind, geom) "
            "select plan_id, 'X', 'x', 1, 'parent', geom from grids limit 1"
        ),
        "delete from assignments",
        "update plans set name = 'other'",
        "update plans set validity = tstzrange(lower(validity) - interval '1 day', upper(validity))",
        "delete from plans",
        "update blocks set households = 1",
    ],
)
def test_published_edition_never_changes(session: Session, town: Jurisdiction, change: str) -> None:
    published(session, town, valid_from=NOON)
    with pytest.raises(exc.IntegrityError, match="never_change|cannot change|only its end"):
        session.execute(text(change))


def test_draft_may_change(session: Session, town: Jurisdiction) -> None:
    plan = save_plan(session, town, name="p", grids=row_of_boxes())
    session.execute(text("update grids set name = 'other' where plan_id = :p"), {"p": plan.id})
    assert set(grid_frame(session, plan)["name"]) == {"other"}


def test_parent_must_be_one_level_up(engine: Engine) -> None:
    grids = row_of_boxes("abc")
    grids.loc[1, "level"] = 3
    with unit_of_work(engine) as session:
        town = save_jurisdiction(session, code="town", name="Town", levels=[LevelName("d"), LevelName("g")])
    with pytest.raises(ConflictError, match="fk_grids_parent_one_level_up"), unit_of_work(engine) as session:
        save_plan(session, town, name="p", grids=grids)


def test_lookup_answers_with_grid_chain_duty_and_neighbours(session: Session, town: Jurisdiction) -> None:
    plan = published(session, town, valid_from=NOON)
    duties = pd.DataFrame(
        {"grid": ["D-a", "D"], "role": ["网格长", "chief"], "holder": ["王芳", "Li"], "phone": ["1", ""]}
    )
    save_duties(session, plan, duties)
    edition = compile_edition(session, plan, at=NOON)
    answer = edition.locate(10.999, 50.5, error_m=100.0)
    assert answer is not None
    assert [grid.code for grid in answer.chain] == ["D-a", "D"]
    assert [grid.level_name for grid in answer.chain] == ["grid", "district"]
    assert answer.duties["D-a"][0].holder == "王芳"
    assert [neighbour.grid.code for neighbour in answer.neighbours] == ["D-b"]
    assert answer.boundary_distance_m == pytest.approx(70.98, abs=0.1)


def test_duty_that_has_ended_is_not_told(session: Session, town: Jurisdiction) -> None:
    plan = published(session, town, valid_from=NOON)
    save_duties(session, plan, pd.DataFrame({"grid": ["D"], "role": ["chief"], "holder": ["Li"], "phone": [""]}))
    session.execute(text("update duties set validity = '[2026-01-01,2026-03-02)'"))
    assert compile_edition(session, plan, at=NOON).duties["D"][0].holder == "Li"
    assert compile_edition(session, plan, at=NOON + DAY).duties == {}


def test_draft_is_not_an_edition(session: Session, town: Jurisdiction) -> None:
    plan = save_plan(session, town, name="p", grids=row_of_boxes())
    with pytest.raises(ConflictError, match="is draft, not an edition"):
        compile_edition(session, plan, at=NOON)


def test_unknown_jurisdiction_is_told_with_those_there_are(session: Session, town: Jurisdiction) -> None:
    assert the_jurisdiction(session, None).id == town.id
    with pytest.raises(NotFoundError, match="There is no jurisdiction 'village'. Stored are: town."):
        get_jurisdiction(session, "village")


def test_levels_of_a_jurisdiction_with_plans_keep_their_number(session: Session, town: Jurisdiction) -> None:
    save_plan(session, town, name="p", grids=row_of_boxes())
    with pytest.raises(ConflictError, match="has plans with 2 levels; 1 were given"):
        save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")])
