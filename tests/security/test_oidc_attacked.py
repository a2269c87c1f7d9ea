"""What an attacker tries on signing in through a provider; beside each that is refused the right one succeeds."""

import base64
import copy
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import text

from api.accounts.door import PLAIN_COOKIE as SESSION
from api.accounts.openid import PLAIN_COOKIE, RETURN
from boundaries.accounts.granting import give_role
from boundaries.accounts.identities import link_identity
from boundaries.accounts.openid import provider as provider_module
from boundaries.accounts.openid.fetching import Asked, ProviderFaultError
from boundaries.accounts.openid.provider import Provider
from boundaries.accounts.reading import get_account
from boundaries.accounts.storing import add_account, disable_account
from boundaries.audit.reading import all_lines
from boundaries.store.engine import unit_of_work
from geogrid.access import Grant, Role
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.people import HOME, Crowd, cookie, crowded
from tests.security.openid_provider import (
    CLIENT_ID,
    SECRET,
    SUBJECT,
    FakeProvider,
    authenticated,
    fake_provider,
    packed,
    signed,
)
from tests.security.test_accounts_attacked import OUTSIDE

Forge = Callable[[FakeProvider, dict[str, Any]], Any]
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_CURVE = ECKey.generate_key("P-256", {"kid": "curve"})


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as made:
        yield made


@pytest.fixture(scope="module")
def shared_crowd(server: Server, tmp_path_factory: pytest.TempPathFactory, provider: FakeProvider) -> Iterator[Crowd]:
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SECRET}
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("crowd")):
        with crowded(database, **settings, oidc_name="统一认证") as made:
            with unit_of_work(made.engine) as session:
                add_account(session, "wang", name="王芳")
                give_role(session, "wang", Grant(Role.OPERATOR, "town"))
                link_identity(session, "wang", issuer=provider.issuer, subject=SUBJECT)
            yield made


@pytest.fixture
def crowd(shared_crowd: Crowd, provider: FakeProvider) -> Iterator[Crowd]:
    """The town with a provider that tells the truth, before and after."""
    shared_crowd.client.cookies.clear()
    kept = copy.copy(provider.__dict__)
    with unit_of_work(shared_crowd.engine) as session:
        session.execute(text("delete from sign_in_attempts"))
    yield shared_crowd
    provider.__dict__.update(kept)
    assert provider.mishaps == []
    shared_crowd.client.cookies.clear()


def begin(crowd: Crowd, query: str = "", **headers: str) -> tuple[str, str]:
    """Begin in a new browser: the way to the provider, and the browser's cookie."""
    crowd.client.cookies.clear()
    sent = crowd.client.get(f"/login/openid{query}", headers=headers, follow_redirects=False)
    crowd.client.cookies.clear()
    assert sent.status_code == 303, sent.text
    name, _, value = sent.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == PLAIN_COOKIE
    return sent.headers["location"], value


def come_back(crowd: Crowd, query: dict[str, str] | list[tuple[str, str]], kept: str = "", session: str = "") -> Any:
    cookies = [f"{PLAIN_COOKIE}={kept}"] * bool(kept) + [f"{SESSION}={session}"] * bool(session)
    headers = {"Cookie": "; ".join(cookies), "Sec-Fetch-Site": "cross-site"} if cookies else {}
    answer = crowd.client.get(RETURN, params=query, headers=headers, follow_redirects=False)
    crowd.client.cookies.clear()
    return answer


def signed_in_by(crowd: Crowd, provider: FakeProvider, query: str = "", session: str = "") -> Any:
    there, kept = begin(crowd, query)
    state, code = provider.grant(there)
    return come_back(crowd, {"state": state, "code": code}, kept, session)


def session_in(answer: Any) -> str:
    """The cookie of a session that an answer gives; empty for none."""
    given = [each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{SESSION}=")]
    return str(given[0].partition(";")[0].partition("=")[2]) if given else ""


def assert_signed_in(crowd: Crowd, answer: Any) -> None:
    assert answer.status_code == 303, answer.text
    page = crowd.client.get("/account", headers={"Cookie": f"{SESSION}={session_in(answer)}"})
    assert page.status_code == 200
    assert "王芳" in page.text


def assert_refused(answer: Any, status: int = 403) -> None:
    assert answer.status_code == status, answer.text
    assert session_in(answer) == ""
    assert "Traceback" not in answer.text


def unsigned(provider: FakeProvider, claims: dict[str, Any], name: str = "none", signature: str = "") -> str:
    del provider
    return f"{packed({'alg': name, 'typ': 'JWT'})}.{packed(claims)}.{signature}"


def with_public_key(form: str) -> Forge:
    """HMAC with what everybody knows: the oldest trick on libraries that let the token choose."""

    def forge(provider: FakeProvider, claims: dict[str, Any]) -> str:
        public = provider.rsa.as_dict(private=False)
        secret = {
            "pem": provider.rsa.as_pem(private=False),
            "der": provider.rsa.as_der(private=False),
            "jwk": json.dumps(public).encode(),
            "n": str(public["n"]).encode(),
            "client secret": SECRET.encode(),
        }[form]
        return authenticated(claims, secret, kid="one")

    return forge


def by_other_key(**head: Any) -> Forge:
    return lambda _provider, claims: signed(claims, OTHER, **{"kid": "one", **head})


def pointing(name: str) -> Forge:
    """A key of the attacker's, and a head that says where it is."""

    def forge(provider: FakeProvider, claims: dict[str, Any]) -> str:
        own = OTHER.as_dict(private=False)
        value: Any = {"jwk": own, "x5c": [str(own["n"])]}.get(name, f"{provider.issuer}/attacker/{name}")
        return signed(claims, OTHER, **{"kid": "attacker", name: value})

    return forge


def saying(**changed: Any) -> Forge:
    """A token with the right key and other claims; None leaves one out."""

    def forge(provider: FakeProvider, claims: dict[str, Any]) -> str:
        told = {**claims, **{name: value() if callable(value) else value for name, value in changed.items()}}
        return signed({k: v for k, v in told.items() if v is not None}, provider.rsa, kid="one")

    return forge


def tampered(provider: FakeProvider, claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims, provider.rsa, kid="one").split(".")
    return f"{head}.{packed({**claims, 'sub': 'somebody else'})}.{signature}"


def at(seconds: float) -> Callable[[], float]:
    return lambda: time.time() + seconds


FORGED: dict[str, Forge] = {
    **{f"unsigned as {name}": lambda p, c, n=name: unsigned(p, c, n) for name in ("none", "None", "NONE", "nOnE", "")},
    "unsigned with a signature": lambda p, c: unsigned(p, c, "none", signed(c, p.rsa).rpartition(".")[2]),
    "right algorithm, no signature": lambda p, c: unsigned(p, c, "RS256"),
    **{f"HMAC with {form}": with_public_key(form) for form in ("pem", "der", "jwk", "n", "client secret")},
    "other key, same name": by_other_key(),
    "other key, other name": by_other_key(kid="two"),
    "other key, no name": lambda _p, c: signed(c, OTHER),
    "other curve": lambda _p, c: signed(c, OTHER_CURVE, algorithm="ES256", kid="curve"),
    "key of another kind": lambda p, c: signed(c, p.elliptic, algorithm="ES256", kid="one"),
    "name that is no text": by_other_key(kid=["one"]),
    "name with a path": by_other_key(kid="../../one' or '1'='1"),
    **{f"pointing by {name}": pointing(name) for name in ("jwk", "jku", "x5u", "x5c")},
    "algorithm that the provider does not use": lambda p, c: signed(c, p.rsa, algorithm="RS384", kid="one"),
    "extension that must be known": lambda p, c: signed(c, p.rsa, kid="one", crit=["exp"], exp=1),
    "extension that must be known, of no name": lambda p, c: signed(c, p.rsa, kid="one", crit=[]),
    "changed after signing": tampered,
    "signature cut off": lambda p, c: signed(c, p.rsa, kid="one")[:-40],
    "two parts": lambda p, c: signed(c, p.rsa, kid="one").rpartition(".")[0],
    "five parts": lambda p, c: signed(c, p.rsa, kid="one") + ".e30.e30",
    "no text": lambda _p, c: c,
    "missing": lambda _p, _c: None,
    "empty": lambda _p, _c: "",
    "much too long": lambda p, c: signed({**c, "x": "x" * 70_000}, p.rsa, kid="one"),
    "head that is no JSON": lambda p, c: f"{packed(b'{{{')}.{signed(c, p.rsa).partition('.')[2]}",
    "head of many levels": lambda p, c: f"{packed(b'[' * 5_000)}.{signed(c, p.rsa).partition('.')[2]}",
    "letters beyond ASCII": lambda _p, _c: "é.é.é",
    "claims that are a list": lambda p, _c: signed([1], p.rsa, kid="one"),
    "of another issuer": saying(iss="https://accounts.evil.example"),
    "of nearly the issuer": lambda p, c: signed({**c, "iss": f"{p.issuer}/"}, p.rsa, kid="one"),
    "of an issuer in a list": lambda p, c: signed({**c, "iss": [p.issuer]}, p.rsa, kid="one"),
    "of no issuer": saying(iss=None),
    "for another client": saying(aud="other"),
    "for others": saying(aud=["other", "another"]),
    "for us and others, given to nobody": saying(aud=[CLIENT_ID, "other"]),
    "for us and others, given to another": saying(aud=[CLIENT_ID, "other"], azp="other"),
    "for us, given to another": saying(azp="other"),
    "for us, given to a list": saying(azp=[CLIENT_ID]),
    "for us, given to nothing": saying(azp=""),
    "for a part of our name": saying(aud=f"{CLIENT_ID}-other"),
    "for nobody": saying(aud=None),
    "for an object": saying(aud={CLIENT_ID: True}),
    "of another sign-in": saying(nonce="n" * 48),
    "of no sign-in": saying(nonce=None),
    "of an empty sign-in": saying(nonce=""),
    "of a list of sign-ins": saying(nonce=["n"]),
    "expired": saying(exp=at(-120)),
    "without end": saying(exp=None),
    "ending in words": saying(exp="2999"),
    "ending in truth": saying(exp=True),
    "ending never": saying(exp=float("nan")),
    "ending at infinity": saying(exp=float("inf")),
    "of the future": saying(iat=at(600)),
    "not yet": saying(nbf=at(600)),
    "of long ago": saying(iat=at(-3_600)),
    "without a beginning": saying(iat=None),
    "beginning in words": saying(iat="now"),
    "about nobody": saying(sub=None),
    "about an empty name": saying(sub=""),
    "about a number": saying(sub=1),
    "about too long a name": saying(sub="x" * 256),
    "about a name with a line's end": saying(sub=f"{SUBJECT}\n"),
    "about a name with blanks around it": saying(sub=f" {SUBJECT} "),
    "about a name with NUL": saying(sub=f"{SUBJECT}\x00"),
    "with another access token": saying(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
}

TRUE: dict[str, Forge] = {
    "RSA": saying(),
    "RSA-PSS": lambda p, c: signed(c, p.rsa, algorithm="PS256", kid="one"),
    "SHA-512": lambda p, c: signed(c, p.rsa, algorithm="RS512", kid="one"),
    "a curve": lambda p, c: signed(c, p.elliptic, algorithm="ES256", kid="curve"),
    "a key without a name": lambda p, c: signed(c, p.rsa),
    "several audiences, given to us": saying(aud=[CLIENT_ID, "other"], azp=CLIENT_ID),
    "a clock half a minute behind": saying(exp=at(-30)),
    "a clock half a minute ahead": saying(iat=at(30), nbf=at(30)),
    "fractions of seconds": saying(iat=at(-0.5), exp=at(60.25)),
    "a key that it points to, of no use": lambda p, c: signed(c, p.rsa, kid="one", jku="https://keys.example/"),
    "its access token": saying(at_hash=packed(hashlib.sha256(b"opaque").digest()[:16])),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_token_signs_in(crowd: Crowd, provider: FakeProvider, name: str) -> None:
    provider.forge = TRUE[name]
    assert_signed_in(crowd, signed_in_by(crowd, provider))


@pytest.mark.parametrize("name", FORGED)
def test_forged_token_signs_nobody_in(crowd: Crowd, provider: FakeProvider, name: str) -> None:
    provider.forge = FORGED[name]
    provider.asked.clear()
    assert_refused(signed_in_by(crowd, provider))
    assert [path for path in provider.asked if "attacker" in path] == []
    provider.forge = None
    assert_signed_in(crowd, signed_in_by(crowd, provider))


def test_refused_token_is_told_in_the_audit_and_why_to_nobody_else(crowd: Crowd, provider: FakeProvider) -> None:
    provider.forge = FORGED["other key, same name"]
    answer = signed_in_by(crowd, provider)
    assert "published" not in answer.text
    with unit_of_work(crowd.engine) as session:
        line = list(all_lines(session))[-1]
    assert (line.account, line.action) == ("anonymous", "account.sign-in-failed")
    assert json.loads(line.after or "") == {
        "issuer": provider.issuer,
        "reason": "The token is signed with no key that the provider publishes.",
    }


def test_sign_in_is_told_in_the_audit_with_its_way(crowd: Crowd, provider: FakeProvider) -> None:
    signed_in_by(crowd, provider)
    with unit_of_work(crowd.engine) as session:
        line = list(all_lines(session))[-1]
    assert (line.account, line.action) == ("wang", "account.sign-in-openid")
    assert json.loads(line.after or "") == {"issuer": provider.issuer, "subject": SUBJECT}


def test_key_that_the_provider_has_changed_is_fetched_and_the_old_one_is_worthless(
    crowd: Crowd, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_signed_in(crowd, signed_in_by(crowd, provider))
    fresh = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    monkeypatch.setattr(provider_module, "LEAST_S", -1.0)
    provider.publish(fresh)
    provider.forge = lambda _p, c: signed(c, fresh, kid="two")
    assert_signed_in(crowd, signed_in_by(crowd, provider))
    provider.forge = None
    assert_refused(signed_in_by(crowd, provider))
    provider.publish(provider.rsa, provider.elliptic)
    assert_signed_in(crowd, signed_in_by(crowd, provider))


def test_tokens_that_fit_no_key_do_not_make_us_ask_for_keys_each_time(crowd: Crowd, provider: FakeProvider) -> None:
    provider.forge = by_other_key(kid="two")
    signed_in_by(crowd, provider)
    provider.asked.clear()
    for _ in range(5):
        signed_in_by(crowd, provider)
    assert provider.asked.count("/keys") <= 1
    assert provider.asked.count("/token") == 5


def test_keys_that_are_not_for_this_are_passed_over(
    crowd: Crowd, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "LEAST_S", -1.0)
    public = provider.rsa.as_dict(private=False)
    symmetric = {"kty": "oct", "kid": "oct", "k": packed(b"k" * 32)}
    provider.published = [symmetric, {**public, "kid": "enc", "use": "enc"}, {**public, "kid": "ps", "alg": "PS256"}]
    provider.published += [{"kty": "RSA", "kid": "half"}, "no key", public]  # type: ignore[list-item]
    for forge in (
        lambda _p, c: authenticated(c, b"k" * 32, kid="oct"),
        lambda p, c: signed(c, p.rsa, kid="enc"),
        lambda p, c: signed(c, p.rsa, kid="ps"),
    ):
        provider.forge = forge
        assert_refused(signed_in_by(crowd, provider))
    provider.forge = lambda p, c: signed(c, p.rsa, kid="one")
    assert_signed_in(crowd, signed_in_by(crowd, provider))


def test_answer_counts_only_in_the_browser_that_began(crowd: Crowd, provider: FakeProvider) -> None:
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    _, other = begin(crowd)
    provider.asked.clear()
    assert_refused(come_back(crowd, {"state": state, "code": code}, other))
    assert_refused(come_back(crowd, {"state": state, "code": code}))
    for wrong in ("", "x", state[:-1], f"{state}x", "é", "\x00"):
        assert_refused(come_back(crowd, {"state": wrong, "code": code}, kept))
    assert_refused(come_back(crowd, {"code": code}, kept))
    assert provider.asked == []
    assert_signed_in(crowd, come_back(crowd, {"state": state, "code": code}, kept))


def test_answer_that_says_something_twice_is_refused(crowd: Crowd, provider: FakeProvider) -> None:
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    pairs = [("state", state), ("code", code)]
    for twice in (("state", state), ("state", "other"), ("code", "other")):
        assert_refused(come_back(crowd, [*pairs, twice], kept))
    assert_signed_in(crowd, come_back(crowd, pairs, kept))


@pytest.mark.parametrize("codes", ["taken once", "taken for ever"])
def test_answer_signs_in_once(crowd: Crowd, provider: FakeProvider, codes: str) -> None:
    provider.forgets_codes = codes == "taken once"
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    assert_signed_in(crowd, come_back(crowd, {"state": state, "code": code}, kept))
    assert_refused(come_back(crowd, {"state": state, "code": code}, kept))


def test_code_of_another_sign_in_is_worth_nothing_in_ours(crowd: Crowd, provider: FakeProvider) -> None:
    stolen, _ = begin(crowd)
    _, code = provider.grant(stolen)
    there, kept = begin(crowd)
    state, own = provider.grant(there)
    assert_refused(come_back(crowd, {"state": state, "code": code}, kept))
    assert_signed_in(crowd, come_back(crowd, {"state": state, "code": own}, kept))


def test_answer_of_another_provider_is_refused(crowd: Crowd, provider: FakeProvider) -> None:
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    provider.asked.clear()
    for other in ("https://accounts.evil.example", "", f"{provider.issuer}/"):
        assert_refused(come_back(crowd, {"state": state, "code": code, "iss": other}, kept))
    assert provider.asked == []
    assert_signed_in(crowd, come_back(crowd, {"state": state, "code": code, "iss": provider.issuer}, kept))


def test_refusal_by_the_provider_is_a_sentence(crowd: Crowd, provider: FakeProvider) -> None:
    there, kept = begin(crowd)
    state, _ = provider.grant(there)
    said = {"state": state, "error": "access_denied", "error_description": "<script>alert(1)</script>"}
    answer = come_back(crowd, said, kept)
    assert_refused(answer)
    assert "alert(1)" not in answer.text.partition("<main")[2]
    there, kept = begin(crowd)
    state, _ = provider.grant(there)
    assert_refused(come_back(crowd, {"state": state}, kept))


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "W10",
        packed(["b", "b", "c", "/"]),
        packed({"a": 1}),
        packed([1, 2, 3, 4, 5]),
        packed(["", "", "", "", ""]),
        "é",
        "=",
    ],
)
def test_cookie_that_is_none_of_ours_is_refused(crowd: Crowd, kept: str) -> None:
    headers = {"Cookie": f"{PLAIN_COOKIE}={kept}".encode()}
    answer = crowd.client.get(RETURN, params={"state": "b", "code": "c"}, headers=headers)  # type: ignore[arg-type]
    assert_refused(answer)


def test_session_of_before_is_over_and_a_planted_one_is_not_taken(crowd: Crowd, provider: FakeProvider) -> None:
    planted = signed_in_by(crowd, provider, session="planted-by-somebody-else")
    first = session_in(planted)
    assert first not in {"", "planted-by-somebody-else"}
    second = session_in(signed_in_by(crowd, provider, session=first))
    assert second != first
    assert crowd.client.get("/account", headers={"Cookie": f"{SESSION}={first}"}).status_code == 401
    assert crowd.client.get("/account", headers={"Cookie": f"{SESSION}={second}"}).status_code == 200


def test_session_of_an_administrator_is_not_kept_when_somebody_else_signs_in(
    crowd: Crowd, provider: FakeProvider
) -> None:
    admin = crowd.sign_in(Role.ADMIN)
    answer = signed_in_by(crowd, provider, session=admin.secret)
    headers = {"Cookie": f"{SESSION}={session_in(answer)}"}
    assert crowd.client.get("/accounts", headers=headers).status_code == 403
    assert crowd.client.get("/accounts", headers=cookie(admin)).status_code == 401


def test_cookie_of_a_sign_in_is_out_of_reach_and_short_lived(crowd: Crowd, provider: FakeProvider) -> None:
    sent = crowd.client.get("/login/openid", follow_redirects=False)
    told = sent.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "max-age=600" in told
    assert "domain" not in told
    assert sent.headers["cache-control"] == "no-store"
    secure = crowd.client.get("https://testserver/login/openid", follow_redirects=False)
    assert secure.headers["set-cookie"].startswith("__Host-geogrid_openid=")
    assert "secure" in secure.headers["set-cookie"].lower()
    crowd.client.cookies.clear()
    done = signed_in_by(crowd, provider)
    assert any(each.startswith(f'{PLAIN_COOKIE}="";') for each in done.headers.get_list("set-cookie"))


def test_way_there_carries_what_ties_the_answer_to_us(crowd: Crowd, provider: FakeProvider) -> None:
    first, second = (dict(parse_qsl(urlsplit(begin(crowd)[0]).query)) for _ in range(2))
    assert first["redirect_uri"] == f"{HOME}{RETURN}"
    assert (first["response_type"], first["client_id"], first["scope"]) == ("code", CLIENT_ID, "openid profile")
    assert first["code_challenge_method"] == "S256"
    assert first["realm"] == "staff"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert len({first["state"], first["nonce"], first["code_challenge"]}) == 3
    assert provider.issuer == urlsplit(begin(crowd)[0])._replace(path="", query="").geturl()


def test_return_address_is_no_choice_of_the_request(crowd: Crowd) -> None:
    asked = {"redirect_uri": "https://evil.example/", "host": "evil.example", "client_id": "evil", "scope": "admin"}
    query = "?" + "&".join(f"{name}={value}" for name, value in asked.items())
    there, _ = begin(crowd, query, **{"X-Forwarded-Host": "evil.example", "X-Original-Host": "evil.example"})
    told = dict(parse_qsl(urlsplit(there).query))
    assert (told["redirect_uri"], told["client_id"]) == (f"{HOME}{RETURN}", CLIENT_ID)
    foreign = crowd.client.get("/login/openid", headers={"Host": "evil.example"}, follow_redirects=False)
    assert foreign.status_code == 400


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "x"]
)
def test_way_on_after_signing_in_never_leads_elsewhere(crowd: Crowd, provider: FakeProvider, target: str) -> None:
    answer = signed_in_by(crowd, provider, f"?next={target}")
    assert answer.headers["location"] == "/"
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    whole = json.loads(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)))
    answer = come_back(crowd, {"state": state, "code": code}, packed([*whole[:3], unquote(target), ""]))
    assert answer.headers["location"] == "/"


def test_way_on_to_a_page_of_ours_is_kept_in_its_language(crowd: Crowd, provider: FakeProvider) -> None:
    kept = signed_in_by(crowd, provider, "?next=/search%3Ftext%3Da%2520b")
    assert kept.headers["location"] == "/search?text=a%20b"
    assert signed_in_by(crowd, provider, "?next=/search&lang=zh").headers["location"] == "/search?lang=zh"
    provider.more = {"sub": "somebody else"}
    assert "请将以下命令交给管理员" in signed_in_by(crowd, provider, "?next=/search&lang=zh").text
    provider.more = {"nonce": "other"}
    assert "登录未通过" in signed_in_by(crowd, provider, "?lang=zh").text
    assert "请重新登录" not in signed_in_by(crowd, provider, "?lang=en").text


@pytest.mark.parametrize("origin", OUTSIDE)
def test_page_of_another_site_does_not_begin_a_sign_in(crowd: Crowd, origin: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Referer": origin}
    answer = crowd.client.get("/login/openid", headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert 'href="/login/openid?' in answer.text


def test_who_is_not_linked_is_refused_with_what_links_him(crowd: Crowd, provider: FakeProvider) -> None:
    provider.more = {"sub": "zhao';drop", "preferred_username": "admin", "email": "wang@town.example"}
    answer = signed_in_by(crowd, provider)
    assert_refused(answer)
    command = f"geogrid account link LOGIN --issuer {provider.issuer} --subject &#39;zhao&#39;&#34;&#39;&#34;&#39;;drop"
    assert command in answer.text
    with unit_of_work(crowd.engine) as session:
        assert session.execute(text("select count(*) from identities")).scalar_one() == 1


def test_disabled_account_is_not_signed_in(crowd: Crowd, provider: FakeProvider) -> None:
    with unit_of_work(crowd.engine) as session:
        disable_account(session, "wang")
    try:
        assert_refused(signed_in_by(crowd, provider))
    finally:
        with unit_of_work(crowd.engine) as session:
            disable_account(session, "wang", is_disabled=False)
    assert_signed_in(crowd, signed_in_by(crowd, provider))


def test_who_signs_in_elsewhere_makes_no_password_that_would_outlast_it(crowd: Crowd, provider: FakeProvider) -> None:
    headers = {"Cookie": f"{SESSION}={session_in(signed_in_by(crowd, provider))}", "Origin": HOME}
    page = crowd.client.get("/account", headers=headers).text
    assert 'name="new"' not in page
    form = page.partition('name="form" value="')[2].partition('"')[0]
    data = {"form": form, "old": "", "new": "four lamps sing at dusk", "again": "four lamps sing at dusk"}
    refused = crowd.client.post("/account/password", data=data, headers=headers)
    assert refused.status_code == 400
    assert "An administrator sets a password" in refused.text
    with unit_of_work(crowd.engine) as session:
        assert not get_account(session, "wang").has_password


def test_link_is_undone_on_the_page_of_the_account_and_ends_its_sessions(crowd: Crowd, provider: FakeProvider) -> None:
    own, admin = session_in(signed_in_by(crowd, provider)), crowd.sign_in(Role.ADMIN)
    page = crowd.client.get("/accounts/wang", headers=cookie(admin)).text
    number = page.partition('name="identity" value="')[2].partition('"')[0]
    for path, value in (("/accounts/leader", number), ("/accounts/wang", "999"), ("/accounts/wang", "x")):
        sent = {"do": "unlink", "identity": value, "form": admin.form}
        assert crowd.client.post(path, data=sent, headers=cookie(admin)).status_code == 404
    sent = {"do": "unlink", "identity": number, "form": admin.form}
    try:
        done = crowd.client.post("/accounts/wang", data=sent, headers=cookie(admin), follow_redirects=False)
        assert done.status_code == 303
        assert crowd.client.get("/account", headers={"Cookie": f"{SESSION}={own}"}).status_code == 401
        assert_refused(signed_in_by(crowd, provider))
    finally:
        with unit_of_work(crowd.engine) as session:
            link_identity(session, "wang", issuer=provider.issuer, subject=SUBJECT)


def test_provider_that_is_down_keeps_nobody_out_afterwards(
    crowd: Crowd, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Provider.ask

    def unreachable(self: Provider, asked: Asked) -> Mapping[str, Any]:
        """Answer nothing that is sent; what it says of itself is known already, or can be read."""
        if asked.body is not None:
            raise ProviderFaultError("down")
        return ask(self, asked)

    with monkeypatch.context() as broken:
        broken.setattr(Provider, "ask", unreachable)
        assert [signed_in_by(crowd, provider).status_code for _ in range(52)] == [503] * 52
    assert_signed_in(crowd, signed_in_by(crowd, provider))


def test_many_answers_from_one_address_are_slowed(crowd: Crowd, provider: FakeProvider) -> None:
    provider.forge = FORGED["other key, same name"]
    statuses = [signed_in_by(crowd, provider).status_code for _ in range(52)]
    assert statuses == [403] * 50 + [429] * 2


def test_new_person_gets_an_account_without_roles_and_takes_over_none(
    server: Server, tmp_path_factory: pytest.TempPathFactory, provider: FakeProvider
) -> None:
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SECRET}
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("new")):
        with crowded(database, **settings, oidc_new="account") as made:
            cases = {
                ("new-1", "Zhao.Li"): "zhao.li",
                ("new-2", "admin"): None,
                ("new-3", "anonymous"): None,
                ("new-4", "no login at all"): None,
            }
            for (subject, called), login in cases.items():
                provider.more = {"sub": subject, "preferred_username": called, "name": "新人\x00", "role": "admin"}
                answer = signed_in_by(made, provider)
                assert answer.status_code == 303, answer.text
                again = signed_in_by(made, provider)
                headers = {"Cookie": f"{SESSION}={session_in(again)}"}
                assert made.client.get("/cases?jurisdiction=town", headers=headers).status_code == 403
                assert made.client.get("/accounts", headers=headers).status_code == 403
                with unit_of_work(made.engine) as session:
                    row = session.execute(
                        text(
                            "select login from accounts a join identities i on i.account_id = a.id where subject = :s"
                        ),
                        {"s": subject},
                    ).scalar_one()
                    assert get_account(session, row).grants == ()
                assert row == (login or row)
                assert row not in {"admin", "anonymous"}
            provider.more = {}


def test_secrets_are_in_no_page_no_log_and_no_audit(
    crowd: Crowd, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.forge = FORGED["of another sign-in"]
    there, kept = begin(crowd)
    state, code = provider.grant(there)
    answer = come_back(crowd, {"state": state, "code": code}, kept)
    whole = json.loads(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)))
    with unit_of_work(crowd.engine) as session:
        audit = " ".join(f"{line.object} {line.before} {line.after}" for line in all_lines(session))
    for secret in (SECRET, *whole[:3]):
        assert secret not in audit + caplog.text
        assert secret not in answer.text.replace(state, "")
    assert SECRET not in repr(crowd.client.app.state.settings)  # type: ignore[attr-defined]
