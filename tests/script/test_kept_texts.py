"""What the tests of the scripts are given is what Python writes, and what a page gets of the scripts is one script."""

import re
from collections import Counter

import pytest

from geogrid.maps.library import joined_script
from tests.script.written_by_python import KEPT, written

ENTRIES = ("map.mjs", "comparison.mjs")


def test_scripts_are_tested_with_what_python_writes_today() -> None:
    assert written() == KEPT.read_text("utf-8"), "if it is meant: python -m tests.script.written_by_python"


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_joined_script_imports_and_exports_nothing(entry: str) -> None:
    assert re.findall(r"^\s*(?:import|export)\b.*", joined_script(entry), re.MULTILINE) == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_two_modules_of_a_joined_script_name_the_same_thing(entry: str) -> None:
    names = re.findall(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", joined_script(entry), re.MULTILINE)
    assert names
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_a_module_stands_once_and_after_what_it_imports() -> None:
    script = joined_script("map.mjs")
    places = [script.index(f"function {name}(") for name in ("element", "unpacked", "streets", "start")]
    assert places == sorted(places)
    assert script.count("function unpacked(") == 1


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_script_cannot_end_the_element_that_carries_it(entry: str) -> None:
    assert re.search(r"</script|<!--", joined_script(entry), re.IGNORECASE) is None
