"""`make mutate`: change one place at a time in a copy of the checkout, and tell which changes no test notices.

    python -m tests.mutation [--minutes 25] [--only boundaries/cases] [--all]

The rooms and their tests stand in pyproject.toml under ``tool.geogrid-mutation``; mutants that change nothing that
anybody could notice stand in ``tests/mutation/equivalent.toml``, each with the reason. The exit status is 1 where
others survive.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.mutation.covering import Covering
from tests.mutation.mutants import Mutant, mutants_of

_TOP = Path(__file__).resolve().parents[2]
_WORK = _TOP / "artifacts" / "mutation"
_TREE = _WORK / "tree"
_IGNORED = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "artifacts", ".stamps", ".hypothesis", ".*_cache", "dist", ".schemathesis"
)
_COVERING_LIMIT_S = 1800.0
_FATES = ("killed", "survived", "equivalent", "untested")


class Keeper:
    """The warm process that runs tests in the copied tree; see `tests.mutation.keeper`."""

    def __init__(self) -> None:
        variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        variables["PYTHONPATH"] = str(_TREE)
        command = [sys.executable, "-m", "tests.mutation.keeper"]
        self._process = subprocess.Popen(
            command, cwd=_TREE, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, tests: Sequence[str], *, limit: float, **more: Any) -> dict[str, Any]:
        """Run tests in a fork and return their status and seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"tests": list(tests), "limit": limit, "log": str(_WORK / "last.log"), **more}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Let it stop its cluster and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> int:
    """Run mutants until the time is over and tell what became of them."""
    asked = _arguments()
    settings = tomllib.loads((_TOP / "pyproject.toml").read_text("utf-8"))["tool"]["geogrid-mutation"]
    excused = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))
    shutil.rmtree(_TREE, ignore_errors=True)
    shutil.copytree(_TOP, _TREE, ignore=_IGNORED)
    modules = [module for module in _modules(settings["modules"]) if module.startswith(tuple(asked.only or [""]))]
    by_module = {module: mutants_of(_TREE / module, module) for module in modules}
    keeper = Keeper()
    results: dict[str, list[dict[str, Any]]] = {module: [] for module in modules}
    try:
        covering = _covering(keeper, settings["tests"], is_new=asked.cover)
        end = time.monotonic() + 60 * asked.minutes
        for mutant in _in_turn(by_module, settings["seed"]):
            if time.monotonic() > end and not asked.all:
                break
            results[mutant.path].append(_tried(keeper, covering, mutant, excused, settings["seconds"]))
    finally:
        keeper.close()
    (_WORK / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    return _tell(results, {module: len(mutants) for module, mutants in by_module.items()})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--minutes", type=float, default=25.0, help="How long; what is left is told.")
    parser.add_argument("--all", action="store_true", help="However long it takes.")
    parser.add_argument("--only", action="append", help="Modules whose path starts so; again for more.")
    parser.add_argument("--cover", action="store_true", help="Find out anew which tests run which line.")
    return parser.parse_args()


def _modules(patterns: Sequence[str]) -> list[str]:
    found = {path for pattern in patterns for path in _TOP.glob(pattern) if path.name != "__init__.py"}
    return sorted(str(path.relative_to(_TOP)) for path in found)


def _covering(keeper: Keeper, tests: Sequence[str], *, is_new: bool) -> Covering:
    kept = _WORK / "covering.json"
    if is_new or not kept.exists():
        _say("Finding out which tests run which line ...")
        answer = keeper.ask(tests, limit=_COVERING_LIMIT_S, cover=str(kept))
        _say(f"... done in {answer['seconds']:.0f} s.")
    told = json.loads(kept.read_text("utf-8"))
    for test in told["failed"]:
        _say(f"Left out, since it fails without a mutant: {test}")
    return Covering.read(told)


def _in_turn(by_module: dict[str, list[Mutant]], seed: int) -> Iterator[Mutant]:
    """Yield one mutant of each module after the other, in an order of chance that is the same each time."""
    shuffled = []
    for module, mutants in by_module.items():
        order = list(mutants)
        random.Random(f"{seed} {module}").shuffle(order)  # noqa: S311 - a sample, no secret
        shuffled.append(order)
    for layer in zip_longest(*shuffled):
        yield from (mutant for mutant in layer if mutant is not None)


def _tried(
    keeper: Keeper, covering: Covering, mutant: Mutant, excused: dict[str, str], most_seconds: float
) -> dict[str, Any]:
    file = _TREE / mutant.path
    source = file.read_text("utf-8")
    tests = covering.tests_of(mutant, source, most_seconds=most_seconds)
    fate, seconds = "untested", 0.0
    if mutant.name in excused:
        fate = "equivalent"
    elif tests:
        _write(file, mutant.make())
        try:
            answer = keeper.ask(tests, limit=60 + 5 * most_seconds, mutated=mutant.path)
        finally:
            _write(file, source)
        fate, seconds = "survived" if answer["status"] == 0 else "killed", answer["seconds"]
    _say(f"{fate:10} {seconds:5.1f} s  line {mutant.line}  {mutant.name[:220]}")
    return {"fate": fate, "line": mutant.line, "name": mutant.name, "tests": len(tests), "seconds": seconds}


def _write(file: Path, code: str) -> None:
    file.write_text(code, "utf-8")
    # Python takes bytecode for fresh by second and size, and mutants come quickly.
    for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        kept.unlink()


def _tell(results: dict[str, list[dict[str, Any]]], made: dict[str, int]) -> int:
    _say(f"\n{'module':44} {'mutants':>8} {'tried':>6} " + " ".join(f"{fate:>10}" for fate in _FATES))
    total: Counter[str] = Counter()
    for module, own in results.items():
        counts = Counter(each["fate"] for each in own)
        total += counts
        _say(f"{module:44} {made[module]:8} {len(own):6} " + " ".join(f"{counts[fate]:10}" for fate in _FATES))
    _say(f"{'all':44} {sum(made.values()):8} {total.total():6} " + " ".join(f"{total[fate]:10}" for fate in _FATES))
    left = [each for own in results.values() for each in own if each["fate"] in {"survived", "untested"}]
    for each in left:
        _say(f"{each['fate']}: line {each['line']}  {each['name']}")
    return 1 if left else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
