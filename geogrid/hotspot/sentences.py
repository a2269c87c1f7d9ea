"""Hotspots in plain language, in Simplified Chinese and English."""

from typing import Final, Literal

from geogrid.hotspot.records import HotspotFindings, HotspotState
from geogrid.wording import counted

METHOD_NAMES: Final = {
    "rate": ("比率", "Rate"),
    "bayes": ("经验贝叶斯比率", "Empirical Bayes rate"),
    "local_bayes": ("邻域经验贝叶斯比率", "Local empirical Bayes rate"),
    "gi_star": ("Gi*", "Gi*"),
    "local_moran": ("局部莫兰指数", "Local Moran's I"),
    "scan": ("圆形扫描", "Circular scan"),
    "elliptic_scan": ("椭圆扫描", "Elliptic scan"),
    "flexible_scan": ("柔性扫描", "Flexible scan"),
    "space_time_scan": ("时空扫描", "Space-time scan"),
    "density": ("核密度", "Kernel density"),
    "change": ("前后变化", "Change"),
    "trend": ("趋势", "Trend"),
}
_COURSES: Final[tuple[tuple[HotspotState, str], ...]] = (
    ("emerging", "新兴"),
    ("persistent", "持续"),
    ("fading", "消退"),
)
_CORRECTIONS: Final = {
    "Benjamini-Yekutieli": ("BY 校正", "corrected after Benjamini and Yekutieli"),
    "Benjamini-Hochberg": ("BH 校正", "corrected after Benjamini and Hochberg"),
    "largest of each replicate": ("按各次模拟的最大值校正", "against the largest of each replicate"),
    "none": ("未作多重检验校正", "not corrected for many tests"),
}


def sentence(found: HotspotFindings, language: Literal["zh", "en"]) -> str:
    """Return what a map of hotspots says, in a sentence or three.

    Parameters
    ----------
    found : HotspotFindings
        What was found.
    language : {"zh", "en"}
        Of the sentence.
    """
    if not found.n:
        return "没有符合条件且位于网格内的诉求。" if language == "zh" else "No case that was asked for lies in a grid."
    return _chinese(found) if language == "zh" else _english(found)


def told_since(
    found: HotspotFindings, earlier: HotspotFindings | None, since: str, language: Literal["zh", "en"]
) -> str:
    """Return the sentence of a map, with how many of its grids stand out only since the period before.

    Parameters
    ----------
    found, earlier : HotspotFindings
        Of the period and, on the same grids, of the one before; None where only one is told.
    since : str
        When the period begins.
    language : {"zh", "en"}
        Of the sentence.
    """
    told = sentence(found, language)
    if earlier is None or not found.is_hot.any():
        return told
    new = int((found.is_hot & ~earlier.is_hot).sum())
    if language == "zh":
        return f"{told}其中 {new:,} 个自 {since} 起才有。"
    return f"{told} {new:,} of them only since {since}."


def method_name(method: str, language: Literal["zh", "en", "both"]) -> str:
    """Return what a method is called; in both languages, once where the word is the same."""
    chinese, english = METHOD_NAMES[method]
    return {"zh": chinese, "en": english}.get(language) or " ".join(dict.fromkeys((chinese, english)))


def _english(found: HotspotFindings) -> str:
    n, choice, grids = found.n, found.choice, counted(len(found), "grid")
    of = f"{counted(n, 'case')} in {grids}"
    name = METHOD_NAMES[choice.method][1]
    if choice.method == "density":
        return f"{of}: {name.lower()}, {found.unit}; nothing is tested."
    how = f"{name}, level {choice.alpha:g}, {_CORRECTIONS[found.correction][1]}"
    if choice.method == "trend":
        courses = ", ".join(f"{found.count(state):,} {state}" for state, _ in _COURSES)
        return f"{of} over {counted(len(found.periods), 'period')}: hotspots {courses} ({how})."
    high, low = found.count("high"), found.count("low")
    if choice.method == "change":
        said = f"{counted(high, 'grid')} grew and {low:,} shrank by more than chance explains"
    else:
        more = "has" if high == 1 else "have"
        said = f"{counted(high, 'grid')} {more} more than chance explains" + (f", {low:,} fewer" if low else "")
    small = found.count("small")
    few = f" {counted(small, 'grid')} had too few cases to tell." if small else ""
    return f"{said} ({of}; {how}).{few}"


def _chinese(found: HotspotFindings) -> str:
    choice = found.choice
    of = f"{len(found):,} 个网格共 {found.n:,} 件"
    name = METHOD_NAMES[choice.method][0]
    if choice.method == "density":
        return f"{of}：{name}，带宽 {choice.bandwidth_m:g} 米；未作检验。"
    how = f"{name}，水平 {choice.alpha:g}，{_CORRECTIONS[found.correction][0]}"
    if choice.method == "trend":
        told = "、".join(f"{word} {found.count(state):,} 个" for state, word in _COURSES)
        return f"{of}，{len(found.periods):,} 个时段，热点：{told}（{how}）。"
    high, low, small = found.count("high"), found.count("low"), found.count("small")
    if choice.method == "change":
        said = f"{high:,} 个网格的增长、{low:,} 个网格的减少超出偶然"
    else:
        said = f"{high:,} 个网格的诉求多于偶然所能解释" + (f"，{low:,} 个少于" if low else "")
    few = f"{small:,} 个网格件数太少，不作判断。" if small else ""
    return f"{said}（{of}；{how}）。{few}"
