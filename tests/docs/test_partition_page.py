"""Every command of docs/partition.md is run as it stands, in its order, in one folder."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pyogrio
import pytest
from click.testing import CliRunner

from api.cli import main
from boundaries.files.line_ranks import HIGHWAY_RANKS
from tests.docs.partition_pictures import MAKERS, PICTURES

ROOT = Path(__file__).resolve().parents[2]
# Its set-up is the whole page: on a machine that has other work it takes minutes.
pytestmark = pytest.mark.timeout(600)
PAGE = ROOT / "docs" / "partition.md"
_FENCED = re.compile(r"```\n(.*?)```", flags=re.DOTALL)


def commands() -> list[str]:
    """Return the commands of the page; what is quoted over several lines is one."""
    text = "".join(_FENCED.findall(PAGE.read_text("utf-8")))
    return [
        command.strip() for command in re.split(r"^(?=geogrid |python )", text, flags=re.MULTILINE) if command.strip()
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the page from top to bottom."""
    where = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        for command in commands():
            program, *arguments = shlex.split(command)
            if program == "python":
                subprocess.run([sys.executable, *arguments], check=True, timeout=120)
                continue
            done = CliRunner().invoke(main, arguments)
            assert done.exit_code == 0, f"{command}\n{done.output}"
    return where


def test_every_file_that_the_page_speaks_of_is_made(folder: Path) -> None:
    for name in ("town.gpkg", "grids.gpkg", "grids.html", "report.json", "levels.gpkg", "whole.gpkg", "next.gpkg"):
        assert (folder / name).stat().st_size, name


def test_levels_of_the_page_have_their_numbers(folder: Path) -> None:
    grids = pyogrio.read_dataframe(folder / "levels.gpkg", layer="grids")
    assert grids.groupby("level").size().to_dict() == {1: 1, 2: 3, 3: 9, 4: 36}


def test_an_aged_plan_keeps_most_of_its_grids(folder: Path) -> None:
    grids = pyogrio.read_dataframe(folder / "next.gpkg", layer="grids")
    leaves = grids[grids["kind"] != "parent"]
    assert (leaves["former"].fillna("") != "").mean() > 0.8


def test_the_layers_of_the_page_have_its_columns(folder: Path) -> None:
    for layer, columns in re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", PAGE.read_text("utf-8"), flags=re.MULTILINE):
        written = pyogrio.read_info(folder / "grids.gpkg", layer=layer)["fields"]
        assert set(re.findall(r"`(\w+)`", columns)) <= set(written), layer


DRAWN = [
    pytest.param(name, make, marks=[] if name == "partition-before-after.svg" else [pytest.mark.long])
    for name, make in MAKERS.items()
]


@pytest.mark.parametrize(("name", "make"), DRAWN)
def test_a_picture_is_drawn_whole_and_shown_on_the_page(name: str, make: Callable[[], str]) -> None:
    drawn = ET.fromstring(make())  # noqa: S314 - we have just written it
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}path")) > 10
    assert (PICTURES / name).exists()
    assert f"(pictures/{name})" in PAGE.read_text("utf-8")


def test_the_table_of_tags_is_that_of_the_program() -> None:
    rows = re.findall(
        r"^\| (?:barrier of rank )?([\d, ]+)(?::[^|]*)? \|([^|]*)\|$", PAGE.read_text("utf-8"), flags=re.MULTILINE
    )
    told = {
        word: rank
        for ranks, tags in rows
        for rank, group in zip(ranks.split(","), tags.split(";") if "," in ranks else [tags], strict=False)
        for word in re.findall(r"(?<!`)\b([a-z_]+)\b(?!`)", group)
    }
    assert {name: int(told[name]) for name in HIGHWAY_RANKS} == dict(HIGHWAY_RANKS)


def test_links_of_the_page_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text("utf-8"))
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
