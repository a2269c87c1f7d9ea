"""Chinese numerals and marks in addresses: counted things in digits, one character for each mark."""

import re
from typing import Final

# The second is the ideographic zero.
_DIGITS: Final = {letter: number for number, letter in enumerate("\u3007一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "○": 0,
}
_PLACES: Final = {"十": 10, "百": 100, "千": 1000}
_NUMERAL: Final = "\u3007○零一二三四五六七八九十百千两"
_COUNTED: Final = re.compile(
    rf"(?<![{_NUMERAL}第])([{_NUMERAL}]+)(?=号|弄|幢|栋|单元|室|楼|层|村民小组|组(?!织)|队(?!伍)|门栋|座|巷|段|期|房|[甲乙丙丁戊]号|-[{_NUMERAL}]+[号弄室])"
)
# At the end of a street, numerals are its number although no mark says so: 解放路三十二门口.
_BARE: Final = re.compile(
    rf"(?<=[路街巷道段弄])([{_NUMERAL}]+)(?=$|[,\uff0c。.;；、\s]|门口|门前|旁|对面|附近|楼[上下]|隔壁|附\d)"
)
_GROUP: Final = re.compile(rf"第([{_NUMERAL}]+|\d+)(?=(?:村民|村|居民)?小组|组(?!织)|栋|幢|单元)")
# A name, not a count: 建设1路 is 建设一路.
_NAMED_BY_NUMBER: Final = re.compile(r"(?<=[\u4e00-\u9fff])([1-9])(?=[路街](?!口))")
_NUMERALS: Final = "零一二三四五六七八九"
_MISREAD: Final = (
    (re.compile(r"(?<=\d)o(?=[\d号弄栋幢室单组座])|(?<=\d)o(?![a-z])"), "0"),
    (re.compile(r"(?<![a-z])[il|](?=\d)|(?<=\d)[il|](?=[\d号弄室])"), "1"),
)
_STEMS: Final = str.maketrans("甲乙丙丁戊", "abcde")
_STEM: Final = re.compile(r"(?:([甲乙丙丁戊])\s*(\d+)号|(\d+)号?([甲乙丙丁戊])(?=号|$|\W|\d))")
_MARKS: Final = (
    (re.compile(r"(?<=\d)号?之(?=\d)"), "-"),
    (re.compile(r"(?<=\d)\s+(?=[a-z]\s*[号栋座])"), ""),
    (re.compile(r"(?<=\d)\s*号?\s*(?:至|到|-)\s*(?=\d+号)"), "-"),
    (re.compile(r"(?<![a-z])no\.?\s*(?=\d)"), ""),
    (re.compile(r"號"), "号"),
    (re.compile(r"(?<=\d)\s*号\s*楼"), "栋"),
    (re.compile(r"(?<=[\da-z])\s*(?:幢|橦|撞|棟|栋楼|栋|懂)"), "栋"),
    (re.compile(r"单无|单園|单园|单员"), "单元"),
    (re.compile(r"(?<=\d)\s*(?:房间|房号|房)(?!屋)"), "室"),
    (re.compile(r"(?<=\d)\s*(?:村民小组|居民小组|村小组|小组)"), "组"),
    (re.compile(r"(?<=\d)\s*(?:門|门)牌"), "号"),
    (re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff\d])|(?<=\d)\s+(?=[\u4e00-\u9fff])"), ""),
)


def chinese_number(numeral: str) -> int:
    """Return the number that Chinese numerals say: 十二 is 12, 一百零五 is 105, 二〇三 is 203."""
    if not any(letter in _PLACES for letter in numeral):
        return int("".join(str(_DIGITS[letter]) for letter in numeral))
    total, digit = 0, 0
    for letter in numeral:
        if letter in _PLACES:
            total, digit = total + max(digit, 1) * _PLACES[letter], 0
        else:
            digit = _DIGITS[letter]
    return total + digit


def unify_chinese(text: str) -> str:
    """Return Chinese text with counted things in digits (十二栋 as 12栋) and one character for each mark.

    Notes
    -----
    Numerals in names stay: only those before a mark such as 号 or 单元 are counted things. Letters that a scanner
    takes for digits become digits between them: l2号 is 12号.
    """
    text = _NAMED_BY_NUMBER.sub(lambda match: _NUMERALS[int(match[1])], text)
    counted = _BARE.sub(lambda match: str(chinese_number(match[1])), text)
    counted = _GROUP.sub(lambda match: match[1], counted)
    counted = _COUNTED.sub(lambda match: str(chinese_number(match[1])), counted)
    for pattern, digit in _MISREAD:
        counted = pattern.sub(digit, counted)
    counted = _STEM.sub(_with_stem, counted)
    for pattern, mark in _MARKS:
        counted = pattern.sub(mark, counted)
    return counted


def _with_stem(match: re.Match[str]) -> str:
    """Return "甲12号" and "12号甲" as 12a号."""
    number, stem = (match[2], match[1]) if match[1] else (match[3], match[4])
    return f"{number}{stem.translate(_STEMS)}号"
