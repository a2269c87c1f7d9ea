"""The workbench with 307,800 blocks: columns from the server, first view, a stroke, and what the browser needs for it.

Run it with ``python -m tests.benchmarks.workbench [columns rows]``; it needs PostgreSQL, Chromium, about 2 GB of disk
and some minutes. The page is drawn by the software renderer of Chromium: a machine with a graphics card is quicker.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

from api.settings import ServerSettings
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.settings import StoreSettings
from geogrid.types import LevelName
from tests.benchmarks.plans import say, town
from tests.benchmarks.stores import open_to_all, private_store
from tests.fixtures_browser import ARGUMENTS, CHROMIUM
from tests.serving import serving

_MEGABYTE: Final = 1024
_ZOOM: Final = 11.75
_SCRIPT: Final = """() => {
  const {pen, board, map} = window.__workbench;
  const seen = {frames: [], moves: [], up: 0, sums: 0, drawn: 0, answered: 0};
  window.__seen = seen;
  const paint = pen.does.paint;
  pen.does.paint = (from, to) => {
    const start = performance.now();
    paint(from, to);
    seen.moves.push(performance.now() - start);
  };
  let last = 0;
  const frame = (now) => {
    if (last && pen.isDown) seen.frames.push(now - last);
    last = now;
    if (!seen.answered) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const end = pen.does.end;
  pen.does.end = () => {
    seen.up = performance.now();
    end();
    seen.sums = performance.now() - seen.up;
    map.once("render", () => requestAnimationFrame(() => (seen.drawn = performance.now() - seen.up)));
  };
  const took = board.took.bind(board);
  board.took = (answer) => {
    seen.answered = performance.now() - seen.up;
    seen.blocks = answer.blocks_moved;
    took(answer);
  };
}"""


def main(columns: int = 135, rows: int = 152) -> int:
    """Measure, and return 0 if everything was in time. The default is 20,520 leaves and 307,800 blocks."""
    with private_store() as settings:
        engine = connect(settings)
        upgrade(engine)
        grids, blocks = town(columns, rows)
        say(f"{len(grids[grids['level'] == 3]):,} leaf grids, {len(blocks):,} blocks")
        with unit_of_work(engine) as session:
            levels = [LevelName("city"), LevelName("community"), LevelName("grid")]
            area = save_jurisdiction(session, code="city", name="City", levels=levels)
            plan = save_plan(session, area, name="draft", grids=grids, blocks=blocks, band=(300, 500)).id
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")
        engine.dispose()
        return 0 if all(measured(settings, plan)) else 1


def measured(settings: StoreSettings, plan: int) -> list[bool]:
    """Return which of the figures were as good as asked for."""
    options: dict[str, Any] = {**settings.model_dump(), "open": open_to_all(settings)["GEOGRID_OPEN"]}
    with serving(ServerSettings(**options)) as address:
        good = server_figures(f"{address}/plans/{plan}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            good += browser_figures(browser, f"{address}/plans/{plan}/edit?lang=en")
            browser.close()
        return good


def told(label: str, value: float, limit: float, unit: str) -> bool:
    """Print a figure beside what is asked for, and return whether it is as good."""
    say(f"{label:<52}{value:10.1f} {unit:<3}(asked: {limit:g})")
    return value <= limit


def server_figures(path: str) -> list[bool]:
    good = []
    with httpx2.Client(timeout=120) as client:
        for label, part, limit in (
            ("land, made anew", "columns/land", 30.0),
            ("land, kept", "columns/land", 1.0),
            ("columns", "columns", 1.0),
            ("open cases by block", "columns/cases", 5.0),
        ):
            start = time.perf_counter()
            with client.stream("GET", f"{path}/{part}", headers={"Accept-Encoding": "gzip"}) as reply:
                size = sum(len(piece) for piece in reply.iter_raw())
            took = time.perf_counter() - start
            say(f"  {part}: {size / 1e6:.1f} MB sent")
            good.append(told(label, took, limit, "s"))
    return good


def browser_figures(browser: Browser, address: str) -> list[bool]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("html[data-geogrid=ready]", state="attached", timeout=120_000)
    good = [told("first view", time.perf_counter() - start, 3.0, "s")]
    page.wait_for_timeout(2_000)
    seen = stroke(page)
    say(f"  the stroke moved {seen['blocks']:,} blocks")
    good += [
        told("frame of the stroke, median", middle(seen["frames"]), 50, "ms"),
        told("script of a move, median", middle(seen["moves"]), 4, "ms"),
        told("script of a move, most", max(seen["moves"]), 16, "ms"),
        told("sums and outlines made after pointer-up", seen["sums"], 100, "ms"),
        told("map drawn after pointer-up", seen["drawn"], 300, "ms"),
        told("the server's figures after pointer-up", seen["answered"], 250, "ms"),
        told("memory of the renderer", renderer_megabytes(), 600, "MB"),
    ]
    page.screenshot(path=Path("artifacts") / "workbench-300000.png")
    answers = small_strokes(page)
    good.append(told("the server's figures after small strokes, median", middle(answers), 250, "ms"))
    return good


def small_strokes(page: Page, count: int = 9) -> list[float]:
    """Return how long the server's figures of strokes take that move a few blocks from one grid to the next."""
    page.evaluate("window.__workbench.map.jumpTo({zoom: 14})")
    page.wait_for_timeout(1_500)
    box = page.locator("#wb-canvas").bounding_box()
    assert box is not None
    answers = []
    for turn in range(count):
        page.keyboard.press("v")
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        page.evaluate("window.__seen.answered = 0")
        y = box["y"] + 80 + turn * 60
        page.mouse.move(box["x"] + 200, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 330, y, steps=10)
        page.mouse.up()
        answers.append(float(awaited(page)["answered"]))
    return answers


def stroke(page: Page) -> dict[str, Any]:
    """Paint about 2,000 blocks of 20,000 in sight into one grid."""
    page.evaluate(f"""() => {{
      const {{map}} = window.__workbench;
      map.jumpTo({{zoom: {_ZOOM}}});
    }}""")
    page.wait_for_timeout(3_000)
    page.keyboard.press("b")
    page.evaluate(_SCRIPT)
    # Thin enough, and far enough from pass to pass, that no leaf of five rows is emptied.
    page.evaluate("window.__workbench.pen.radius = 3")
    box = page.locator("#wb-canvas").bounding_box()
    assert box is not None
    left, right, top = box["x"] + 20, box["x"] + box["width"] - 20, box["y"] + 60
    apart = 5 * 0.001 / 360 * 512 * 2**_ZOOM / 0.68  # five blocks, in pixels, at 47 degrees north
    page.mouse.move(left, top)
    page.mouse.down()
    for passes in range(8):
        y = top + passes * apart
        page.mouse.move(right if passes % 2 == 0 else left, y, steps=30)
        page.mouse.move(right if passes % 2 == 0 else left, y + apart, steps=2)
    page.mouse.up()
    return awaited(page)


def awaited(page: Page) -> dict[str, Any]:
    """Return what was seen of a stroke, once the server has answered it."""
    for _ in range(1_200):  # the page's policy lets no text be evaluated in it while it waits
        seen: dict[str, Any] = page.evaluate("window.__seen")
        if seen["answered"] and seen["drawn"]:
            return seen
        page.wait_for_timeout(50)
    raise TimeoutError("The stroke has no answer after a minute.")


def middle(values: list[float]) -> float:
    """Return the median."""
    return sorted(values)[len(values) // 2]


def renderer_megabytes() -> float:
    """Return the resident memory of the largest renderer that this process has started."""
    status = {int(each.name): lines_of(each / "status") for each in Path("/proc").glob("[0-9]*")}
    own = {os.getpid()}
    for _ in range(8):  # generations
        own |= {number for number, lines in status.items() if int(lines.get("PPid", "0")) in own}
    sizes = [
        int(status[number]["VmRSS"].split()[0]) / _MEGABYTE
        for number in own
        if b"--type=renderer" in Path(f"/proc/{number}/cmdline").read_bytes() and "VmRSS" in status[number]
    ]
    return max(sizes, default=0.0)


def lines_of(path: Path) -> dict[str, str]:
    """Return what the status of a process says; nothing of one that has ended meanwhile."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
