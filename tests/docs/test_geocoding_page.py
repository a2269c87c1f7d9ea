"""Every command of docs/geocoding.md is run as it stands, beside a server that has a copy of the demo's data."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from geogrid.addresses.match import REVIEW_BELOW
from geogrid.addresses.street import PlaceLevel
from tests.docs.pages import commands_of, own_copy, run_commands
from tests.fixtures_db import Database, DemoStore, Server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "geocoding.md"


@pytest.fixture(scope="module")
def own_store(server: Server, demo: DemoStore) -> Iterator[Database]:
    """A copy of the demo's database that the page may write to."""
    with own_copy(server, demo, "geocoding_page") as store:
        yield store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's files."""
    made = tmp_path_factory.mktemp("page")
    made.joinpath("addresses.csv").write_text(
        "road,house_number,lon,lat\nUusi katu,1,24.9458,60.1720\nUusi katu,3,24.9462,60.1720\n", "utf-8"
    )
    made.joinpath("questions.csv").write_text("n,address\n1,uusi katu 3\n2,Aleksanterinkatu 15\n3,nowhere\n", "utf-8")
    return made


@pytest.fixture(scope="module")
def answers(own_store: Database, folder: Path) -> dict[str, str]:
    """Run the page in order; return what each command printed."""
    return run_commands(commands_of("docs/geocoding.md"), store=own_store, folder=folder)


def said(answers: dict[str, str], part: str) -> Any:
    """Return the JSON that the first command with these words printed."""
    return json.loads(next(text for command, text in answers.items() if part in command))


def test_questions_of_the_page_are_answered(answers: dict[str, str]) -> None:
    best = said(answers, "/geocode?q=Aleks")["features"][0]["properties"]["geocoding"]
    assert (best["type"], best["needs_review"]) == ("house_number", False)
    assert {"score", "accuracy", "grids", "chain", "why"} <= set(best)
    for feature in said(answers, "within=HEL002")["features"]:
        assert "HEL002" in {grid["code"] for grid in feature["properties"]["geocoding"]["chain"]}
    assert said(answers, "/suggest")["features"]
    assert len(said(answers, "/reverse")["features"]) == 3
    assert said(answers, "/reviews") == {"reviews": []}


def test_files_of_the_page_are_written(answers: dict[str, str], folder: Path) -> None:
    assert next(iter(answers.values())) == "addresses.csv: 2 rows, 2 addresses.\n"
    lines = csv.DictReader(folder.joinpath("answers.csv").read_text("utf-8").splitlines())
    assert [line["geocode_status"] for line in lines] == ["found", "found", "not_found"]
    assert len(folder.joinpath("unsure.csv").read_text("utf-8").splitlines()) == 2
    posted = next(text for command, text in answers.items() if "--data-binary" in command)
    assert posted.splitlines()[0].startswith("n,address,geocode_lon")


def test_the_page_names_every_level_and_the_threshold() -> None:
    text = PAGE.read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", text[text.index("its `type`") : text.index("* `score`")])) - {"type"}
    assert named == set(get_args(PlaceLevel))
    assert f"Below a score of {REVIEW_BELOW}," in text
