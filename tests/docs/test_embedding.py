"""Every command of docs/embedding.md is run as it stands, beside a server that has the demo's data."""

import json
import re
from pathlib import Path

import pytest

from tests.docs.pages import commands_of, run_commands
from tests.fixtures_db import DemoStore

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "embedding.md"


@pytest.fixture(scope="module")
def answers(demo: DemoStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("manual")
    found = run_commands(commands_of("docs/embedding.md"), store=demo.database, folder=folder)
    assert (folder / "town.pmtiles").stat().st_size > 10_000
    return found


def test_lookups_of_the_manual_answer_what_it_promises(answers: dict[str, str]) -> None:
    found = {
        command.split("8000")[1].strip("'"): json.loads(text) for command, text in answers.items() if "curl" in command
    }
    point = found["/point/4326/24.9458,60.1720"]
    assert list(point) == list(found["/point/3067/386029,6672339"])
    assert [each["level"] for each in point.values()] == [3, 2, 1]
    assert len(found["/area/HEL002/children"]) > 3
    assert list(found["/area/HEL002/parents"]) == ["HEL"]
    assert "HEL003" in found["/area/HEL002/neighbours"]
    assert found["/area/HEL002/geometry"]["area_m2"] > 10_000
    assert found["/area/HEL002/geometry?f=geojson&coord_type=gcj02"]["type"] == "MultiPolygon"
    assert len(found["/areas?codes=HEL001,HEL002&f=geojson"]["features"]) == 2


def test_links_of_the_manual_lead_somewhere() -> None:
    text = MANUAL.read_text("utf-8")
    anchors = {
        re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^## (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
