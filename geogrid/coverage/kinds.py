"""Kinds and categories of grids as files write them, in English or Chinese."""

from collections.abc import Mapping
from typing import Final

from geogrid.types import DEDICATED_CATEGORIES, DedicatedCategory, GridKind

KIND_WORDS: Final[Mapping[str, GridKind]] = {
    "comprehensive": "comprehensive",
    "ordinary": "comprehensive",
    "综合": "comprehensive",
    "综合网格": "comprehensive",
    "dedicated": "dedicated",
    "special": "dedicated",
    "专属": "dedicated",
    "专属网格": "dedicated",
    "parent": "parent",
}
"""What a kind may be written as, lower case."""

CATEGORY_WORDS: Final[Mapping[str, DedicatedCategory]] = {
    **{category: category for category in DEDICATED_CATEGORIES},
    "党政机关": "government",
    "机关单位": "government",
    "政务中心": "government",
    "产业园区": "industrial_park",
    "工业园区": "industrial_park",
    "园区": "industrial_park",
    "industrial park": "industrial_park",
    "商业区": "commercial",
    "商圈": "commercial",
    "商务楼宇": "office_building",
    "楼宇": "office_building",
    "office building": "office_building",
    "office": "office_building",
    "学校": "school",
    "医院": "hospital",
    "其他": "other",
}
"""What a category of dedicated grids may be written as, lower case."""
