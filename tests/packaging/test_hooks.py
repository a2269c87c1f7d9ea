import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


def test_the_hooks_are_what_pre_commit_reads() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("entry", [hook["entry"] for hook in HOOKS])
def test_a_hook_runs_what_lint_runs(entry: str) -> None:
    command = entry.replace(".venv/bin/", "$(BIN)/").replace("node ", "$(NODE) ", 1)
    assert f"\t@{command}\n" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("entry", [hook["entry"] for hook in HOOKS])
def test_the_program_of_a_hook_is_there(entry: str) -> None:
    program, *arguments = entry.split()
    assert shutil.which(program) or (ROOT / program).is_file()
    assert all((ROOT / each).exists() for each in arguments if "/" in each)


def test_no_hook_comes_from_the_network() -> None:
    assert {hook["language"] for hook in HOOKS} == {"system"}
    assert "://" not in (ROOT / ".pre-commit-config.yaml").read_text()
