"""Names of streets, estates and institutions of synthetic towns."""

from typing import Final

import numpy as np

from geogrid.types import DedicatedCategory, IntArray

_AVENUES: Final = (
    "人民", "解放", "建设", "中山", "和平", "胜利", "新华", "文化", "迎宾", "学府", "工农", "团结", "光明", "振兴",
    "友谊", "民主", "长江", "黄河", "泰山", "朝阳", "滨河", "站前", "环城", "开发区",
)  # fmt: skip
_FIRST: Final = tuple("东南西北安福兴永长德文春庆瑞祥荣平康宁昌明华金玉龙凤青云松柏桂兰")
_SECOND: Final = tuple("安福兴源泰和顺德华盛昌丰宁康阳山水河桥井门塘湾坪岭林园柳梅竹荷")
_ESTATES: Final = ("小区", "家园", "花园", "新村", "苑", "公寓")
_PLACES: Final[dict[DedicatedCategory, tuple[str, ...]]] = {
    "government": ("办事处", "政务服务中心", "派出所"),
    "industrial_park": ("工业园",),
    "commercial": ("广场", "市场", "购物中心"),
    "office_building": ("大厦", "写字楼"),
    "school": ("小学", "中学", "幼儿园"),
    "hospital": ("医院", "卫生院"),
    "other": ("公园", "体育场"),
}


def street_names(endings: np.ndarray, important: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a name for each street: a pair of characters with its ending, well-known words for important ones.

    Parameters
    ----------
    endings : (n,) str
        E.g. ``路``.
    important : (n,) bool
        Which are main streets.
    rng : numpy.random.Generator
        Chooses.
    """
    words = np.where(important, _shuffled_words(_AVENUES, important, rng), pair_names(len(endings), rng))
    named: np.ndarray = np.char.add(words.astype(str), endings.astype(str))
    return named


def _shuffled_words(words: tuple[str, ...], counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a word for each row, each of the wanted ones another as long as there are words."""
    order = rng.permutation(len(words))
    number: IntArray = np.cumsum(counts) - 1
    chosen: np.ndarray = np.array(words)[order[number % len(words)]]
    return chosen


def pair_names(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return names of two characters; the same only where there are more than a thousand."""
    pairs = np.char.add(np.repeat(np.array(_FIRST), len(_SECOND)), np.tile(np.array(_SECOND), len(_FIRST)))
    order = rng.permutation(len(pairs))
    chosen: np.ndarray = pairs[order[np.arange(count) % len(pairs)]]
    return chosen


def estate_names(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return names of housing estates (小区)."""
    named: np.ndarray = np.char.add(pair_names(count, rng), rng.choice(np.array(_ESTATES), count))
    return named


def site_names(categories: list[DedicatedCategory], rng: np.random.Generator) -> list[str]:
    """Return names of institutions."""
    pairs = pair_names(len(categories), rng).tolist()
    return [pair + str(rng.choice(_PLACES[category])) for pair, category in zip(pairs, categories, strict=True)]
