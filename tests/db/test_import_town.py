"""`geogrid import town`: from a newcomer's files to a town that can be redrawn."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text

from boundaries.basemap.reading import building_frame, site_frame, street_frame
from boundaries.editions.reading import compile_edition, edition_at
from boundaries.files.towns.town import read_cut_town
from boundaries.jurisdictions.reading import get_jurisdiction, levels_of, limit_of
from boundaries.plans.drafts import get_plan
from boundaries.plans.loading import load_whole
from boundaries.store.engine import unit_of_work
from tests.db.programs import Said, saying
from tests.fixtures_db import Database
from tests.property.random_towns import CRS, make_town

BAND = ("--band", "100:300")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layers of a town of a newcomer, one GeoPackage."""
    town = make_town(5, streets=5, buildings=70)
    path = tmp_path_factory.mktemp("files") / "town.gpkg"
    for name, layer in (
        ("streets", town.barriers.assign(kind="highway", name="Long Street")),
        ("buildings", town.buildings.assign(name="")),
        ("sites", town.sites),
        ("limit", gpd.GeoDataFrame(geometry=town.limit)),
    ):
        layer.to_file(path, layer=name)
    return path


@pytest.fixture
def geogrid(database: Database) -> Said:
    return saying(database)


def layers(files: Path) -> tuple[object, ...]:
    return tuple(part for name in ("streets", "buildings", "sites", "limit") for part in (f"--{name}", files))


def test_layers_of_files_become_a_town_that_can_be_redrawn(files: Path, geogrid: Said, engine: Engine) -> None:
    levels = ("--levels", "district/区,community/社区=2,grid/网格")
    said = geogrid(
        "import", "town", *layers(files), "--jurisdiction", "new", "--name", "New Town", *BAND, *levels, "--publish"
    )
    assert "the edition in force since" in said
    with unit_of_work(engine) as session:
        town = get_jurisdiction(session, "new")
        assert [(level.name, level.name_zh) for level in levels_of(session, town)] == [
            ("district", "区"),
            ("community", "社区"),
            ("grid", "网格"),
        ]
        limit = limit_of(town)
        assert limit is not None
        given = gpd.read_file(files, layer="limit")
        stored = gpd.GeoSeries([limit], crs=4326).to_crs(CRS).iloc[0]
        assert shapely.symmetric_difference(stored, given.geometry.iloc[0]).area < 1.0
        assert len(building_frame(session, town.id)) == 70
        assert len(site_frame(session, town.id)) == len(gpd.read_file(files, layer="sites"))
        assert len(street_frame(session, town.id)) > 0
        plan = get_plan(session, 1)
        assert (plan.band_low, plan.band_high, plan.load) == (100.0, 300.0, "households")
        draft = load_whole(session, plan)
        assert len(draft.blocks.polygons) > 10
        households = gpd.read_file(files, layer="buildings")["households"].sum()
        assert session.scalar(text("select sum(households) from grids where level = 3")) <= households
    made = int(geogrid("plan", "new", "next year", "--by", "Wang").split()[0])
    heavy = scalar(engine, "select code from grids where plan_id = 1 and level = 3 order by households desc limit 1")
    assert "changed hands" in geogrid(
        "plan", "edit", made, json.dumps({"kind": "split_into", "grid": heavy, "count": 2}), "--by", "Wang"
    )
    geogrid("plan", "validate", made)
    geogrid("plan", "new", "drawn anew", "--engine", "--by", "Wang")


def scalar(engine: Engine, statement: str) -> object:
    with unit_of_work(engine) as session:
        return session.scalar(text(statement))


def test_cut_town_is_stored_as_it_was_written(files: Path, geogrid: Said, engine: Engine, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gpkg"
    geogrid("partition", *layers(files), *BAND, "--out", cut)
    said = geogrid("import", "town", cut, "--jurisdiction", "cut")
    assert "a draft. Look at it: geogrid plan show 1." in said
    assert "warning" not in said
    town = read_cut_town(cut)
    with unit_of_work(engine) as session:
        rows = session.execute(
            text("select code, kind, level, households, ST_AsBinary(geom) as geom from grids order by code")
        ).all()
        assert {row.code for row in rows} == set(town.grids["code"])
        expected = town.grids.set_index("code")
        for row in rows:
            assert row.households == pytest.approx(float(expected.loc[row.code, "households"]))
            shape = shapely.from_wkb(bytes(row.geom))
            assert shapely.equals_exact(
                shapely.normalize(shape), shapely.normalize(as_multi(expected.loc[row.code, "geometry"])), 1e-12
            )
        assert session.scalar(text("select count(*) from blocks")) == len(town.blocks)
        assert session.scalar(text("select count(*) from buildings")) == len(town.buildings)
        assert session.scalar(text("select count(*) from barriers")) == len(town.barriers)
        assert np.isclose(session.scalar(text("select sum(households) from blocks")), town.blocks["households"].sum())


def as_multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if isinstance(shape, shapely.MultiPolygon) else shapely.MultiPolygon([shape])


def test_cut_town_is_cut_again_alike_from_its_own_layers(files: Path, geogrid: Said, tmp_path: Path) -> None:
    first, again = tmp_path / "first.gpkg", tmp_path / "again.gpkg"
    geogrid("partition", *layers(files), *BAND, "--out", first)
    geogrid("partition", *layers(first), *BAND, "--out", again)
    one, other = read_cut_town(first), read_cut_town(again)
    assert one.grids["code"].tolist() == other.grids["code"].tolist()
    assert one.grids["households"].tolist() == other.grids["households"].tolist()
    apart = shapely.symmetric_difference(
        one.grids.geometry.to_crs(CRS).to_numpy(), other.grids.geometry.to_crs(CRS).to_numpy()
    )
    assert shapely.area(apart).max() < 1.0


def test_dry_run_stores_nothing(files: Path, geogrid: Said, engine: Engine) -> None:
    said = geogrid("import", "town", *layers(files), "--jurisdiction", "new", *BAND, "--dry-run")
    assert "could be stored; nothing is (--dry-run)." in said
    assert scalar(engine, "select count(*) from jurisdictions") == 0


def test_town_that_is_stored_already_is_refused_and_kept(files: Path, geogrid: Said, engine: Engine) -> None:
    geogrid("import", "town", *layers(files), "--jurisdiction", "new", *BAND)
    said = geogrid("import", "town", *layers(files), "--jurisdiction", "new", *BAND, status=1)
    assert "Jurisdiction 'new' is stored already." in said
    assert scalar(engine, "select count(*) from plans") == 1


def test_two_towns_stand_side_by_side(files: Path, geogrid: Said, engine: Engine) -> None:
    for code in ("one", "two"):
        geogrid("import", "town", *layers(files), "--jurisdiction", code, *BAND, "--publish")
    with unit_of_work(engine) as session:
        for code in ("one", "two"):
            town = get_jurisdiction(session, code)
            now = session.scalar(text("select now()"))
            plan = edition_at(session, town.id, now)
            assert plan is not None
            edition = compile_edition(session, plan, at=now)
            middle = limit_of(town).representative_point()
            assert edition.locate(middle.x, middle.y) is not None


def test_grids_that_are_not_their_blocks_are_refused_whole(
    files: Path, geogrid: Said, engine: Engine, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.gpkg"
    geogrid("partition", *layers(files), *BAND, "--out", cut)
    blocks = gpd.read_file(cut, layer="blocks")
    lost = blocks.drop(index=blocks.geometry.to_crs(CRS).area.idxmax())
    lost.to_file(cut, layer="blocks", mode="w")
    report = tmp_path / "report.json"
    said = geogrid("import", "town", cut, "--jurisdiction", "cut", "--report", report, status=1)
    assert "and its blocks differ by land" in said
    assert "and its blocks differ by land" in geogrid(
        "import", "town", cut, "--jurisdiction", "cut", "--dry-run", status=1
    )
    assert {problem["kind"] for problem in json.loads(report.read_text())["problems"]} == {"land-differs"}
    assert scalar(engine, "select count(*) from jurisdictions") == 0


def test_file_that_is_no_town_is_refused_with_the_remedy(geogrid: Said, tmp_path: Path) -> None:
    other = tmp_path / "grids.gpkg"
    gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326).to_file(other)
    said = geogrid("import", "town", other, "--jurisdiction", "x", *BAND, status=1)
    assert "is neither an OpenStreetMap extract nor a town that `geogrid partition --out` wrote" in said
