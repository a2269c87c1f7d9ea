"""The tests' own guard: a page that asks the internet is noticed."""

import folium
from playwright.sync_api import Browser

from tests.browser.conftest import Watch


def test_folium_as_it_comes_would_ask_the_internet(browser: Browser, watch: Watch) -> None:
    context = browser.new_context()
    context.route("**/*", watch.on_route)
    page = context.new_page()
    page.on("request", watch.on_request)
    page.set_content(folium.Map([60, 25], tiles=None).get_root().render(), wait_until="commit")
    page.wait_for_function("document.scripts.length > 3")
    context.close()
    assert any(address.endswith("leaflet.js") for address in watch.foreign)
