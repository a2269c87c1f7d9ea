"""What a user wrote stays text, wherever a map shows it."""

from pathlib import Path

import folium
from folium.plugins import MarkerCluster
from playwright.sync_api import Page

from api.web.assets import inlined_address
from geogrid.maps import coverage_map, hotspot_map, render
from tests.browser.conftest import OpenPage
from tests.browser.towns import Town, make_cases

HOSTILE = (
    "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
    "</title><!-- {{ 7*7 }} {% raw %} ${window.hacked = 3} \u2028 \" ' \\"
)


def open_drawn(open_page: OpenPage, drawn: folium.Map, folder: Path) -> Page:
    out = folder / "map.html"
    out.write_text(render(drawn, inlined_address), encoding="utf-8")
    return open_page(out)


def test_a_hostile_grid_is_shown_as_it_was_written(open_page: OpenPage, town: Town, tmp_path: Path) -> None:
    grids = town.grids.assign(name=HOSTILE, level_name=HOSTILE, duty=HOSTILE)
    drawn = coverage_map(grids, limit=town.limit, subtitle=HOSTILE, attribution=[HOSTILE], load="households")
    page = open_drawn(open_page, drawn, tmp_path)
    page.locator(".leaflet-gg-grids-pane path.leaflet-interactive").first.click()
    page.locator(".gg-details").wait_for()
    assert page.locator(".gg-details h3").text_content() == HOSTILE
    assert page.locator(".gg-subtitle").text_content() == HOSTILE
    assert "{{ 7*7 }}" in (page.locator(".leaflet-control-attribution").text_content() or "")
    assert page.locator(".leaflet-control-layers-list").get_by_text("{{ 7*7 }}").count() == 2
    assert page.evaluate("window.hacked") is None


def test_a_hostile_case_is_shown_as_it_was_written(open_page: OpenPage, town: Town, tmp_path: Path) -> None:
    cases = make_cases(town, 1).assign(text=HOSTILE, address=HOSTILE, category=HOSTILE, channel=HOSTILE, status=HOSTILE)
    page = open_drawn(open_page, hotspot_map(cases.assign(id=HOSTILE), town.grids), tmp_path)
    page.locator(".leaflet-gg-cases-pane path.leaflet-interactive").click()
    page.locator(".gg-details").wait_for()
    assert page.locator(".gg-details h3").text_content() == f"编号 Number {HOSTILE}"
    assert HOSTILE in (page.locator(".gg-details dl").text_content() or "")
    assert page.evaluate("window.hacked") is None


def test_foliums_own_markers_popups_and_icons_work_without_network(open_page: OpenPage, tmp_path: Path) -> None:
    drawn = folium.Map([60.17, 24.94], tiles=None, zoom_start=12, max_zoom=18)
    drawn.options["maxZoom"] = 18
    folium.Marker([60.17, 24.94], popup="plain", tooltip="plain").add_to(drawn)
    folium.Marker([60.18, 24.94], popup="red", icon=folium.Icon(color="red", icon="info-sign")).add_to(drawn)
    folium.Marker([60.16, 24.94], icon=folium.Icon(icon="school", prefix="fa", angle=90)).add_to(drawn)
    MarkerCluster([[60.17, 24.95], [60.17, 24.9501]]).add_to(drawn)
    script = "window.addEventListener('load', () => (document.documentElement.dataset.geogrid = 'ready'));"
    drawn.get_root().html.add_child(folium.Element(f"<script>{script}</script>"))  # type: ignore[attr-defined]
    page = open_drawn(open_page, drawn, tmp_path)
    images = page.locator("img.leaflet-marker-icon")
    assert images.count() == 1
    assert images.evaluate("(image) => image.naturalWidth") == 25
    assert page.locator(".awesome-marker i").count() == 2
    page.evaluate("document.fonts.ready")
    fonts = page.evaluate("[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)")
    assert any("Glyphicons" in font for font in fonts)
    assert any("Font Awesome" in font for font in fonts)
    images.click()
    page.locator(".leaflet-popup-content", has_text="plain").wait_for()
