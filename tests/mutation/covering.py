"""Which tests run a line, as coverage's contexts say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.mutation.mutants import Mutant

_NAMES = re.compile(r"\b_?[A-Z][A-Z0-9_]{2,}\b|\b_\w+\b")


@dataclass(frozen=True, slots=True)
class Covering:
    """Tests by file and line, and the seconds that each took."""

    lines: Mapping[str, Mapping[str, Sequence[str]]]
    seconds: Mapping[str, float]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Covering":
        """Return what the keeper wrote, without the tests that failed."""
        failed = set(told["failed"])
        lines = {
            file: {line: [each for each in tests if each and each not in failed] for line, tests in own.items()}
            for file, own in told["lines"].items()
        }
        return cls(lines, told["seconds"])

    def tests_of(self, mutant: Mutant, source: str, *, most_seconds: float) -> list[str]:
        """Return tests that run a mutant, the quickest first, of so many seconds in all; at least one if there is one.

        A constant runs with the module; the tests are those of the lines that name it.
        """
        own = self.lines.get(mutant.path, {})
        found = _tests(own, range(mutant.lines[0], mutant.lines[1] + 1))
        if not found:
            rows = source.splitlines()
            names = _names(rows[mutant.lines[0] - 1])
            naming = [place for place, row in enumerate(rows, 1) if names & set(_NAMES.findall(row))]
            further = set().union(*(_names(rows[place - 1]) for place in naming)) if naming else set()
            naming += [place for place, row in enumerate(rows, 1) if further & set(_NAMES.findall(row))]
            found = _tests(own, naming) or _tests(own, range(1, len(rows) + 1))
        return self._quickest(found, most_seconds)

    def _quickest(self, tests: set[str], most_seconds: float) -> list[str]:
        chosen: list[str] = []
        left = most_seconds
        for test in sorted(tests, key=lambda each: (self.seconds.get(each, 0.0), each)):
            left -= self.seconds.get(test, 0.0)
            if chosen and left < 0:
                break
            chosen.append(test)
        return chosen


def _tests(own: Mapping[str, Sequence[str]], places: Sequence[int] | range) -> set[str]:
    return {test for place in places for test in own.get(str(place), ())}


def _names(row: str) -> set[str]:
    """Return the constant that a line at the margin of a module defines."""
    match = re.match(r"(\w+)\s*[:=]", row)
    return {match[1]} if match else set()
