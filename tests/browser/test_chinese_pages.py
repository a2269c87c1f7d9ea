"""Chinese pages are Chinese: what no person wrote is not in English, on any kind of page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from api.accounts.door import PLAIN_COOKIE
from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.cases.reading import NewCase
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.plans.comments import NewComment, add_comment
from boundaries.plans.drafts import get_plan, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from geogrid.plans.operations.kinds import AssignDuty, Lock, MoveBlocks
from tests.browser.conftest import DESKTOP
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import Town, store_cases
from tests.http.people import begin
from tests.serving import serving
from tests.workbench_town import PASSWORD, store_draft

PAGES = {
    "landing": "/",
    "landing-found": "/?q=112.5555,28.2555",
    "landing-code": "/?q=T-W-0",
    "landing-nothing": "/?q=nowhere",
    "search": "/search",
    "search-wrong": "/search?from=never",
    "case": "/search/1",
    "work": "/search/1/work",
    "area": "/area/T-W-0",
    "area-parents": "/area/T-W/children",
    "point": "/point/4326/112.5555,28.2555",
    "coverage": "/maps/coverage",
    "hotspots": "/maps/hotspots",
    "embed": "/embed/map",
    "plans": "/plans",
    "plan": "/plans/2",
    "plan-checked": "/plans/2?validate=true",
    "plan-published": "/plans/1",
    "publish": "/plans/3/publish",
    "compare": "/plans/1/compare/2",
    "workbench": "/plans/2/edit",
    "collections": "/collections",
    "collection": "/collections/grids",
    "items": "/collections/grids/items",
    "item": "/collections/grids/items/T-W-0",
    "cases": "/collections/cases/items",
    "account": "/account",
    "missing": "/nothing/here",
    "missing-plan": "/plans/99",
    "missing-grid": "/area/NOWHERE",
    "wrong-value": "/plans?state=nonsense",
}
# What a page may say in Latin letters: names of things, and what stands for others to copy.
NAMES = re.compile(
    r"GeoGrid|GeoJSON|OpenStreetMap|OpenAPI|Leaflet|MapLibre|English|JavaScript|WebGL|Shapefile|GeoPackage|"
    r"geogrid [a-z]+ [a-z]+|WGS ?84|GCJ-02|BD-09|© Surveyors|https?://\S+|[\w./-]*/[\w./{}?=&-]+|[\w-]+\.[a-z]{2,}|"
    r"(?<=须为以下之一：)[a-z_, ]+"
)
ENGLISH = re.compile(r"[A-Za-z][a-z]+(?:[ ,]+[A-Za-z][a-z]+){2,}")
TEXTS = """() => {
  const found = [];
  const shown = (element) => element.checkVisibility?.({ checkOpacity: false }) ?? true;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    if (parent.closest("script, style, noscript, template, pre, code, [lang=en], [hreflang]")) continue;
    if (!shown(parent)) continue;
    found.push(node.textContent);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (element.closest("[lang=en]")) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(element.getAttribute(name) ?? "");
  }
  return [document.title, ...found].map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


@dataclass(frozen=True, slots=True)
class Site:
    """A town all in Chinese, and the cookie of somebody who may do everything in it."""

    address: str
    secret: str

    def opened(self, browser: Browser) -> Page:
        context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale="zh-CN")
        context.add_cookies([{"name": PLAIN_COOKIE, "value": self.secret, "url": self.address}])
        return context.new_page()

    def at(self, path: str) -> str:
        return f"{self.address}{path}{'&' if '?' in path else '?'}{urlencode({'lang': 'zh'})}"


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("chinese")):
        engine = open_engine(database.settings)
        store_draft(engine, "二〇二六年")
        now = datetime.now(UTC)
        author = Author("李娜", "按学区调整")
        with unit_of_work(engine) as session:
            duty = AssignDuty("T-W-0", "网格员", "王芳", "13812345678")
            edit(session, 1, [duty], author=author, version=None)
            publish(session, session.get_one(Plan, 1), valid_from=datetime(2026, 1, 1, tzinfo=UTC))
            account = add_account(session, "wangfang", name="王芳", password=PASSWORD)
            for role in (Role.PLANNER, Role.APPROVER, Role.OPERATOR):
                give_role(session, "wangfang", Grant(role, "town"))
            secret = begin(session, account)
        with unit_of_work(engine) as session:
            town = get_jurisdiction(session, "town")
            first = get_plan(session, 1)
            draft = new_draft(session, first, name="学区调整", made_by="李娜", at=now, reason="年度调整")
            blocks = [row[0] for row in session.connection().exec_driver_sql("select id from blocks order by id")]
            edit(session, draft.id, [MoveBlocks((blocks[0],), "T-E-7"), Lock(("T-W-4",))], author=author, version=None)
            add_comment(session, draft, NewComment("此处过大", "T-W-0", (112.556, 28.256)), made_by="李娜")
            ready = new_draft(session, first, name="待发布", made_by="李娜", at=now)
            for state in ("in_review", "approved"):
                move_state(session, ready.id, state, version=None, made_by="赵敏")  # type: ignore[arg-type]
            found = Town(town.id, town.code)
        told: dict[str, Any] = {"channel": "12345", "category": "市政", "address": "长沙路 1 号"}
        case = NewCase("test", "1", now - timedelta(days=3), text="路灯不亮", lon=112.556, lat=28.256, **told)
        store_cases(engine, found, case)
        engine.dispose()
        with serving(ServerSettings(**{**database.settings.model_dump(), "open": "no"})) as address:
            yield Site(address, secret)


@pytest.mark.timeout(400)
def test_chinese_pages_say_nothing_in_english(browser: Browser, site: Site) -> None:
    page, found = site.opened(browser), list[str]()
    for name, path in PAGES.items():
        page.goto(site.at(path))
        page.wait_for_load_state("load")
        if name in {"coverage", "hotspots", "embed", "workbench", "plan", "plans"}:
            page.wait_for_selector("html[data-geogrid=ready]", state="attached", timeout=30_000)
        if name == "workbench":
            page.get_by_role("button", name="校验", exact=True).click()
            page.locator("#wb-problems li").first.wait_for()
        texts = {text for text in page.evaluate(TEXTS) if ENGLISH.search(NAMES.sub("", text))}
        found += [f"{name}: {text[:200]}" for text in sorted(texts)]
    assert not found, "\n" + "\n".join(found)
