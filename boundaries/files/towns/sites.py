"""Sites in files: what each institution is, in English or Chinese, and who is to have a grid of its own."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geogrid.errors import Problem
from geogrid.types import DedicatedCategory

CATEGORY_WORDS: Final[Mapping[DedicatedCategory, tuple[str, ...]]] = {
    "government": (
        "机关", "政府", "政务中心", "党政机关", "机关单位", "政府机关", "行政中心", "派出所", "法院", "事业单位",
    ),
    "industrial_park": ("园区", "工业园", "工业园区", "产业园", "产业园区", "科技园", "开发区", "工厂", "厂区"),
    "commercial": ("商场", "商圈", "商业", "商业区", "商业综合体", "购物中心", "市场", "菜市场", "农贸市场"),
    "office_building": ("写字楼", "商务楼", "商务楼宇", "楼宇", "办公楼"),
    "school": ("学校", "幼儿园", "小学", "中学", "大学", "高校", "学院", "院校"),
    "hospital": ("医院", "卫生院", "诊所", "医疗", "卫生服务中心"),
    "other": ("其他", "其它", "公园", "广场", "车站", "景区", "公墓", "体育场"),
}  # fmt: skip
"""Words of files for each category, besides its own name; spaces around them and capitals do not matter."""

CATEGORY_COLUMNS: Final = ("category", "类别", "类型", "专属网格类型")
NAME_COLUMNS: Final = ("name", "名称", "单位名称")
WISH_COLUMNS: Final = ("dedicated", "专属", "专属网格")
PEOPLE_COLUMNS: Final = ("people", "人数")
_YES: Final = frozenset({"1", "1.0", "true", "yes", "y", "t", "是"})
_NO: Final = frozenset({"0", "0.0", "false", "no", "n", "f", "否"})
_SHOWN: Final = 8
_BY_WORD: Final[Mapping[str, DedicatedCategory]] = {
    word: category for category, words in CATEGORY_WORDS.items() for word in (category, *words)
}


def settle_sites(sites: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return sites with ``name`` and ``category`` and, where the file tells them, ``dedicated`` and ``people``.

    Parameters
    ----------
    sites : GeoDataFrame
        As read.
    file : str
        Its name, for messages.

    Returns
    -------
    GeoDataFrame
        ``dedicated`` is True, False or None; ``people`` a number.
    list of Problem
        No column of the category, a category that is none, a wish that is neither yes nor no.
    """
    known = ", ".join(f"{category} ({words[0]})" for category, words in CATEGORY_WORDS.items())
    column = _first(sites, CATEGORY_COLUMNS)
    if column is None:
        return sites, [Problem("no-column", f"{file} has no column 'category'.", f"Say what each site is: {known}.")]
    words = sites[column].map(_word)
    category = words.str.lower().str.replace(r"[\s-]+", "_", regex=True).map(_BY_WORD)
    problems = [
        Problem("unknown-category", f"{file}: '{value}' is no category of dedicated grids.", f"Known: {known}.")
        for value in sorted(set(words[category.isna()]))
    ]
    name = _first(sites, NAME_COLUMNS)
    settled = sites.assign(category=category, name=None if name is None else sites[name])
    wish = _first(sites, WISH_COLUMNS)
    if wish is not None:
        settled["dedicated"], unread = _wishes(sites[wish])
        if unread:
            message = f"{file}: {wish} is neither yes nor no: {', '.join(unread[:_SHOWN])}."
            problems.append(Problem("unknown-wish", message, "Write yes or no (是, 否), or leave it empty."))
    people = _first(sites, PEOPLE_COLUMNS)
    if people is not None:
        settled["people"] = pd.to_numeric(sites[people], errors="coerce")
    return settled, problems


def _first(sites: gpd.GeoDataFrame, columns: tuple[str, ...]) -> str | None:
    return next((column for column in columns if column in sites), None)


def _word(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124 - NaN differs from itself


def _wishes(column: "pd.Series[str]") -> tuple["pd.Series[Any]", list[str]]:
    """Return yes as True, no as False, nothing as None, and the values that are none of them."""
    words = column.map(_word).str.lower()
    wishes = words.map({**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}).astype(object)
    unread = sorted(set(words[wishes.isna() & (words != "")]))
    return wishes.where(wishes.notna(), None), unread
