"""Every kind of page by axe, at a desk and on a phone, in both languages; and how far it is to its content by keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from api.accounts.door import PLAIN_COOKIE
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.casework.rules import read_rules, store_rules
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import store_town
from tests.http.people import begin
from tests.serving import serving

REPORTER = {"name": "张三", "telephone": "13987650123", "email": "zhang@mail.example"}
REPORT = {"lon": 10.5, "lat": 50.5, "text": "路灯不亮，请致电 13987650123", "category": "lamp", "reporter": REPORTER}
PAGES = {
    "landing": "/",
    "landing-found": "/?q=Long+Street+1",
    "search": "/search",
    "search-wrong": "/search?from=never",
    "case": "/search/1",
    "work": "/search/1/work",
    "area": "/area/D-a",
    "areas": "/areas",
    "point": "/point/4326/10.5,50.5",
    "coverage": "/maps/coverage",
    "hotspots": "/maps/hotspots",
    "rates": "/maps/hotspots?method=rate",
    "two-periods": "/maps/hotspots?method=rate&split=2026-01-01T00:00:00Z",
    "embed": "/embed/map",
    "collections": "/collections",
    "collection": "/collections/grids",
    "items": "/collections/grids/items",
    "item": "/collections/grids/items/D-a",
    "cases": "/collections/cases/items",
    "queryables": "/collections/grids/queryables",
    "conformance": "/conformance",
    "tiles": "/tiles",
    "docs": "/docs",
    "missing": "/nothing/here",
}
RULES = {"profile": "full", "limits": {"received": {"amount": 4, "unit": "working_hours"}}}
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])


@dataclass(frozen=True, slots=True)
class Site:
    """A served town with a case whose reporter is sealed, and the cookie of an operator."""

    address: str
    secret: str

    def opened(self, browser: Browser, size: tuple[int, int]) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.add_cookies([{"name": PLAIN_COOKIE, "value": self.secret, "url": self.address}])
        return context.new_page()

    def at(self, path: str, lang: str) -> str:
        return f"{self.address}{path}{'&' if '?' in path else '?'}{urlencode({'lang': lang})}"


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("axe")):
        engine = open_engine(database.settings)
        town = store_town(engine)
        with unit_of_work(engine) as session:
            store_rules(session, town.id, read_rules(RULES))
            account = add_account(session, "wang.fang", name="王芳")
            give_role(session, "wang.fang", Grant(Role.OPERATOR, "town"))
            secret = begin(session, account)
        engine.dispose()
        with serving(ServerSettings(**{**database.settings.model_dump(), "open": "no"})) as address:
            assert httpx2.post(f"{address}/cases", json=REPORT).status_code == httpx2.codes.CREATED
            yield Site(address, secret)


def faults(page: Page) -> list[str]:
    found = violations(page)
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{beyond} pixels stick out"] if beyond > 0 else [])]


@SIZES
@LANGS
@pytest.mark.timeout(400)
def test_pages_are_in_order(browser: Browser, site: Site, artifacts: Path, size: tuple[int, int], lang: str) -> None:
    page, found = site.opened(browser, size), list[str]()
    for name, path in PAGES.items():
        reply = page.goto(site.at(path, lang) if path not in {"/areas", "/tiles"} else f"{site.address}{path}")
        if reply is None or "html" not in reply.headers.get("content-type", ""):
            continue
        page.wait_for_load_state("load")
        if name == "docs":
            page.locator(".swagger-ui main").wait_for()
        if name in {"landing", "search", "case", "work", "area"}:
            page.screenshot(path=artifacts / f"page-{name}-{lang}-{size[0]}.png", full_page=True)
        found += [f"{name}: {wrong}" for wrong in faults(page)]
    assert not found, "\n".join(found)


@SIZES
@LANGS
def test_reporter_is_shown_for_a_reason(
    browser: Browser, site: Site, artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    page = site.opened(browser, size)
    page.goto(site.at("/search/1", lang))
    form = page.locator("#reporter")
    expect(form).to_be_visible()
    assert REPORTER["telephone"] not in page.content()
    page.screenshot(path=artifacts / f"reporter-form-{lang}-{size[0]}.png", full_page=True)
    page.locator("#reason").fill("call back")
    page.keyboard.press("Enter")
    expect(page.locator("#reporter")).to_contain_text(REPORTER["telephone"])
    below = "document.querySelector('#reporter h2').getBoundingClientRect().top"
    assert page.evaluate(below) >= page.evaluate("document.querySelector('.bar').getBoundingClientRect().bottom")
    page.screenshot(path=artifacts / f"reporter-shown-{lang}-{size[0]}.png", full_page=True)
    assert faults(page) == []
    page.goto(site.at("/search/1", lang))
    assert REPORTER["telephone"] not in page.content()


@pytest.mark.parametrize("path", ["/", "/search", "/search/1", "/area/D-a", "/collections/grids/items"])
def test_first_step_by_key_leads_past_the_header(browser: Browser, site: Site, path: str) -> None:
    page = site.opened(browser, DESKTOP)
    page.goto(site.at(path, "en"))
    page.locator("#main :is(a, button, input:not([type=hidden]), summary)").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
