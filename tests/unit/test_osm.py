import gzip
from pathlib import Path

import pytest
import shapely

from boundaries.files.osm import OsmExtract, helsinki_extract, read_extract
from geogrid.blocks.barriers import RAIL_WATER_MOTORWAY
from geogrid.errors import InvalidInputError
from geogrid.types import DEDICATED_CATEGORIES

NODES = {1: (24.0, 60.0), 2: (24.002, 60.0), 3: (24.002, 60.002), 4: (24.0, 60.002), 5: (24.001, 60.001)}


def way(number: int, refs: tuple[int, ...], **tags: str) -> str:
    nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}">{nodes}{tag_lines(tags)}</way>'


def tag_lines(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())


def town(tmp_path: Path, *ways: str, node_tags: dict[str, str] | None = None) -> OsmExtract:
    """Return what is read of a square of four nodes, a fifth in its middle, and some ways."""
    nodes = "".join(
        f'<node id="{n}" lon="{lon}" lat="{lat}">{tag_lines(node_tags or {}) if n == 5 else ""}</node>'
        for n, (lon, lat) in NODES.items()
    )
    path = tmp_path / "town.osm"
    bounds = '<bounds minlon="23.9" minlat="59.9" maxlon="24.1" maxlat="60.1"/>'
    path.write_text(f'<osm version="0.6">{bounds}{nodes}{"".join(ways)}</osm>')
    return read_extract(path)


AROUND = (1, 2, 3, 4, 1)


def test_the_bank_of_a_lake_is_a_barrier(tmp_path: Path) -> None:
    (bank,) = town(tmp_path, way(1, AROUND, natural="water")).barriers.itertuples()
    assert (bank.kind, bank.rank, bank.geometry.is_ring) == ("bank", RAIL_WATER_MOTORWAY, True)


def test_a_building_has_its_levels_and_use(tmp_path: Path) -> None:
    tags = {"building": "yes", "building__levels": "4;5", "shop": "mall", "name": "Kaari"}
    (house,) = town(tmp_path, way(7, AROUND, **tags)).buildings.itertuples()
    assert (house.osm_id, house.name, house.levels, house.use) == ("w7", "Kaari", 4.0, "mall")


@pytest.mark.parametrize("tags", [{"building": "roof"}, {"building": "no"}, {"building": "yes", "layer": "-2"}])
def test_what_has_no_rooms_above_ground_is_no_building(tmp_path: Path, tags: dict[str, str]) -> None:
    assert town(tmp_path, way(1, AROUND, **tags)).buildings.empty


def test_sites_come_from_areas_and_from_points(tmp_path: Path) -> None:
    extract = town(tmp_path, way(1, AROUND, amenity="school", name="Koulu"), node_tags={"amenity": "clinic"})
    assert list(zip(extract.sites["osm_id"], extract.sites["category"], strict=True)) == [
        ("w1", "school"),
        ("n5", "hospital"),
    ]


def test_an_address_of_a_building_is_a_point_inside_it(tmp_path: Path) -> None:
    tags = {"building": "yes", "addr__street": "Main &quot;A&quot; Street", "addr__housenumber": "5 B"}
    extract = town(tmp_path, way(1, AROUND, **tags))
    (address,) = extract.addresses.itertuples()
    assert (address.street, address.house_number, address.osm_id) == ('Main "A" Street', "5 B", "w1")
    assert extract.buildings.geometry.iloc[0].contains(address.geometry)


def test_administrative_areas_with_most_buildings_are_the_limit(tmp_path: Path) -> None:
    inside = way(1, AROUND, building="yes")
    limit = way(2, AROUND, boundary="administrative", admin_level="8", type="boundary", area="yes")
    extract = town(tmp_path, inside, limit)
    assert shapely.equals(extract.limit.iloc[0], extract.buildings.geometry.iloc[0])


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InvalidInputError, match="cannot be read as OpenStreetMap data"):
        read_extract(path)


def test_an_extract_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(helsinki_extract().read_bytes()[:400_000])
    with pytest.raises(InvalidInputError, match="cannot be read as OpenStreetMap data"):
        read_extract(path)


@pytest.fixture(scope="module")
def helsinki() -> OsmExtract:
    return read_extract(helsinki_extract())


def test_helsinki_has_what_the_demonstration_needs(helsinki: OsmExtract) -> None:
    assert len(helsinki.addresses) == 1_449
    assert len(helsinki.buildings) > 440
    assert {"school", "hospital", "government"} <= set(helsinki.sites["category"]) <= set(DEDICATED_CATEGORIES)
    assert set(helsinki.barriers.geom_type) == {"LineString"}
    assert helsinki.attribution == "© OpenStreetMap contributors"


def test_what_could_not_be_read_is_told(helsinki: OsmExtract) -> None:
    (problem,) = helsinki.problems
    assert (problem.kind, problem.size) == ("broken-geometry", 11)


@pytest.mark.shared_data
def test_monaco_is_limited_by_its_quarters(shared_data: Path) -> None:
    extract = read_extract(shared_data / "small_towns" / "monaco.osm.pbf")
    area_km2 = extract.limit.to_crs(extract.limit.estimate_utm_crs()).area.item() / 1e6
    assert area_km2 == pytest.approx(2.02, abs=0.1)


def test_extract_packed_by_gzip_reads_as_the_plain_one(tmp_path: Path) -> None:
    plain = town(tmp_path, way(1, (1, 2), highway="primary"), way(2, AROUND, building="yes"))
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress((tmp_path / "town.osm").read_bytes()))
    read = read_extract(packed)
    assert read.barriers.geometry.geom_equals(plain.barriers.geometry).all()
    assert read.buildings["osm_id"].tolist() == plain.buildings["osm_id"].tolist() == ["w2"]
    assert read.limit.iloc[0].equals(plain.limit.iloc[0])


@pytest.mark.parametrize("numbers", [(5, 4, 3, 2, 1), (-1, -2, -3, -4, -5)], ids=["descending", "negative"])
def test_ids_come_in_any_order(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    places = list(NODES.values())
    nodes = "".join(
        f'<node id="{number}" lon="{lon}" lat="{lat}"/>' for number, (lon, lat) in zip(numbers, places, strict=True)
    )
    ring = (*numbers[:4], numbers[0])
    path = tmp_path / "town.osm"
    path.write_text(f'<osm version="0.6">{nodes}{way(numbers[0], ring, building="yes")}</osm>')
    (house,) = read_extract(path).buildings.itertuples()
    assert house.geometry.equals(shapely.Polygon(places[:4]))
