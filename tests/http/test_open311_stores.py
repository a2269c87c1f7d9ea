"""``/open311`` where a test needs a store or a server of its own; a client from outside among them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from georeport import GeoReport
from lxml import etree
from sqlalchemy import Engine, text

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from geogrid.errors import ConflictError
from tests.fixtures_db import Database, lost
from tests.http.conftest import Town, publish_second, store_cases, store_town
from tests.http.open311_town import POLE, V2, both, number_of, offer, posted
from tests.http.receivers import eventually
from tests.serving import serving


@pytest.fixture
def key(engine: Engine, town: Town) -> str:
    return offer(engine, town)


@pytest.fixture
def open_client(settings: ServerSettings, town: Town) -> Iterator[TestClient]:
    """An application whose operator makes words and addresses public."""
    del town
    public = (*settings.public_case_fields, "text", "address")
    with TestClient(create_app(settings.model_copy(update={"public_case_fields": public}))) as opened:
        yield opened


def test_removed_key_opens_nothing(client: TestClient, key: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("delete from api_keys"))
    assert posted(client, key, service_code="POTHOLE").status_code == 403


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_what_the_commit_refuses_is_told_in_the_form_of_the_standard(
    client: TestClient, key: str, engine: Engine, extension: str
) -> None:
    with engine.begin() as connection:
        for statement in _REFUSED_AT_COMMIT:
            connection.execute(text(statement))
    answer = posted(client, key, extension, service_code="POTHOLE")
    assert answer.status_code == 400
    if extension == "json":
        [error] = answer.json()
        code, description = error["code"], error["description"]
    else:
        root = etree.fromstring(answer.content)
        [code], [description] = root.xpath("/errors/error/code/text()"), root.xpath("/errors/error/description/text()")
    assert int(code) == 409
    assert "Try again" in description
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from cases")).scalar_one() == 0


_REFUSED_AT_COMMIT = (
    """create function refuse() returns trigger language plpgsql as
       $$ begin raise exception 'not now' using errcode = 'serialization_failure'; end $$""",
    """create constraint trigger refuse after insert on cases deferrable initially deferred
       for each row execute function refuse()""",
)


def test_request_that_is_refused_late_is_not_stored(
    client: TestClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise ConflictError("Not now.")

    monkeypatch.setattr("api.open311.routes.token_of", refuse)
    assert posted(client, key, service_code="TREE").status_code == 400
    assert client.get("/cases").json()["numberMatched"] == 0


def test_operator_may_make_words_and_addresses_public(open_client: TestClient, key: str) -> None:
    number = number_of(posted(open_client, key, service_code="POTHOLE", description="Deep\x0b <hole> & mud 坑"))
    found = open_client.get(f"{V2}/requests/{number}.json").json()[0]
    assert found["description"] == "Deep\x0b <hole> & mud 坑"
    root = etree.fromstring(open_client.get(f"{V2}/requests/{number}.xml").content)
    assert root.findtext("request/description") == "Deep\ufffd <hole> & mud 坑"


def test_request_goes_to_its_grid_of_the_next_edition(client: TestClient, key: str, engine: Engine, town: Town) -> None:
    number = number_of(posted(client, key, service_code="POTHOLE", long="11.25"))
    publish_second(engine, town)
    extended = client.get(f"{V2}/requests/{number}.json?extensions=true").json()[0]["extended_attributes"]
    assert (extended["grid"], extended["edition"]) == ("D-x", "second")


def test_requests_are_found_by_service_status_period_and_number(
    client: TestClient, key: str, engine: Engine, town: Town
) -> None:
    del key
    now = datetime.now(UTC)
    days = (1, 2, 80, 100)
    cases = [
        NewCase(
            "test",
            f"{day}",
            now - timedelta(days=day),
            category="Pothole" if day != 2 else "Fallen tree",
            status="closed" if day == 80 else "open",
            closed_at=now if day == 80 else None,
            lon=10.5,
            lat=50.5,
        )
        for day in days
    ]
    hidden = NewCase("test", "hidden", now, category="Quarrel of neighbours", lon=10.5, lat=50.5)
    *ids, other = store_cases(engine, town, *cases, hidden)

    def found(query: str = "") -> list[str]:
        return [each["service_request_id"] for each in both(client, f"/requests?{query}", "service_requests")]

    one, two, eighty, hundred = map(str, ids)
    assert found() == [one, two, eighty]
    assert found("status=&service_code=&start_date=&nonsense=1") == [one, two, eighty]
    assert found("status=closed") == [eighty]
    assert found("status=open,closed") == [one, two, eighty]
    assert found("service_code=POTHOLE,LAMP") == [one, eighty]
    assert found(f"service_request_id={hundred},{one},{other},x&status=closed") == [one, hundred]
    old = (now - timedelta(days=101)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(f"start_date={old}") == [eighty, hundred]
    assert one not in found(f"end_date={(now - timedelta(hours=36)).strftime('%Y-%m-%dT%H:%M:%SZ')}")
    assert client.get(f"{V2}/requests/{other}.json").status_code == 404
    pages = [found(f"page_size=2&page={page}") for page in (1, 2, 3)]
    assert pages == [[one, two], [eighty], []]
    following = client.get(f"{V2}/requests.json?page_size=2").links["next"]["url"]
    assert parse_qs(urlsplit(following).query)["page"] == ["2"]


def test_several_jurisdictions_must_be_told_apart(client: TestClient, engine: Engine, key: str) -> None:
    del key
    store_town(engine, "other", west=40.0)

    def reply() -> Any:
        return client.get(f"{V2}/services.json")

    assert eventually(lambda: reply().status_code == 400)
    assert "other, town" in reply().json()[0]["description"]
    assert len(client.get(f"{V2}/services.json?jurisdiction_id=town").json()) == 3


def test_lost_database_is_told_in_the_form_of_the_standard(database: Database) -> None:
    with TestClient(create_app(ServerSettings(**lost(database.settings).model_dump()))) as client:
        reply = client.get(f"{V2}/services.json")
    assert (reply.status_code, reply.json()[0]["code"], reply.headers["retry-after"]) == (503, 503, "5")
    assert "secret" not in reply.text


@pytest.mark.parametrize("output", ["json", "xml"])
def test_client_from_outside_reads_services_and_requests(
    settings: ServerSettings, engine: Engine, town: Town, output: str
) -> None:
    key = offer(engine, town)
    with serving(settings) as base:
        with TestClient(create_app(settings)) as client:
            numbers = [number_of(posted(client, key, service_code=code, **POLE)) for code in ("LAMP", "POTHOLE")]
        outside = GeoReport(f"{base}{V2}", jurisdiction="town", output_format=output)
        assert [each["service_code"] for each in outside.get_service_list()] == ["LAMP", "POTHOLE", "TREE"]
        assert outside.get_service_definition("LAMP")["service_code"] == "LAMP"
        listed = outside.get_service_requests(status="open", service_code="LAMP,POTHOLE")
        assert sorted(each["service_request_id"] for each in listed) == sorted(numbers)
        one = outside.get_service_request(numbers[0])
        assert (one["status"], one["service_name"]) == ("open", "Street lamp 路灯")
