"""The start page finds grids by code, name and who is on duty, suggests while somebody types, and still addresses."""

import pytest
from fastapi.testclient import TestClient

PAGE = {"Accept": "text/html"}


def answer(reader: TestClient, typed: str) -> str:
    page = reader.get("/", params={"q": typed, "lang": "en"}, headers=PAGE)
    assert page.status_code == 200
    return page.text.partition('id="answer"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("typed", "code"), [("D-b", "D-b"), ("d-B ", "D-b"), ("Grid b", "D-b"), ("District", "D"), ("王芳", "D-a")]
)
def test_code_name_or_person_leads_to_the_grid(reader: TestClient, typed: str, code: str) -> None:
    assert f'href="/area/{code}?lang=en"' in answer(reader, typed)


def test_person_is_named_beside_the_grid(reader: TestClient) -> None:
    assert "On duty: 王芳" in answer(reader, "王芳")


def test_address_goes_before_what_only_begins_alike(reader: TestClient) -> None:
    assert "D-a" in answer(reader, "Long Street 1")
    assert "found-grids" not in answer(reader, "Long Street 1")


def test_part_of_a_name_lists_all_that_have_it(reader: TestClient) -> None:
    assert answer(reader, "Grid").count('class="found"') == 3
    assert "found-grids" not in answer(reader, "nowhere at all")


def test_suggestions_are_grids_people_and_addresses(reader: TestClient) -> None:
    def texts(typed: str) -> list[str]:
        return [each["text"] for each in reader.get("/pages/known", params={"q": typed}).json()["known"]]

    assert texts("D-") == ["D-a", "D-b", "D-c"]
    assert texts("王") == ["王芳"]
    assert any("Long Street" in each for each in texts("Long"))
    assert texts("x") == []
