"""Compiled code that is kept: never stale, never piled up, wherever there is room for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_CONSTANT = "STEP = 1\n"
_INNER = "from geogrid.jit import inner\nfrom loops.constant import STEP\n\n@inner\ndef step(x):\n    return x + STEP\n"
_PLACE = "from typing import NamedTuple\n\nclass Place(NamedTuple):\n    x: int\n\ndef start():\n    return Place(0)\n"
_OUTER = """from geogrid.jit import kernel
from loops.middle import step
from loops.place import start

@kernel
def walk(place):
    return step(place.x)
"""
_RUN = "from loops.outer import start, walk; print(walk(start()), sum(walk.stats.cache_hits.values()))"


@pytest.fixture
def loops(tmp_path: Path) -> Path:
    """A package with a kernel whose inner function, and the constant in that, are in other modules."""
    package = tmp_path / "loops"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "beside.py").write_text("OTHER = 1\n")
    (package / "constant.py").write_text(_CONSTANT)
    (package / "inner.py").write_text(_INNER)
    (package / "middle.py").write_text("from loops.inner import step\n")
    (package / "outer.py").write_text(_OUTER)
    (package / "place.py").write_text(_PLACE)
    return package


def result_and_hits(loops: Path, cache_home: Path | None = None) -> tuple[int, int]:
    """Return what the kernel says in a process of its own, and how often code was taken from the cache."""
    env = {**os.environ, "PYTHONPATH": f"{loops.parent}:{ROOT}", "XDG_CACHE_HOME": str(cache_home or loops.parent)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}  # two edits within a second would look the same to Python itself
    env.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", _RUN], env=env, capture_output=True, text=True, check=True)
    result, hits = done.stdout.split()
    return int(result), int(hits)


def kept_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.nb[ic]"))


def test_an_edited_inner_function_and_an_edited_constant_are_seen_by_a_kernel_in_another_module(loops: Path) -> None:
    assert result_and_hits(loops) == (1, 0)
    assert result_and_hits(loops) == (1, 1)
    (loops / "inner.py").write_text(_INNER.replace("x + STEP", "x + STEP + 10"))
    assert result_and_hits(loops) == (11, 0)
    (loops / "constant.py").write_text("STEP = 5\n")
    assert result_and_hits(loops) == (15, 0)


def test_code_is_kept_when_a_module_changes_that_the_kernel_does_not_reach(loops: Path) -> None:
    result_and_hits(loops)
    (loops / "beside.py").write_text("OTHER = 2\n")
    assert result_and_hits(loops) == (1, 1)


def test_code_of_former_sources_is_written_over(loops: Path) -> None:
    result_and_hits(loops)
    first = kept_files(loops)
    assert len(first) == 2
    (loops / "outer.py").write_text(f"# a line more\n{_OUTER}")
    assert result_and_hits(loops) == (1, 0)
    assert kept_files(loops) == first


def test_a_renamed_class_of_what_a_kernel_takes_does_no_harm(loops: Path) -> None:
    result_and_hits(loops)
    (loops / "place.py").write_text(_PLACE.replace("Place", "Spot"))
    assert result_and_hits(loops) == (1, 0)


def test_code_is_kept_in_the_users_folder_where_there_is_no_room_beside_the_source(loops: Path, tmp_path: Path) -> None:
    (loops / "__pycache__").write_text("no folder")
    home = tmp_path / "home"
    assert result_and_hits(loops, home) == (1, 0)
    assert result_and_hits(loops, home) == (1, 1)
    assert len(kept_files(home)) == 2


def test_a_kernel_works_where_nothing_can_be_kept(loops: Path, tmp_path: Path) -> None:
    (loops / "__pycache__").write_text("no folder")
    home = tmp_path / "home"
    home.write_text("no folder")
    assert result_and_hits(loops, home) == (1, 0)


def test_kernel_of_a_script_that_runs_is_compiled_all_the_same(loops: Path) -> None:
    (loops / "script.py").write_text(
        "from geogrid.jit import kernel\nfrom loops.inner import step\n\n"
        "@kernel\ndef twice(x):\n    return step(step(x))\n\nprint(twice(40))\n"
    )
    for run in (["-m", "loops.script"], [str(loops / "script.py")]):
        done = subprocess.run(
            [sys.executable, *run],
            check=False,
            cwd=loops.parent,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{loops.parent}"},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.stdout.strip() == "42", done.stderr
