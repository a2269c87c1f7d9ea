"""``/open311``: posts become cases with grids, answers say the same in XML and JSON, errors are the standard's."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st
from lxml import etree

from api.app import create_app
from api.settings import ServerSettings
from boundaries.store.engine import open_engine
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import store_town
from tests.http.open311_town import POLE, V2, both, number_of, offer, posted


@pytest.fixture(scope="module")
def offering(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    """An application for all these tests, and a key; no test minds what others post."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("open311")):
        engine = open_engine(database.settings)
        made = offer(engine, store_town(engine))
        with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
            yield opened, made
        engine.dispose()


@pytest.fixture
def client(offering: tuple[TestClient, str]) -> TestClient:
    return offering[0]


@pytest.fixture
def key(offering: tuple[TestClient, str]) -> str:
    return offering[1]


def test_discovery_names_the_interface_and_its_formats(client: TestClient, key: str) -> None:
    del key
    body = client.get("/open311/discovery.json").json()
    assert set(body) == {"changeset", "contact", "key_service", "endpoints"}
    endpoint = body["endpoints"][0]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert client.get(f"{endpoint['url']}/services.json").status_code == 200
    assert endpoint["formats"] == ["text/xml", "application/json"]
    root = etree.fromstring(client.get("/open311/discovery.xml").content)
    assert root.xpath("/discovery/endpoints/endpoint/formats/format/text()") == endpoint["formats"]
    assert client.get(f"{V2}/discovery.json").json() == body


def test_services_and_definitions_say_the_same_in_both_formats(client: TestClient, key: str) -> None:
    del key
    listed = both(client, "/services", "services")
    assert [(each["service_code"], each["metadata"], each["type"]) for each in listed] == [
        ("LAMP", True, "realtime"),
        ("POTHOLE", False, "realtime"),
        ("TREE", False, "batch"),
    ]
    assert set(listed[0]) == {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
    definition = both(client, "/services/LAMP", "service_definition")
    assert [each["order"] for each in definition["attributes"]] == [1, 2, 3, 4, 5, 6]
    state = definition["attributes"][1]
    assert (state["variable"], state["required"], state["values"][0]) == (True, False, {"key": "out", "name": "Out"})
    assert both(client, "/services/POTHOLE", "service_definition")["attributes"] == []


def test_post_becomes_a_case_with_its_grid(client: TestClient, key: str) -> None:
    reply = posted(
        client,
        key,
        service_code="LAMP",
        description="Dark.\nEvery night.",
        first_name="Li",
        email="li@example.org",
        **POLE,
    )
    number = number_of(reply)
    assert reply.headers["location"].endswith(f"{V2}/requests/{number}.json")
    assert "D-a" in reply.json()[0]["service_notice"]
    case = client.get(f"/cases/{number}").json()["properties"]
    assert (case["grid"], case["category"], case["channel"]) == ("D-a", "Street lamp 路灯", "open311")
    assert case["text"] == "Dark.\nEvery night."
    assert "reporter" not in case["attributes"]
    assert case["reporter"] == {"name": "L**", "email": "l*@example.org"}
    assert case["attributes"]["attributes"] == {"POLE": "12-7"}


def test_post_by_address_alone_is_looked_up(client: TestClient, key: str) -> None:
    fields = {"api_key": key, "service_code": "POTHOLE", "address_string": "Long Street 9"}
    number = number_of(client.post(f"{V2}/requests.json", data=fields))
    assert client.get(f"/cases/{number}").json()["properties"]["grid"] == "D-b"


def test_post_outside_every_grid_is_kept_for_a_person(client: TestClient, key: str) -> None:
    reply = posted(client, key, service_code="POTHOLE", lat="20")
    assert "person" in reply.json()[0]["service_notice"]
    assert client.get(f"/cases/{number_of(reply)}").json()["properties"]["grid"] is None


def test_fixmystreet_posts_as_it_does_and_is_not_stored_twice(client: TestClient, key: str) -> None:
    form = {
        "api_key": key,
        "jurisdiction_id": "town",
        "service_code": "LAMP",
        "lat": "50.5",
        "long": "10.5",
        "email": "reporter@example.org",
        "first_name": "Reporter",
        "last_name": "Example",
        "phone": "",
        "device_id": "",
        "description": "title:  Lamp out\n\ndetail: It is dark\n\nurl: http://fixmystreet.example/report/7\n\nSubmitted",
        "media_url": "http://fixmystreet.example/photo/7.jpeg",
        "attribute[fixmystreet_id]": "7",
        "attribute[easting]": "100",
        "attribute[POLE]": "12-7",
        "attribute[SEEN][]": ["dawn", "night"],
    }
    first = client.post(f"{V2}/requests.xml", data=form)
    again = client.post(f"{V2}/requests.xml", data=form)
    assert (first.status_code, again.status_code) == (201, 200)
    numbers = [etree.fromstring(each.content).findtext("request/service_request_id") for each in (first, again)]
    assert numbers[0] == numbers[1]
    assert etree.fromstring(first.content).tag == "service_requests"
    stored = client.get(f"/cases/{numbers[0]}").json()["properties"]
    assert stored["attributes"]["attributes"]["SEEN"] == ["dawn", "night"]
    changed = client.post(f"{V2}/requests.xml", data=form | {"description": "another"})
    assert changed.status_code == 400
    assert etree.fromstring(changed.content).findtext("error/code") == "409"


def test_batch_service_gives_a_token_that_leads_to_the_number(client: TestClient, key: str) -> None:
    reply = posted(client, key, service_code="TREE")
    assert set(reply.json()[0]) == {"token", "service_notice", "account_id"}
    token = reply.json()[0]["token"]
    found = both(client, f"/tokens/{token}", "service_requests")
    assert found[0]["token"] == token
    assert client.get(f"{V2}/requests/{found[0]['service_request_id']}.json").status_code == 200
    missing = client.get(f"{V2}/tokens/never-given.json")
    assert (missing.status_code, missing.json()[0]["code"]) == (404, 404)


@pytest.mark.parametrize("given", [{}, {"api_key": ""}, {"api_key": "guess"}, {"api_key": "\x00"}])
def test_post_without_a_key_is_403(client: TestClient, key: str, given: dict[str, str]) -> None:
    del key
    reply = client.post(f"{V2}/requests.xml", data={"service_code": "POTHOLE", "lat": "50.5", "long": "10.5", **given})
    assert reply.status_code == 403
    root = etree.fromstring(reply.content)
    assert root.xpath("/errors/error/code/text()") == ["403"]
    assert "api_key" in str(root.findtext("error/description"))


def test_every_fault_of_a_post_is_listed(client: TestClient, key: str) -> None:
    reply = posted(
        client,
        key,
        service_code="LAMP",
        lat="91",
        description="x" * 4_001,
        media_url="javascript:alert(1)",
        **{
            "attribute[STATE]": "odd",
            "attribute[SEEN][]": ["noon", "never"],
            "attribute[HEIGHT]": "nan",
            "attribute[SINCE]": "2026-03-01",
        },
    )
    assert reply.status_code == 400
    told = " ".join(each["description"] for each in reply.json())
    assert {each["code"] for each in reply.json()} == {400}
    for name in ("lat", "description", "media_url", "POLE", "STATE", "SEEN", "HEIGHT", "SINCE"):
        assert name in told
    assert len(reply.json()) == 8


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"service_code": ""}, 400, "service_code was not provided"),
        ({"service_code": "NONE"}, 404, "service_code 'NONE' was not found"),
        ({"service_code": "POTHOLE", "jurisdiction_id": "atlantis"}, 404, "jurisdiction_id 'atlantis' was not found"),
        ({"service_code": "POTHOLE", "lat": ""}, 400, "belong together"),
        ({"service_code": "POTHOLE", "lat": "", "long": ""}, 400, "There is no place"),
        ({"service_code": "POTHOLE", "description": "a\x00b"}, 400, "NUL"),
        ({"service_code": "POTHOLE", "attribute[external_id]": "a b"}, 400, "external_id"),
    ],
)
def test_refused_post_says_why_and_stores_nothing(
    client: TestClient, key: str, fields: dict[str, str], status: int, words: str
) -> None:
    before = client.get("/cases").json()["numberMatched"]
    reply = posted(client, key, **fields)
    assert reply.status_code == status
    assert words in reply.json()[0]["description"]
    assert client.get("/cases").json()["numberMatched"] == before


FIELDS = ("service_code", "lat", "long", "address_string", "description", "jurisdiction_id", "media_url", "phone")


NAMES = st.sampled_from((*FIELDS, "attribute[POLE]", "attribute[SEEN][]", "attribute[HEIGHT]", "attribute[]", "x"))


VALUES = st.text(max_size=20) | st.sampled_from(
    ("LAMP", "TREE", "POTHOLE", "10.5", "50.5", "1e999", "-0", "town", "noon")
)


@settings_of_test(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.lists(st.tuples(NAMES, VALUES), max_size=8), extension=st.sampled_from(("xml", "json")))
def test_whatever_is_posted_is_taken_or_refused_in_the_form_of_the_standard(
    client: TestClient, key: str, form: list[tuple[str, str]], extension: str
) -> None:
    body = urlencode([("api_key", key), *form], errors="surrogatepass")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = client.post(f"{V2}/requests.{extension}", content=body, headers=headers)
    assert reply.status_code in {201, 400, 404}
    if extension == "xml":
        root = etree.fromstring(reply.content)
        assert root.tag == ("service_requests" if reply.status_code == 201 else "errors")
    else:
        member = "service_notice" if reply.status_code == 201 else "description"
        assert all(each[member] for each in reply.json())


def test_file_is_refused_with_what_to_do(client: TestClient, key: str) -> None:
    reply = client.post(
        f"{V2}/requests.json", data={"api_key": key, "service_code": "POTHOLE"}, files={"media": ("a.jpg", b"x")}
    )
    assert (reply.status_code, "media_url" in reply.json()[0]["description"]) == (400, True)


def test_request_tells_what_is_public_and_nothing_of_who_reported(client: TestClient, key: str) -> None:
    secret = {"email": "li@example.org", "phone": "555-1", "last_name": "Zhang", "device_id": "d-77"}
    number = number_of(posted(client, key, service_code="POTHOLE", description="at the gate of Zhang", **secret))
    found = both(client, f"/requests/{number}", "service_requests")[0]
    assert (found["status"], found["service_code"], found["description"], found["address"]) == (
        "open",
        "POTHOLE",
        None,
        None,
    )
    assert (found["lat"], found["long"], found["agency_responsible"]) == (50.5, 10.5, "Grid a (D-a)")
    for path in (f"/requests/{number}.xml?extensions=true", "/requests.json?extensions=true"):
        told = client.get(f"{V2}{path}").text
        assert not [value for value in secret.values() if value in told]


def test_extended_attributes_have_grid_chain_and_duties_without_telephones(client: TestClient, key: str) -> None:
    number = number_of(posted(client, key, service_code="POTHOLE"))
    assert "extended_attributes" not in client.get(f"{V2}/requests/{number}.json").json()[0]
    extended = both(client, f"/requests/{number}?extensions=true", "service_requests")[0]["extended_attributes"]
    assert (extended["grid"], extended["edition"]) == ("D-a", "first")
    assert [each["code"] for each in extended["chain"]] == ["D-a", "D"]
    assert {"grid": "D-a", "role": "网格长", "holder": "王芳"} in extended["duties"]
    assert "12345" not in str(extended)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z", 400, "90 days"),
        ("/requests.json?start_date=yesterday", 400, "start_date"),
        ("/requests.json?status=waiting", 400, "status"),
        ("/requests.json?page_size=5000", 400, "page_size"),
        ("/requests.json?service_code=NONE", 404, "service_code 'NONE'"),
        ("/services.json?jurisdiction_id=atlantis", 404, "jurisdiction_id"),
        ("/services/NONE.json", 404, "service_code"),
        ("/requests/0.json", 404, "service_request_id"),
        ("/requests/99999999999999999999.json", 404, "service_request_id"),
    ],
)
def test_wrong_question_is_answered_in_the_form_of_the_standard(
    reader: TestClient, path: str, status: int, words: str
) -> None:
    reply, xml = reader.get(f"{V2}{path}"), reader.get(f"{V2}{path.replace('.json', '.xml')}")
    assert (reply.status_code, xml.status_code) == (status, status)
    assert [each["code"] for each in reply.json()] == [status]
    assert words in reply.json()[0]["description"]
    root = etree.fromstring(xml.content)
    assert root.xpath("/errors/error/description/text()")[0].replace(".xml", ".json") == reply.json()[0]["description"]


def test_other_extension_is_404_in_the_form_of_the_standard(reader: TestClient) -> None:
    reply = reader.get(f"{V2}/services.yaml")
    assert reply.status_code == 404
    assert etree.fromstring(reply.content).findtext("error/code") == "404"
