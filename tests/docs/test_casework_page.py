"""The page on the work on cases: its diagrams are drawn from the table, its examples are taken."""

import json
import re
from pathlib import Path

import pytest

from boundaries.casework.rules import read_rules
from geogrid.access import Action
from geogrid.casework import PROFILES, CaseState, TimeUnit, diagram

PAGE = Path(__file__).resolve().parents[2] / "docs" / "casework.md"
DRAWN = re.compile(r"<!-- (\w+) -->\n```mermaid\n(.*?)```\n", re.DOTALL)


def drawn() -> dict[str, str]:
    return {name: f"{diagram(profile)}\n" for name, profile in PROFILES.items()}


def test_the_diagrams_are_those_of_the_tables() -> None:
    assert dict(DRAWN.findall(PAGE.read_text("utf-8"))) == drawn()


def test_the_example_of_rules_is_taken() -> None:
    limits, escalation = re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    rules = read_rules(json.loads(limits) | {"profile": "full"})
    assert set(rules.limits) == {CaseState.RECEIVED, CaseState.HANDLING}
    rules = read_rules(json.loads(escalation) | {"profile": "full"})
    assert [(line.effect, line.levels) for line in rules.escalations] == [("transfer", 1), ("tell", 2)]
    assert rules.of_category("gas").limits[CaseState.HANDLING].amount == 4


@pytest.mark.parametrize("word", [*TimeUnit, *(action for action in Action if action in str(PROFILES))])
def test_every_unit_and_right_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE.read_text("utf-8")


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    PAGE.write_text(
        DRAWN.sub(lambda found: f"<!-- {found[1]} -->\n```mermaid\n{drawn()[found[1]]}```\n", text), "utf-8"
    )
