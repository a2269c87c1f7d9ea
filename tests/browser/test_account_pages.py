"""Signing in, accounts and the audit as people use them, in both languages, at a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.settings import ServerSettings
from boundaries.accounts.granting import give_role
from boundaries.accounts.identities import link_identity
from boundaries.accounts.storing import add_account
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.access import Grant, Role
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import store_town
from tests.security.openid_provider import CLIENT_ID, SECRET, SUBJECT, FakeProvider, fake_provider
from tests.serving import serving

GOOD = "four lamps sing at dusk"
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("account-pages")):
        engine = open_engine(database.settings)
        store_town(engine)
        with unit_of_work(engine) as session:
            add_account(session, "admin", name="张敏", password=GOOD)
            give_role(session, "admin", Grant(Role.ADMIN))
            add_account(session, "wang.fang", name="王芳")
            give_role(session, "wang.fang", Grant(Role.GRIDDER, "town", "D-a"), by="admin")
            give_role(session, "wang.fang", Grant(Role.OPERATOR, "town"), by="admin")
        engine.dispose()
        with serving(ServerSettings(**{**database.settings.model_dump(), "open": "no"})) as address:
            yield address


def opened(browser: Browser, size: tuple[int, int]) -> Page:
    return browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()


def check(page: Page) -> None:
    """Nothing sticks out, and axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert violations(page) == []


def sign_in(page: Page, site: str, lang: str, back: str = "/account") -> None:
    page.goto(f"{site}/login?lang={lang}&next={back}")
    page.locator("#login").fill("admin")
    page.locator("#password").fill(GOOD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}{back}*")


@SIZES
@LANGS
def test_pages_of_accounts_are_walked(
    browser: Browser, site: str, artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    page = opened(browser, size)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{site}/login?lang={lang}")
    check(page)
    page.screenshot(path=artifacts / f"login-{lang}-{size[0]}.png", full_page=True)
    sign_in(page, site, lang)
    for name, path in {
        "account": "/account",
        "accounts": "/accounts",
        "one-account": "/accounts/wang.fang",
        "audit": "/audit",
    }.items():
        page.goto(f"{site}{path}?lang={lang}")
        check(page)
        page.screenshot(path=artifacts / f"{name}-{lang}-{size[0]}.png", full_page=True)
    page.locator(".who summary").click()
    expect(page.locator(".who-menu button")).to_be_visible()
    check(page)
    page.screenshot(path=artifacts / f"who-{lang}-{size[0]}.png")
    page.locator(".who-menu button").click()
    page.wait_for_url(f"{site}/*")
    assert page.goto(f"{site}/account").status == 401  # type: ignore[union-attr]
    assert [error for error in errors if "401" not in error] == []


def test_wrong_password_is_told_and_the_login_kept(browser: Browser, site: str) -> None:
    page = opened(browser, DESKTOP)
    page.goto(f"{site}/login?lang=en")
    page.locator("#login").fill("wang.fang")
    page.locator("#password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Login, password or code is wrong.")
    expect(page.locator("#login")).to_have_value("wang.fang")
    expect(page.locator("#password")).to_be_focused()


def test_account_is_made_given_a_role_and_opened_once_by_its_owner(browser: Browser, site: str) -> None:
    admin = opened(browser, DESKTOP)
    sign_in(admin, site, "en", "/accounts")
    admin.locator("main #login").fill("li.na")
    admin.locator("#name").fill("李娜")
    admin.get_by_role("button", name="Add the account").click()
    admin.locator("#role").select_option("planner")
    admin.locator("#town").select_option("town")
    admin.get_by_role("button", name="Give a role").click()
    expect(admin.locator("#roles-title + ul li")).to_have_count(1)
    admin.get_by_role("button", name="Make a one-time address").click()
    once = admin.locator("#once").input_value()
    owner = opened(browser, PHONE)
    owner.goto(once)
    owner.wait_for_url(f"{site}/account*")
    owner.locator("#new").fill("a wholly new phrase")
    owner.locator("#again").fill("a wholly new phrase")
    owner.locator("#password-title ~ form button").click()
    owner.wait_for_url(f"{site}/account*")
    expect(owner.locator(".who summary")).to_have_text("li.na")
    assert owner.goto(f"{site}/plans?jurisdiction=town").status == 200  # type: ignore[union-attr]
    assert owner.goto(f"{site}/accounts").status == 403  # type: ignore[union-attr]
    assert admin.goto(once).status == 404  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def provider(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeProvider, str]]:
    """A provider, and a site that signs people in through it."""
    with fake_provider() as made:
        for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("provider")):
            engine = open_engine(database.settings)
            with unit_of_work(engine) as session:
                add_account(session, "wang", name="王芳")
                link_identity(session, "wang", issuer=made.issuer, subject=SUBJECT)
            engine.dispose()
            given = {"open": "no", "oidc_issuer": made.issuer, "oidc_client_id": CLIENT_ID}
            more = {"oidc_client_secret": SECRET, "oidc_name": "统一身份认证 · Staff sign-in of the town"}
            with serving(ServerSettings(**{**database.settings.model_dump(), **given, **more})) as address:
                yield made, address


def there_and_back(page: Page, provider: FakeProvider, start: str) -> int:
    """Click the button, sign in at the provider, and return the status of the page that comes then."""
    page.goto(start)
    page.locator("a[href^='/login/openid']").click()
    page.wait_for_url(f"{provider.issuer}/authorize*")
    state, code = provider.grant(page.url)
    answer = page.goto(f"{start.partition('?')[0]}/openid/return?state={state}&code={code}")
    return 0 if answer is None else answer.status


@SIZES
@LANGS
def test_browser_is_led_to_the_provider_and_back(
    browser: Browser, provider: tuple[FakeProvider, str], artifacts: Path, size: tuple[int, int], lang: str
) -> None:
    made, address = provider
    page, start = opened(browser, size), f"{address}/login?lang={lang}&next=/account"
    page.goto(start)
    check(page)
    page.screenshot(path=artifacts / f"login-provider-{lang}-{size[0]}.png", full_page=True)
    made.more = {"sub": "0123456789abcdef-" * 12}
    assert there_and_back(page, made, start) == 403
    check(page)
    page.screenshot(path=artifacts / f"login-unknown-{lang}-{size[0]}.png", full_page=True)
    made.more = {}
    assert there_and_back(page, made, start) == 200
    assert page.url.startswith(f"{address}/account")
    page.locator(".who summary").click()
    page.locator(".who-menu button").click()
    page.wait_for_url(f"{address}/login?out=yes*")
    expect(page.locator("a[href^='/logout/openid']")).to_be_visible()
    check(page)
    page.screenshot(path=artifacts / f"login-out-{lang}-{size[0]}.png", full_page=True)
