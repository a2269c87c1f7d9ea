"""Sites of a town: which get a grid of their own, what becomes of homes on them, how files name them."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result
from pyproj import CRS

from api.cli import main
from api.cli.town_options import PUBLISHED_RATIO
from boundaries.files.towns.sites import CATEGORY_WORDS, settle_sites
from geogrid.partition import sites
from geogrid.types import DEDICATED_CATEGORIES

METRES = CRS("EPSG:4547")
X, Y = 500_000.0, 3_800_000.0
STEP = 100.0
SIDE = 10

Cut = Callable[..., Result]


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X + west, Y + south, X + east, Y + north)


def frame(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapes, crs=METRES).assign(**columns)


def town_layers() -> dict[str, gpd.GeoDataFrame]:
    """Return 10 by 10 blocks of 100 m with four houses of 10 households each, 4,000 in all."""
    size = SIDE * STEP
    at = np.arange(SIDE + 1) * STEP
    lines = [shapely.LineString([(X + a, Y), (X + a, Y + size)]) for a in at]
    lines += [shapely.LineString([(X, Y + a), (X + size, Y + a)]) for a in at]
    houses = [
        box(a + dx, b + dy, a + dx + 20, b + dy + 20)
        for a in at[:-1]
        for b in at[:-1]
        for dx in (15, 65)
        for dy in (15, 65)
    ]
    return {
        "streets": frame(lines, rank=4),
        "buildings": frame(houses, households=10),
        "limit": frame([box(0, 0, size, size)]),
    }


def schools(count: int) -> gpd.GeoDataFrame:
    """Return schools of growing size on the first blocks, between the houses."""
    shapes = [box(n * 100 + 37, 10 + 100 * (n // SIDE), n * 100 + 63, 70 + 100 * (n // SIDE) + n) for n in range(count)]
    return frame(shapes, name=[f"School {n}" for n in range(count)], category="school")


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    def cut(layers: dict[str, gpd.GeoDataFrame], *options: str, band: str = "300:500") -> Result:
        path = tmp_path / "town.gpkg"
        path.unlink(missing_ok=True)
        for name, layer in layers.items():
            layer.to_file(path, layer=name)
        roles = [part for name in layers for part in (f"--{name.replace('_', '-')}", str(path))]
        out = ["--out", str(tmp_path / "cut.gpkg"), "--report", str(tmp_path / "report.json")]
        return CliRunner().invoke(main, ["partition", *roles, "--band", band, *options, *out])

    return cut


def leaves(tmp_path: Path) -> gpd.GeoDataFrame:
    grids = pyogrio.read_dataframe(tmp_path / "cut.gpkg", layer="grids").to_crs(METRES)
    return grids[grids["kind"] != "parent"]


def problems(tmp_path: Path, kind: str) -> list[str]:
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))["problems"]
    return [problem["message"] for problem in found if problem["kind"] == kind]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"School 8", "School 9"}),
        (("--dedicated", "0.4"), {"School 6", "School 7", "School 8", "School 9"}),
        (("--dedicated", "none"), set()),
        (("--dedicated", "all"), {f"School {n}" for n in range(10)}),
        (("--dedicated", "all", "--dedicated-min-area", "1700"), {"School 6", "School 7", "School 8", "School 9"}),
    ],
)
def test_largest_sites_get_a_grid_up_to_the_ratio_and_the_others_are_places_in_theirs(
    cut: Cut, tmp_path: Path, options: tuple[str, ...], expected: set[str]
) -> None:
    given = schools(10)
    done = cut(town_layers() | {"sites": given}, *options)
    assert done.exit_code == 0, done.output
    grids = leaves(tmp_path)
    assert set(grids["name"][grids["kind"] == "dedicated"]) == expected
    written = pyogrio.read_dataframe(tmp_path / "cut.gpkg", layer="sites").set_index("name")
    inside = gpd.sjoin(given.set_geometry(given.representative_point()), grids[["code", "kind", "geometry"]])
    for row in inside.itertuples():
        assert written.loc[row.name, "grid"] == row.code
        assert written.loc[row.name, "grid_kind"] == row.kind
    said = problems(tmp_path, "sites-within-grids")
    assert len(said) == (len(expected) < 10)
    assert all(f"{len(expected)} of 10 sites" in message for message in said)


def test_site_is_wished_for_or_refused_by_a_column(cut: Cut, tmp_path: Path) -> None:
    given = schools(10).assign(专属=["是", *[None] * 8, "否"])
    assert cut(town_layers() | {"sites": given}).exit_code == 0
    grids = leaves(tmp_path)
    assert set(grids["name"][grids["kind"] == "dedicated"]) == {"School 0", "School 8"}


def test_sites_rank_by_people_where_the_file_tells_any(cut: Cut, tmp_path: Path) -> None:
    given = schools(10).assign(people=[900, 10, 1200, *[20] * 7])
    assert cut(town_layers() | {"sites": given}).exit_code == 0
    grids = leaves(tmp_path)
    assert set(grids["name"][grids["kind"] == "dedicated"]) == {"School 0", "School 2"}


def campus() -> dict[str, gpd.GeoDataFrame]:
    """Return the town with a university: two halls in its west, 1,000 households in two towers in its east."""
    layers = town_layers()
    houses = layers["buildings"]
    place = box(300, 300, 500, 400)
    kept = houses[~houses.within(place)]
    halls, towers = (
        [box(320, 320, 340, 380), box(350, 320, 370, 380)],
        [box(420, 320, 440, 380), box(460, 320, 480, 380)],
    )
    new = frame([*halls, *towers], households=[0, 0, 500, 500])
    layers["buildings"] = gpd.GeoDataFrame(pd.concat([kept, new], ignore_index=True), crs=METRES)
    return layers | {"sites": frame([place], name="University", category="school")}


@pytest.mark.parametrize(
    ("homes", "area_m2", "households"), [("comprehensive", 0, 0), ("dedicated", 20_000, 1_000), ("divide", 9_000, 0)]
)
def test_homes_on_a_site_stay_in_comprehensive_grids_unless_chosen_otherwise(
    cut: Cut, tmp_path: Path, homes: str, area_m2: float, households: float
) -> None:
    done = cut(campus(), *(() if homes == "comprehensive" else ("--sites-with-homes", homes)))
    assert done.exit_code == 0, done.output
    grids = leaves(tmp_path)
    own = grids[grids["kind"] == "dedicated"]
    assert own["households"].sum() == households
    assert own.area.sum() == pytest.approx(area_m2, rel=0.15)
    assert grids["households"].sum() == campus()["buildings"]["households"].sum()
    (said,) = problems(tmp_path, "site-with-homes")
    assert "'University' (school) holds 1,000 households, over 30" in said
    if homes == "divide":
        lived_in = campus()["buildings"].query("households > 0")
        assert not lived_in.intersects(own.union_all().buffer(-0.05)).any()


def test_building_of_unknown_use_on_the_land_of_a_school_has_no_households(cut: Cut, tmp_path: Path) -> None:
    layers = campus()
    layers["buildings"] = layers["buildings"].drop(columns="households")
    assert cut(layers, band="100:9000").exit_code == 0
    written = pyogrio.read_dataframe(tmp_path / "cut.gpkg", layer="buildings").to_crs(METRES)
    on_site = written.representative_point().within(layers["sites"].geometry.iloc[0])
    assert written["households"][on_site].sum() == 0
    assert (written["households"][~on_site] > 0).all()
    assert problems(tmp_path, "site-with-homes") == []


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("学校", "school"),
        ("医院", "hospital"),
        ("公园", "other"),
        ("商场", "commercial"),
        ("写字楼", "office_building"),
        ("园区", "industrial_park"),
        ("机关", "government"),
        (" School ", "school"),
        ("Industrial Park", "industrial_park"),
    ],
)
def test_categories_have_chinese_names(word: str, category: str) -> None:
    settled, found = settle_sites(frame([box(0, 0, 1, 1)], 类别=[word], 名称=["甲"]), "sites.shp")
    assert (settled["category"].tolist(), settled["name"].tolist(), found) == ([category], ["甲"], [])


def test_every_category_has_words_that_mean_no_other() -> None:
    assert set(CATEGORY_WORDS) == set(DEDICATED_CATEGORIES)
    words = [word for own in CATEGORY_WORDS.values() for word in own]
    assert len(words) == len(set(words))


def test_what_is_no_category_and_no_wish_is_told_at_once() -> None:
    given = frame([box(0, 0, 1, 1)] * 3, category=["school", "castle", None], dedicated=["yes", "perhaps", ""])
    kinds = [(problem.kind, problem.severity) for problem in settle_sites(given, "sites.shp")[1]]
    assert kinds == [("unknown-category", "error"), ("unknown-category", "error"), ("unknown-wish", "error")]


def test_ratio_of_the_help_is_the_published_one() -> None:
    assert PUBLISHED_RATIO == sites.PUBLISHED_RATIO == pytest.approx(3_188 / 17_242, abs=0.005)


@pytest.mark.parametrize("text", ["-1", "many", "nan", "inf"])
def test_ratio_that_is_none_is_refused(cut: Cut, text: str) -> None:
    done = cut(town_layers(), "--dedicated", text)
    assert done.exit_code == 1
    assert "neither all nor none" in done.output


def test_words_of_categories_stand_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "partition.md").read_text("utf-8")
    for category, words in CATEGORY_WORDS.items():
        assert f"| `{category}` | {', '.join(words)} |" in page
