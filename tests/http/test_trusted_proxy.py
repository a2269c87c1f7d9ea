"""The header of a trusted proxy: believed from the proxy alone, and never against the rules for browsers."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.accounts.gate import Gate
from api.accounts.proxies import TrustedProxies
from api.kit.identity import PEER
from api.settings import ServerSettings
from boundaries.accounts.storing import disable_account
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import Role
from geogrid.errors import InvalidInputError
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import HOME, Crowd, bearer, cookie, crowded
from tests.serving import serving, serving_app

HEADER = "X-Remote-User"
PROXY, CLIENT = "10.1.2.3", "10.9.9.9"
SETTINGS = {"trusted_proxy_header": HEADER, "trusted_proxies": "10.1.2.0/24, fd00::5"}
CASES = "/cases?jurisdiction=town"


@pytest.fixture(scope="module")
def crowd(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("crowd")):
        with crowded(database, **SETTINGS, cors_origins=("*",)) as made:
            yield made


def by(crowd: Crowd, peer: str, method: str = "GET", path: str = CASES, **more: Any) -> Any:
    """A request that comes from a machine; `login` is what the header says, several in a list."""
    logins = more.pop("login", "operator")
    named = [(HEADER, each) for each in ([logins] if isinstance(logins, str | bytes) else logins)]
    headers = [*more.pop("headers", {}).items(), *named]
    client = TestClient(crowd.client.app, client=(peer, 40_000))
    return client.request(method, path, headers=headers, follow_redirects=False, **more)


def form_token(page: str) -> str:
    return page.partition('name="form" value="')[2].partition('"')[0]


@pytest.mark.parametrize("peer", [PROXY, "10.1.2.255", "::ffff:10.1.2.3", "fd00::5"])
def test_proxy_says_who_asks(crowd: Crowd, peer: str) -> None:
    assert by(crowd, peer).status_code == 200
    assert by(crowd, peer, login="planner").status_code == 403
    assert by(crowd, peer, login=" Operator ").status_code == 200
    assert "operator" in by(crowd, peer, path="/account").text


@pytest.mark.parametrize("peer", [CLIENT, "10.1.3.1", "127.0.0.1", "::1", "fd00::6", "testclient", "10.1.2.3.evil"])
def test_header_from_anybody_else_is_ignored_and_told_without_its_value(
    crowd: Crowd, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate_of(crowd)._proxies._told.clear()
    for _ in range(3):
        assert by(crowd, peer, login="admin", path="/accounts").status_code == 401
    assert by(crowd, peer, path="/conformance", login="admin").status_code == 200
    told = [record.getMessage() for record in caplog.records if record.name == "api.accounts.proxies"]
    assert len(told) == 1
    assert "x-remote-user" in told[0]
    assert "admin" not in caplog.text


def gate_of(crowd: Crowd) -> Gate:
    app: Any = crowd.client.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(app, Gate):
        app = app.app
    return app


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "Via"])
def test_what_a_request_says_of_its_way_makes_nobody_a_proxy(crowd: Crowd, name: str) -> None:
    value = f"for={PROXY}" if name == "Forwarded" else PROXY
    assert by(crowd, CLIENT, headers={name: value}).status_code == 401


def test_proxy_is_who_is_connected_also_where_the_server_believes_x_forwarded_for(crowd: Crowd) -> None:
    settings = crowd.client.app.state.settings  # type: ignore[attr-defined]
    local = {**settings.model_dump(), "trusted_proxies": "127.0.0.1"}
    other = {**settings.model_dump(), "trusted_proxies": PROXY}
    for given, status in ((local, 200), (other, 401)):
        with serving(ServerSettings(**given)) as address:
            connection = http.client.HTTPConnection(urlsplit(address).netloc)
            connection.request("GET", CASES, headers={HEADER: "operator", "X-Forwarded-For": PROXY})
            reply = connection.getresponse()
            assert reply.status == status, reply.read()
            connection.close()


def test_address_that_another_server_took_from_a_header_is_no_proxy(crowd: Crowd) -> None:
    client = TestClient(crowd.client.app, client=(PROXY, 0))
    assert client.get(CASES, headers={HEADER: "operator"}).status_code == 401


def test_header_given_twice_is_refused_and_so_is_none_that_is_a_login(crowd: Crowd) -> None:
    for logins in (["operator", "operator"], ["", "admin"], ["x" * 65], [b"a\x01b"]):
        answer = by(crowd, PROXY, login=logins)
        assert answer.status_code == 400, logins
        assert "x-remote-user" in answer.json()["detail"]
    assert by(crowd, PROXY, login="operator, admin").status_code == 403


def test_login_is_utf_8_whatever_its_letters() -> None:
    proxies = TrustedProxies(ServerSettings(**SETTINGS))  # type: ignore[arg-type]
    scope = {"headers": [(b"x-remote-user", "赵".encode())], PEER: (PROXY, 1)}
    assert proxies.login_in(scope) == "赵"
    with pytest.raises(InvalidInputError, match="no text in UTF-8"):
        proxies.login_in({**scope, "headers": [(b"x-remote-user", "赵".encode("gbk"))]})
    assert proxies.login_in({"headers": scope["headers"], "client": None}) is None


def test_empty_header_is_nobody(crowd: Crowd) -> None:
    assert by(crowd, PROXY, login="").status_code == 401
    assert by(crowd, PROXY, login="", path="/conformance").status_code == 200


def test_login_without_an_active_account_is_nobody_and_told_what_to_do(crowd: Crowd) -> None:
    refused = by(crowd, PROXY, login="zhao")
    assert refused.status_code == 403
    assert "'zhao'" in refused.json()["detail"]
    assert "geogrid account add" in refused.json()["detail"]
    assert by(crowd, PROXY, login="zhao", path="/locate?lon=10.5&lat=50.5&jurisdiction=town").status_code == 200
    with unit_of_work(crowd.engine) as session:
        disable_account(session, "verifier")
    crowd.client.app.state.door.forget()  # type: ignore[attr-defined]
    assert by(crowd, PROXY, login="verifier", path="/account").status_code == 403


def test_token_goes_before_the_proxy_and_the_proxy_before_a_cookie(crowd: Crowd) -> None:
    leader = crowd.people[Role.LEADER]
    assert "leader" in by(crowd, PROXY, path="/account", headers=bearer(leader)).text
    page = by(crowd, PROXY, path="/account", headers=cookie(leader))
    assert '"Signed in as operator"' in page.text
    assert by(crowd, PROXY, headers={"Authorization": "Bearer no"}).status_code == 401


@pytest.mark.parametrize("said", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_change_by_a_page_of_another_site_is_refused(crowd: Crowd, said: dict[str, str]) -> None:
    made = by(crowd, PROXY, "POST", "/plans?jurisdiction=town", login="planner", headers=said, json={"name": "forged"})
    assert made.status_code == 403
    out = by(crowd, PROXY, "POST", "/accounts", login="admin", headers=said, data={"login": "evil"})
    assert out.status_code == 403


def test_change_by_a_page_of_ours_is_made_and_kept_with_its_way(crowd: Crowd) -> None:
    own = {"Origin": HOME}
    made = by(crowd, PROXY, "POST", "/plans?jurisdiction=town", login="planner", headers=own, json={"name": "mine"})
    assert made.status_code == 201, made.text
    with unit_of_work(crowd.engine) as session:
        line = list(all_lines(session))[-1]
    assert (line.account, line.action, line.address) == ("planner", "plans.edit", f"{PROXY} by proxy {PROXY}")


def test_form_needs_the_token_of_its_account(crowd: Crowd) -> None:
    own = {"Origin": HOME}
    page = by(crowd, PROXY, path="/accounts", login="admin").text
    right, others = form_token(page), form_token(by(crowd, PROXY, path="/account", login="leader").text)
    assert len(right) == len(others) == 64
    assert right != others
    for sent in ("", others, "0" * 64):
        data = {"login": "evil", "form": sent}
        assert by(crowd, PROXY, "POST", "/accounts", login="admin", headers=own, data=data).status_code == 403
    data = {"login": "good", "form": right}
    assert by(crowd, PROXY, "POST", "/accounts", login="admin", headers=own, data=data).status_code == 303


def test_script_of_another_site_reads_nothing_with_the_rights_of_whom_the_proxy_names(crowd: Crowd) -> None:
    answer = by(crowd, PROXY, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 401
    assert by(crowd, PROXY, headers={"Origin": HOME}).status_code == 200


def test_who_comes_by_a_proxy_signs_out_there_and_makes_no_password_here(crowd: Crowd) -> None:
    page = by(crowd, PROXY, path="/account", login="leader").text
    assert "sign out there" in page
    assert 'action="/logout' not in page
    assert 'name="new"' not in page
    data = {"form": form_token(page), "old": "", "new": "four lamps sing at dusk", "again": "four lamps sing at dusk"}
    refused = by(crowd, PROXY, "POST", "/account/password", login="leader", headers={"Origin": HOME}, data=data)
    assert refused.status_code == 400
    assert "An administrator sets a password" in refused.text


def test_without_the_setting_the_header_means_nothing(crowd: Crowd) -> None:
    settings = crowd.client.app.state.settings.model_dump()  # type: ignore[attr-defined]
    with serving(ServerSettings(**{**settings, "trusted_proxy_header": None, "trusted_proxies": ()})) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        connection.request("GET", CASES, headers={HEADER: "operator"})
        reply = connection.getresponse()
        assert reply.status == 401
        assert json.loads(reply.read())["sign_in"].startswith("/login")
        connection.close()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"trusted_proxy_header": HEADER}, "belong together"),
        ({"trusted_proxies": PROXY}, "belong together"),
        ({"trusted_proxy_header": HEADER, "trusted_proxies": "0.0.0.0/0"}, "is everybody"),
        ({"trusted_proxy_header": HEADER, "trusted_proxies": "10.0.0.1, ::/0"}, "is everybody"),
        ({"trusted_proxy_header": HEADER, "trusted_proxies": "10.0.0.1/8, proxy"}, "10.0.0.1/8, proxy"),
        *(
            ({"trusted_proxy_header": name, "trusted_proxies": PROXY}, "is no name of a header for this")
            for name in (
                "Cookie",
                "authorization",
                "X-Forwarded-For",
                "Host",
                "Sec-Fetch-User",
                "X_Remote_User",
                "a b",
                "If-Match",
            )
        ),
    ],
)
def test_setting_that_would_trust_the_wrong_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        ServerSettings(**given)  # type: ignore[arg-type]


def test_peer_is_the_other_end_of_the_connection() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        seen.append((scope[PEER][0], scope["client"][0]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with serving_app(app) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        connection.request("GET", "/", headers={"X-Forwarded-For": PROXY})
        connection.getresponse().read()
        connection.close()
    assert seen == [("127.0.0.1", PROXY)]
