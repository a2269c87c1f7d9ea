"""A real Chromium that reaches nothing but the page it is given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route

from tests.browser.towns import Town, make_town

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
DESKTOP, PHONE = (1280, 800), (390, 844)
LOCAL_SCHEMES = {"file", "data", "blob", "about"}


@dataclass
class Watch:
    """What a page tried: addresses beyond its own server, and what went wrong in it."""

    own_host: str = ""
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def is_foreign(self, address: str) -> bool:
        parts = urlsplit(address)
        return parts.scheme not in LOCAL_SCHEMES and parts.netloc != self.own_host

    def on_request(self, request: Request) -> None:
        if self.is_foreign(request.url):
            self.foreign.append(request.url)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def on_route(self, route: Route) -> None:
        if self.is_foreign(route.request.url):
            route.abort()
        else:
            route.continue_()


OpenPage = Callable[..., Page]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_page(browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Open a map in a window of a size, wait until it is drawn; afterwards nothing may have gone wrong."""
    contexts = []

    def opened(address: str | Path, size: tuple[int, int] = DESKTOP) -> Page:
        is_file = isinstance(address, Path)
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=is_file)
        contexts.append(context)
        watch.own_host = "" if is_file else urlsplit(str(address)).netloc
        context.route("**/*", watch.on_route)
        page = context.new_page()
        page.on("request", watch.on_request)
        page.on("console", watch.on_console)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.on("dialog", lambda dialog: watch.errors.append(f"dialog: {dialog.message}") or dialog.dismiss())
        page.goto(address.as_uri() if isinstance(address, Path) else address)
        page.wait_for_selector("html[data-geogrid=ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch.foreign == []
    assert watch.errors == []


@pytest.fixture(scope="session")
def artifacts() -> Path:
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest.fixture(scope="session")
def town() -> Town:
    return make_town()
