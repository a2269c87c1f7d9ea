"""The guide in Chinese: what it calls a button or a heading is what the pages call it."""

import re
from pathlib import Path

import pytest

from api.web.account_words import ACCOUNT_WORDS
from api.web.plan_words import PLAN_WORDS
from api.web.workbench_words import WORKBENCH_WORDS
from tests.contract.rooms import ROOT

GUIDE = ROOT / "docs" / "zh" / "plans.md"
FIRST = ROOT / "docs" / "zh" / "planners-guide.md"


@pytest.mark.parametrize("guide", [GUIDE, FIRST], ids=["all", "first"])
def test_every_quoted_word_is_on_the_pages(guide: Path) -> None:
    words = (*PLAN_WORDS.values(), *ACCOUNT_WORDS.values(), *WORKBENCH_WORDS.values())
    known = {chinese for _, chinese in words}
    # Words with something filled in are known by what stands before it.
    known |= {text.partition("{")[0].rstrip("：，（ ") for text in known if "{" in text}
    quoted = set(re.findall("「([^」]+)」", guide.read_text(encoding="utf-8"))) - {""}
    assert quoted - known == set()
    assert len(quoted) > 12


def test_guide_tells_each_step_of_the_english_page() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["第一个方案", "修改", "检查与意见", "审核", "比较", "发布"]


def test_both_first_plans_have_the_same_steps_and_pictures() -> None:
    english, chinese = (ROOT / "docs" / "planners-guide.md", FIRST)
    found = []
    for page, lang in ((english, "en"), (chinese, "zh")):
        text = page.read_text(encoding="utf-8")
        names = re.findall(rf"pictures/planner-(\w+)-{lang}\.jpg", text)
        assert all((ROOT / "docs" / "pictures" / f"planner-{name}-{lang}.jpg").is_file() for name in names)
        found.append((len(re.findall("^## ", text, re.MULTILINE)), names))
    assert found[0] == found[1]
    assert len(found[0][1]) == 5
