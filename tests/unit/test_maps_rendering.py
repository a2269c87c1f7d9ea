import re
from pathlib import Path

import folium
import pytest
from folium.plugins import HeatMap, MarkerCluster

from api.web import assets
from api.web.assets import inlined_address, local_path, served_address
from geogrid.errors import NotFoundError
from geogrid.maps import coverage_map, hotspot_map, render
from tests.browser.towns import Town, make_cases, make_town

LOADED = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]*)')
BRACES = "{{ 7*7 }} {% for x in y %} {# gone #}"


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


def test_same_input_gives_the_same_page_to_the_last_byte(town: Town) -> None:
    cases = make_cases(town, 200)
    assert render(hotspot_map(cases, town.grids), str) == render(hotspot_map(cases, town.grids), str)


def test_rendering_twice_gives_the_same_page(town: Town) -> None:
    drawn = coverage_map(town.grids, limit=town.limit, band=(300, 500))
    assert render(drawn, str) == render(drawn, str)


def test_a_served_page_loads_only_from_its_own_server(town: Town) -> None:
    loaded = LOADED.findall(render(hotspot_map(make_cases(town, 10), town.grids), served_address))
    assert "/assets/vendor/leaflet/leaflet.js" in loaded
    assert all(address.startswith("/assets/vendor/") for address in loaded)


def test_a_page_that_stands_alone_loads_only_itself(town: Town) -> None:
    html = render(coverage_map(town.grids), inlined_address)
    assert all(address.startswith("data:") for address in LOADED.findall(html))


def test_libraries_that_the_map_does_not_use_are_left_out(town: Town) -> None:
    loaded = LOADED.findall(render(coverage_map(town.grids), served_address))
    assert loaded == ["/assets/vendor/leaflet/leaflet.js", "/assets/vendor/leaflet/leaflet.css"]


def test_what_a_reader_adds_to_the_map_gets_the_libraries_it_needs(town: Town) -> None:
    drawn = coverage_map(town.grids)
    folium.Marker([28.26, 112.56], popup="here", icon=folium.Icon(icon="school", prefix="fa")).add_to(drawn)
    loaded = LOADED.findall(render(drawn, served_address))
    assert {"/assets/vendor/jquery/jquery.min.js", "/assets/vendor/fontawesome/css/all.min.css"} <= set(loaded)


def test_html_that_a_reader_adds_keeps_the_libraries(town: Town) -> None:
    drawn = coverage_map(town.grids)
    drawn.get_root().html.add_child(folium.Element('<button class="btn">Mine</button>'))  # type: ignore[attr-defined]
    assert "/assets/vendor/bootstrap/bootstrap.min.css" in LOADED.findall(render(drawn, served_address))


def test_rendering_leaves_folium_as_it_was(town: Town) -> None:
    before = [*folium.Map.default_js, *folium.Map.default_css, *MarkerCluster.default_js]
    render(hotspot_map(make_cases(town, 10), town.grids), served_address)
    assert [*folium.Map.default_js, *folium.Map.default_css, *MarkerCluster.default_js] == before


def test_braces_of_a_users_text_are_not_evaluated(town: Town) -> None:
    grids = town.grids.assign(name=BRACES, level_name=BRACES, duty=BRACES)
    cases = make_cases(town, 3).assign(text=BRACES, category=BRACES)
    html = render(hotspot_map(cases, grids, subtitle=BRACES, attribution=[BRACES]), str)
    assert html.count("{{ 7*7 }}") >= len(grids)
    assert "{# gone #}" in html
    assert " 49 " not in html


@pytest.mark.parametrize(
    "address", [url for _, url in (*folium.Map.default_js, *folium.Map.default_css, *HeatMap.default_js)]
)
def test_whatever_folium_links_by_default_is_here(address: str) -> None:
    assert local_path(address).stat().st_size > 0


def test_an_address_without_a_local_copy_is_named_with_the_remedy() -> None:
    with pytest.raises(NotFoundError, match=r"no local copy of https://x\.example/strange\.js.*package\.json"):
        local_path("https://x.example/strange.js")


def test_an_inlined_style_sheet_names_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "leaflet").mkdir()
    (tmp_path / "leaflet/there.png").write_bytes(b"\x89PNG")
    style = "a{background:url(there.png)} b{src:url('gone.ttf?x#y'),url(\"#local\"),url(data:image/png;base64,AA)}"
    (tmp_path / "leaflet/leaflet.css").write_text(style)
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    import base64

    inlined = base64.b64decode(inlined_address("https://x.example/leaflet.css").partition(",")[2]).decode()
    assert inlined == (
        'a{background:url("data:image/png;base64,iVBORw==")} '
        'b{src:url("data:,"),url("#local"),url(data:image/png;base64,AA)}'
    )


def test_maps_and_pages_share_their_tokens() -> None:
    root = Path(assets.__file__).parents[2]
    tokens = re.compile(r"(--gg-[\w-]+): ([^;]+);")
    of_map = dict(tokens.findall((root / "geogrid/maps/map.css").read_text().partition("}")[0]))
    of_pages = dict(tokens.findall((root / "api/web/static/geogrid.css").read_text().partition("}")[0]))
    assert of_map
    assert of_map.items() <= of_pages.items()
