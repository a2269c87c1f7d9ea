import gzip
from pathlib import Path

import geopandas as gpd
import pytest

from boundaries.files.addresses.osm_places import named_places
from boundaries.files.addresses.reading import read_addresses
from boundaries.files.osm import helsinki_extract
from tests.unit.test_osm import AROUND, town, way


def places(tmp_path: Path, *ways: str, node_tags: dict[str, str] | None = None) -> gpd.GeoDataFrame:
    town(tmp_path, *ways, node_tags=node_tags)
    return named_places(tmp_path / "town.osm")


def test_a_shop_is_a_place_with_all_its_names(tmp_path: Path) -> None:
    tags = {"shop": "bakery", "name": "Corner Bakery", "alt_name": "Smith's;The Corner", "name__zh": "街角面包店"}
    found = places(tmp_path, node_tags=tags)
    assert found[["osm_id", "name", "aliases"]].to_numpy().tolist() == [
        ["n5", "Corner Bakery", "Smith's;The Corner;街角面包店"]
    ]


def test_a_park_is_a_place_at_a_point_inside_it(tmp_path: Path) -> None:
    (point,) = places(tmp_path, way(7, AROUND, leisure="park", name="Green Park")).geometry
    assert (24.0 < point.x < 24.002, 60.0 < point.y < 60.002) == (True, True)


@pytest.mark.parametrize("tags", [{"shop": "bakery"}, {"railway": "switch", "name": "W12"}, {"name": "Nothing else"}])
def test_what_has_no_name_or_is_no_place_is_left_out(tmp_path: Path, tags: dict[str, str]) -> None:
    assert places(tmp_path, node_tags=tags).empty


def test_an_extract_gives_addresses_streets_and_places_once_each() -> None:
    found = read_addresses(helsinki_extract(), columns={})
    assert found["osm_id"].is_unique
    assert found["name"].notna().sum() > 1_500
    assert found["aliases"].eq("Музей Атенеум").sum() == 1
    assert (found["osm_id"].str.startswith("street ")).sum() > 80


def test_extract_packed_by_gzip_has_the_same_addresses(tmp_path: Path) -> None:
    text = (
        '<osm version="0.6"><bounds minlon="23.9" minlat="59.9" maxlon="24.2" maxlat="60.2"/>'
        '<node id="2" lon="24.1" lat="60.1"><tag k="addr:street" v="Kuja"/>'
        '<tag k="addr:housenumber" v="7"/></node><node id="1" lon="24.0" lat="60.0"><tag k="amenity" v="school"/>'
        '<tag k="name" v="Koulu"/></node></osm>'
    )
    (tmp_path / "town.osm").write_text(text)
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = (read_addresses(tmp_path / name, columns={}) for name in ("town.osm", "town.osm.gz"))
    assert sorted(packed["osm_id"]) == sorted(plain["osm_id"]) == ["n1", "n2"]
