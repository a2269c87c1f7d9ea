"""What the layers below say of plans is said in Chinese on Chinese pages: each sentence has its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.kit.sentences.checks import CHECK_SENTENCES
from api.kit.sentences.matching import in_chinese
from api.kit.sentences.pages import PAGE_SENTENCES
from api.kit.sentences.plans import PLAN_SENTENCES
from api.kit.sentences.values import VALUES

ROOT = Path(__file__).parents[2]
ROOMS = (
    "geogrid/plans/operations",
    "geogrid/plans/checking.py",
    "boundaries/plans",
    "boundaries/publishing",
    "api/plans",
)
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,'-]+[A-Za-z]{2,}){2,}")
# Sentences that only programs and the command line see, or that are put together of others.
NOT_SHOWN = re.compile(r"If-Match|ETag|^E\.g\.|geogrid plan|^\{|^#: ?$|Store the plan again|Repair them")


def text_of(node: ast.expr) -> str | None:
    """Return the words of a text, a name in place of each value; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "#7" for part in node.values)
    return None


def said_in(path: Path) -> Iterator[str]:
    """Yield every message and remedy of an error or a problem in a module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name.endswith(("Error", "Problem")) or (name.endswith(".of") and "Error" in name):
            texts = (text_of(value) for value in (*node.args, *(each.value for each in node.keywords)))
            yield from (text for text in texts if text and text[0].isupper() and text.endswith("."))


SAID = sorted(
    {
        text
        for room in ROOMS
        for path in ([ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py")))
        for text in said_in(path)
        if not NOT_SHOWN.search(text)
    }
)


def test_there_are_sentences_to_look_at() -> None:
    assert len(SAID) > 100


@pytest.mark.parametrize("sentence", SAID)
def test_every_sentence_about_plans_is_said_in_chinese(sentence: str) -> None:
    assert not ENGLISH.search(in_chinese(sentence)), in_chinese(sentence)


def test_values_stay_and_words_of_ours_among_them_are_put_into_chinese() -> None:
    said = in_chinese("Plan '2027' (7) is in review, and only drafts are edited. Send it back to draft first.")
    assert said == "方案“2027”（7）状态为审核中，只有草案可编辑。请先退回草案。"
    off = in_chinese("Grid D-a has 1,234.5 households; the band is 300 to 500. Move blocks, split or merge.")
    assert off == "网格 D-a 的户数为 1,234.5，区间为 300 至 500。请调整街区、拆分或合并。"
    assert in_chinese("Grid A.1 is in 3 separate pieces, besides the largest at 116.39123, 39.90712.").startswith(
        "网格 A.1 除最大"
    )


def test_what_no_table_has_stays_and_the_rest_is_said_in_chinese() -> None:
    assert in_chinese("Nobody wrote this one. Rename them.") == "Nobody wrote this one. 请修改名称。"
    assert in_chinese("") == ""
    assert in_chinese("Grids: community", {"community": "社区"}) == "网格：社区"


@pytest.mark.parametrize("table", [PLAN_SENTENCES, CHECK_SENTENCES, PAGE_SENTENCES, VALUES])
def test_both_languages_name_the_same_values(table: tuple[tuple[str, str], ...]) -> None:
    names = [tuple(sorted(set(re.findall(r"{(\w+)}", text))) for text in pair) for pair in table]
    assert [pair for pair, (one, other) in zip(table, names, strict=True) if set(other) - set(one)] == []
    assert len({english for english, _ in table}) == len(table)
