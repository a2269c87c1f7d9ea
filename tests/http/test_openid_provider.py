"""Signing in through a real provider: a program that others wrote, in a process of its own, on the loopback."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import httpx2
import pytest
from sqlalchemy import Engine

from api.accounts.openid import PLAIN_COOKIE
from api.settings import ServerSettings
from boundaries.accounts.identities import link_identity
from boundaries.accounts.openid import provider as provider_module
from boundaries.accounts.storing import add_account
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from tests.environments import environment
from tests.fixtures_db import Database
from tests.serving import serving

PACKAGES = (
    "oidc-provider-mock==0.3.4",
    "authlib==1.9.10",
    "cryptography==50.0.2",
    "flask==3.1.3",
    "httpx==0.28.1",
    "joserfc==1.8.0",
    "pydantic==2.14.4",
    "werkzeug==3.1.9",
)
# The first run makes the environment.
pytestmark = pytest.mark.timeout(600)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def provider(port: int) -> Iterator[str]:
    """Run the provider until the end of the block; each run has a new key."""
    interpreter = environment("oidc-provider", *PACKAGES)
    command = [interpreter, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=5)
                break
            except httpx2.TransportError:
                assert process.poll() is None, "the provider does not start"
                time.sleep(0.1)
        yield issuer
    finally:
        process.kill()
        process.wait()


def settings_for(database: Database, issuer: str) -> ServerSettings:
    given = {"open": "no", "oidc_issuer": issuer, "oidc_client_id": "geogrid", "oidc_client_secret": "of the client"}
    return ServerSettings(**{**database.settings.model_dump(), **given})


def sign_in(browser: httpx2.Client, address: str, subject: str, *, refuse: bool = False) -> httpx2.Response:
    """What somebody does: the button of our page, the form of the provider, and back."""
    page = browser.get(f"{address}/login?next=/account")
    button = re.search(r'href="(/login/openid[^"]*)"', page.text)
    assert button is not None, page.text
    form = browser.get(f"{address}{unescape(button[1])}", follow_redirects=True)
    assert form.status_code == 200, form.text
    answer = {"action": "deny"} if refuse else {"sub": subject}
    back = browser.post(str(form.url), data=answer)
    assert back.is_redirect, back.text
    assert back.headers["location"].startswith(f"{address}/login/openid/return?")
    return browser.get(back.headers["location"], follow_redirects=True)


def test_person_signs_in_and_out_through_a_provider_that_others_wrote(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with unit_of_work(engine) as session:
        add_account(session, "wang", name="王芳")
        link_identity(session, "wang", issuer=f"http://127.0.0.1:{port}", subject="wang@town.example")
    monkeypatch.setattr(provider_module, "LEAST_S", -1.0)
    with serving(settings_for(database, f"http://127.0.0.1:{port}")) as address:
        with provider(port) as issuer, httpx2.Client() as browser:
            account = sign_in(browser, address, "wang@town.example")
            assert account.status_code == 200
            assert str(account.url) == f"{address}/account?lang=en"
            assert "王芳" in account.text
            assert PLAIN_COOKIE not in browser.cookies

            unknown = sign_in(browser, address, "li@town.example")
            assert unknown.status_code == 403
            assert f"geogrid account link LOGIN --issuer {issuer} --subject li@town.example" in unknown.text
            assert sign_in(browser, address, "wang@town.example", refuse=True).status_code == 403

            form = re.search(r'name="form" value="(\w+)"', account.text)
            assert form is not None
            headers = {"Origin": address}
            out = browser.post(f"{address}/logout", data={"form": form[1]}, headers=headers, follow_redirects=True)
            assert 'href="/logout/openid' in out.text
            assert browser.get(f"{address}/account").status_code == 401
            there = browser.get(f"{address}/logout/openid")
            assert there.headers["location"].startswith(f"{issuer}/oauth2/end_session?client_id=geogrid")

        with provider(port), httpx2.Client() as browser:
            assert sign_in(browser, address, "wang@town.example").status_code == 200

        with httpx2.Client() as browser:
            gone = browser.get(f"{address}/login/openid")
            assert gone.status_code in {303, 503}
    with unit_of_work(engine) as session:
        ways = [(line.account, line.action) for line in all_lines(session)]
    assert ways.count(("wang", "account.sign-in-openid")) == 2
    assert ("wang", "account.sign-out") in ways


def test_page_offers_the_provider_in_both_languages_only_where_there_is_one(database: Database) -> None:
    named = settings_for(database, "http://127.0.0.1:1").model_copy(update={"oidc_name": ""})
    with serving(named) as address:
        english = httpx2.get(f"{address}/login?lang=en").text
        assert "Sign in through 127.0.0.1" in english
        assert "通过 127.0.0.1 登录" in httpx2.get(f"{address}/login?lang=zh").text
        unreachable = httpx2.get(f"{address}/login/openid?lang=zh")
        assert unreachable.status_code == 503
        assert "统一身份认证服务暂时不可用" in unreachable.text
    with serving(named.model_copy(update={"oidc_issuer": None})) as address:
        assert "/login/openid" not in httpx2.get(f"{address}/login").text
        for path in ("/login/openid", "/login/openid/return?state=a&code=b", "/logout/openid"):
            assert httpx2.get(f"{address}{path}").status_code == 404
