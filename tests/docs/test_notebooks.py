"""The notebooks: kept without outputs, in both languages, and run from top to bottom."""

import html
import re
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS_A_CELL = 300
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LOADED = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+")
ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]+")


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def markdown(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def test_folder_holds_notebooks_alone_and_the_gallery_and_the_readme_lead_to_them() -> None:
    names = sorted(path.name for path in FOLDER.iterdir() if not path.name.startswith("."))
    assert names == [path.name for path in NOTEBOOKS]
    gallery = (ROOT / "docs" / "notebooks.md").read_text("utf-8")
    assert re.findall(r"\(\.\./notebooks/([^)]+)\)", gallery) == names
    assert "docs/notebooks.md" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_begins_with_what_is_learned_and_ends_with_exercises_in_both_languages(path: Path) -> None:
    cells = markdown(path)
    assert [text for text in cells if not (CHINESE.search(text) and ENGLISH.search(text))] == []
    assert re.match(rf"# {int(path.stem[:2])} · .+\nLearn ", cells[0])
    assert read(path).cells[-1].source == cells[-1]
    exercises = re.findall(r"^\d\. ", cells[-1], re.MULTILINE)
    assert "## Exercises" in cells[-1]
    assert "## 练习" in cells[-1]
    assert len(exercises) in {4, 6}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lines_of_code_are_as_long_as_a_screen_is_wide(path: Path) -> None:
    lines = [line for cell in read(path).cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > 120] == []


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOGRID_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GEOGRID_DATABASE_URL", raising=False)
    notebook = read(path)
    place = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources=place).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pages = [html.unescape(each.get("data", {}).get("text/html", "")) for each in shown]
    maps = [page for page in pages if "<iframe" in page]
    assert maps
    assert [LOADED.findall(page) for page in maps if LOADED.search(page)] == []
