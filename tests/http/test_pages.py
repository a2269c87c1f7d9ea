"""The pages for people, as the server writes them: words, answers, lists, errors; data is never taken as HTML."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from shapely import LineString
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ServerSettings
from api.web.words import _WORDS, speaker
from boundaries.basemap.storing import save_barriers
from boundaries.cases.reading import NewCase
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.types import LevelName
from tests.fixtures_db import Database, lost
from tests.http.conftest import Town, publish_second, store_cases, store_town

START = datetime(2026, 2, 1, tzinfo=UTC)
PAGE = {"accept": "text/html,application/xhtml+xml"}


class Text(HTMLParser):
    """Collects what is read, and the elements that run scripts or handlers."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.scripts = 0
        self.handlers: list[str] = []
        self.hrefs: list[str] = []
        self._hidden = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script" and not dict(attrs).get("src") and dict(attrs).get("type") is None
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.hrefs += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self._hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def get(client: TestClient, path: str, **headers: str) -> Response:
    return client.get(path, headers={**PAGE, **headers})


def text_of(client: TestClient, path: str) -> str:
    reply = get(client, path)
    assert reply.status_code == 200, reply.text[:500]
    return Text(reply.text).text


def case(key: str, **members: object) -> NewCase:
    return NewCase(**{"source": "test", "source_key": key, "reported_at": START, **members})  # type: ignore[arg-type]


@pytest.fixture
def empty_client(database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
        yield opened


# Words


def test_every_word_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (english, chinese) in _WORDS.items():
        assert english.strip(), key
        assert chinese.strip(), key
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), key


def test_words_of_the_user_are_not_taken_for_places() -> None:
    assert speaker("en")("not_found_hint", query="{query} {0} %s").startswith("Nothing like “{query} {0} %s”")


@pytest.mark.parametrize(
    ("path", "accepted", "expected"),
    [
        ("/?lang=zh", "en", "zh-CN"),
        ("/?lang=en", "zh-CN,zh;q=0.9", "en"),
        ("/", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("/", "fr,zh;q=0.5", "zh-CN"),
        ("/", "fr", "en"),
        ("/", "", "en"),
        ("/?lang=xx", "zh", "zh-CN"),
    ],
)
def test_language_is_the_asked_one_else_the_browsers(
    reader: TestClient, path: str, accepted: str, expected: str
) -> None:
    reply = get(reader, path, **{"accept-language": accepted})
    assert f'<html lang="{expected}">' in reply.text
    assert reply.headers["content-language"] == expected


@pytest.mark.parametrize("path", ["/", "/search", "/docs", "/?q=Long+Street+9", "/search?text=%26x%3D1"])
def test_switch_of_language_keeps_everything_else(reader: TestClient, path: str) -> None:
    other = re.search(r'class="language" href="([^"]+)"', get(reader, path).text)
    assert other is not None
    address = other[1].replace("&amp;", "&")
    assert "lang=zh" in address
    assert get(reader, address).headers["content-language"] == "zh-CN"
    before, after = path.partition("?")[2], address.partition("?")[2]
    assert after.removesuffix("lang=zh").rstrip("&") == before


# The start page


def test_start_page_shows_town_edition_counts_and_ways(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1", lon=10.5, lat=50.5), case("2", status="closed"))
    reply = get(client, "/?lang=en")
    text = Text(reply.text)
    assert "Town" in text.text
    assert "first, in force since 2026-01-01" in text.text
    assert "leaf grids 3 2 comprehensive, 1 dedicated" in text.text
    assert "cases 2 2026-02-01 to 2026-02-01" in text.text
    assert "not closed yet 1 1 closed" in text.text
    assert "wait for a grid 1" in text.text
    assert "© Surveyors <i>" in text.text
    paths = {href.partition("?")[0] for href in text.hrefs}
    assert {"/maps/coverage", "/maps/hotspots", "/search", "/docs"} <= paths


def test_every_way_from_the_start_page_leads_somewhere(reader: TestClient) -> None:
    for lang in ("en", "zh"):
        for href in set(Text(get(reader, f"/?lang={lang}").text).hrefs):
            if not href.startswith("#"):
                assert get(reader, href).status_code == 200, href


def test_picture_has_every_grid_and_every_case(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1", lon=10.5, lat=50.5), case("2", lon=12.5, lat=50.5), case("3", lon=0.0, lat=0.0))
    source = get(client, "/").text
    drawn = re.findall(r'<path class="sketch-(\w+)" fill-rule="evenodd" d="(M[^"]+Z)"><title>([^<]+)</title>', source)
    assert [(style, title) for style, _, title in drawn] == [
        ("in", "D-a Grid a"),
        ("in", "D-b Grid b"),
        ("dedicated", "D-c Grid c"),
    ]
    dots = re.search(r'class="sketch-cases" d="([^"]*)"', source)
    assert dots is not None
    assert dots[1].count("M") == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("10.25, 50.5", "Grid a"),
        ("10.25 50.5", "Grid a"),
        ("10.25，50.5", "Grid a"),
        (" 10.25°,50.5° ", "Grid a"),
        ("Long Street 9", "Grid b"),
        ("long street 9", "Grid b"),
        ("长江路8号", "Grid c"),
    ],
)
def test_place_typed_in_is_answered_with_its_grid(reader: TestClient, query: str, expected: str) -> None:
    source = reader.get("/", params={"q": query, "lang": "en"}, headers=PAGE).text
    assert re.findall(r'<h3 class="name">([^<]+)</h3>', source) == [expected]
    assert 'class="sketch-found"' in source
    assert 'class="sketch-pin"' in source


def test_answer_names_who_is_on_duty_with_a_number_to_call(reader: TestClient) -> None:
    source = get(reader, "/?q=10.25,50.5&lang=en").text
    assert "王芳" in Text(source).text
    assert 'href="tel:12345"' in source


def test_latitude_before_longitude_is_understood_and_said(reader: TestClient) -> None:
    text = text_of(reader, "/?q=50.5,10.25&lang=en")
    assert "Grid a" in text
    assert "Read as latitude, longitude." in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("0, 0", "Outside every grid"),
        ("500, 500", "Longitude must be from -180 to 180, latitude from -90 to 90."),
        ("Nowhere Lane 77", "Nothing like “Nowhere Lane 77” is among the known addresses."),
    ],
)
def test_place_without_a_grid_is_answered_with_the_reason(reader: TestClient, query: str, expected: str) -> None:
    reply = reader.get("/", params={"q": query, "lang": "en"}, headers=PAGE)
    assert reply.status_code == 200
    assert expected in Text(reply.text).text


def test_each_jurisdiction_has_its_page(engine: Engine, client: TestClient) -> None:
    store_town(engine, "other", west=20.0)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    source = get(client, "/?lang=en&jurisdiction=town&q=10.25,50.5").text
    assert "<h1>Town</h1>" in source
    assert 'aria-current="page">Town</a>' in source
    inside = {href for href in Text(source).hrefs if href.startswith("/search")}
    assert inside
    assert all("jurisdiction=town" in href for href in inside)
    assert "<h1>Other</h1>" in get(client, "/").text
    assert get(client, "/?jurisdiction=atlantis").status_code == 400


def test_town_between_editions_still_has_its_page(engine: Engine, database: Database) -> None:
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="new", name="New Town", levels=[LevelName("grid")])
    with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as client:
        assert "No edition is in force" in text_of(client, "/?lang=en")
        assert "No case is stored yet" in text_of(client, "/search?lang=en")


def test_empty_store_says_how_to_begin(empty_client: TestClient) -> None:
    text = text_of(empty_client, "/?lang=en")
    assert "Nothing is stored yet" in text
    assert "geogrid demo" in text
    assert "尚无数据" in text_of(empty_client, "/?lang=zh")
    assert get(empty_client, "/search").status_code == 503


# The case search


def listed(client: TestClient, path: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-case="(\d+)"', get(client, path).text)]


def test_list_tells_what_a_handler_needs(engine: Engine, client: TestClient, town: Town) -> None:
    (number,) = store_cases(
        engine,
        town,
        case(
            "1", text="路灯不亮", channel="12345", category="public works", address="Long Street 1", lon=10.25, lat=50.5
        ),
    )
    text = text_of(client, "/search?lang=en")
    for words in ("1 case", "Open", "路灯不亮", "12345", "public works", "Long Street 1", "Grid a", "2026-02-01 00:00"):
        assert words in text
    assert listed(client, "/search") == [number]


def test_form_filters_the_list_and_keeps_what_was_typed(engine: Engine, client: TestClient, town: Town) -> None:
    lamp, dog, _ = store_cases(
        engine,
        town,
        case("1", text="lamp", channel="app", category="x", lon=10.25, lat=50.5),
        case("2", text="dog", channel="visit", category="y", status="closed", lon=11.25, lat=50.5),
        case("3", text="cat", channel="visit", category="y", reported_at=START + timedelta(days=40)),
    )
    assert listed(client, "/search?text=lamp") == [lamp]
    assert listed(client, "/search?grid=D") == [dog, lamp]
    assert listed(client, "/search?channel=visit&to=2026-02-02") == [dog]
    assert listed(client, "/search?status=closed&category=y") == [dog]
    assert listed(client, "/search?from=2026-02-01&to=2026-02-01") == [dog, lamp]
    assert len(listed(client, "/search?has_grid=false")) == 1
    assert listed(client, "/search?text=&grid=&channel=&from=&to=")[-1] == lamp
    source = get(client, "/search?text=lamp&channel=app&from=2026-02-01&lang=en").text
    assert 'value="lamp"' in source
    assert '<option value="app" selected>app (1)</option>' in source
    assert 'value="2026-02-01"' in source
    assert "2 set" in Text(source).text


def test_days_are_those_of_the_town(engine: Engine, client: TestClient) -> None:
    east = store_town(engine, "east", west=30.0, time_zone="Asia/Shanghai")
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    (number,) = store_cases(engine, east, case("1", reported_at=datetime(2026, 1, 31, 16, 30, tzinfo=UTC)))
    assert listed(client, "/search?jurisdiction=east&from=2026-02-01&to=2026-02-01") == [number]
    assert listed(client, "/search?jurisdiction=east&to=2026-01-31") == []
    assert "2026-02-01 00:30" in text_of(client, "/search?jurisdiction=east&lang=en")


def test_pages_of_the_list_follow_each_other(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, *(case(str(i), text="a & b", reported_at=START + timedelta(hours=i)) for i in range(60)))

    def turn(source: str, rel: str) -> str | None:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', source)
        return None if found is None else found[1].replace("&amp;", "&")

    seen, path = [], "/search?text=a+%26+b&lang=en"
    while path:
        source = get(client, path).text
        seen.append([int(number) for number in re.findall(r'data-case="(\d+)"', source)])
        last, path = path, turn(source, "next") or ""
    assert [len(page) for page in seen] == [25, 25, 10]
    assert len({number for page in seen for number in page}) == 60
    back = turn(get(client, last).text, "prev")
    assert back is not None
    assert listed(client, back) == seen[1]


def test_search_that_finds_nothing_says_what_to_do(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1", text="lamp"))
    assert "No case matches Take a filter away" in text_of(client, "/search?text=zebra&lang=en")
    assert "没有符合条件的诉求" in text_of(client, "/search?text=zebra&lang=zh")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=2026-13-01", "“2026-13-01” is not a day such as 2026-03-01."),
        ("to=9999-12-31", "“9999-12-31” is not a day such as 2026-03-01."),
        ("from=2026-02-02&to=2026-02-01", "The first day lies after the last one."),
        ("grid=nope", "No edition has a grid of this code."),
        ("cursor=abc", "This link leads to no place in the list."),
        ("status=done", "“done” cannot be used; it must be one of open, in_progress, closed."),
        ("has_grid=perhaps", "“perhaps” cannot be used; it must be true or false."),
    ],
)
def test_wrong_field_is_said_beside_it_and_the_form_stays(reader: TestClient, query: str, message: str) -> None:
    reply = get(reader, f"/search?{query}&text=lamp&lang=en")
    assert reply.status_code == 400
    assert message in Text(reply.text).text
    assert 'value="lamp"' in reply.text


def test_downloads_and_hotspots_have_the_same_cases(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1", text="lamp", lon=10.25, lat=50.5), case("2", text="dog", lon=10.25, lat=50.5))
    hrefs = Text(get(client, "/search?text=lamp&from=2026-02-01&lang=en").text).hrefs
    (download,) = [href for href in hrefs if href.startswith("/cases")]
    content = client.get(download).content
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"lamp") == 1
    assert b"dog" not in content
    (hotspots,) = [href for href in hrefs if href.startswith("/maps/hotspots") and "text=lamp" in href]
    assert get(client, hotspots).status_code == 200


def test_case_page_tells_text_place_duty_and_history(engine: Engine, client: TestClient, town: Town) -> None:
    (number,) = store_cases(
        engine,
        town,
        case("1", text="路灯不亮", external_id="X-9", lon=10.25, lat=50.5, attributes={"floor": 3}),
    )
    text = text_of(client, f"/search/{number}?lang=en")
    for words in (
        "路灯不亮",
        "X-9",
        "Grid a",
        "assigned by edition first",
        "王芳",
        "Received",
        "Assigned to a grid",
        "floor 3",
    ):
        assert words in text
    assert "Today the place belongs to" not in text


def test_case_page_tells_when_the_place_belongs_elsewhere_by_now(
    engine: Engine, client: TestClient, town: Town
) -> None:
    (number,) = store_cases(engine, town, case("1", text="x", status="closed", lon=11.25, lat=50.5))
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    text = text_of(client, f"/search/{number}?lang=en")
    assert "Grid b" in text
    assert "Today the place belongs to : Grid x" in text.replace("to:", "to :")


def test_move_to_another_grid_stands_in_the_history(engine: Engine, client: TestClient, town: Town) -> None:
    (number,) = store_cases(engine, town, case("1", text="x", lon=11.25, lat=50.5))
    publish_second(engine, town)
    text = text_of(client, f"/search/{number}?lang=en")
    assert "Assigned anew" in text
    assert "D-b → D-x" in text


def test_case_that_waits_says_so(engine: Engine, client: TestClient, town: Town) -> None:
    (number,) = store_cases(engine, town, case("1", text="somewhere"))
    assert "This case waits for somebody to place it." in text_of(client, f"/search/{number}?lang=en")


def test_case_that_is_not_there_is_a_page_with_a_way_back(reader: TestClient) -> None:
    reply = get(reader, "/search/99?lang=en")
    text = Text(reply.text)
    assert reply.status_code == 404
    assert "There is no case 99." in text.text
    assert any(href.startswith("/?lang=en") for href in text.hrefs)


# Hostile words and missing things

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}' onload='x"


def test_hostile_words_stay_words_on_every_page(engine: Engine, client: TestClient, town: Town) -> None:
    (number,) = store_cases(
        engine,
        town,
        case(
            "1",
            text=HOSTILE,
            address=HOSTILE,
            channel=HOSTILE,
            category=HOSTILE,
            external_id=HOSTILE,
            attributes={HOSTILE: HOSTILE},
            lon=10.25,
            lat=50.5,
        ),
    )
    for path, params in [
        ("/", {"q": HOSTILE}),
        ("/search", {}),
        ("/search", {"text": HOSTILE, "channel": HOSTILE}),
        ("/search", {"grid": HOSTILE, "from": HOSTILE}),
        (f"/search/{number}", {"text": HOSTILE}),
        (f"/nothing/{HOSTILE}", {}),
    ]:
        reply = client.get(path, params=params, headers=PAGE)
        page = Text(reply.text)
        assert page.scripts == 0, path
        assert page.handlers == [], path
        assert "49" not in page.text or "{{7*7}}" in page.text
    assert HOSTILE in Text(get(client, f"/search/{number}").text).text


def test_data_of_the_map_cannot_end_its_script(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1", text="</script><!--<script>", lon=10.25, lat=50.5))
    source = get(client, "/search").text
    data = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', source, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["cases"][0]["title"] == "</script><!--<script>"


def test_pages_allow_no_script_but_our_files(reader: TestClient) -> None:
    for path in ("/", "/search", "/docs", "/nothing"):
        policy = get(reader, path).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src" not in policy


def test_browser_gets_errors_as_pages_and_programs_as_problems(reader: TestClient) -> None:
    page = get(reader, "/cases?limit=0")
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "limit is '0'; it must be a whole number from 1 to 10000." in Text(page.text).text
    program = reader.get("/cases?limit=0", headers={"accept": "*/*"})
    assert program.headers["content-type"] == "application/problem+json"


def test_pages_without_a_database_say_so(database: Database) -> None:
    with TestClient(create_app(ServerSettings(**lost(database.settings).model_dump()))) as client:
        for path in ("/?lang=en", "/search?lang=en"):
            reply = get(client, path)
            assert reply.status_code == 503
            assert "The database cannot be used at the moment" in Text(reply.text).text


# Assets and maps


def test_assets_are_kept_by_the_browser_for_as_long_as_they_are_the_same(reader: TestClient) -> None:
    styles = [href for href in Text(get(reader, "/").text).hrefs if "geogrid.css" in href]
    reply = reader.get(styles[0])
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = reader.get("/assets/static/geogrid.css")
    assert plain.headers["cache-control"] == "no-cache"
    again = reader.get("/assets/static/geogrid.css", headers={"if-none-match": plain.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/assets/static/../app.py", "/assets/static/%2e%2e/assets.py", "/assets/vendor/none.js"]
)
def test_nothing_beside_the_assets_is_served(reader: TestClient, path: str) -> None:
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("lang", ["en", "zh", "both"])
def test_maps_name_their_sources_and_load_nothing_foreign(
    engine: Engine, client: TestClient, town: Town, lang: str
) -> None:
    store_cases(engine, town, case("1", text="lamp", lon=10.25, lat=50.5))
    for path in ("/maps/coverage", "/maps/hotspots"):
        reply = get(client, f"{path}?lang={lang}")
        assert reply.status_code == 200
        assert "Surveyors" in reply.text
        loaded = re.findall(r'(?:src|href)="([^"]+)"', reply.text)
        assert loaded
        assert [each for each in loaded if not each.startswith(("/", "?", "data:", "#"))] == []


def test_coverage_map_names_who_is_on_duty(reader: TestClient) -> None:
    assert "网格长 王芳" in get(reader, "/maps/coverage").text


def test_coverage_map_is_not_sent_again_while_nothing_changed(engine: Engine, client: TestClient, town: Town) -> None:
    etag = get(client, "/maps/coverage").headers["etag"]
    assert get(client, "/maps/coverage", **{"if-none-match": etag}).status_code == 304
    with unit_of_work(engine) as session:
        streets = gpd.GeoDataFrame(
            {"name": ["High Street"], "kind": ["highway"], "rank": [5]},
            geometry=[LineString([(10.1, 50.5), (12.9, 50.5)])],
            crs="EPSG:4326",
        )
        save_barriers(session, town.id, streets)
    fresh = get(client, "/maps/coverage", **{"if-none-match": etag})
    assert "High Street" in fresh.text
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    assert get(client, "/maps/coverage", **{"if-none-match": fresh.headers["etag"]}).status_code == 200


def test_hotspot_map_takes_the_filters_of_the_cases(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(
        engine, town, case("1", text="lampwords", lon=10.25, lat=50.5), case("2", text="dogwords", lon=10.25, lat=50.5)
    )
    source = get(client, "/maps/hotspots?text=lampwords").text
    assert "lampwords" in source
    assert "dogwords" not in source
    assert client.get("/maps/hotspots?limit=3").status_code == 400
    assert client.get("/maps/hotspots?grid=nope").status_code == 400


def test_maps_of_a_moment_without_edition_are_404(reader: TestClient) -> None:
    reply = reader.get("/maps/coverage?at=2020-01-01T00:00:00Z")
    assert reply.status_code == 404
    assert reply.json()["detail"] == "No edition of Town was in force at 2020-01-01T00:00:00+00:00."
