"""All operations on one draft, the engine, validation and the coverage map, on towns as they are."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at
from boundaries.grids.records import PlanRecord
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import get_plan, new_draft
from boundaries.plans.edits.editing import Author, edit, undo
from boundaries.plans.loading import load_whole
from boundaries.plans.redrawing import redraw
from boundaries.plans.rules import verdict_on
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.errors import InvalidInputError
from geogrid.plans import Draft, Node, Operation
from geogrid.plans.checking import NEVER_ACCEPTED
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    ChangeParent,
    Dissolve,
    EndDuty,
    InsertLevel,
    Lock,
    Merge,
    MoveBlocks,
    MoveLand,
    Rebalance,
    Recode,
    RemoveLevel,
    Rename,
    RenameLevel,
    SetBand,
    SplitByLine,
    SplitInto,
    Unlock,
)
from geogrid.plans.operations.records import KINDS
from geogrid.towns import PUBLISHED_TOWNS, PublishedTown
from tests.db.programs import called_geogrid
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.property.random_towns import make_town

PLANNER = Author("Wang", "every operation once")
TRIES: Final = 40
LARGEST: Final = 30_000
METRE: Final = 1.0 / 111_320.0
SHARED: Final = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Stored:
    """A town in a store of its own, and how its commands are called."""

    name: str
    engine: Engine
    call: Callable[..., str]


def monaco(call: Callable[..., str], folder: Path) -> None:
    del folder
    extract = SHARED / "small_towns" / "monaco.osm.pbf"
    call("import", "town", extract, "--jurisdiction", "monaco", "--band", "300:500", "--publish")


def baltimore(call: Callable[..., str], folder: Path) -> None:
    del folder
    file = SHARED / "small_towns" / "baltimore.gpkg"
    layers = ("--streets", file, "--buildings", file)
    call("import", "town", *layers, "--jurisdiction", "baltimore", "--band", "300:500", "--publish")


def huangpu(call: Callable[..., str], folder: Path) -> None:
    del folder
    file = SHARED / "shanghai" / "shanghai.gpkg"
    layers = ("--streets", f"{file}:roads", "--buildings", f"{file}:buildings")
    call("import", "town", *layers, "--jurisdiction", "huangpu", "--band", "300:500", "--publish")


def jiangning(call: Callable[..., str], folder: Path) -> None:
    del folder
    file = SHARED / "jiangning" / "communities.geojson"
    columns = ("--code", "COMMUID", "--name", "NAME", "--parent", "street_code", "--dissolve")
    call("import", "grids", file, "--jurisdiction", "jiangning", *columns, "--band", "1:2000", "--publish")


def queens(call: Callable[..., str], folder: Path) -> None:
    del folder
    file = SHARED / "queens_village" / "queens_village_ny.gpkg"
    layers = (
        "--streets",
        f"{file}:streets",
        "--barriers",
        f"{file}:rail_water_lines",
        "--buildings",
        f"{file}:buildings",
    )
    loads = ("--loads", SHARED / "queens_village" / "lots_population_2023.csv.gz", "--load", "unitsres")
    band = ("--band", "300:500", "--max-load", "500")
    call("import", "town", *layers, *loads, *band, "--jurisdiction", "queens", "--publish")


def invented(seed: int) -> Callable[[Callable[..., str], Path], None]:
    def stored(call: Callable[..., str], folder: Path) -> None:
        town = make_town(seed, streets=6, buildings=120)
        file = folder / "town.gpkg"
        parts = {
            "streets": town.barriers.assign(kind="highway", name="Long Street"),
            "buildings": town.buildings.assign(name=""),
            "sites": town.sites,
            "limit": gpd.GeoDataFrame(geometry=town.limit),
        }
        for name, layer in parts.items():
            layer.to_file(file, layer=name)
        layers = [part for name in parts for part in (f"--{name}", file)]
        levels = ("--levels", "district/区,community/社区=2,grid/网格")
        call("import", "town", *layers, "--jurisdiction", "invented", "--band", "100:300", *levels, "--publish")

    return stored


def published(town: PublishedTown) -> Callable[[Callable[..., str], Path], None]:
    def stored(call: Callable[..., str], folder: Path) -> None:
        drawn = town.draw(np.random.default_rng(3))
        file = folder / "town.gpkg"
        parts = {
            "streets": drawn.barriers,
            "buildings": drawn.buildings,
            "sites": drawn.sites,
            "limit": gpd.GeoDataFrame(geometry=drawn.limit),
        }
        for name, layer in parts.items():
            if len(layer):
                layer.to_file(file, layer=name)
        layers = [part for name, layer in parts.items() if len(layer) for part in (f"--{name}", file)]
        levels = ("--levels", "district/区,community/社区=2,grid/网格")
        call("import", "town", *layers, "--jurisdiction", town.key, "--band", "100:300", *levels, "--publish")

    return stored


TOWNS: Final = {
    "invented 8": invented(8),
    **{town.key: published(town) for town in PUBLISHED_TOWNS if town.n_blocks <= LARGEST},
    "monaco": monaco,
    "baltimore": baltimore,
    "huangpu": huangpu,
    "jiangning": jiangning,
    "queens": queens,
}
SLOW: Final = {*(town.key for town in PUBLISHED_TOWNS), "monaco", "baltimore", "huangpu", "jiangning", "queens"}
OF_SLOW: Final = (pytest.mark.long, pytest.mark.shared_data, pytest.mark.timeout(1_800))


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=OF_SLOW if name in SLOW else []) for name in TOWNS],
)
def town(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("town")
    for database in copied(server, TEMPLATE, folder):

        def call(*arguments: object, status: int = 0) -> str:
            done = called_geogrid(*map(str, arguments), GEOGRID_DATABASE_URL=database.url)  # noqa: B023 - one database
            assert done.returncode == status, done.stdout + done.stderr
            return done.stdout + done.stderr

        TOWNS[request.param](call, folder)
        engine = open_engine(database.settings)
        yield Stored(request.param, engine, call)
        engine.dispose()


@pytest.fixture
def session(town: Stored) -> Iterator[Session]:
    with Session(town.engine) as opened:
        yield opened
        opened.rollback()


def draft_of(session: Session, **more: object) -> PlanRecord:
    jurisdiction = session.scalar(text("select id from jurisdictions"))
    edition = edition_at(session, jurisdiction, datetime.now(UTC))
    assert edition is not None
    return new_draft(session, edition, name="draft", made_by="Wang", at=datetime.now(UTC), **more)  # type: ignore[arg-type]


# Operations that a town allows, found on it as it is


def leaves(draft: Draft, least: int = 1) -> list[Node]:
    """Return the comprehensive leaves with so many blocks, those with most first."""
    keys, counts = np.unique(draft.owner, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    found = [draft.nodes[key] for key, many in zip(keys[order].tolist(), counts[order], strict=True) if many >= least]
    return [node for node in found if node.kind == "comprehensive"]


def beside(draft: Draft) -> Iterator[tuple[int, Node, Node]]:
    """Yield a block, its leaf and another leaf that the block touches; a leaf keeps some land without it."""
    counts = dict(zip(*np.unique(draft.owner, return_counts=True), strict=True))
    pairs = draft.adjacency(np.arange(len(draft.blocks))).pairs
    for one, other in pairs.tolist():
        a, b = (draft.nodes[int(draft.owner[which])] for which in (one, other))
        if a.key != b.key and {a.kind, b.kind} == {"comprehensive"} and counts[a.key] > 1:
            yield int(draft.blocks.ids[one]), a, b


def halves(draft: Draft, buildings: shapely.STRtree) -> Iterator[tuple[shapely.Polygon, Node, Node]]:
    """Yield a patch over a part of a block beside another leaf whose edge cuts no building, its leaf, and that one."""
    for block, giver, taker in beside(draft):
        polygon = draft.blocks.polygons[draft.blocks.positions([block])[0]]
        west, south, east, north = polygon.bounds
        for share in (0.5, 0.35, 0.65, 0.2, 0.8, *np.linspace(0.05, 0.95, 37)):
            patch = shapely.box(west - METRE, south - METRE, west + share * (east - west), north + METRE)
            if not len(buildings.query(patch.exterior, predicate="intersects")):
                yield patch, giver, taker


def footprints(session: Session) -> shapely.STRtree:
    rows = session.scalars(text("select ST_AsBinary(geom) from buildings")).all()
    return shapely.STRtree(shapely.from_wkb(np.array([bytes(row) for row in rows], dtype=object)))


def lines(draft: Draft) -> Iterator[tuple[Node, shapely.LineString]]:
    for node in leaves(draft, 1):
        west, south, east, north = draft.shape(node.key).bounds
        for share in (0.5, 0.4, 0.6, 0.3):
            x, y = west + share * (east - west), south + share * (north - south)
            yield node, shapely.LineString([(x, south - 0.001), (x, north + 0.001)])
            yield node, shapely.LineString([(west - 0.001, y), (east + 0.001, y)])


def parents(draft: Draft) -> Iterator[ChangeParent]:
    for node in leaves(draft):
        siblings = [other for other in draft.nodes.values() if other.parent == node.parent]
        others = [other for other in draft.nodes.values() if other.level == node.level - 1 and other.key != node.parent]
        if len(siblings) > 1:
            yield from (ChangeParent((node.code,), other.code) for other in others)


def rebalancings(draft: Draft) -> Iterator[Operation]:
    known = [float(draft.loads(node.key)[0]) for node in leaves(draft)]
    mean = float(np.nanmean(known)) if np.isfinite(known).any() else 1.0
    yield from (Rebalance(band=(max(mean * low, 0.1), mean * high)) for low, high in ((0.8, 1.2), (0.9, 1.1), (1, 1)))


def stages(buildings: shapely.STRtree) -> Iterator[tuple[str, Callable[[Draft], Iterable[Operation]]]]:
    """Yield each operation by name with what finds it on a draft; each works on what the one before has left."""
    yield "split_by_line", lambda d: (SplitByLine(node.code, line) for node, line in lines(d))
    yield "split_by_line, cut", lambda d: (SplitByLine(node.code, line, cut=True) for node, line in lines(d))
    yield "move_land", lambda d: (MoveLand(patch, taker.code) for patch, _, taker in halves(d, buildings))
    yield "move_blocks", lambda d: (MoveBlocks((block,), taker.code) for block, _, taker in beside(d))
    yield "split_into", lambda d: (SplitInto(node.code, count=2) for node in leaves(d, 2))
    yield "merge", lambda d: (Merge((a.code, b.code), keep=a.code) for _, a, b in beside(d) if a.parent == b.parent)
    yield "rebalance", rebalancings
    yield "carve", lambda d: (Carve((block,), "A school", "school") for block, _, _ in beside(d))
    yield (
        "carve, patch",
        lambda d: (Carve(name="Clinic", category="hospital", patch=patch) for patch, _, _ in halves(d, buildings)),
    )
    yield "dissolve", lambda d: (Dissolve(node.code) for node in d.nodes.values() if node.kind == "dedicated")
    yield "rename", lambda d: [Rename({leaves(d)[0].code: "东山"})]
    yield "recode", lambda d: [Recode({leaves(d)[0].code: leaves(d)[1].code, leaves(d)[1].code: leaves(d)[0].code})]
    yield "recode, all", lambda _: [Recode()]
    yield "assign_duty", lambda d: [AssignDuty(leaves(d)[0].code, "网格长", "王芳")]
    yield "end_duty", lambda d: [EndDuty(leaves(d)[0].code, "网格长", "王芳")]
    yield "insert_level", lambda d: [InsertLevel(d.rules.depth, "quarter", "片区")]
    yield "change_parent", parents
    yield "rename_level", lambda d: [RenameLevel(d.rules.depth, "cell", "格")]
    yield "remove_level", lambda d: [RemoveLevel(d.rules.depth - 1)]
    yield "set_band", lambda _: [SetBand((10.0, 900.0), "population")]
    yield "lock", lambda d: [Lock((leaves(d)[0].code,))]
    yield "unlock", lambda d: [Unlock(tuple(node.code for node in d.nodes.values() if node.locked_by))]


def carried_out(session: Session, plan: PlanRecord, candidates: Iterable[Operation]) -> Operation | None:
    """Carry the first of some operations out that is not refused; whatever else goes wrong fails the test."""
    for operation in islice(candidates, TRIES):
        try:
            with session.begin_nested():
                edit(session, plan.id, [operation], author=PLANNER, version=None)
        except InvalidInputError:
            continue
        return operation
    return None


@dataclass(frozen=True, slots=True)
class Land:
    """What of a plan no operation changes."""

    land: shapely.Geometry
    sums: tuple[float, ...]


def checked(session: Session, plan: PlanRecord) -> Land:
    """Return the land of a plan, whose stored leaves tile it and agree with their blocks by plain shapely."""
    rows = session.execute(
        text("select id, ST_AsBinary(geom) as shape from grids where plan_id = :p and kind <> 'parent' order by id"),
        {"p": plan.id},
    ).all()
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    land = shapely.union_all(shapes)
    assert abs(shapely.area(shapes).sum() - land.area) * 111_320**2 < 1.0, "grids overlap"
    whole = load_whole(session, plan)
    own = {row.id: shape for row, shape in zip(rows, shapes, strict=True)}
    assert own.keys() == set(np.unique(whole.owner).tolist())
    for key, shape in own.items():
        blocks = shapely.area(whole.blocks.polygons[whole.owner == key]).sum()
        assert abs(blocks - shape.area) * 111_320**2 < 1.0, whole.nodes[key].code
    unplaced = np.sum([node.unplaced for node in whole.nodes.values() if node.is_leaf], axis=0)
    return Land(land, tuple((np.nansum(whole.blocks.loads, axis=0) + unplaced).tolist()))


ONE_BLOCK_EACH: Final = frozenset({"rebalance"})
"""What a town without streets may refuse: blocks are whole grids there."""


def test_every_operation_succeeds_and_leaves_a_coverage_with_all_its_loads(session: Session) -> None:
    plan = draft_of(session)
    start = checked(session, plan)
    done: dict[str, Operation] = {}
    for name, found in stages(footprints(session)):
        before = load_whole(session, plan)
        operation = carried_out(session, plan, found(before))
        if operation is None:
            assert name in ONE_BLOCK_EACH or (name == "change_parent" and not list(parents(before))), name
            continue
        done[name] = operation
        after = checked(session, plan)
        assert shapely.area(shapely.symmetric_difference(start.land, after.land)) * 111_320**2 < 1.0, name
        assert after.sums == pytest.approx(start.sums), name
    missing = {kind for kind in KINDS if not any(name.startswith(kind) for name in done)}
    assert missing <= ONE_BLOCK_EACH | {"change_parent"}
    for _ in done:
        undo(session, plan.id, author=PLANNER, version=None)
    assert checked(session, plan).sums == pytest.approx(start.sums)


def test_engine_draws_the_grids_anew_into_the_band_of_the_draft(session: Session, town: Stored) -> None:
    plan = draft_of(session, band=(200.0, 600.0))
    if town.name == "jiangning":  # without a house in it: what can be balanced is the land itself
        edit(session, plan.id, [SetBand((1e6, 5e7), "area")], author=PLANNER, version=None)
    start = checked(session, plan)
    redraw(session, get_plan(session, plan.id), at=datetime.now(UTC), author=PLANNER)
    after = checked(session, plan)
    assert after.sums == pytest.approx(start.sums)
    edition = edition_at(session, plan.jurisdiction_id, datetime.now(UTC))
    assert edition is not None
    compared = compare_plans(session, edition, plan)
    assert not [each for each in compared.grids if {"recoded", "renamed"} & {*each.fates}]
    problems = verdict_on(session, plan)
    assert {each.kind for each in problems.errors} & NEVER_ACCEPTED == set()
    assert {each.kind for each in problems.errors} <= {
        "uncovered",
        "outside-limit",
        "building-cut",
        "code",
        "joined-apart",
    }


def test_map_has_the_band_and_the_base_map(town: Stored, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    town.call("map", "coverage", "--out", out)
    page = out.read_text(encoding="utf-8")
    with unit_of_work(town.engine) as session:
        low, high = session.execute(text("select band_low, band_high from plans limit 1")).one()
        streets = session.scalar(text("select count(*) from barriers"))
    for end in (low, high):
        assert f"{end:,.0f}" in page
    assert streets or town.name == "jiangning"


def test_validation_ends_with_a_verdict_and_the_band(town: Stored) -> None:
    plan = town.call("plan", "new", "checked", "--band", "250:450").split()[0]
    told = called_validation(town, plan)
    assert "Band: 250 to 450 households." in told
    assert " errors, " in told


def called_validation(town: Stored, plan: str) -> str:
    try:
        return town.call("plan", "validate", plan)
    except AssertionError:
        return town.call("plan", "validate", plan, status=1)


def test_plan_without_a_band_is_given_one_by_an_operation(town: Stored) -> None:
    plan = town.call("plan", "new", "another band", "--load", "population", "--band", "500:900").split()[0]
    said = town.call("plan", "edit", plan, json.dumps({"kind": "set_band", "band": [300, 700], "load": "households"}))
    assert "0 grids changed" in said
    assert "Band: 300 to 700 households." in town.call("plan", "show", plan)
    town.call("plan", "undo", plan)
    assert "Band: 500 to 900 population." in town.call("plan", "show", plan)
