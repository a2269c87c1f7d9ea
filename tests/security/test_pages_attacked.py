"""Text of an attacker stays text: every page in Chromium, under its own policy, with scripts wherever one can write."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page
from shapely import Point

from api.accounts.rules import RULES
from api.app import create_app
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.addresses.geocoding import import_addresses
from boundaries.cases.reading import NewCase
from boundaries.features.catalogue import CASE_FIELD_NAMES
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.open311.services import read_services, replace_services
from boundaries.plans.drafts import get_plan, new_draft
from boundaries.plans.storing import save_duties, save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from geogrid.types import LevelName
from tests.db.towns import row_of_boxes
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.conftest import FIRST_EDITION, Town, store_cases
from tests.http.people import begin
from tests.http.test_access_matrix import NUMBERS, VALUES
from tests.security.hostile_texts import SCRIPTS
from tests.serving import serving

ALL = " ".join(SCRIPTS)
AT = datetime(2026, 2, 1, tzinfo=UTC)
WATCH = """
window.ran = [];
window.gg = (number) => window.ran.push(number);
document.addEventListener('securitypolicyviolation', (event) => window.ran.push(event.violatedDirective));
"""
MARKUP = """() => [...document.querySelectorAll('*')].flatMap((each) => [...each.attributes]
  .filter((one) => (one.name.startsWith('on') && one.value.includes('gg('))
    || (['href', 'src', 'action', 'data', 'formaction', 'xlink:href', 'srcdoc', 'content'].includes(one.name)
      && (/^\\s*javascript:/i.test(one.value) || /^(https?:)?\\/\\/evil/.test(one.value)
        || one.value.includes('<script')))
  ).map((one) => `${each.tagName} ${one.name}=${one.value}`.slice(0, 200)))"""

ENDLESS = frozenset({"GET /plans/{plan_id}/events"})
"""Streams of events: no pages, and waiting for their end would take for ever."""


@dataclass(frozen=True, slots=True)
class Site:
    """A town in which everything that has a name is called by a script; its addresses that answer with pages."""

    address: str
    cookie: dict[str, str]
    pages: list[str]


def store_hostile(database: Database) -> str:
    """Store scripts wherever somebody can write; return the secret of a session that may see all of it."""
    engine = open_engine(database.settings)
    with unit_of_work(engine) as session:
        levels = [LevelName(SCRIPTS[0], SCRIPTS[3]), LevelName(SCRIPTS[5], SCRIPTS[6])]
        town = save_jurisdiction(session, code="town", name=ALL, levels=levels, time_zone="UTC", attribution=[ALL])
        grids = row_of_boxes("abc")
        grids["name"] = [ALL, *SCRIPTS[1:4]]
        plan = save_plan(session, town, name=ALL[:200], grids=grids, band=(0, 1))
        duties = {"grid": ["D-a", "D"], "role": [SCRIPTS[3], SCRIPTS[4]], "holder": [ALL[:200], SCRIPTS[5]]}
        save_duties(session, plan, pd.DataFrame({**duties, "phone": [SCRIPTS[8], SCRIPTS[17]]}))
        publish(session, plan, valid_from=FIRST_EDITION)
        places = {"street": list(SCRIPTS), "house_number": [str(n) for n in range(len(SCRIPTS))]}
        points = [Point(10.1 + 0.1 * n, 50.5) for n in range(len(SCRIPTS))]
        import_addresses(session, town.id, gpd.GeoDataFrame(places, geometry=points, crs=4326), "survey")
        new_draft(session, get_plan(session, 1), name=ALL[:100], made_by="planner", at=AT)
        services = [{"service_code": f"S{n}", "service_name": one, "description": one, "group": one, "keywords": one}
                    for n, one in enumerate(SCRIPTS)]  # fmt: skip
        replace_services(session, town.id, read_services(services))
        account = add_account(session, "all", name=ALL[:200])
        for role in Role:
            if role is not Role.APPLICATION:
                give_role(session, "all", Grant(role, None, None) if role not in {Role.GRIDDER, Role.CHIEF}
                          else Grant(role, "town", "D-a"))  # fmt: skip
        secret = begin(session, account)
    hostile = [
        NewCase(one, f"{n} {one}", AT, text=one, address=one, category=one, lon=10.1 + 0.1 * n, lat=50.5,
                attributes={one: one})
        for n, one in enumerate(SCRIPTS)
    ]  # fmt: skip
    store_cases(engine, Town(town.id, "town"), *hostile, replace(hostile[0], external_id="all", text=ALL))
    engine.dispose()
    return secret


def addresses(settings: ServerSettings, cookie: dict[str, str]) -> list[str]:
    """Return every address of the table of routes that answers with a page, plain and with a script as its query."""
    asked = []
    for name in RULES:
        method, path = name.split(" ")
        for part, value in VALUES.items():
            path = path.replace(f"{{{part}}}", value.format(case=1, draft=2))
        for part in NUMBERS:
            path = path.replace(f"{{{part}}}", "0")
        if method == "GET" and name not in ENDLESS:
            asked.append(path.replace("/login/once/none", "/login"))
    more = [
        "/collections/cases/items", "/collections/cases/items/1", "/collections/grids/items/D-a",
        "/point/4326/10.5,50.5",
        "/search?text=script", "/search/2", "/search/23", "/accounts/all", "/audit?lang=zh", "/?lang=zh",
        "/search?lang=zh",
        f"/?address={quote(SCRIPTS[0])}", f"/{quote(SCRIPTS[3])}", f"/area/{quote(SCRIPTS[3], safe='')}",
    ]  # fmt: skip
    queries = [f"/search?{field}={quote(one)}" for field in ("text", "grid", "from", "status") for one in SCRIPTS[:6]]
    queries += [f"/login?next={quote(one)}" for one in (SCRIPTS[8], SCRIPTS[5])]
    found = []
    with TestClient(create_app(settings)) as client:
        for path in dict.fromkeys([*asked, *more, *queries]):
            reply = client.get(path, headers={"Accept": "text/html", **cookie}, follow_redirects=False)
            assert reply.status_code < 500, f"{path}: {reply.text[:300]}"
            if reply.headers.get("content-type", "").startswith("text/html"):
                found.append(path)
    return found


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("hostile")):
        secret = store_hostile(database)
        given = {"open": "no", "public_case_fields": tuple(CASE_FIELD_NAMES)}
        settings = ServerSettings(**{**database.settings.model_dump(), **given})
        cookie = {"name": "geogrid_session", "value": secret}
        pages = addresses(settings, {"Cookie": f"{cookie['name']}={secret}"})
        with serving(settings) as address:
            yield Site(address, {**cookie, "url": address}, pages)


def opened(browser: Browser, site: Site) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([site.cookie])  # type: ignore[list-item]
    context.add_init_script(WATCH)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    return page


def test_there_are_pages_of_every_room(site: Site) -> None:
    paths = {page.split("?")[0].split("/")[1] for page in site.pages}
    assert {"", "search", "accounts", "account", "audit", "login", "maps", "embed", "collections", "area"} <= paths
    assert len(site.pages) > 50


@pytest.mark.timeout(900)
def test_no_page_runs_or_holds_what_was_written(browser: Browser, site: Site) -> None:
    page = opened(browser, site)
    elsewhere: list[str] = []
    page.on("request", lambda each: elsewhere.append(each.url) if "evil" in each.url.split("?")[0] else None)
    faults = []
    for path in site.pages:
        page.goto(f"{site.address}{path}", wait_until="load")
        ran, markup = page.evaluate("window.ran"), page.evaluate(MARKUP)
        if ran or markup:
            faults.append(f"{path}: {ran} {markup}")
    assert faults == []
    assert elsewhere == []


def test_what_was_written_is_shown(browser: Browser, site: Site) -> None:
    page = opened(browser, site)
    for number, script in ((1, SCRIPTS[0]), (4, SCRIPTS[3]), (11, SCRIPTS[10])):
        page.goto(f"{site.address}/search/{number}?lang=en")
        assert script in (page.locator("body").text_content() or "")
