"""Jiangning of Nanjing: 18 streets and 194 communities redrawn, published, then coded anew by the list of 2023."""

import re
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.orm import Session

from boundaries.editions.lineage import history, predecessors, successors
from boundaries.editions.reading import compile_edition, edition_at, editions_of
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import move_state, new_draft
from boundaries.plans.edits.editing import Author, edit
from boundaries.plans.loading import load_whole
from boundaries.plans.rules import accept_problem, check_plan
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.publishing.rules import Publication, publish_plan
from geogrid.codes import TreePosition, code_profile
from geogrid.coordinates import WGS84
from geogrid.coverage.examine import examine, mend
from geogrid.coverage.plane import Plane
from geogrid.plans import Draft, Node
from geogrid.plans.operations.kinds import Carve, Merge, Operation, Recode, SplitByLine
from geogrid.types import LevelName

pytestmark = pytest.mark.shared_data

YEAR = [datetime(year, 1, 1, tzinfo=UTC) for year in (2021, 2022, 2023)]
PLANNER = Author("Jiangning", "yearly review")
DISTRICT = "320115"


@pytest.fixture(scope="module")
def communities(shared_data: Path) -> gpd.GeoDataFrame:
    """The communities as leaves that tile: rings mended, overlaps given to one side, doubled codes joined."""
    read = gpd.read_file(shared_data / "jiangning" / "communities.geojson").dissolve("COMMUID", as_index=False)
    codes = read["COMMUID"].tolist()
    plane = Plane.around(read.geometry.to_numpy(), WGS84)
    flat = plane.flatten(np.asarray(read.geometry.array, dtype=object))
    tiled = examine(mend(flat, codes, plane).polygons, codes, plane).polygons
    shapes = plane.restore(tiled, np.asarray(read.geometry.array, dtype=object))
    return read.set_geometry(gpd.GeoSeries(shapes, crs=WGS84))


def tree_of(communities: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    names = dict(zip(streets["GEOCODE"], streets["NAME"], strict=True))
    rows = [{"code": DISTRICT, "name": "江宁区", "level": 1, "parent": None, "kind": "parent"}]
    shapes = [communities.union_all()]
    for street, group in communities.groupby("street_code"):
        rows.append({"code": street, "name": names[street], "level": 2, "parent": DISTRICT, "kind": "parent"})
        shapes.append(group.union_all())
    for row in communities.itertuples():
        rows.append(
            {"code": row.COMMUID, "name": row.NAME, "level": 3, "parent": row.street_code, "kind": "comprehensive"}
        )
        shapes.append(row.geometry)
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=WGS84).assign(category=None)


@pytest.fixture
def first(session: Session, communities: gpd.GeoDataFrame, shared_data: Path) -> Plan:
    streets = gpd.read_file(shared_data / "jiangning" / "streets_jiedao.geojson")
    levels = [LevelName("district", "区"), LevelName("street", "街道"), LevelName("community", "社区")]
    area = save_jurisdiction(session, code="jiangning", name="江宁区", levels=levels, time_zone="Asia/Shanghai")
    plan = save_plan(session, area, name="2021", grids=tree_of(communities, streets))
    plan.code_profile = "admin-12"
    session.flush()
    return publish(session, plan, valid_from=YEAR[0])


def published(session: Session, base: Plan, at: datetime, *operations: Operation) -> Plan:
    draft = new_draft(session, base, name=str(at.year), made_by="Jiangning", at=at)
    edit(session, draft.id, operations, author=PLANNER, version=None)
    # The development zone has a code of its own, outside the district's; that is as published.
    zone = Author("Jiangning", "coded by the city")
    for subject in [each.subject for each in check_plan(session, draft) if each.severity == "error"]:
        accept_problem(session, draft.id, "code", subject, author=zone, version=None)
    for state in ("in_review", "approved"):
        move_state(session, draft.id, state, version=None, made_by="Jiangning")
    return publish_plan(
        session,
        draft.id,
        Publication(at, "Jiangning", accept_warnings="known", reason="history", accept=("backdated",)),
        version=None,
    )


def test_tree_and_codes_are_as_published_but_for_the_zone_of_another_county(session: Session, first: Plan) -> None:
    nodes = load_whole(session, first, land=False).nodes.values()
    assert [sum(node.level == level for node in nodes) for level in (1, 2, 3)] == [1, 18, 194]
    errors = {(each.kind, each.subject) for each in check_plan(session, first) if each.severity == "error"}
    assert errors == {("code", "320142001")}


def neighbours(whole: Draft, street: str) -> tuple[Node, Node]:
    """Return the first two communities of a street that share an edge."""
    own = [node for node in whole.nodes.values() if node.is_leaf and node.code.startswith(street)]
    for one in sorted(own, key=lambda node: node.code):
        for other in sorted(own, key=lambda node: node.code):
            shared = shapely.intersection(whole.shape(one.key), whole.shape(other.key))
            if one.code < other.code and shapely.length(shared) > 0.001:
                return one, other
    raise AssertionError(street)


def codes_of_2023(session: Session, plan: Plan, shared_data: Path) -> dict[str, str]:
    """Return the new code of each community that the list of 2023 has by the same name in the same street."""
    listed = pd.read_csv(shared_data / "jiangning" / "nbs2023_villages_320115.csv", dtype=str)
    by_name = {
        (street, re.sub("(村|居)(民委员|委)会$", "", name)): code
        for code, name, street in listed[["code", "name", "streetCode"]].itertuples(index=False)
    }
    leaves = [node for node in load_whole(session, plan, land=False).nodes.values() if node.level == 3]
    known = {node.code: by_name.get((node.code[:9], node.name)) for node in leaves}
    changed = {old: new for old, new in known.items() if new is not None and new != old}
    taken = {node.code for node in leaves} | set(changed.values())
    for old in sorted({node.code for node in leaves} - changed.keys()):
        # Not on the list by this name, and its number is another's by now: it gets the next free one.
        if old in changed.values():
            changed[old] = code_profile("admin-12").next_code(TreePosition(3, 3, old[:9]), taken)
            taken.add(changed[old])
    return changed


def test_years_of_redrawing_and_recoding_answer_as_of_any_of_them(
    session: Session, first: Plan, shared_data: Path
) -> None:
    whole = load_whole(session, first)
    one, other = neighbours(whole, "320115001")
    split, _ = neighbours(whole, "320115002")
    donor, _ = neighbours(whole, "320115004")
    middle = shapely.point_on_surface(whole.shape(split.key))
    line = shapely.LineString([(middle.x, middle.y - 0.5), (middle.x, middle.y + 0.5)])
    campus = shapely.point_on_surface(whole.shape(donor.key)).buffer(0.001)
    second = published(
        session,
        first,
        YEAR[1],
        Merge((one.code, other.code), keep=one.code, name="联合社区"),
        SplitByLine(split.code, line, cut=True),
        Carve(name="大学城", category="school", patch=campus),
    )
    fates = {fate for change in compare_plans(session, first, second).grids for fate in change.fates}
    assert {"merged", "split", "carved"} <= fates
    assert [heir.code for heir in successors(session, other.code, [first, second])] == [one.code]

    codes = codes_of_2023(session, second, shared_data)
    assert len(codes) > 50
    third = published(session, second, YEAR[2], Recode(codes))
    for old, new in codes.items():
        assert new in [heir.code for heir in successors(session, old, [second, third])]
    assert {heir.code for heir in predecessors(session, codes.get(one.code, one.code), editions(session, third))} == {
        one.code,
        other.code,
    }
    old, new = min(codes.items())
    place = shapely.point_on_surface(load_whole(session, second).shape(load_whole(session, second).node(old).key))
    for year, code in ((YEAR[1], old), (YEAR[2], new)):
        edition = edition_at(session, first.jurisdiction_id, year)
        assert edition is not None
        found = compile_edition(session, edition, at=year).locate(place.x, place.y)
        assert found is not None
        assert found.grid.code == code
    assert [row["edition"] for row in history(session, first.jurisdiction_id, "320115")] == [
        each.id for each in editions(session, third)
    ]


def editions(session: Session, plan: Plan) -> list[Plan]:
    return list(editions_of(session, plan.jurisdiction_id))
