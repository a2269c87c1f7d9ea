"""Words on the maps, in Simplified Chinese and English."""

from types import MappingProxyType
from typing import Final, Literal, get_args

from geogrid.errors import InvalidInputError

Language = Literal["zh", "en", "both"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

_WORDS: Final = MappingProxyType(
    {
        "coverage": ("网格覆盖图", "Grid coverage"),
        "hotspots": ("诉求热点图", "Case hotspots"),
        "legend": ("图例", "Legend"),
        "grid_page": ("网格详情", "Page of the grid"),
        "grid_cases": ("本网格诉求", "Cases of this grid"),
        "redraw": ("调整网格", "Redraw"),
        "call": ("致电", "Call"),
        "home": ("返回首页", "Home"),
        "code": ("编码", "Code"),
        "name": ("名称", "Name"),
        "level": ("层级", "Level"),
        "kind": ("类型", "Kind"),
        "chain": ("上级", "Within"),
        "duty": ("责任人", "Duty"),
        "load": ("负荷", "Load"),
        "band": ("区间", "Band"),
        "households": ("户数", "Households"),
        "population": ("人口", "Population"),
        "buildings": ("建筑", "Buildings"),
        "streets": ("街道", "Streets"),
        "water": ("水域", "Water"),
        "names": ("标注", "Labels"),
        "tiles": ("底图", "Base map"),
        "comprehensive": ("综合网格", "Comprehensive"),
        "dedicated": ("专属网格", "Dedicated"),
        "parent": ("上级网格", "Parent"),
        "government": ("政务中心", "Government"),
        "industrial_park": ("产业园区", "Industrial park"),
        "commercial": ("商圈", "Commercial"),
        "office_building": ("商务楼宇", "Office building"),
        "school": ("学校", "School"),
        "hospital": ("医院", "Hospital"),
        "other": ("其他", "Other"),
        "under": ("低于区间", "Under band"),
        "in": ("区间内", "In band"),
        "over": ("高于区间", "Over band"),
        "unknown": ("未计", "Not counted"),
        "uncovered": ("未覆盖", "Uncovered"),
        "area": ("面积", "Area"),
        "grids": ("网格", "Grids"),
        "leaf_grids": ("末级网格", "leaf grids"),
        "no_grids": ("暂无网格", "No grids to show"),
        "cases": ("诉求", "Cases"),
        "cases_unit": ("件", "cases"),
        "open_case": ("查看诉求", "Open the case"),
        "no_cases": ("没有符合条件的诉求", "No case matches"),
        "id": ("编号", "Number"),
        "channel": ("渠道", "Channel"),
        "category": ("类别", "Category"),
        "status": ("状态", "Status"),
        "text": ("内容", "Text"),
        "address": ("地址", "Address"),
        "reported_at": ("时间", "Time"),
        "grid": ("网格", "Grid"),
        "open": ("待办", "Open"),
        "in_progress": ("办理中", "In progress"),
        "closed": ("办结", "Closed"),
        "outside": ("网格外", "Outside every grid"),
        "unplaced": ("无坐标", "Without a point"),
        "heat": ("热力", "Heat"),
        "clusters": ("聚合点", "Clusters"),
        "choropleth": ("分区统计", "By grid"),
        "none": ("不显示", "None"),
        "no_count": ("无诉求", "No case"),
        "counts": ("每格诉求数", "Cases per grid"),
        "sparse": ("少", "few"),
        "dense": ("多", "many"),
        "time": ("时间", "Time"),
        "all_time": ("全部", "All"),
        "undated": ("无时间", "undated"),
        "play": ("播放", "Play"),
        "pause": ("暂停", "Pause"),
        "earlier": ("上一段", "Earlier"),
        "later": ("下一段", "Later"),
        "period": ("时段", "Period"),
        "findings": ("诉求热点图", "Case hotspots"),
        "how": ("方法与时段", "Method and periods"),
        "method": ("方法", "Method"),
        "two_periods": ("两个时段并列，分界", "Two periods, parted at"),
        "one_period": ("不分", "one period"),
        "just_counts": ("只看件数", "counts alone"),
        "significance": ("显著性", "Significance"),
        "rate": ("比率", "Rate"),
        "rate_per": ("每千", "per 1,000"),
        "per_30_days": ("每 30 天", "in 30 days"),
        "state": ("判断", "State"),
        "p": ("p 值", "p"),
        "adjusted_p": ("校正后 p", "p, corrected"),
        "interval": ("95% 区间", "95% interval"),
        "state_high": ("多于偶然", "More than chance"),
        "state_low": ("少于偶然", "Fewer than chance"),
        "state_emerging": ("新兴", "Emerging"),
        "state_persistent": ("持续", "Persistent"),
        "state_fading": ("消退", "Fading"),
        "state_even": ("偶然可解释", "Chance explains it"),
        "state_small": ("件数太少，不作判断", "Too few to tell"),
        "untested": ("未检验", "Not tested"),
        "comparison": ("方案对比", "Comparison of plans"),
        "before": ("之前", "Before"),
        "after": ("之后", "After"),
        "fates": ("网格变化", "What became of grids"),
        "changed_grids": ("个网格有变化", "grids changed"),
        "no_change": ("两个方案没有差别", "The plans do not differ"),
        "moved_land": ("易主土地", "Land that changes hands"),
        "open_cases": ("待办诉求", "Open cases"),
        "gained": ("划入", "Gained"),
        "lost": ("划出", "Lost"),
        "gone": ("撤销", "Gone"),
        "dissolved": ("专属网格撤销", "Dissolved"),
        "new": ("新设", "New"),
        "carved": ("划出专属网格", "Carved"),
        "split": ("拆分", "Split"),
        "merged": ("合并", "Merged"),
        "moved": ("调整边界", "Land moved"),
        "recoded": ("换码", "Recoded"),
        "renamed": ("更名", "Renamed"),
        "redigitised": ("重新数字化", "Only redigitised"),
        "unchanged": ("不变", "Unchanged"),
    }
)


def label(key: str, language: Language) -> str:
    """Return a word of the maps; with both languages, the Chinese before the English.

    Raises
    ------
    InvalidInputError
        The language is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise InvalidInputError.of(
            "language", f"Language {language!r} is unknown.", f"Use one of {', '.join(LANGUAGES)}.", subject="language"
        )
    chinese, english = _WORDS[key]
    return {"zh": chinese, "en": english, "both": f"{chinese} {english}"}[language]


def word(value: str, language: Language) -> str:
    """Return the label of a value of a closed vocabulary, or the value itself where the user's own words are used."""
    return label(value, language) if value in _WORDS else value
