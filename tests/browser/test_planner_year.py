"""A planner's year on a real town, with the network cut: redrawn by a pointer, reviewed, published, answered by."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pandas as pd
import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import Engine, text

from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.storing import add_account
from boundaries.plans.drafts import get_plan, new_draft
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.serving import GEOGRID, environment, serving

PASSWORD = "four lamps sing at dusk"
TOWN = "town"

_PAIR = """(wanted) => {
  // Two sisters with an edge between them, large enough to lose a block, and the blocks on both sides of that edge.
  const {board} = window.__workbench;
  const {model, land, nearby} = board;
  const size = (grid) => model.sum(grid, "blocks");
  const middle = (block) => [nearby.middles[2 * block], nearby.middles[2 * block + 1]];
  const found = [];
  for (let edge = 0; edge < land.edgeOne.length; edge++) {
    const [one, other] = [land.edgeOne[edge], land.edgeOther[edge]];
    if (other < 0) continue;
    const [a, b] = [model.owner[one], model.owner[other]];
    const [left, right] = [model.grids[a], model.grids[b]];
    if (a === b || left.parent !== right.parent || left.kind === "dedicated" || right.kind === "dedicated") continue;
    if (size(a) < 4 || size(b) < 4) continue;
    found.push({codes: [left.code, right.code], blocks: [one, other], size: Math.min(size(a), size(b))});
  }
  found.sort((p, q) => q.size - p.size || p.blocks[0] - q.blocks[0]);
  const pairs = found.filter((each, at) => found.findIndex((other) => other.codes.join() === each.codes.join()) === at);
  return pairs[wanted % pairs.length];
}"""
_SHOW = """(codes) => {
  const {board, map} = window.__workbench;
  const {model, land, nearby} = board;
  let [w, s, e, n] = [Infinity, Infinity, -Infinity, -Infinity];
  const world = 40075016.68;
  for (const code of codes) {
    for (const block of model.blocksOf(model.byCode.get(code).index)) {
      for (let at = land.ringStarts[land.blockRings[block]]; at < land.ringStarts[land.blockRings[block] + 1]; at++) {
        const [x, y] = [land.points[2 * land.ringPoints[at]], land.points[2 * land.ringPoints[at] + 1]];
        const lon = (land.origin[0] + x / world - 0.5) * 360;
        const lat = Math.atan(Math.sinh(Math.PI * (1 - 2 * (land.origin[1] + y / world)))) * 180 / Math.PI;
        [w, s, e, n] = [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)];
      }
    }
  }
  map.fitBounds([[w, s], [e, n]], {padding: 60, duration: 0});
  return [w, s, e, n];
}"""
# A place within a block, on the screen: a point of its widest row.
_INSIDE = """(block) => {
  const {board, map} = window.__workbench;
  const {land, nearby} = board;
  const world = 40075016.68;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = land.ringStarts[land.blockRings[block]]; at < land.ringStarts[land.blockRings[block] + 1]; at++) {
    const [x, y] = [land.points[2 * land.ringPoints[at]], land.points[2 * land.ringPoints[at] + 1]];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  }
  let best = [nearby.middles[2 * block], nearby.middles[2 * block + 1]];
  let most = 0;
  for (let row = 1; row < 20; row++) {
    const y = y0 + (y1 - y0) * row / 20;
    let from = null;
    for (let column = 0; column <= 60; column++) {
      const x = x0 + (x1 - x0) * column / 60;
      const isIn = nearby.at(x, y) === block;
      if (isIn && from === null) from = x;
      if (from !== null && (!isIn || column === 60)) {
        if (x - from > most) [most, best] = [x - from, [(x + from) / 2, y]];
        from = null;
      }
    }
  }
  const lon = (land.origin[0] + best[0] / world - 0.5) * 360;
  const lat = Math.atan(Math.sinh(Math.PI * (1 - 2 * (land.origin[1] + best[1] / world)))) * 180 / Math.PI;
  const {x, y} = map.project([lon, lat]);
  const box = map.getContainer().getBoundingClientRect();
  return {pixel: [box.left + x, box.top + y], lonlat: [lon, lat]};
}"""


@dataclass(frozen=True, slots=True)
class Town:
    name: str
    address: str
    engine: Engine
    states: dict[str, Path]


def files_of_queens(folder: Path, shared_data: Path) -> list[str]:
    """Return the options that import Queens Village, whose households stand in a table of lots."""
    source = shared_data / "queens_village"
    lots = pd.read_csv(source / "lots_population_2023.csv.gz")
    lots.rename(columns={"unitsres": "households"}).to_csv(folder / "lots.csv", index=False)
    file = source / "queens_village_ny.gpkg"
    layers = ["--streets", f"{file}:streets", "--buildings", f"{file}:buildings", "--loads", str(folder / "lots.csv")]
    return [*layers, "--levels", "town,community=6,grid=300:500"]


def files_of_helsinki(folder: Path, shared_data: Path) -> list[str]:
    """Return the options that import the middle of Helsinki."""
    del folder
    return [str(shared_data / "small_towns/helsinki.osm.pbf"), "--levels", "town,community=3,grid=400:800"]


TOWNS: dict[str, Callable[[Path, Path], list[str]]] = {"helsinki": files_of_helsinki, "queens": files_of_queens}


@pytest.fixture(scope="module", params=list(TOWNS))
def town(
    request: pytest.FixtureRequest,
    server: Server,
    browser: Browser,
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """A town in blocks and grids as the engine makes them, published, with a planner and an approver."""
    folder = tmp_path_factory.mktemp(request.param)
    files = TOWNS[request.param](folder, shared_data)
    for database in copied(server, TEMPLATE, folder):
        command = [GEOGRID, "import", "town", *files, "--jurisdiction", TOWN, "--publish"]
        done = subprocess.run(command, env=environment(database), check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        engine = open_engine(database.settings)
        with unit_of_work(engine) as session:
            for login, role in {"planner": Role.PLANNER, "approver": Role.APPROVER}.items():
                add_account(session, login, name=login.title(), password=PASSWORD)
                give_role(session, login, Grant(role, TOWN))
        with serving(ServerSettings(**{**database.settings.model_dump(), "open": "no"})) as address:
            states = {login: signed_in(browser, address, login, folder) for login in ("planner", "approver")}
            yield Town(request.param, address, engine, states)
        engine.dispose()


def signed_in(browser: Browser, address: str, login: str, folder: Path) -> Path:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/login?lang=en&next=/account")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/account*")
    context.storage_state(path=folder / f"{login}.json")
    context.close()
    return folder / f"{login}.json"


class Year:
    """One planner at one draft; what goes wrong in the page, and what it asks of others, is kept."""

    def __init__(self, browser: Browser, town: Town, plan: int) -> None:
        self.town, self.plan = town, plan
        self.wrong: list[str] = []
        self.context = self.context_of(browser, "planner")
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(f"{town.address}/plans/{plan}/edit?lang=en")
        self.page.wait_for_selector("html[data-geogrid=ready]", state="attached", timeout=60_000)

    def context_of(self, browser: Browser, login: str) -> BrowserContext:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, storage_state=self.town.states[login])
        own = urlsplit(self.town.address).netloc
        context.route(
            lambda address: urlsplit(address).scheme in {"http", "https"} and urlsplit(address).netloc != own,
            lambda route: (self.wrong.append(route.request.url), route.abort()),
        )
        return context

    def told(self, words: str) -> None:
        expect(self.page.locator("#wb-told")).to_contain_text(words, timeout=60_000)
        expect(self.page.locator("#workbench")).to_have_attribute("data-busy", "0")

    def show(self, *codes: str) -> list[float]:
        bounds: list[float] = self.page.evaluate(_SHOW, list(codes))
        return bounds

    def pair(self, wanted: int) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(_PAIR, wanted)
        self.show(*found["codes"])
        return found

    def inside(self, block: int) -> tuple[float, float]:
        x, y = self.page.evaluate(_INSIDE, block)["pixel"]
        return x, y

    def lonlat(self, block: int) -> tuple[float, float]:
        lon, lat = self.page.evaluate(_INSIDE, block)["lonlat"]
        return lon, lat

    def choose(self, *blocks: int) -> None:
        """Click the grids of blocks; all but the first with Shift."""
        self.page.keyboard.press("v")
        for place, block in enumerate(blocks):
            if place:
                self.page.keyboard.down("Shift")
            self.page.mouse.click(*self.inside(block))
            if place:
                self.page.keyboard.up("Shift")

    def drag(self, *places: tuple[float, float]) -> None:
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=8)
        self.page.mouse.up()

    def take_block(self, block: int) -> None:
        """Choose one block by a lasso around its middle."""
        x, y = self.page.evaluate(
            """(block) => {
              const {board, map} = window.__workbench;
              const {land, nearby} = board;
              const world = 40075016.68;
              const lon = (land.origin[0] + nearby.middles[2 * block] / world - 0.5) * 360;
              const north = land.origin[1] + nearby.middles[2 * block + 1] / world;
              const lat = Math.atan(Math.sinh(Math.PI * (1 - 2 * north))) * 180 / Math.PI;
              const {x, y} = map.project([lon, lat]);
              const box = map.getContainer().getBoundingClientRect();
              return [box.left + x, box.top + y];
            }""",
            block,
        )
        self.page.keyboard.press("x")
        self.drag((x - 3, y - 3), (x + 3, y + 3))
        expect(self.page.locator("#wb-inspector")).to_contain_text("chosen block")

    def do(self, key: str, **fields: str) -> None:
        self.page.keyboard.press(key)
        dialog = self.page.get_by_role("dialog")
        for name, value in fields.items():
            field = dialog.locator(f"[name={name}]")
            if name == "category":
                field.select_option(value)
            else:
                field.fill(value)
        dialog.get_by_role("button", name="Do it").click()

    def grids(self) -> int:
        return int(self.page.evaluate("window.__workbench.board.model.grids.length"))

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        with self.town.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), {"plan": self.plan, **values})]

    def households(self) -> float:
        rows = self.sql(
            "select sum(b.households) from assignments a join blocks b on b.id = a.block_id where a.plan_id = :plan"
        )
        return float(rows[0][0])

    def code_of(self, block_id: int) -> str:
        rows = self.sql(
            "select g.code from assignments a join grids g on g.id = a.grid_id "
            "where a.plan_id = :plan and a.block_id = :block",
            block=block_id,
        )
        return str(rows[0][0])

    def id_of(self, block: int) -> int:
        return int(self.page.evaluate(f"Number(window.__workbench.board.land.ids[{block}])"))


@pytest.mark.shared_data
@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_planners_year_on_a_real_town(town: Town, browser: Browser, artifacts: Path) -> None:
    with unit_of_work(town.engine) as session:
        plan = new_draft(session, get_plan(session, 1), name="2027", made_by="planner", at=datetime.now(UTC)).id
    year = Year(browser, town, plan)
    whole = year.households()
    year.page.screenshot(path=artifacts / f"year-{town.name}-open.png")
    block, place = brushed(year)
    for step in (split, merged, carved, rebalanced, loose_piece_joined):
        step(year)
        assert year.households() == pytest.approx(whole), step.__name__
    year.page.screenshot(path=artifacts / f"year-{town.name}-redrawn.png")
    code = year.code_of(block)
    published(browser, year)
    ahead = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    with httpx2.Client(base_url=town.address) as client:
        answer = client.get("/locate", params={"lon": place[0], "lat": place[1], "at": ahead}).json()
    assert answer["grid"]["code"] == code
    assert year.wrong == []


def brushed(year: Year) -> tuple[int, tuple[float, float]]:
    """Give a block to its neighbour by the brush; return its number and a place in it."""
    pair = year.pair(0)
    one, other = pair["blocks"]
    year.choose(one)
    year.page.evaluate("window.__workbench.pen.radius = 2")
    year.page.keyboard.press("b")
    year.drag(year.inside(one), year.inside(other))
    year.told(f"in {pair['codes'][0]} now")
    assert year.code_of(year.id_of(other)) == pair["codes"][0]
    return year.id_of(other), year.lonlat(other)


def split(year: Year) -> None:
    """Draw a line through the leaf of most blocks."""
    leaf = year.page.evaluate("""() => {
      const {model} = window.__workbench.board;
      const leaves = model.grids.filter(({kind}) => kind === "comprehensive");
      leaves.sort((a, b) => model.sum(b.index, "blocks") - model.sum(a.index, "blocks"));
      return {code: leaves[0].code, block: model.blocksOf(leaves[0].index)[0]};
    }""")
    count = year.grids()
    year.show(leaf["code"])
    year.choose(leaf["block"])
    year.page.keyboard.press("s")
    box = year.page.locator("#wb-canvas").bounding_box()
    assert box is not None
    across = box["x"] + box["width"] / 2
    year.drag((across, box["y"] + 10), (across, box["y"] + box["height"] - 10))
    year.told("Split by a line: done")
    assert year.grids() > count


def merged(year: Year) -> None:
    count = year.grids()
    year.choose(*year.pair(3)["blocks"])
    expect(year.page.locator("#wb-inspector h2")).to_have_text("2 grids")
    year.do("m")
    year.told("Merge: done")
    assert year.grids() == count - 1


def carved(year: Year) -> None:
    count = year.grids()
    year.take_block(year.pair(1)["blocks"][0])
    year.do("c", name="P.S. 33", category="school")
    year.told("Carve out: done")
    assert year.grids() == count + 1


def rebalanced(year: Year) -> None:
    year.page.keyboard.press("Escape")
    parent = year.page.evaluate("window.__workbench.board.model.grids.find(({level}) => level === 2).code")
    year.do("r", grids=parent)
    dialog = year.page.get_by_role("dialog")
    expect(dialog.locator(".wb-proposal")).to_contain_text("households would change their grid", timeout=120_000)
    dialog.get_by_role("button", name="Do it").click()
    year.told("Rebalance: done")


def loose_piece_joined(year: Year) -> None:
    """Give a leaf a block far away, find that in the problems, and join it to its best neighbour there."""
    pair, far = year.pair(0), year.pair(9)
    year.show(*pair["codes"], *far["codes"])
    year.choose(pair["blocks"][0])
    year.take_block(far["blocks"][1])
    year.page.keyboard.press("Enter")
    year.told(f"in {pair['codes'][0]} now")
    year.page.keyboard.press("v")
    year.page.get_by_role("button", name="Validate").click()
    line = year.page.locator("#wb-problems li", has_text=pair["codes"][0]).filter(has_text="In pieces")
    expect(line).to_have_count(1, timeout=60_000)
    line.get_by_role("button", name="Join").click()
    expect(line).to_have_count(0, timeout=60_000)


def published(browser: Browser, year: Year) -> None:
    """Compare, send to review, approve as somebody else, publish for next Monday."""
    page = year.page
    page.goto(f"{year.town.address}/plans/1/compare/{year.plan}?lang=en")
    expect(page.locator("body")).to_contain_text("households")
    page.goto(f"{year.town.address}/plans/{year.plan}?lang=en")
    page.get_by_role("button", name="Send to review").click()
    expect(page.locator("h1 .status")).to_have_text("in review")
    context = year.context_of(browser, "approver")
    approver = context.new_page()
    approver.goto(f"{year.town.address}/plans/{year.plan}?lang=en")
    approver.get_by_role("button", name="Approve").click()
    expect(approver.locator("h1 .status")).to_have_text("approved")
    approver.get_by_role("link", name="Publish …").click()
    for reason in approver.locator("input[name^=reason-]").all():
        reason.fill("known, and mended next year")
    approver.get_by_label("Notice").fill("one school, two grids less")
    approver.get_by_role("button", name="Publish: ").click()
    expect(approver.locator("h1 .status")).to_have_text("scheduled", timeout=120_000)
    context.close()
